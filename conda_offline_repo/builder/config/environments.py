"""What a label is to have: packages, a file, an environment, or several environments by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ...repository.exceptions import InvalidLabelError
from ...repository.names import check_label
from ...specs import check_together, parse_spec
from ..options import EnvironmentSpec
from . import places
from .settings import CREDENTIALS, reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...specs import PackageSpec
    from .reader import Reader
    from .value import Value

#: The ways to say what a label, or an environment of it, is to have.
OF_LABEL = ("packages", "environment", "from_prefix", "environments")
OF_ENVIRONMENT = ("packages", "file", "from_prefix")
#: What to say of a key in the wrong one of the two.
BELONGS_TO_LABEL = {
    "environment": "belongs to a label: for an environment of it, write file: FILE",
    "environments": "belongs to a label",
}
BELONGS_TO_ENVIRONMENT = {
    "file": "belongs to an environment: for the label itself, write environment: FILE"
}


def read(reader: Reader, entries: Iterable[Value]) -> tuple[EnvironmentSpec, ...]:
    """Return what entries of a label say whose keys are all of `OF_LABEL`; nothing for all."""
    entries = tuple(entries)
    _check_one(reader, entries)
    found: list[EnvironmentSpec] = []
    for value in entries:
        if value.name == "environments":
            found += _environments(reader, value)
        else:
            found.append(_asked(reader, "", value.name, value))
    return tuple(found)


def check_names(reader: Reader, values: Iterable[Value], what: str) -> None:
    """Note names that cannot be those of folders, or that Windows cannot tell apart."""
    known: dict[str, Value] = {}
    for value in values:
        try:
            check_label(value.name)
        except InvalidLabelError as error:
            reader.say(value.top, f"The {what}{reason(error).removeprefix('The label')}")
        other = known.setdefault(value.name.casefold(), value)
        if other.name != value.name:
            line = other.top.start_mark.line + 1
            names = f"the {what} {value.name!r} from {other.name!r} on line {line}"
            reader.say(value.top, f"Windows cannot tell {names}.")


def _check_one(reader: Reader, entries: tuple[Value, ...]) -> None:
    """Note ways beyond the first."""
    for value in entries[1:]:
        first = entries[0]
        if value.name != first.name:
            line = first.top.start_mark.line + 1
            what = f"{value.what} stands beside {first.what} of line {line}"
            reader.say(value.top, f"{what}: leave one of them out.")


def _environments(reader: Reader, value: Value) -> list[EnvironmentSpec]:
    form = "write NAME: [PACKAGE, ...], or NAME: {file: FILE}"
    entries = reader.entries(value, form)
    if value.is_empty:
        reader.say(value.node, f"{value.what} is empty: leave it out.")
    check_names(reader, entries, "environment")
    return [_environment(reader, entry) for entry in entries]


def _environment(reader: Reader, value: Value) -> EnvironmentSpec:
    if value.is_list:
        return _asked(reader, value.name, "packages", value)
    form = "write [PACKAGE, ...], {file: FILE} or {from_prefix: ENVIRONMENT}"
    found = reader.entries(value, form)
    ways = tuple(reader.known(found, OF_ENVIRONMENT, BELONGS_TO_LABEL))
    _check_one(reader, ways)
    for way in ways:
        return _asked(reader, value.name, way.name, way)
    if value.is_empty:
        reader.say(value.node, f"{value.what} is empty: {form}.")
    return EnvironmentSpec(value.name)


def _asked(reader: Reader, name: str, way: str, value: Value) -> EnvironmentSpec:
    if way == "packages":
        return EnvironmentSpec(name, packages=_packages(reader, value))
    if way == "from_prefix":
        return EnvironmentSpec(name, prefix=places.prefix(reader, value))
    return EnvironmentSpec(name, file=places.file(reader, value))


def _packages(reader: Reader, value: Value) -> tuple[PackageSpec, ...]:
    items = reader.items(value, or_none="name a package, or leave it out") or ()
    packages = tuple(text for item in items if (text := _package(reader, item)))
    try:
        check_together(packages)
    except InvalidRequestError as error:
        reader.say(value.node, reason(error))
    return packages


def _package(reader: Reader, value: Value) -> PackageSpec | None:
    text = reader.text(value)
    if text is None:
        return None
    channel, named, _ = text.partition("::")
    if named and CREDENTIALS.search(channel):
        reader.say(value.node, "A package stands here with a password or a token of its channel.")
        return None
    try:
        return parse_spec(text)
    except InvalidRequestError as error:
        reader.say(value.node, reason(error))
        return None
