"""What the verbs print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import asdict
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

from conda.base.context import context

from ..printable import printable

if TYPE_CHECKING:
    from ..queries.compare import Difference, PlatformChange
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest
    from ..repository.package import Attester

log = logging.getLogger(__name__)


def print_json(*, success: bool = True, **content: Any) -> None:
    """Print the one JSON object of a `--json` run."""
    print(json.dumps({"success": success, **content}, indent=2, sort_keys=True))


def log_result(content: Mapping[str, Any]) -> None:
    """Note what a command did where a log is kept."""
    if log.isEnabledFor(logging.INFO):
        log.info("result: %s", json.dumps(content, sort_keys=True))


def print_lines(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Print lines, which may quote channels and archives, to a stream or else to stdout."""
    for line in lines:
        print(printable(line), file=stream)


def print_result(
    content: Mapping[str, Any],
    lines: Iterable[str],
    brief: Iterable[str],
    warnings: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Print what a command did: as JSON, or as lines and warnings.

    Args:
        content: For JSON; it has the warnings.
        lines: For people.
        brief: A line for each thing that changed, in place of these with `--quiet`.
        warnings: Texts.
        stream: For the lines, if not stdout.
    """
    log_result(content)
    if context.json:
        print_json(**content)
    else:
        print_lines(brief if context.quiet else lines, stream)
        warn(warnings)


def print_answers(
    answers: Iterable[tuple[Any, ...]],
    as_json: Callable[..., dict[str, Any]],
    lines: Callable[..., Iterator[str]],
) -> None:
    """Print answers, each of which is a repository and what is asked of it, as JSON or as lines."""
    if context.json:
        print_json(repositories=[as_json(*answer) for answer in answers])
    else:
        for answer in answers:
            print_lines(lines(*answer))


def warn(warnings: Iterable[str]) -> None:
    """Print warnings, a line each."""
    for warning in warnings:
        log.info("warning: %s", warning)
        print_lines([f"warning: {warning}"], sys.stderr)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines, with their columns aligned."""
    rows = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def chatter_to_stderr() -> AbstractContextManager[object]:
    """Let what conda and its solvers print meanwhile go to stderr, or nowhere without one."""
    return redirect_stdout(sys.stderr or StringIO())


def release_json(repository: Repository) -> dict[str, Any]:
    """Return the path, label and release of a repository, for a JSON object."""
    manifest = repository.manifest
    return {"path": str(repository.path), "label": manifest.label, **numbered(manifest.release)}


def numbered(release: int) -> dict[str, int]:
    """Return the number of a release for a JSON object; `build` is its older name."""
    return {"release": release, "build": release}


def manifest_json(manifest: Manifest) -> dict[str, Any]:
    """Return what a release is of, and with `--verbose` all of its manifest, for a JSON object."""
    content = json.loads(manifest.content)
    return {
        **{key: content[key] for key in ("label", "created", "request")},
        **numbered(manifest.release),
        **{key: content[key] for key in ("needs", "cutoff", "due", "withdrawn") if key in content},
        **({"manifest": content} if context.verbosity else {}),
    }


def customer_json(manifest: Manifest) -> dict[str, Any]:
    """Return what a release states of the customer's conda, for a JSON object."""
    request = manifest.request
    return {
        "customer_conda": request.customer_conda,
        "customer_solvers": request.customer_solvers,
    }


def changes_json(difference: Difference) -> dict[str, Any]:
    """Return which archives come and go for a JSON object."""
    return {key: getattr(difference, key) for key in ("added", "updated", "removed")}


def platforms_json(difference: Difference) -> dict[str, Any]:
    """Return which packages change on each platform, for a JSON object."""
    return {
        change.platform: {
            "updated": [
                {"name": name, "old": old, "new": new, **_origin(change, name)}
                for name, old, new in change.updated
            ],
            "added": [
                {"name": name, "version": version, **_origin(change, name)}
                for name, version in change.added
            ],
            "removed": [{"name": name, "version": version} for name, version in change.removed],
        }
        for change in difference.platforms
    }


def _origin(change: PlatformChange, name: str) -> dict[str, str]:
    origin = change.origins.get(name)
    return {"origin": origin} if origin else {}


def platform_lines(difference: Difference) -> Iterator[str]:
    """Yield lines on the packages that are updated, new and gone, platform by platform."""
    for change in difference.platforms:
        yield f"{change.platform}:"
        for name, old, new in change.updated:
            yield f"  ~ {name} {old} -> {change.with_origin(name, new)}"
        for name, version in change.added:
            yield f"  + {name} {change.with_origin(name, version)}"
        for name, version in change.removed:
            yield f"  - {name} {version}"


def entry_lines(entries: Mapping[str, tuple[str, ...]], difference: Difference) -> Iterator[str]:
    """Yield lines on the index entries that are other ones, though their archives are the same."""
    if entries:
        only = not (difference.added or difference.updated or difference.removed)
        yield "Only entries changed:" if only else "Entries changed:"
    for archive, keys in entries.items():
        subdir, _, file = archive.rpartition("/")
        name, version, _ = file.rsplit("-", 2)
        yield f"  ~ {name} {version} ({subdir}): {', '.join(keys)}"


def attesters_json(attesters: Mapping[Attester, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return who newly attests which packages, for a JSON object."""
    return [{**asdict(attester), "packages": names} for attester, names in attesters.items()]


def attester_lines(attesters: Mapping[Attester, tuple[str, ...]]) -> Iterator[str]:
    """Yield a line on each who newly attests packages."""
    for attester, names in attesters.items():
        yield f"Newly attested by {attester}: {', '.join(names)}"


def licenses(packages: Mapping[str, tuple[str, ...]]) -> str:
    """Return licences, with the packages that have them, as a part of a sentence."""
    parts = [f"{name or 'none stated'} ({', '.join(of)})" for name, of in packages.items()]
    return ", ".join(parts) or "none"


def signed_by(signers: Iterable[str]) -> str:
    """Return a sentence on who signed a repository."""
    names = ", ".join(signers)
    return f"Signed by {names}." if names else "Not signed: the origin is unknown."
