"""A value of the file, and what kind of value it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ruamel.yaml.nodes import CollectionNode, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

YAML_TAG = "tag:yaml.org,2002:"
FLAG = re.compile(r"(?i)true|false|yes|no|on|off")


@dataclass(frozen=True)
class Value:
    """A value of the file.

    Attributes:
        name: Its key as the file has it; of an item, that of the list.
        node: The value.
        key: Where the key is; None for an item, the value itself for a key.
    """

    name: str
    node: Node
    key: Node | None = None

    @property
    def what(self) -> str:
        """What it is, at the beginning of a sentence."""
        if self.key is self.node:
            return "A key"
        return repr(self.name) if self.key else f"An item of {self.name!r}"

    @property
    def is_nothing(self) -> bool:
        """Whether there is no value."""
        return isinstance(self.node, ScalarNode) and tag(self.node) == "null"

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, SequenceNode)

    @property
    def is_empty(self) -> bool:
        """Whether it is a list or a mapping with nothing in it."""
        return isinstance(self.node, CollectionNode) and not self.node.value

    @property
    def is_flag(self) -> bool:
        """Whether it is true or false, perhaps in a form that is not taken."""
        plain = self.plain
        return plain is not None and FLAG.fullmatch(plain) is not None

    @property
    def scalar(self) -> str:
        """The text, whatever YAML makes of it; empty for a list or a mapping."""
        return str(self.node.value) if isinstance(self.node, ScalarNode) else ""

    @property
    def plain(self) -> str | None:
        """A text without quotes; None if it is anything else."""
        if isinstance(self.node, ScalarNode) and self.node.style is None:
            return str(self.node.value)
        return None

    @property
    def place(self) -> Node:
        """Where it stands; of one that is nothing, its key."""
        return self.key if self.key and self.is_nothing else self.node

    @property
    def top(self) -> Node:
        """Where its key stands; of an item, the item."""
        return self.key or self.node


def tag(node: Node) -> str:
    """Return what YAML takes a node for: `str`, `int`, `map` and so on, or a tag of its own."""
    return str(node.tag).removeprefix(YAML_TAG)
