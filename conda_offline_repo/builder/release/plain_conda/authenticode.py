"""The signature that a vendor has put under use.ps1, for PowerShell to check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ....files.hashing import read_regular
from ...warnings import BuildWarning

if TYPE_CHECKING:
    from ..draft import Draft

POWERSHELL = "use.ps1"
#: As Set-AuthenticodeSignature and osslsigncode append it: base64 in comments.
BLOCK = re.compile(
    rb"(\r?\n)*# SIG # Begin signature block\r?\n"
    rb"(# [A-Za-z0-9+/=]+\r?\n)+"
    rb"# SIG # End signature block(\r?\n)*"
)
#: Bytes of a script with its signature; timestamps and long chains make some 20 kB.
LONGEST = 1 << 20


def with_signature(script: bytes, repository: Path) -> bytes:
    """Return use.ps1 as a repository has it, if that is this script and a signature under it; else
    the script.
    """
    published = _published(repository)
    rest = published[len(script) :]
    return published if published.startswith(script) and BLOCK.fullmatch(rest) else script


def unsigned(files: Mapping[str, Draft], repository: Path) -> Iterator[BuildWarning]:
    """Yield a warning if use.ps1 of a repository has a signature, and none among these files."""
    if (
        (draft := files.get(POWERSHELL))
        and BLOCK.search(_published(repository))
        and not BLOCK.search(draft.content)
    ):
        yield BuildWarning(
            "unsigned-script",
            f"{POWERSHELL} has other text than the one that was signed, and no signature: sign "
            f"{repository / POWERSHELL} again, and build again.",
        )


def _published(repository: Path) -> bytes:
    try:
        return read_regular(repository / POWERSHELL, LONGEST)
    except OSError:
        return b""
