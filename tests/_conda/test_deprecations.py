"""Nothing that is used of conda is about to go, as far as the conda at hand says so itself."""

from __future__ import annotations

import ast
import inspect
import sys
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from conda import deprecations

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@cache
def imported(module: str, name: str) -> tuple[object, str]:
    """What an import gives, and what conda warns of it; an empty name is the module itself."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = getattr(import_module(module), name) if name else import_module(module)
        except (ImportError, AttributeError):  # another conda has it
            return None, ""
    own = [str(w.message) for w in caught if str(w.message).startswith(f"{module}.{name}")]
    if isinstance(value, ModuleType) and "\ndeprecated.module(" in inspect.getsource(value):
        own.append(f"{value.__name__} is deprecated")
    return value, next(iter(own), "")


@cache
def members() -> dict[str, str]:
    """What conda warns of where members of its classes are used, by their names."""
    modules = [module for name, module in [*sys.modules.items()] if name.startswith("conda.")]
    classes = [c for m in modules for c in vars(m).values() if isinstance(c, type)]
    all_members = (item for c in classes for item in vars(c).items() if item[0] != "__init__")
    told = {name: warning(value) for name, value in all_members if not isinstance(value, type)}
    return {name: message for name, (message, argument) in told.items() if message and not argument}


def going(source: str) -> Iterator[str]:
    """What conda warns of in a module of ours."""
    nodes = [*ast.walk(ast.parse(source))]
    arguments = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [(str(node.module), alias.name) for alias in node.names]
        else:
            names = [(a.name, "") for a in node.names] if isinstance(node, ast.Import) else []
        for module, name in names:
            if module.partition(".")[0] == "conda":
                value, told = imported(module, name)
                message, argument = warning(value)
                arguments[name] = argument, message
                yield from filter(None, (told, "" if argument else message))
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in members():
            yield members()[node.attr]
        elif isinstance(node, ast.Call):
            argument, message = arguments.get(getattr(node.func, "id", ""), ("", ""))
            if argument and argument in [keyword.arg for keyword in node.keywords]:
                yield message


def test_nothing_of_conda_is_about_to_go() -> None:
    told = {(path.name, text) for path in FILES for text in going(path.read_text("utf-8"))}
    assert not told


def test_what_is_about_to_go_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "offline_repo_old.py").write_text(OLD)
    monkeypatch.setattr(sys.modules["conda"], "__path__", [str(tmp_path)])
    for kept in (members, imported):
        kept.cache_clear()
    try:
        told = [text.partition(" is ")[0] for text in going(USE)]
    finally:
        for kept in (members, imported):
            kept.cache_clear()
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
