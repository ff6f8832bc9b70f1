"""Nothing that is used of conda is about to go, as far as the conda at hand says so itself."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from conda import deprecations
from conda.base.context import context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = [
    path
    for name in ("conda_offline_repo", "dev", "tests")
    for path in (REPOSITORY / name).rglob("*.py")
]
#: As if a module of conda's had it: what goes, each kind, and one thing that stays.
OLD = """
from conda.deprecations import DeprecationHandler

deprecated = DeprecationHandler("26.9")
deprecated.module("26.9", "27.3")
deprecated.constant("26.9", "27.3", "constant", 1)

@deprecated("27.3", "27.9")
def function(): ...

@deprecated.argument("26.9", "27.3", "argument")
def changed(**kwargs): ...

@deprecated("26.9", "27.3")
class Class:
    def __init__(self): ...

class Staying:
    @property
    @deprecated("26.9", "27.3")
    def old_property(self): ...

    @staticmethod
    @deprecated("26.9", "27.3")
    def old_method(): ...

    def method(self): ...
"""
USE = """
import conda.offline_repo_old
from conda import offline_repo_old
from conda.offline_repo_old import Class, Staying, changed, constant, function

Staying().method()
Staying().old_property
Staying.old_method()
changed(argument=1)
changed(other=1)
"""


def warning(value: object) -> tuple[str, str]:
    """What conda warns of where a value is called or looked up, and with which argument alone."""
    if isinstance(value, type):
        value = value.__init__  # type: ignore[misc]
    function = getattr(value, "fget", None) or getattr(value, "__func__", value)
    if (
        isinstance(function, FunctionType)
        and function.__code__.co_filename == deprecations.__file__
    ):
        closure = inspect.getclosurevars(function).nonlocals
        return str(closure.get("message", "")), str(closure.get("argument", ""))
    return "", ""


def imported(module: str, name: str) -> tuple[object, str]:
    """What an import gives, and what conda warns of it; an empty name is the module itself."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = import_module(module)
            if name:
                has = hasattr(value, name)
                value = getattr(value, name) if has else import_module(f"{module}.{name}")
        except ImportError:  # another conda has it
            return None, ""
    own = [str(w.message) for w in caught if str(w.message).startswith(f"{module}.{name}")]
    if isinstance(value, ModuleType) and "\ndeprecated.module(" in inspect.getsource(value):
        own.append(f"{value.__name__} is deprecated")
    return value, next(iter(own), "")


def members(cls: type) -> dict[str, str]:
    """What conda warns of where members of a class are used, by their names."""
    own = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
    told = {name: warning(own[name]) for name in own.keys() - {"__init__"}}
    return {name: message for name, (message, argument) in told.items() if message and not argument}


def imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Modules of conda that are imported, and names in them; an empty one is the module itself."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level:
            pairs = [(str(node.module), alias.name) for alias in node.names]
        else:
            pairs = [(a.name, "") for a in node.names] if isinstance(node, ast.Import) else []
        yield from (pair for pair in pairs if pair[0].partition(".")[0] == "conda")


def going(sources: Iterable[str]) -> Iterator[str]:
    """What conda warns of in modules of ours.

    The members of a class are looked for by their names, of those classes that are imported or that
    imported values have.
    """
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    attributes, arguments = members(type(context.plugin_manager)), {}
    for module, name in sorted({*imports(nodes)}):
        value, told = imported(module, name)
        message, argument = warning(value)
        attributes |= members(value if isinstance(value, type) else type(value))
        arguments[name] = argument, message
        yield from filter(None, (told, "" if argument else message))
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in attributes:
            yield attributes[node.attr]
        elif isinstance(node, ast.Call):
            argument, message = arguments.get(getattr(node.func, "id", ""), ("", ""))
            if argument and argument in [keyword.arg for keyword in node.keywords]:
                yield message


def test_nothing_of_conda_is_about_to_go() -> None:
    texts = (path.read_text("utf-8") for path in FILES)
    assert not [
        *going(text for text in texts if re.search(r"^ *(from|import) conda\b", text, re.M))
    ]


def test_what_is_about_to_go_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "offline_repo_old.py").write_text(OLD)
    monkeypatch.setattr(sys.modules["conda"], "__path__", [str(tmp_path)])
    try:
        told = [text.partition(" is ")[0] for text in going([USE])]
    finally:
        sys.modules.pop("conda.offline_repo_old", None)
        vars(sys.modules["conda"]).pop("offline_repo_old", None)
    module = "conda.offline_repo_old"
    names = (
        "Class",
        "constant",
        "function",
        "Staying.old_property",
        "Staying.old_method",
        "changed(argument)",
    )
    assert sorted(told) == sorted((module, module, *(f"{module}.{name}" for name in names)))
