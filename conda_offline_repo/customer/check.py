"""The story of `use --check`: whether an environment has what `use` would bring it to.

Where all is right, only the manifest and the environment's records and small files are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context

from .._conda.transactions import by_pip, installed
from ..audit.exceptions import LicensesMissingError, PolicyError
from ..exceptions import ConfigFileError, InvalidRequestError
from ..printable import quoted
from ..queries.dependencies import spec_name
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.locate import Repository, locate_one
from ..repository.manifest import on_platform, package_name
from . import exceptions
from .base import is_base, staying
from .diagnostics import of_release
from .environment.condarc import CONDARC, configured, read_condarc
from .environment.lock import check_not_frozen
from .environment.state import State, read_state, under_way
from .exact import released, solution
from .hooks.guard import check_format, solutions_with
from .hooks.policy import check_policies
from .installed import archive_of, installed_release, is_from
from .source import reachable
from .target import plan
from .trust.exceptions import AllowedSignersError, UnknownSignerError

if TYPE_CHECKING:
    from conda.models.records import PrefixRecord

    from .request import UseRequest

#: What leaves the question open; what else `use` refuses is an answer.
UNCLEAR = (
    *(AllowedSignersError, ConfigFileError, exceptions.EnvironmentMissingError, ManifestError),
    *(InvalidRequestError, LicensesMissingError, PolicyError, UnreadableError),
    *(exceptions.RepositoryDamagedError, exceptions.StateUnreadableError),
)
REFUSED = {exceptions.OlderBuildError: "ahead", exceptions.OtherLabelError: "other-label"}
#: How a package compares with the one of the release, by the kind of the reason.
COMPARED = {"behind": "Older than in", "ahead": "Newer than in", "changed": "Not as in"}
#: Packages that a reason names.
NAMED = 10


@dataclass(frozen=True)
class Reason:
    """Why an environment is not as it should be: its kind, for programs, and a text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Checked:
    """The answer.

    Attributes:
        repository: The repository.
        wanted: The release that the environment is to have.
        state: The repository that it uses; None if it uses none.
        release: The release that its packages are of; None if of none, or of no single one.
        mixed: Whether it has packages, but of no single release.
        findings: What speaks against the repository's release.
        why: What `use` would change, or refuses; empty if nothing.
        next: What to type, if that changes it.
    """

    repository: Repository
    wanted: int
    state: State | None
    release: int | None
    mixed: bool
    findings: tuple[str, ...]
    why: tuple[Reason, ...] = ()
    next: tuple[str, ...] = ()


def check(request: UseRequest) -> Checked:
    """Compare an environment, made or not, with what `use` would bring it to; change nothing.

    Raises:
        EnvironmentMissingError: The release does not have this environment, or has several.
        OfflineRepoError: The repository, the environment or a policy cannot be read, or it is not
            clear which repository is meant; see `reachable` and `locate_one`.
    """
    prefix = request.prefix
    with reachable(request.path, prefix):
        state = read_state(prefix)
        repository = locate_one(request.path, request.label, state.label if state else None)
        manifest = repository.manifest
        wanted = manifest.release if request.release is None else request.release
        release = installed_release(manifest, prefix)
        if release is None and state and state.release not in manifest.installable:
            gone = (r for r in installed(prefix).values() if not archive_of(r, manifest))
            release = state.release if any(is_from(r, state) for r in gone) else None
        mixed = release is None and bool(installed(prefix))
        findings = tuple(of_release(repository, prefix))
        answer = Checked(repository, wanted, state, release, mixed, findings)
        return _answered(request, answer)


def _answered(request: UseRequest, answer: Checked) -> Checked:
    """Return the answer with why the environment is not as it should be, and what changes that."""
    prefix, repository = request.prefix, answer.repository
    why: list[Reason] = []
    commands: tuple[str, ...] = ()
    exists = (prefix / "conda-meta" / "history").is_file()
    if not exists:
        why.append(Reason("missing", f"The environment {prefix} does not exist."))
    try:
        solutions = _solutions(request, repository)
        if exists:
            why += (*_of_settings(prefix, answer), *_of_packages(request, answer, solutions))
        if why:
            check_not_frozen(prefix)
            if request.exact and isinstance(repository.path, Path):
                released(repository, request.release, request.environment)
            commands = tuple(_commands(request, answer, {reason.kind for reason in why}))
    except UNCLEAR:
        raise
    except CondaError as error:
        why.append(Reason(REFUSED.get(type(error), "not-installable"), str(error)))
    return replace(answer, why=tuple(why), next=commands)


def _solutions(request: UseRequest, repository: Repository) -> tuple[tuple[str, ...], ...]:
    """Return the archives of each environment that is meant; raises what `use` refuses with."""
    target, path = plan(repository, request), repository.path
    solutions = solutions_with(repository.manifest, [p.match for p in request.packages])
    if request.exact:
        solutions = (solution(repository, request.release, request.environment),)
    check_format(path, repository.manifest, solutions)
    names = {package.match.name for package in request.packages}
    archives = {a for a in chain(*solutions) if not names or package_name(a) in names}
    check_policies(repository, request.policy, archives)
    if target.trust.unknown:
        raise UnknownSignerError(path, repository.signers)
    return solutions


def _of_settings(prefix: Path, answer: Checked) -> Iterator[Reason]:
    state, place, path = answer.state, answer.repository.path, prefix / CONDARC
    if under_way(prefix):
        yield Reason("incomplete", f"`use` was interrupted in the environment {prefix}.")
    elif state is None:
        yield Reason("unused", f"The environment {prefix} uses no offline repository.")
    elif not state.uses(place):
        yield Reason("unused", f"The environment {prefix} uses {state.path}, not {place}.")
    elif configured(old := read_condarc(path), state.channel, path, state.platform) != old:
        yield Reason("changed", f"{path} does not have the settings that `use` writes there.")


def _of_packages(
    request: UseRequest, answer: Checked, solutions: Sequence[Sequence[str]]
) -> Iterator[Reason]:
    manifest, state, number = answer.repository.manifest, answer.state, answer.wanted
    archives, records = {*chain(*solutions)}, installed(request.prefix)
    names = {*map(package_name, archives)}
    if base := is_base(request.prefix):
        stay = staying(records, names)
        records = {name: record for name, record in records.items() if name not in stay}
    strange, missing = records.keys() - names, names - records.keys()
    differ = {n for n in records.keys() & names if archive_of(records[n], manifest) not in archives}
    if not request.exact:
        missing &= {spec_name(spec) for record in records.values() for spec in record.depends}
    if asked := {package.match.name: package for package in request.packages}:
        met = {n for n, p in asked.items() if n in records and p.match.match(records[n])}
        missing |= {str(asked[name]) for name in asked.keys() - met}
        differ &= {name for name in met if not asked[name].match.get_raw_value("version")}
        strange = {name for name in strange if not (state and is_from(records[name], state))}
    if names.isdisjoint(records):
        yield Reason("empty", f"No package of release {number} is installed.")
    elif missing:
        yield Reason("incomplete", f"Not installed: {_listed(missing)}.")
    lines = defaultdict(list)
    for name in sorted({*differ, *strange}):
        kind = _kind(records[name], answer)
        text = f"{COMPARED[kind] if name in differ else 'Not in'} release {number}"
        if kind != "changed" and answer.release not in (None, number):
            text = f"The environment has release {answer.release}, not {number}"
        lines[kind, text].append(f"{name} {records[name].version}")
    for (kind, text), packages in lines.items():
        yield Reason(kind, f"{text}: {_listed(packages)}.")
    added, gone = ([], []) if base else by_pip(request.prefix)
    if added:
        yield Reason("changed", f"Installed by pip: {_listed(added)}.")
    if gone:
        yield Reason("changed", f"Replaced or removed by pip: {_listed(gone)}.")


def _commands(request: UseRequest, answer: Checked, kinds: Collection[str]) -> Iterator[str]:
    """Yield what to type, so that the environment is as it should be."""
    prefix, manifest = request.prefix, answer.repository.manifest
    added, gone = by_pip(prefix)
    if added:
        names = (package.partition(" ")[0] for package in added)
        yield f"conda run -p {quoted(prefix)} python -m pip uninstall --yes {quoted(*names)}"
    if gone:
        yield f"conda remove -p {quoted(prefix)} --force {quoted(*gone)}"
    words: list[str] = [*request.packages]
    if request.exact:
        words += [] if request.release is None else ["--release", str(request.release)]
        words += ["--environment", request.environment] if request.environment else []
    elif not words or "changed" in kinds:
        current, options = installed(prefix), manifest.exact_options(context.subdir)
        solutions = on_platform(manifest.solutions, context.subdir)
        common = {n: sum(package_name(a) in current for a in solutions[n]) for n in options}
        words = options[max(common, key=common.__getitem__)].split()
    words += [word for key in request.trusted for word in ("--trust", key)]
    words += ["--yes"] if is_base(prefix) else []
    yield f"conda offline-repo use {quoted(answer.repository.path, '-p', prefix, *words)}"


def _kind(record: PrefixRecord, answer: Checked) -> str:
    """Return how an installed package, which is not as in the wanted release, compares."""
    manifest, state, wanted = answer.repository.manifest, answer.state, answer.wanted
    archive, releases = archive_of(record, manifest), manifest.installable.items()
    named = {n: {*chain(*release.solutions.values())} for n, release in releases}
    numbers = [n for n, names in named.items() if archive in names]
    if not numbers and state and is_from(record, state):  # of a release that is not kept
        numbers = [state.release if state.release > wanted else -1]
    number = max(numbers, default=wanted)
    return "behind" if number < wanted else "ahead" if number > wanted else "changed"


def _listed(packages: Iterable[str]) -> str:
    names = sorted(packages)
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join([*names[:NAMED], *more])
