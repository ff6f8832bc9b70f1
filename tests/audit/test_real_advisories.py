"""Records of pypa/advisory-database, and which versions they affect: right values by hand.

Versions of conda-forge's records are among them; the others are the edges. Where a good guess is
wrong, it says so.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from conda_offline_repo.audit.advisories import read_advisories
from conda_offline_repo.audit.affected import affected, held_by
from tests.audit.conda_forge import (
    DATA,
    ENVIRONMENTS,
    PROJECTS,
    RECORDS,
    manifest_of,
    on_disk,
    package,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.audit.advisories import Advisory

FILE = DATA / "pypa_advisories.json"

#: By record, versions that are affected and versions that are not.
VERSIONS = {
    # its range of commits begins with the first one, and says nothing of versions
    "PYSEC-2024-24": (
        "1.0.5 3.9.0rc0 3.9.1 3.9.2.dev0 3.9.2rc1",  # aiohttp
        "1.0.4 1.0.5rc1 3.9.2 3.9.2.post1 3.9.3 3.10.10 3.14.3",
    ),
    "PYSEC-2024-48": ("0 18.3a0 24.1a1 24.2.0 24.3.0rc1", "24.3.0 24.10.0"),  # black
    "PYSEC-2020-29": ("0.5.2 1.0.7 1.0.8rc1", "1.0.8 1.0.9 1.1.0"),  # Brotli
    # a version of another epoch is after all that have none
    "PYSEC-2023-135": (
        "2015.4.28 2015.04.28 2015.11.20.1 2022.12.07 2023.5.7",  # certifi
        "14.5.14 2015.4.27 2023.7.22 2023.07.22 2023.7.22.post1 2024.7.4 1!2022.12.7",
    ),
    "PYSEC-2023-254": (
        "3.1 3.4.8 41.0.5 41.0.6rc1",  # cryptography
        "3.0 3.1rc1 41.0.6 42.0.2 50.0.0",
    ),
    "PYSEC-2021-387": ("0.13.0rc1 2021.9.1 2021.09.1", "2021.10.0 2023.3.0 2024.1.1"),  # dask
    "PYSEC-2014-80": ("0.5.2 0.5.3rc1", "0.5.3 1.10.6 7.1.0"),  # docker-py
    "PYSEC-2023-233": ("0.1 0.16.1 0.28.2", ""),  # exiv2
    # 2.3.0rc1 lies between what is fixed and what is affected again
    "PYSEC-2023-62": (
        "0.1 2.0.0 2.2.4 2.2.5rc1 2.3.0 2.3.1",  # Flask
        "2.2.5 2.3.0rc1 2.3.2 2.3.3 3.1.2",
    ),
    "PYSEC-2017-14": ("0.99 0.9999999 0.99999999", "0.999999999 1.0b8 1.1"),  # html5lib
    "PYSEC-2024-60": ("0.1 2.10 3.4 3.6 3.7rc0", "0.0.9 3.7 3.10 3.18"),  # idna
    # ipython, which names two versions that PEP 440 cannot read
    "PYSEC-2022-12": (
        "0.7.1.fix1 0.7.4.svn.r2010 4.0.0b1 4.0.0-b1 6.0.0b1 6.0.0 7.16.2 7.17.0 7.31.0 8.0.0",
        "6.0.0rc1 7.16.3 7.16.3.post1 7.31.1 8.0.0rc1 8.0.1 8.20.0 9.0.0",
    ),
    "PYSEC-2023-155": ("0.0.0 1.24.0 2.7.1 2.7.2rc0", "2.7.2 2.12.5"),  # jupyter-server
    "PYSEC-2021-130": (
        "0.0.1 1.2.20 2 2.0.0 2.2.9 2.3 2.3.1 3.0.16 3.1.0 3.1.3",  # jupyterlab
        "1.2.21 2.0.0rc0 2.2.10 2.3.2 3.0.17 3.0.18 3.1.4 3.6.7 4.0.12",
    ),
    "PYSEC-2022-237": ("2.0.0a1 2.0.0rc1 2.0.2", "0.8.4 2.0.0.dev1 2.0.3 3.0.2"),  # mistune
    # what its list of versions ends before is affected, too
    "PYSEC-2023-163": ("1.1.1 2.8.7 2.10.0 2.14.1", ""),  # numexpr
    # conda's 4.8.1 has no fourth part, which counts repackagings on PyPI: it is told
    "PYSEC-2023-183": (
        "4.6.0 4.6.0.66 4.8.0.76 4.8.1",  # opencv-python
        "4.8.1.78 4.9.0 4.9.0.80 4.10.0",
    ),
    "PYSEC-2022-42980": ("9.2.0", "9.1.1 9.3.0 10.1.0"),  # pillow
    "PYSEC-2023-175": ("1.0 9.2.0 9.5.0 10.0.0", "10.0.1 10.1.0"),  # pillow
    # a local version is a build of the public one, though it comes after it
    "PYSEC-2022-42969": (
        "0.8.0-alpha2 0.8.0a2 1.4.7.dev3 1.11 1.11.0rc1 1.11.0 1.11.0+cpu",  # py
        "1.11.0.post1 1.11.1 1.12.0",
    ),
    # events in no order: read one after the other, 1.8.1 would be fixed by 1.7.4
    "PYSEC-2021-47": (
        "0.0.1 1.6.1 1.7 1.7.3 1.8 1.8.1 1.8.1+cpu",  # pydantic
        "1.6.2 1.7.4 1.8.2 1.10.0 2.10.1",
    ),
    # where one range ends and another begins, the version is affected
    "PYSEC-2023-72": ("3.0.3 3.1.1 3.1.2 3.1.3 3.2.0 3.2.1", "3.2.2 3.5.0"),  # pyspark
    "PYSEC-2021-112": ("210 300", "301 306 312"),  # pywin32
    "PYSEC-2020-108": (
        "0.22rc2.post1 0.23.2",  # scikit-learn
        "0.24.dev0 0.24.0rc1 0.24.2 1.4.1.post1",
    ),
    "PYSEC-2023-102": ("1.7.3 1.9.3 1.10.0.dev0 1.10.0rc2", "1.10.0 1.10.0.post1 1.11.4"),  # scipy
    "PYSEC-2022-43012": (
        "0.6c11 0.6rc11 59.8.0 64.0.3 65.5.0 65.5.0.post1",  # setuptools
        "65.5.1 68.2.2 84.0.0",
    ),
    "PYSEC-2022-43015": (
        "1.0.1.post2 1.13.0 1.13.0+cu117 1.13.1rc1",  # torch
        "1.13.1 1.13.1+cpu 2.3.1 2.9.0+cpu",
    ),
    "PYSEC-2023-212": (
        "0.2 1.26.17 2.0.0 2.0.5 2.0.6",  # urllib3
        "1.26.18 1.26.20 2.0.0a1 2.0.7 2.1.0 2.7.0",
    ),
    "PYSEC-2023-121": ("1.5.5.1 1.5.7", ""),  # zstd
}
WITHDRAWN = ("PYSEC-2022-15", "PYSEC-2022-43059")


@cache
def real() -> tuple[list[Advisory], list[str]]:
    return read_advisories(FILE)


@pytest.mark.parametrize("id", VERSIONS)
def test_versions_that_are_affected(id: str) -> None:
    (advisory,) = (each for each in real()[0] if each.id == id)
    (about,) = advisory.affected
    affected, others = (texts.split() for texts in VERSIONS[id])

    assert [version for version in affected if not about.has(version)] == []
    assert [version for version in others if about.has(version)] == []


def test_what_is_withdrawn_affects_nobody() -> None:
    """One of these begins with the first version and has no end, one says of no version."""
    advisories, unreadable = real()

    assert unreadable == []
    assert {each.id for each in advisories} == {*VERSIONS}
    stated = {each["id"] for each in json.loads(FILE.read_text())["vulns"]}
    assert stated == {*VERSIONS, *WITHDRAWN}


def test_as_yaml_of_the_database(tmp_path: Path) -> None:
    """Numbers there are versions: 2.10 is not 2.1."""
    (tmp_path / "idna").mkdir()
    (tmp_path / "idna" / "PYSEC-2024-60.yaml").write_text(
        "id: PYSEC-2024-60\n"
        "modified: 2024-07-11T17:21:37Z\n"
        "affected:\n"
        "- package: {name: idna, ecosystem: PyPI}\n"
        "  ranges:\n"
        "  - type: GIT\n"
        "    repo: https://github.com/kjd/idna\n"
        "    events: [{introduced: '0'}, {fixed: 1d365e17e10d72d0b7876316fc7b9ca0eebdd38d}]\n"
        "  - type: ECOSYSTEM\n"
        "    events: [{introduced: 0.1}, {fixed: 3.10}]\n"
        "  versions: [2.10, 3.6]\n"
    )
    (advisory,) = read_advisories(tmp_path)[0]
    (about,) = advisory.affected

    assert [v for v in ("2.10", "3.6", "3.9") if not about.has(v)] == []
    assert [v for v in ("0.0.9", "3.10", "3.11") if about.has(v)] == []


#: Conda packages that are affected, by file name without its build, and by what.
AFFECTED = {
    "aiohttp-3.9.1": {"PYSEC-2024-24"},
    "black-24.2.0": {"PYSEC-2024-48"},
    "cryptography-41.0.5": {"PYSEC-2023-254"},
    "flask-2.0.0": {"PYSEC-2023-62"},
    "idna-3.4": {"PYSEC-2024-60"},
    "idna-3.6": {"PYSEC-2024-60"},
    "jupyter_server-1.24.0": {"PYSEC-2023-155"},
    "numexpr-2.10.0": {"PYSEC-2023-163"},
    "pillow-9.2.0": {"PYSEC-2022-42980", "PYSEC-2023-175"},
    "py-opencv-4.6.0": {"PYSEC-2023-183"},
    "scipy-1.7.3": {"PYSEC-2023-102"},
    "setuptools-59.8.0": {"PYSEC-2022-43012"},
    "setuptools-64.0.3": {"PYSEC-2022-43012"},
}


@pytest.mark.parametrize("known", [True, False])
def test_conda_packages_that_are_affected(tmp_path: Path, known: bool) -> None:
    """Also where a manifest does not say what is in archives, and conda's names have to do.

    A good guess is wrong of zstd, exiv2 and brotli, which are C libraries with the names of
    projects, and of docker-py, which is docker on PyPI; py-opencv is guessed by nobody.
    """
    chosen = {archive for each in ENVIRONMENTS.values() for archive in each}
    solutions: dict[str, dict[str, str]] = {"now/linux-64": {}}
    for archive in [*ENVIRONMENTS["linux-64"], *(RECORDS.keys() - chosen)]:
        name = RECORDS[archive]["name"]
        keys = (*solutions, f"{len(solutions)}/linux-64")
        free = next(key for key in keys if name not in solutions.get(key, ()))
        solutions.setdefault(free, {})[name] = archive
    packages = {}
    for archive in {a for each in solutions.values() for a in each.values()} if known else ():
        record = RECORDS[archive]
        usual = {canonicalize_name(record["name"]): record["version"]}
        needs_python = any(spec.split()[0] == "python" for spec in record["depends"])
        pypi = PROJECTS.get(archive, usual if needs_python else {})
        packages[archive] = package(archive, pypi=pypi)
    manifest = manifest_of({k: each.values() for k, each in solutions.items()}, (), packages)
    hits = affected(held_by(on_disk(tmp_path / "bank", manifest)), real()[0])

    seen: dict[str, set[str]] = {}
    for hit in hits:
        entry = hit.holding.entry
        seen.setdefault(f"{entry['name']}-{entry['version']}", set()).add(hit.advisory.id)
    guessed = {name: ids for name, ids in AFFECTED.items() if name != "py-opencv-4.6.0"}
    assert seen == (AFFECTED if known else guessed)
    fixed = {hit.advisory.id: hit.fixed for hit in hits}
    assert fixed["PYSEC-2023-62"] == ("2.2.5", "2.3.2")
    assert fixed["PYSEC-2023-163"] == ()
