"""The story of writing a label to `offline-repo.yml`, which may be there already."""

from __future__ import annotations

import json
import os
import re
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from ...files import atomic
from ...files.permissions import open_up
from . import nodes
from .entry import entry, environments_of, relative, settings_of
from .exceptions import ConfigFileError, ConfigWriteError
from .read import parse
from .settings import Label, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ruamel.yaml.nodes import MappingNode

    from ...repository.manifest import Remembered
    from ..options import EnvironmentSpec, Options
    from .settings import Content, Defaults

#: What every reader of YAML takes for this very text without quotes.
PLAIN = re.compile(r"(?:\.{0,2}/)?[A-Za-z_][A-Za-z0-9_./+-]*(?:://[A-Za-z0-9_./%+-]+)?", re.ASCII)
#: What some readers take for something else, all the same.
WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
#: How long a list is that has a line to itself.
LONGEST = 70


def write(
    path: Path,
    options: Options,
    request: Remembered,
    defaults: Defaults,
    *,
    variable: str | None = None,
) -> None:
    """Write a label to a file, whole or not at all; what else stands in it stays as it is.

    What is the default, or said of all labels in the file, is left out. The root, channels and
    platforms are always said: their defaults differ from machine to machine.

    Args:
        path: The file; it may not be there yet.
        options: Of the build: label, root, keys, installers, environments and the like.
        request: What the build remembers.
        defaults: What holds where the file says nothing.
        variable: The environment variable that has the publisher's token, if there is one.

    Raises:
        ConfigFileError: The file has mistakes.
        ConfigWriteError: The label stands there already, the file is another root's or a link, or
            it cannot be written, or not so that it is read as it was meant.
    """
    label, folder = options.label, path.absolute().parent
    if os.path.islink(path):
        raise ConfigWriteError(path, label, "it is a link", "Give the file that it leads to.")
    old = nodes.read_text(path) if os.path.exists(path) else ""
    content = parse(old, path, defaults, None) if old else None
    common = content.settings if content else Settings()
    said = settings_of(options, request, common, defaults, variable)
    specs = environments_of(options, request)
    obstacle = content and _obstacle(options, content, defaults, variable)
    if obstacle := obstacle or _unknown_file(specs, request):
        raise ConfigWriteError(path, label, *obstacle)
    added = {label: entry(said, specs, folder) or None}
    if content:
        text = _with_label(old, content.node, added)
    else:
        root = relative(options.root.absolute(), folder)
        text = _yaml({"root": root, "labels": added})
    wanted = Label(label, said.over(common), specs)
    try:
        labels = parse(text, path, defaults, None).labels
    except ConfigFileError as error:
        reason = str(error.mistakes[0]["message"]).removesuffix(".")
        raise ConfigWriteError(path, label, reason) from error
    others = tuple(other for other in labels if other != wanted)
    if wanted not in labels or others != (content.labels if content else ()):
        raise ConfigWriteError(
            path,
            label,
            "the file is written in a way that no label can be added to",
            f"Put this into it by hand, below 'labels':\n{_yaml(added)}",
        )
    try:
        _place(path, text.encode())
    except OSError as error:
        raise ConfigWriteError(path, label, error.strerror or str(error)) from error


def _obstacle(
    options: Options, content: Content, defaults: Defaults, variable: str | None
) -> tuple[str, str] | None:
    """Return why a label cannot stand in a file, and what to do; None if it can."""
    root = content.root or Path(defaults.root).expanduser()
    if os.path.realpath(root) != os.path.realpath(options.root):
        label = options.root.absolute()
        return f"the file is for the root {root}, and the label is in {label}", "Give another file."
    for key, _ in content.node.value:
        if key.value.casefold() == options.label.casefold():
            line = key.start_mark.line + 1
            return f"it stands there already, on line {line}", "Change it there."
    if content.settings.token and not variable:
        return (
            "it was built without a token, and the file has one for all labels",
            "Move 'token' to the labels that need it.",
        )
    return None


def _unknown_file(
    specs: tuple[EnvironmentSpec, ...], request: Remembered
) -> tuple[str, str] | None:
    """Return that archives were named exactly whose file is not among the environments."""
    given = {spec.name for spec in specs if spec.file}
    if "" in given or given.issuperset(request.exact):
        return None
    name = min({*request.exact} - given)
    environment = f"the environment {name!r}" if name else "the label"
    problem = f"the archives of {environment} were named exactly, by a file that is not known here"
    return problem, "Name that file again."


def _with_label(text: str, labels: MappingNode, label: Mapping[str, Any]) -> str:
    """Return the text of a file with a label behind the others, and all else as it was.

    ruamel.yaml could write the file anew with its comments, but not with its indents and spaces.
    """
    if labels.flow_style:
        start = text.index("{", labels.start_mark.index) + 1
        return f"{text[:start]}{_yaml(label, flow=True)[1:-2]}, {text[start:].lstrip(' ')}"
    newline = "\r\n" if "\r\n" in text else "\n"
    mark = labels.value[-1][0].start_mark
    end = max(
        token.end_mark.index
        for token in YAML(typ="safe", pure=True).scan(text)
        if mark.index <= token.start_mark.index < labels.end_mark.index
    )
    # comments belong to it, too: behind it, and below as far as they stand further to the right
    comments = rf"[^\r\n]*(?:(?:\r?\n[ \t]*)*\r?\n {{{mark.column + 1},}}[^\s][^\r\n]*)*"
    match = re.compile(comments).match(text, len(text[:end].rstrip()))
    end = match.end() if match else end
    lines = (f"{newline}{' ' * mark.column}{line}" for line in _yaml(label).splitlines())
    return f"{text[:end]}{''.join(lines)}{text[end:] or newline}"


def _yaml(content: Mapping[str, Any], *, flow: bool = False) -> str:
    styled = _styled(content)
    if flow:
        styled.fa.set_flow_style()
    yaml = YAML()
    yaml.width = nodes.LARGEST
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(styled, stream)
    return stream.getvalue()


def _styled(value: Any) -> Any:
    """Return a value as every reader of YAML takes it, with short lists in a line."""
    if isinstance(value, str):
        plain = PLAIN.fullmatch(value) and value.lower() not in WORDS
        return value if plain else DoubleQuotedScalarString(value)
    if not isinstance(value, (dict, list)):
        return value
    inner: Any = value.values() if isinstance(value, dict) else value
    flat = not any(isinstance(item, (dict, list)) for item in inner)
    styled: Any
    if isinstance(value, dict):
        styled = CommentedMap((_styled(key), _styled(item)) for key, item in value.items())
    else:
        styled = CommentedSeq(map(_styled, value))
    if flat and len(json.dumps(value, ensure_ascii=False)) <= LONGEST:
        styled.fa.set_flow_style()
    return styled


def _place(path: Path, content: bytes) -> None:
    """Write the file whole, with the permissions that it has, or such as suit its folder."""
    with atomic.all_or_none() as beside, beside(path) as file:
        if not path.exists():
            open_up([Path(file.name)], path.parent)
        file.write(content)
    atomic.sync(path.parent)
