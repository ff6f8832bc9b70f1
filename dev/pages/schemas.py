"""`schema FILE [DEFINITION]`: the keys that a JSON schema describes, as a part of a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from dev.pages.texts import prose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FOLDER = Path(__file__).parents[2] / "schema"
NAMES = {"string": "text", "integer": "number", "boolean": "true or false"}


class Schema:
    """A JSON schema whose references stay within it.

    Attributes:
        definitions: its `$defs`.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.definitions: dict[str, Any] = content.get("$defs", {})

    def resolved(self, schema: Any) -> dict[str, Any]:
        """A part of it with what it refers to; what stands beside a reference goes first."""
        if not isinstance(schema, dict):
            return {}
        name = schema.get("$ref", "").removeprefix("#/$defs/")
        if not name:
            return schema
        return {**self.resolved(self.definitions[name]), **schema}

    def kind(self, schema: Any) -> str:
        """What a value is, in words."""
        resolved = self.resolved(schema)
        if "const" in resolved:
            return json.dumps(resolved["const"])
        if "enum" in resolved:
            return " or ".join(map(json.dumps, resolved["enum"]))
        if "anyOf" in resolved and "type" not in resolved:
            kinds = (self.kind(choice) for choice in resolved["anyOf"])
            return " or ".join(dict.fromkeys(kind for kind in kinds if kind))
        types = resolved.get("type", ())
        types = [types] if isinstance(types, str) else types
        return " or ".join(self._named(name, resolved) for name in types)

    def _named(self, name: str, resolved: dict[str, Any]) -> str:
        if name == "array" and (kind := self.kind(resolved.get("items"))):
            return f"list of {kind}"
        if name == "object" and (kind := self.kind(resolved.get("additionalProperties"))):
            return f"by name: {kind}"
        return NAMES.get(name, name)

    def properties(self, schema: Any) -> dict[str, Any]:
        """The keys of a value, of its items, or of what it has by name."""
        resolved = self.resolved(schema)
        if "properties" in resolved:
            return dict(resolved["properties"])
        for key in ("items", "additionalProperties"):
            if key in resolved and (inner := self.properties(resolved[key])):
                return inner
        for choice in resolved.get("anyOf", ()):
            if inner := self.properties(choice):
                return inner
        return {}


def schema(file: str, definition: str = "") -> str:
    """The keys of a schema, or of one of its definitions."""
    whole = Schema(json.loads((FOLDER / file).read_text("utf-8")))
    part = whole.resolved(whole.definitions[definition] if definition else whole.content)
    text = part.get("description")
    return "\n\n".join([*([prose(text)] if text else ()), "\n".join(_keys(whole, part))])


def _keys(schema: Schema, part: dict[str, Any], indent: str = "") -> Iterator[str]:
    required = schema.resolved(part).get("required", ())
    for key, value in schema.properties(part).items():
        resolved = schema.resolved(value)
        always = ", always there" if key in required else ""
        texts = [f"`{key}` ({schema.kind(value)}{always})"]
        if description := resolved.get("description"):
            texts.append(f": {description}")
        for example in resolved.get("examples", ()):
            texts.append(f" Example: `{json.dumps(example)}`")
        yield prose("".join(texts), indent, "- ")
        # what has a name of its own is described in its place
        if schema.properties(value) and not _is_named(value):
            yield from _keys(schema, value, f"{indent}  ")


def _is_named(value: dict[str, Any]) -> bool:
    """Whether a value, or each of its items, is described by a definition."""
    parts = (value.get("items"), value.get("additionalProperties"), *value.get("anyOf", ()))
    return "$ref" in value or any(_is_named(part) for part in parts if isinstance(part, dict))
