"""A channel that is made anew, or patched, from the same archives: what is a release, and what it
says.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.manifest import INDEX_NAME
from tests.cli.test_json import check
from tests.support.mirror import entries
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda, Finished

APP, LIB = "noarch/app-1.0-0.conda", "noarch/lib-1.0-0.conda"


class Made:
    """A vendor whose channel is indexed by a server: what it lists, it dates."""

    def __init__(self, conda: Conda, folder: Path) -> None:
        self.conda, self.root = conda, folder / "root"
        self.repository = self.root / "bank"
        self.channel = TinyChannel(folder / "channel")
        self.channel.add("app", depends=["lib"])
        self.channel.add("lib")
        self.date("indexed_timestamp", 1_790_000_000_000)
        self.build()

    def date(self, key: str, value: object) -> None:
        for package in self.channel.packages.values():
            package.record[key] = value
        self.channel.write()

    def build(self, *options: object) -> Finished:
        url = self.channel.folder.as_uri()
        named = ("--no-label-channel", "--override-channels", "-c", url, "--root", self.root)
        return self.conda.build(
            "--label", "bank", "--platform", "linux-64", *named, *options, "app"
        )

    def index(self) -> dict[str, dict[str, object]]:
        index = json.loads((self.repository / "noarch" / INDEX_NAME).read_bytes())
        return {f"noarch/{file}": entry for file, entry in index["packages.conda"].items()}


@pytest.fixture
def made(conda: Conda, tmp_path: Path) -> Made:
    return Made(conda, tmp_path)


@pytest.mark.parametrize("key", ["indexed_timestamp", "created_at", "time_modified"])
def test_new_date_of_a_listing_is_no_release(made: Made, key: str) -> None:
    before = snapshot(made.repository)
    made.date(key, 1_795_000_000_000)
    for options in (("--dry-run",), ()):
        result = made.build(*options, "--json").json
        assert (result["changed"], result["release"], result["changed_entries"]) == (False, 1, {})
    assert snapshot(made.repository) == before
    for package in made.channel.packages.values():
        del package.record["indexed_timestamp"]
    made.channel.write()
    assert "is up to date (release 1)" in made.build().stdout
    assert snapshot(made.repository) == before


def test_new_date_is_no_part_of_another_release(made: Made) -> None:
    first = made.index()
    made.date("indexed_timestamp", 1_795_000_000_000)
    made.channel.add("app", "2.0", depends=["lib"], record={"indexed_timestamp": 1})
    made.channel.write()
    result = made.build("--json").json
    assert (result["release"], result["changed_entries"]) == (2, {})
    second = made.index()
    assert second[LIB] == first[LIB]
    assert second["noarch/app-2.0-0.conda"]["indexed_timestamp"] == 1


def test_patched_entry_is_a_release_that_names_it_once(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.repository, tmp_path / "old")
    made.date("indexed_timestamp", 1_795_000_000_000)
    made.channel.packages[APP].record["depends"] = ["lib >=1"]
    made.channel.packages[APP].record["license_family"] = "BSD"
    made.channel.write()
    assert "Only entries changed:" in made.build("--dry-run").stdout
    stdout = made.build().stdout
    line = "  ~ app 1.0 (noarch): depends, indexed_timestamp, license_family\n"
    assert f"Only entries changed:\n{line}" in stdout
    assert "is now release 2" in stdout
    assert made.index()[APP] == made.channel.packages[APP].record
    assert made.index()[LIB]["indexed_timestamp"] == 1_790_000_000_000
    page = (made.repository / "index.html").read_text("utf-8")
    assert "1 package with another entry in the index" in page
    keys = ["depends", "indexed_timestamp", "license_family"]
    diff = made.conda.run("offline-repo", "diff", tmp_path / "old", made.repository, "--json")
    check("diff", diff)
    assert (diff.json["changed_entries"], diff.json["platforms"]) == ({APP: keys}, {})
    for form, text in (
        ("text", f"No package changes.\nOnly entries changed:\n{line}"),
        ("markdown", "- app 1.0 (noarch): depends, indexed\\_timestamp, license\\_family\n"),
    ):
        options = (tmp_path / "old", made.repository, "--format", form)
        assert text in made.conda.run("offline-repo", "diff", *options).stdout
    manifest = tmp_path / "old" / "offline-repo.json"
    diff = made.conda.run("offline-repo", "diff", manifest, made.repository, "--json")
    assert check("diff", diff)["changed_entries"] is None
    result = check("build", made.build("--json"))
    assert (result["changed"], result["changed_entries"]) == (False, {})


def test_patch_beside_another_change(made: Made) -> None:
    made.channel.packages[LIB].record["constrains"] = ["other <2"]
    made.channel.add("app", "2.0", depends=["lib"])
    made.channel.write()
    result = made.build("--json", "--keep", "2").json
    assert result["changed_entries"] == {LIB: ["constrains"]}
    assert result["updated"] == ["noarch/app-2.0-0.conda"]
    assert entries(made.repository)["app-1.0-0.conda"]["indexed_timestamp"] == 1_790_000_000_000
    both = (f"{made.repository}@1", f"{made.repository}@2")
    diff = made.conda.run("offline-repo", "diff", *both, "--json").json
    assert diff["changed_entries"] is None


def test_other_content_is_no_other_entry(made: Made) -> None:
    made.channel.add("lib", files={"share/lib.txt": "other"})
    made.channel.write()
    result = made.build("--json").json
    assert (result["changed"], result["changed_entries"]) == (True, {})
