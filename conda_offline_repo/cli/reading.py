"""Reading repositories that may be on a web server, while somebody may be changing them there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from ..files.web import Place, WebFolder
from ..repository.halfway import once_whole
from .output import warn

if TYPE_CHECKING:
    from ..repository.locate import Repository

    Result = TypeVar("Result")


def whole(read: Callable[[], Result], *places: Place) -> Result:
    """Return what is read of some places, and again where a publication comes between.

    Args:
        read: Reads it from the start each time.
        places: From where.

    Raises:
        HalfPublishedError: What a web server has does not fit together, and stays so.
        OfflineRepoError: As `read`.
    """
    if not any(isinstance(place, WebFolder) for place in places):
        return read()
    from .._conda.network.sessions import asking_nobody

    with asking_nobody():
        return once_whole(read, lambda text: warn([text]))


def warn_insecure(repositories: Iterable[Repository]) -> None:
    """Warn of repositories that others may have changed on their way here."""
    warn(dict.fromkeys(r.insecure for r in repositories if r.insecure))
