"""Other users of this machine, for tests that root runs."""

from __future__ import annotations

import os
import shutil
import traceback
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

#: Users and a group without an entry in /etc/passwd and /etc/group.
FIRST, SECOND, GROUP = 23501, 23502, 23999
SETPRIV = shutil.which("setpriv")
#: How a command begins that root runs, who may then read and write only as the modes of files say.
LESS = "-dac_override,-dac_read_search"
ONLY_OWNER = (str(SETPRIV), f"--inh-caps={LESS}", f"--bounding-set={LESS}")
as_root = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root gives files to others"
)
as_others = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0 or not SETPRIV,
    reason="only root, with setpriv of util-linux, runs programs as others",
)


def as_user(user: int, *groups: int) -> Sequence[str]:
    """How a command begins that this user runs, who may read all files: root's Python, too."""
    may_read = [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
    of = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
    return (str(SETPRIV), f"--reuid={user}", f"--regid={user}", of, *may_read)


def in_child(test: Callable[[], object], user: int, folder: Path, *groups: int) -> int:
    """Run a test in a fork that is another user's and whose current folder this is; its status.

    The folders above may be closed to that user.
    """
    child = os.fork()
    if not child:
        status = 1
        try:
            os.chdir(folder)
            os.setgroups(groups)
            os.setgid(user)
            os.setuid(user)
            test()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]
