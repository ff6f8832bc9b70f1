"""Who may read and write files, whatever the umask, and after they were replaced."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files.atomic import all_or_none
from conda_offline_repo.files.permissions import ACL, shared
from tests.support.systems import MODES
from tests.support.users import FIRST, GROUP, SECOND, as_root, in_child

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.name == "nt", reason=MODES)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def replaced(path: Path) -> Path:
    """The file, with other content."""
    with all_or_none() as beside, beside(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    return path


@pytest.mark.parametrize(
    ("folder", "umask", "file"),
    [
        (0o755, 0o077, 0o644),
        (0o750, 0o077, 0o640),
        (0o700, 0o022, 0o644),
        (0o700, 0o077, 0o600),
        (0o711, 0o077, 0o600),
        (0o2775, 0o077, 0o664),
        (0o2770, 0o022, 0o664),
        (0o2755, 0o077, 0o644),
        # each new file is of the group of who makes it, who may be anybody
        (0o775, 0o022, 0o644),
        (0o777, 0o077, 0o644),
        (0o2777, 0o022, 0o664),
    ],
    ids=oct,
)
def test_new_file_is_for_whom_its_folder_is(
    tmp_path: Path, folder: int, umask: int, file: int
) -> None:
    tmp_path.chmod(folder)
    os.umask(umask)
    with shared(tmp_path):
        (tmp_path / "new").touch()
        (tmp_path / "folder").mkdir()
    assert os.umask(umask) == umask
    assert mode(tmp_path / "new") == file
    assert mode(tmp_path / "folder") & 0o777 == file | 0o100 | (file & 0o044) >> 2


def test_folder_that_is_not_there_is_for_nobody(tmp_path: Path) -> None:
    os.umask(0o077)
    with shared(tmp_path / "new"):
        (tmp_path / "new").mkdir()
    assert mode(tmp_path / "new") == 0o700


def test_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for before in (0o600, 0o664, 0o444):
        path.write_bytes(b"old")
        path.chmod(before)
        assert mode(replaced(path)) == before
        path.chmod(0o600)


@as_root
def test_replaced_file_keeps_its_owner_and_its_group(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    os.chown(path, FIRST, GROUP)
    path.chmod(0o660)
    status = replaced(path).stat()
    assert (status.st_uid, status.st_gid, mode(path)) == (FIRST, GROUP, 0o660)


def test_replaced_file_keeps_its_access_control_list(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    # the owner, a user, the group, the mask and the others: tag, permissions, identifier
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, 6, FIRST), (4, 4, nobody), (16, 6, nobody), (32, 0, nobody)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, ACL, acl)
    except (AttributeError, OSError):
        pytest.skip("this file system has no access control lists of POSIX")
    assert os.getxattr(replaced(path), ACL) == acl


@as_root
def test_group_that_may_write_goes_on(tmp_path: Path) -> None:
    """Who replaces the file is of its group, and is not its owner."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    os.chown(path, FIRST, GROUP)
    os.chown(tmp_path, FIRST, GROUP)
    path.chmod(0o660)
    tmp_path.chmod(0o770)
    assert in_child(lambda: replaced(Path("file")), SECOND, tmp_path, GROUP) == 0
    status = path.stat()
    assert (status.st_uid, status.st_gid, mode(path)) == (SECOND, GROUP, 0o660)
