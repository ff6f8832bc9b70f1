"""`conda offline-repo sync`: bring a folder or a store to the release of a repository."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from ..customer.trust.signers import check_delivery, expect_from_now_on
from ..delivery.deliver import Outcome, deliver, read_target
from ..delivery.plan import Plan, Terms
from ..delivery.source import Source, from_folder
from ..files.typed import ADDRESS, typed_place
from ..printable import counted, human, quoted, withdrawal
from ..queries.compare import difference
from ..queries.overview import amount
from ..redaction import confined
from ..repository.halfway import check_indexes
from ..repository.locate import Repository, locate_one
from .output import (
    changes_json,
    chatter_to_stderr,
    numbered,
    platform_lines,
    print_result,
    signed_by,
)
from .parser import LABEL, LOG, OLDER, TRUST, add_options, written_path
from .reading import whole
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from ..delivery.remote.store import Store

USAGE = "conda offline-repo sync SOURCE TARGET [options]"
DESCRIPTION = """\
Bring the folder TARGET to the release of the repository SOURCE: copy and check
what it lacks, and last delete what it does not need any more. TARGET can be
installed from at every moment; after an interruption, run the same command
again. If TARGET has the release already, check all of it and repair it.

TARGET may also be the URL of an object store or a share, such as s3:// az://
gs:// sftp:// smb://. There, what it has already is compared by size alone."""
EPILOG = """\
examples:
  conda offline-repo sync G:\\repo\\halkbank E:\\halkbank
  conda offline-repo sync https://repo.vendor.com/halkbank X:\\repo\\halkbank
  conda offline-repo sync /srv/repo/halkbank s3://bucket/halkbank
"""
CONDA = ("add_output_and_prompt_options",)
TARGET = {"TARGET": "The repository's folder, created if it does not exist."}
WHOLE = "complete and unchanged"
NO_LOCK = "No lock is held there: let only one command at a time publish to {}."
NOT_SURE = (
    "It is not known whether {} replaces a file in one step: while a command publishes there, "
    "readers may see a part of a file."
)


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `sync`."""
    source = {"SOURCE": "The repository, or the folder above it, or its URL."}
    target = {"TARGET": "The repository's folder or URL, created if it does not exist."}
    add_options(parser, {**source, **target, **LABEL, **OLDER, **TRUST, **LOG})


def execute(args: Namespace) -> int:
    """Copy what TARGET lacks, and print what changed in it."""
    place, label = typed_place(args.offline_repo_source), args.offline_repo_label
    url = args.offline_repo_target

    def read(usual: str | None, store: Store | None = None) -> int:
        repository = locate_one(place, label, usual=usual)
        check_indexes(repository)
        return deliver_to(args, from_folder(repository), store)

    if url.lower().startswith("file:") or not ADDRESS.match(url):
        current = read_target(_target(args))
        return whole(lambda: read(current.label if current else None), place)
    from ..delivery.remote.connect import open_store, secrets

    with confined(secrets(url)):
        store = open_store(url)
        return whole(lambda: read(store.label(), store), place)


def deliver_to(args: Namespace, source: Source, store: Store | None = None) -> int:
    """Deliver a release to a store, or else to the folder TARGET, and print what changed in it."""
    target = None if store else _target(args)
    trusted = tuple(args.offline_repo_trust)
    release = Repository(source.place, source.manifest, source.signers)
    known = check_delivery(release, target, trusted)
    bring: Callable[..., Outcome] = deliver
    if store:
        from ..delivery.remote.deliver import deliver as bring
    terms = Terms(
        allow_older=args.offline_repo_allow_older, origin_known=known, dry_run=context.dry_run
    )
    with chatter_to_stderr():
        outcome = bring(source, store or target, TerminalProgress(), terms)
    environments: dict[Path, OSError | None] = {}
    if trusted and target:
        delivered = replace(release, path=target)
        environments.update(expect_from_now_on(delivered, trusted, dry_run=context.dry_run))
    expecting = [str(prefix) for prefix, problem in environments.items() if not problem]
    warnings = [*filter(None, [release.insecure]), *_warnings(outcome, environments)]
    plan, expects = outcome.plan, [*_expects(expecting)]
    lines = [*_lines(plan), *expects]
    if store and plan.changes:
        lines.append(NO_LOCK.format(store.shown))
        if not store.protocol.sure:
            warnings.append(NOT_SURE.format(store.shown))
    content = {**_json(outcome), "expecting": expecting, "warnings": warnings}
    brief = [*([_change(plan)] if plan.changes else ()), *expects]
    print_result(content, lines, brief, warnings)
    return 0


def _target(args: Namespace) -> Path:
    return Path(os.path.abspath(written_path(args.offline_repo_target)))


def _json(outcome: Outcome) -> dict[str, Any]:
    plan = outcome.plan
    release, last = plan.source.manifest, plan.last
    return {
        "label": release.label,
        "source": str(plan.source.place),
        "target": str(plan.target),
        "changed": plan.changes,
        **numbered(release.release),
        "release_before": last.release if last else None,
        "build_before": last.release if last else None,
        "signers": plan.source.signers,
        "copied": [*plan.lacking],
        "copied_bytes": plan.size,
        "deleted": plan.surplus,
        **changes_json(difference(last, release)),
    }


def _lines(plan: Plan) -> Iterator[str]:
    release, last = plan.source.manifest, plan.last
    if not plan.changes:
        has = f"{plan.target} has release {release.release} already"
        # of a store, no content was read
        whole = "with all files in their sizes" if isinstance(plan.target, str) else WHOLE
        yield f"{has}, {whole}: {amount(release)}."
    else:
        yield from platform_lines(difference(last, release))
        yield _change(plan)
        copied = "would be copied" if context.dry_run else "copied"
        files = counted(len(plan.lacking), "file")
        yield f"{files} {copied}, {human(plan.size)}; {len(plan.surplus)} deleted."
    yield signed_by(plan.source.signers)


def _change(plan: Plan) -> str:
    release, last = plan.source.manifest, plan.last
    if last and last.raw == release.raw:
        change = "would be repaired" if context.dry_run else "is repaired"
    else:
        had = f"had release {last.release}" if last else "had no release"
        has = "would get" if context.dry_run else "now has"
        change = f"{had} and {has} release {release.release} of label {release.label}"
    return f"{plan.target} {change}: {amount(release)}."


def _expects(prefixes: Iterable[str]) -> Iterator[str]:
    expect = "would expect" if context.dry_run else "expects"
    for prefix in prefixes:
        yield f"The environment {prefix} {expect} this signature from now on."


def _warnings(outcome: Outcome, environments: Mapping[Path, OSError | None]) -> Iterator[str]:
    plan = outcome.plan
    last, new = plan.last, plan.source.manifest
    for number, reason in {**last.withdrawn, **new.withdrawn}.items() if last else ():
        if last and number in {*last.installable, new.release}:  # or it is older, and allowed
            advice = f"Update the environments that have it from {plan.target}."
            yield f"{withdrawal(number, reason)} {advice}"
    if outcome.undeleted:
        yield (
            f"{plan.target} has all of the release, but also files that it does not need any more: "
            f"{', '.join(outcome.undeleted)}. Another program may have them open. Run the same "
            "command again; until then, readers are warned that the publication is unfinished."
        )
    for prefix, problem in environments.items():
        if problem:
            yield (
                f"The environment {prefix} still expects another signature, because it cannot be "
                f"written: {problem.strerror or problem}. Its owner has to type: conda "
                f"offline-repo use {quoted(plan.target)} "
                f"-p {quoted(prefix)} --trust {plan.source.signers[0]}"
            )
