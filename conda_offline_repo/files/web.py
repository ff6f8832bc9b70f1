"""A folder on a web server, where code that reads takes it as it takes a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias
from urllib.parse import urlsplit

from ..urls import file_url, public

if TYPE_CHECKING:
    from .._conda.network.files import Served, Server

#: Bytes of one read.
BUFFER = 1 << 18


def _server() -> Server:
    from .._conda.network.files import Server

    return Server()


@dataclass(frozen=True)
class WebFolder:
    """A folder on a web server, or a file in one.

    Attributes:
        url: Without credentials, and without a slash at its end.
        address: The same with the credentials that were typed; the other attributes have none.
        channel: The address of the repository, for whose login conda may have settings.
        server: Returns its server with the connections to it, which are made when first needed.
    """

    url: str
    address: str = field(repr=False, compare=False)
    channel: str = field(repr=False, compare=False)
    server: Callable[[], Server] = field(repr=False, compare=False)

    @classmethod
    def at(cls, address: str) -> WebFolder:
        """Return the folder of a repository, or above repositories."""
        return cls(public(address), address, address, cache(_server))

    def repository(self, label: str) -> WebFolder:
        """Return the repository of a label in this folder."""
        return self.at((self / label).address)

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> WebFolder:
        return replace(self, url=f"{self.url}/{name}", address=f"{self.address}/{name}")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return urlsplit(self.url).path.rpartition("/")[2]

    @property
    def parent(self) -> WebFolder:
        """The folder that it is in."""
        url, address = (text.rpartition("/")[0] for text in (self.url, self.address))
        return replace(self, url=url, address=address)

    def open(self) -> BinaryIO:
        """Open it for reading; it is asked for when it is first read, and may be sought before.

        Raises:
            FileNotFoundError, PermissionError: When it is read: the server does not have it, or
                refuses it.
            OSError: The server cannot be reached, or does not send it.
        """
        from .._conda.network.files import ServedFile

        return BufferedReader(ServedFile(self._served), BUFFER)

    def read(self, limit: int) -> bytes:
        """Return its content, or soon more than `limit` bytes of it; raises as `open`."""
        from .._conda.network.files import content

        return content(self._served, limit)

    def exists(self) -> bool:
        """Return whether the server has it; raises as `open`, but never FileNotFoundError."""
        try:
            self.read(0)
        except FileNotFoundError:
            return False
        return True

    @property
    def at_once(self) -> int:
        """How many files of the folder to read at once."""
        return self.server().most

    @property
    def _served(self) -> Served:
        from .._conda.network.files import Served

        return Served(self.address, self.channel, self.server())


#: Where a repository is, or a file of it.
Place: TypeAlias = Path | WebFolder


def channel_of(place: Place) -> str:
    """Return a place as a channel URL, without credentials; a path has to be absolute."""
    return place.url if isinstance(place, WebFolder) else file_url(place)


def is_web_page(content: bytes) -> bool:
    """Return whether a content is a page, which some servers send in the place of what is missing,
    or before a login; no file that is read here begins like one.
    """
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
