"""What docs/how-to/other-clients.md says of py-rattler: the folder is a channel for it, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from conda_offline_repo.repository import manifest_json
from tests.support.mirror import PLATFORM
from tests.support.running import INHERITED

if TYPE_CHECKING:
    from pathlib import Path

    from dev.upstream.cable import Cable
    from tests.support.mirror import Mirror

#: Solves for packages of a channel and installs them; prints what it has taken, as JSON.
SCRIPT = """\
import asyncio, json, os, sys
from rattler import (
    Channel, Gateway, GenericVirtualPackage, PackageName, Platform, Version, install, solve
)

async def main(url, platform, cache, prefix, *packages):
    unix = GenericVirtualPackage(PackageName("__unix"), Version("0"), "0")
    records = await solve(
        [Channel(url)], packages, Gateway(cache_dir=f"{cache}/index"),
        platforms=[Platform(platform), Platform("noarch")], virtual_packages=[unix],
    )
    await install(records, prefix, cache_dir=f"{cache}/packages")
    return sorted(f"{record.subdir}/{record.file_name}" for record in records)

print(json.dumps(asyncio.run(main(*sys.argv[1:]))), flush=True)
# its threads at times abort a Python that takes itself down
os._exit(0)
"""


class RattlerUser:
    """Somebody with py-rattler, a cache of their own, and no network."""

    def __init__(self, folder: Path, trap: Cable) -> None:
        self.folder = folder
        self.prefix = folder / "environment"
        home = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), str(folder))
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.variables = {**inherited, **home, **trap.proxies}

    def installs(self, repository: Path, *packages: str) -> list[str]:
        """Solve and install; returns the archives that were chosen, as `subdir/file`."""
        arguments = (repository.as_uri(), PLATFORM, self.folder / "cache", self.prefix, *packages)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            env=self.variables,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        chosen = json.loads(done.stdout)
        assert isinstance(chosen, list)
        return chosen

    def installed(self) -> dict[str, str]:
        """The versions of the packages in the environment, by name."""
        records = (json.loads(p.read_text()) for p in (self.prefix / "conda-meta").glob("*.json"))
        return {record["name"]: record["version"] for record in records}


def test_rattler_installs_and_updates_from_the_folder(
    mirror: Mirror, stick: Path, tmp_path: Path, trap: Cable
) -> None:
    user = RattlerUser(tmp_path / "user", trap)
    unchanged = {"lib": "1.0", "extra": "1.0"}
    for build, versions in ((1, {"app": "1.0", "tool": "1.0"}), (2, {"app": "2.0", "tool": "2.0"})):
        mirror.copy(build, stick)
        manifest = manifest_json.read(stick)
        assert manifest is not None
        chosen = user.installs(stick, *manifest.request.packages)
        assert chosen == sorted(manifest.solutions[PLATFORM])
        assert user.installed() == {**unchanged, **versions}
