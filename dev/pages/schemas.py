"""``{schema} FILE``: the keys that a JSON schema of ``schema/`` describes, as a part of a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from dev.pages.texts import inline

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


class SchemaDirective(SphinxDirective):
    """Describes the keys of a schema, or of one of its definitions."""

    required_arguments = 1
    option_spec = {"definition": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        path = FOLDER / self.arguments[0]
        self.env.note_dependency(str(path))
        schema = Schema(json.loads(path.read_text("utf-8")))
        name = self.options.get("definition")
        part = schema.resolved(schema.definitions[name] if name else schema.content)
        shown: list[nodes.Node] = []
        if text := part.get("description"):
            shown.append(nodes.paragraph("", "", *inline(text)))
        return [*shown, _keys(schema, part)]


def _keys(schema: Schema, part: dict[str, Any]) -> nodes.Node:
    required = schema.resolved(part).get("required", ())
    return nodes.definition_list(
        "",
        *(
            nodes.definition_list_item("", *_key(schema, key, value, key in required))
            for key, value in schema.properties(part).items()
        ),
    )


def _key(schema: Schema, key: str, value: Any, required: bool) -> Iterator[nodes.Node]:
    resolved = schema.resolved(value)
    always = " (always there)" if required else ""
    yield nodes.term("", "", nodes.literal("", key), nodes.Text(f"  {schema.kind(value)}{always}"))
    definition = nodes.definition()
    if text := resolved.get("description"):
        definition += nodes.paragraph("", "", *inline(text))
    for example in resolved.get("examples", ()):
        definition += nodes.paragraph(
            "", "", nodes.Text("Example: "), nodes.literal("", json.dumps(example))
        )
    # what has a name of its own is described in its place
    if schema.properties(value) and "$ref" not in json.dumps(value):
        definition += _keys(schema, value)
    yield definition
