"""Wheels on this machine while a build needs them, and what they say of themselves."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, TypeVar
from zipfile import ZipFile

from requests import RequestException
from urllib3.exceptions import HTTPError

from ..._conda import package_cache
from ..._conda.network import http
from ..._conda.network.retries import (
    BUSY,
    MISFIT,
    DownloadFailedError,
    TryAgainError,
    passing,
    with_retries,
)
from ..._conda.overrides import replaced
from ...files.hashing import hash_file
from ...urls import NETWORK, file_path
from ..archives.downloads import downloads
from ..exceptions import ChannelRefusedError, DownloadError
from ..upstream.entry import Entry
from .conversion.read_wheel import read_wheel
from .conversion.record import read_metadata
from .exceptions import DamagedWheelError, UnconvertibleWheelError, WheelHashError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..archives.download import Turn
    from .conversion.record import WheelMetadata
    from .wheel import Wheel

    Item = TypeVar("Item")
    Result = TypeVar("Result")

FOLDER = "offline-repo-wheels"
#: Bytes of METADATA; the largest known has a tenth.
LARGEST_METADATA = 8 << 20
#: Why metadata may not come, though the wheel does.
UNANSWERED = (DownloadFailedError, TryAgainError, DamagedWheelError, RequestException, HTTPError)
SCHEMES = tuple(f"{scheme}:" for scheme in NETWORK)
OTHER_WHEEL = (
    "The wheel is not the one that the index, or the lock file, states. If the same command fails "
    "like this again later, find out who changed it, and why."
)
LOGIN = (
    "If it wants a login: give it for this server in the settings of uv or pip, or in netrc. The "
    "login of an index is sent to the index's own server alone."
)


class WheelFiles:
    """The wheels of one build.

    Args:
        scratch: A folder for wheels while they are converted.

    Attributes:
        variables: Of the environment, for downloads; see `IndexSettings.for_downloads`.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.variables: Mapping[str, str] = {}
        self._metadata: dict[str, WheelMetadata] = {}
        self._without_metadata: set[str] = set()

    def metadata(self, wheels: Sequence[Wheel]) -> list[WheelMetadata]:
        """Return the metadata of wheels, of the index if it has them apart.

        Raises:
            DownloadError: Some cannot be had; names all of them.
            WheelError: Some wheels are damaged.
        """
        with self.connected():
            return work_on_all(self.metadata_of, wheels, self.url_of)

    def connected(self) -> AbstractContextManager[None]:
        """Let downloads have the proxies and certificates of the index, while the context lasts."""
        return replaced(os.environ, self.variables)

    def url_of(self, wheel: Wheel) -> str:
        """Return where a wheel is; empty if this machine may have it."""
        return "" if wheel.sha256 and self.folder(wheel).is_dir() else wheel.url

    def metadata_of(self, wheel: Wheel, turn: Turn) -> WheelMetadata:
        """Return the same of one wheel."""
        metadata = self._metadata.get(wheel.url)
        if metadata is None:
            metadata = self._kept_metadata(wheel)
            if not metadata and wheel.sha256 and wheel.url.startswith(SCHEMES):
                with suppress(*UNANSWERED):  # the wheel itself has it, too
                    metadata = self._stated_metadata(wheel, turn)
            metadata = metadata or self.read(wheel, self.fetched(wheel, turn))
            self._metadata[wheel.url] = metadata
        return metadata

    def read(self, wheel: Wheel, path: Path) -> WheelMetadata:
        """Return what a wheel itself says, and keep its METADATA for the next build."""
        self._metadata[wheel.url] = metadata = read_wheel(path)
        if wheel.sha256 and metadata.contents:
            folder = self.folder(wheel)
            folder.mkdir(parents=True, exist_ok=True)
            with ZipFile(path) as archive, NamedTemporaryFile(dir=folder, delete=False) as scratch:
                scratch.write(archive.read(f"{metadata.contents.dist_info}/METADATA"))
            os.replace(scratch.name, folder / "METADATA")
        return metadata

    def _kept_metadata(self, wheel: Wheel) -> WheelMetadata | None:
        if not wheel.sha256:
            return None
        with suppress(OSError, DamagedWheelError):
            text = (self.folder(wheel) / "METADATA").read_text("utf-8", "replace")
            return read_metadata(text, wheel.file)
        return None

    def _stated_metadata(self, wheel: Wheel, turn: Turn) -> WheelMetadata | None:
        """Return what the index says of a wheel (PEP 658), if it says so."""
        server = wheel.public_url.split("/", 3)[2]
        if server in self._without_metadata:
            return None

        def attempt() -> bytes:
            content = b""
            with closing(http.ask(f"{wheel.url}.metadata", 0, turn.pools)) as response:
                if response.status_code in BUSY:
                    raise passing(response)
                if response.status_code == 200:
                    for chunk in http.chunks(response):
                        content += chunk
                        if len(content) > LARGEST_METADATA:
                            raise DownloadFailedError("they are too large")
            return content

        content = with_retries(attempt, self._scratch, turn.stop, turn.host)
        if not content.startswith(b"Metadata-Version"):
            self._without_metadata.add(server)
            return None
        return read_metadata(content.decode("utf-8", "replace"), wheel.file)

    def folder(self, wheel: Wheel) -> Path:
        """Return where the packages of a wheel are kept, with its METADATA."""
        folders = package_cache.folders()
        return (folders[0] if folders else self._scratch) / FOLDER / wheel.sha256

    def fetched(
        self, wheel: Wheel, turn: Turn, arrived: Callable[[int], None] = lambda _: None
    ) -> Path:
        """Return a wheel's path on this machine, where it has the digest that is stated.

        Args:
            turn: Among the downloads of the command.
            arrived: Gets the number of bytes that arrive, as from `Turn.download`.
        """
        if wheel.url.startswith("file:"):
            path = Path(file_path(wheel.url))
            if wheel.sha256 and hash_file(path).sha256 != wheel.sha256:
                raise WheelHashError([f"{wheel.file} at {wheel.public_url}"])
            return path
        target = self._scratch / (wheel.sha256 or str(abs(hash(wheel.url)))) / wheel.file
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            stated = {"sha256": wheel.sha256, "size": wheel.size}
            entry = Entry("", wheel.file, stated, wheel.public_url, wheel.url)
            try:
                turn.download(entry, target, arrived)
            except ChannelRefusedError as error:
                failure = f"the server refuses it (HTTP {error.status})", LOGIN
                raise DownloadError({wheel.public_url: failure}) from None
            except DownloadFailedError as error:
                hint = OTHER_WHEEL if error.hint == MISFIT else error.hint
                failure = str(error), hint.replace("{channel}", "the index")
                raise DownloadError({wheel.public_url: failure}) from None
        return target


def work_on_all(
    work: Callable[[Item, Turn], Result],
    items: Sequence[Item],
    url: Callable[[Item], str],
    size: Callable[[Item], int] = lambda _: 0,
) -> list[Result]:
    """Return the results of the work on each item, in their order; raise all that is wrong.

    See `downloads` for the arguments.
    """
    failures: dict[str, tuple[str, str]] = {}
    wheels: dict[str, Sequence[str]] = {}

    def tried(number: int, turn: Turn) -> Result | None:
        try:
            return work(items[number], turn)
        except DownloadError as error:  # the others are worked on all the same
            failures.update(error.failures)
        except UnconvertibleWheelError as error:
            wheels.update(error.wheels)
        return None

    numbers, stop = range(len(items)), threading.Event()
    with downloads(
        tried, numbers, stop, lambda n: url(items[n]), lambda n: size(items[n])
    ) as outcomes:
        results = dict(outcomes)
    if failures:
        raise DownloadError(failures)
    if wheels:
        raise UnconvertibleWheelError(wheels)
    return [result for number in numbers if (result := results[number]) is not None]
