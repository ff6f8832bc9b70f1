"""The vendor of the model: what is asked for, settings and keys change from build to build."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda import CondaError

from conda_offline_repo.repository.locate import locate_one
from tests.support.inside import Inside, inside
from tests.support.keys import sign
from tests.support.mirror import PLATFORM
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.repository.manifest import Manifest
    from tests.support.keys import SigningKey
    from tests.support.tiny import Format

LABEL = "bank"
#: What is published anew at times; `script` is built for a minor of python.
PACKAGES = ("app", "extra", "lib", "script", "tool")
#: Those that are for this platform alone.
NATIVE = ("python", "script", "tool")
#: What the vendor's own conda may be told, without the customer's knowing.
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"pinned_packages": ["lib=1.0"]},
    {"add_pip_as_python_dependency": False},
    {"disallowed_packages": ["extra"]},
    {"use_only_tar_bz2": True},
    {"aggressive_update_packages": ["lib"]},
)


@dataclass(frozen=True)
class Release:
    """What was published.

    Attributes:
        path: the folder as it leaves the vendor; not to be changed.
        manifest: its manifest.
        signers: the fingerprints of the keys that signed it.
        said: what the build said.
    """

    path: Path
    manifest: Manifest
    signers: tuple[str, ...]
    said: tuple[str, ...]

    def installs(self, number: int | None = None) -> set[tuple[str, str]]:
        """The archives that a release installs, as file and digest; this one's, unless told."""
        return installs(self.manifest, number)


def installs(manifest: Manifest, number: int | None = None) -> set[tuple[str, str]]:
    """The archives that a release of a folder installs, as file and digest."""
    solutions = manifest.solutions
    if number not in (None, manifest.release):
        assert number is not None
        solutions = manifest.releases[number].solutions
    return {(name, manifest.packages[name].sha256) for name in solutions[PLATFORM]}


class Vendor:
    """See the module.

    Attributes:
        releases: those of the bank, oldest first.
        texts: what an archive installs, by its digest.
        named: the digests that any release of any label named, by `subdir/file`.
        of_release: the files with digests that each release names, by label and number.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.channel = TinyChannel(folder / "channel")
        self.versions = dict.fromkeys(PACKAGES, 1)
        self.python = 11
        self.requested: tuple[str, ...] = ("app", "extra")
        self.settings: Mapping[str, Any] = {}
        self.keep = 1
        self.signing: tuple[SigningKey, ...] = ()
        self.releases: list[Release] = []
        self.texts: dict[str, str] = {}
        self.named: dict[str, set[str]] = defaultdict(set)
        self.of_release: dict[tuple[str, int], set[tuple[str, str]]] = {}
        self.builds = 0
        self.add_python()
        self.add("pip", depends=["python"])
        for name in PACKAGES:
            self.add(name)

    def release(self, back: int) -> Release:
        """One of the last releases: -1 is the last, -2 the one before; as far as there are any."""
        return self.releases[max(back, -len(self.releases))]

    def add_python(self) -> None:
        """Publish a minor of python."""
        self._add("python", f"3.{self.python}.0")

    def add(
        self,
        name: str,
        content: int = 0,
        format: Format = "conda",
        depends: tuple[str, ...] | list[str] = (),
    ) -> None:
        """Publish the present version of a package; it replaces one that has it, of any format."""
        minor = f"3.{self.python}"
        self._add(
            name,
            f"{self.versions.get(name, 1)}.0",
            content,
            build=f"py3{self.python}" if name == "script" else "0",
            depends={"app": ["lib", "tool"], "script": [f"python {minor}.*"]}.get(name, depends),
            # a channel may leave out the one or the other; conda's cache compares md5 alone
            record={"md5": None} if name == "lib" else None,
            format=format,
        )

    def _add(self, name: str, version: str, content: int = 0, **options: Any) -> None:
        text = f"{name} {version}, content {content}\n"
        package = self.channel.add(
            name,
            version,
            subdir=PLATFORM if name in NATIVE else "noarch",
            files={f"share/{name}.txt": text},
            **options,
        )
        self.texts[package.record["sha256"]] = text
        for other in [*self.channel.packages.values()]:
            if other.at != package.at and stem(other.at) == stem(package.at):
                self.channel.remove(other)

    def withdraw(self, name: str) -> bool:
        """Take the newest of a package back, unless it is the only one."""
        mine = [p for p in self.channel.packages.values() if p.record["name"] == name]
        if len(mine) > 1:
            self.channel.remove(mine[-1])
        return len(mine) > 1

    def build(self) -> CondaError | None:
        """Build, and keep what was published, if there is anything new; or say why not."""
        self.builds += 1
        self.channel.write()
        channels = (self.channel.folder.as_uri(),)
        with inside(self.folder / f"engineer{self.builds}") as me:
            me.configure(**self.settings)
            engineer = Inside(me.conda, self.folder / "repositories")
            options = engineer.options(
                *self.requested, channels=channels, platforms=(PLATFORM,), keep=self.keep
            )
            try:
                outcome = engineer.build(options)
            except CondaError as error:
                return error
        said = (
            *(warning.text for warning in outcome.warnings),
            *map(str, vars(outcome.manifest.request).items()),
        )
        release = self.keep_copy(outcome.path, said, *self.signing)
        if not self.releases or release.path != self.releases[-1].path:
            self.releases.append(release)
        return None

    def plain(self) -> set[tuple[str, str]]:
        """What a build with conda's defaults, of the same request, would install."""
        with inside(self.folder / f"plain{self.builds}") as me:
            options = me.options(
                *self.requested, channels=(self.channel.folder.as_uri(),), platforms=(PLATFORM,)
            )
            return installs(me.build(options, dry_run=True).manifest)

    def keep_copy(self, built: Path, said: tuple[str, ...] = (), *keys: SigningKey) -> Release:
        """Keep a release as it leaves the vendor, signed."""
        manifest = locate_one(built).manifest
        key = (manifest.label, manifest.release)
        path = self.folder / "kept" / f"{key[0]}-{key[1]}"
        if not path.exists():
            shutil.copytree(built, path)
            if keys:
                sign(path, *keys)
            self.of_release[key] = {(n, p.sha256) for n, p in manifest.packages.items()}
            for name, package in manifest.packages.items():
                self.named[name].add(package.sha256)
        kept = locate_one(path)
        return Release(path, kept.manifest, kept.signers, said)


def stem(name: str) -> str:
    """A package's file without its format."""
    return name.removesuffix(".conda").removesuffix(".tar.bz2")
