"""What can go wrong on the way, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda.common.io import dashlist

from ..exceptions import OfflineRepoError
from ..files.web import Place, WebFolder

if TYPE_CHECKING:
    from ..repository.manifest import Manifest


class SourceUnfinishedError(OfflineRepoError):
    """A source whose own publication is under way or was interrupted."""

    def __init__(self, source: Place) -> None:
        super().__init__(
            f"{source} is not a complete release: a publication of it is under way or was "
            "interrupted. Nothing was written.",
            "Wait until it is finished, or finish it by repeating the command that makes it "
            "(build, or sync); then repeat this command.",
        )


class SourceDamagedError(OfflineRepoError):
    """A source with files that are not what its manifest says."""

    def __init__(self, source: Place, problems: Mapping[str, str]) -> None:
        lines = (f"{name}: {why}" for name, why in sorted(problems.items()))
        super().__init__(
            f"{source} is damaged or its copy is incomplete:{dashlist(lines)}",
            "The target is unchanged, and the files that were copied are reused next time. "
            + (
                "Tell who publishes it there."
                if isinstance(source, WebFolder)
                else "Copy the source again from where it came, then repeat this command."
            ),
        )


class SourceUnreadableError(OfflineRepoError):
    """A source with files that cannot be read, whatever they are."""

    def __init__(self, source: Place, problems: Mapping[str, str]) -> None:
        lines = (f"{name}: {why}" for name, why in sorted(problems.items()))
        super().__init__(
            f"{source} cannot be read:{dashlist(lines)}",
            "Run the same command again: the files that were copied are reused."
            if isinstance(source, WebFolder)
            else "Plug it in or mount it again, or ask its owner for permission, then repeat this "
            "command. If it stays unreadable, get the release on another disk.",
        )


class LabelMismatchError(OfflineRepoError):
    """Releases of two customers, where one would be compared with the other or replace it."""

    def __init__(self, path: Place | str, has: str, other: str, *, compared: bool = False) -> None:
        super().__init__(
            f"{path} has label {has!r}, but the other release has label {other!r}. Nothing was "
            "written.",
            "Name two releases of the same label."
            if compared
            else "Give the folder of the same label, or one that does not exist yet.",
        )


class OlderReleaseError(OfflineRepoError):
    """A release that is no newer than the target's."""

    def __init__(self, target: Path | str, has: Manifest, new: Manifest) -> None:
        super().__init__(
            f"{target} has release {has.release} of {has.created}; release {new.release} of "
            f"{new.created} is not newer. Nothing was written.",
            "To go back to it on purpose, add --allow-older.",
        )


class OtherOriginError(OfflineRepoError):
    """A release that nobody signed who signed the target's."""

    def __init__(
        self, source: Place, target: Path | str, signers: Sequence[str], expected: Iterable[str]
    ) -> None:
        signed = f"signed by {', '.join(signers)}" if signers else "not signed"
        remedy = (
            f"repeat this command with --trust {signers[0]}"
            if signers
            else "move the target away and repeat this command."
        )
        super().__init__(
            f"{source} is {signed}, but {target} is signed by {', '.join(expected)}. Nothing was "
            "written.",
            "Ask your vendor whether this is intended, through another channel than the one that "
            f"the release came by. If it is, {remedy}",
        )


class VolumeSizeError(OfflineRepoError):
    """A file that no volume can hold; sizes in bytes."""

    def __init__(self, name: str, size: int, volume_size: int) -> None:
        super().__init__(
            f"{name} alone needs a volume of {size} bytes, but --volume-size is {volume_size}. "
            "Nothing was written.",
            f"Give --volume-size {size} or more.",
        )


class VolumeError(OfflineRepoError):
    """A file that is not a volume, or that must not be used as one."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}. Nothing of it was unpacked.",
            "Copy the volume again from where it came; if the error stays, ask your vendor.",
        )


class OtherVolumesError(OfflineRepoError):
    """Volumes that do not belong together."""

    def __init__(self, first: Path, second: Path, why: str) -> None:
        super().__init__(
            f"{first} and {second} do not belong together: {why}. Nothing was unpacked.",
            "Give only the volumes of one release, made by one command.",
        )


class VolumesMissingError(OfflineRepoError):
    """Volumes that are needed besides the given ones."""

    def __init__(self, missing: Iterable[int], count: int) -> None:
        super().__init__(
            f"Of {count} volumes, these are still missing: {', '.join(map(str, missing))}. The "
            "target is unchanged; the files of the other volumes are staged beside it.",
            "Repeat `conda offline-repo unpack` with the missing ones, with or without those that "
            "you gave now.",
        )


class OtherBaseError(OfflineRepoError):
    """A difference to another release than the target's."""

    def __init__(self, target: Path, base: tuple[int, str], has: Manifest | None) -> None:
        current = f"release {has.release} of {has.created}" if has else "none that can be read"
        super().__init__(
            f"This is the difference to release {base[0]} of {base[1]}, but {target} has "
            f"{current}. Nothing was written.",
            "Bring the target to that release first, or ask your vendor for the difference to the "
            f"current one (send {target / 'offline-repo.json'}, for --since)."
            if has
            else "Ask your vendor for the whole release, packed without --since.",
        )


class BaseDamagedError(OfflineRepoError):
    """A target that lacks files of the release that a difference applies to."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            "The target lacks files of its own release, and the difference does not have them:"
            f"{dashlist(names)}",
            "The target is unchanged. Repair it with the whole release: "
            "`conda offline-repo sync`, or volumes made without --since.",
        )


class PlaceError(OfflineRepoError):
    """A target that cannot be the folder of a repository."""

    def __init__(self, target: Path | str, reason: str, below: Path | str | None = None) -> None:
        """`below` is a folder in the target that can be one."""
        example = f", such as {below}" if below else ""
        super().__init__(
            f"{target} cannot be the target: {reason}. Nothing was written.",
            f"Give a separate folder for the repository{example}; it is created if it does not "
            "exist.",
        )
