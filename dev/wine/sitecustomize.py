"""What Wine does otherwise than Windows, mended in each process of the Python there.

A lock that is held is refused without an errno. Who waits for a socket is not told that another
thread has shut it down. To look at a file and to open it takes so long that imports, which do it
thousands of times, take their code from one file, which `dev/windows.py` has made.
"""

from __future__ import annotations

import ctypes
import errno
import marshal
import msvcrt
import os
import socket
import sys
from functools import cache
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType
    from typing import Any

assert sys.platform == "win32"
LIB = os.path.join(sys.prefix, "Lib")
_importing = sys.modules["_frozen_importlib_external"]
_locking = msvcrt.locking
_shutdown = socket.socket.shutdown


def locking(*arguments: Any) -> None:
    """As on Windows, with an errno."""
    try:
        _locking(*arguments)
    except OSError as error:
        raise OSError(error.errno or errno.EACCES, "locked") from None


def shutdown(self: socket.socket, how: int) -> None:
    """As on Windows, where it ends what another thread waits for."""
    _shutdown(self, how)
    if how == socket.SHUT_RDWR:
        ctypes.windll.kernel32.CancelIoEx(ctypes.c_void_p(self.fileno()), None)


class Loader(SourceFileLoader):
    """Loads a module whose code lies in the file that has all."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of a module."""
        _, _, offset, size = INDEX[fullname]
        CODE.seek(START + offset)
        code: CodeType = _importing._compile_bytecode(CODE.read(size), fullname, None, self.path)
        return code


class Finder:
    """Finds the modules whose code lies in that file."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The module of that name, None if the file has none."""
        if name not in INDEX:
            return None
        file = os.path.join(LIB, INDEX[name][0])
        folder = [os.path.dirname(file)] if INDEX[name][1] else None
        loader = Loader(name, file)
        return spec_from_file_location(name, file, loader=loader, submodule_search_locations=folder)


#: What these folders hold stays as it is.
UNCHANGED = (LIB, sys.path[-1])  # and the checkout
_stat = _importing._path_stat
_known = cache(_stat)


def path_stat(path: str) -> os.stat_result:
    """What the import system asks of a path, once in a process."""
    status: os.stat_result = (_known if path.startswith(UNCHANGED) else _stat)(path)
    return status


_importing._path_stat = path_stat
msvcrt.locking = locking
socket.socket.shutdown = shutdown  # type: ignore[method-assign]
if "PYTHONPATH" not in os.environ:
    CODE = open(os.path.join(LIB, "code.bin"), "rb")  # noqa: SIM115
    #: By module: the path of its source, whether it is a package, where its code is, and how long.
    INDEX: dict[str, tuple[str, bool, int, int]] = marshal.load(CODE)
    START = CODE.tell()
    sys.meta_path.insert(sys.meta_path.index(PathFinder), Finder)
