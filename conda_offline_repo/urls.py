"""Folders as channel URLs and back, for every system's paths on every system.

conda's own conversion leaves `%`, `#` and spaces as they are, so that a channel in such a folder is
not found again.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from conda.common.path import is_path

if TYPE_CHECKING:
    from pathlib import PurePath

    from conda.models.channel import Channel

SCHEME = "file://"
#: The schemes of addresses on the network that a channel may send us to.
NETWORK = ("http", "https")
PORTS = {"http": 80, "https": 443}
DRIVE = re.compile(r"/[A-Za-z]:")
#: Windows' prefix for paths that may be long; URLs have none.
VERBATIM = re.compile(r"^//\?/(UNC/)?")
TOKEN = re.compile(r"/t/[^/]+(?=/|$)")
#: A folder named `t`, which conda would take for the sign of a token behind it.
FOLDER_T = re.compile(r"/t(?=/|$)")


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
            return f"{SCHEME}{_quoted(text[2:])}"
        return f"{SCHEME}/{text[:2]}{_quoted(text[2:])}"
    return f"{SCHEME}{_quoted(text)}"


def _quoted(path: str) -> str:
    return without_token_sign(quote(path, safe="/"))


def without_token_sign(url: str) -> str:
    """Return a file URL in which no folder named `t` makes conda take the next one for a token."""
    return FOLDER_T.sub("/%74", url)


def file_path(url: str) -> str:
    """Return the path of a file URL, in the form of the system that such a path is of.

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


def local_path(url: str) -> Path | None:
    """Return the path of a file URL; None if it is another URL."""
    return Path(file_path(url)) if url.startswith(SCHEME) else None


def public(url: str) -> str:
    """Return a URL without user, password, conda's token, query, and a slash at its end."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.scheme == "file" else TOKEN.sub("", parts.path)
    return f"{parts.scheme}://{host}{path}".rstrip("/")


def same_server(one: str, other: str) -> bool:
    """Return whether what `one` is trusted with may go to `other`, as requests decides it: to the
    same host and port, or from plain to encrypted.

    Raises:
        ValueError: One of them is no URL.
    """
    first, second = urlsplit(one), urlsplit(other)
    ports = [parts.port or PORTS.get(parts.scheme) for parts in (first, second)]
    if first.hostname != second.hostname:
        return False
    if (first.scheme, second.scheme) == ("http", "https"):
        return ports == [80, 443]
    return first.scheme == second.scheme and ports[0] == ports[1]


def is_local(channel: str) -> bool:
    """Return whether a channel, as it was typed, is a folder."""
    return channel.startswith("file:") or bool(is_path(channel))


def typed(channel: str) -> str:
    """Return a channel as it was typed, in a form that conda takes for what it is.

    conda cannot take a path that is not ASCII, nor one with a folder `t`.
    """
    if channel.startswith("file:"):
        return without_token_sign(channel)
    if is_path(channel) and (not channel.isascii() or FOLDER_T.search(channel.replace("\\", "/"))):
        return file_url(Path(os.path.abspath(os.path.expanduser(channel))))
    return channel


def channel_url(channel: Channel) -> str:
    """Return the channel's URL without user, password, token and query."""
    url: str = channel.base_url
    return url.partition("?")[0].partition("#")[0].rstrip("/")
