"""Whether customers come from earlier releases to the new one by an update, tried beforehand.

An environment that has an earlier release is made of its records alone, and updated from the new
index as the customer's conda would do it: offline, with the virtual packages on record.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from conda.base.constants import UpdateModifier
from conda.models.channel import Channel

from ..._conda import indexes, overrides
from ...urls import file_url
from ..exceptions import SolveError
from ..upstream.solve import run
from .prove import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from ...specs import PackageSpec
    from ..request.request import Request
    from ..upstream.solve import Solution

HISTORY = """\
==> 2000-01-01 00:00:00 <==
# cmd: conda install
# update specs: {specs!r}
"""


def unreached(
    request: Request,
    solutions: Iterable[Solution],
    index: Mapping[str, bytes],
    earlier: Mapping[int, Mapping[str, tuple[str, ...]]],
    records: Mapping[str, Mapping[str, Any]],
    scratch: Path,
) -> tuple[str, ...]:
    """Return what updates from earlier releases do not come to, a sentence each.

    Args:
        request: What is being built.
        solutions: What the new release installs.
        index: The index files of the repository to be, by path.
        earlier: What earlier releases install, by number and key, as `subdir/file`.
        records: The index entries of these, as far as they are known.
        scratch: A folder for this; emptied first, and gone afterwards.
    """
    with laid_out(index, scratch), ThreadPoolExecutor(max_workers=1) as executor:
        return tuple(
            sentence
            for solution in solutions
            for build, installs in sorted(earlier.items())
            for sentence in executor.submit(
                _sentences, request, solution, build, installs, records, scratch
            ).result()
        )


def _sentences(
    request: Request,
    solution: Solution,
    build: int,
    installs: Mapping[str, tuple[str, ...]],
    records: Mapping[str, Mapping[str, Any]],
    scratch: Path,
) -> list[str]:
    platform = solution.platform
    names = installs.get(solution.key, ())
    if not names or names == solution.names or not records.keys() >= {*names}:
        return []
    channel = Channel(file_url(scratch / "channel"))
    packages = [package.unqualified for package in solution.packages]
    prefix = scratch / f"from-{build}-{solution.key.replace('/', '-')}"
    _install(prefix, names, records, packages, file_url(scratch / "channel"))
    of = f" of the environment {solution.environment}" if solution.environment else ""
    begins = f"From release {build}, an update on {platform}{of}"
    with overrides.settings(_pkgs_dirs=(str(scratch / "pkgs"),), offline=True):
        indexes.refresh_index_cache(channel, (platform, "noarch"))
        try:
            after = run(
                platform,
                packages,
                (channel,),
                request.virtual_packages[platform],
                prefix=str(prefix),
                command="update",
                update_modifier=UpdateModifier.UPDATE_ALL,
            )
        except SolveError as error:
            return [f"{begins} has no solution: {error}"]
    return list(_lacking(begins, solution, after))


def _lacking(begins: str, solution: Solution, after: Iterable[Any]) -> Iterator[str]:
    found = {record.name: record for record in after}
    for wanted in sorted(solution.records, key=lambda record: record.name):
        there = found.get(wanted.name)
        if there is None:
            yield f"{begins} does not install {wanted.name} {wanted.version}."
        elif (there.subdir, there.fn) != (wanted.subdir, wanted.fn):
            yield (
                f"{begins} comes to {there.name} {there.version} {there.build}, and not to "
                f"{wanted.version} {wanted.build}."
            )


def _install(
    prefix: Path,
    names: Iterable[str],
    records: Mapping[str, Mapping[str, Any]],
    packages: Iterable[PackageSpec],
    url: str,
) -> None:
    """Make an environment of the records that conda keeps of what it has installed."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    installed = set()
    for name in names:
        subdir, _, file = name.rpartition("/")
        record = {
            **records[name],
            "fn": file,
            "subdir": subdir,
            "channel": f"{url}/{subdir}",
            "url": f"{url}/{name}",
            "files": [],
        }
        installed.add(record["name"])
        stem = f"{record['name']}-{record['version']}-{record['build']}"
        (meta / f"{stem}.json").write_text(json.dumps(record))
    asked = {package.match.name for package in packages}
    (meta / "history").write_text(HISTORY.format(specs=sorted(asked & installed)))
