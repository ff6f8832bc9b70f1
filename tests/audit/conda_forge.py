"""Real records of conda-forge, and releases of them in memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.package import File, Package
from conda_offline_repo.repository.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from conda_offline_repo.repository.locate import Repository

DATA = Path(__file__).with_name("data")
_CONTENT = json.loads((DATA / "conda_forge.json").read_text())
#: The records, by `subdir/file`.
RECORDS: dict[str, dict[str, Any]] = _CONTENT["records"]
#: By platform, the archives of an environment that a solver chose.
ENVIRONMENTS: dict[str, list[str]] = _CONTENT["environments"]
#: Archives whose metadata names other projects of PyPI than the package is called, or none.
PROJECTS: dict[str, dict[str, str]] = {
    "linux-64/brotli-1.1.0-hb03c661_4.conda": {},
    "linux-64/exiv2-0.28.2-h3cdc00d_0.conda": {},
    "linux-64/msgpack-python-1.0.7-py310hd41b1e2_0.conda": {"msgpack": "1.0.7"},
    "linux-64/py-opencv-4.6.0-py310hfdc917e_8.conda": {
        "opencv-python": "4.6.0",
        "opencv-python-headless": "4.6.0",
    },
    "linux-64/pytorch-2.3.1-cpu_generic_py310ha4c588e_0.conda": {"torch": "2.3.1"},
    "linux-64/ruamel.yaml-0.17.40-py311h459d7ec_0.conda": {"ruamel-yaml": "0.17.40"},
    "linux-64/zstd-1.5.6-ha6fb4c9_0.conda": {},
    "noarch/dask-core-2024.1.1-pyhd8ed1ab_0.conda": {"dask": "2024.1.1"},
    "noarch/docker-py-7.1.0-pyhd8ed1ab_0.conda": {"docker": "7.1.0"},
    "noarch/python-graphviz-0.20.1-pyh22cad53_0.tar.bz2": {"graphviz": "0.20.1"},
}
CHANNEL = "https://conda.anaconda.org/conda-forge"


def closure(platform: str, *names: str) -> dict[str, str]:
    """What packages of the platform's environment need: the archives, by name, sorted."""
    by_name = {RECORDS[archive]["name"]: archive for archive in ENVIRONMENTS[platform]}
    needed: dict[str, str] = {}
    left = [*names]
    while left:
        name = left.pop()
        if name in by_name and name not in needed:  # virtual packages are not
            needed[name] = by_name[name]
            left += (spec.split()[0] for spec in RECORDS[by_name[name]]["depends"])
    return dict(sorted(needed.items()))


def package(archive: str, **more: Any) -> Package:
    """What a manifest says of an archive; its digests are made up."""
    sha256 = hashlib.sha256(archive.encode()).hexdigest()
    size = RECORDS[archive]["size"]
    return Package(sha256, sha256[:32], size, f"{CHANNEL}/{archive}", **{"scripts": {}, **more})


def on_disk(folder: Path, manifest: Manifest) -> Repository:
    """A release with its index, and without its archives."""
    indexes: dict[str, bytes] = {}
    for subdir in sorted({archive.partition("/")[0] for archive in manifest.packages}):
        entries = {
            archive.partition("/")[2]: RECORDS[archive]
            for archive in manifest.packages
            if archive.startswith(f"{subdir}/")
        }
        old = {file for file in entries if file.endswith(".tar.bz2")}
        index = {
            "info": {"subdir": subdir},
            "packages": {file: entries[file] for file in entries if file in old},
            "packages.conda": {file: entries[file] for file in entries if file not in old},
        }
        indexes[f"{subdir}/repodata.json"] = json.dumps(index).encode()
    files = {name: File.of(content) for name, content in indexes.items()}
    whole = replace(manifest, files=files)
    for name, content in {**indexes, "offline-repo.json": whole.content}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return locate_one(folder)


def manifest_of(
    solutions: Mapping[str, Iterable[str]],
    requested: Iterable[str],
    packages: Mapping[str, Package] | None = None,
    created: str = "2026-08-20T12:00:00Z",
) -> Manifest:
    """A release.

    Args:
        solutions: its archives, by platform, or by environment and platform.
        requested: MatchSpecs.
        packages: those that have something special, by archive.
        created: when it was made.
    """
    archives = sorted({archive for each in solutions.values() for archive in each})
    return Manifest(
        label="bank",
        release=1,
        created=created,
        request=Remembered(
            packages=tuple(requested),
            channels=(CHANNEL,),
            platforms=tuple(sorted({key.rpartition("/")[2] for key in solutions})),
        ),
        solutions={platform: tuple(each) for platform, each in solutions.items()},
        packages={**{archive: package(archive) for archive in archives}, **(packages or {})},
        files={},
        built_with={},
    )
