"""What runs where packages are installed, as `show`, `diff`, page and bill of materials tell it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda import features
from conda_offline_repo.queries import texts as module
from conda_offline_repo.queries.exceptions import ArchiveError, PackageUnknownError
from conda_offline_repo.queries.news import new_scripts
from conda_offline_repo.queries.sbom import FORMAT, make_bills
from conda_offline_repo.queries.texts import scripts
from conda_offline_repo.repository.locate import locate_one
from tests.cli.test_json import check
from tests.support.mirror import another, publish
from tests.support.rewriting import rewrite
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.queries.texts import Texts
    from tests.support.running import Conda

SCRIPT = "echo 'a\tb' \\ \r\necho \x1b[2J\n"
LINK = {"noarch": {"type": "python", "entry_points": ["tool = tool:main"]}}
TOOL = {
    "info/link.json": json.dumps(LINK),
    "python-scripts/more": "#!python\n",
    "site-packages/_x.so": "\x7fELF",
    "site-packages/_x.dll": "MZ",
    "site-packages/_x.dylib": "",
}
APP, LIB = "linux-64/app-1.0-0.conda", "noarch/lib-1.0-0.tar.bz2"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("scripts")
    channel = TinyChannel(folder / "channel")
    channel.add("python", "3.12.0", subdir="linux-64")
    channel.add("pip")
    channel.add("app", subdir="linux-64", depends=["lib"], files={"bin/.app-post-link.sh": SCRIPT})
    channel.add("lib", files={"Menu/lib\u202e.json": '{"a": 1}\n'}, format="tar.bz2")
    channel.add("tool", files=TOOL, depends=["python"], record={"noarch": "python"})
    root, platforms = folder / "root", ("linux-64",)
    publish(folder / "first", channel, "app", root=root, platforms=platforms)
    shutil.copytree(root / "bank", folder / "old")
    channel.add("lib", "2.0", files={"etc/conda/activate.d/lib.sh": "x=1"})
    publish(folder / "second", channel, "app", "tool", root=root, platforms=platforms)
    return folder / "old", root / "bank"


@pytest.fixture
def old(releases: tuple[Path, Path], tmp_path: Path) -> Path:
    """The first release, to be changed."""
    return shutil.copytree(releases[0], tmp_path / "old")


def of(folder: Path, name: str) -> Texts:
    ((_, ((_, texts),)),) = scripts([locate_one(folder)], name)
    return texts


def test_table_and_texts(conda: Conda, releases: tuple[Path, Path]) -> None:
    lines = conda.run("offline-repo", "show", releases[1], "--scripts").stdout.splitlines()
    assert [line.split(maxsplit=4) for line in lines[2:-1]] == [
        ["NAME", "VERSION", "SUBDIR", "KIND", "FILE"],
        ["app", "1.0", "linux-64", "post-link", "bin/.app-post-link.sh"],
        ["lib", "2.0", "noarch", "activation", "etc/conda/activate.d/lib.sh"],
        ["tool", "1.0", "noarch", "entry-point", "python-scripts/more"],
        ["tool", "1.0", "noarch", "entry-point", "tool = tool:main"],
        ["tool", "1.0", "noarch", "native", "site-packages/_x.dll"],
        ["tool", "1.0", "noarch", "native", "site-packages/_x.dylib"],
        ["tool", "1.0", "noarch", "native", "site-packages/_x.so"],
    ]
    text = conda.run("offline-repo", "show", releases[1], "--scripts", "App").stdout
    assert "linux-64/app-1.0-0.conda: bin/.app-post-link.sh\n" in text
    assert "\n\necho 'a b' \\ \necho \\x1b[2J\n" in text
    assert "lib" not in text
    shown = check(
        "show_scripts",
        conda.run("offline-repo", "show", releases[1], "--scripts", "tool", "--json"),
    )
    (tool,) = shown["repositories"][0]["packages"]
    assert tool["scripts"]["entry-point"] == ["python-scripts/more", "tool = tool:main"]
    assert tool["texts"] == {"python-scripts/more": "#!python\n"}
    assert "New: activation of lib\nNew: entry-point of tool\nNew: native of tool\n" in (
        conda.run("offline-repo", "diff", *releases).stdout
    )
    marked = conda.run("offline-repo", "diff", *releases, "--format", "markdown").stdout
    assert "- New: entry-point of tool\n" in marked


def test_page(releases: tuple[Path, Path]) -> None:
    old, new = (folder.joinpath("index.html").read_text("utf-8") for folder in releases)
    assert "<p>post-link: bin/.app-post-link.sh</p>" in old
    assert "<p>menu: Menu/lib\\u202e.json</p>" in old
    assert "<p>New: native of tool</p>" in new
    assert "<p>New:" not in old
    assert "is not known before the next release" not in new


def test_texts_of_both_formats(releases: tuple[Path, Path]) -> None:
    assert of(releases[0], "app") == ({"bin/.app-post-link.sh": SCRIPT}, {})
    assert of(releases[0], "lib") == ({"Menu/lib\\u202e.json": '{"a": 1}\n'}, {})
    repositories = [*map(locate_one, releases)]
    assert [r.manifest.release for r, _ in scripts(repositories, "tool")] == [2]
    with pytest.raises(PackageUnknownError, match="Similar names: tool"):
        scripts(repositories, "tools")


def test_hostile_archives(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "LARGEST_TEXT", 3)
        assert of(old, "app") == ({}, {"bin/.app-post-link.sh": "it is larger than 3 bytes"})
    (old / APP).write_bytes(another(old / APP))
    with pytest.raises(ArchiveError, match="not the archive in the manifest"):
        of(old, "app")
    assert of(old, "lib")[0]
    scripts([locate_one(old)], "")


def test_what_is_not_known(conda: Conda, old: Path, releases: tuple[Path, Path]) -> None:
    packages = locate_one(old).manifest.packages
    rewrite(old, packages={**packages, LIB: replace(packages[LIB], scripts=None)})
    lines = conda.run("offline-repo", "show", old, "--scripts").stdout.splitlines()
    assert ["lib", "1.0", "noarch", "unknown"] in map(str.split, lines)
    assert of(old, "lib") == ({}, {})
    new = locate_one(releases[1]).manifest
    assert new_scripts(locate_one(old).manifest, new) == {
        "entry-point": ("tool",),
        "native": ("tool",),
    }


@pytest.mark.skipif(features.exporter(FORMAT) is None, reason="conda-sboms is not installed")
def test_bill_of_materials(releases: tuple[Path, Path]) -> None:
    (bill,) = make_bills(locate_one(releases[1]))
    stated = {c["name"]: c.get("properties", []) for c in json.loads(bill.content)["components"]}
    script = {"name": "conda-offline-repo:script:post-link", "value": "bin/.app-post-link.sh"}
    assert script in stated["app"]
    assert not any("conda-offline-repo" in each["name"] for each in stated["python"])
