"""What a channel has in the place of an index, and why a folder is not a channel."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from ..._conda import conda_errors
from ..._conda.network.sessions import status_of
from ...repository.manifest import SECTIONS
from ...urls import file_path, is_local, public

if TYPE_CHECKING:
    from mmap import mmap

INDEX = "repodata.json"
INDEXES = (INDEX, f"{INDEX}.zst")
ARCHIVES = ("*.conda", "*.tar.bz2")
#: Where conda's cache is damaged, or has what a network sent in place of an index.
CLEAN = (
    "Run `conda clean --index-cache` and try again.",
    "If that does not help, tell the owner of the channel.",
)
ONLINE = "Run the same command once while conda is online. The next ones can be offline again."
#: Bytes that tell a web page from an index, and most bytes of an error in JSON.
FIRST_BYTES = 512
SMALL = 4096
#: What an index may have.
KEYS = (*SECTIONS, *("info", "packages.whl", "removed", "repodata_version", "signatures", "v3"))


class NoIndexError(ValueError):
    """A channel has no index, or something else in its place.

    Attributes:
        reason: Says so, after the channel's URL.
        hints: What to do; none where the channel seems to want a login.
    """

    def __init__(self, reason: str, *hints: str) -> None:
        self.reason, self.hints = reason, hints
        super().__init__(reason)


def index_problem(url: str, content: bytes | mmap, error: BaseException) -> NoIndexError | None:
    """Return what is wrong with the index of a subdir.

    Args:
        url: Of the subdir.
        content: What conda has of the index; empty if it has nothing, or an empty one.
        error: Of reading it.
    """
    name = f"{public(url).rpartition('/')[2]}/{INDEX}"
    if isinstance(error, FileNotFoundError) and not content:
        return NoIndexError(f"has no {name} in conda's cache, and conda is offline.", ONLINE)
    if not conda_errors.is_malformed(error):
        return None
    hints = _hints(url)
    head = bytes(content[:FIRST_BYTES]).strip()
    if head.startswith(b"<"):
        reason = f"has a web page in the place of {name}, such as that of a login."
        return NoIndexError(reason, *(hints if is_local(url) else ()))
    reason = f"{error}".rstrip(".")
    if content and not head:
        reason = "it is empty"
    elif isinstance(error, UnicodeDecodeError):
        reason = "it is not text"
    elif isinstance(error, EOFError) or "truncated" in reason:
        reason = "it ends too early"
    return NoIndexError(f"has an index that cannot be read: {name}: {reason}.", *hints)


def check_empty(url: str, content: bytes | mmap) -> None:
    """Check that an index without anything is one; conda's is `{}` where there is none.

    Raises:
        NoIndexError: It is another JSON object, the subdir has archives, or its server refuses the
            index, which older conda takes for an empty one.
    """
    if len(content) > SMALL:
        return
    keys = json.loads(bytes(content)).keys()
    if keys and keys.isdisjoint(KEYS):
        name = f"{public(url).rpartition('/')[2]}/{INDEX}"
        reason = f"has no index: {name} has other keys, {', '.join(sorted(keys))}."
        raise NoIndexError(reason, *_hints(url))
    if keys:
        return
    if is_local(url):
        subdir = Path(file_path(public(url)))
        if _has_archives(subdir) and not _has_index(subdir):
            raise _not_indexed(subdir.parent, f"{subdir.name}/{INDEX}")
    elif (status := status_of(f"{url}/{INDEX}")) == HTTPStatus.FORBIDDEN:
        raise NoIndexError(f"refuses {public(url).rpartition('/')[2]}/{INDEX} (HTTP {status}).")


def _hints(url: str) -> tuple[str, ...]:
    if is_local(url):
        folder = Path(file_path(public(url))).parent
        return (f"Copy the channel again, or make its index anew: {_index_it(folder)}",)
    return CLEAN


def folder_problem(url: str) -> NoIndexError:
    """Return why conda does not take a folder for a channel.

    Args:
        url: Of the folder.
    """
    folder = Path(file_path(url))
    if not folder.is_dir():
        reason = "is a file, not a folder." if folder.exists() else "does not exist."
        return NoIndexError(reason, "Check the path.")
    if _has_archives(folder):
        hint = "Move each into the subdir that it is for, such as noarch or linux-64. Then: "
        return NoIndexError("has packages, but no index.", f"{hint}{_index_it(folder)}")
    subdirs = [path for path in folder.iterdir() if path.is_dir()]
    if indexed := sorted(path.name for path in subdirs if _has_index(path)):
        return NoIndexError(
            f"has {indexed[0]}/{INDEX}, but no noarch/{INDEX}, without which it is not a channel.",
            f"Make the file {folder / 'noarch' / INDEX} with the content {{}}.",
        )
    if any(map(_has_archives, subdirs)):
        return _not_indexed(folder, INDEX)
    return NoIndexError(
        f"is not a channel: it has neither noarch/{INDEX} nor packages.", "Check the path."
    )


def _not_indexed(folder: Path, name: str) -> NoIndexError:
    return NoIndexError(
        f"has packages, but no index of them ({name}).",
        f"Make it: {_index_it(folder)}",
    )


def _index_it(folder: Path) -> str:
    shown = f'"{folder}"' if " " in str(folder) else folder
    return f"conda index {shown} (of the package conda-index)"


def _has_index(folder: Path) -> bool:
    return any((folder / name).exists() for name in INDEXES)


def _has_archives(folder: Path) -> bool:
    return any(any(folder.glob(pattern)) for pattern in ARCHIVES)
