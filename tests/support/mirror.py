"""The customer's side: repositories built without a server, and damage to them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda.base.context import context

from tests.support.inside import Inside, inside
from tests.support.tiny import TinyChannel, archive

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.running import Finished

PLATFORM: str = context.subdir
#: All that the conda of the tests has: classic, and rattler with the current one.
SOLVERS = sorted(solver.name for solver in context.plugin_manager.get_hook_results("solvers"))
#: What the archives that are swapped in install.
SWAPPED = "swapped\n"


@dataclass(frozen=True)
class Mirror:
    """Three builds of one label, each as it was when it was published; not to be changed.

    Attributes:
        channel: what they were built from.
        builds: their folders, by number.
    """

    channel: TinyChannel
    builds: dict[int, Path]

    def copy(self, number: int, target: Path) -> Path:
        """Bring `target` to a build, as a copying program that removes what is too much does."""
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(self.builds[number], target)
        return target


def publish(
    folder: Path,
    channel: TinyChannel,
    *packages: str,
    root: Path,
    label: str = "bank",
    platforms: tuple[str, ...] = (PLATFORM,),
    virtual_packages: tuple[str, ...] = (),
    keep: int | None = None,
) -> Path:
    """Build a label from a channel in a folder, in this process.

    Args:
        folder: for the files of the user who builds; not there yet.
        channel: whose index is written.
        packages: what is asked for.
        root: where the repository goes.
        label: its label.
        platforms: what it is for.
        virtual_packages: what the customer's machine has.
        keep: how many releases are to be installable.
    """
    channel.write()
    with inside(folder) as me:
        engineer = Inside(me.conda, root)
        options = engineer.options(
            *packages,
            channels=(channel.folder.as_uri(),),
            label=label,
            platforms=platforms,
            virtual_packages=virtual_packages,
            keep=keep,
        )
        engineer.build(options)
    return root / label


def releases(folder: Path) -> Mirror:
    """Build a label three times: `app` needs `lib`, and `tool` of its version, for this platform.

    app is 1.0, 2.0, 2.0; tool 1.0, 2.0, 2.0; lib 1.0, 1.0, 1.1; extra 1.0, 1.0, 2.0.
    """
    channel = TinyChannel(folder / "channel")
    builds = {}
    news = {
        1: (("app", "1.0"), ("tool", "1.0"), ("lib", "1.0"), ("extra", "1.0")),
        2: (("app", "2.0"), ("tool", "2.0")),
        3: (("lib", "1.1"), ("extra", "2.0")),
    }
    for number, packages in news.items():
        for name, version in packages:
            channel.add(
                name,
                version,
                subdir=PLATFORM if name == "tool" else "noarch",
                depends=("lib", f"tool {version}") if name == "app" else (),
                format="tar.bz2" if name == "lib" else "conda",
            )
        built = publish(
            folder / f"engineer{number}", channel, "app", "extra", root=folder / "repositories"
        )
        builds[number] = folder / "builds" / str(number)
        shutil.copytree(built, builds[number])
    return Mirror(channel, builds)


def another(package: Path) -> bytes:
    """Another archive of the same name, version, build and size, which installs something else."""
    stem = package.name.removesuffix(".conda")
    name, version, build = stem.rsplit("-", 2)
    subdir = package.parent.name
    index: dict[str, Any] = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "subdir": subdir,
    }
    if subdir == "noarch":
        index["noarch"] = "generic"
    size = package.stat().st_size
    for attempt in range(10 * size):
        license = hashlib.shake_256(b"%d" % attempt).hexdigest(size)[: attempt % size]
        content = archive(
            stem, {**index, "depends": [], "license": license}, {f"share/{name}.txt": SWAPPED}
        )
        if len(content) == size:
            return content
    raise AssertionError(f"no other archive of {size} bytes")


def no_file(path: Path, kind: str, aside: Path) -> None:
    """Put something in the place of a file that is none.

    Args:
        path: the file.
        kind: `link` to the file, `pipe`, `folder`; with any other word there is nothing.
        aside: where the file goes.
    """
    path.rename(aside)
    if kind == "link":
        path.symlink_to(aside)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()


def hand_over(source: Path, target: Path, *names: str) -> None:
    """Copy some files of a repository over those of another, and no others."""
    for name in names:
        (target / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(source / name, target / name)


def entries(repository: Path, subdir: str = "noarch") -> dict[str, Any]:
    """The entries of an index, by file."""
    repodata = json.loads((repository / subdir / "repodata.json").read_bytes())
    return {**repodata["packages"], **repodata["packages.conda"]}


def actions(finished: Finished, kind: str) -> dict[str, str]:
    """The versions of what a run with `--json` has linked or unlinked (`kind`), by name."""
    actions = finished.json.get("actions", {}).get(kind, [])
    return {record["name"]: record["version"] for record in actions}
