"""What archives run where they are installed."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives.archive import Archive
from conda_offline_repo.builder.archives.facts import MOST, Facts, facts_of
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_offline_repo.builder.archives.facts import Known
    from tests.support.tiny import Format, TinyPackage

LINK = {"noarch": {"type": "python", "entry_points": ["x = x:main"]}}
PYTHON = {"info/link.json": json.dumps(LINK)}


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    return TinyChannel(tmp_path)


def look(package: TinyPackage, noarch: object = None, known: Known | None = None) -> Facts:
    digest = package.record["sha256"]
    archive = Archive(package.at, package.path, True, digest, "", package.record["size"])
    return facts_of(archive, {package.at: {"noarch": noarch}}, {} if known is None else known)


def listed(channel: TinyChannel, paths: Iterable[str], **more: str) -> Facts:
    """Look into an archive that says that it installs these paths."""
    paths_json = json.dumps({"paths": [{"_path": path} for path in paths], "paths_version": 1})
    files = {"info/paths.json": paths_json}
    return look(channel.add("x", files=files, **{"subdir": "linux-64", **more}))  # type: ignore[arg-type]


def test_link_scripts_as_conda_finds_them(channel: TinyChannel) -> None:
    kinds = ("pre-link", "post-link", "pre-unlink", "post-unlink")
    unix = {kind: (f"bin/.x-{kind}.sh",) for kind in kinds}
    windows = {kind: (f"Scripts/.x-{kind}.bat",) for kind in kinds}
    others = (
        *("bin/x-post-link.sh", "bin/.x-post-link", "bin/.x-post-link.bat", "bin/.x-link.sh"),
        *("lib/.x-post-link.sh", "bin/a/.x-post-link.sh", "share/bin/.x-post-link.sh"),
        *("Scripts/.x-post-link.sh", "info/recipe/post-link.sh", "python-scripts/x"),
    )
    paths = [*others, *(path for told in (unix, windows) for (path,) in told.values())]
    assert listed(channel, paths[1:]).scripts == {**unix, "entry-point": ("python-scripts/x",)}
    for subdir in ("osx-arm64", "linux-aarch64"):
        assert listed(channel, paths[10:], subdir=subdir).scripts == unix
    for subdir in ("win-64", "win-arm64"):
        assert listed(channel, paths[10:], subdir=subdir).scripts == windows
    both = {kind: (*windows[kind], *unix[kind]) for kind in kinds}
    assert listed(channel, paths[10:], subdir="noarch").scripts == both
    # a name of another package: conda looks for it in the prefix when that one is linked
    assert listed(channel, ["bin/.y-post-link.sh"]).scripts == {
        "post-link": ("bin/.y-post-link.sh",)
    }


def test_what_else_runs(channel: TinyChannel) -> None:
    paths = (
        *("etc/conda/activate.d/x.sh", "etc/conda/deactivate.d/x.bat", "etc/conda/activate.d/r.md"),
        *("etc/conda/activate.d/sub/x.sh", "etc/conda/env_vars.d/x.json", "menu/y.json"),
        *("Menu/x.json", "Menu/x.ico", "share/Menu/x.json", "lib/libx.so", "bin/x"),
    )
    assert listed(channel, paths).scripts == {
        "activation": ("etc/conda/activate.d/x.sh", "etc/conda/deactivate.d/x.bat"),
        "menu": ("Menu/x.json", "menu/y.json"),
    }
    assert listed(channel, paths, subdir="noarch").scripts == {
        "activation": ("etc/conda/activate.d/x.sh", "etc/conda/deactivate.d/x.bat"),
        "menu": ("Menu/x.json", "menu/y.json"),
        "native": ("lib/libx.so",),
    }
    assert listed(channel, ["lib/libx.so", "bin/x"]).scripts == {}


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
def test_modules_of_every_python(channel: TinyChannel, format: Format) -> None:
    script, library = "python-scripts/.x-post-link.sh", "site-packages/x/_x.so"
    files = {**PYTHON, "python-scripts/y": "", script: "", library: ""}
    package = channel.add("x", files=files, format=format)
    told = {"post-link": (script,), "entry-point": ("python-scripts/y", "x = x:main")}
    assert look(package, "python").scripts == {**told, "native": (library,)}
    package = channel.add("x", files=files, format=format, subdir="linux-64")
    assert look(package, "python").scripts == told


def test_older_package_lists_its_files(tmp_path: Path) -> None:
    """And what follows is not read: it may be large, and here it is not even there."""
    content, listed = io.BytesIO(), b"bin/.x-pre-unlink.sh\r\n\n lib/x\nMenu/x.json"
    with tarfile.open(fileobj=content, mode="w:bz2") as tar:
        for name, size, data in (
            ("info/files", len(listed), listed),
            ("lib/x", 3 << 20, os.urandom(3 << 20)),
            ("info/paths.json", 2, b"{}"),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = size
            tar.addfile(entry, io.BytesIO(data))
    path = tmp_path / "x-1-0.tar.bz2"
    path.write_bytes(content.getvalue()[: 2 << 20])
    archive = Archive(f"osx-64/{path.name}", path, True, "", "", 1)
    told = {"pre-unlink": ("bin/.x-pre-unlink.sh",), "menu": ("Menu/x.json",)}
    assert facts_of(archive, {archive.name: {}}, {}).scripts == told
    path.write_bytes(content.getvalue()[:20])
    assert facts_of(archive, {archive.name: {}}, {}) == Facts()


def test_projects_of_pypi(channel: TinyChannel) -> None:
    paths = (
        "site-packages/Zope.Interface-5.0.dist-info/METADATA",
        "lib/python3.12/site-packages/ruamel.yaml-0.18.6-py3.12.egg-info/PKG-INFO",
        "lib/python3.13t/site-packages/backports.zoneinfo-0.2.1-py3.13-linux-x86_64.egg-info",
        "lib/pypy3.9/site-packages/torch-2.1.0+cu118.dist-info/RECORD",
        "Lib/site-packages/typing_extensions-4.0.0rc1.dist-info/METADATA",
        "site-packages/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA",
        "site-packages/flat.egg-info",
        "site-packages/flat.egg-info/PKG-INFO",
        "site-packages/-1.dist-info/METADATA",
        "site-packages/a\x1b-1.dist-info/METADATA",
        "site-packages/a-1\x1b.dist-info/METADATA",
        "share/x-1.dist-info/METADATA",
        "lib/python3.12/site-packages/b-1.dist-information/METADATA",
    )
    assert listed(channel, paths).pypi == {
        "backports-zoneinfo": "0.2.1",
        "ruamel-yaml": "0.18.6",
        "torch": "2.1.0+cu118",
        "typing-extensions": "4.0.0rc1",
        "zope-interface": "5.0",
    }


def test_names_that_are_to_deceive(channel: TinyChannel) -> None:
    odd = {
        "bin//.x-post-link.sh": "bin//.x-post-link.sh",
        "./bin/.y-post-link.sh": "./bin/.y-post-link.sh",
        "share/../bin/.z-post-link.sh": "share/../bin/.z-post-link.sh",
        "bin/.a\nb\x1b[2J-post-link.sh": "bin/.a\\nb\\x1b[2J-post-link.sh",
        "bin/.\udc80-post-link.sh": "bin/.\\udc80-post-link.sh",
    }
    scripts = listed(channel, odd).scripts
    assert scripts == {"post-link": tuple(sorted(odd.values()))}
    windows = listed(channel, ["SCRIPTS\\.X-Post-Link.BAT"], subdir="win-64").scripts
    assert windows == {"post-link": ("SCRIPTS\\.X-Post-Link.BAT",)}
    newline = "menu/a\nb.json"
    assert listed(channel, [newline]).scripts == {"menu": ("menu/a\\nb.json",)}
    many = listed(channel, (f"menu/{number:05}.json" for number in range(MOST + 5))).scripts
    assert many
    assert many["menu"][MOST - 1 :] == (f"menu/{MOST - 1:05}.json", "and 5 more")


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", "{}", '{"paths": null}', '{"paths": 3}', '{"paths": [3]}', "\0"),
        *('{"paths": [{"path": "x"}]}', '{"paths": [{"_path": "x", "size_in_bytes": "many"}]}'),
        "[" * 99_999,
    ],
)
def test_nonsense_is_not_known(channel: TinyChannel, content: str) -> None:
    files: dict[str, str | bytes] = {"info/paths.json": content, "info/files": b"\xff"}
    assert look(channel.add("x", files=files), "generic") == Facts()


def test_archive_of_the_plugins_channel(channel: TinyChannel) -> None:
    package = channel.add("x", files={"lib/libx.so": "", "Scripts/.x-post-link.bat": ""})
    archive = Archive(f"plugin/{package.at}", package.path, True, "", "", 0)
    assert facts_of(archive, {archive.name: {"noarch": "generic"}}, {}).scripts == {
        "post-link": ("Scripts/.x-post-link.bat",),
        "native": ("lib/libx.so",),
    }


def test_archive_is_read_once(channel: TinyChannel) -> None:
    known: Known = {}
    package = channel.add("x", files={"Menu/x.json": ""})
    facts = look(package, "generic", known)
    package.path.unlink()
    assert look(package, "generic", known) is facts
    assert look(package, "generic") == Facts()
