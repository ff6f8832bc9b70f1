"""What the vendor should know of a build that has done what it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..queries import compare
from ..queries.contents import list_packages, packages_of
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.locate import Repository
from . import plugin_channel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.manifest import Manifest


def new_licenses(
    last: Manifest | None,
    made: Manifest,
    records: Mapping[str, Mapping[str, Any]],
    repository: Path,
) -> dict[str, tuple[str, ...]] | None:
    """Return the licences that are new in a release, with the packages that have them.

    Args:
        last: The manifest of the release before, if there is one.
        made: That of the release.
        records: The index entries of the release, by `subdir/file`.
        repository: Where the one before is published.

    Returns:
        None where that is not known.
    """
    if last is None:
        return None
    try:
        old = list_packages(Repository(repository, last))
    except (ManifestError, UnreadableError):
        return None
    return compare.new_licenses(old, packages_of(made, records, repository))


def unchecked(made: Manifest) -> tuple[str, ...]:
    """Return what to say of a signed repository whose plugin cannot check the signature."""
    if (
        not made.signers
        or not made.request.plugin
        or plugin_channel.checks_signatures(made.packages)
    ):
        return ()
    text = (
        "No channel has the package securesystemslib, which the customer's conda needs to check "
        "the signature: the plugin goes along without it. Name a channel that has it, such as "
        "conda-forge."
    )
    return (text,)


def held(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what to say of leftovers that could not be deleted."""
    if not names:
        return ()
    text = (
        "The repository is published, but what it does not need any more is still there: "
        f"{', '.join(names)}. Another program may have it open. Run the same command again; until "
        "then, readers are told that the publication is unfinished."
    )
    return (text,)
