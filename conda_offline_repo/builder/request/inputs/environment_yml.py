"""environment.yml: packages and channels, as conda itself reads them."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda import CondaError

from ...._conda.features import read_environment_yml
from ....specs import parse_spec
from .exceptions import InputFileError, PipPartsError, unusable
from .pinned import Environment

if TYPE_CHECKING:
    from typing import Any

#: Characters; more are not written by hand, and would be read for minutes.
LIMIT = 1 << 18
#: Lists and sections in each other.
DEPTH = 16
SECTIONS = {"name", "channels", "dependencies", "variables", "prefix"}
#: What other tools read in these files, and conda leaves alone.
OTHERS = {"platforms", "category"}
#: conda's word for "no other channels", which is the case here anyway.
NO_DEFAULTS = "nodefaults"


def read_environment(path: Path, text: str) -> Environment:
    """Return the packages and the channels that an environment.yml names.

    Its `name`, `prefix` and `variables` mean nothing here: the customer has other names, folders
    and variables.

    Raises:
        InputFileError: conda does not accept it, or it names no package.
        PipPartsError: It has packages for pip.
    """
    if len(text) > LIMIT:
        raise InputFileError(path, f"an environment.yml has at most {LIMIT} characters")
    content = _parsed(path, text)
    _check(path, content)
    with TemporaryDirectory(prefix="offline-repo-") as folder:
        # conda knows it by its name; the other sections cannot displease it
        copy = Path(folder, "environment.yml")
        sections = {name: content.get(name) or [] for name in ("channels", "dependencies")}
        copy.write_text(json.dumps(sections, ensure_ascii=False, indent=1), encoding="utf-8")
        try:
            packages, channels = read_environment_yml(copy)
        except CondaError as error:
            raise InputFileError(path, str(error).replace(str(copy), path.name)) from None
    return Environment(
        packages=tuple(map(parse_spec, packages)),
        channels=tuple(c for c in channels if c != NO_DEFAULTS),
    )


def _parsed(path: Path, text: str) -> Any:
    """Return the content of the file, of plain types only: no tag makes anything else of it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

    depth = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            at = f"line {event.start_mark.line + 1}"
            if isinstance(event, AliasEvent):  # a few can stand for more than any memory holds
                hint = "Write in its place what it stands for."
                raise InputFileError(path, f"{at} has an alias, *{event.anchor}", hint)
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > DEPTH:  # loading it would take for ever
                raise InputFileError(path, f"{at} is nested too deep")
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        # the whole error would quote lines of the file
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        parts = [getattr(error, name, None) for name in ("context", "problem")]
        problem = ", ".join(filter(None, parts)) or "it is not YAML"
        if isinstance(error, DuplicateKeyError):
            problem = "a key occurs twice"
        raise InputFileError(path, f"{at}{problem}") from None


def _check(path: Path, content: Any) -> None:
    """Check what counts here, so that conda meets nothing that it would not explain."""
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise InputFileError(path, "it has no sections, as `dependencies:`")
    if unknown := sorted(set(content) - SECTIONS - OTHERS):
        raise InputFileError(
            path,
            f"conda would leave out what it says in {', '.join(map(repr, unknown))}",
            f"The sections of an environment.yml are {', '.join(sorted(SECTIONS))}.",
        )
    if not _are_texts(content.get("channels") or []):
        raise InputFileError(path, "`channels` is not a list of texts")
    dependencies = content.get("dependencies")
    if not isinstance(dependencies, list) or not dependencies:
        raise InputFileError(path, "`dependencies` is not a list of packages")
    packages: list[str] = []
    pip: list[str] = []
    for number, dependency in enumerate(dependencies, start=1):
        if _are_texts([dependency]):
            packages.append(dependency)
            continue
        section: Any = dependency.get("pip") or [] if isinstance(dependency, dict) else None
        names = [section] if isinstance(section, str) else section
        if not _are_texts(names) or dependency.keys() != {"pip"}:
            problem = f"number {number} of `dependencies` is neither a text nor packages for pip"
            raise InputFileError(path, problem)
        pip += names
    with unusable(path):
        for package in packages:
            parse_spec(package)
    if pip:
        raise PipPartsError(path, pip)
    if not packages:
        raise InputFileError(path, "it names no package")


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, str) and value.isprintable() and bool(value.strip()) for value in values
    )
