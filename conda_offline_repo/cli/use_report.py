"""What `use` asks and reports, for people and for programs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from conda.base.context import context
from conda.exceptions import CondaSystemExit

from .._conda import features
from .._conda.transactions import installed
from ..customer.configuration import Finding, pinning
from ..customer.diagnostics import of_release
from ..printable import printable
from ..urls import is_folder
from .output import log_result, print_json, print_result, release_json, signed_by

if TYPE_CHECKING:
    from ..customer.check import Checked
    from ..customer.cooldown import HeldBack
    from ..customer.request import UseRequest
    from ..customer.trust.signers import Trust
    from ..customer.undo import Undone
    from ..customer.use import Outcome
    from ..repository.locate import Repository

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TerminalDialog:
    """The dialog on a terminal; see `customer.request.Dialog`.

    Attributes:
        results: The stream for conda's table of a transaction.
    """

    results: TextIO

    def warn(self, findings: tuple[Finding, ...]) -> None:
        """See `Dialog.warn`; with `--json` the findings are in the report."""
        for finding in findings:
            log.info("warning: %s", finding.text)
            if not context.json:
                print(f"\nwarning: {printable(finding.text)}", file=sys.stderr)

    def wait(self, holder: str) -> None:
        """See `Dialog.wait`."""
        log.info("Waiting for %s", holder)
        print(f"Waiting for {holder}, which works on this environment.", file=sys.stderr)

    def trusts(self, repository: Repository) -> bool:
        """See `Dialog.trusts`."""
        if context.json or context.always_yes:
            return False
        print(printable(f"{repository.path} is signed by the key"))
        for signer in repository.signers:
            print(f"    {signer}")
        print("Compare it with what your vendor gave you separately, not with the repository's.")
        try:
            features.confirm("Is this your vendor's key, to be trusted from now on", default="no")
        except CondaSystemExit:
            return False
        return True

    def exempts(self, held_back: HeldBack) -> bool:
        """See `Dialog.exempts`."""
        if context.json or context.always_yes:
            return False
        try:
            features.confirm("Exempt the repository in this environment from that", default="no")
        except CondaSystemExit:
            return False
        return True

    def agree(self, transaction: Any) -> None:
        """See `Dialog.agree`."""
        if context.json:
            return
        if not context.quiet or not (context.always_yes or context.dry_run):
            with redirect_stdout(self.results):
                transaction.print_transaction_summary()
        if not context.dry_run:
            features.confirm("Proceed")


def report(outcome: Outcome) -> None:
    """Print what was done, and what to type next."""
    request, repository, target = outcome.request, outcome.repository, outcome.target
    to_confirm = target.trust.unknown and request.dry_run
    changed = not target.settled or bool(outcome.linked or outcome.unlinked)
    content = {
        **release_json(repository),
        "environment_release": outcome.release,
        "channel": target.channel,
        "prefix": str(target.prefix),
        "created": not target.exists,
        "changed": changed,
        "verified": request.verify and is_folder(target.channel),
        "signers": repository.signers,
        "trusted": () if to_confirm else target.trust.signers,
        "actions": {"LINK": outcome.linked, "UNLINK": outcome.unlinked},
        **_cooldown(outcome),
        "dry_run": request.dry_run,
        "warnings": [vars(finding) for finding in outcome.findings],
        "next": outcome.next,
    }
    log_result(content)
    if context.json:
        print_json(**content)
        return
    if context.quiet and not changed:
        return
    if not request.verify and is_folder(target.channel):
        print("The repository's files were not checked (--no-verify).")
    manifest = repository.manifest
    installs, has = ("would install", "would have") if request.dry_run else ("installs", "has")
    print(
        f"The environment {target.prefix} {installs} from {repository.path} alone"
        f"{', offline' * is_folder(target.channel)} "
        f"(release {manifest.release} of {manifest.created[:10]})."
    )
    if context.quiet and request.release is None:
        return
    if request.release is not None:
        print(f"It {has} just what release {request.release} installs.")
    elif outcome.release is not None:
        other = outcome.release != manifest.release
        newest = f"; the repository is at release {manifest.release}" if other else ""
        print(f"It has release {outcome.release} of {manifest.label}{newest}.")
    elif outcome.mixed:
        print("Its packages are of no single release that the repository has.")
    if outcome.exempted and outcome.held_back:
        exempt = "would be exempt" if request.dry_run else "is exempt"
        asks = "" if request.exempt or not request.dry_run else "; without --dry-run, conda asks"
        settings = " and ".join(outcome.held_back.settings)
        print(f"The repository {exempt} there from {settings}{asks}.")
    if context.quiet:
        return
    print(f"{signed_by(repository.signers)}{_expectation(target.trust, to_confirm)}")
    if outcome.next and not request.dry_run:
        print(*_next(outcome.next), "", sep="\n")


def _cooldown(outcome: Outcome) -> dict[str, Any]:
    held, asked = outcome.held_back, outcome.request.exempt
    if held is None:
        return {}
    exempted = outcome.exempted and (asked or not outcome.request.dry_run)
    needed = held.exemption is not None and not exempted
    content = {"packages": held.packages, "settings": held.settings}
    return {"cooldown": {**content, "exempted": exempted, "needed": needed}}


def _next(commands: Iterable[str]) -> list[str]:
    return ["", "Next:", "", *(f"    {command}" for command in commands)]


def _expectation(trust: Trust, to_confirm: bool) -> str:
    if to_confirm:
        return " Without --dry-run, conda asks whether this is your vendor's key."
    if trust.before and trust.signers != trust.before:
        before, signers = ", ".join(trust.before), ", ".join(trust.signers)
        return f" The environment expected {before} until now, and expects {signers} from now on."
    return " The environment requires this signature." if trust.signers else ""


def report_checked(request: UseRequest, answer: Checked) -> int:
    """Print whether the environment is as it should be, and return the exit status."""
    repository, state, why = answer.repository, answer.state, answer.why
    label, prefix, release = repository.manifest.label, request.prefix, answer.release
    findings = [Finding(str(repository.path), text) for text in of_release(repository, prefix)]
    behind = any(reason.kind == "behind" for reason in why)
    if behind and request.packages and is_folder(repository.channel):  # else conda's cache is older
        findings += pinning(repository, prefix)
    content = {
        **release_json(repository),
        "success": not why,
        "current": not why,
        "prefix": str(prefix),
        "have": state
        and {
            "label": state.label,
            "path": state.path,
            "release": release,
            "mixed": release is None and bool(installed(prefix)),
        },
        "wants": {"label": label, "release": answer.wanted, "environment": request.environment},
        "why": [{"kind": reason.kind, "text": reason.text} for reason in why],
        "warnings": [vars(finding) for finding in findings],
        "next": answer.next,
    }
    names = f"{', '.join(request.packages)} of " if request.packages else ""
    lines = [reason.text for reason in why]
    lines = lines or [f"The environment {prefix} has {names}release {answer.wanted} of {label}."]
    lines += _next(answer.next) if answer.next else []
    print_result(content, lines, [], [finding.text for finding in findings])
    return 3 if why else 0


def report_undone(undone: Undone) -> None:
    """Print what was taken back."""
    prefix, path = undone.prefix, undone.path
    verb = "would restore" if context.dry_run else "restored"
    content = {"prefix": str(prefix), "path": str(path), "dry_run": context.dry_run}
    line = (
        f"The environment {prefix} {verb} its earlier settings and no longer uses {path}. "
        "What is installed stays."
    )
    print_result({**content, "changed": undone.old != undone.new}, [line], [line])
