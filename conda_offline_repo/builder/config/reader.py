"""What is right in the file, as settings, and all that is not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ...specs import check_together, parse_spec
from ..archives.installers import check_installers
from ..exceptions import InstallerError
from ..options import EnvironmentSpec
from ..request.channels import sources
from ..request.machine import parse_virtual_package
from ..request.request import TOKEN
from . import nodes, schema
from .exceptions import Mistake
from .formats import channel_of, checks, path_of, prefix_of, reason
from .settings import Content, Label, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from ruamel.yaml.nodes import MappingNode, Node

    from .settings import Defaults

    Keys = tuple[str | int, ...]

#: The ways to say what a label, or an environment of it, is to have.
WAYS = ("packages", "environment", "file", "from_prefix")


class Reader:
    """Makes settings of what is right in the file, and collects what is not.

    Attributes:
        mistakes: Those found so far.
        secrets: Texts that no message may have.
    """

    def __init__(self, node: MappingNode, folder: Path, defaults: Defaults) -> None:
        self.folder, self.defaults = folder, defaults
        self._path = partial(path_of, folder)
        self.mistakes: list[Mistake] = []
        self.secrets: set[str] = set()
        self._wrong: set[Keys] = set()
        self._data = nodes.data(node, self._note)
        # of a key that stands there twice, both values are checked
        last = nodes.data(node, self._note, last=True) if self.mistakes else self._data
        for data in [self._data] if last == self._data else [self._data, last]:
            for kind, path, key, message in schema.check(data, checks(folder)):
                self._note(schema.node_of(data, path, key), message)
                if kind == "value":
                    self._wrong.add(path)
                elif key is not None and (kind == "unknown" or "virtual_packages" in path):
                    self._wrong.add((*path, key))

    def content(self, environ: Mapping[str, str] | None, wanted: Collection[str]) -> Content:
        """Return what the file says; what is wrong in it is left out.

        Args:
            environ: The variables that tokens are taken from; None to take none.
            wanted: The labels whose tokens are taken; none for all.
        """
        top = self._right(())
        common = self._settings((), environ)
        labels = self._names("label", ("labels",)) if "labels" in self._data else ()
        return Content(
            self._path(top["root"]) if "root" in top else None,
            common,
            tuple(
                self._label(name, common, environ if not wanted or name in wanted else None)
                for name in labels
            ),
            self._data["labels"].node if labels else self._data.node,
        )

    def _note(self, node: Node, message: str) -> None:
        mark = node.start_mark
        self.mistakes.append(Mistake(mark.line + 1, mark.column + 1, message))

    def _say(self, message: str, path: Keys, key: str | None = None) -> None:
        self._note(schema.node_of(self._data, path, key), message)

    def _right(self, path: Keys) -> dict[Any, Any]:
        """Return the values in a collection that nothing is wrong with, by key or by number."""
        value = {} if path in self._wrong else schema.at(self._data, path) or {}
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {key: value for key, value in items if (*path, key) not in self._wrong}

    def _label(self, name: str, common: Settings, environ: Mapping[str, str] | None) -> Label:
        path = ("labels", name)
        said = self._settings(path, environ).over(common)
        value = schema.at(self._data, path)
        keys = {*value} if isinstance(value, dict) else set()
        if said.label_channel is False and not keys & {*WAYS, "environments"}:
            problem = f"Without its label channel, there is nothing to ship for {name!r}"
            self._say(f"{problem}: name packages.", path[:1], name)
        if "channels" in keys:
            self._check_order(name, said, (*path, "channels"))
        elif "channels" in self._data:
            self._check_order(name, said, ("channels",))
        elif not self.defaults.channels:
            self._say(f"No channel is named for {name!r}, or configured.", path[:1], name)
        return Label(name, said, tuple(self._environments(path)))

    def _check_order(self, label: str, said: Settings, path: Keys) -> None:
        """Note channels whose order cannot be meant for a label."""
        if said.label_channel is False or any(keys[: len(path)] == path for keys in self._wrong):
            return
        try:
            sources(said.channels or (), None, label=label, label_channel=True, token=None)
        except InvalidRequestError as error:
            hint = "Name the publisher first, or write label_channel: false."
            self._say(f"{reason(error)} {hint}", path)

    def _settings(self, path: Keys, environ: Mapping[str, str] | None) -> Settings:
        said = self._right(path)

        def each(key: str, convert: Callable[[str], Any]) -> tuple[Any, ...] | None:
            if isinstance(said.get(key), str):
                return (convert(said[key]),)
            return tuple(map(convert, self._right((*path, key)).values())) if key in said else None

        plugin = said.get("with_plugin")
        return Settings(
            token=self._variable((*path, "token"), environ) if "token" in said else None,
            label_channel=said.get("label_channel"),
            channels=each("channels", partial(channel_of, self.folder)),
            platforms=each("platforms", str),
            virtual_packages=self._machines((*path, "virtual_packages"))
            if "virtual_packages" in said
            else {},
            keep=said.get("keep"),
            with_plugin=self._path(plugin) if isinstance(plugin, str) else plugin,
            installers=self._installers((*path, "installers")) if "installers" in said else None,
            sign_key=each("sign_key", self._path),
        )

    def _variable(self, path: Keys, environ: Mapping[str, str] | None) -> str:
        name: str = schema.at(self._data, path)[2:-1]
        token = environ.get(name) if environ is not None else None
        if token and TOKEN.fullmatch(token):
            self.secrets.add(token)
        elif token:
            problem = f"The environment variable {name} has a character that no token has"
            self._say(f"{problem}: tokens are of letters, digits and '-'.", path)
        elif environ is not None:
            self._say(f"The environment variable {name} is not set, or empty.", path)
        return name

    def _machines(self, path: Keys) -> dict[tuple[str, str], str]:
        machines = {}
        for platform in self._right(path):
            for name, version in self._right((*path, platform)).items():
                machines[platform, name] = version
                try:
                    parse_virtual_package(f"{platform}:{name}={version}")
                except InvalidRequestError as error:
                    self._say(reason(error), (*path, platform, name))
        return machines

    def _installers(self, path: Keys) -> tuple[Path, ...]:
        files: list[Path] = []
        for index, text in self._right(path).items():
            files.append(self._path(text))
            try:
                check_installers(files)
            except InstallerError as error:
                file = files.pop()
                self._say(reason(error).replace(str(file), repr(text)), (*path, index))
        return tuple(files)

    def _environments(self, path: Keys) -> Iterator[EnvironmentSpec]:
        yield from self._environment("", path)
        if "environments" in self._right(path):
            path = (*path, "environments")
            for name in self._names("environment", path):
                yield from self._environment(name, (*path, name))

    def _environment(self, name: str, path: Keys) -> Iterator[EnvironmentSpec]:
        """Yield what a label or an environment asks for, one for each way that it says it."""
        value = schema.at(self._data, path)
        ways: dict[str, Any] = {"packages": value} if isinstance(value, list) else self._right(path)
        for way in (way for way in ways if way in WAYS):
            place = path if isinstance(value, list) else (*path, way)
            if way == "packages":
                packages = tuple(map(parse_spec, self._right(place).values()))
                try:
                    check_together(packages)
                except InvalidRequestError as error:
                    self._say(reason(error), place)
                yield EnvironmentSpec(name, packages)
            elif way == "from_prefix":
                yield EnvironmentSpec(name, prefix=prefix_of(self.folder, ways[way]))
            else:
                yield EnvironmentSpec(name, file=self._path(ways[way]))

    def _names(self, kind: str, path: Keys) -> tuple[str, ...]:
        """Return the keys of a mapping, and note those that Windows cannot tell apart."""
        content = schema.at(self._data, path)
        names = tuple(content) if isinstance(content, dict) else ()
        known: dict[str, str] = {}
        for name in names:
            other = known.setdefault(name.casefold(), name)
            if other != name:
                line = schema.node_of(self._data, path, other).start_mark.line + 1
                problem = f"Windows cannot tell the {kind} {name!r} from {other!r} on line {line}."
                self._say(problem, path, name)
        return names
