"""What lock files name and cannot be shipped: refused where a build is for it, not elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...urls import public
from .inputs.exceptions import InputFileError, PipPartsError
from .inputs.pinned import NOARCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .inputs.pinned import Environment


def check_foreign(environments: Sequence[Environment], platforms: Sequence[str]) -> None:
    """Check that what is chosen of lock files are archives of channels, or wheels beside python.

    Raises:
        InputFileError: There are wheels, and no python.
        PipPartsError: Something is neither; says which parts of the file are.
    """
    for file in dict.fromkeys(env.file for env in environments):
        own = [env for env in environments if env.file == file]
        refused = {
            f"{name} ({group}, {platform}): {reason}": (group, platform)
            for env in own
            for platform in platforms
            for group, reasons in env.foreign.get(platform, {}).items()
            for name, reason in sorted(reasons.items())
        }
        if file and refused:
            hints = _hints(own, {group for group, _ in refused.values()})
            raise PipPartsError(file, refused, *hints)
    for env in environments:
        for platform in env.wheels.keys() & {*platforms, NOARCH}:
            names = (archive.url.rpartition("/")[2] for archive in env.exact.get(platform, ()))
            if not any(name.startswith("python-") for name in names):
                wheels = (public(w.url).rpartition("/")[2] for w in env.wheels[platform])
                of = f"{env.name}, {platform}" if env.name else platform
                raise InputFileError(
                    env.file or "The last build",
                    f"it names wheels for {of}, and no archive of python: {', '.join(wheels)}",
                    "Lock python as well.",
                    *_other_groups([e for e in environments if e.file == env.file], {*env.groups}),
                )


def _hints(environments: Sequence[Environment], refused: set[str]) -> Iterator[str]:
    """Yield what to choose, to have nothing of that."""
    yield from _other_groups(environments, refused)
    listed = {platform for env in environments for platform in env.exact}
    if free := sorted(listed - {platform for env in environments for platform in env.foreign}):
        only = " ".join(f"--platform {platform}" for platform in free)
        yield f"To ship it for the platforms that have none of these: {only}."


def _other_groups(environments: Sequence[Environment], refused: set[str]) -> Iterator[str]:
    groups = dict.fromkeys(group for env in environments for group in env.groups)
    if refused < {*groups} and "main" not in refused:
        only = " ".join(f"--only {group}" for group in groups if group not in refused)
        yield f"To ship the parts of the file that have none of these: {only}."
