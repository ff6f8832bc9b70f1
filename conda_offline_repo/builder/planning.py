"""The first half of a build: from what is asked for to a plan that is proven."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from conda import __version__ as conda_version
from conda.base.context import context

from .._conda import index_requests
from .._conda.network.sessions import asking_nobody
from .._conda.solver import solver_versions
from ..files.lengths import check_lengths
from ..printable import quoted
from ..repository.exceptions import InvalidLabelError
from ..repository.locate import enclosing
from ..repository.names import check_folder, same_name_in_other_case
from ..repository.publication.exceptions import NestedFolderError
from ..repository.publication.ownership import check_ours
from ..repository.transition import read_manifest
from .exceptions import KeyMissingError, OtherKeyError
from .release import prove, signing, updates
from .release.plan import BuildPlan, make_plan
from .request import request as requests

if TYPE_CHECKING:
    from ..repository.manifest import Manifest
    from .options import Options
    from .release.signing import Signer
    from .request.request import Request
    from .run import Run
    from .solving.solution import Ground


def plan_of(options: Options, run: Run, scratch: Path) -> BuildPlan:
    """Return the plan of a label's next release, proven; see `build`.

    Args:
        scratch: A folder of its own.
    """
    with index_requests.asked_once(run.began), asking_nobody():
        signer, repository = signing.signer(options.sign_keys), place(options)
        last, request = last_and_request(options, signer, repository)
        ground = run.ground(request, repository, last, scratch / "pypi")
        return proved(planned(options, signer, run, ground), scratch / "proof", run)


def place(options: Options) -> Path:
    """Return the folder of the repository, which does not exist yet, or is one of ours."""
    repository = requests.repository_of(options)
    root = repository.parent
    if around := enclosing(root):
        advice = f"Give the folder above the repositories: --root {quoted(around.parent)}"
        raise NestedFolderError(root, around, advice)
    if other := same_name_in_other_case(root, repository.name):
        raise InvalidLabelError(repository.name, f"Windows cannot tell it from {other!r} beside it")
    check_ours(repository)
    return repository


def last_and_request(
    options: Options, signer: Signer | None, repository: Path
) -> tuple[Manifest | None, Request]:
    """Return the manifest that is published, and the checked request of the next release."""
    last = read_manifest(repository)
    request = requests.resolve(options, last)
    check_folder(repository, request.platforms)
    if last and last.signers:
        keys = signer.fingerprints if signer else ()
        if not keys and not options.unsigned:
            raise KeyMissingError(repository, last.signers)
        if keys and {*keys}.isdisjoint(last.signers) and not options.other_sign_key:
            raise OtherKeyError(repository, last.signers, keys)
    return last, request


def planned(options: Options, signer: Signer | None, run: Run, ground: Ground) -> BuildPlan:
    """Return the plan of a label's next release, not proven yet; see `make_plan`."""
    keys = signer.fingerprints if signer else ()
    plan = make_plan(ground, run.solved, options.plugin_file, keys, tools())
    check_lengths(plan.repository, [entry.name for entry in plan.all_entries])
    return plan


def proved(plan: BuildPlan, scratch: Path, run: Run) -> BuildPlan:
    """Return a plan whose index alone gives its solutions, with warnings of updates that it does
    not give.
    """
    if prove.is_proven(plan):
        return prove.as_before(plan)
    with run.progress.doing("Proving that the repository installs by itself"):
        plan = prove.proved(plan, scratch, run.proofs)
    return updates.tried(plan, scratch, run.progress)


def tools() -> dict[str, str]:
    """Return the versions of what builds, by name."""
    return {
        "conda": conda_version,
        "conda-offline-repo": version("conda-offline-repo"),
        "solver": context.solver,
        **solver_versions(context.solver),
    }
