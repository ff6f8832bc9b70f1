"""Which packages need which, and what was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.models.match_spec import MatchSpec

from conda_offline_repo.queries.contents import list_packages, read_records
from conda_offline_repo.queries.dependencies import Solved, environments, solved, spec_name
from conda_offline_repo.repository.exceptions import ManifestError
from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.remembered import Remembered
from tests.support.rewriting import put_index, rewrite
from tests.support.suite import CLI, LIBZ, PIP, PYTHON, TOOL, with_environments

if TYPE_CHECKING:
    from pathlib import Path


def solution(*needs: str, packages: tuple[str, ...] = ()) -> Solved:
    """One of packages that are written `name: needed needed`."""
    entries = {}
    for text in needs:
        name, _, depends = text.partition(":")
        entries[name] = {"name": name, "version": "1", "build": "0", "depends": depends.split()}
    return Solved(1, "", "linux-64", dict.fromkeys(entries, ""), entries, packages)


@pytest.mark.parametrize(
    ("needs", "groups"),
    [
        (("a: b", "b"), ["a"]),
        (("a: c", "b: c", "c: __glibc"), ["a", "b"]),
        (("a",), ["a"]),
        ((), []),
        (("a: a",), ["a"]),
        (("b: c", "c: b"), ["bc"]),
        (("a: x", "b: c a", "c: b", "x"), ["bc"]),
        (("a: b", "b: c", "c: b", "d: a"), ["d"]),
        (("a: b", "b: a", "c: d", "d: c"), ["ab", "cd"]),
    ],
)
def test_what_nothing_else_needs(needs: tuple[str, ...], groups: list[str]) -> None:
    """One of each group, whose packages need each other, is enough to need all the others."""
    names = solution(*needs).asked_for
    assert len(names) == len(groups)
    assert all(len(names & {*group}) == 1 for group in groups)


def test_a_long_chain_has_one_beginning() -> None:
    chain = [f"p{number}: p{number + 1}" for number in range(20_000)]
    assert solution(*chain, "p20000").asked_for == {"p0"}


def test_what_stands_for_requirements_of_pip_was_asked_for() -> None:
    needs = ("a: b c", "b", "c", "d: c")
    pip = {"C>=1": "c >=1", "gone": "gone"}
    of_pip = replace(solution(*needs, packages=("b",)), pip=pip)
    assert of_pip.asked_for == {"b", "c"}
    assert replace(solution(*needs), pip=pip).asked_for == {"a", "c", "d"}


def test_what_was_named_was_asked_for() -> None:
    needs = ("a: b", "b")
    assert solution(*needs, packages=("B >=1", "channel::a[version=1]")).asked_for == {"a", "b"}
    assert solution(*needs, packages=("b",)).asked_for == {"b"}
    assert solution(*needs, packages=("gone",)).asked_for == {"a"}


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("Python >=3", "python"),
        ("conda-forge::pip", "pip"),
        ("x 1.* py_0", "x"),
        ("a[version='>=1',build=0", "a"),
        ("a[when='__win']", "a"),
        ('a[version=">=1",when="python >=3.10"]', "a"),
        ("a[extras=[b,c]]", "a"),
        ("a[flags=[cuda]]", "a"),
        ("]] 1", "]]"),
        ("x >=1,", "x"),
        ("x >=1.*|=,", "x"),
        ("  ", ""),
        ("", "*"),
        ("*", "*"),
    ],
)
def test_name_in_whatever_a_channel_writes(spec: str, name: str) -> None:
    assert spec_name(spec) == name


def test_dependencies_that_are_none_are_passed_over() -> None:
    entry = {"name": "a", "depends": ["b", 1, None, ["c"], "", "*"]}
    solution = Solved(1, "", "linux-64", {"a": ""}, {"a": entry})
    assert solution.needs == {"a": {"b": ("b",)}}
    entry["depends"] = "b"
    assert Solved(1, "", "linux-64", {"a": ""}, {"a": entry}).needs == {"a": {}}


@pytest.mark.parametrize(
    "spec",
    [
        *("lib", "Lib-2.x_y", "_lib", "lib >=1,<2|3.*", "lib 1.0 h1_0", "lib * *_cpython", "lib=1"),
        *("lib ==1.0=h1_0", "lib[version='>1']", "lib >1[build=h1]", "conda-forge::lib", "lib@"),
        *(
            "lib-1.0-0.conda",
            "lib-1.0-0.tar.bz2",
            "lib 1.conda",
            "https://h.example/x/lib-1-0.conda",
        ),
        *("*", "*lib", "lib*", "lib  1.0", "lib 1.0 # why", "lib # a@b"),
    ],
)
def test_names_are_read_as_conda_reads_them(spec: str) -> None:
    assert spec_name(spec) == MatchSpec(spec).name.lower()


def test_name_that_current_conda_refuses() -> None:
    assert spec_name("libé >=1") == "libé"


def requested(request: Remembered) -> list[tuple[str, tuple[str, ...], bool]]:
    manifest = Manifest("bank", 1, "", request, {}, {}, {}, {})
    return [(each.name, each.packages, each.exact) for each in environments(manifest)]


def test_environments_that_were_asked_for() -> None:
    assert requested(Remembered(packages=("a",))) == [("", ("a",), False)]
    assert requested(Remembered()) == [("", (), False)]
    assert requested(Remembered(exact=("",))) == [("", (), True)]
    several = Remembered(environments={"b": ("x",), "a": ()}, exact=("a",))
    assert requested(several) == [("a", (), True), ("b", ("x",), False)]


def test_environments_that_ask_pip() -> None:
    request = Remembered(environments={"b": ("x",), "a": ()})
    pip = {"b/linux-64": {"z": "z", "y": "y"}, "b/win-64": {"w": "w", "z": "z"}}
    manifest = Manifest("bank", 1, "", request, {}, {}, {}, {}, pip=pip)
    assert [each.pip for each in environments(manifest)] == [(), ("w", "y", "z")]
    assert manifest.specs("b", "win-64") == ("x", "w", "z")
    assert manifest.specs("a", "win-64") == ()


def test_asked_for_in_environments(folder: Path) -> None:
    repository = with_environments(folder)
    manifest = repository.manifest
    requested = {
        solution.environment: solution.asked_for
        for solution in solved(manifest, read_records(manifest, folder), folder)
    }
    assert {name: len(names) for name, names in requested.items()} == {
        "lock": 1,
        "runtime": 2,
        "tools": 1,
    }
    assert requested["runtime"] == {"cli", "python"}
    assert requested["lock"] <= {"python", "pip"}
    listed = {
        f"{package.subdir}/{package.file}": package.asked_for
        for package in list_packages(repository)
    }
    assert listed[CLI]
    assert listed[TOOL]
    assert listed[PYTHON]
    assert not listed[LIBZ]


def test_all_of_a_label_channel_was_asked_for(folder: Path) -> None:
    request = replace(with_environments(folder).manifest.request, environments={}, exact=())
    names = tuple(sorted((CLI, "noarch/core-2.0-0.conda", LIBZ, PIP, PYTHON, TOOL)))
    repository = rewrite(folder, request=request, solutions={"linux-64": names})
    requested = {package.name for package in list_packages(repository) if package.asked_for}
    assert requested == {"cli", "tool"}


def test_index_without_an_archive(folder: Path) -> None:
    repository = with_environments(folder)
    records = read_records(repository.manifest, folder)
    del records[CLI]
    with pytest.raises(ManifestError, match=r"noarch.repodata\.json"):
        solved(repository.manifest, records, folder)
    under_way = replace(repository.manifest, on_the_way={CLI: {"0" * 64: 1}})
    archives = {each.environment: each.archives for each in solved(under_way, records, folder)}
    assert "cli" not in archives["runtime"]


@pytest.mark.parametrize(("key", "value"), [("version", 1), ("name", None), ("build", "\x1b")])
def test_index_with_nonsense(folder: Path, key: str, value: object) -> None:
    manifest = with_environments(folder).manifest
    index = "noarch/repodata.json"
    entries = {
        name.removeprefix("noarch/"): dict(entry)
        for name, entry in read_records(manifest, folder).items()
        if name.startswith("noarch/")
    }
    entries["cli-1.0-0.conda"][key] = value
    manifest = put_index(folder, index, entries).manifest
    with pytest.raises(ManifestError, match=r"noarch.repodata\.json"):
        solved(manifest, read_records(manifest, folder), folder)
