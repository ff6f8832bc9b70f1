"""Who needs a package."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.cli.why_report import why_lines
from conda_offline_repo.queries.exceptions import PackageUnknownError
from conda_offline_repo.queries.why import why
from conda_offline_repo.repository.exceptions import ManifestError
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import Kept
from tests.support.rewriting import folder_of, from_wheel, put_index, rewrite
from tests.support.suite import CLI, CORE, LIBZ, RUNTIME, TOOL, suite

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.queries.why import Step, Why
    from conda_offline_repo.repository.locate import Repository


def reasons(repository: Repository, name: str) -> dict[str, Why]:
    """Why it has a package, by environment."""
    ((answered, answers),) = why([repository], name)
    assert answered is repository
    assert {answer.platform for answer in answers} == {"linux-64"}
    return {answer.environment: answer for answer in answers}


def lines(steps: tuple[Step, ...]) -> list[str]:
    return [f"{'.' * s.depth}{s.name}{'' if s.expanded else ' ...'}" for s in steps]


def test_who_needs_a_package(acme: Repository) -> None:
    answers = reasons(acme, "libz")
    assert list(answers) == ["lock", "runtime", "tools"]
    runtime = answers["runtime"]
    assert (runtime.release, runtime.version, runtime.build) == (1, "1.3", "h1_0")
    assert not runtime.asked_for
    assert [(s.name, s.version, s.specs, s.asked_for) for s in runtime.directly] == [
        ("core", "2.0", ("libz",), False),
        ("python", "3.11.0", ("libz >=1.2,<2",), True),
    ]
    assert runtime.shortest == ("python", "libz")
    assert lines(runtime.ways) == [
        "libz",
        ".core",
        "..cli",
        ".python",
        "..core ...",
        "..pip",
        "...python ...",
    ]
    assert answers["tools"].shortest == ("tool", "libz")
    assert lines(answers["tools"].ways) == ["libz", ".tool"]


def test_name_on_pypi_and_what_pip_was_asked_for(acme: Repository) -> None:
    from_wheel(folder_of(acme), CORE, "Core_Lib-2.0-py3-none-any.whl")
    pip = {"runtime/linux-64": {"Core.Lib>=2": "core >=2", "tool": "libz"}}
    repository = rewrite(folder_of(acme), pip=pip)
    for name in ("core_lib", "Core.Lib", "core"):
        (answer,) = reasons(repository, name).values()
        assert (answer.name, answer.requirements) == ("core", ("Core.Lib>=2",))
        assert answer.asked_for
    text = "\n".join(why_lines(repository, [answer]))
    assert "runtime on linux-64: core 2.0 0\n  from PyPI: Core_Lib-2.0-py3-none-any.whl\n" in text
    assert "  asked for: yes, of pip as Core.Lib>=2\n" in text
    # a conda name comes before one of PyPI
    assert {answer.name for answer in reasons(repository, "tool").values()} == {"tool"}
    with pytest.raises(PackageUnknownError, match="core-lib"):
        why([repository], "core-libs")


def test_what_was_asked_for(acme: Repository) -> None:
    (answer,) = reasons(acme, "CLI").values()
    assert (answer.name, answer.asked_for) == ("cli", True)
    assert (answer.shortest, answer.directly) == (("cli",), ())
    answers = reasons(acme, "python")
    assert answers["runtime"].asked_for
    assert [step.name for step in answers["runtime"].directly] == ["core", "pip"]


def test_virtual_package(acme: Repository) -> None:
    answers = reasons(acme, "__glibc")
    assert [(s.name, s.specs) for s in answers["runtime"].directly] == [
        ("libz", ("__glibc >=2.17",)),
        ("python", ("__glibc >=2.17,<3",)),
    ]
    assert (answers["tools"].version, answers["tools"].shortest) == (
        "",
        ("tool", "libz", "__glibc"),
    )


@pytest.mark.parametrize(
    ("name", "near"), [("pyhton", "python"), ("python 3.11", "python"), ("__glib", "__glibc")]
)
def test_name_that_is_unknown(acme: Repository, name: str, near: str) -> None:
    with pytest.raises(PackageUnknownError, match=near):
        why([acme], name)


@pytest.mark.parametrize("name", ["", "*", "zzzzzzz", "\x1b[31m", "a\nb"])
def test_name_that_is_none(acme: Repository, name: str) -> None:
    with pytest.raises(PackageUnknownError) as caught:
        why([acme], name)
    assert "\x1b" not in str(caught.value)
    assert "--why" in str(caught.value)


def test_only_repositories_that_have_it(acme: Repository, tmp_path: Path) -> None:
    other = suite(tmp_path / "other")
    request = replace(locate_one(other).manifest.request, packages=("tool",))
    without = rewrite(other, request=request, solutions={"linux-64": (LIBZ, TOOL)})
    assert [repository for repository, _ in why([without, acme], "cli")] == [acme]
    assert [repository for repository, _ in why([without, acme], "tool")] == [without, acme]
    with pytest.raises(PackageUnknownError, match="cli"):
        why([without, acme], "cly")


def test_earlier_release_has_it(folder: Path) -> None:
    releases = {
        number: Kept("2026-01-01T00:00:00Z", "0" * 64, {"linux-64": names})
        for number, names in {1: RUNTIME, 2: (LIBZ, TOOL), 3: RUNTIME}.items()
    }
    repository = rewrite(folder, release=4, solutions={"linux-64": (LIBZ,)}, releases=releases)
    (answer,) = reasons(repository, "cli").values()
    assert answer.release == 3
    (answer,) = reasons(repository, "tool").values()
    assert answer.release == 2
    (answer,) = reasons(repository, "libz").values()
    assert answer.release == 4


def test_channel_of_the_plugin(acme: Repository) -> None:
    archives = [f"plugin/noarch/{name}-1-0.conda" for name in ("plug", "socket")]
    package = acme.manifest.packages[CLI]
    packages = {**acme.manifest.packages, **dict.fromkeys(archives, package)}
    rewrite(folder_of(acme), packages=packages)
    (folder_of(acme) / "plugin" / "noarch").mkdir(parents=True)
    entry = {"version": "1", "build": "0"}
    entries = {
        "plug-1-0.conda": {**entry, "name": "plug", "depends": ["socket >=1"]},
        "socket-1-0.conda": {**entry, "name": "socket", "depends": ["libz"]},
    }
    plugged = put_index(folder_of(acme), "plugin/noarch/repodata.json", entries)
    ((_, (answer,)),) = why([plugged], "socket")
    assert (answer.platform, answer.shortest) == ("plugin", ("plug", "socket"))
    assert list(reasons(plugged, "libz")) == ["lock", "runtime", "tools"]


def test_index_that_does_not_fit(acme: Repository) -> None:
    (folder_of(acme) / "noarch" / "repodata.json").write_bytes(b"{}")
    with pytest.raises(ManifestError, match=r"noarch.repodata\.json"):
        why([acme], "cli")


def needing(folder: Path, needs: dict[str, list[str]]) -> Repository:
    """A repository with just these packages, of which the first was asked for; their archives are
    missing.
    """
    names = {name: f"{name}-1-0.conda" for name in needs}
    entries = {
        names[name]: {"name": name, "version": "1", "build": "0", "depends": depends}
        for name, depends in needs.items()
    }
    manifest = put_index(folder, "noarch/repodata.json", entries).manifest
    archives = tuple(f"noarch/{file}" for file in names.values())
    return rewrite(
        folder,
        request=replace(manifest.request, packages=(next(iter(needs)),)),
        solutions={"linux-64": archives},
        packages=dict.fromkeys(archives, manifest.packages[CLI]),
    )


def test_many_ways_are_told_without_end(folder: Path) -> None:
    """Two of each layer need both of the next layer: 2 ** 40 ways, and all say the same."""
    layers = 40
    needs = {"top": ["a0", "b0"]}
    for number in range(layers):
        needs |= {f"{side}{number}": [f"a{number + 1}", f"b{number + 1}"] for side in "ab"}
    needs |= {f"a{layers}": ["end"], f"b{layers}": ["end"], "end": []}
    (answer,) = reasons(needing(folder, needs), "end").values()
    assert len(answer.ways) == 1 + sum(map(len, needs.values()))
    assert sum(step.expanded for step in answer.ways) == len(needs)
    assert len(answer.shortest) == layers + 3
    assert answer.shortest[0] == "top"


def test_a_long_way(folder: Path) -> None:
    needs: dict[str, list[str]] = {f"p{n}": [f"p{n + 1}"] for n in range(5_000)}
    needs["p5000"] = ["p0"]
    (answer,) = reasons(needing(folder, needs), "p5000").values()
    assert len(answer.shortest) == 5_001
    assert len(answer.ways) == 5_002


def test_the_shortest_way_is_always_the_same(folder: Path) -> None:
    needs = {"top": ["c", "b", "a"], "a": ["end"], "b": ["end"], "c": ["end"], "end": []}
    (answer,) = reasons(needing(folder, needs), "end").values()
    assert answer.shortest == ("top", "a", "end")
    assert lines(answer.ways) == ["end", ".a", "..top", ".b", "..top ...", ".c", "..top ..."]


def test_conda_adds_pip_to_python(folder: Path) -> None:
    needs = {"app": ["python"], "python": [], "pip": ["python"], "wheel": ["pip"]}
    repository = needing(folder, needs)
    (answer,) = reasons(repository, "pip").values()
    assert [(step.name, step.specs) for step in answer.directly] == [
        ("python", ()),
        ("wheel", ("pip",)),
    ]
    text = "python 1 (by conda's add_pip_as_python_dependency), wheel 1 (pip)"
    assert f"  needed directly by: {text}" in [*why_lines(repository, [answer])]
    assert answer.shortest == ("app", "python", "pip")
