"""The proof that a repository can do what it was built for, before it is published.

Each platform's request is solved again by the same solver from the new index alone: offline, with
the virtual packages on record, and with none of this machine's caches to help.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.models.channel import Channel

from ..._conda import overrides
from ..._conda.machine import unmet
from ...repository.manifest import INDEX_NAME, stem
from ...repository.names import PLUGIN
from ...urls import file_url
from ..kept_releases import without
from ..request.machine import as_conda_has
from ..request.request import Request, remember
from ..solving.solve import run_locally
from .exceptions import OtherSolverError, ProofError
from .other_solvers import Proof, other_solvers, proof_of, try_others

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ...specs import PackageSpec
    from ..recent import Recent
    from ..solving.solution import Solution
    from .draft import Draft
    from .plan import BuildPlan


def is_proven(plan: BuildPlan) -> bool:
    """Return whether the last build has proven that the same index gives the same solutions for the
    same request with the same tools.
    """
    last = plan.last
    now = (remember(plan.request), plan.built_with, plan.installs)
    if last is None or (last.request, last.built_with, last.solutions) != now:
        return False
    if not other_solvers(plan.request).items() <= last.proved_with.items():
        return False
    before = {
        name: file.sha256
        for name, file in last.files.items()
        if name.endswith(INDEX_NAME) and not name.startswith(f"{PLUGIN}/")
    }
    return before == {name: draft.described.sha256 for name, draft in plan.index.items()}


def as_before(plan: BuildPlan) -> BuildPlan:
    """Return a plan with the proof that the last build has made of it."""
    return _with_proof(plan, proof_of(plan.request, plan.last.proved_with if plan.last else {}))


def _with_proof(plan: BuildPlan, proof: Proof) -> BuildPlan:
    warnings = (*plan.warnings, *proof.warnings(plan.request))
    return replace(plan, proof=proof, warnings=warnings)


def proved(plan: BuildPlan, scratch: Path, known: Recent[dict[str, str]]) -> BuildPlan:
    """Return a plan that is proven, without the earlier releases that conda would prefer.

    Args:
        known: What proofs of other labels came to; one of the same is not made again.

    Raises:
        ProofError, OtherSolverError: It cannot be proven without them either.
    """
    while True:
        try:
            attempt = partial(prove, plan.request, plan.solutions, plan.index, scratch)
            broken = known.answer(_question(plan), attempt)
        except (ProofError, OtherSolverError) as error:
            if not plan.kept.releases:
                raise
            plan = plan.keeping(without(plan.kept, error.key, error.other, error.solver))
        else:
            others = other_solvers(plan.request)
            return _with_proof(plan, proof_of(plan.request, others, broken))


def _question(plan: BuildPlan) -> tuple[Any, ...]:
    """Return all that a proof depends on."""
    request = plan.request
    return (
        {name: draft.described for name, draft in plan.index.items()},
        [(s.key, s.packages, s.names, s.exact) for s in plan.solutions],
        (request.platforms, request.virtual_packages, request.customer_solvers),
    )


def prove(
    request: Request, solutions: Collection[Solution], index: Mapping[str, Draft], scratch: Path
) -> dict[str, str]:
    """Solve from the index files alone and compare, and ask the other solvers of the customer's.

    Args:
        request: What is being built.
        solutions: What is to be installed.
        index: The index files of the repository to be, by path.
        scratch: A folder for this proof; emptied first, and gone afterwards.

    Returns:
        Of other solvers that break by themselves, by name, how.

    Raises:
        ProofError: An environment has another solution than before on a platform, or none.
        OtherSolverError: Another solver finds none at all.
    """
    with solver_of(index, scratch) as solve:
        for solution in solutions:
            # what was named exactly may have no pip
            settings = {"add_pip_as_python_dependency": False} if solution.lacks_pip else {}
            packages = [package.unqualified for package in solution.packages]
            records = solve(request, solution.platform, packages, **settings)
            before = {*solution.names}
            after = {f"{record.subdir}/{record.fn}" for record in records}
            if solution.exact and {*map(stem, before)} == {*map(stem, after)}:
                continue  # the same builds; `use` takes the archives that are named
            if before != after:
                missing, other = tuple(sorted(before - after)), tuple(sorted(after - before))
                machine = as_conda_has(request.virtual_packages[solution.platform])
                ignored = unmet([r for r in records if f"{r.subdir}/{r.fn}" in other], machine)
                names = (solution.key, context.solver)
                raise ProofError(*names, missing=missing, other=other, ignored=ignored)
        return try_others(
            request, solutions, solve, lambda probe: solver_of(probe, scratch / "probe")
        )


@contextmanager
def solver_of(
    index: Mapping[str, Draft], scratch: Path
) -> Iterator[Callable[..., tuple[PackageRecord, ...]]]:
    """Yield what solves packages from index files alone, offline, and without this machine's
    caches; it takes a request, the platform, the packages, and more of what `run` takes.

    Args:
        index: The files, by path; they lie in `channel` below `scratch`.
        scratch: A folder; emptied first, and gone afterwards.
    """
    channel = Channel(file_url(scratch / "channel"))

    def solve(
        request: Request, platform: str, packages: Sequence[PackageSpec], **more: Any
    ) -> tuple[PackageRecord, ...]:
        machine = request.virtual_packages[platform]
        # a solver may have the indexes of the last solve open, which Windows does not replace
        pkgs = Path(mkdtemp(prefix="pkgs", dir=scratch))
        with overrides.settings(offline=True):
            return run_locally(platform, packages, (channel,), machine, pkgs, as_conda=True, **more)

    if scratch.exists():
        shutil.rmtree(scratch)
    try:
        for name, draft in index.items():
            path = scratch / "channel" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.writelines(draft.pieces)
        # conda keeps its sessions by thread; an offline one must not outlive the proof
        with ThreadPoolExecutor(max_workers=1) as executor:
            yield lambda *given, **more: executor.submit(solve, *given, **more).result()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
