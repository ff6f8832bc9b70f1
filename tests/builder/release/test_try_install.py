"""A release is installed here before it is published, by conda itself and beside the user's."""

from __future__ import annotations

import json
from dataclasses import replace
from posixpath import normpath
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.features import native_platform
from conda_offline_repo.builder.archives.archive import Archive
from conda_offline_repo.builder.release.exceptions import TryInstallError
from conda_offline_repo.builder.release.plan import make_plan
from conda_offline_repo.builder.release.try_install import try_install
from conda_offline_repo.files.hashing import Digests
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.manifest import WheelOrigin
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside
    from tests.support.running import Conda

SITE = "site-packages"


def from_wheel(
    channel: TinyChannel,
    name: str,
    files: Mapping[str, str],
    *,
    requires: str = "",
    commands: tuple[str, ...] = (),
    noarch: str = "python",
) -> None:
    """Add a package as one that was made from a wheel."""
    index = {
        **{"name": name, "version": "1.0", "build": "0", "build_number": 0, "subdir": "noarch"},
        **{"noarch": noarch, "depends": ["python"]},
    }
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    link = {"noarch": {"type": "python", "entry_points": commands}, "package_metadata_version": 1}
    about = {
        f"{SITE}/{name}-1.0.dist-info/METADATA": metadata + requires,
        "info/index.json": json.dumps(index),
        "info/link.json": json.dumps(link),
    }
    modules = {normpath(f"{SITE}/{path}"): content for path, content in files.items()}
    channel.add(name, depends=["python"], files={**modules, **about}, record={"noarch": "python"})


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "my channel")
    sees = "import os, sys\nassert os.environ['CONDA_PREFIX'] == sys.prefix\n"
    own = {"good/__init__.py": sees, "ns/inner/__init__.py": "", "tests/__init__.py": "1 / 0\n"}
    from_wheel(channel, "good", own, commands=("good = good:main",))
    from_wheel(channel, "broken", {"broken.py": "import nowhere\n", "other.py": ""})
    from_wheel(channel, "inner", {"ns/a/__init__.py": "", "ns/b/__init__.py": "1 / 0\n"})
    from_wheel(channel, "lacking", {"lacking.py": ""}, requires="Requires-Dist: nowhere>=2\n")
    from_wheel(channel, "unlinked", {"u.py": "", "../python-scripts/u": ""}, noarch="generic")
    channel.add("plain")
    channel.write()
    return channel


def options(me: Inside, channel: TinyChannel, upstream: Path, *packages: str) -> Options:
    urls = (channel.folder.as_uri(), (upstream / "public").as_uri())
    return me.options(*packages, channels=urls)


def tried(me: Inside, channel: TinyChannel, upstream: Path, *packages: str) -> dict[str, str]:
    """Try what a build would publish, as if all of the channel came from wheels."""
    request = me.request(options(me, channel, upstream, *packages))
    progress, bank = Unwatched(), me.root / "bank"
    rest: Any = {"signers": (), "built_with": {}, "scratch": me.root, "dry_run": True}
    plan = make_plan(request, bank, None, progress, plugin_file=None, **rest)
    wheel = WheelOrigin("project", "1.0", "project-1.0-py3-none-any.whl", "0" * 64)
    own = channel.packages
    entries = tuple(replace(e, wheel=wheel) if e.name in own else e for e in plan.entries)
    archives = [
        Archive.of(
            entry,
            (channel.folder if entry.name in own else upstream / "public") / entry.name,
            Digests("", "", 0),
            staged=True,
        )
        for entry in entries
    ]
    return try_install(replace(plan, entries=entries), archives, progress)


def test_what_works(
    me: Inside, channel: TinyChannel, upstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the user's settings reaches it, and nothing of the user's is changed."""
    for name in ("PYTHONPATH", "PIP_REQUIRE_VIRTUALENV", "CONDA_ALWAYS_COPY", "CONDA_DRY_RUN"):
        monkeypatch.setenv(name, "1")
    me.configure(create_default_packages=["nowhere"], path_conflict="prevent")
    before = snapshot(me.conda.folder)
    (text,) = tried(me, channel, upstream, "good", "python", "pip").values()
    assert text.endswith(" packages, ran pip check, imported 3 modules, found 1 command")
    after = snapshot(me.conda.folder)
    cached = me.conda.pkgs.relative_to(me.conda.folder).as_posix()
    assert {n for n in after if not n.startswith(cached)} == {
        n for n in before if not n.startswith(cached)
    }
    assert not [*me.conda.pkgs.glob("*.conda")]


def test_all_that_does_not_work_is_named(me: Inside, channel: TinyChannel, upstream: Path) -> None:
    names = ("good", "broken", "inner", "lacking", "unlinked", "python", "pip")
    with pytest.raises(TryInstallError) as caught:
        tried(me, channel, upstream, *names)
    text = str(caught.value)
    platform = native_platform()
    assert f"- for {platform}, broken, import broken: " in text
    assert "ModuleNotFoundError: No module named 'nowhere'" in text
    assert f"- for {platform}, inner, import ns.b: " in text
    assert "ZeroDivisionError" in text
    assert f"- for {platform}, pip check: lacking 1.0 requires nowhere, which is not i" in text
    assert f"- for {platform}, unlinked, import u: " in text
    assert f"- for {platform}, unlinked: the command u is not there" in text
    assert text.count("\n  - ") == 5


def test_archive_that_conda_cannot_install(
    me: Inside, channel: TinyChannel, upstream: Path
) -> None:
    path = channel.packages["noarch/plain-1.0-0.conda"].path
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TryInstallError, match=r"- for .*, conda create: (?s:.*)plain-1\.0-0"):
        tried(me, channel, upstream, "plain")


def test_what_cannot_be_tried_is_told(me: Inside, channel: TinyChannel, upstream: Path) -> None:
    (text,) = tried(me, channel, upstream, "plain").values()
    assert text == "installed 1 package; no python is in it to try more"


@pytest.mark.usefixtures("packages")
def test_broken_release_is_not_published(
    conda: Conda, channel: TinyChannel, upstream: Path, root: Path
) -> None:
    request = ("--label", "bank", "--root", root, "--no-label-channel", "--override-channels")
    channels = ("-c", channel.folder, "-c", upstream / "public")
    build = (*request, *channels, "--platform", "linux-64", "--platform", "win-64")
    dry = conda.build(*build, "plain", "--try-install", "--dry-run", "--json").json
    assert dry["tried"] == dict.fromkeys(("linux-64", "win-64"), "not tried in a dry run")
    assert "tried" not in conda.build(*build, "plain", "--dry-run").stdout.lower()

    failed = conda.fail("offline-repo", "build", *build, "lacking", "pip", "--try-install")
    assert "pip check: lacking 1.0 requires nowhere, which is not installed." in failed.stderr
    assert not (root / "bank" / "offline-repo.json").exists()

    for _ in ("a release", "no change"):
        done = conda.build(*build, "plain", "--try-install")
        assert "Tried for linux-64: installed 1 package; no python is in it" in done.stdout
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
    assert "Tried for linux-64" in conda.run("offline-repo", "build").stdout
    del bank["try_install"]
    file.write_text(json.dumps(config))
    assert "Tried" not in conda.run("offline-repo", "build", "-v").stdout
    results = conda.run("offline-repo", "build", "--try-install", "--json").json["labels"]
    assert results[0]["tried"]["linux-64"].startswith("installed 1 package; ")
