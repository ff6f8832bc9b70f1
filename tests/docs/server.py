"""The channels of the server that the pages speak of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dev.upstream.server import ChannelServer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.support.tiny import TinyPackage

TOKEN = "tk-1234-5678"
BASIC = ("build", "b1ld-pass")
LABELS = ("halkbank", "acme", "plant")
COMPILED = ("linux-64", "win-64")
PYTHON = ("python >=3.10",)
#: Programs: what the package brings in `bin`.
PROGRAMS = {"ratingpro": "ratingpro", "ripgrep": "rg"}


class PublicServer:
    """The server, with what all pages find there.

    Attributes:
        url: where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._channels = {
            name: TinyChannel(folder / name)
            for name in ("conda-forge", "internal", "prometeia")
            + tuple(f"prometeia/label/{label}" for label in LABELS)
        }
        self._conda_forge()
        self._add("internal", "tools", "1.0")
        for name in ("ratingpro", "pytho", "core", "pricing"):
            self._add("prometeia", name, "1.0", PYTHON)
        for label in LABELS:
            channel = f"prometeia/label/{label}"
            self._add(channel, "ratingpro", "1.2", (*PYTHON, "requests >=2.28", "lib"))
            self._add(channel, "pytho", "2.0", (*PYTHON, "requests"))
            self._add(channel, "core", "2.0", PYTHON)
        for tiny in self._channels.values():
            tiny.write()
        self._server = ChannelServer(
            folder, private={"prometeia": TOKEN}, basic={"internal": BASIC}
        )
        self.url = self._server.url

    def publish(self, name: str, version: str, channel: str) -> None:
        """Publish a version that depends on what the last one does."""
        last = self._versions(name, channel)[-1]
        self._add(channel, name, version, last.record["depends"], (last.subdir,))
        self._channels[channel].write()

    def withdraw(self, name: str, version: str, channel: str) -> None:
        """Publish a version no longer."""
        for package in self._versions(name, channel):
            if package.record["version"] == version:
                self._channels[channel].remove(package)
        self._channels[channel].write()

    def install(self, prefix: Path, *names: str) -> None:
        """Record in an environment that the newest versions of packages are there."""
        for name in names:
            package = self._versions(name, "conda-forge")[-1]
            url = f"{self.url}/conda-forge/{package.subdir}/{package.file}"
            record = {**package.record, "fn": package.file, "url": url, "files": []}
            stem = package.file.removesuffix(".conda")
            (prefix / "conda-meta" / f"{stem}.json").write_text(json.dumps(record))

    def stop(self) -> None:
        """Serve no more."""
        self._server.stop()

    def _versions(self, name: str, channel: str) -> list[TinyPackage]:
        packages = self._channels[channel].packages.values()
        return [package for package in packages if package.record["name"] == name]

    def _add(
        self,
        channel: str,
        name: str,
        version: str,
        depends: Iterable[str] = (),
        subdirs: Iterable[str] = ("noarch",),
        build: str = "0",
        number: int = 0,
    ) -> None:
        files = None
        if name in PROGRAMS:
            script = f"#!/bin/sh\necho {PROGRAMS[name]} {version}\n"
            files = {f"bin/{PROGRAMS[name]}": script}
        for subdir in subdirs:
            self._channels[channel].add(
                *(name, version),
                build=build,
                number=number,
                subdir=subdir,
                depends=[name for name in depends if subdir == "linux-64" or "__" not in name],
                files=files,
            )

    def _conda_forge(self) -> None:
        def add(name: str, *versions: str, depends: tuple[str, ...] = PYTHON) -> None:
            for version in versions:
                self._add("conda-forge", name, version, depends)

        def compiled(name: str, *versions: str, depends: tuple[str, ...] = ()) -> None:
            for version in versions:
                self._add("conda-forge", name, version, depends, COMPILED)

        add("pip", "24.0")
        add("requests", "2.32.3")
        add("pysocks", "1.7.1")
        add("jupyterlab", "4.2.3")
        add("securesystemslib", "1.6.0")
        add("conda-offline-repo-base", "1.0", depends=(*PYTHON, "conda >=24.7", "pluggy >=1.0"))
        add("conda-offline-repo", "1.0", depends=("conda-offline-repo-base 1.0", "conda-index"))
        add("conda", "24.7.1", depends=(*PYTHON, "pluggy >=1.0"))
        add("conda-index", "0.13.0")
        add("pluggy", "1.5.0")
        add("app", "1.0", depends=("lib",))
        add("lib", "1.0", "1.1", depends=())
        add("extra", "3.0", depends=("lib",))
        compiled("python", "3.11.9", "3.12.4", depends=("openssl >=3.3", "pip"))
        compiled("openssl", "3.3.1", "3.3.2")
        compiled("numpy", "1.26.4", "2.0.1", depends=(*PYTHON, "__glibc >=2.17"))
        compiled("pandas", "2.2.2", depends=(*PYTHON, "numpy >=1.26"))
        compiled("opencv", "4.10.0", depends=(*PYTHON, "numpy >=1.26"))
        compiled("scipy", "1.14.0", depends=(*PYTHON, "numpy >=1.26"))
        compiled("ripgrep", "14.1.0", "14.1.1")
        compiled("duckdb", "1.0.0", depends=("__glibc >=2.17",))
        compiled("duckdb", "1.1.0", depends=("__glibc >=2.34",))
        self._add("conda-forge", "pywin32", "306", PYTHON, ("win-64",))
        self._add("conda-forge", "pytorch", "2.4.0", PYTHON, COMPILED, "cpu_0")
        needs = (*PYTHON, "__cuda >=12.6")
        self._add("conda-forge", "pytorch", "2.4.0", needs, ("linux-64",), "cuda126_0", 100)
