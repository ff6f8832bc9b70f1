"""Bills of materials: which releases have them, and their files, each whole or missing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from conda import __version__ as conda_version
from conda.base.context import context
from conda.plugins import hookimpl

from conda_offline_repo._conda import features
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.files.atomic import STAGED
from conda_offline_repo.queries.exceptions import NotWrittenError, SbomMissingError
from conda_offline_repo.queries.sbom import FORMAT, make_bills, write_files
from conda_offline_repo.repository.exceptions import ManifestError
from tests.support.rewriting import folder_of, rewrite
from tests.support.suite import LIBZ, TOOL

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.repository.locate import Repository


needs_sboms = pytest.mark.skipif(
    features.exporter(FORMAT) is None, reason="conda-sboms is not installed, or conda is too old"
)


def test_conda_without_the_plugin(acme: Repository) -> None:
    manager = context.plugin_manager
    plugins = [plugin for name, plugin in manager.list_name_plugin() if "conda_sboms" in name]
    for plugin in plugins:
        manager.unregister(plugin)
    try:
        with pytest.raises(SbomMissingError, match=conda_version):
            make_bills(acme)
    finally:
        for plugin in plugins:
            manager.register(plugin)


class Broken:
    """A plugin that needs what is not installed."""

    @hookimpl  # type: ignore[untyped-decorator]
    def conda_environment_exporters(self) -> None:
        raise ImportError("cyclonedx")


@needs_sboms
def test_plugin_that_is_not_whole(acme: Repository) -> None:
    broken = Broken()
    context.plugin_manager.register(broken)
    try:
        with pytest.raises(SbomMissingError):
            make_bills(acme)
    finally:
        context.plugin_manager.unregister(broken)


@needs_sboms
@pytest.mark.parametrize(
    "key", ["../../x/linux-64", "CON/linux-64", "a b/linux-64", "x/../linux-64", "run/t\u202ex"]
)
def test_environments_that_cannot_name_a_file(acme: Repository, key: str) -> None:
    with pytest.raises(ManifestError):
        make_bills(rewrite(folder_of(acme), solutions={key: (LIBZ, TOOL)}))


@needs_sboms
def test_manifest_without_a_date(acme: Repository) -> None:
    with pytest.raises(ManifestError, match="date"):
        make_bills(rewrite(folder_of(acme), created="yesterday"))


@needs_sboms
def test_a_set_date_is_left_as_it_was(acme: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    make_bills(acme)
    assert "SOURCE_DATE_EPOCH" not in os.environ
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    make_bills(acme)
    assert os.environ["SOURCE_DATE_EPOCH"] == "5"


A = ("a.cdx.json", b"a")
B = ("b.cdx.json", b"b")


def test_files_are_replaced_not_written_through_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    folder = tmp_path / "bills"
    folder.mkdir()
    for name in (A[0], f"{A[0]}{STAGED}"):
        (folder / name).symlink_to(outside)
    assert write_files([A, B], folder) == (folder / A[0], folder / B[0])
    assert outside.read_text() == "mine"
    assert not (folder / A[0]).is_symlink()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        A[0]: b"a",
        B[0]: b"b",
    }
    assert write_files([A, (B[0], b"c")], folder) == (folder / B[0],)


def test_all_or_none(tmp_path: Path) -> None:
    folder = tmp_path / "bills"
    (folder / B[0]).mkdir(parents=True)
    with pytest.raises(NotWrittenError, match="a folder has this name"):
        write_files([A, B], folder)
    assert [path.name for path in folder.iterdir()] == [B[0]]


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_the_place_of_the_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotWrittenError, match="writable folder"):
        write_files([A], tmp_path / place)
    assert (tmp_path / "file").read_text() == "mine"


def test_two_of_the_same_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="--label"):
        write_files([A, (A[0].upper(), B[1])], tmp_path / "bills")
    assert not (tmp_path / "bills").exists()
