"""A place as somebody types it: a path, or the URL of a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container
from pathlib import Path, PurePath
from typing import TypeVar
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..exceptions import InvalidRequestError
from ..urls import NETWORK, file_path, public
from .web import Place, WebFolder

AnyPath = TypeVar("AnyPath", bound=PurePath)
#: How an address of the network begins, also one of fsspec's with several protocols.
ADDRESS = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]+::)*)[A-Za-z][A-Za-z0-9+.-]+://")


def typed_path(text: str) -> Path:
    """Return a path as somebody types it: with `~`, or as a file URL as conda shows it.

    Raises:
        InvalidRequestError: It is an address of the network, or a URL that cannot be read.
    """
    place = typed_place(text, schemes=())
    assert isinstance(place, Path)
    return place


def typed_place(text: str, schemes: Container[str] = NETWORK) -> Place:
    """Return a path as `typed_path`, or the folder on a web server that a URL names.

    Raises:
        InvalidRequestError: It is another address of the network than one of these schemes, has a
            query, or is a URL that cannot be read.
    """
    try:
        if text.lower().startswith("file:"):
            # with a slash too few, a drive stands where a server would
            return Path(file_path(re.sub(r"^(?i:file):/{0,3}(?=[A-Za-z]:)", "file:///", text)))
        match = ADDRESS.match(text)
        if not match:
            return expanded(text)
        address, parts = public(text.removeprefix(match[1])), urlsplit(text)
        if parts.scheme in schemes and parts.hostname and not parts.query:
            return WebFolder.at(_normal(parts))
    except ValueError as error:
        raise InvalidRequestError(
            "The URL of the folder cannot be read.", "Give the folder's path instead."
        ) from error
    server = parts.netloc.rpartition("@")[2] or "there"
    if parts.scheme in schemes:
        problem = "has a query, a '?' and what follows," if parts.query else "names no server,"
        raise InvalidRequestError(
            f"{address} {problem} so that conda cannot read a channel there.",
            "Give the URL of the folder alone, as https://SERVER/FOLDER. For a server that wants "
            "a login, conda has to know it, as for any channel.",
        )
    kinds = "folders and the addresses of web servers (https:)" if schemes else "folders"
    raise InvalidRequestError(
        f"{address} is an address of the network, but only {kinds} can be read.",
        "Give the path of the folder: where its share is mounted, or where you have copied it to "
        f"from {server}.",
    )


def expanded(text: str) -> Path:
    """Return a path as somebody types it, with `~`."""
    return completed(Path(text).expanduser())


def completed(path: AnyPath, absolute: Callable[[AnyPath], str] = os.path.abspath) -> AnyPath:
    """Return a path; absolute, if it begins in the current folder of a drive, as `X:repo`, which
    Python before 3.13 leaves as it is.
    """
    return type(path)(absolute(path)) if path.drive and not path.root else path


def _normal(parts: SplitResult) -> str:
    """Return an address as a channel has it: no `..`, no slash at its end, nothing to be quoted."""
    login, at, _ = parts.netloc.rpartition("@")
    port = f":{parts.port}" if parts.port else ""
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    path = quote(re.sub("/+", "/", f"{parts.path}/"), safe="/%:@!$&'()*+,;=~")
    return urljoin(f"{parts.scheme}://{login}{at}{host}{port}{path}", ".").rstrip("/")
