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


class LabelMismatchError(OfflineRepoError):
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


class VolumeSizeError(OfflineRepoError):
    """A file that no volume can hold; sizes in bytes."""

    def __init__(self, name: str, size: int, volume_size: int) -> None:
        super().__init__(
            f"{name} needs a volume of {size} bytes by itself, and volumes are to have at most "
            f"{volume_size}. Nothing was written.",
            f"Give --volume-size {size} or more.",
        )


class VolumeError(OfflineRepoError):
    """A file that is no volume, or that must not be taken for one."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}. Nothing of it was unpacked.",
            "Get the volume anew from where it came; if it is always so, tell your vendor.",
        )


class OtherVolumesError(OfflineRepoError):
    """Volumes that do not belong together."""

    def __init__(self, first: Path, second: Path, why: str) -> None:
        super().__init__(
            f"{first} and {second} do not belong together: {why}. Nothing was unpacked.",
            "Give the volumes of one release, made by one command, and no others.",
        )


class VolumesMissingError(OfflineRepoError):
    """Volumes that are needed besides those that were given."""

    def __init__(self, missing: Iterable[int], of: int) -> None:
        numbers = ", ".join(map(str, missing))
        super().__init__(
            f"Of {of} volumes, these are needed as well: {numbers}. The target is as it was "
            "before, and what the others have for it is kept beside it.",
            "Repeat `conda offline-repo unpack` with the missing ones, with or without those that "
            "were given now.",
        )


class OtherBaseError(OfflineRepoError):
    """A difference to another release than the one that the target has."""

    def __init__(self, target: Path, needs: tuple[int, str], has: tuple[int, str] | None) -> None:
        there = f"release {has[0]} of {has[1]}" if has else "none that can be read"
        super().__init__(
            f"This is the difference to release {needs[0]} of {needs[1]}, and {target} has "
            f"{there}. Nothing was written.",
            "Bring the target to that release first, or ask your vendor for the difference to the "
            f"one that it has (send him {target / 'offline-repo.json'}, for --since)."
            if has
            else "Ask your vendor for the whole release, packed without --since.",
        )


class BaseDamagedError(OfflineRepoError):
    """A target that lacks files of the release that a difference is to be applied to."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            "The target lacks files of the release that it states, and the difference does not "
            f"have them:{dashlist(names)}",
            "The target is as it was before. Put it right with the whole release: "
            "`conda offline-repo sync`, or volumes made without --since.",
        )


class PlaceError(OfflineRepoError):
    """A target that cannot be the folder of a repository."""

    def __init__(self, target: Path, label: str, reason: str) -> None:
        super().__init__(
            f"{target} cannot be the target: {reason}. Nothing was written.",
            f"Give a folder of its own for the repository, such as {target / label}; it is made if "
            "it is not there.",
        )
