"""An environment as it is to look to the solver: with its packages' origins brought over to where
the repository is now, and without those that are to be brought back to older versions.

The environment itself stays as it is until the solution is found, shown and agreed to.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda.core.prefix_data import PrefixData
from conda.models.match_spec import MatchSpec

from .environment.records import followed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..repository.manifest import Manifest
    from .target import Target

#: What solvers read of an environment besides the records of its packages.
READ = ("history", "pinned", "state")


@contextmanager
def view(target: Target, without: frozenset[str]) -> Iterator[Path]:
    """Lay the view of an environment out in a temporary folder.

    Args:
        target: The environment.
        without: The names of the packages to leave out.

    Raises:
        TargetError: A record is not one.
    """
    meta = target.prefix / "conda-meta"
    with TemporaryDirectory() as name:
        folder = Path(name, "conda-meta")
        folder.mkdir()
        for path in meta.glob("*.json"):
            shutil.copyfile(path, folder / path.name)
        for file in READ:
            if (meta / file).is_file():
                shutil.copyfile(meta / file, folder / file)
        for path, text in followed(target.prefix, target.moved_from, target.channel):
            (folder / path.name).write_text(text, "utf-8")
        for record in PrefixData(str(target.prefix)).iter_records():
            if record.name in without:
                Path(folder, f"{record.name}-{record.version}-{record.build}.json").unlink()
        yield Path(name)


def superseded(prefix: Path, packages: Iterable[str], manifest: Manifest) -> frozenset[str]:
    """The names of what is to be brought to the versions of a repository that went back.

    They are the packages that are named and all that they need, as far as the repository has
    another version or content of them.
    """
    records = {record.name: record for record in PrefixData(str(prefix)).iter_records()}
    needed: set[str] = set()
    names = [MatchSpec(package).name for package in packages]
    while names:
        name = names.pop()
        if name in records and name not in needed:
            needed.add(name)
            names += [MatchSpec(spec).name for spec in records[name].depends]
    offered = {name.rpartition("/")[2].rsplit("-", 2)[0] for name in manifest.packages}
    found = set()
    for name in needed & offered:
        record = records[name]
        package = manifest.packages.get(f"{record.subdir}/{record.fn}")
        if package is None or (record.get("sha256") or package.sha256) != package.sha256:
            found.add(name)
    return frozenset(found)
