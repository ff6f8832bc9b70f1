"""Folders as channel URLs and back, for every system's paths on every system.

conda's own conversion leaves `%`, `#` and spaces as they are, so that a channel in such a folder is
not found again.
"""

from __future__ import annotations

import re
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import PurePath

    from conda.models.channel import Channel

SCHEME = "file://"
DRIVE = re.compile(r"/[A-Za-z]:")
#: Windows' prefix for paths that may be long; URLs have none.
VERBATIM = re.compile(r"^//\?/(UNC/)?")
TOKEN = re.compile(r"/t/[^/]+(?=/|$)")


def file_url(path: PurePath) -> str:
    """The URL of an absolute path.

    `/srv/repo`, `X:\\repo` and `\\\\server\\share` become `file:///srv/repo`, `file:///X:/repo`
    and `file://server/share`.

    Raises:
        ValueError: The path is not absolute.
    """
    if not path.is_absolute():
        raise ValueError(f"{path} is not an absolute path")
    text = path.as_posix()
    if isinstance(path, PureWindowsPath):
        text = VERBATIM.sub(lambda match: "//" if match[1] else "", text).rstrip("/")
        if text.startswith("//"):
            return f"{SCHEME}{quote(text[2:], safe='/')}"
        return f"{SCHEME}/{text[:2]}{quote(text[2:], safe='/')}"
    return f"{SCHEME}{quote(text, safe='/')}"


def file_path(url: str) -> str:
    """The path of a file URL, in the form of the system that such a path is of.

    Raises:
        ValueError: It is not a file URL.
    """
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ValueError(f"{url} is not a file URL")
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost"):
        return str(PureWindowsPath(f"//{parts.netloc}{path}"))
    if DRIVE.match(path):
        return str(PureWindowsPath(path[1:]))
    return path


def public(url: str) -> str:
    """A URL without user, password, conda's token and query, and without a slash at its end."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{TOKEN.sub('', parts.path)}".rstrip("/")


def channel_url(channel: Channel) -> str:
    """The channel's URL without user, password, token and query."""
    url: str = channel.base_url
    return url.partition("?")[0].partition("#")[0].rstrip("/")
