"""What `offline-repo.schema.json` says of the file, and a message for each of its keywords."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...audit.policy import advice
from ...exceptions import OfflineRepoError, VendorMissingError
from ...files.yaml_nodes import Mapping, not_text
from .formats import checks, reason

try:
    from jsonschema import Draft202012Validator, FormatChecker
except ModuleNotFoundError as error:
    raise VendorMissingError(error.name or str(error)) from error

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from ruamel.yaml.nodes import Node

    Keys = tuple[str | int, ...]

SCHEMA = json.loads(files(__package__).joinpath("offline-repo.schema.json").read_text("utf-8"))
NO_LABELS = "There are no labels: write labels: {LABEL: {packages: [PACKAGE, ...]}}."
#: What is wrong with a value, by the keyword that says so or the type that it should be of.
MESSAGES = {
    "pattern": "is empty",
    **dict.fromkeys(("minItems", "minProperties"), "is empty: {form}"),
    "required": "is not whole: {form}",
    "several": "has the wrong type: {form}",
    "array": "has to be a list: {form}",
    "object": "has to be a mapping: {form}",
    "string": "has no value",
}


def check(content: Mapping, folder: Path) -> list[tuple[Node, str]]:
    """Return what is wrong with the content of a file in a folder, and where.

    Wrong values become None. A label or an environment of a wrong name stays, for what else is
    wrong with it.
    """
    checker = FormatChecker(formats=())
    for name, function in checks(folder).items():
        conforms = partial(_conforms, list if name == "packages" else str, function)
        checker.checks(name, raises=(OfflineRepoError, ValueError))(conforms)
    mistakes: dict[tuple[Keys, str | None], tuple[Node, str]] = {}
    wrong: set[Keys] = set()
    for error in Draft202012Validator(SCHEMA, format_checker=checker).iter_errors(content):
        path = tuple(error.absolute_path)
        for key, message in _messages(error, path, content):
            # of what is wrong with a value or a name, the first counts
            mistakes.setdefault((path, key), (node_of(content, path, key), message))
            if key is None:
                wrong.add(path)
            elif error.validator == "additionalProperties" or "virtual_packages" in path:
                wrong.add((*path, key))
    for *outer, step in sorted(wrong - {()}, reverse=True):
        at(content, outer)[step] = None
    return list(mistakes.values())


def node_of(content: Mapping, path: Keys, key: str | None = None) -> Node:
    """Return the node of a value, or of its key if that is what is wrong or all there is."""
    value: Any = content
    of_key = node = content.node
    for step in path:
        of_key, node = value.nodes[step] if isinstance(step, str) else (node.value[step],) * 2
        value = value[step]
    if key is not None:
        return value.nodes[key][0]
    return of_key if value is None or (path == ("labels",) and not value) else node


def at(content: Any, path: Iterable[str | int]) -> Any:
    """Return what is at a place of the content."""
    for step in path:
        content = content[step]
    return content


def _conforms(kind: type, function: Callable[[Any], object], value: object) -> bool:
    if isinstance(value, kind):
        function(value)
    return True


def _messages(
    error: ValidationError, path: Keys, content: Mapping
) -> Iterator[tuple[str | None, str]]:
    """Yield what is wrong: the key, if not its value is, and the message."""
    keyword, schema, value = error.validator, error.schema, error.instance
    if "propertyNames" in error.absolute_schema_path:
        if keyword == "format":
            yield value, reason(error.cause)
    elif keyword == "minProperties" and value.node.value:
        return  # its keys are reported already
    elif keyword == "required" and not path:
        known = sorted(schema["properties"])
        if ["labels"] not in [get_close_matches(key.lower(), known, 1) for key in value]:
            yield None, NO_LABELS
    elif keyword == "additionalProperties":
        known = schema["properties"]
        for key in (key for key in value if key not in known):
            place = schema["misplaced"].get(key)
            unknown = f"The key {key!r} is unknown here. {advice(key, known)}"
            yield key, f"{key!r} {place}." if place else unknown
    elif keyword == "dependentRequired":
        for key, (file,) in error.validator_value.items():
            yield key, f"{key!r} chooses from a lock file, and needs {file!r} beside it."
    elif keyword == "not":
        names = error.validator_value["required"]
        stated = [key for key in value if key in names]
        for key in stated[1:]:
            line = value.nodes[stated[0]][0].start_mark.line + 1
            other = f"{stated[0]!r} (line {line})"
            yield key, f"{key!r} and {other} exclude each other: leave one out."
    else:
        yield None, _of_value(error, path, node_of(content, path))


def _of_value(error: ValidationError, path: Keys, node: Node) -> str:
    keyword, schema, value = error.validator, error.schema, error.instance
    name = repr(path[-1]) if isinstance(path[-1], str) else f"An item of {path[-2]!r}"
    form = schema.get("errorMessage")
    kind = error.validator_value if keyword == "type" else keyword
    if isinstance(kind, list):
        kind = "several" if form and "null" not in kind else kind[0]
    if keyword == "format":
        return reason(error.cause)
    if keyword == "pattern" and "patternErrorMessage" in schema:
        return f"{schema['patternErrorMessage']}."
    if keyword == "pattern" and "${" in value:
        return "${...} stands for a variable in 'token' alone."
    if kind == "string" and form:
        return f"{form}."
    if kind == "string" and value is not None:
        return str(not_text(node, name))
    if kind == "string" and re.search(schema["pattern"], ""):
        return f'{name} has no value: write "" to take it away.'
    return f"{name} {MESSAGES.get(kind, '{form}').format(form=form)}."
