"""`conda offline-repo diff`: what changes for the customer from one release to another."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import starmap
from typing import TYPE_CHECKING

from conda.base.context import context

from ..delivery.exceptions import LabelMismatchError
from ..delivery.release_ref import Named, both
from ..files.typed import typed_place
from ..printable import human, markdown, withdrawal
from ..queries import compare, news
from ..queries.overview import customers_conda
from ..repository.locate import Repository
from ..repository.manifest import Manifest, package_name
from ..repository.package import as_json
from .output import (
    attester_lines,
    attesters_json,
    changes_json,
    customer_json,
    entry_lines,
    licenses,
    numbered,
    platform_lines,
    platforms_json,
    print_json,
    print_lines,
    signed_by,
)
from .parser import LABEL, add_options
from .reading import warn_insecure, whole

if TYPE_CHECKING:
    from ..queries.compare import Difference

USAGE = "conda offline-repo diff OLD NEW [options]"
DESCRIPTION = """\
Show what changes for the customer, platform by platform: packages, the bytes
that a copy moves, and new licences. OLD and NEW are each a folder with the
release or its URL, a volume of `pack`, or an offline-repo.json, which lists no
licences; with @N at its end, the release N that is kept there."""
EPILOG = """\
examples:
  conda offline-repo diff X:\\repo\\halkbank E:\\halkbank
  conda offline-repo diff X:\\repo\\halkbank@1 X:\\repo\\halkbank@3
  conda offline-repo diff offline-repo.json new.zip --format markdown
"""
CONDA = ("add_parser_json",)
UNKNOWN = "unknown, as offline-repo.json alone does not list them"


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `diff`."""
    add_options(parser, {"OLD": "The current release.", "NEW": "The next release.", **LABEL})
    form = {"--format FORMAT": "`text`, or `markdown` for a change request. Default: text."}
    add_options(parser, form, choices=("text", "markdown"), default="text")


def execute(args: Namespace) -> int:
    """Compare two releases, and print the difference."""
    label = args.offline_repo_label
    texts = (args.offline_repo_old, args.offline_repo_new)
    old, new = whole(lambda: both(*texts, label), *map(typed_place, texts))
    releases = (Repository(r.path, r.manifest, r.signers or ()) for r in (old, new))
    warn_insecure(releases)
    if old.manifest.label != new.manifest.label:
        labels = (old.manifest.label, new.manifest.label)
        raise LabelMismatchError(old.path, *labels, compared=True)
    changes = compare.difference(old.manifest, new.manifest)
    entries = fresh = None
    if old.records is not None and new.records is not None:
        entries = compare.changed_entries(old.manifest, new.manifest, old.records, new.records)
    if old.packages is not None and new.packages is not None:
        fresh = news.new_licenses(old.packages, new.packages)
    if context.json:
        print_json(
            label=new.manifest.label,
            old=_json(old),
            new=_json(new),
            platforms=platforms_json(changes),
            transfer_bytes=changes.transfer_bytes,
            changed_entries=entries,
            new_licenses=fresh,
            new_scripts=news.new_scripts(old.manifest, new.manifest),
            new_attesters=attesters_json(news.new_attesters(old.manifest, new.manifest)),
            changed_rules=_rules(old.manifest, new.manifest),
            new_decisions=[*map(as_json, news.new_decisions(old.manifest, new.manifest))],
            **changes_json(changes),
        )
    else:
        lines = _markdown if args.offline_repo_format == "markdown" else _text
        summary = [
            f"A copy moves {human(changes.transfer_bytes)}.",
            f"New licences: {UNKNOWN if fresh is None else licenses(fresh)}",
            *_remarks(old, new),
        ]
        print_lines(lines(old, new, changes, [*entry_lines(entries or {}, changes)], summary))
    return 0


def _json(release: Named) -> dict[str, object]:
    manifest = release.manifest
    return {
        **numbered(manifest.release),
        "created": manifest.created,
        "signers": release.signers,
        **customer_json(manifest),
        "proved_with": manifest.proved_with,
        "due": manifest.due,
        "withdrawn": manifest.withdrawn,
    }


def _text(
    old: Named, new: Named, changes: Difference, entries: list[str], summary: list[str]
) -> Iterator[str]:
    yield f"{new.manifest.label}: {_named(old)} -> {_named(new)}"
    if not changes.platforms:
        yield "No package changes."
    yield from platform_lines(changes)
    yield from (*entries, *summary)


def _markdown(
    old: Named, new: Named, changes: Difference, entries: list[str], summary: list[str]
) -> Iterator[str]:
    yield f"## {markdown(new.manifest.label)}: {_named(old)} to {_named(new)}\n"
    if not changes.platforms:
        yield "No package changes.\n"
    for change in changes.platforms:
        yield f"### {markdown(change.platform)}\n"
        yield "| Package | Before | After |"
        yield "|---|---|---|"
        for row in change.rows:
            yield f"| {' | '.join(markdown(text) or '-' for text in row)} |"
        yield ""
    if entries:
        yield f"{entries[0]}\n"
        yield from (f"- {markdown(line.removeprefix('  ~ '))}" for line in entries[1:])
        yield ""
    yield from (f"- {markdown(line)}" for line in summary)


def _remarks(old: Named, new: Named) -> Iterator[str]:
    for kind, packages in news.new_scripts(old.manifest, new.manifest).items():
        yield f"New: {kind} of {', '.join(packages)}"
    yield from attester_lines(news.new_attesters(old.manifest, new.manifest))
    before, after = customers_conda(old.manifest), customers_conda(new.manifest)
    if before != after:
        yield f"For conda {after}. Before, it was for conda {before}."
    new_ones = new.manifest.withdrawn.items() - old.manifest.withdrawn.items()
    yield from starmap(withdrawal, sorted(new_ones))
    if new.manifest.due != old.manifest.due:
        was, due = (release.manifest.due or "not stated" for release in (old, new))
        yield f"The next release is due: {due}. Before: {was}."
    if rules := _rules(old.manifest, new.manifest):
        yield f"The policy differs in: {', '.join(rules)}."
    if passed := news.new_decisions(old.manifest, new.manifest):
        names = ", ".join(sorted({package_name(decision.archive) for decision in passed}))
        yield f"The policy lets pass what it did not before: {names}."
    if new.signers is None:
        return
    yield signed_by(new.signers)
    if old.signers is not None and old.signers != new.signers:
        before = f"signed by {', '.join(old.signers)}" if old.signers else "not signed"
        yield f"Before, it was {before}."


def _rules(old: Manifest, new: Manifest) -> list[str]:
    before, after = old.request.policy, new.request.policy
    return sorted(key for key in {**before, **after} if before.get(key) != after.get(key))


def _named(release: Named) -> str:
    return f"release {release.manifest.release} of {release.manifest.created}"
