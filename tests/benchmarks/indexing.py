"""Index and describe all packages of an upstream; run as a script: `indexing.py CHANNEL PLATFORM`.

This is what a build does with archives that are in place and hashed: index files, checksums and
manifest, all in memory. Prints the seconds that it took, without the start of Python and conda.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from conda_offline_repo.builder.archives.archive import Archive
from conda_offline_repo.builder.archives.attestations import Collected
from conda_offline_repo.builder.kept_releases import KeptReleases
from conda_offline_repo.builder.options import Options
from conda_offline_repo.builder.planning import tools
from conda_offline_repo.builder.release import compose
from conda_offline_repo.builder.release.index import make_index
from conda_offline_repo.builder.release.plan import BuildPlan
from conda_offline_repo.builder.request.request import resolve
from conda_offline_repo.builder.solving.solution import Solution
from conda_offline_repo.builder.upstream.entry import Entry
from conda_offline_repo.repository.manifest import SECTIONS

if TYPE_CHECKING:
    from typing import Any

URL = "https://upstream.example/channel"


def newest(folder: Path, platform: str) -> list[Entry]:
    """The entry of the newest version of each package, as a build has them."""
    found: dict[str, Entry] = {}
    for subdir in ("noarch", platform):
        repodata = json.loads((folder / subdir / "repodata.json").read_bytes())
        for section in SECTIONS:
            for file, record in repodata[section].items():
                known = found.get(record["name"])
                if known is None or known.record["version"] < record["version"]:
                    url = f"{URL}/{subdir}/{file}"
                    found[record["name"]] = Entry(subdir, file, record, url, url)
    return sorted(found.values(), key=lambda entry: entry.name)


def main() -> None:
    folder, platform = Path(sys.argv[1]), sys.argv[2]
    entries = newest(folder, platform)
    archives = tuple(
        Archive(
            name=entry.name,
            path=folder / entry.name,
            staged=True,
            sha256=entry.record["sha256"],
            md5=entry.record["md5"],
            size=entry.record["size"],
        )
        for entry in entries
    )
    records = tuple(
        cast("Any", SimpleNamespace(subdir=entry.subdir, fn=entry.file)) for entry in entries
    )
    options = Options(
        label="bank",
        root=folder,
        packages=("bench-all",),
        channels=(URL,),
        channels_named=True,
        label_channel=False,
        platforms=(platform,),
    )
    request = resolve(options, None)
    start = time.perf_counter()
    index = make_index(entries, request.platforms)
    indexed = time.perf_counter()
    plan = BuildPlan(
        request=request,
        repository=folder / ".none",
        last=None,
        signers=(),
        built_with=tools(),
        solutions=(Solution("", platform, request.packages, records),),
        entries=tuple(entries),
        of_plugin=(),
        kept=KeptReleases(),
        index=index,
    )
    state = compose.completed(compose.compose(plan, archives, Collected({}, {}), {}, ()), None)
    content = state.manifest.content
    end = time.perf_counter()
    cost = {
        "packages": len(entries),
        "seconds": end - start,
        "indexing": indexed - start,
        "manifest": end - indexed,
        "bytes": len(content) + sum(d.described.size for d in state.files.values()),
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main()
