"""The story of writing a label to `offline-repo.yml`, which may be there already."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from ...exceptions import ConfigFileError
from ...files import atomic, yaml_nodes
from ...files.permissions import open_up
from ...urls import public
from ..exceptions import ConfigWriteError
from ..request.inputs.pip_line import VARIABLE, urls_in
from .entry import entry, relative
from .read import parse
from .values import common_options, label_options

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode

    from ...repository.remembered import Remembered
    from ..options import Options

#: What every reader of YAML takes for this very text without quotes.
PLAIN = re.compile(r"(?:\.{0,2}/)?[A-Za-z_][A-Za-z0-9_./+-]*(?:://[A-Za-z0-9_./%+-]+)?", re.ASCII)
#: What some readers take for something else, all the same.
WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
#: How long a list is that has a line to itself.
LONGEST = 70


def write(path: Path, options: Options, request: Remembered, defaults: Options) -> None:
    """Write a label to a file, whole or not at all; what else stands in it stays as it is.

    What is the default, or said of all labels in the file, is left out. The root, channels and
    platforms are always said: their defaults differ from machine to machine.

    Args:
        path: The file; it need not exist.
        options: Of the build; the token is the name of the environment variable that has it.
        request: What the build remembers.
        defaults: See `read.read`.

    Raises:
        ConfigFileError: The file has mistakes.
        ConfigWriteError: The label is in the file already, the file is another root's or a link, or
            it cannot be written, or not so that it is read as it was meant.
    """
    label, folder = options.label, path.absolute().parent
    if os.path.islink(path):
        raise ConfigWriteError(path, label, "it is a link", "Give the file that it leads to.")
    old = yaml_nodes.read_text(path) if os.path.exists(path) else ""
    top: Mapping[str, Any] = {"root": relative(options.root, folder)}
    labels: tuple[Options, ...] = ()
    if old:
        top, labels = parse(old, path, defaults)
    common = common_options(defaults, top, folder)
    for obstacle in _obstacles(options, request, common, top):
        raise ConfigWriteError(path, label, *obstacle)
    stated = entry(options, request, common, top, folder)
    added = {label: stated}
    text = _with_label(old, top["labels"].node, added) if old else _yaml({**top, "labels": added})
    try:
        _, after = parse(text, path, defaults)
    except ConfigFileError as error:
        reason = str(error.mistakes[0]["message"]).removesuffix(".")
        raise ConfigWriteError(path, label, reason) from error
    if {*after} != {*labels, label_options(common, label, stated, folder)}:
        reason = "the file is written in a way that no label can be added to"
        hint = f"Add this below 'labels' yourself:\n{_yaml(added)}"
        raise ConfigWriteError(path, label, reason, hint)
    try:
        _place(path, text.encode())
    except OSError as error:
        raise ConfigWriteError(path, label, error.strerror or str(error)) from error


def _obstacles(
    options: Options, request: Remembered, common: Options, top: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield why a label cannot stand in a file, and what to do."""
    if os.path.realpath(common.root) != os.path.realpath(options.root):
        root = options.root.absolute()
        problem = f"the file is for the root {common.root}, and the label is in {root}"
        yield problem, "Give another file."
    for name, (key, _) in top["labels"].nodes.items() if "labels" in top else ():
        if name.casefold() == options.label.casefold():
            line = key.start_mark.line + 1
            yield f"the file has it already, on line {line}", "Change it there."
    if common.token and not options.token:
        problem = "it was built without a token, and the file has one for all labels"
        yield problem, "Move 'token' to the labels that need it."
    if common.policy != "{}" and json.loads(common.policy or "{}") != request.policy:
        problem = "the file has a policy for all labels, and it was built with another"
        yield problem, "Move 'policy' to the labels that need it."
    lines = [*options.pip, *(line for spec in options.environments for line in spec.pip)]
    urls = [url for line in lines if not VARIABLE.search(line) for url in urls_in(line)]
    if any(public(url) != url.partition("#")[0].rstrip("/") for url in urls):
        problem = "an address of pip's has a password, a token or a query"
        yield problem, "Write ${VARIABLE} in its place, and set that variable."
    stated = {spec.name for spec in options.environments}.union([""] if options.pip else [])
    if any("constraints" in part for name, part in request.pip.items() if name not in stated):
        problem = "constraints of pip's were named by a file that is not known here"
        yield problem, "Name that file again."
    files = {spec.name for spec in options.environments if spec.file}
    if "" not in files and (unknown := {*request.exact} - files):
        name = min(unknown)
        of = f"the environment {name!r}" if name else "the label"
        problem = f"the archives of {of} were named exactly, by a file that is not known here"
        yield problem, "Name that file again."


def _with_label(text: str, labels: MappingNode, entry: Mapping[str, Any]) -> str:
    """Return the text of a file with a label behind the others, and all else as it was.

    ruamel.yaml could write the file anew with its comments, but not with its indents and spaces.
    """
    if labels.flow_style:
        start = text.index("{", labels.start_mark.index) + 1
        return f"{text[:start]}{_flow(entry)[1:-1]}, {text[start:].lstrip(' ')}"
    newline = "\r\n" if "\r\n" in text else "\n"
    mark = labels.value[-1][0].start_mark
    end = max(
        token.end_mark.index
        for token in YAML(typ="safe", pure=True).scan(text)
        if mark.index <= token.start_mark.index < labels.end_mark.index
    )
    end = len(text[:end].rstrip())
    # comments belong to it, too: behind it, and below as far as they stand further to the right
    comments = rf"[^\r\n]*(?:(?:\r?\n[ \t]*)*\r?\n {{{mark.column + 1},}}[^\s][^\r\n]*)*"
    match = re.compile(comments).match(text, end)
    end = match.end() if match else end
    lines = (f"{newline}{' ' * mark.column}{line}" for line in _block(entry))
    return f"{text[:end]}{''.join(lines)}{text[end:] or newline}"


def _yaml(content: Mapping[str, Any]) -> str:
    return "".join(f"{line}\n" for line in _block(content))


def _block(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a mapping, with short lists in a line."""
    for key, value in content.items():
        parts = value.values() if isinstance(value, dict) else value
        if (
            not isinstance(value, (dict, list))
            or not any(isinstance(part, (dict, list)) for part in parts)
            and len(json.dumps(value, ensure_ascii=False)) <= LONGEST
        ):
            yield f"{_flow(key)}: {_flow(value)}"
            continue
        yield f"{_flow(key)}:"
        inner = _block(value) if isinstance(value, dict) else (f"- {_flow(part)}" for part in value)
        yield from (f"  {line}" for line in inner)


def _flow(value: Any) -> str:
    """Return a value in a line, as every reader of YAML takes it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    plain = isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _place(path: Path, content: bytes) -> None:
    """Write the file whole, with the permissions that it has, or such as suit its folder."""
    with atomic.all_or_none() as beside, beside(path) as file:
        if not path.exists():
            open_up([Path(file.name)], path.parent)
        file.write(content)
    atomic.sync(path.parent)
