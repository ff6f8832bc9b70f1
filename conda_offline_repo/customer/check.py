"""The story of `use --check`: whether an environment has what `use` would bring it to.

Where all is right, only the manifest and the environment's records and small files are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from conda import CondaError

from .._conda.transactions import by_pip, installed
from ..audit.exceptions import LicensesMissingError, PolicyError
from ..exceptions import ConfigFileError, InvalidRequestError
from ..printable import quoted
from ..queries.contents import package_records, read_records
from ..queries.dependencies import spec_name
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.locate import Repository, locate_one
from ..repository.manifest import Manifest, package_name
from . import exceptions
from .base import is_base, staying
from .cooldown import held_back
from .environment.condarc import CONDARC, configured, read_condarc
from .environment.lock import check_not_frozen
from .environment.state import State, read_state, under_way
from .exact import check_machine, solution
from .hooks.guard import check_format, solutions_with
from .hooks.policy import check_policies
from .installed import archive_of, differs, installed_release, is_from
from .source import reachable, records
from .target import Target, is_environment, plan
from .trust.exceptions import AllowedSignersError, UnknownSignerError
from .ways import use_arguments

if TYPE_CHECKING:
    from ..specs import PackageSpec
    from .request import UseRequest

#: What leaves the question open. Whatever else `use` refuses is an answer.
UNCLEAR = (
    *(AllowedSignersError, ConfigFileError, exceptions.EnvironmentMissingError, ManifestError),
    *(InvalidRequestError, LicensesMissingError, PolicyError, UnreadableError),
    *(exceptions.RepositoryDamagedError, exceptions.StateUnreadableError),
)
REFUSED = {exceptions.OlderBuildError: "ahead", exceptions.OtherLabelError: "other-label"}
COMPARED = {"behind": "Older than in", "ahead": "Newer than in", "changed": "Not as in"}


@dataclass(frozen=True)
class Reason:
    """Why an environment is not as it should be: its kind, for programs, and a text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Checked:
    """What an environment is to have, what it has, and why that is not the same.

    Attributes:
        repository: The repository.
        wanted: The number of the release that the environment is to have.
        state: The repository that it uses; None if it uses none.
        release: The release that its packages are of; None if of none, or of no single one.
        why: What `use` would change or refuse; empty if nothing.
        next: What to type, if that changes it.
    """

    repository: Repository
    wanted: int
    state: State | None
    release: int | None
    why: tuple[Reason, ...]
    next: tuple[str, ...]


def check(request: UseRequest) -> Checked:
    """Compare an environment, made or not, with what `use` would bring it to; change nothing.

    Raises:
        EnvironmentMissingError: The release does not have this environment, or has several.
        OfflineRepoError: The repository, the environment or a policy cannot be read, or it is not
            clear which repository is meant; see `reachable` and `locate_one`.
    """
    prefix, why = request.prefix, list[Reason]()
    commands: tuple[str, ...] = ()
    with reachable(request.path, prefix):
        state = read_state(prefix)
        repository = locate_one(request.path, request.label, state.label if state else None)
        manifest = repository.manifest
        wanted = manifest.release if request.release is None else request.release
        release = _release(manifest, state, prefix)
        if missing := not is_environment(prefix):
            why.append(Reason("missing", f"The environment {prefix} does not exist."))
        try:
            target = plan(repository, request)
            solutions = _solutions(request, repository, target)
            packages = list[Reason]()
            if not missing:
                why += _of_settings(target, state, repository)
                packages += _of_packages(request, repository, state, solutions, wanted, release)
                packages += [] if is_base(prefix) else _of_pip(prefix)
            if why := why + packages:
                check_not_frozen(prefix)
                if request.exact and isinstance(repository.path, Path):
                    entries = read_records(manifest, repository.path, damaged=True)
                    check_machine(repository, (entries[a] for a in solutions[0] if a in entries))
                    held = held_back(repository, prefix, partial(records, repository, solutions[0]))
                    if held and held.packages and not request.exempt:
                        raise exceptions.CooldownError(held.problem, held.remedy)
                changed = any(reason.kind == "changed" for reason in packages)
                words = use_arguments(request, manifest, target, changed=changed)
                if state or not is_base(prefix):  # to name none may be a mistake
                    commands = (f"conda offline-repo use {quoted(repository.path, *words)}",)
        except UNCLEAR:
            raise
        except CondaError as error:
            why.append(Reason(REFUSED.get(type(error), "not-installable"), str(error)))
    return Checked(repository, wanted, state, release, tuple(why), commands)


def _release(manifest: Manifest, state: State | None, prefix: Path) -> int | None:
    """Return the release that an environment is at, which the repository may not have any more."""
    release = installed_release(manifest, prefix)
    if release is None and state and state.release not in manifest.installable:
        gone = (r for r in installed(prefix).values() if not archive_of(r, manifest))
        release = state.release if any(is_from(record, state) for record in gone) else None
    return release


def _solutions(
    request: UseRequest, repository: Repository, target: Target
) -> tuple[tuple[str, ...], ...]:
    """Return the archives of each environment that is meant; raises what `use` refuses with."""
    path = repository.path
    solutions = solutions_with(repository.manifest, [p.match for p in request.packages])
    if request.exact:
        solutions = (solution(repository, request.release, request.environment),)
    check_format(path, repository.manifest, solutions)
    names = {package.match.name for package in request.packages}
    if unknown := ", ".join(sorted(names - repository.manifest.names)):
        raise exceptions.TargetError(f"{path} does not have {unknown}.")
    archives = {a for a in chain(*solutions) if not names or package_name(a) in names}
    check_policies(repository, request.policy, archives)
    if target.trust.unknown:
        raise UnknownSignerError(path, repository.signers)
    return solutions


def _of_settings(target: Target, state: State | None, repository: Repository) -> Iterator[Reason]:
    place, prefix, own = repository.path, target.prefix, target.state
    path = prefix / CONDARC
    if under_way(prefix):
        text = f"`use` is under way or was interrupted in the environment {prefix}."
        yield Reason("incomplete", text)
    elif state is None:
        yield Reason("unused", f"The environment {prefix} uses no offline repository.")
    elif not state.uses(place):
        yield Reason("unused", f"The environment {prefix} uses {state.path}, not {place}.")
    elif configured(old := read_condarc(path), state.channel, path, own.platform) != old:
        yield Reason("changed", f"{path} does not have the settings that `use` writes there.")
    elif own.signers not in ((), state.signers):  # else the next key would come as a surprise
        text = f"release {own.release} to be signed by {' or '.join(own.signers)}"
        yield Reason("behind", f"The environment {prefix} does not expect {text} yet.")


def _of_packages(
    request: UseRequest,
    repository: Repository,
    state: State | None,
    solutions: Iterable[Iterable[str]],
    wanted: int,
    release: int | None,
) -> Iterator[Reason]:
    archives, current = {*chain(*solutions)}, installed(request.prefix)
    manifest, names = repository.manifest, {*map(package_name, archives)}
    if is_base(request.prefix):
        stay = staying(current, names)
        current = {name: record for name, record in current.items() if name not in stay}
    strange, missing = current.keys() - names, names - current.keys()
    differ = {n for n in current.keys() & names if archive_of(current[n], manifest) not in archives}
    if not request.exact:  # without those that only hold under a condition
        specs = (spec for record in current.values() for spec in record.depends)
        missing &= {spec_name(spec) for spec in specs if "[" not in spec}
    if asked := {package.match.name: package for package in request.packages}:
        met = {n for n, p in asked.items() if n in current and p.match.match(current[n])}
        missing |= {str(asked[name]) for name in asked.keys() - met}
        _check_known([package for name, package in asked.items() if name not in met], repository)
        differ = {n for n in met if differs(current[n], asked[n], archives, repository)}
        strange = {name for name in strange if not (state and is_from(current[name], state))}
    if names.isdisjoint(current):
        yield Reason("empty", f"No package of release {wanted} is installed.")
    elif missing:
        yield Reason("incomplete", f"Not installed: {', '.join(sorted(missing))}")
    ordered = sorted(manifest.installable.items(), key=lambda item: item[0] == wanted)
    of = {archive: number for number, r in ordered for archive in chain(*r.solutions.values())}
    lines: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name in sorted({*differ, *strange}):
        record, number = current[name], of.get(archive_of(current[name], manifest) or "", wanted)
        if state and not archive_of(record, manifest) and is_from(record, state):
            number = state.release if state.release > wanted else wanted - 1
        kind = "behind" if number < wanted else "ahead" if number > wanted else "changed"
        if kind != "changed" and release not in (None, wanted):
            lines[kind, f"The environment has release {release}, not {wanted}."] = []
        else:
            compared = COMPARED[kind] if name in differ else "Not in"
            lines[kind, f"{compared} release {wanted}: "].append(f"{name} {record.version}")
    for (kind, text), packages in lines.items():
        yield Reason(kind, text + ", ".join(packages))


def _check_known(packages: Sequence[PackageSpec], repository: Repository) -> None:
    """Refuse packages of which a folder has the name, and nothing that they allow."""
    if not packages or not isinstance(repository.path, Path):
        return
    names = {package.match.name for package in packages}
    archives = [a for a in repository.manifest.packages if package_name(a) in names]
    entries = package_records(repository, archives)
    if entries.keys() != {*archives}:  # a publication is under way, or the index is damaged
        return
    if unknown := [p for p in packages if not any(map(p.match.match, entries.values()))]:
        raise exceptions.TargetError(f"{repository.path} does not have {', '.join(unknown)}.")


def _of_pip(prefix: Path) -> Iterator[Reason]:
    added, gone = by_pip(prefix)
    if added:
        remedy = f"{quoted(prefix)} python -m pip uninstall --yes {quoted(*added)}"
        texts = ", ".join(f"{name} {version}" for name, version in added.items())
        yield Reason("changed", f"Installed by pip: {texts}. First: `conda run -p {remedy}`")
    if gone:
        remedy = f"`conda remove -p {quoted(prefix)} --force {quoted(*gone)}`"
        yield Reason("changed", f"Changed by pip: {', '.join(gone)}. First: {remedy}")
