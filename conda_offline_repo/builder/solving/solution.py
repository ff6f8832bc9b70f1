"""What is solved, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ...repository.manifest import solution_key
from ..request.inputs.pinned import PipPart

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ...progress import Progress
    from ...repository.manifest import Manifest
    from ...specs import PackageSpec
    from ..archives.local import LocalArchives
    from ..request.inputs.pinned import PinnedArchive, PinnedWheel
    from ..request.request import Request
    from ..upstream.entry import Entry

    #: Solves packages for a platform.
    Solver: TypeAlias = Callable[[str, Sequence[PackageSpec]], tuple[PackageRecord, ...]]


@dataclass(frozen=True)
class Ground:
    """A request, and what it is solved on.

    Attributes:
        repository: The folder.
        last: The manifest of what is published there, if anything is.
        scratch: A folder for wheels and views, emptied first and gone afterwards.
        local: The archives of this machine.
        dry_run: Whether no wheel is to be downloaded that can be judged without.
    """

    request: Request
    repository: Path
    last: Manifest | None
    scratch: Path
    local: LocalArchives
    progress: Progress
    dry_run: bool


@dataclass(frozen=True)
class ChannelWheels:
    """Wheels of channels for a task.

    Attributes:
        links: By project, the URLs of its wheels, with credentials and digests, by file name.
        names: By project, what its channel calls it.
        channels: By project, the URL of its channel.
        packages: What the task asks for, by project.
    """

    links: Mapping[str, Mapping[str, str]] = field(repr=False)
    names: Mapping[str, str]
    channels: Mapping[str, str]
    packages: Mapping[str, PackageSpec]


@dataclass(frozen=True)
class Task:
    """An environment to solve for on one platform, or its archives if they are named exactly.

    Requirements of pip may be met by wheels of channels.
    """

    environment: str
    platform: str
    packages: tuple[PackageSpec, ...] = ()
    archives: tuple[PinnedArchive, ...] = ()
    pip: PipPart = PipPart()
    wheels: tuple[PinnedWheel, ...] = ()
    channel_wheels: ChannelWheels | None = None

    @property
    def key(self) -> str:
        """The key of its solution in the manifest."""
        return solution_key(self.environment, self.platform)

    @property
    def takes_wheels(self) -> bool:
        """Whether some of its packages are to be made from wheels."""
        return bool(self.pip.requirements or self.wheels)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a build needs of a `PackageRecord` when it has the entry."""

    name: str
    version: str
    build: str
    subdir: str
    fn: str


@dataclass(frozen=True)
class Solution:
    """The packages of one environment on one platform.

    Attributes:
        environment: Its name; empty for the only one of a label.
        packages: The specifications to install them with.
        records: Those of the channels; see `brief`.
        exact: Whether the archives were named, and no solver chose them.
        converted: The packages that were made from wheels.
        pip: By requirement of pip, the specification of what stands for it; among `packages`, too.
    """

    environment: str
    platform: str
    packages: tuple[PackageSpec, ...]
    records: tuple[PackageRecord, ...]
    exact: bool = False
    converted: tuple[Entry, ...] = ()
    pip: Mapping[str, PackageSpec] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its key in the manifest."""
        return solution_key(self.environment, self.platform)

    @property
    def names(self) -> tuple[str, ...]:
        """The archives, as `subdir/file`, sorted."""
        of_channels = (f"{record.subdir}/{record.fn}" for record in self.records)
        return tuple(sorted((*of_channels, *(entry.name for entry in self.converted))))

    @property
    def lacks_pip(self) -> bool:
        """Whether python was named exactly and pip was not, which conda's classic solver takes for
        a need of every python (`conda config --describe add_pip_as_python_dependency`).
        """
        names = {record.name for record in self.records}
        names |= {str(entry.record["name"]) for entry in self.converted}
        return self.exact and needs_pip(names)


def brief(solution: Solution) -> Solution:
    """Return a solution without conda's records, of which each takes kilobytes of memory."""
    records = (Chosen(r.name, r.version, r.build, r.subdir, r.fn) for r in solution.records)
    return replace(solution, records=tuple(records))


def needs_pip(names: Collection[str]) -> bool:
    """Return whether packages of these names lack the pip that conda has each python need."""
    return "python" in names and "pip" not in names
