"""Bills of materials of a repository in the format CycloneDX, by the plugin conda-sboms.

Customers and auditors read them. So a channel is named only if it is on a well-known public server.
For packages from a server of the vendor's or a folder, neither address nor channel is included;
their digests identify them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from conda import __version__
from conda.models.match_spec import MatchSpec

from .._conda import features
from ..exceptions import InvalidRequestError
from ..files.atomic import all_or_none, has_content
from ..repository.exceptions import ManifestError
from ..repository.locate import Repository, enclosing
from ..repository.manifest import MANIFEST_NAME, Manifest
from ..repository.names import label_problem
from .components import record_of, state_attestations, state_wheel
from .contents import read_records, wheel_of
from .dependencies import Solved, solved
from .exceptions import NotWrittenError, SbomMissingError

if TYPE_CHECKING:
    from ..files.web import Place

FORMAT = "cyclonedx-json"
DATE_VARIABLE = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Bill:
    """A bill of materials.

    Attributes:
        name: Of its file.
        environment: Its name; empty if it has none.
        platform: Its name.
        packages: Their number.
        content: Of the file.
    """

    name: str
    environment: str
    platform: str
    packages: int
    content: bytes


def make_bills(repository: Repository) -> tuple[Bill, ...]:
    """Return the bills of materials of a release, one for each environment and platform.

    The same release gives the same bytes with the same conda-sboms: the date is that of the
    release, unless SOURCE_DATE_EPOCH is set.

    Raises:
        SbomMissingError: conda-sboms is not installed, or conda is too old.
        ManifestError: The manifest, or an index that it names, is invalid.
        CondaError: conda-sboms fails; its settings may be wrong.
    """
    export = features.exporter(FORMAT)
    if export is None:
        raise SbomMissingError(__version__)
    manifest, path = repository.manifest, repository.path
    bills = []
    for solution in solved(manifest, read_records(manifest, path, damaged=True), path):
        environment, platform = solution.environment, solution.platform
        records = [
            record_of(solution, name, manifest.packages[archive])
            for name, archive in solution.archives.items()
        ]
        title = "-".join(filter(None, (manifest.label, environment)))
        specs = [MatchSpec(name=name) for name in sorted(solution.asked_for)]
        with _dated(manifest, path):
            document = json.loads(export(platform, title, specs, records))
        for component in document["components"]:
            archive = solution.archives[component["name"].lower()]
            package = manifest.packages[archive]
            if wheel := wheel_of(package):
                state_wheel(component, wheel)
            if package.attestations:
                state_attestations(component, archive, package.attestations)
            for kind, paths in (package.scripts or {}).items():
                script = {"name": f"conda-offline-repo:script:{kind}"}
                component.setdefault("properties", []).extend({**script, "value": p} for p in paths)
        # unless the settings of conda-sboms name a product, whose version it is then
        document["metadata"]["component"].setdefault("version", str(manifest.release))
        file = _file_name(manifest, solution, path)
        content = f"{json.dumps(document, indent=2, sort_keys=True)}\n".encode()
        bills.append(Bill(file, environment, platform, len(records), content))
    return tuple(bills)


def write_files(
    contents: Sequence[tuple[str, bytes]], folder: Path, *, dry_run: bool = False
) -> tuple[Path, ...]:
    """Write files about repositories, all or none; unchanged ones are not written.

    Args:
        contents: The name and the content of each.
        folder: Made if it does not exist.
        dry_run: Whether to check only.

    Returns:
        The files that are new or changed.

    Raises:
        InvalidRequestError: Two have the same name, or the folder is in a repository.
        NotWrittenError: The disk refuses, or a folder has the name of a file.
    """
    if repository := enclosing(folder):
        raise InvalidRequestError(
            f"{folder} is in the repository {repository}, which may contain only its own files.",
            "Give the path of another folder.",
        )
    names = [name.lower() for name, _ in contents]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidRequestError(
            f"Two bills of materials would have the same name, {duplicates[0]}.",
            "Write those of each label separately, with --label.",
        )
    changed = {folder / n: text for n, text in contents if not has_content(folder / n, text)}
    path = folder
    try:
        if changed and not dry_run:
            folder.mkdir(parents=True, exist_ok=True)
            with all_or_none() as beside:
                for path, content in changed.items():
                    if path.is_dir():
                        raise NotWrittenError(path, "a folder has this name")
                    with beside(path) as file:
                        file.write(content)
    except OSError as error:
        raise NotWrittenError(path, error.strerror or str(error)) from error
    return tuple(changed)


def _file_name(manifest: Manifest, solution: Solved, path: Place) -> str:
    """Return the name of a bill's file, of which no part is trusted."""
    environment, platform = solution.environment, solution.platform
    if any(map(label_problem, filter(None, (environment, f"on-{platform}")))):
        reason = f"it has a solution of {environment!r} for {platform!r}"
        raise ManifestError(path / MANIFEST_NAME, reason)
    parts = (manifest.label, str(manifest.release), environment, platform)
    return f"{'-'.join(filter(None, parts))}.cdx.json"


@contextmanager
def _dated(manifest: Manifest, path: Place) -> Iterator[None]:
    """Let conda-sboms use the date of the release, unless another is set."""
    if os.environ.get(DATE_VARIABLE):
        yield
        return
    try:
        date = datetime.strptime(manifest.created, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        reason = f"its date is {manifest.created!r}"
        raise ManifestError(path / MANIFEST_NAME, reason) from error
    os.environ[DATE_VARIABLE] = str(int(date.replace(tzinfo=timezone.utc).timestamp()))
    try:
        yield
    finally:
        del os.environ[DATE_VARIABLE]
