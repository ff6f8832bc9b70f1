"""Modules that two packages of an environment bring: conda writes one over the other."""

from __future__ import annotations

from ...repository.package import File
from .contents import SITE_PACKAGES, Contents

#: By dotted name, the file of a module.
Modules = dict[str, File]
ENDS = (".py", ".so", ".pyd")
#: What many wheels leave beside their own modules, though nobody imports it.
STRAYS = frozenset(("benchmarks", "doc", "docs", "example", "examples", "scripts", "test", "tests"))
#: Bytes; the `__init__.py` of a namespace that packages share has a line of code, and perhaps a
#: licence (https://packaging.python.org/guides/packaging-namespace-packages).
LARGEST_NAMESPACE = 1024


def modules_of(contents: Contents) -> Modules:
    """Return the modules that a package brings."""
    modules = {}
    for path, file in contents.files.items():
        inside = SITE_PACKAGES.match(path)
        if inside and path.endswith(ENDS):
            *folders, name = path[inside.end() :].split("/")
            stem = name.partition(".")[0]
            parts = folders if stem == "__init__" else [*folders, stem]
            if parts and parts[0] not in STRAYS and all(map(str.isidentifier, parts)):
                modules[".".join(parts)] = file
    return modules


def shared_modules(first: Modules, second: Modules) -> tuple[str, ...]:
    """Return the modules that two packages have both, without those in others of them, sorted."""
    shared = {
        name
        for name in first.keys() & second.keys()
        if not (_is_namespace(name, first) and _is_namespace(name, second))
    }
    return tuple(sorted(name for name in shared if shared.isdisjoint(_around(name))))


def importable(contents: Contents) -> tuple[str, ...]:
    """Return what of a package to import, to see whether it works: its modules that are in no
    package, and the outermost packages in its namespaces, sorted.
    """
    modules = modules_of(contents)
    names = {name.partition(".")[0] for name in modules}
    inits = {path: f for path, f in contents.files.items() if path.endswith("/__init__.py")}
    packages = modules_of(Contents(inits))
    for namespace in names - modules.keys():
        inside = {name for name in packages if name.startswith(f"{namespace}.")}
        names |= {name for name in inside if inside.isdisjoint(_around(name))}
    return tuple(sorted(names))


def _is_namespace(name: str, modules: Modules) -> bool:
    inside = any(other.startswith(f"{name}.") for other in modules)
    return inside and modules[name].size <= LARGEST_NAMESPACE


def _around(name: str) -> list[str]:
    """Return the packages that a module is in."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
