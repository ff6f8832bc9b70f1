"""Small wheels, made as a build backend makes them, and machines that they are for."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from conda_offline_repo.builder.pypi.conversion.convert import convert
from conda_offline_repo.builder.pypi.conversion.read_wheel import read_wheel
from conda_offline_repo.builder.pypi.conversion.record import record_of
from conda_offline_repo.builder.pypi.names import conda_name
from conda_offline_repo.builder.pypi.wheel import Wheel, target_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.pypi.wheel import Target

#: Another date than the present one, and than conda packages have.
MADE_AT = (2020, 2, 2, 2, 2, 2)


@dataclass(frozen=True)
class Python:
    """What of the record of a Python shapes a target."""

    version: str
    build: str


def target(
    platform: str = "linux-64",
    python: str = "3.12.4",
    build: str = "0_cpython",
    **machine: str,
) -> Target:
    """A customer's machine, with glibc 2.28 or macOS 13 unless told: `__glibc="2.17"`."""
    virtual = {"__glibc": "2.28", "__osx": "13.0", **machine}
    record: Any = Python(python, build)
    return target_of(platform, virtual, record)


def write_wheel(
    folder: Path,
    name: str = "demo",
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    pure: bool | None = None,
    entry_points: str = "",
    files: Mapping[str, str | bytes] | None = None,
    executable: Iterable[str] = (),
    metadata: Iterable[str] = (),
) -> Path:
    """Write a wheel, and return its path.

    Args:
        folder: made if it is not there.
        name: of the project; in the file's name as it is.
        version: of the project.
        tag: of the file's name; those with several are expanded.
        requires: lines of `Requires-Dist`.
        requires_python: the line of `Requires-Python`.
        pure: `Root-Is-Purelib`; as the tag is, unless told.
        entry_points: the content of `entry_points.txt`.
        files: by path in the wheel; one module of its own, unless told. `{dist}` in a path stands
            for `NAME-VERSION`, as in `{dist}.data/scripts/run`.
        executable: the paths of those that may be run.
        metadata: more lines of METADATA.
    """
    file = name.replace("-", "_")
    dist = f"{file}-{version}"
    is_pure = tag.endswith("-none-any") if pure is None else pure
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *metadata]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {line}" for line in requires]
    interpreters, abis, platforms = (part.split(".") for part in tag.split("-"))
    tags = [f"Tag: {i}-{a}-{p}" for i in interpreters for a in abis for p in platforms]
    wheel = ["Wheel-Version: 1.0", "Generator: tests", f"Root-Is-Purelib: {str(is_pure).lower()}"]
    if files is None:
        files = {f"{file.replace('.', '_')}.py": f"VERSION = {version!r}\n"}
    contents: dict[str, str | bytes] = {
        **{path.replace("{dist}", dist): content for path, content in files.items()},
        f"{dist}.dist-info/METADATA": "\n".join(lines) + "\n",
        f"{dist}.dist-info/WHEEL": "\n".join((*wheel, *tags)) + "\n",
        **({f"{dist}.dist-info/entry_points.txt": entry_points} if entry_points else {}),
    }
    runnable = {path.replace("{dist}", dist) for path in executable}
    path = folder / f"{dist}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    rows = io.StringIO()
    record = csv.writer(rows, lineterminator="\n")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            digest = urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.writerow((member, f"sha256={digest}", len(data)))
            info = zipfile.ZipInfo(member, MADE_AT)
            info.external_attr = (0o100755 if member in runnable else 0o100644) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
        record.writerow((f"{dist}.dist-info/RECORD", "", ""))
        archive.writestr(zipfile.ZipInfo(f"{dist}.dist-info/RECORD", MADE_AT), rows.getvalue())
    return path


def wheel_at(path: Path) -> Wheel:
    """The wheel of a file."""
    project, version, *_ = parse_wheel_filename(path.name)
    url = path.as_uri()
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Wheel(project, str(version), path.name, url, url, digest, len(content))


def package_of(
    path: Path, machine: Target | None = None, *extras: str, python_abi: bool = True
) -> tuple[str, dict[str, Any]]:
    """The file name and the record of the package that a wheel becomes."""
    names = frozenset(extras)
    machine = machine or target()
    metadata = read_wheel(path)
    return record_of(wheel_at(path), metadata, machine, names, conda_name, python_abi=python_abi)


def write_channel(folder: Path, wheels: Iterable[Path], machine: Target) -> str:
    """Make packages of wheels and a channel of them; returns its URL."""
    entries: dict[str, dict[str, Any]] = {"noarch": {}, machine.platform: {}}
    for wheel in wheels:
        file, record = package_of(wheel, machine)
        archive = folder / record["subdir"] / file
        archive.parent.mkdir(parents=True, exist_ok=True)
        convert(wheel, record, archive)
        content = archive.read_bytes()
        digests = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        entries[record["subdir"]][file] = {**record, **digests}
    for subdir, packages in entries.items():
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages}
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        (folder / subdir / "repodata.json").write_text(json.dumps({**index, "repodata_version": 1}))
    return folder.as_uri()
