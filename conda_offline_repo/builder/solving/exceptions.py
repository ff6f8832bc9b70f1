"""What a solver chose and cannot become a release; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.common.io import dashlist

from ...exceptions import OfflineRepoError
from ...repository.manifest import key_parts
from ..request.machine import can_be

if TYPE_CHECKING:
    from ..._conda.machine import Unmet


class SolveError(OfflineRepoError):
    """A request that cannot be met from its channels; carries the solver's explanation."""

    def __init__(self, platform: str, explanation: str, *hints: str) -> None:
        self._explanation = explanation  # conda's JSON object of an error has all that is public
        super().__init__(f"The request cannot be met for {platform}.\n{explanation}", *hints)

    @property
    def explanation(self) -> str:
        """Why, in the words of the solver."""
        return self._explanation


class UpstreamChangedError(OfflineRepoError):
    """A package that the solver chose and that the channel's index does not list any more."""

    def __init__(self, channel: str, file: str) -> None:
        super().__init__(
            f"The solver chose {file} from {channel}, whose index does not list it as it was.",
            "The channel changed during the build; run the same command again.",
        )


class UnfitEntryError(OfflineRepoError):
    """An upstream entry that the solver chose, or that is named exactly, and is not shipped."""


#: What to do where an entry is left out.
OTHER_READERS = (
    "If it is about a solver that the customers do not have, say which they have: "
    "--customer-solver NAME"
)


class InvalidRecordError(UnfitEntryError):
    """An upstream entry that must not become a file of ours."""

    def __init__(self, channel: str, file: str, reason: str) -> None:
        super().__init__(
            f"The channel {channel} lists {file!r}, which is refused: {reason}.",
            f"Nothing was published. Tell the owner of the channel. {OTHER_READERS}",
        )


class NewerEntryError(UnfitEntryError):
    """A package that is named exactly, or chosen, and that not every conda can install."""

    def __init__(self, channel: str, name: str, file: str) -> None:
        is_wheel = file.endswith(".whl")
        kind = "as a wheel" if is_wheel else "in version 3 of the index format"
        hints = [
            f"Name {name} in a version that channels have as a usual .conda or .tar.bz2 package."
        ]
        if not is_wheel:
            hints.append(
                "If the customers have conda 26.7 or newer with the solver rattler: "
                "--index-version 3"
            )
        super().__init__(
            f"{channel} has {file} ({name}) only {kind}, which not every conda can install.", *hints
        )


class CollisionError(OfflineRepoError):
    """Two files that one repository cannot both hold."""

    def __init__(self, name: str, first: str, second: str) -> None:
        super().__init__(
            f"{name} is in two channels with different content:{dashlist((first, second))}",
            "A repository holds one file under one name. Leave one of the channels out, or name "
            "the package with its channel: CHANNEL::PACKAGE.",
        )


class MisfitError(UnfitEntryError):
    """Packages for an environment that need others than are there, or another machine.

    Args:
        key: What the manifest calls the environment and platform.
        demands: What is not met.
        archives: By `subdir/file`, of which packages a solver chose, and what of them is not met;
            none if the packages are named exactly.

    Attributes:
        archives: These.
    """

    def __init__(self, key: str, demands: Sequence[Unmet], archives: Mapping[str, str]) -> None:
        self.archives = archives
        names = sorted({demand.virtual_package for demand in demands} - {""})
        problem, hints = "do not go together", []
        if all(demand.virtual_package for demand in demands):
            problem = "cannot be installed on the customer's machine, as far as it is stated"
        if names:
            platform = key_parts(key)[1]
            options = " ".join(f"--virtual-package {name}=VERSION" for name in names)
            elsewhere = " or ".join(name for name in names if not can_be(platform, name))
            hints.append(
                f"No machine of {platform} has {elsewhere}."
                if elsewhere
                else f"If the machine has another {' and '.join(names)}, say so: {options}."
            )
        if archives:
            hints.append(
                f"The {context.solver} solver chose them all the same: it passes over such a "
                "demand, or reads it in another way than conda. Ask for other packages or "
                "versions, or choose another solver with --solver."
            )
        else:
            hints.append(
                "Make the list or lock file anew from a working environment of such a machine, or "
                "name the packages to have them solved."
            )
        super().__init__(
            f"These packages for {key} {problem}:{dashlist(demands)}",
            *hints,
            "Nothing was published.",
        )
