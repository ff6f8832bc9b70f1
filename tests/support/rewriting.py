"""Repositories that say of themselves what no build in the tests has made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_offline_repo.files.hashing import hash_bytes
from conda_offline_repo.repository.index import dump, entries, with_newer
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.package import File, Package, WheelOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from conda_offline_repo.repository.locate import Repository


def folder_of(repository: Repository) -> Path:
    """The folder of a repository that is in one."""
    assert isinstance(repository.path, Path)
    return repository.path


def rewrite(folder: Path, **changes: Any) -> Repository:
    """Let the manifest of a repository say something else, by the names of its attributes."""
    manifest = replace(locate_one(folder).manifest, **changes)
    (folder / MANIFEST_NAME).write_bytes(manifest.content)
    return locate_one(folder)


def put_index(folder: Path, name: str, entries: Mapping[str, Mapping[str, Any]]) -> Repository:
    """Let the index file `name` have these entries, by file name, and the manifest name it."""
    sections: dict[str, dict[str, Any]] = {"packages": {}, "packages.conda": {}}
    for file, entry in entries.items():
        sections["packages.conda" if file.endswith(".conda") else "packages"][file] = entry
    content = json.dumps(sections).encode()
    (folder / name).write_bytes(content)
    files = locate_one(folder).manifest.files
    return rewrite(folder, files={**files, name: File(hash_bytes(content).sha256, len(content))})


def put_newer(folder: Path, *names: str) -> Repository:
    """Let archives of the repository, as `subdir/file`, be in version 3 of the index format."""
    manifest = locate_one(folder).manifest
    packages, files = dict(manifest.packages), dict(manifest.files)
    for name in names:
        packages[name] = replace(packages[name], index_version=3)
        subdir, _, file = name.partition("/")
        index = json.loads((folder / subdir / "repodata.json").read_bytes())
        known = entries(index)
        for section in ("packages", "packages.conda"):
            index[section].pop(file, None)
        newer = {f: known[f] for f in known if packages[f"{subdir}/{f}"].index_version == 3}
        content = dump(with_newer(index, newer))
        (folder / subdir / "repodata.json").write_bytes(content)
        files[f"{subdir}/repodata.json"] = File.of(content)
    return rewrite(folder, packages=packages, files=files)


def put_archive(folder: Path, name: str, content: bytes) -> Repository:
    """Let an archive of the repository, as `subdir/file`, hold other bytes, and the manifest name
    them.
    """
    (folder / name).write_bytes(content)
    packages = locate_one(folder).manifest.packages
    package = Package(hash_bytes(content).sha256, "", len(content), packages[name].url)
    return rewrite(folder, packages={**packages, name: package})


def from_elsewhere(folder: Path, name: str, url: str) -> Repository:
    """Let an archive of the repository come from this URL."""
    packages = locate_one(folder).manifest.packages
    return rewrite(folder, packages={**packages, name: replace(packages[name], url=url)})


def from_wheel(
    folder: Path, name: str, file: str, index: str = "https://files.pythonhosted.org/packages/py3"
) -> Repository:
    """Let an archive of the repository be made from a wheel of this index, by its file name."""
    packages = locate_one(folder).manifest.packages
    project, version, _ = file.split("-", 2)
    origin = WheelOrigin(canonicalize_name(project), version, file, "e" * 64)
    package = replace(packages[name], url=f"{index}/{file}", wheel=origin)
    return rewrite(folder, packages={**packages, name: package})
