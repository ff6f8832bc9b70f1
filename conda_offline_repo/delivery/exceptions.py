"""What can go wrong on the way, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.common.io import dashlist

from ..exceptions import OfflineRepoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class SourceUnfinishedError(OfflineRepoError):
    """A source whose own publication is under way or was interrupted."""

    def __init__(self, source: Path) -> None:
        super().__init__(
            f"{source} is no whole release: a publication of it is under way or was interrupted. "
            "Nothing was written.",
            "Wait until it is finished, or finish it there by repeating the command that makes it "
            "(build, or sync); then repeat this one.",
        )


class SourceDamagedError(OfflineRepoError):
    """A source with files that are not what its manifest says."""

    def __init__(self, source: Path, problems: Mapping[str, str]) -> None:
        lines = (f"{name}: {why}" for name, why in sorted(problems.items()))
        super().__init__(
            f"{source} is damaged or its copy is incomplete:{dashlist(lines)}",
            "The target is as it was before, and what was copied is kept for the next time. "
            "Get the source anew from where it came, then repeat this command.",
        )


class OtherLabelError(OfflineRepoError):
    """A target that is the repository of another customer."""

    def __init__(self, target: Path, has: str, comes: str) -> None:
        super().__init__(
            f"{target} is the repository of label {has!r}, and what comes is of label {comes!r}. "
            "Nothing was written.",
            "Give the folder of the same label, or one that is not there yet.",
        )


class OlderReleaseError(OfflineRepoError):
    """A release that is no newer than the one that the target has."""

    def __init__(self, target: Path, has: tuple[int, str], comes: tuple[int, str]) -> None:
        super().__init__(
            f"{target} has release {has[0]} of {has[1]}, and what comes is release {comes[0]} of "
            f"{comes[1]}, which is not newer. Nothing was written.",
            "To go back to it on purpose, add --allow-older.",
        )


class OtherOriginError(OfflineRepoError):
    """A release that nobody signed who signed the one that the target has."""

    def __init__(
        self, source: Path, target: Path, signers: Iterable[str], expected: Iterable[str]
    ) -> None:
        by = ", ".join(signers)
        found = f"is signed by {by}" if by else "is not signed"
        super().__init__(
            f"{source} {found}, and {target} is signed by {', '.join(expected)}. Nothing was "
            "written.",
            "Ask your vendor whether this is so on purpose, and by another way than the one that "
            "the release came by. If it is: move the target away and repeat this command.",
        )


class PlaceError(OfflineRepoError):
    """A target that cannot be the folder of a repository."""

    def __init__(self, target: Path, label: str, reason: str) -> None:
        super().__init__(
            f"{target} cannot be the target: {reason}. Nothing was written.",
            f"Give a folder of its own for the repository, such as {target / label}; it is made if "
            "it is not there.",
        )
