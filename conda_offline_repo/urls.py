"""Folders as channel URLs and back, for the paths of every system on every system.

conda's own conversion does not escape `%`, `#` and spaces, so that it cannot find a channel in such
a folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath, PureWindowsPath
from urllib.parse import quote, unquote, urlsplit

from conda.common.path import is_path
from conda.models.channel import Channel

SCHEME = "file://"
#: The schemes of addresses that a channel may refer to.
NETWORK = ("http", "https")
PORTS = {"http": 80, "https": 443}
DRIVE = re.compile(r"/[A-Za-z]:")
#: Windows' prefix of long paths, which URLs do not have.
VERBATIM = re.compile(r"^//\?/(UNC/)?")
TOKEN = re.compile(r"/t/[^/]+(?=/|$)")
#: A folder named `t`; conda takes what follows for a token.
FOLDER_T = re.compile(r"/t(?=/|$)")


def file_url(path: PurePath) -> str:
    """Return the URL of an absolute path.

    `/srv/repo`, `X:\\repo` and `\\\\server\\share` become `file:///srv/repo`, `file:///X:/repo`
    and `file://server/share`.

    Raises:
        ValueError: The path is not absolute.
    """
    if not path.is_absolute():
        raise ValueError(f"{path} is not an absolute path")
    text, drive = path.as_posix(), ""
    if isinstance(path, PureWindowsPath):
        text = VERBATIM.sub(lambda match: "//" if match[1] else "", text).rstrip("/")
        drive = "" if text.startswith("//") else f"/{text[:2]}"
        text = text[2:]
    return f"{SCHEME}{drive}{without_token_sign(quote(text, safe='/'))}"


def without_token_sign(url: str) -> str:
    """Return a file URL in which conda takes nothing behind a folder named `t` for a token."""
    return FOLDER_T.sub("/%74", url)


def is_misread(url: str, subdirs: Iterable[str]) -> bool:
    """Return whether conda looks for these subdirs of a channel somewhere else.

    It takes the first platform of a URL for that of the channel, cuts it out where it first stands,
    be it as the beginning of a longer name, and takes a last part such as `x.conda` for a file
    (`conda.common.url.split_conda_url_easy_parts`). Current conda decodes the channel's name once
    more each time it reads the URL; what it would find then counts for every conda.

    Args:
        url: Of the channel, without credentials, as `file_url` returns it.
        subdirs: The subdirs to ask for.
    """
    channel = Channel(url)
    above = f"{channel.scheme}://{channel.location.rstrip('/')}/"
    name = unquote(url.removeprefix(above) if url.startswith(above) else channel.name)
    if channel.platform or channel.package_filename or unquote(name) != name:
        return True
    base = f"{above}{name}".rstrip("/")
    read = ((Channel(f"{base}/{subdir}"), subdir) for subdir in subdirs)
    return any((below.base_url, below.subdir) != (base, subdir) for below, subdir in read)


def misread_folders(url: str, subdirs: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of a URL over which conda looks for a channel somewhere else; see
    `is_misread`. The name of a server counts as one.
    """
    if not is_misread(url, subdirs):
        return ()
    parts = urlsplit(url)
    above = f"{parts.scheme}://{parts.netloc and 'host'}/"
    *folders, last = parts.path.strip("/").split("/")
    misread = [folder for folder in folders if is_misread(f"{above}{folder}/x", subdirs)]
    if is_misread(f"{above}x/{last}", subdirs):
        misread.append(last)
    return tuple(map(unquote, misread)) or (parts.netloc,)


def file_path(url: str) -> str:
    """Return the path of a file URL, in the form of its system.

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


def is_folder(channel: str) -> bool:
    """Return whether a channel URL is that of a folder."""
    return channel.startswith(SCHEME)


def public(url: str) -> str:
    """Return a URL without user, password, conda's token, query and trailing slash."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.scheme == "file" else TOKEN.sub("", parts.path)
    return f"{parts.scheme}://{host}{path}".rstrip("/")


def public_or(url: str, otherwise: str = "") -> str:
    """Return a URL as `public`; another text if it cannot be read."""
    try:
        return public(url)
    except ValueError:
        return otherwise


def decoded(url: str) -> str:
    """Return a public URL without escapes, which current conda leaves out of some channels."""
    return unquote(public(url))


def same_server(trusted: str, other: str) -> bool:
    """Return whether a trusted URL's credentials may go to another, as requests decides: to its
    host and port, or from http to https on their usual ports.

    Raises:
        ValueError: One of them is not a URL.
    """
    parts = urlsplit(trusted), urlsplit(other)
    hosts, schemes = {url.hostname for url in parts}, [url.scheme for url in parts]
    ports = [url.port or PORTS.get(url.scheme) for url in parts]
    encrypted = schemes == ["http", "https"] and ports == [80, 443]
    return len(hosts) == 1 and (encrypted or len({*zip(schemes, ports, strict=True)}) == 1)


def is_local(channel: str) -> bool:
    """Return whether a channel, as typed, is a folder."""
    return channel.startswith("file:") or bool(is_path(channel))


def typed(channel: str) -> str:
    """Return a channel, as typed, in a form that conda understands.

    It does not understand a path that is not ASCII, nor one with a folder `t`.
    """
    if channel.startswith("file:"):
        return without_token_sign(channel)
    if is_path(channel) and (not channel.isascii() or FOLDER_T.search(channel.replace("\\", "/"))):
        return file_url(Path(os.path.abspath(os.path.expanduser(channel))))
    return channel


def channel_url(channel: Channel) -> str:
    """Return a channel's URL without user, password, token and query."""
    url: str = channel.base_url
    return url.partition("?")[0].partition("#")[0].rstrip("/")
