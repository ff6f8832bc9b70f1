"""A stick that is pulled out, or that has errors: it is not called damaged."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.customer.exceptions import RepositoryDamagedError
from conda_offline_repo.delivery.deliver import deliver
from conda_offline_repo.delivery.exceptions import (
    SourceDamagedError,
    SourceUnreadableError,
    VolumesMissingError,
)
from conda_offline_repo.delivery.pack import pack
from conda_offline_repo.delivery.plan import Terms
from conda_offline_repo.delivery.source import from_folder, from_volumes
from conda_offline_repo.delivery.volume import check_volume, open_volume
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.exceptions import UnreadableError
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.verify import verify
from tests.support.delivering import alone, files, packed, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import IO

    from tests.support.mirror import Mirror

APP = "noarch/app-1.0-0.conda"


@dataclass
class PulledOut(Unwatched):
    """The stick is pulled out when the files are about to be read."""

    stick: Path

    def counting(
        self, doing: str, packages: int, size: int | None
    ) -> AbstractContextManager[object]:
        self.stick.rename(self.stick.with_name("elsewhere"))
        return super().counting(doing, packages, size)


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    return mirror.copy(1, tmp_path / "media" / "stick")


def test_stick_is_pulled_out_of_a_delivery(stick: Path, target: Path) -> None:
    source = from_folder(locate_one(stick))
    with pytest.raises(UnreadableError, match=r"stick cannot be read: it has gone"):
        deliver(source, target, PulledOut(stick), Terms())
    assert not target.exists()
    stick.with_name("elsewhere").rename(stick)
    run(stick, target)
    assert files(target) == files(stick)
    assert alone(target)


def test_stick_is_pulled_out_of_a_check(stick: Path, tmp_path: Path) -> None:
    (volume,) = packed(stick, tmp_path / "bank.zip")
    app = (stick / APP).read_bytes()
    volume.write_bytes(volume.read_bytes().replace(app, app[:-1] + b"!"))
    repository = locate_one(stick)
    with pytest.raises(UnreadableError, match="it has gone"):
        verify(repository, PulledOut(stick))
    with open_volume(volume) as opened, pytest.raises(UnreadableError, match="it has gone"):
        check_volume(opened, PulledOut(volume))


@contextmanager
def broken(_: str) -> Iterator[IO[bytes]]:
    raise OSError(errno.EIO, "Input/output error")
    yield  # what makes it a generator


def test_stick_has_errors(stick: Path, target: Path, tmp_path: Path) -> None:
    source = replace(from_folder(locate_one(stick)), open=broken)
    with pytest.raises(SourceUnreadableError, match=r"app-1\.0-0\.conda: Input/output error"):
        deliver(source, target, Unwatched(), Terms())
    with pytest.raises(SourceUnreadableError):
        pack(source, tmp_path / "bank.zip", None, None, Unwatched())
    assert not (tmp_path / "bank.zip").exists()
    (volume,) = packed(stick, tmp_path / "bank.zip")
    with from_volumes([volume]) as whole:
        with pytest.raises(SourceUnreadableError):
            deliver(replace(whole, open=broken), target, Unwatched(), Terms())
        volume.unlink()
        with pytest.raises(UnreadableError, match=r"bank\.zip cannot be read: it has gone"):
            deliver(replace(whole, open=broken), target, Unwatched(), Terms())


def test_what_can_only_not_be_read_is_not_called_damaged() -> None:
    told = str(RepositoryDamagedError(Path("X"), missing=(), unreadable=(APP,)))
    assert "X cannot be read:" in told
    assert "Copy" not in told
    told = str(RepositoryDamagedError(Path("X"), changed=("a",), unreadable=(APP,)))
    assert "X is damaged" in told


def test_file_that_is_really_missing_is_damage(stick: Path, target: Path) -> None:
    (stick / APP).unlink()
    with pytest.raises(SourceDamagedError, match=r"app-1\.0-0\.conda"):
        run(stick, target)


def test_volumes_that_have_arrived_are_not_missing(
    mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    """One stick after the other."""
    volumes = packed(mirror.builds[3], tmp_path / "v.zip", size=1_500)
    count = len(volumes)
    assert count > 3
    for number in (3, 1):
        missing = [n for n in range(1, count + 1) if n not in ((3,) if number == 3 else (1, 3))]
        with (
            from_volumes([volumes[number - 1]]) as source,
            pytest.raises(VolumesMissingError) as caught,
        ):
            deliver(source, target, Unwatched(), Terms())
        assert f"missing: {', '.join(map(str, missing))}. " in str(caught.value)
    with from_volumes([volumes[n - 1] for n in missing]) as source:
        deliver(source, target, Unwatched(), Terms())
    assert files(target) == files(mirror.builds[3])
