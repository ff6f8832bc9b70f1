"""The plugin and conda's installers in the folder, for machines that have neither.

The installers come by `archives/installers.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.verify import verify
from tests.conftest import TOKEN
from tests.support.mirror import PLATFORM, another
from tests.support.running import snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda, Finished

BASE = "conda-offline-repo-base"
NEEDS = (
    *("python >=3.10", "conda >=24.7", "pluggy >=1.0"),
    "__win" if os.name == "nt" else "__unix",
)
#: Two platforms, of which one is of another system than the plugin.
PLATFORMS = ("linux-64", "win-64")
OLD = f"plugin/noarch/{BASE}-1.0-0.conda"
NEW = f"plugin/noarch/{BASE}-2.0-0.conda"
INDEX = "plugin/noarch/repodata.json"


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """Publishes `app`, and the plugin's package in two versions, one of them for Windows alone."""
    channel = TinyChannel(tmp_path / "published")
    channel.add("app")
    channel.add(BASE, "1.0", depends=NEEDS)
    channel.add(BASE, "3.0", subdir="win-64", depends=NEEDS)
    channel.write()
    return channel


@pytest.fixture
def build(conda: Conda, channel: TinyChannel, root: Path) -> Build:
    return Build(conda, channel, root)


class Build:
    """Builds the repository of the bank.

    Attributes:
        conda: the engineer.
        root: the root.
        bank: the repository.
    """

    def __init__(self, conda: Conda, channel: TinyChannel, root: Path) -> None:
        self.conda = conda
        self.channel = channel
        self.root = root
        self.bank = root / "bank"

    def command(self, *options: object) -> tuple[object, ...]:
        channels = ("-c", self.channel.folder.as_uri(), "--override-channels")
        where = ("--label", "bank", "--root", self.root, "--no-label-channel", *channels)
        return ("offline-repo", "build", *where, "app", *options)

    def __call__(self, *options: object) -> Finished:
        return self.conda.run(*self.command(*options))

    def refused(self, *options: object) -> str:
        """What is said of a build that is refused, with nothing changed below the root."""
        before = snapshot(self.root)
        result = self.conda.fail(*self.command(*options))
        assert snapshot(self.root) == before
        assert "ERROR REPORT" not in result.output
        return result.stderr

    @property
    def manifest(self) -> dict[str, dict[str, object]]:
        content = json.loads((self.bank / "offline-repo.json").read_bytes())
        assert isinstance(content, dict)
        return content

    def in_plugin(self) -> list[str]:
        return [name for name in tree(self.bank) if name.startswith("plugin/")]


def whole(bank: Path) -> None:
    """See that all in a repository is what its manifest and its checksums say, and no more."""
    report = verify(locate_one(bank), Unwatched())
    assert report.good, report
    assert not report.extra
    assert not report.unfinished
    sums = (bank / "SHA256SUMS").read_text().split("\n")
    named = {line.partition(" *")[2]: line.partition(" *")[0] for line in sums if line}
    assert {*named} == {*tree(bank)} - {"SHA256SUMS", "offline-repo.json"}
    for name, digest in named.items():
        assert hashlib.sha256((bank / name).read_bytes()).hexdigest() == digest


def test_plugin_goes_along_and_is_remembered(build: Build) -> None:
    build("--platform", PLATFORMS[0], "--platform", PLATFORMS[1])
    without = (build.bank / "noarch" / "repodata.json").read_bytes()
    assert not (build.bank / "plugin").exists()
    assert "plugin" not in build.manifest["request"]
    answer = build("--with-plugin", "--json").json
    index = [f"plugin/{subdir}/repodata.json" for subdir in PLATFORMS]
    assert build.in_plugin() == sorted([OLD, INDEX, *index])
    whole(build.bank)
    assert answer["added"] == [OLD]
    assert answer["request_changes"] == [{"what": "plugin", "before": [], "after": [BASE]}]
    assert build.manifest["request"]["plugin"] is True
    assert OLD in build.manifest["packages"]
    assert all(OLD not in names for names in build.manifest["solutions"].values())  # type: ignore[operator]
    assert (build.bank / "noarch" / "repodata.json").read_bytes() == without
    shown = build.conda.run("offline-repo", "show", build.bank, "--json").json
    packages = {p["name"]: p["subdir"] for p in shown["repositories"][0]["packages"]}
    assert packages == {"app": "noarch", BASE: "plugin/noarch"}
    before = snapshot(build.bank)
    assert "up to date" in build().stdout
    assert snapshot(build.bank) == before
    build.channel.add(BASE, "2.0", depends=NEEDS)
    build.channel.write()
    answer = build("--dry-run", "--json").json
    assert (answer["updated"], answer["removed"]) == ([NEW], [OLD])
    assert snapshot(build.bank) == before
    build()
    assert build.in_plugin() == sorted([NEW, INDEX, *index])
    whole(build.bank)
    answer = build("--without-plugin", "--json").json
    assert answer["request_changes"] == [{"what": "plugin", "before": [BASE], "after": []}]
    assert not (build.bank / "plugin").exists()
    whole(build.bank)


def test_plugin_given_as_a_file_stays(build: Build, tmp_path: Path) -> None:
    given = TinyChannel(tmp_path / "given").add(BASE, "2.0", depends=NEEDS).path
    build("--plugin-file", given)
    assert NEW in build.in_plugin()
    given.unlink()
    before = snapshot(build.bank)
    assert "up to date" in build().stdout
    assert snapshot(build.bank) == before
    # of another build the channel's is the newer one
    build.channel.add(BASE, "10.0", depends=NEEDS)
    build.channel.write()
    build()
    assert f"plugin/noarch/{BASE}-10.0-0.conda" in build.in_plugin()
    whole(build.bank)


def test_plugin_brings_what_conda_does_not(build: Build) -> None:
    build.channel.add(BASE, "2.0", depends=[*NEEDS, "signing >=2"])
    build.channel.write()
    assert "signing[version='>=2']" in build.refused("--with-plugin")
    build.channel.add("signing", "1.0")
    build.channel.add("signing", "3.0", subdir=PLATFORM)
    build.channel.write()
    assert "signing[version='>=2']" in build.refused("--with-plugin")
    build.channel.add("signing", "2.0", depends=["conda"])
    build.channel.add("signing", "2.1")
    build.channel.write()
    build("--with-plugin")
    assert [name for name in build.in_plugin() if name.endswith(".conda")] == [
        NEW,
        "plugin/noarch/signing-2.1-0.conda",
    ]
    assert "noarch/signing-2.1-0.conda" not in tree(build.bank)


def test_plugin_that_is_nowhere(build: Build) -> None:
    for package in [p for p in build.channel.packages.values() if BASE in p.file]:
        if package.subdir == "noarch":
            build.channel.remove(package)
    build.channel.write()
    output = build.refused("--with-plugin")
    for word in (BASE, build.channel.folder.as_uri(), "--plugin-file", "--without-plugin"):
        assert word in output


@pytest.mark.parametrize(
    "what", ["absent", "a folder", "a pipe", "text", "another package", "renamed"]
)
def test_file_that_is_not_the_plugin(build: Build, tmp_path: Path, what: str) -> None:
    channel = TinyChannel(tmp_path / "given")
    path = channel.add(BASE, "2.0").path
    if what == "absent":
        path.unlink()
    elif what == "a folder":
        path.unlink()
        path.mkdir()
    elif what == "a pipe":
        path.unlink()
        os.mkfifo(path)
    elif what == "text":
        path.write_text("conda")
    elif what == "another package":
        path = channel.add("app").path
    else:
        path = path.rename(path.with_name(f"{BASE}-2.1-0.conda"))
    assert f"{path} cannot go along as the plugin: " in build.refused("--plugin-file", path)


def test_installers_go_along_and_are_remembered(build: Build, tmp_path: Path) -> None:
    script, other = (
        tmp_path / f"Miniforge3-{end}" for end in ("Linux-x86_64.sh", "Windows-x86_64.exe")
    )
    script.write_bytes(b"#!/bin/sh\n" + bytes(3_000_000))
    other.write_bytes(b"MZ")
    names = sorted(f"installer/{path.name}" for path in (script, other))
    answer = build("--installer", script, "--installer", other, "--dry-run", "--json").json
    assert answer["transfer_bytes"] > 3_000_000
    assert not build.bank.exists()
    told = build("--installer", script, "--installer", other)
    assert "installer of conda and not the plugin" in told.stderr
    assert [name for name in tree(build.bank) if "Mini" in name] == names
    assert {path.name for path in build.bank.glob("install.*")} == {"install.sh", "install.cmd"}
    assert "install.sh" in locate_one(build.bank).manifest.files
    whole(build.bank)
    assert all(name in (build.bank / "README.txt").read_text() for name in names)
    script.unlink()
    before = snapshot(build.bank)
    assert "up to date" in build().stdout
    assert snapshot(build.bank) == before
    other.write_bytes(b"MZ, newer")
    build("--installer", other)
    assert [name for name in tree(build.bank) if "Mini" in name] == names[1:]
    assert (build.bank / names[1]).read_bytes() == b"MZ, newer"
    assert {path.name for path in build.bank.glob("install.*")} == {"install.cmd"}
    whole(build.bank)
    (build.bank / names[1]).write_bytes(b"another")
    assert "it is not the file that was published" in build.refused()
    build("--without-installer")
    assert not [*build.bank.glob("install*")]
    assert "MACHINE WITHOUT CONDA" not in (build.bank / "README.txt").read_text()
    whole(build.bank)


def test_files_that_cannot_be_installers(build: Build, tmp_path: Path) -> None:
    output = build.refused("--installer", tmp_path / "absent.sh")
    assert f"{tmp_path / 'absent.sh'} cannot go along as an installer: it is not a file" in output
    assert "it is not a file" in build.refused("--installer", tmp_path)
    for name in ("two words.sh", "NUL.exe", ".hidden", "şube.exe"):
        (tmp_path / name).write_text("")
        assert f"{tmp_path / name} cannot go along" in build.refused("--installer", tmp_path / name)
    twins = [tmp_path / name / "mini.sh" for name in ("a", "b")]
    for path in twins:
        path.parent.mkdir()
        path.write_text("")
    output = build.refused("--installer", twins[0], "--installer", twins[1])
    assert "has the same name" in output


def test_secret_in_an_installer(conda: Conda, vendor: Vendor, root: Path, tmp_path: Path) -> None:
    path = tmp_path / "mini.sh"
    path.write_text(f"{'x' * 2_000_000}\nTOKEN={TOKEN}\n")
    options = (*vendor.request, "--root", root, "app", "--installer", path)
    result = conda.fail("offline-repo", "build", *options)
    assert "installer/mini.sh" in result.stderr
    assert TOKEN not in result.output
    assert not (root / "bank").exists()


@pytest.fixture
def base(conda: Conda, tmp_path: Path) -> Path:
    """An environment that has what every base environment has, as far as a solver can tell."""
    channel = TinyChannel(tmp_path / "conda")
    for name, version in (("python", "3.10.1"), ("pluggy", "1.5"), ("conda", "24.7.1")):
        channel.add(name, version, subdir=PLATFORM)
    channel.write()
    prefix = conda.envs / "customer"
    here = ("--override-channels", "-c", channel.folder.as_uri())
    alone = {"CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY": "false"}
    conda.run("create", "--yes", "-p", prefix, *here, "python", "conda", "pluggy", **alone)
    return prefix


def test_plugin_is_installed_and_updated_from_the_folder_alone(
    build: Build, conda: Conda, base: Path
) -> None:
    build("--with-plugin")
    here = ("--offline", "--override-channels", "-c", (build.bank / "plugin").as_uri())
    result = conda.run("install", "--yes", "--json", "-p", base, *here, BASE).json
    assert [package["name"] for package in result["actions"]["LINK"]] == [BASE]
    assert not result["actions"].get("UNLINK")
    build.channel.add(BASE, "2.0", depends=NEEDS)
    build.channel.write()
    build()
    # swapped on the way
    swapped = build.bank / NEW
    right = swapped.read_bytes()
    swapped.write_bytes(another(swapped))
    told = conda.fail("update", "--yes", "-p", base, *here, BASE)
    assert str(swapped) in told.stderr
    assert conda.installed("customer")[BASE] == "1.0"
    swapped.write_bytes(right)
    stale = build.bank / "plugin" / "noarch" / "current_repodata.json"
    stale.write_text("{}")
    assert (
        "plugin/noarch/current_repodata.json"
        in conda.fail("update", "--yes", "-p", base, *here, BASE).stderr
    )
    stale.unlink()
    conda.run("update", "--yes", "-p", base, *here, BASE)
    assert conda.installed("customer")[BASE] == "2.0"


def test_leftovers_in_the_plugins_channel_are_removed(build: Build) -> None:
    build("--with-plugin")
    (build.bank / "plugin" / "noarch" / "repodata.json.zst").write_bytes(b"")
    (build.bank / "plugin" / "noarch" / "stray-1-0.conda").write_bytes(b"")
    (build.bank / OLD).write_bytes(b"damaged")
    build()
    whole(build.bank)


def test_link_in_the_plugins_channel_is_not_followed(build: Build, tmp_path: Path) -> None:
    build("--with-plugin")
    (tmp_path / "elsewhere").mkdir()
    (build.bank / "plugin" / "osx-64").symlink_to(tmp_path / "elsewhere")
    assert str(build.bank) in build.refused()


def test_instructions_name_the_commands(build: Build) -> None:
    build("--with-plugin")
    text = (build.bank / "README.txt").read_bytes().decode()
    line = (
        "conda install -n base --override-channels -c file:///X:/repo/bank/plugin "
        "conda-offline-repo-base\r\n"
    )
    assert line in text
    assert line.replace("install", "update") in text
    assert "--override-frozen" in text
    build("--without-plugin")
    assert "/plugin" not in (build.bank / "README.txt").read_text()
