"""The story of reading `offline-repo.yml`: from its text to the options of every label."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml.nodes import MappingNode

from ...exceptions import ConfigFileError, Mistake, OfflineRepoError
from ...files import yaml_nodes
from ...redaction import secrets_in
from ...repository.names import check_written
from ...repository.remembered import Remembered
from ..archives.installers import check_installers
from ..request.channels import sources
from ..request.customer import customer
from ..request.machine import parse_virtual_package
from ..request.request import TOKEN
from . import schema
from .formats import reason
from .values import WAYS, common_options, label_options, path_of

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

    from ..options import Options
    from .schema import Keys


def read(
    path: Path, defaults: Options, environ: Mapping[str, str], labels: Collection[str] = ()
) -> tuple[Options, ...]:
    """Return the options of every label of the file, in its order.

    They are all of the request: nothing is remembered from earlier builds.

    Args:
        path: The file.
        defaults: The root, channels, keys and platform that hold where the file says nothing.
        environ: The environment variables that tokens are taken from.
        labels: Those that will be built; none for all. The variables of others need not be set.

    Raises:
        ConfigFileError: The file cannot be read, or has mistakes.
    """
    _, options = parse(yaml_nodes.read_text(path), path, defaults, environ, labels)
    return tuple(replace(own, token=own.token and environ.get(own.token)) for own in options)


def parse(
    text: str,
    path: Path,
    defaults: Options,
    environ: Mapping[str, str] | None = None,
    labels: Collection[str] = (),
) -> tuple[yaml_nodes.Mapping, tuple[Options, ...]]:
    """Return the data of the file, and the options of its labels.

    A token there is the name of its environment variable. See `read`.

    Args:
        text: Of the file.
        path: Of the file: relative paths begin at its folder.
        environ: The variables that have to have the tokens; None to leave them alone.
    """
    node = yaml_nodes.compose(text, path)
    if not isinstance(node, MappingNode):
        raise ConfigFileError(path, [Mistake(1, 1, schema.NO_LABELS)])
    reader = _Reader(node, path.absolute().parent, environ)
    options = reader.options(defaults, labels)
    if reader.mistakes:
        redact = secrets_in((), tokens=reader.secrets).redact
        mistakes = (replace(m, message=redact(m.message)) for m in reader.mistakes)
        raise ConfigFileError(path, mistakes)
    return reader.data, options


class _Reader:
    """Makes options of what is right in the file, and collects what is not."""

    def __init__(self, node: MappingNode, folder: Path, environ: Mapping[str, str] | None) -> None:
        self.folder, self.environ = folder, environ
        self.mistakes: list[Mistake] = []
        self.secrets: set[str] = set()
        self.data = yaml_nodes.data(node, self._note)
        # of a key that stands there twice, both values are checked
        last = yaml_nodes.data(node, self._note, last=True) if self.mistakes else self.data
        for data in [self.data] if last == self.data else [last, self.data]:
            for place, message in schema.check(data, folder):
                self._note(place, message)

    def options(self, defaults: Options, labels: Collection[str]) -> tuple[Options, ...]:
        common = common_options(defaults, self.data, self.folder)
        self._check((), needs_token=True)
        if self.data.get("root"):
            with self._noting(("root",)):
                check_written(common.root.absolute())
        names = tuple(self.data.get("labels") or ())
        self._check_case("label", names, ("labels",))
        return tuple(self._label(name, common, not labels or name in labels) for name in names)

    def _note(self, node: Node, message: str) -> None:
        self.mistakes.append(yaml_nodes.mistake(node, message))

    def _say(self, message: str, path: Keys, key: str | None = None) -> None:
        self._note(schema.node_of(self.data, path, key), message)

    @contextmanager
    def _noting(self, path: Keys, hint: str = "") -> Iterator[None]:
        """Note what is wrong with the value at a path."""
        try:
            yield
        except OfflineRepoError as error:
            self._say(f"{reason(error)} {hint}".strip(), path)

    def _label(self, name: str, common: Options, needs_token: bool) -> Options:
        path = ("labels", name)
        stated = self.data["labels"][name] or {}
        options = label_options(common, name, stated, self.folder)
        self._check(path, needs_token)
        self._check_case("environment", stated.get("environments") or (), (*path, "environments"))
        if not options.label_channel and not stated.keys() & {*WAYS, "environments"}:
            problem = f"{name!r} ships nothing without its label channel: name packages."
            self._say(problem, path[:1], name)
        if "customer_solvers" in {*stated, *self.data}:
            outer = path if "customer_solvers" in stated else ()
            with self._noting((*outer, "customer_solvers")):
                customer(
                    options.customer_conda,
                    options.customer_solvers,
                    Remembered(),
                    options.index_version or 1,
                )
        if "channels" in {*stated, *self.data}:
            outer = path if "channels" in stated else ()
            channels = schema.at(self.data, outer)["channels"] or [None]
            if options.label_channel and None not in channels:
                hint = "Name the publisher first, or write label_channel: false."
                with self._noting((*outer, "channels"), hint):
                    sources(options.channels, None, label=name, label_channel=True)
        elif not options.channels and not any(spec.file for spec in options.environments):
            self._say(f"No channel is named for {name!r}, or configured.", path[:1], name)
        return options

    def _check(self, path: Keys, needs_token: bool) -> None:
        """Note what is wrong with values of the top, or of a label, beyond the schema."""
        stated = schema.at(self.data, path) or {}
        if needs_token and self.environ is not None and stated.get("token"):
            variable = stated["token"][2:-1]
            token = self.environ.get(variable)
            problem = None if token else "is not set, or empty"
            if token and not TOKEN.fullmatch(token):
                problem = "has a character that no token has: tokens are of letters, digits and '-'"
            elif token:
                self.secrets.add(token)
            if problem:
                self._say(f"The environment variable {variable} {problem}.", (*path, "token"))
        for platform, machine in (stated.get("virtual_packages") or {}).items():
            for name, version in (machine or {}).items():
                if version is not None:
                    with self._noting((*path, "virtual_packages", platform, name)):
                        parse_virtual_package(f"{platform}:{name}={version}")
        files: list[Path] = []
        for index, text in enumerate(stated.get("installers") or ()):
            if text is not None:
                files.append(path_of(self.folder, text))
                try:
                    check_installers(files)
                except OfflineRepoError as error:
                    problem = reason(error).replace(str(files.pop()), repr(text))
                    self._say(problem, (*path, "installers", index))

    def _check_case(self, kind: str, names: Collection[str], path: Keys) -> None:
        """Note names that Windows cannot tell apart."""
        known: dict[str, str] = {}
        for name in names:
            other = known.setdefault(name.casefold(), name)
            if other != name:
                line = schema.node_of(self.data, path, other).start_mark.line + 1
                problem = f"Windows cannot tell the {kind} {name!r} from {other!r} on line {line}."
                self._say(problem, path, name)
