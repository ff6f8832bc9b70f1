"""What `offline-repo.schema.json` says of the file, and a message for each of its keywords."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from ...exceptions import OfflineRepoError, VendorMissingError
from .formats import advice, nearest, reason
from .nodes import not_text

try:
    from jsonschema import Draft202012Validator, FormatChecker
except ModuleNotFoundError as error:
    raise VendorMissingError(error.name or str(error)) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from jsonschema import ValidationError
    from ruamel.yaml.nodes import Node

    from .nodes import Mapping

    Keys = tuple[str | int, ...]

SCHEMA = json.loads(files(__package__).joinpath("offline-repo.schema.json").read_text("utf-8"))
TOP = SCHEMA["properties"]
OF_LABEL = SCHEMA["$defs"]["label"]["properties"]
OF_ENVIRONMENT = SCHEMA["$defs"]["environment"]["anyOf"][1]["properties"]
NO_LABELS = "There are no labels: write labels: {LABEL: {packages: [PACKAGE, ...]}}."
#: What to say of a key that belongs elsewhere, by the title of the mapping that it stands in.
ELSEWHERE = {
    SCHEMA["title"]: dict.fromkeys({*OF_LABEL}, "belongs to a label: put it below 'labels'"),
    "Label": {
        **dict.fromkeys({*TOP}, "belongs to the whole file: put it at the top"),
        "file": "belongs to an environment: for the label itself, write environment: FILE",
    },
    "Environment": {
        **dict.fromkeys({*TOP, *OF_LABEL}, "does not belong to an environment: put it above"),
        "environment": "belongs to a label: for an environment of it, write file: FILE",
    },
}
#: What is wrong with a value, by the keyword that says so or the type that it should be of.
MESSAGES = {
    "pattern": "is empty",
    "minItems": "is empty: {form}",
    "minProperties": "is empty: {form}",
    "anyOf": "has the wrong type: {form}",
    "minimum": "has to be a whole number from {least} on",
    "integer": "has to be a whole number from {least} on",
    "boolean": "has to be true or false",
    "array": "has to be a list: {form}",
    "object": "has to be a mapping: {form}",
    "string": "has no value",
}


def check(
    content: Mapping, formats: dict[str, Callable[[str], object]]
) -> Iterator[tuple[str, Keys, str | None, str]]:
    """Yield what is wrong with the content of the file.

    Args:
        content: Of the file.
        formats: See `formats.checks`.

    Yields:
        What is wrong: "value", "name", "unknown", "beside" or "required"; the keys that lead there,
        one key more if that itself is wrong; and the message.
    """
    checker = FormatChecker(formats=())
    for name, function in formats.items():
        checker.checks(name, raises=(OfflineRepoError, ValueError))(_of_texts(function))
    seen = set()
    for error in Draft202012Validator(SCHEMA, format_checker=checker).iter_errors(content):
        for leaf in _leaves(error):
            path = tuple(leaf.absolute_path)
            for kind, key, message in _messages(leaf, path, content):
                # of what is wrong with a value or a name, the first counts
                if (path, key, kind) not in seen:
                    seen.add((path, key, kind))
                    yield kind, path, key, message


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


def at(content: Any, path: Keys) -> Any:
    """Return what is at a place of the content."""
    for step in path:
        content = content[step]
    return content


def _of_texts(function: Callable[[str], object]) -> Callable[[object], bool]:
    def checked(value: object) -> bool:
        if isinstance(value, str):
            function(value)
        return True

    return checked


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the errors that count: of alternatives, those of the one that the value is for."""
    if not error.context or "patternErrorMessage" in error.schema:
        yield error
        return
    for _, errors in groupby(error.context, lambda one: one.schema_path[0]):
        inner = list(errors)
        if not any(one.validator == "type" and not one.path for one in inner):
            for one in inner:
                yield from _leaves(one)
            return
    texts = (one for one in error.context if one.validator_value == "string")
    yield error if "errorMessage" in error.schema else next(texts)


def _messages(
    error: ValidationError, path: Keys, content: Mapping
) -> Iterator[tuple[str, str | None, str]]:
    """Yield the kind of a mistake, the key if that is what is wrong, and the message."""
    keyword, schema, value = error.validator, error.schema, error.instance
    if "propertyNames" in error.absolute_schema_path:
        if keyword == "format":
            yield "name", value, reason(error.cause)
    elif keyword == "minProperties" and value.node.value:
        return  # its keys are reported already
    elif keyword == "required":
        if "labels" not in {nearest(key, TOP) for key in value}:
            yield keyword, None, NO_LABELS
    elif keyword == "additionalProperties":
        known = schema["properties"]
        for key in value:
            if key in known:
                continue
            if elsewhere := ELSEWHERE[schema["title"]].get(key):
                yield "unknown", key, f"{key!r} {elsewhere}."
            else:
                yield "unknown", key, f"The key {key!r} is unknown here. {advice(key, known)}"
    elif keyword in ("not", "maxProperties"):
        names = error.validator_value["required"] if keyword == "not" else schema["properties"]
        stated = [key for key in value if key in names]
        for key in stated[1:]:
            first, line = stated[0], value.nodes[stated[0]][0].start_mark.line + 1
            message = f"{key!r} stands beside {first!r} of line {line}: leave one of them out."
            yield "beside", key, message
    else:
        name = path[-1]
        what = repr(name) if isinstance(name, str) else f"An item of {path[-2]!r}"
        yield "value", None, _of_value(error, what, node_of(content, path))


def _of_value(error: ValidationError, what: str, node: Node) -> str:
    keyword, schema, value = error.validator, error.schema, error.instance
    if keyword == "format":
        return reason(error.cause)
    if keyword in ("pattern", "anyOf") and "patternErrorMessage" in schema:
        return f"{schema['patternErrorMessage']}."
    if keyword == "pattern" and "${" in value:
        return "${...} stands for a variable in 'token' alone."
    kind = error.validator_value if keyword == "type" else keyword
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "string" and "errorMessage" in schema:
        return f"{schema['errorMessage']}."
    if kind == "string" and value is not None:
        return str(not_text(node, what))
    if kind == "string" and re.search(schema["pattern"], ""):
        return f'{what} has no value: write "" to take it away.'
    form, least = schema.get("errorMessage"), schema.get("minimum")
    return f"{what} {MESSAGES[kind].format(form=form, least=least)}."
