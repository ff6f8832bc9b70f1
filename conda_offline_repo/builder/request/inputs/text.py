"""The text of a file that is named as an input."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from ....files.hashing import read_regular
from .exceptions import InputFileError

#: Bytes; the largest known lock files have a tenth of it.
LIMIT = 64 << 20


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark.

    Raises:
        InputFileError: It cannot be read, or is in another encoding.
    """
    try:
        content = read_regular(path, LIMIT, links=True)
    except OSError as error:
        raise InputFileError(path, error.strerror or str(error)) from None
    # what `>` writes in Windows PowerShell
    utf16 = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise InputFileError(path, "it is not text in UTF-8", "Save it in this encoding.") from None
