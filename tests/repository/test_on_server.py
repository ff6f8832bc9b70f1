"""Repositories on a web server: found, believed, and asked for again while they change."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from conda.base.context import reset_context

from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.files.hashing import hash_bytes
from conda_offline_repo.files.typed import typed_place
from conda_offline_repo.files.web import WebFolder
from conda_offline_repo.queries.contents import list_packages
from conda_offline_repo.repository import halfway
from conda_offline_repo.repository.exceptions import (
    HalfPublishedError,
    ManifestError,
    OfflineError,
    RepositoryNotFoundError,
    SignatureError,
    UnreadableError,
)
from conda_offline_repo.repository.halfway import once_whole
from conda_offline_repo.repository.locate import locate, locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME
from conda_offline_repo.repository.transition import read_next, unfinished
from dev.upstream.server import ChannelServer
from tests.support.delivering import VENDOR
from tests.support.inside import inside
from tests.support.keys import sign
from tests.support.rewriting import rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.repository.locate import Repository

PAGE = b"<!DOCTYPE html>\n<title>Log in</title>"
INDEX = "noarch/repodata.json"


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """What the server serves as `repo/acme`."""
    return shutil.copytree(published, tmp_path / "served" / "repo" / "acme")


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[ChannelServer]:
    with inside(tmp_path / "me"), ChannelServer(tmp_path / "served") as server:
        yield server


@pytest.fixture
def root(server: ChannelServer) -> WebFolder:
    return WebFolder.at(f"{server.url}/repo")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halfway, "PAUSE", 0.0)


def packages(repository: Repository) -> list[str]:
    return [package.name for package in list_packages(repository)]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://h.example/repo/bank/", "https://h.example/repo/bank"),
        ("HTTPS://H.example:8443//repo/./x/../bank", "https://h.example:8443/repo/bank"),
        ("http://[::1]:80/repo#packages", "http://[::1]:80/repo"),
        ("https://maria:pa55@h.example/repo", "https://h.example/repo"),
        ("https://h.example/t/tk-12345678/repo", "https://h.example/repo"),
        ("https://h.example/my repo/ü", "https://h.example/my%20repo/%C3%BC"),
        ("https://h.example", "https://h.example"),
    ],
)
def test_urls_as_they_are_typed(text: str, url: str) -> None:
    place = typed_place(text)
    assert str(place) == url
    assert isinstance(place, WebFolder)
    assert f"{place / MANIFEST_NAME}" == f"{url}/{MANIFEST_NAME}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("https://h.example/repo?sig=s3cr3t", "has a query"),
        ("https:///repo", "names no server"),
        ("https://h.example:port/repo", "cannot be read"),
        ("s3://bucket/repo", "only folders and the addresses of web servers"),
    ],
)
def test_urls_that_name_no_folder(text: str, problem: str) -> None:
    with pytest.raises(InvalidRequestError, match=problem) as caught:
        typed_place(text)
    assert "s3cr3t" not in str(caught.value)


def test_folder_and_url_are_the_same_repository(root: WebFolder, folder: Path) -> None:
    (served,) = locate(root / "acme")
    (local,) = locate(folder)
    assert (served.manifest, served.signers) == (local.manifest, local.signers)
    assert served.channel == str(served.path) == f"{root}/acme"
    assert packages(served) == packages(local)
    assert not unfinished(served.path, served.manifest, read_next(served.path))


def test_label_is_found_below_a_root(root: WebFolder, folder: Path) -> None:
    assert str(locate_one(root, "acme").path) == f"{root}/acme"
    assert str(locate_one(root, usual="acme").path) == f"{root}/acme"
    assert str(locate_one(root / "acme", "acme").path) == f"{root}/acme"
    assert str(locate_one(root / "acme", usual="other").path) == f"{root}/acme"
    shutil.copytree(folder, folder.parent / "acme-root" / "acme" / "acme")
    inner = root / "acme-root" / "acme"
    assert str(locate_one(inner, "acme").path) == f"{inner}/acme"
    with pytest.raises(RepositoryNotFoundError, match="--label"):
        locate(root)
    with pytest.raises(RepositoryNotFoundError, match="of label 'plant'"):
        locate(root / "acme", "plant")


def test_http_is_warned_of_unless_signed(root: WebFolder, folder: Path) -> None:
    repository = locate_one(root / "acme")
    assert "http:" in repository.insecure
    assert not replace(repository, signers=("SHA256:x",)).insecure
    assert not replace(repository, path=WebFolder.at("https://h.example/x")).insecure
    assert not locate_one(folder).insecure


def test_offline_conda_names_what_sets_it(root: WebFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_OFFLINE", "true")
    reset_context()
    with pytest.raises(OfflineError, match="CONDA_OFFLINE"):
        locate(root / "acme")


def test_page_in_the_place_of_the_manifest(root: WebFolder, folder: Path) -> None:
    (folder / MANIFEST_NAME).write_bytes(PAGE)
    with pytest.raises(ManifestError, match="a web page"):
        locate(root / "acme")


@pytest.mark.parametrize("status", [401, 403])
def test_refused_manifest(server: ChannelServer, root: WebFolder, status: int) -> None:
    server.fault(MANIFEST_NAME, "status", status=status)
    with pytest.raises(UnreadableError, match=rf"HTTP {status}[\s\S]*Log in"):
        locate(root / "acme")


def test_huge_manifest(
    server: ChannelServer, root: WebFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conda_offline_repo.repository.reading.LARGEST", 100_000)
    server.fault(MANIFEST_NAME, "endless")
    with pytest.raises(ManifestError, match="larger than"):
        locate(root / "acme")


@pytest.mark.parametrize("beside", ["a page", "refused"])
def test_servers_that_hide_what_they_do_not_have(
    server: ChannelServer, root: WebFolder, folder: Path, beside: str
) -> None:
    for name in (NEXT_NAME, f"{MANIFEST_NAME}.sig", f"{NEXT_NAME}.sig"):
        if beside == "a page":
            (folder / name).write_bytes(PAGE)
        else:
            server.fault(name, "status", status=403)
    repository = locate_one(root / "acme")
    assert repository.signers == ()
    assert not unfinished(repository.path, repository.manifest, read_next(repository.path))


@pytest.mark.parametrize("beside", ["a page", "refused"])
def test_signature_that_they_do_not_have(
    server: ChannelServer, root: WebFolder, folder: Path, beside: str
) -> None:
    sign(folder, VENDOR)
    for name in (f"{MANIFEST_NAME}.sig", NEXT_SIGNATURE_NAME):
        if beside == "a page":
            (folder / name).write_bytes(PAGE)
        else:
            (folder / name).unlink(missing_ok=True)
            server.fault(name, "status", status=403)
    with pytest.raises(SignatureError, match=r"json\.sig cannot be used: it is missing") as caught:
        locate_one(root / "acme")
    assert caught.value.halfway
    assert NEXT_SIGNATURE_NAME not in str(caught.value)


def test_next_manifest_is_a_publication_under_way(root: WebFolder, folder: Path) -> None:
    shutil.copy(folder / MANIFEST_NAME, folder / NEXT_NAME)
    repository = locate_one(root / "acme")
    assert unfinished(repository.path, repository.manifest, read_next(repository.path))


@pytest.mark.usefixtures("hasty")
def test_half_published_repository_is_asked_for_again(root: WebFolder, folder: Path) -> None:
    right = (folder / INDEX).read_bytes()
    (folder / INDEX).write_bytes(b"{}")
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        (folder / INDEX).write_bytes(right)

    assert once_whole(lambda: packages(locate_one(root / "acme")), say) == packages(
        locate_one(folder)
    )
    assert said == [f"{root}/acme is being published; asking again for up to 60 s"]


@pytest.mark.usefixtures("hasty")
def test_newer_manifest_begins_it_anew(root: WebFolder, folder: Path) -> None:
    """The manifest that was read first is of the release before."""
    index = folder / INDEX
    right, manifest = index.read_bytes(), (folder / MANIFEST_NAME).read_bytes()
    index.write_bytes(right + b" ")
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        files = dict(rewritten.manifest.files)
        files[INDEX] = replace(files[INDEX], sha256=digest, size=len(right) + 1)
        rewrite(folder, files=files, release=2)

    digest = hash_bytes(right + b" ").sha256
    rewritten = locate_one(folder)
    assert rewritten.manifest.raw == manifest

    def read() -> tuple[int, list[str]]:
        repository = locate_one(root / "acme")
        return repository.manifest.release, packages(repository)

    assert once_whole(read, say)[0] == 2
    assert len(said) == 1


@pytest.mark.usefixtures("hasty")
def test_what_stays_half_published_is_an_error(
    root: WebFolder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halfway, "PATIENCE", 0.0)
    (folder / INDEX).write_bytes(b"{}")
    said: list[str] = []
    read = partial(locate_one, root / "acme")
    with pytest.raises(HalfPublishedError, match=r"repodata\.json[\s\S]*Artifactory"):
        once_whole(lambda: packages(read()), said.append)
    assert len(said) == 1


def test_folder_is_not_asked_for_again(folder: Path) -> None:
    (folder / INDEX).write_bytes(b"{}")
    with pytest.raises(ManifestError, match="Copy the repository again"):
        once_whole(lambda: packages(locate_one(folder)), pytest.fail)


def test_nothing_is_written(root: WebFolder, tmp_path: Path) -> None:
    before = sorted(os.listdir(tmp_path))
    packages(locate_one(root / "acme"))
    assert sorted(os.listdir(tmp_path)) == before
