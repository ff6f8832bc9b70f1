"""Records and caches as the hooks of the customer meet them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conda.models.channel import Channel
from conda.models.records import PackageRecord

from conda_offline_repo.customer.hooks import guard
from conda_offline_repo.urls import file_url
from tests.support.mirror import PLATFORM, another, entries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any


APP = "noarch/app-1.0-0.conda"
LIB = "noarch/lib-1.0-0.tar.bz2"
TOOL = f"{PLATFORM}/tool-1.0-0.conda"
INDEX = "noarch/repodata.json"


def record(folder: Path, name: str, **changes: Any) -> PackageRecord:
    """A record as a solver takes it from the index of a repository."""
    subdir, _, file = name.partition("/")
    channel = file_url(folder)
    entry = {**entries(folder, subdir).get(file, {"name": "x", "version": "1", "build": "0"})}
    entry |= {"build_number": 0, **changes}
    known = {key: value for key, value in entry.items() if value is not None}
    return PackageRecord(
        **known, fn=file, url=f"{channel}/{name}", channel=Channel(f"{channel}/{subdir}")
    )


def check(*records: PackageRecord) -> None:
    guard.check_solution("repodata.json", (), records)


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def poison(pkgs: Path, archive: Path, claims: dict[str, Any]) -> Path:
    """Let the package cache hold another archive, and what was unpacked of it, under a name."""
    pkgs.mkdir(exist_ok=True)
    target = pkgs / archive.name
    target.write_bytes(another(archive))
    info = target.with_suffix("") / "info"
    info.mkdir(parents=True)
    (info / "repodata_record.json").write_text(json.dumps(claims))
    return target
