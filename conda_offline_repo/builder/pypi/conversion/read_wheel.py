"""A wheel file, read: its metadata and the list of its files, not what is in them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from ...archives.libraries import system_of
from ..exceptions import DamagedWheelError
from .layout import LEFT_OUT, NATIVE, Contents, Member
from .record import read_metadata

if TYPE_CHECKING:
    from .record import WheelMetadata

#: What is raised for a file that is not what it should be; an encrypted member is a RuntimeError,
#: an unknown compression a NotImplementedError, a missing member a KeyError.
DAMAGED = (BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, ValueError, ConfigError)
#: The sections of `entry_points.txt` that make commands.
COMMANDS = ("console_scripts", "gui_scripts")


def read_wheel(path: Path) -> WheelMetadata:
    """Return what shapes the conda package of a wheel.

    Args:
        path: Its file, under its own name.

    Raises:
        DamagedWheelError: It is not a wheel, or not that of its name.
        OSError: It cannot be read.
    """
    from installer.sources import WheelFile
    from installer.utils import parse_metadata_file

    try:
        with ZipFile(path) as archive:
            wheel = WheelFile(archive)
            stated = parse_metadata_file(wheel.read_dist_info("WHEEL"))
            if not str(stated["Wheel-Version"]).startswith("1."):
                raise ValueError(f"its format is {stated['Wheel-Version']}, which is not 1")
            metadata = read_metadata(wheel.read_dist_info("METADATA"), path.name)
            pure = str(stated["Root-Is-Purelib"]).strip().lower() == "true"
            named = f"{wheel.dist_info_dir}/entry_points.txt" in archive.namelist()
            commands = _commands(wheel.read_dist_info("entry_points.txt")) if named else ()
            members = tuple(_members(archive, wheel.dist_info_dir, pure=pure))
            systems = frozenset(_systems(archive, members))
    except DAMAGED as error:
        reason = error.args[0] if isinstance(error, KeyError) else error
        raise DamagedWheelError(path.name, str(reason)) from error
    contents = Contents(wheel.distribution, wheel.dist_info_dir, pure, members, commands, systems)
    return replace(metadata, contents=contents)


def _commands(text: str) -> tuple[tuple[str, str], ...]:
    """Return the names and objects of the commands that `entry_points.txt` states."""
    config = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    config.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    config.read_string(text)
    return tuple(
        command
        for section in COMMANDS
        if config.has_section(section)
        for command in config.items(section)
    )


def _members(archive: ZipFile, dist_info: str, *, pure: bool) -> Iterator[Member]:
    # zipfile makes slashes of backslashes on Windows, and cuts names at a null byte
    names = [info.orig_filename for info in archive.infolist() if not info.is_dir()]
    left_out = {f"{dist_info}/{name}" for name in LEFT_OUT}
    sources = frozenset(names)
    root = "purelib" if pure else "platlib"
    for name in names:
        top, _, rest = name.partition("/")
        if "__pycache__" in name.split("/")[:-1] or (name[-4:] == ".pyc" and name[:-1] in sources):
            continue  # bytecode of a source beside it
        scheme, path = root, name
        if top.endswith(".data"):
            scheme, _, path = rest.partition("/")
        if path not in left_out:
            yield Member(name, scheme, path)


def _systems(archive: ZipFile, members: Iterable[Member]) -> Iterator[str]:
    """Yield the system of each compiled library; of what is none under such a name, nothing."""
    for member in members:
        if NATIVE.search(member.name):
            with archive.open(member.name) as file:
                system = system_of(file.read(4))
            if system:
                yield system
