"""What a repository holds, package by package, and what its index files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.queries.contents import channel_of, list_packages, read_records
from conda_offline_repo.repository.exceptions import ManifestError
from tests.support.rewriting import folder_of, from_elsewhere, from_wheel
from tests.support.suite import CLI, CORE, LIBZ

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.repository.locate import Repository


def test_packages_as_the_index_describes_them(acme: Repository) -> None:
    listed = {package.name: package for package in list_packages(acme)}
    assert list(listed) == ["cli", "core", "libz", "pip", "python", "tool"]
    libz = listed["libz"]
    assert (libz.version, libz.build, f"{libz.subdir}/{libz.file}") == ("1.3", "h1_0", LIBZ)
    assert libz.size == acme.manifest.packages[LIBZ].size
    assert libz.license == "BSD-3-Clause"


@pytest.mark.parametrize("damage", ["changed", "missing", "a folder"])
def test_damaged_index_is_refused_or_taken_for_empty(acme: Repository, damage: str) -> None:
    index = folder_of(acme) / "noarch" / "repodata.json"
    if damage == "changed":
        index.write_bytes(index.read_bytes() + b" ")
    else:
        index.unlink()
    if damage == "a folder":
        index.mkdir()
    with pytest.raises(ManifestError, match=r"noarch.repodata\.json"):
        read_records(acme.manifest, acme.path)
    records = read_records(acme.manifest, acme.path, damaged=True)
    assert {name.split("/")[0] for name in records} == {"linux-64"}


@pytest.mark.parametrize(
    ("url", "channel"),
    [
        (
            "https://me:pw@h.example/t/tk-1/acme/linux-64/a-1-0.conda?key=1",
            "https://h.example/acme",
        ),
        ("file:///srv/t/channel/linux-64/a-1-0.conda", "file:///srv/t/channel"),
        ("https://cdn.example/blobs/a-1-0.conda", "https://cdn.example/blobs"),
        ("", ""),
        ("a-1-0.conda", ""),
        ("https://[bad/linux-64/a-1-0.conda", ""),
    ],
)
def test_channel_of_origin(url: str, channel: str) -> None:
    assert channel_of("linux-64/a-1-0.conda", url) == channel
    assert channel_of("plugin/linux-64/a-1-0.conda", url) == channel


def test_listed_with_its_channel(folder: Path) -> None:
    url = f"https://me:pa55@h.example/t/tk-1234/acme/{CLI}"
    repository = from_elsewhere(folder, CLI, url)
    (cli,) = (package for package in list_packages(repository) if package.name == "cli")
    assert (cli.build, cli.channel) == ("0", "https://h.example/acme")


@pytest.mark.parametrize(
    ("file", "purl"),
    [
        ("Core_Lib-2.0-py3-none-any.whl", "pkg:pypi/core-lib@2.0"),
        ("core-1!2.0+cu118-cp311-none-any.whl", "pkg:pypi/core@1%212.0%2Bcu118"),
    ],
)
def test_listed_with_its_wheel(folder: Path, file: str, purl: str) -> None:
    repository = from_wheel(folder, CORE, file)
    (core,) = (package for package in list_packages(repository) if package.name == "core")
    assert core.channel == ""
    assert core.wheel
    assert str(core.wheel) == f"PyPI: {file}"
    assert core.wheel.url == f"https://files.pythonhosted.org/packages/py3/{file}"
    assert core.wheel.purl == purl


def test_wheel_is_listed_without_secrets(folder: Path) -> None:
    file = "core-2.0-py3-none-any.whl"
    for index, url in (
        ("https://me:pa55@h.example/simple", f"https://h.example/simple/{file}"),
        ("https://[bad", ""),
    ):
        packages = list_packages(from_wheel(folder, CORE, file, index))
        assert [p.wheel.url for p in packages if p.wheel] == [url]
