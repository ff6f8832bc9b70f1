"""The conda record of a wheel: what its METADATA and its tags say, for a customer's machine."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ....printable import few
from ....urls import public
from ..exceptions import DamagedWheelError, UnconvertibleWheelError
from . import layout
from .bounds import bounds_of, free_threaded_abi, minor_only
from .licenses import license_of
from .markers import Conditions, Reach
from .versions import conda_range, conda_version, python_range

if TYPE_CHECKING:
    from ..wheel import Target, Wheel
    from .layout import Contents

#: Counts up whenever the same wheel becomes another package; it is the package's build number.
FORMAT = 0
#: Hexadecimal digits of a build string.
DIGITS = 8
#: Libraries of a wheel that are named in an error.
MOST_NAMES = 3
#: The name of an extra in a marker.
EXTRA = re.compile(r'extra == "([^"]+)"')
#: conda's names for processors in records, by the end of a subdir.
ARCHITECTURES = {"64": "x86_64", "32": "x86"}


@dataclass(frozen=True)
class WheelMetadata:
    """What of a wheel shapes its record.

    Attributes:
        file: The wheel's file name.
        project: Its project's name, normalized.
        version: Its version.
        requires_python: The Pythons that it is for.
        requirements: Its requirements, with their markers and extras.
        extras: The normalized names of those that it has.
        summary: Its project's description in a line.
        home: The URL of its project's home page.
        license: SPDX's name of its licence, or what the project states.
        license_files: Paths of its licence's texts, as it states them.
        reasons: Why the metadata cannot be followed.
        contents: What the file itself says; None if only its METADATA is known.
    """

    file: str
    project: str
    version: Version
    requires_python: SpecifierSet
    requirements: tuple[Requirement, ...]
    extras: frozenset[str]
    summary: str | None
    home: str | None
    license: str | None
    license_files: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    contents: Contents | None = None


def read_metadata(text: str, file: str) -> WheelMetadata:
    """Return what a METADATA file says.

    Args:
        text: Its content.
        file: The file name of its wheel.

    Raises:
        DamagedWheelError: It is not the metadata of a wheel of this name.
    """
    raw, _ = parse_email(text)
    reasons = []
    try:
        project, version, *_ = parse_wheel_filename(file)
        stated = Version(raw.get("version", ""))
    except ValueError as error:
        raise DamagedWheelError(file, str(error)) from error
    if (canonicalize_name(raw.get("name", "")), stated) != (project, version):
        raise DamagedWheelError(file, f"its METADATA is that of {raw.get('name')} {stated}")
    requirements = []
    for line in raw.get("requires_dist", ()):
        try:
            requirements.append(Requirement(_without_stray_stars(line)))
        except InvalidRequirement:
            reasons.append(f"its requirement {line!r} cannot be read")
    # old projects have no Provides-Extra
    named = EXTRA.findall("".join(str(r.marker or "") for r in requirements))
    requires_python = SpecifierSet()
    try:
        requires_python = SpecifierSet(_without_stray_stars(raw.get("requires_python", "")))
    except InvalidSpecifier:
        reasons.append(f"its Requires-Python {raw.get('requires_python')!r} cannot be read")
    urls = {re.sub("[^a-z]", "", k.lower()): url for k, url in raw.get("project_urls", {}).items()}
    return WheelMetadata(
        file,
        project,
        stated,
        requires_python,
        tuple(requirements),
        frozenset(map(canonicalize_name, (*raw.get("provides_extra", ()), *named))),
        raw.get("summary"),
        raw.get("home_page") or urls.get("homepage") or urls.get("home"),
        license_of(raw.get("license_expression"), raw.get("license"), raw.get("classifiers", ())),
        tuple(raw.get("license_files", ())),
        tuple(reasons),
    )


def _without_stray_stars(text: str) -> str:
    """Return a requirement without the stars that old projects put where none may be: `>=3.6.*`."""
    return re.sub(r"([<>]=?\s*\d[\d.]*)\.\*", r"\1", text)


def requirements_of(
    metadata: WheelMetadata, target: Target, extras: frozenset[str]
) -> tuple[Requirement, ...]:
    """Return what a wheel requires on a machine, with the extras asked for."""
    return Conditions(metadata.project, metadata.requirements).active(target.markers, extras)


def record_of(
    wheel: Wheel,
    metadata: WheelMetadata,
    target: Target,
    extras: frozenset[str],
    conda_name: Callable[[str], str],
    *,
    python_abi: bool,
) -> tuple[str, dict[str, Any]]:
    """Return the file name of a wheel's package, and its record but for digests and size.

    The record is the `info/index.json` of the package. One file name always has one content.

    Args:
        wheel: With its digest.
        metadata: Of the wheel.
        target: The machine that it is for.
        extras: Those of the project that are asked for.
        conda_name: Returns what conda calls a project, by its normalized name.
        python_abi: Whether the channels have that package.

    Raises:
        UnconvertibleWheelError: It cannot be a conda package, or it is not for this machine.
    """
    contents, bounds = metadata.contents, bounds_of(wheel.file, target)
    conditions = Conditions(metadata.project, metadata.requirements)
    reach = Reach(conditions, target.markers, extras)
    by_minor = contents is not None and contents.by_minor
    pure = bounds is not None and bounds.anywhere and (contents is None or contents.pure)
    compiled = contents is not None and contents.libraries
    everywhere = pure and not by_minor and not compiled and reach.every_platform()
    subdir = "noarch" if everywhere else target.platform
    reasons = tuple(_reasons(metadata, target, extras, subdir))
    if reasons or bounds is None:
        raise UnconvertibleWheelError({wheel.file: reasons})

    pythons = metadata.requires_python & bounds.pythons & reach.pythons(every_platform=everywhere)
    abi = bounds.abi
    if by_minor:
        pythons &= minor_only(target.minor)
        abi = abi or free_threaded_abi(target)
    name, version = conda_name(metadata.project), conda_version(metadata.version)
    depends = [f"python {python_range(pythons)}".rstrip()]
    if abi and (python_abi or abi.endswith("t")):
        depends.append(f"python_abi {target.minor}.* *_{abi}")
    depends += filter(None, [bounds.system])
    requirements = conditions.active(target.markers, extras)
    needs = (
        (conda_name(canonicalize_name(r.name)), conda_range(r.specifier)) for r in requirements
    )
    depends += sorted({f"{need} {versions}".rstrip() for need, versions in needs if need != name})
    system, _, processor = subdir.partition("-")
    record = {
        "arch": ARCHITECTURES.get(processor, processor) or None,
        "build_number": FORMAT,
        "constrains": [],
        "depends": depends,
        **({"license": metadata.license} if metadata.license else {}),
        "name": name,
        "noarch": "python",
        "platform": system if processor else None,
        "purls": [f"pkg:pypi/{metadata.project}@{quote(str(metadata.version), safe='')}"],
        "subdir": subdir,
        "version": version,
    }
    content = json.dumps([FORMAT, wheel.sha256, record], sort_keys=True, separators=(",", ":"))
    record["build"] = f"py_{hashlib.sha256(content.encode()).hexdigest()[:DIGITS]}_{FORMAT}"
    return f"{name}-{version}-{record['build']}.conda", record


def _reasons(
    metadata: WheelMetadata, target: Target, extras: frozenset[str], subdir: str
) -> Iterator[str]:
    """Yield why a wheel cannot be a package for a target, one text for each reason."""
    yield from metadata.reasons
    bounds = bounds_of(metadata.file, target)
    if bounds is None:
        yield f"it is not for {target.platform} and Python {target.python}"
    if not metadata.requires_python.contains(target.python, prereleases=True):
        yield f"it needs Python {metadata.requires_python}, which {target.python} is not"
    for requirement in requirements_of(metadata, target, extras):
        if requirement.url:
            yield f"it needs {requirement.name} from {public(requirement.url)}, not from an index"
    if metadata.contents is None:
        return
    libraries, systems = metadata.contents.libraries, metadata.contents.systems
    # such as those of debuggers, for other programs, and those of .NET
    several = len(systems) > 1 and target.platform.partition("-")[0] in systems
    managed = systems == {"win"} and all(name.lower().endswith(".dll") for name in libraries)
    if bounds and bounds.anywhere and libraries and not (several or managed):
        names = few(libraries, MOST_NAMES)
        yield f"its name says that it is for every platform, and it has compiled libraries: {names}"
    yield from layout.problems(metadata.contents, subdir)
