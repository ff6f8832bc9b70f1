"""Releases on their way, in the process of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_offline_repo.builder.release.html.render import PAGE_NAME
from conda_offline_repo.delivery.deliver import deliver
from conda_offline_repo.delivery.pack import pack
from conda_offline_repo.delivery.plan import Terms
from conda_offline_repo.delivery.release_ref import since as find
from conda_offline_repo.delivery.source import from_folder, from_volumes
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.verify import verify
from tests.support.keys import SigningKey, sign

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.delivery.deliver import Outcome
    from tests.support.mirror import Mirror

VENDOR, OTHER = SigningKey("vendor"), SigningKey("other")


def run(source: Path, target: Path, **options: bool) -> Outcome:
    """Bring a target to the release of a folder."""
    return deliver(from_folder(locate_one(source)), target, Unwatched(), Terms(**options))


def files(folder: Path) -> dict[str, bytes]:
    """What is in the files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def alone(target: Path) -> bool:
    """Whether nothing lies beside it."""
    return [path.name for path in target.parent.iterdir()] == [target.name]


def whole(target: Path) -> bool:
    """Whether it is just what its manifest says."""
    report = verify(locate_one(target), Unwatched())
    return report.good and not report.extra and not report.unfinished


def signed(mirror: Mirror, number: int, folder: Path, *keys: SigningKey) -> Path:
    """A release that is signed, in a folder of its own."""
    source = mirror.copy(number, folder / f"{number}")
    sign(source, *keys)
    return source


def beside(source: Path) -> int:
    """The bytes of the manifest and the page, which are large where the archives are tiny."""
    return sum(len((source / name).read_bytes()) for name in (MANIFEST_NAME, PAGE_NAME))


def packed(
    source: Path, output: Path, *, since: Path | None = None, size: int | None = None
) -> tuple[Path, ...]:
    """The volumes of a release, of some bytes besides its manifest and its page."""
    known = find(str(since), None, locate_one(source).manifest) if since else None
    room = size and size + beside(source)
    return pack(from_folder(locate_one(source)), output, known, room, Unwatched()).volumes


def unpack(*volumes: Path, target: Path, **options: bool) -> Outcome:
    """Bring a target to the release in some volumes."""
    with from_volumes(volumes) as source:
        return deliver(source, target, Unwatched(), Terms(**options))
