"""Values of the file, taken at no more than their word: each is of its type, or a mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from ...redaction import found_in
from .exceptions import ConfigFileError, Mistake
from .nodes import below
from .value import Value, tag
from .words import advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ruamel.yaml.nodes import Node

#: What YAML makes of a text without quotes, by its tag.
MISREAD = {
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
    "bool": "true or false",
    "null": "nothing",
    "merge": "a sign of its own",
    "value": "a sign of its own",
}
TAGS = frozenset(MISREAD) | {"str", "seq", "map"}
#: What YAML 1.1, which many programs read, has for true and false besides.
SWITCHES = re.compile(r"(?i)yes|no|on|off")
NUMBER = re.compile(r"0|-?[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True)
class Reader:
    """Takes values out of the file, and collects its mistakes.

    Attributes:
        folder: That of the file, where relative paths begin.
        environ: The variables that tokens are taken from; None to take none.
        secrets: Texts that no message may have.
        mistakes: Those found so far.
    """

    folder: Path
    environ: Mapping[str, str] | None
    secrets: set[str] = field(default_factory=set, repr=False)
    mistakes: list[Mistake] = field(default_factory=list)

    def say(self, node: Node, message: str) -> None:
        """Note a mistake."""
        mark = node.start_mark
        self.mistakes.append(Mistake(mark.line + 1, mark.column + 1, message))

    def finish(self, path: Path) -> None:
        """End the reading of a file.

        Raises:
            ConfigFileError: There are mistakes.
        """
        if self.mistakes:
            redact = found_in((), tokens=self.secrets).redact
            raise ConfigFileError(
                path, (Mistake(one.line, one.column, redact(one.message)) for one in self.mistakes)
            )

    def tags(self, node: Node) -> None:
        """Note all tags that are not YAML's own for what JSON has."""
        seen = set()
        todo = [node]
        while todo:
            one = todo.pop()
            if id(one) not in seen:
                seen.add(id(one))
                todo += below(one)
                if tag(one) not in TAGS:
                    self.say(one, "A tag (!...) is not allowed: leave it out.")

    def entries(self, value: Value, form: str) -> list[Value]:
        """Return the entries of a mapping, of a key that stands there twice both.

        Args:
            value: The mapping.
            form: How it is written, for the message.
        """
        if not isinstance(value.node, MappingNode):
            self.say(value.place, f"{value.what} has to be a mapping: {form}.")
            return []
        found: dict[str, Node] = {}
        entries = []
        for key, node in value.node.value:
            if tag(key) == "merge":
                self.say(key, "<< is not known here: put what labels share at the top.")
                continue
            name = self.text(Value("", key, key))
            if name is None:
                continue
            first = found.setdefault(name, key)
            if first is not key:
                line = first.start_mark.line + 1
                self.say(key, f"The key {name!r} stands here twice; the first is on line {line}.")
            entries.append(Value(name, node, key))
        return entries

    def known(
        self, entries: Iterable[Value], right: tuple[str, ...], elsewhere: Mapping[str, str]
    ) -> Iterator[Value]:
        """Yield the entries whose keys are right, and note the others.

        Args:
            entries: Of one mapping.
            right: The keys that it may have.
            elsewhere: What to say of keys that belong to another mapping.
        """
        for value in entries:
            if value.name in right:
                yield value
            elif value.name in elsewhere:
                self.say(value.top, f"{value.what} {elsewhere[value.name]}.")
            else:
                what = f"The key {value.name!r} is unknown here."
                self.say(value.top, f"{what} {advice(value.name, right)}")

    def items(self, value: Value, *, or_none: str = "") -> list[Value] | None:
        """Return the items of a list; None if it is not one.

        Args:
            value: The list.
            or_none: What an empty list should be instead; nothing if it may be empty.
        """
        if not isinstance(value.node, SequenceNode):
            form = "write [A, B], or a line '- A' for each"
            self.say(value.place, f"{value.what} has to be a list: {form}.")
            return None
        if or_none and not value.node.value:
            self.say(value.node, f"{value.what} is an empty list: {or_none}.")
            return None
        return [Value(value.name, node) for node in value.node.value]

    def text(self, value: Value, *, may_be_empty: bool = False) -> str | None:
        """Return a text; None if it is not one."""
        node, what = value.node, value.what
        if not isinstance(node, ScalarNode):
            kind = "list" if isinstance(node, SequenceNode) else "mapping"
            self.say(node, f"{what} has to be a text, not a {kind}.")
        elif tag(node) not in TAGS:
            pass  # said by `tags`
        elif value.is_nothing:
            self.say(value.place, f"{what} has no value.")
        elif "${" in node.value:
            self.say(node, "${...} stands for a variable in 'token' alone.")
        elif tag(node) != "str":
            kind = MISREAD.get(tag(node), "something else")
            self.say(node, f'YAML reads {node.value} as {kind}: put it in quotes, "{node.value}".')
        elif node.style is None and SWITCHES.fullmatch(node.value):
            what = f"Many programs read {node.value} as true or false"
            self.say(node, f'{what}: put it in quotes, "{node.value}".')
        elif not node.value.isprintable():
            self.say(node, f"{what} has a character that cannot be seen.")
        elif not node.value.strip() and not may_be_empty:
            self.say(node, f"{what} is empty.")
        else:
            text: str = node.value
            return text
        return None

    def flag(self, value: Value) -> bool | None:
        """Return whether something is so; None if that is not said."""
        text = (value.plain or "").lower()
        if text not in ("true", "false"):
            self.say(value.place, f"{value.what} has to be true or false.")
            return None
        return text == "true"

    def number(self, value: Value, least: int) -> int | None:
        """Return a number that is large enough; None if it is not one."""
        text = value.plain or ""
        if not NUMBER.fullmatch(text) or int(text) < least:
            self.say(value.place, f"{value.what} has to be a whole number from {least} on.")
            return None
        return int(text)
