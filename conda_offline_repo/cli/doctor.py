"""What `conda doctor` reports of an environment that uses an offline repository."""

from __future__ import annotations

from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.exceptions import ChannelError

from .._conda.transactions import installed
from ..customer.cooldown import held_back
from ..customer.diagnostics import diagnose
from ..customer.environment.condarc import CONDARC, read_condarc, used
from ..customer.exceptions import StateUnreadableError
from ..customer.hooks.channels import leave_out_others, restore
from ..customer.hooks.exceptions import StateMissingError, listed
from ..customer.hooks.history_check import check_channels, known_state
from ..customer.hooks.policy import check_policies
from ..customer.installed import installed_release, unnamed
from ..customer.source import located, records
from ..customer.trust.signers import check_expected
from ..exceptions import OfflineRepoError
from ..files.web import WebFolder
from ..printable import printable, quoted
from ..progress import Unwatched
from ..redaction import confined, in_play
from ..repository.manifest import on_platform, stem
from ..repository.verify import verify
from .output import signed_by
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from ..customer.environment.state import State

GOOD, BAD = "✅", "❌"


def check(prefix: str, verbose: bool) -> None:
    """Print the state of the environment's offline repository (`conda_health_checks`)."""
    with confined(in_play()):
        try:
            state = known_state(Path(prefix))
        except (StateMissingError, StateUnreadableError) as error:
            print(f"Offline repository:\n\n{BAD} {error}\n")
            return
        if state is not None:
            _print(state, Path(prefix), verbose)


def _print(state: State, prefix: Path, verbose: bool) -> None:
    print(f"Offline repository {state.path} (label {state.label}, release {state.release}):\n")
    try:
        repository = located(state.place, TerminalProgress(), state.label)
        check_expected(repository)
        report = None if isinstance(repository.path, WebFolder) else verify(repository, Unwatched())
        archives = chain(*on_platform(repository.manifest.solutions, context.subdir).values())
        held = held_back(repository, prefix, partial(records, repository, archives))
        findings = (*diagnose(repository, prefix), *([held.finding] if held else []))
    except OfflineRepoError as error:
        print(f"{BAD} {error}\n")
        return
    for kind in ("missing", "changed", "unreadable", "extra") if report else ():
        for name in getattr(report, kind):
            print(f"{BAD} {kind}: {printable(name)}")
    if report and report.good and not report.unfinished:
        print(f"{GOOD} All of its {report.files} files are there and unchanged.")
    if not report:
        print(f"{GOOD} Its manifest and indexes fit together; conda checks what it downloads.")
    if repository.signers:
        print(f"{GOOD} {signed_by(repository.signers)}")
    manifest, current = repository.manifest, installed(prefix)
    if (release := installed_release(manifest, prefix)) is not None:
        print(f"    The environment has release {release} of {manifest.label}.")
    elif current:
        print("    The environment's packages are of no single release that the repository has.")
    use = f"conda offline-repo use {quoted(state.path, '-p', str(prefix))}"
    if manifest.release != state.release:
        older = manifest.release < state.release
        run = f"`{use}{' --allow-older' * older}`{', if you mean it' * older}"
        print(f"{BAD} It has release {manifest.release} now: run {run}.")
    releases = ", ".join(map(str, sorted(manifest.installable)))
    builds = {stem(name.rpartition("/")[2]) for name in manifest.packages}
    strangers = unnamed(manifest, prefix)
    for record in strangers:
        build = f"{record.name}-{record.version}-{record.build}"
        problem = "Other content than" if build in builds else "Not"
        print(f"{BAD} {problem} in release {releases}: {printable(listed([record])[0])}")
    if strangers or (release is None and current):
        for option in manifest.exact_options(context.subdir).values():
            print(f"    `{use} {option}` leaves just what the release has.")
    own = prefix / CONDARC
    if used(read_condarc(own), own) != state.channel:
        print(f"{BAD} {own} does not confine conda to the repository any more: run `{use}`.")
    for finding in findings:
        print(f"{BAD} {finding.text}")
    try:
        leave_out_others()  # as before a solve
        check_channels(prefix, state, ())
        names = {f"{record.subdir}/{record.fn}" for record in current.values()}
        for text in check_policies(repository, archives=names):
            print(f"{BAD} {text}")
    except OfflineRepoError as error:
        print(f"{BAD} {error}")
    except ChannelError:  # conda's own, of a list of channels: a finding already has it
        pass
    finally:
        restore()
    if verbose:
        print(f"    It is for {', '.join(manifest.request.platforms)}.")
    print()
