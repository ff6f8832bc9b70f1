"""environment.yml: packages and channels, and what else stands in such files."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....repository.names import check_platform
from ....specs import parse_spec
from ..channels import expanded
from .exceptions import InputFileError, Problems
from .pinned import Environment
from .pip_part import read_pip
from .plain_yaml import is_text, load

if TYPE_CHECKING:
    from ....specs import PackageSpec

#: Characters; more are not written by hand, and would be read for minutes.
LIMIT = 1 << 18
#: What is followed; `name` and `prefix` are of one machine, `category` is a name in lock files.
SECTIONS = {"name", "prefix", "channels", "dependencies", "platforms", "category"}
#: What means something to other programs, and nothing to a build.
LEFT_OUT = {
    "variables": "the customer's environment gets no variables",
    "channel_priority": "the build follows conda's own setting channel_priority",
}
#: conda's word for "no other channels".
NO_DEFAULTS = "nodefaults"
#: What conda-build and conda-lock read behind a package, and conda takes for a comment.
SELECTOR = re.compile(r"^\s*-\s*(?P<package>[^#]*[^#\s])\s+#\s*(?P<selector>\[[^\]]+\])")
#: What micromamba reads in the place of a package.
CONDITION = re.compile(r"sel\(.*\)")


def read_environment(path: Path, text: str) -> Environment:
    """Return what an environment.yml asks for.

    Its `name` and `prefix` mean nothing here: the customer has other names and folders.

    Raises:
        InputFileError: It is not one, with all that is wrong.
        PipPartsError: It has packages for pip that are not wheels.
    """
    if len(text) > LIMIT:
        raise InputFileError(path, f"an environment.yml has at most {LIMIT} characters")
    content = load(path, text)
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise InputFileError(path, "it has no sections, as `dependencies:`")
    problems = Problems(path)
    if unknown := sorted({*content} - SECTIONS - {*LEFT_OUT}):
        problems.add(
            f"conda would leave out what it says in {', '.join(map(repr, unknown))}",
            f"The sections of an environment.yml are {', '.join(sorted(SECTIONS | {*LEFT_OUT}))}.",
        )
    channels = []
    for channel in _texts("channels", content, problems):
        with problems.noting("in `channels`: "):
            channels.append(expanded(channel))
    platforms = _texts("platforms", content, problems)
    for platform in platforms:
        with problems.noting("in `platforms`: "):
            check_platform(platform)
    packages, lines = _dependencies(content.get("dependencies"), problems)
    pip = read_pip(lines, path.absolute().parent, problems)
    problems.check()
    if not packages and not pip.requirements:
        raise InputFileError(path, "it names no package")
    return Environment(
        packages=packages,
        pip=pip,
        channels=tuple(channel for channel in channels if channel != NO_DEFAULTS),
        no_defaults=NO_DEFAULTS in channels,
        platforms=tuple(platforms),
        left_out=(
            *(f"`{key}`: {why}" for key, why in LEFT_OUT.items() if content.get(key)),
            *_selectors(text),
        ),
    )


def _texts(section: str, content: dict[str, Any], problems: Problems) -> list[str]:
    texts: list[str] = content.get(section) or []
    if isinstance(texts, list) and all(map(is_text, texts)):
        return texts
    problems.add(f"`{section}` is not a list of texts")
    return []


def _dependencies(
    dependencies: Any, problems: Problems
) -> tuple[tuple[PackageSpec, ...], list[str]]:
    """Return the packages of conda's channels, and the lines for pip."""
    packages: list[PackageSpec] = []
    pip: list[str] = []
    if not isinstance(dependencies, list) or not dependencies:
        problems.add("`dependencies` is not a list of packages")
        return (), []
    for number, dependency in enumerate(dependencies, start=1):
        keys = list(dependency) if isinstance(dependency, dict) else []
        section: Any = dependency.get("pip") or [] if keys == ["pip"] else None
        lines = section.splitlines() if isinstance(section, str) else section
        if is_text(dependency):
            with problems.noting():
                packages.append(parse_spec(dependency.partition("#")[0].strip()))
        elif isinstance(lines, list):
            pip += filter(is_text, lines)
            for line in itertools.filterfalse(is_text, lines):
                problems.add(f"in `pip`, {line!r} is not a text", "Put it in quotes.")
        elif len(keys) == 1 and CONDITION.fullmatch(str(keys[0])):
            problems.add(
                f"number {number} of `dependencies` is for some platforms alone, by the selector "
                f"`{keys[0]}` of micromamba",
                "Write an environment.yml for each kind of platform, without selectors.",
            )
        else:
            problems.add(
                f"number {number} of `dependencies` is neither a text nor packages for pip: "
                f"{dependency!r}"
            )
    return tuple(packages), pip


def _selectors(text: str) -> tuple[str, ...]:
    """Return a sentence of all packages with a selector, as meta.yaml has them."""
    matches = [match for line in text.splitlines() if (match := SELECTOR.match(line))]
    names = ", ".join(f"{match['package']} {match['selector']}" for match in matches)
    sentence = f"`# [...]`, which conda takes for a comment: {names} is asked for on every platform"
    return (sentence,) if names else ()
