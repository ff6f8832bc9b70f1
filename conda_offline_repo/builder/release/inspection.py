"""What the archives of a release hold, as far as it matters where they are installed.

An archive is looked into when it comes into a solution, and not again while it stays there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

from ...printable import few
from ...repository.manifest import Manifest, package_name
from ..archives.contents import Contents, contents_of
from ..archives.facts import facts_of
from ..archives.libraries import compiled_files
from ..archives.providers import modules_of, shared_modules
from ..warnings import BuildWarning
from .exceptions import UnfitArchivesError

if TYPE_CHECKING:
    from ..archives.archive import Archive
    from ..archives.facts import Known
    from ..solving.solution import Solution
    from .plan import BuildPlan

    Read = Callable[[str], Contents]

#: How many paths or modules a message names; there may be thousands.
NAMED = 3


def inspect(plan: BuildPlan, archives: Iterable[Archive], known: Known) -> tuple[BuildWarning, ...]:
    """Look into the archives that are new in the solutions of a release, and return warnings.

    Args:
        archives: All of the release; of a dry run, new ones are not there.
        known: The facts of archives, also of other labels; gets more.

    Raises:
        UnfitArchivesError: Some would not work where they are installed.
    """
    records, by_name = plan.records, {archive.name: archive for archive in archives}

    @cache
    def read(name: str) -> Contents:
        noarch_python = records[name].get("noarch") == "python"
        return contents_of(by_name[name].path, noarch_python=noarch_python)

    useless: list[str] = []
    unlinkable: dict[str, tuple[str, ...]] = {}
    fitting: dict[str, tuple[str, ...]] = {}
    long: dict[str, BuildWarning] = {}
    changed = []
    for solution in plan.solutions:
        python, new = _python(solution, records), _new(solution, plan.last)
        changed += [solution] if new else []
        for name in new:
            noarch = records[name].get("noarch")
            # the list of files is a small part of a .conda archive, and of no other
            windows = solution.platform.startswith("win-") and name.endswith(".conda")
            if not (name.startswith("noarch/") or noarch == "python" or windows):
                continue
            facts = facts_of(by_name[name], records, known)
            paths, is_useless = compiled_files(facts.native, solution.platform, python)
            if facts.unlinkable:
                unlinkable[name] = facts.unlinkable
            if windows and facts.long_path:
                long[name] = facts.long_path
            if is_useless:
                useless.append(f"{name}, for {solution.key}: {few(paths, NAMED)}")
            elif paths and not any(d.startswith("__") for d in records[name].get("depends") or ()):
                fitting[name] = paths
    if useless or unlinkable:
        raise UnfitArchivesError(useless, unlinkable)
    return (
        *(
            BuildWarning(
                "noarch",
                f"{name} is noarch, which is for every machine, and has compiled files for "
                f"some: {few(paths, NAMED)}. On another platform, or with another Python, it may "
                "not work.",
            )
            for name, paths in sorted(fitting.items())
        ),
        *chain.from_iterable(_providers(plan, solution, read) for solution in changed),
        *(long[name] for name in sorted(long)),
    )


def _new(solution: Solution, last: Manifest | None) -> tuple[str, ...]:
    """Return the archives that a solution did not have in the last release, or not with the same
    python.
    """
    before = {*last.solutions.get(solution.key, ())} if last else set()
    pythons = {name for name in solution.names if package_name(name) == "python"}
    return tuple(name for name in solution.names if name not in before or not pythons <= before)


def _python(solution: Solution, records: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the version of a solution's Python as the names of extension modules have it."""
    for name in solution.names:
        if package_name(name) == "python":
            record = records[name]
            version = "".join(record["version"].split(".")[:2])
            return f"{version}t" if record["build"].endswith(f"cp{version}t") else version
    return ""


def _providers(plan: BuildPlan, solution: Solution, read: Read) -> Iterator[BuildWarning]:
    """Yield a warning of each package that has modules which a package from a wheel has as well."""
    converted = {entry.name for entry in solution.converted}
    names = sorted(solution.names, key=lambda name: (name not in converted, name))
    modules = {name: modules_of(read(name)) for name in names if converted}
    owners: dict[str, list[str]] = defaultdict(list)
    for name, own in modules.items():
        for module in own:
            owners[module].append(name)
    pairs = {pair for several in owners.values() for pair in combinations(several, 2)}
    for pair in sorted(pair for pair in pairs if pair[0] in converted):
        if shared := shared_modules(*(modules[name] for name in pair)):
            yield BuildWarning(
                "two-providers",
                f"For {solution.key}, two packages have {few(shared, NAMED)}: "
                f"{' and '.join(_described(name, plan) for name in pair)}. conda installs both, "
                "and writes files of one over those of the other. Ask for only one of them.",
            )


def _described(name: str, plan: BuildPlan) -> str:
    record = plan.records[name]
    wheel = any(entry.wheel for entry in plan.entries if entry.name == name)
    return f"{record['name']} {record['version']}{' from a wheel' if wheel else ''}"
