"""What lock files name for pip: what cannot be shipped is refused where a build is for it, and what
is named besides, wheels, comes in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urldefrag

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from ...exceptions import InvalidRequestError
from ...files.hashing import hash_file
from ...urls import local_path, public
from .inputs.exceptions import InputFileError, PipPartsError
from .inputs.pinned import NOARCH, Environment, PinnedWheel, PipPart
from .inputs.pip_line import file_name

#: The platforms of a wheel's tags that are one of conda's.
PLATFORMS = {
    "linux-64": r"(?:many|musl)?linux.*_x86_64",
    "linux-aarch64": r"(?:many|musl)?linux.*_aarch64",
    "osx-64": r"macosx_.*_(?:x86_64|universal2)",
    "osx-arm64": r"macosx_.*_(?:arm64|universal2)",
    "win-64": "win_amd64",
    "win-arm64": "win_arm64",
    "win-32": "win32",
}


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


def with_wheels(environment: Environment, part: PipPart) -> Environment:
    """Return an environment of exact archives with more wheels, for the platforms that they fit,
    and with pip's options.

    Raises:
        InvalidRequestError: What pip is to install besides is not named as exactly.
    """
    wheels = {
        platform: {_project(w.url): w for w in own} for platform, own in environment.wheels.items()
    }
    foreign = {
        platform: {group: {**reasons} for group, reasons in groups.items()}
        for platform, groups in environment.foreign.items()
    }
    lock = environment.file or "The last build"
    for text in part.requirements:
        wheel = None if part.constraints else _pinned(text, part)
        if wheel is None:
            raise InvalidRequestError(
                f"{lock} names wheels exactly, so pip cannot choose others besides: {text}.",
                "Lock it together with them. Or name a wheel, by its path, or by its URL with "
                "#sha256=DIGEST.",
            )
        project = _project(wheel.url)
        fitting = [platform for platform in environment.exact if _fits(wheel.url, platform)]
        if not fitting:
            raise InvalidRequestError(
                f"{file_name(wheel.url)} fits none of the platforms of {lock}: "
                f"{', '.join(environment.exact)}.",
                "Name a wheel that fits.",
            )
        for platform in fitting:
            wheels.setdefault(platform, {})[project] = wheel
            for reasons in foreign.get(platform, {}).values():
                for name in [name for name in reasons if canonicalize_name(name) == project]:
                    del reasons[name]
    return replace(
        environment,
        wheels={platform: tuple(own.values()) for platform, own in wheels.items()},
        foreign={
            platform: {group: reasons for group, reasons in groups.items() if reasons}
            for platform, groups in foreign.items()
        },
        pip=PipPart(options=part.options),
    )


def _pinned(text: str, part: PipPart) -> PinnedWheel | None:
    """Return the wheel that a requirement is; None if it is none, or not stated exactly."""
    requirement = Requirement(text.partition(" --hash=")[0])
    if not requirement.url or requirement.extras or requirement.marker:
        return None
    url, fragment = urldefrag(part.urls.get(requirement.url, requirement.url))
    path = local_path(url)
    digest = fragment.removeprefix("sha256=") or (hash_file(path).sha256 if path else "")
    return PinnedWheel(url, digest) if digest else None


def _project(url: str) -> str:
    return parse_wheel_filename(file_name(url))[0]


def _fits(url: str, platform: str) -> bool:
    pattern = re.compile(PLATFORMS.get(platform, "any"))
    tags = parse_wheel_filename(file_name(url))[3]
    return any(tag.platform == "any" or pattern.fullmatch(tag.platform) for tag in tags)
