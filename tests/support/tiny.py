"""Tiny conda packages and channels of them, made in a blink and always with the same bytes."""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any, Literal

    Format = Literal["conda", "tar.bz2"]

MADE_AT = 1_700_000_000
SUBDIRS = ("noarch", "linux-64", "win-64")


@dataclass(frozen=True)
class TinyPackage:
    """An archive in a channel.

    Attributes:
        path: where it lies.
        subdir: the part of the channel that it belongs to.
        record: its entry in the channel's index; a channel that is written again takes changes.
    """

    path: Path
    subdir: str
    record: dict[str, Any]

    @property
    def file(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def at(self) -> str:
        """`subdir/file`, as repositories name it."""
        return f"{self.subdir}/{self.file}"

    def attest(self, content: bytes) -> Path:
        """Let the channel have attestations beside it (CEP 50), and return their file. Its index is
        not written yet.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        self.record["attestations_sha256"] = sha256
        path = self.path.with_name(f"{self.file}.sigs.{sha256}")
        path.write_bytes(content)
        return path


class TinyChannel:
    """A channel in a folder: `add` packages, then `write` its index.

    Attributes:
        folder: where it lies.
        packages: what it publishes, by `subdir/file`.
        info: keys of `info` in its index, beside `subdir`.
        zst: whether the index is written as `repodata.json.zst`, too.
        newer: the packages that are in the sections of version 3 alone, as `subdir/file`.
        wheels: entries of wheels in `noarch`, by key.
    """

    def __init__(self, folder: Path, *, zst: bool = False) -> None:
        self.folder = folder
        self.packages: dict[str, TinyPackage] = {}
        self.info: dict[str, Any] = {}
        self.zst = zst
        self.newer: set[str] = set()
        self.wheels: dict[str, dict[str, Any]] = {}

    def add(
        self,
        name: str,
        version: str = "1.0",
        *,
        build: str = "0",
        number: int = 0,
        subdir: str = "noarch",
        depends: Sequence[str] = (),
        constrains: Sequence[str] = (),
        files: Mapping[str, str | bytes] | None = None,
        record: Mapping[str, Any] | None = None,
        format: Format = "conda",
        newer: bool = False,
    ) -> TinyPackage:
        """Make a package and let the channel publish it; it replaces one of the same file name.

        Args:
            name: of the package.
            version: of the package.
            build: its build string.
            number: its build number.
            subdir: where it goes; packages in `noarch` are generic.
            depends: match specifications.
            constrains: match specifications.
            files: what it installs, by path; one file of its own, unless told. What lies in
                `bin` may be run.
            record: more and other keys for its entry in the index, which the archive itself does
                not have; `None` takes a key away.
            format: of the archive.
            newer: whether its entry is in a section of version 3.
        """
        index = {
            "arch": None,
            "build": build,
            "build_number": number,
            "constrains": list(constrains),
            "depends": list(depends),
            "license": "BSD-3-Clause",
            "name": name,
            "platform": None,
            "subdir": subdir,
            "timestamp": MADE_AT * 1000,
            "version": version,
        }
        if subdir == "noarch":
            index["noarch"] = "generic"
        if files is None:
            files = {f"share/{name}.txt": f"{name} {version} {build} {subdir}\n"}
        path = self.folder / subdir / f"{name}-{version}-{build}.{format}"
        content = archive(path.name.removesuffix(f".{format}"), index, files, format)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        entry = {
            **index,
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            **(record or {}),
        }
        gone = [key for key, value in (record or {}).items() if value is None]
        package = TinyPackage(path, subdir, {k: v for k, v in entry.items() if k not in gone})
        self.packages[package.at] = package
        self.newer -= {package.at}
        self.newer |= {package.at} if newer else set()
        return package

    def remove(self, package: TinyPackage) -> None:
        """Let the channel no longer publish a package, and remove its archive."""
        del self.packages[package.at]
        package.path.unlink()

    def write(self) -> None:
        """Write the index of every subdir, also of an empty one."""
        subdirs = {*SUBDIRS, *(package.subdir for package in self.packages.values())}
        for subdir in subdirs:
            packages = [p for p in self.packages.values() if p.subdir == subdir]
            mine = [p for p in packages if p.at not in self.newer]
            newer: dict[str, dict[str, Any]] = {"whl": self.wheels if subdir == "noarch" else {}}
            for extension in ("conda", "tar.bz2"):
                newer[extension] = {
                    p.file.removesuffix(f".{extension}"): p.record
                    for p in packages
                    if p.at in self.newer and p.file.endswith(extension)
                }
            repodata: dict[str, Any] = {
                "info": {"subdir": subdir, **self.info},
                "packages": {p.file: p.record for p in mine if p.file.endswith(".tar.bz2")},
                "packages.conda": {p.file: p.record for p in mine if p.file.endswith(".conda")},
                "removed": [],
                "repodata_version": 2 if "base_url" in self.info else 1,
            }
            if any(newer.values()):
                repodata["info"]["repodata_revisions"] = {"v3": {}}
                repodata["v3"] = newer
            content = json.dumps(repodata).encode()
            folder = self.folder / subdir
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "repodata.json").write_bytes(content)
            if self.zst:
                (folder / "repodata.json.zst").write_bytes(_zstd(content))


def archive(
    stem: str, index: Mapping[str, Any], files: Mapping[str, str | bytes], format: Format = "conda"
) -> bytes:
    """A conda package.

    Args:
        stem: its file name without extension.
        index: its `info/index.json`.
        files: what it installs, by path; those below `info` describe it.
        format: its extension.
    """
    contents = {
        path: content.encode() if isinstance(content, str) else content
        for path, content in files.items()
    }
    about = {path: content for path, content in contents.items() if path.startswith("info/")}
    payload = {path: content for path, content in contents.items() if path not in about}
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        for path, content in payload.items()
    ]
    info = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/files": "".join(f"{path}\n" for path in payload).encode(),
        **about,
    }
    if format == "tar.bz2":
        return bz2.compress(_tar({**info, **payload}), 1)
    parts = {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        f"pkg-{stem}.tar.zst": _zstd(_tar(payload)),
        f"info-{stem}.tar.zst": _zstd(_tar(info)),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as container:
        for name, content in parts.items():
            container.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(content)


def _tar(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in members.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            entry.mtime = MADE_AT
            entry.mode = 0o755 if path.startswith("bin/") else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
