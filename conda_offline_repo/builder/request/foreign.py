"""What lock files name and no channel holds: refused where a build is for it, and not elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .inputs.exceptions import PipPartsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .inputs.pinned import Environment


def check_foreign(environments: Sequence[Environment], platforms: Sequence[str]) -> None:
    """Check that all that is chosen of lock files are archives of channels.

    Raises:
        PipPartsError: It is not; says which parts of the file are.
    """
    for file in dict.fromkeys(env.file for env in environments):
        own = [env for env in environments if env.file == file]
        refused = {
            f"{name} ({group}, {platform})": (group, platform)
            for env in own
            for platform in platforms
            for group, names in env.foreign.get(platform, {}).items()
            for name in sorted(names)
        }
        if file and refused:
            hints = _hints(own, {group for group, _ in refused.values()})
            raise PipPartsError(file, refused, *hints)


def _hints(environments: Sequence[Environment], refused: set[str]) -> Iterator[str]:
    """Yield what to choose, to have nothing of that."""
    groups = dict.fromkeys(group for env in environments for group in env.groups)
    if refused < {*groups} and "main" not in refused:
        only = " ".join(f"--only {group}" for group in groups if group not in refused)
        yield f"To ship the parts of the file that have none of these: {only}."
    listed = {platform for env in environments for platform in env.exact}
    if free := sorted(listed - {platform for env in environments for platform in env.foreign}):
        only = " ".join(f"--platform {platform}" for platform in free)
        yield f"To ship it for the platforms that have none of these: {only}."
