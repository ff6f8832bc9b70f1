"""A release is installed here before it is published, by conda itself and beside the user's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.features import native_platform
from conda_offline_repo.builder.release.exceptions import TryInstallError
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.running import Conda

SITE = "site-packages"
#: As black has blackd, for an extra that nobody asked for.
OPTIONAL = "try:\n    import nowhere.a\nexcept ImportError:\n    raise ImportError('No.')\n"


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """Packages of conda: one without python, and one whose requirement is nowhere."""
    channel = TinyChannel(tmp_path / "my channel")
    index = {
        **{"name": "lacking", "version": "1.0", "build": "0", "build_number": 0},
        **{"subdir": "noarch", "noarch": "python", "depends": ["python"]},
    }
    files = {
        f"{SITE}/lacking-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: lacking\n"
        "Version: 1.0\nRequires-Dist: nowhere>=2\n",
        "info/index.json": json.dumps(index),
    }
    channel.add("lacking", depends=["python"], files=files, record={"noarch": "python"})
    channel.add("plain")
    channel.write()
    return channel


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    folder = tmp_path / "wheels"
    good = {
        "good/__init__.py": "import os, sys\nassert os.environ['CONDA_PREFIX'] == sys.prefix\n",
        "ns/inner/__init__.py": "",
        "tests/__init__.py": "1 / 0\n",
        "goodd.py": OPTIONAL,
        # as google-cloud-storage has packages that use google.iam
        "ns/other/__init__.py": "import ns.iam.v1\n",
        "{dist}.data/scripts/run-good": "#!python\n",
    }
    points = "[console_scripts]\ngood = good:main\n"
    write_wheel(folder, "good", files=good, entry_points=points)
    write_wheel(folder, "broken", files={"broken.py": "import nowhere\n"})
    write_wheel(folder, "partly", files={"partly.py": "import partly.b\n", "part.py": ""})
    write_wheel(folder, "inner", files={"ns/a/__init__.py": "", "ns/b/__init__.py": "1 / 0\n"})
    return folder


class Trying:
    """A vendor who tries what is built of real packages, of small ones, and of wheels."""

    def __init__(self, me: Inside, channel: TinyChannel, upstream: Path, wheels: Path) -> None:
        self.me = me
        self.channels = (channel.folder.as_uri(), (upstream / "public").as_uri())
        self.index = ("--no-index", f"--find-links {wheels}")

    def build(self, *packages: str, pip: tuple[str, ...] = ()) -> str:
        """Build; returns what was tried."""
        options = self.me.options(*packages, channels=self.channels)
        options = replace(options, pip=(*self.index, *pip) if pip else (), try_install=True)
        (text,) = self.me.build(options).tried.values()
        return text


@pytest.fixture
def trying(me: Inside, channel: TinyChannel, upstream: Path, wheels: Path) -> Trying:
    return Trying(me, channel, upstream, wheels)


def test_what_works(trying: Trying, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's settings reaches it, and nothing of the user's is changed."""
    for name in ("PYTHONPATH", "PIP_REQUIRE_VIRTUALENV", "CONDA_ALWAYS_COPY", "CONDA_DRY_RUN"):
        monkeypatch.setenv(name, "1")
    monkeypatch.delenv("CONDA_DRY_RUN")
    me = trying.me
    me.configure(create_default_packages=["nowhere"], path_conflict="prevent")
    text = trying.build("python", "pip", pip=("good",))
    assert text.endswith(
        " packages, ran pip check, imported 3 modules, did not import goodd, which needs nowhere, "
        "did not import ns.other, which needs ns.iam, found 2 commands"
    )
    files = {name.partition("/")[0] for name in snapshot(me.conda.folder)}
    assert files <= {"home", "work", "scratch", "pkgs", "repositories"}
    assert not [*me.conda.home.rglob("environments.txt"), *me.conda.scratch.iterdir()]
    assert not [*me.conda.pkgs.glob("*.conda"), *me.conda.pkgs.glob("*/info/index.json")]


def test_all_that_does_not_work_is_named(trying: Trying) -> None:
    pip = ("good", "broken", "partly", "inner")
    with pytest.raises(TryInstallError) as caught:
        trying.build("lacking", "python", "pip", pip=pip)
    text = str(caught.value)
    platform = native_platform()
    assert f"- for {platform}, broken, import broken: " in text
    assert "ModuleNotFoundError: No module named 'nowhere'" in text
    assert f"- for {platform}, partly, import partly: " in text
    assert f"- for {platform}, inner, import ns.b: " in text
    assert "ZeroDivisionError" in text
    assert f"- for {platform}, pip check: lacking 1.0 requires nowhere, which is not i" in text
    assert text.count("\n  - ") == 4
    assert not (trying.me.root / "bank" / "offline-repo.json").exists()


def test_link_script_that_fails(trying: Trying, channel: TinyChannel) -> None:
    script = {"bin/.hasty-post-link.sh": "echo no luck >&2\nexit 1\n"}
    channel.add("hasty", subdir="linux-64", files=script)
    channel.write()
    with pytest.raises(TryInstallError, match=r"- for .*, conda create: (?s:.*)no luck"):
        trying.build("hasty")


def test_command_that_another_package_removes(trying: Trying, channel: TinyChannel) -> None:
    script = {"bin/.zz-post-link.sh": 'rm "$PREFIX/bin/run-good"\n'}
    channel.add("zz", subdir="linux-64", depends=["python"], files=script)
    channel.write()
    with pytest.raises(TryInstallError, match=r"good: the command run-good is not there"):
        trying.build("python", "zz", pip=("good",))


@pytest.mark.usefixtures("packages")
def test_where_and_what_is_told(
    conda: Conda, channel: TinyChannel, upstream: Path, root: Path
) -> None:
    request = ("--label", "bank", "--root", root, "--no-label-channel", "--override-channels")
    channels = ("-c", channel.folder, "-c", upstream / "public")
    build = (*request, *channels, "--platform", "linux-64", "--platform", "win-64")
    dry = conda.build(*build, "plain", "--try-install", "--dry-run", "--json").json
    assert dry["tried"] == dict.fromkeys(("linux-64", "win-64"), "not tried in a dry run")
    for _ in ("a release", "no change"):
        done = conda.build(*build, "plain", "--try-install")
        told = "Tried for linux-64: installed 1 package; no python is in it to try more."
        assert told in done.stdout
        assert "Tried for win-64: not tried, because this machine is linux-64." in done.stdout
    assert "Tried" not in conda.build(*build, "plain").stdout

    bank: dict[str, Any] = {"packages": ["plain"], "try_install": True}
    config = {
        "root": str(root),
        "channels": [str(channel.folder)],
        "platforms": ["linux-64"],
        "label_channel": False,
        "labels": {"bank": bank},
    }
    file = conda.work / "offline-repo.yml"
    file.write_text(json.dumps(config))
    assert told in conda.run("offline-repo", "build").stdout
    del bank["try_install"]
    file.write_text(json.dumps(config))
    assert "Tried" not in conda.run("offline-repo", "build").stdout
    results = conda.run("offline-repo", "build", "--try-install", "--json").json["labels"]
    assert results[0]["tried"]["linux-64"].startswith("installed 1 package; ")
