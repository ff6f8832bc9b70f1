"""Conda packages of what is installed beside the running Python: conda, and what it needs."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from dev.upstream.packages import MADE_AT, PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import Distribution

SUBDIR = "linux-64"
SITE_PACKAGES = Path("lib") / f"python{PYTHON}" / "site-packages"
#: What conda 24.7.1 needs; it comes from within another wheel, without metadata of its own.
CONDA_REQUIREMENTS = Path(__file__).parent.parent / "requirements" / "conda.txt"


def package(names: Iterable[str], channel: Path, but: Iterable[str] = ()) -> None:
    """Make packages of installed distributions and of all that they need.

    They are for this platform and this Python alone.

    Args:
        names: of distributions; `conda` works without metadata, too.
        channel: gets the archives, but no index.
        but: conda packages that the channel has already.

    Raises:
        PackageNotFoundError: one is not installed.
    """
    done = set(but)
    wanted = [*names]
    while wanted:
        name = _conda_name(wanted.pop())
        if name in done:
            continue
        done.add(name)
        bare = name == "conda" and not _is_installed(name)
        wanted += _bare_conda(channel) if bare else _distribution(name, channel)


def _conda_name(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _requirements(lines: Iterable[str]) -> list[str]:
    """Return the names that requirements ask for here."""
    from packaging.requirements import Requirement

    names = []
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            names.append(_conda_name(requirement.name))
    return names


def _distribution(name: str, channel: Path) -> list[str]:
    package = distribution(name)
    needs = list(filter(_is_installed, _requirements(package.requires or ())))
    _assemble(name, package.version, needs, _files(package), channel)
    return needs


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _files(package: Distribution) -> dict[Path, Path]:
    """Return where the modules and the metadata of a distribution go, and where they are."""
    return {
        SITE_PACKAGES / file: Path(str(package.locate_file(file)))
        for file in package.files or ()
        if ".." not in file.parts and "__pycache__" not in file.parts
    }


def _bare_conda(channel: Path) -> list[str]:
    """Package a conda that is imported here and has no metadata."""
    import conda

    folder = Path(conda.__file__).parent
    files = {
        SITE_PACKAGES / "conda" / path.relative_to(folder): path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    lines = CONDA_REQUIREMENTS.read_text("utf-8").splitlines()
    needs = _requirements(line for line in lines if not line.startswith("#"))
    _assemble("conda", conda.__version__, needs, files, channel)
    return needs


def _assemble(
    name: str, version: str, needs: Iterable[str], files: Mapping[Path, Path], channel: Path
) -> None:
    from rattler_build import assemble_package

    with tempfile.TemporaryDirectory() as scratch:
        for target, source in files.items():
            path = Path(scratch) / target
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
        assemble_package(
            name=name,
            version=version,
            target_platform=SUBDIR,
            build_string=f"py{sys.version_info.major}{sys.version_info.minor}_0",
            output_dir=channel / SUBDIR,
            files_dir=scratch,
            license="LicenseRef-as-upstream",
            summary=f"{name}, as it is installed here",
            depends=[f"python {PYTHON}.*", *needs],
            compression_level=1,
            compression_threads=os.cpu_count(),
            timestamp=MADE_AT,
        )
