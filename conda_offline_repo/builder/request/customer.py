"""The customer's conda, as far as a release depends on it: its versions and its solvers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache

from conda.models.version import VersionOrder, VersionSpec

from ..._conda.classic_solver import stated_name
from ..._conda.solver import installed_solvers
from ...exceptions import InvalidRequestError
from ...printable import quoted
from ...repository.manifest import NEEDED, NEEDED_CONDA, NEEDED_SOLVERS, VERSION_3
from ...repository.names import SOLVER, is_conda_versions
from ...repository.remembered import SOLVERS, Remembered

#: The first conda that this plugin runs on.
OLDEST = "24.7"
#: The first conda that has a solver, where older ones do without
#: (https://github.com/conda/conda-rattler-solver, recipe/meta.yaml of its first version).
SINCE = {"rattler": "25.3"}
#: A version that stands for its patch releases, as in `conda install conda=24.7`.
ALONE = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def customer(
    named: str | None, solvers: Sequence[str], before: Remembered, index_version: int = 1
) -> tuple[str, tuple[str, ...]]:
    """Return the versions and the solvers of the customer's conda: those that are named, else those
    of the last build, and of solvers that nobody ever named, all that conda's can have; where
    nothing was ever named, those that read the version of the index format.

    Raises:
        InvalidRequestError: conda does not read what is named, this plugin does not run on any such
            conda, none has such a solver, or one does not read the version of the index format.
    """
    if before.index_version != index_version:
        before = _of_version(before, index_version)
    conda = before.customer_conda if named is None else conda_versions(named)
    if solvers:
        stated = tuple(sorted({*map(solver_name, solvers)}))
    elif before.customer_solvers == solvers_of(before.customer_conda):
        stated = solvers_of(conda)
    else:
        stated = before.customer_solvers
    if late := [name for name in stated if not met(conda, SINCE.get(name, OLDEST))]:
        raise InvalidRequestError(
            f"No customer can have the solver {late[0]}: it needs conda {SINCE[late[0]]} or newer, "
            f"and theirs is {conda}.",
            "Name the solvers that they have, --customer-solver, or other versions, "
            "--customer-conda.",
        )
    if index_version == VERSION_3 and (met(conda, before="26.7") or stated != NEEDED_SOLVERS):
        raise InvalidRequestError(
            f"What is in version 3 of the index format needs {NEEDED}, and the customers' conda is "
            f"{conda} with {' or '.join(stated)}.",
            "If every customer has that: "
            f"{quoted('--customer-conda', NEEDED_CONDA)} --customer-solver rattler",
            "Otherwise: --index-version 1",
        )
    return conda, stated


def _of_version(before: Remembered, index_version: int) -> Remembered:
    """Return the request of the last build with what was not stated as the version of the index
    format wants it.
    """
    usual, newer = (Remembered.customer_conda, SOLVERS), (NEEDED_CONDA, NEEDED_SOLVERS)
    old, new = (usual, newer) if index_version == VERSION_3 else (newer, usual)
    conda, solvers = before.customer_conda, before.customer_solvers
    return replace(
        before,
        customer_conda=new[0] if conda == old[0] else conda,
        customer_solvers=new[1] if solvers == old[1] else solvers,
    )


def conda_versions(text: str) -> str:
    """Return versions of the customer's conda, such as `>=24.7,<26`, as conda writes them.

    Raises:
        InvalidRequestError: conda does not read them, or this plugin runs on none of them.
    """
    parts = "".join(text.split()).split("|")
    versions = "|".join(f"{part}.*" if ALONE.fullmatch(part) else part for part in parts)
    if not is_conda_versions(versions):
        raise InvalidRequestError(
            f"{text!r} is not a range of versions that conda reads.",
            "Write the versions of the customer's conda, for example '>=24.7', '>=24.7,<26' or "
            f"26.7.1: {quoted('--customer-conda', '>=24.7')}",
        )
    if not met(versions):
        raise InvalidRequestError(
            f"No conda that this plugin runs on, {OLDEST} or newer, is {versions!r}.",
            "Have the customer's conda updated, or state the versions from there on: "
            f"{quoted('--customer-conda', f'>={OLDEST}')}",
        )
    return versions


def solver_name(text: str) -> str:
    """Return the name of a solver as conda has it.

    Raises:
        InvalidRequestError: No solver has this name, neither one of conda's own nor one that is
            installed here.
    """
    name = stated_name(text.strip().lower())
    known = sorted({*SOLVERS, *installed_solvers()})
    if name not in known or not SOLVER.fullmatch(name):
        near = get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
        raise InvalidRequestError(
            f"No solver of conda is called {text!r}. {hint}",
            "Name one of them, --customer-solver. One of a plugin has to be installed here.",
        )
    return name


def solvers_of(conda: str) -> tuple[str, ...]:
    """Return conda's own solvers that some conda of these versions can have, sorted."""
    return tuple(name for name in SOLVERS if met(conda, SINCE.get(name, OLDEST)))


@cache
def met(versions: str, since: str = OLDEST, before: str = "") -> bool:
    """Return whether some conda that this plugin runs on is of these versions, from one version on
    and before another.
    """
    spec, least, end = VersionSpec(versions), VersionOrder(since), before and VersionOrder(before)
    # conda's versions are year.month.patch; there is no list of those to come
    months = (f"{year}.{month}" for year in range(24, 40) for month in range(1, 13))
    each = (f"{month}.{patch}" for month in months for patch in range(10))
    return any(
        least <= order and (not end or order < end) and spec.match(version)
        for version, order in ((version, VersionOrder(version)) for version in each)
    )
