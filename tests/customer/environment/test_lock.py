"""For whom the files are that are made while the lock of an environment is held."""

from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.customer.environment.lock import exclusive

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform != "linux", reason="access control lists of Linux")
def test_new_environment_is_for_whom_the_list_of_its_parent_is(tmp_path: Path) -> None:
    """The system makes its folder so whatever the umask; what conda unpacks goes by the umask."""
    entries = ((1, 7), (4, 7), (32, 5))  # the owner, the group and the others
    acl = b"".join(struct.pack("<HHI", tag, rights, 0xFFFFFFFF) for tag, rights in entries)
    try:
        os.setxattr(tmp_path, "system.posix_acl_default", struct.pack("<I", 2) + acl)
    except OSError:
        pytest.skip("this file system has no access control lists of POSIX")
    tmp_path.chmod(0o2775)
    umask = os.umask(0o077)
    try:
        with exclusive(tmp_path / "rating", pytest.fail):
            within = os.umask(0o077)
            os.umask(within)
    finally:
        assert os.umask(umask) == 0o077
    assert within == 0o002


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes of files")
def test_new_environment_is_for_whom_the_umask_says(tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)
    umask = os.umask(0o077)
    try:
        with exclusive(tmp_path / "rating", pytest.fail):
            assert os.umask(0o077) == 0o077
    finally:
        os.umask(umask)
