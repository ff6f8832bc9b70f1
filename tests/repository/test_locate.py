"""The repository that a path means."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.files.typed import typed_path
from conda_offline_repo.repository.exceptions import (
    AmbiguousRepositoryError,
    ManifestError,
    PackedError,
    RepositoryNotFoundError,
    UnreadableError,
)
from conda_offline_repo.repository.locate import absolute, locate, locate_one, readable
from conda_offline_repo.repository.manifest import MANIFEST_NAME, Manifest
from conda_offline_repo.repository.remembered import Remembered


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for label in ("plant", "bank"):
        make(root / label, label)
    make(root / ".bank.building", "bank")
    (root / "notes").mkdir()
    (root / "README").write_text("")
    return root


def make(folder: Path, label: str) -> None:
    folder.mkdir(parents=True)
    manifest = Manifest(label, 1, "", Remembered(), {}, {}, {}, {})
    (folder / MANIFEST_NAME).write_bytes(manifest.content)


def test_zip_file_whose_beginning_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "bank.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST_NAME, "")
    end = path.read_bytes()[-22:]
    path.write_bytes(bytes(path.stat().st_size - len(end)) + end)
    with pytest.raises(PackedError, match="is a zip file"):
        locate(path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("repo/bank", "repo/bank"),
        ("X:/repo", "X:/repo"),
        ("file:///srv/my%20repo/bank/", "/srv/my repo/bank"),
        ("FILE:///srv/repo", "/srv/repo"),
        ("file:/srv/repo", "/srv/repo"),
        ("file:///X:/repo", "X:\\repo"),
        ("file://X:/repo", "X:\\repo"),
        ("file://server/share/repo", "\\\\server\\share\\repo"),
    ],
)
def test_paths_as_they_are_typed(text: str, path: str) -> None:
    assert typed_path(text) == Path(path)


@pytest.mark.parametrize("text", ["https://h.example/x", "s3://bucket/x", "file://[", "http://["])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"address of the network|cannot be read"):
        typed_path(text)


def test_all_below_a_root(root: Path) -> None:
    assert [(repository.path, repository.manifest.label) for repository in locate(root)] == [
        (root / "bank", "bank"),
        (root / "plant", "plant"),
    ]


@pytest.mark.parametrize("label", [None, "bank"])
def test_folder_of_a_label(root: Path, label: str | None) -> None:
    assert locate_one(root / "bank", label).path == root / "bank"


def test_one_of_several(root: Path) -> None:
    assert locate_one(root, "plant").path == root / "plant"
    with pytest.raises(AmbiguousRepositoryError) as caught:
        locate_one(root)
    for word in ("bank", "plant", "--label", str(root)):
        assert word in str(caught.value)


def test_relative_path(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    repository = locate_one(root.relative_to(root.parent), "bank")
    assert repository.path == root / "bank"


@pytest.mark.parametrize("folder", ["away", "away/deeper", "nowhere"])
def test_way_to_a_folder_is_not_remembered(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    way = tmp_path / folder
    if folder != "nowhere":
        way.mkdir(parents=True)
    up = [".."] * len(Path(folder).parts)
    path = Path(way, *up, root.relative_to(tmp_path))
    assert absolute(path) == root
    if folder != "nowhere":
        monkeypatch.chdir(way)
        assert locate_one(Path(*up, root.relative_to(tmp_path), "bank")).path == root / "bank"


def test_way_through_a_link(tmp_path: Path, root: Path) -> None:
    """The link stays where it can; behind it, `..` is of the folder that it leads to."""
    (tmp_path / "far" / "deep").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far" / "deep", target_is_directory=True)
    share = tmp_path / "share"
    share.symlink_to(root, target_is_directory=True)
    assert absolute(share / ".." / "share" / "bank") == share / "bank"
    shutil.copytree(root / "bank", tmp_path / "far" / "bank")
    assert absolute(link / ".." / "bank") == tmp_path / "far" / "bank"
    assert absolute(link / "..") == tmp_path / "far"
    assert absolute(link / ".." / "nowhere") == tmp_path / "nowhere"


def test_label_is_the_manifests_and_not_the_folders(root: Path) -> None:
    (root / "bank").rename(root / "copy of bank")
    assert locate_one(root, "bank").path == root / "copy of bank"


@pytest.mark.parametrize("path", ["", "notes", "absent", "README", "bank/noarch"])
def test_none(root: Path, path: str) -> None:
    label = None if path else "mill"
    with pytest.raises(RepositoryNotFoundError) as caught:
        locate(root / path, label)
    assert str(root / path) in str(caught.value)
    assert label is None or label in str(caught.value)


def test_two_levels_down_is_too_deep(root: Path) -> None:
    with pytest.raises(RepositoryNotFoundError):
        locate(root.parent)


def test_damaged_one_is_not_passed_over(root: Path) -> None:
    (root / "plant" / MANIFEST_NAME).write_text("{")
    with pytest.raises(ManifestError):
        locate(root)


@pytest.mark.parametrize("content", ["{", "", "[]", '{"format": 99}'])
def test_damaged_neighbour_does_not_stop_a_label(root: Path, content: str) -> None:
    (root / "plant" / MANIFEST_NAME).write_text(content)
    assert locate_one(root, "bank").path == root / "bank"
    assert [repository.path for repository in locate(root, "bank")] == [root / "bank"]
    with pytest.raises(ManifestError, match="plant"):
        locate(root, "plant")
    with pytest.raises(ManifestError, match="plant"):
        locate(root / "plant", "bank")
    with pytest.raises(RepositoryNotFoundError, match=r"mill.*cannot be used:\s+- .*plant"):
        locate(root, "mill")


def test_neighbour_that_cannot_be_read_does_not_matter_to_a_label(root: Path) -> None:
    """A folder stands in the place of its manifest."""
    (root / "plant" / MANIFEST_NAME).unlink()
    (root / "plant" / MANIFEST_NAME).mkdir()
    assert locate_one(root, "bank").path == root / "bank"
    repositories, problems = readable(root)
    assert [repository.path for repository in repositories] == [root / "bank"]
    assert problems.keys() == {root / "plant"}
    for label in (None, "plant"):
        with pytest.raises((ManifestError, UnreadableError), match="plant"):
            locate(root, label)
