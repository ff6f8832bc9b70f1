"""A wheel becomes a conda package; the same wheel and record give the same bytes everywhere.

What may be executed is what the wheel says, whatever the system.
"""

from __future__ import annotations

import csv
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO, StringIO
from operator import attrgetter, itemgetter
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from ....files.atomic import all_or_none
from ..exceptions import DamagedWheelError, UnconvertibleWheelError
from . import layout
from .package import PLACEHOLDER, add, part, tar_part
from .read_wheel import DAMAGED, read_wheel

if TYPE_CHECKING:
    from tarfile import TarFile

    from .layout import Contents, Member
    from .package import Packed
    from .record import WheelMetadata

#: The beginning of a script that the installer of a wheel gives its interpreter.
SHEBANG = b"#!python"
INSTALLER = b"conda\n"
#: Files of a `.dist-info` that are a licence's text, though the metadata does not name them.
LICENSE = re.compile(r"(?:LICEN[CS]E|COPYING|NOTICE)", re.IGNORECASE)


def convert(wheel_path: Path, record: Mapping[str, Any], archive: Path) -> None:
    """Write the conda package of a wheel.

    Args:
        wheel_path: The wheel, under its own name.
        record: As `record_of` makes it of what `read_wheel` returns for this wheel.
        archive: The package's file; it is there when it is whole.

    Raises:
        UnconvertibleWheelError: It cannot be a conda package.
        DamagedWheelError: It is not a whole wheel.
        OSError: It cannot be read, or the package cannot be written.
    """
    metadata = read_wheel(wheel_path)
    contents = metadata.contents
    assert contents is not None
    if reasons := [*layout.problems(contents, record["subdir"])]:
        raise UnconvertibleWheelError({metadata.file: reasons})
    stem = "-".join(record[key] for key in ("name", "version", "build"))
    try:
        with (
            ZipFile(wheel_path) as wheel,
            all_or_none() as beside,
            beside(archive) as file,
            ZipFile(file, "w") as package,
        ):
            size = sum(info.file_size for info in wheel.infolist())
            with part(package, "metadata.json") as format_version:
                format_version.write(b'{"conda_pkg_format_version": 2}')
            with tar_part(package, f"pkg-{stem}.tar.zst", size) as tar:
                packed = [*_payload(wheel, contents, record, tar)]
            with tar_part(package, f"info-{stem}.tar.zst") as tar:
                for path, content in _info(wheel, metadata, contents, record, packed):
                    add(tar, path, BytesIO(content), len(content))
    except DAMAGED as error:
        raise DamagedWheelError(metadata.file, str(error)) from error


def _payload(
    wheel: ZipFile, contents: Contents, record: Mapping[str, Any], tar: TarFile
) -> Iterator[Packed]:
    """Add what is installed, and yield each file; its INSTALLER and RECORD come last."""
    subdir, rows = record["subdir"], []
    dist_info = f"{layout.SITE_PACKAGES}{contents.dist_info}"
    python = _python(record)
    places = ((layout.package_path(contents, m, subdir, python), m) for m in contents.members)
    for path, member in sorted(places, key=itemgetter(0)):
        file = _member(wheel, member, path, subdir, tar)
        rows += _rows(file, subdir)
        yield file
    file = add(tar, f"{dist_info}/INSTALLER", BytesIO(INSTALLER), len(INSTALLER))
    rows += _rows(file, subdir)
    yield file
    rows.append((f"{contents.dist_info}/RECORD", "", ""))
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    content = text.getvalue().encode()
    yield add(tar, f"{dist_info}/RECORD", BytesIO(content), len(content))


def _python(record: Mapping[str, Any]) -> str:
    """Return the Python that headers are for, as its folder has it, such as `3.12`."""
    minor = re.match(r"python >=(\d+\.\d+)", record["depends"][0])
    free_threaded = any(re.match(r"python_abi .*t$", spec) for spec in record["depends"])
    return f"{minor[1] if minor else ''}{'t' if free_threaded else ''}"


def _member(wheel: ZipFile, member: Member, path: str, subdir: str, tar: TarFile) -> Packed:
    info = wheel.getinfo(member.name)
    mode = info.external_attr >> 16
    script = member.scheme == "scripts"
    with wheel.open(info) as stream:
        if script and stream.read(len(SHEBANG)) == SHEBANG:
            content = _shebang(stream.readline(), subdir) + stream.read()
            file = add(tar, path, BytesIO(content), len(content), executable=True)
            return replace(file, has_prefix=True)
    with wheel.open(info) as stream:
        executable = script or (S_ISREG(mode) and bool(mode & 0o111))
        try:
            return add(tar, path, stream, info.file_size, executable=executable)
        except OSError as error:
            if error.errno:
                raise
            # of tarfile, where the file ends before its size
            raise ValueError(f"{member.name} is shorter than it says") from error


def _shebang(rest: bytes, subdir: str) -> bytes:
    """Return the first line of a script, with the environment's interpreter for `#!python`."""
    if not subdir.startswith("win-"):
        return f"#!{PLACEHOLDER}/bin/python\n".encode()
    window = "w" if rest.startswith(b"w") else ""
    return f"#!{PLACEHOLDER}/python{window}.exe\n".encode()


def _rows(file: Packed, subdir: str) -> list[tuple[str, str, str]]:
    """Return the row of RECORD for a file, if it is the same wherever the package is installed."""
    path = file.path.removeprefix(layout.SITE_PACKAGES)
    if path == file.path:
        if subdir == "noarch" or file.has_prefix:
            return []
        up, scripts = ("../../", "Scripts/") if subdir.startswith("win-") else ("../../../", "bin/")
        path = up + re.sub(f"^{layout.SCRIPTS}", scripts, path)
    digest = urlsafe_b64encode(file.sha256).rstrip(b"=").decode()
    return [(path, f"sha256={digest}", str(file.size))]


def _info(
    wheel: ZipFile,
    metadata: WheelMetadata,
    contents: Contents,
    record: Mapping[str, Any],
    packed: Sequence[Packed],
) -> Iterator[tuple[str, bytes]]:
    """Yield the files that describe the package, sorted by path."""
    files = sorted(packed, key=attrgetter("path"))
    link = {"entry_points": contents.entry_points, "type": "python"}
    about = {"home": metadata.home, "license": metadata.license, "summary": metadata.summary}
    yield "info/about.json", _json({key: value for key, value in about.items() if value})
    yield "info/files", "".join(f"{file.path}\n" for file in files).encode()
    yield "info/index.json", _json(record)
    yield from sorted(_licenses(wheel, metadata, contents))
    yield "info/link.json", _json({"noarch": link, "package_metadata_version": 1})
    yield "info/paths.json", _json({"paths": [file.entry for file in files], "paths_version": 1})


def _licenses(
    wheel: ZipFile, metadata: WheelMetadata, contents: Contents
) -> Iterator[tuple[str, bytes]]:
    folder = f"{contents.dist_info}/"
    stated = {path.rpartition("/")[2] for path in metadata.license_files}
    for member in contents.members:
        path = member.name.removeprefix(folder)
        inside = path.startswith("licenses/")
        if inside or path in stated or (path != member.name and LICENSE.match(path)):
            yield f"info/licenses/{path.removeprefix('licenses/')}", wheel.read(member.name)


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True).encode()
