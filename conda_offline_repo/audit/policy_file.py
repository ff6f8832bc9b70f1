"""A policy in a file: one of its own, or `offline-repo.yml`."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING

from ..exceptions import ConfigFileError, Mistake
from ..files.yaml_nodes import Mapping, compose, data, read_text
from .exceptions import PolicyError
from .policy import parse_policy, put_over

if TYPE_CHECKING:
    from pathlib import Path

    from ruamel.yaml.nodes import Node

    from .policy import Policy


def read_policy(path: Path, label: str) -> Policy:
    """Return the policy that a YAML file states for a label; see `put_over`.

    Raises:
        PolicyError: It cannot be read, is not such YAML, or has mistakes; names their places.
        LicensesMissingError: As `parse_policy`.
    """
    mistakes: list[Mistake] = []

    def note(node: Node, message: str) -> None:
        mark = node.start_mark
        mistakes.append(Mistake(mark.line + 1, mark.column + 1, message))

    try:
        node = compose(read_text(path), path)
        content = data(node, note) if node else None
        labels = content.get("labels") if isinstance(content, Mapping) else None
        both = (content, labels.get(label) if isinstance(labels, Mapping) else None)
        parts = [part for part in both if isinstance(part, Mapping) and "policy" in part]
        for part in parts:
            try:
                parse_policy(part["policy"])
            except PolicyError as error:
                for problem in error.problems:
                    note(_node_of(problem, part.nodes["policy"][1]), problem)
        if not parts:
            mistakes.append(Mistake(1, 1, f"There is no key 'policy' at its top or in {label!r}."))
        if mistakes:
            raise ConfigFileError(path, mistakes)
    except ConfigFileError as error:
        places = [f"{path}:{m['line']}:{m['column']}: {m['message']}" for m in error.mistakes]
        raise PolicyError(path, places) from None
    return parse_policy(reduce(put_over, (part["policy"] for part in parts)), path)


def _node_of(problem: str, node: Node) -> Node:
    """Return the node of what a problem is about, as of `policy.exceptions[0].until: ...`."""
    for step in re.findall(r"[.[](\w+)", problem.partition(" ")[0]):
        parts = node.value
        node = parts[int(step)] if step.isdigit() else {k.value: v for k, v in parts}[step]
    return node
