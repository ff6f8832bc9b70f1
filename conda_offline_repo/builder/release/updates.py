"""Whether customers come from earlier releases to the new one by an update, tried beforehand.

An environment that has an earlier release is made of its records alone, and updated from the new
index as the customer's conda would do it: offline, with the virtual packages on record.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from conda.base.constants import UpdateModifier
from conda.models.channel import Channel

from ..._conda import indexes, overrides
from ...queries.contents import read_records
from ...urls import file_url
from ..exceptions import SolveError
from ..upstream.solve import run
from .prove import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from ...progress import Progress
    from ...specs import PackageSpec
    from ..request.request import Request
    from ..upstream.solve import Solution
    from .plan import BuildPlan

HISTORY = """\
==> 2000-01-01 00:00:00 <==
# cmd: conda install
# update specs: {specs!r}
"""


def tried(plan: BuildPlan, scratch: Path, progress: Progress) -> BuildPlan:
    """Return a plan with a warning for each package that an update from an earlier release does not
    come to.

    Args:
        plan: What is to be published.
        scratch: A folder for this; emptied first, and gone afterwards.
        progress: Told that it is done.
    """
    if plan.last is None:
        return plan
    kept = {number: release.solutions for number, release in plan.kept.releases.items()}
    releases = {**kept, plan.last.build: plan.last.solutions}
    if all(solutions == plan.installs for solutions in releases.values()):
        return plan
    records = read_records(plan.last, plan.repository, damaged=True)
    attempts = [
        (solution, number, {name: records[name] for name in names})
        for solution in plan.solutions
        for number, solutions in sorted(releases.items())
        if (names := solutions.get(solution.key, ())) not in ((), solution.names)
        and records.keys() >= {*names}
    ]
    with (
        progress.doing("Trying the update from earlier releases"),
        laid_out(plan.index, scratch),
        ThreadPoolExecutor(max_workers=1) as executor,
    ):
        warnings = [
            warning
            for attempt in attempts
            for warning in executor.submit(_warnings, plan.request, *attempt, scratch).result()
        ]
    return replace(plan, warnings=(*plan.warnings, *warnings))


def _warnings(
    request: Request,
    solution: Solution,
    number: int,
    records: Mapping[str, Mapping[str, Any]],
    scratch: Path,
) -> list[str]:
    """Return what an update from a release, which installs these records, does not come to."""
    url = file_url(scratch / "channel")
    packages = [package.unqualified for package in solution.packages]
    prefix = scratch / f"from-{number}-{solution.key.replace('/', '-')}"
    _install(prefix, records, packages, url)
    of = f" of the environment {solution.environment}" if solution.environment else ""
    begins = f"From release {number}, an update on {solution.platform}{of}"
    with overrides.settings(_pkgs_dirs=(str(scratch / "pkgs"),), offline=True):
        indexes.refresh_index_cache(Channel(url), (solution.platform, "noarch"))
        try:
            after = run(
                solution.platform,
                packages,
                (Channel(url),),
                request.virtual_packages[solution.platform],
                prefix=str(prefix),
                command="update",
                update_modifier=UpdateModifier.UPDATE_ALL,
            )
        except SolveError as error:
            return [f"{begins} has no solution: {error}"]
    return list(_lacking(begins, solution, after))


def _lacking(begins: str, solution: Solution, after: Iterable[Any]) -> Iterator[str]:
    installed = {record.name: record for record in after}
    for wanted in sorted(solution.records, key=lambda record: record.name):
        record = installed.get(wanted.name)
        if record is None:
            yield f"{begins} does not install {wanted.name} {wanted.version}."
        elif (record.subdir, record.fn) != (wanted.subdir, wanted.fn):
            yield (
                f"{begins} comes to {record.name} {record.version} {record.build}, and not to "
                f"{wanted.version} {wanted.build}."
            )


def _install(
    prefix: Path,
    records: Mapping[str, Mapping[str, Any]],
    packages: Iterable[PackageSpec],
    url: str,
) -> None:
    """Make an environment of the records that conda keeps of what it has installed."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    installed = set()
    for name, stated in records.items():
        subdir, _, file = name.rpartition("/")
        record = {
            **stated,
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
