"""What packages of PyPI need at the vendor besides conda."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from .exceptions import PipToolsMissingError

#: By the name of a conda package, the module that it brings.
LIBRARIES = {"python-installer": "installer", "whl2conda": "whl2conda"}
if sys.version_info < (3, 11):
    LIBRARIES["tomli"] = "tomli"


def uv_program() -> str:
    """Return the path of uv, where all the others are installed as well.

    Raises:
        PipToolsMissingError: Some are not; names all of them.
    """
    path = _uv()
    missing = [] if path else ["uv"]
    missing += [package for package, module in LIBRARIES.items() if find_spec(module) is None]
    if path is None or missing:
        raise PipToolsMissingError(*missing)
    return path


def _uv() -> str | None:
    with suppress(ImportError, FileNotFoundError):
        from uv import find_uv_bin

        return str(find_uv_bin())
    folder = Path(sys.executable).parent
    beside = os.pathsep.join((str(folder), str(folder / "Scripts"), os.defpath))
    return shutil.which("uv", path=beside) or shutil.which("uv")
