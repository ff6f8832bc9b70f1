"""What `use` did, or would do, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.match_spec import MatchSpec
from conda.utils import quote_for_shell

from ..customer.install import installed
from ..customer.view import superseded
from ..printable import printable
from ..repository.names import DEFAULT
from ..specs import unqualified
from .output import print_json, signed_by

if TYPE_CHECKING:
    from argparse import Namespace

    from ..customer.diagnostics import Finding
    from ..customer.target import Target
    from ..customer.undo import Undoing
    from ..repository.locate import Repository


def warn(findings: tuple[Finding, ...]) -> None:
    """Print what to know before anything is installed; with `--json` it is in the report."""
    if not context.json:
        for finding in findings:
            print(f"\nwarning: {printable(finding.text)}", file=sys.stderr)


def report(
    repository: Repository,
    target: Target,
    args: Namespace,
    actions: dict[str, list[str]],
    findings: tuple[Finding, ...],
) -> None:
    """Print what was done, and what to type next."""
    manifest = repository.manifest
    commands = _next_commands(repository, target, args)
    if context.json:
        print_json(
            label=manifest.label,
            path=str(repository.path),
            build=manifest.build,
            release=args.offline_repo_release,
            channel=target.channel,
            prefix=str(target.prefix),
            created=not target.exists,
            changed=not target.settled or bool(actions["LINK"] or actions["UNLINK"]),
            verified=args.offline_repo_verify,
            signers=repository.signers,
            trusted=target.trust.signers if not target.trust.unknown or not context.dry_run else (),
            actions=actions,
            dry_run=context.dry_run,
            warnings=[vars(finding) for finding in findings],
            next=commands,
        )
        return
    if not args.offline_repo_verify:
        print("The repository's files were not checked (--no-verify).")
    will = "would install" if context.dry_run else "installs"
    print(
        f"The environment {target.prefix} {will} from {repository.path} alone, offline "
        f"(release {manifest.build} of {manifest.created[:10]})."
    )
    if args.offline_repo_release is not None:
        has = "would have" if context.dry_run else "has"
        print(f"It {has} just what release {args.offline_repo_release} installs.")
    print(f"{signed_by(repository.signers)}{_expectation(target)}")
    if commands and not context.dry_run:
        print("\nNext:\n")
        for command in commands:
            print(f"    {command}")
        print()


def _expectation(target: Target) -> str:
    trust = target.trust
    if trust.unknown and context.dry_run:
        return " Without --dry-run, you would be asked whether this is your vendor's key."
    if trust.moved:
        return (
            f" The environment expected {', '.join(trust.before)} until now, and expects "
            f"{', '.join(trust.signers)} from now on."
        )
    if trust.signers:
        return " The environment takes it with this signature alone."
    return ""


def report_undone(undoing: Undoing) -> None:
    """Print what was taken back."""
    if context.json:
        print_json(
            prefix=str(undoing.prefix),
            path=undoing.path,
            changed=undoing.old != undoing.new,
            dry_run=context.dry_run,
        )
        return
    would = "would have" if context.dry_run else "has"
    print(
        f"The environment {undoing.prefix} {would} its settings of before again; it does not use "
        f"{undoing.path} any more. What is installed stays."
    )


def _next_commands(repository: Repository, target: Target, args: Namespace) -> list[str]:
    """Return what to type next: activate, then install what is not there and update what is."""
    commands = []
    if args.name or args.prefix:
        commands.append(f"conda activate {quote_for_shell(args.name or str(target.prefix))}")
    request = repository.manifest.request
    if request.environments or request.exact:
        wanted = args.offline_repo_environment or min(request.environments, default=DEFAULT)
        path = quote_for_shell(str(repository.path))
        commands.append(
            f"conda offline-repo use {path} -p {quote_for_shell(str(target.prefix))} "
            f"--environment {wanted}"
        )
        return commands
    there = installed(target.prefix)
    packages = tuple(map(unqualified, request.packages))
    names = {package: MatchSpec(package).name for package in packages}
    absent = [quote_for_shell(package) for package, name in names.items() if name not in there]
    installed_before = [package for package, name in names.items() if name in there]
    present = [quote_for_shell(package) for package in installed_before]
    if absent or not packages:
        commands.append(f"conda install {' '.join(absent) or 'PACKAGE'}")
    back = superseded(target.prefix, installed_before, repository.manifest)
    if back and args.offline_repo_allow_older:
        path = quote_for_shell(str(repository.path))
        commands.append(f"conda offline-repo use {path} --allow-older {' '.join(present)}")
    elif present and not args.offline_repo_packages and args.offline_repo_release is None:
        commands.append(f"conda update {' '.join(present)}")
    return commands
