"""Which packages are too new to be shipped: for the request, or for this machine's conda."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..._conda import configuration, solver_settings
from ...cooldown import time_of, too_new
from ..exceptions import TooNewError
from ..warnings import BuildWarning

if TYPE_CHECKING:
    from datetime import datetime

    from ..request.request import Request
    from .entry import Entry


class Ages:
    """Tells what is too new. It is false where nothing can be.

    Besides the request, a cooldown of this machine's conda counts, as a rule of its administrator.
    """

    def __init__(self, request: Request) -> None:
        self._stated, self._configured = request.cooldown, configuration.cooldown()
        rules = solver_settings.obeyed() if self._configured else ()
        self._rules = " and ".join(str(r) for r in rules if r.name in solver_settings.OF_COOLDOWN)

    def __bool__(self) -> bool:
        return self._stated is not None or self._configured is not None

    def reason_against(self, folder: str, file: str, record: Mapping[str, Any]) -> str | None:
        """Return why a package is too new to be shipped; None if it is not.

        Args:
            folder: The URL of its channel and subdir, without credentials.
            file: Its archive.
            record: Its entry in the index.
        """
        when = time_of(record)
        if when is None:
            return None
        if self._stated and (reason := self._stated.reason_against(when)):
            return reason
        place = {"fn": file, "url": f"{folder}/{file}", "channel": folder}
        placed = {**record, **place, "subdir": folder.rpartition("/")[2]}
        if self._configured and self._configured.holds_back(placed):
            return too_new(when, self._configured.age(placed), self._rules)
        return None

    def against(self, entry: Entry) -> str | None:
        """Return why a package of a channel is too new; None if it is not."""
        return self.reason_against(entry.public_url.rpartition("/")[0], entry.file, entry.record)

    def check(self, times: Mapping[str, datetime | None]) -> None:
        """Check that no package is too new for the request, by their times, as far as known.

        Raises:
            TooNewError: Some are.
        """
        stated = self._stated
        reasons = {n: stated.reason_against(t) for n, t in times.items() if stated and t}
        if lines := [f"{name}: {reason}" for name, reason in sorted(reasons.items()) if reason]:
            raise TooNewError(lines)

    def undated(self, entries: Iterable[Entry]) -> Iterator[BuildWarning]:
        """Yield a warning of packages whose age is not known, if it matters."""
        names = [e.name for e in entries if not e.wheel and time_of(e.record) is None]
        if self and names:
            yield undated(names)


def undated(names: Iterable[str]) -> BuildWarning:
    """Return a warning of packages whose age is not known."""
    return BuildWarning(
        "undated",
        "How old these packages are is not known, so exclude_newer does not hold them back: "
        f"{', '.join(sorted(names))}.",
    )
