"""What is kept of wheels: used again where it is whole, made again where it is not."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from conda_offline_repo._conda.network.hosts import Host
from conda_offline_repo._conda.network.pools import Pools
from conda_offline_repo.builder.archives.download import Turn
from conda_offline_repo.builder.exceptions import DownloadError
from conda_offline_repo.builder.pypi.index_settings import IndexSettings
from conda_offline_repo.builder.pypi.wheel import chosen, wheel_at
from conda_offline_repo.builder.pypi.wheel_files import WheelFiles
from conda_offline_repo.builder.pypi.wheel_store import WheelStore
from conda_offline_repo.builder.solving.solution import Ground
from conda_offline_repo.progress import Unwatched
from dev.upstream.server import ChannelServer
from tests.support.index import served
from tests.support.wheels import target, write_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.support.index import Index
    from tests.support.pip_vendor import PipVendor


@pytest.fixture
def index(vendor: PipVendor) -> Iterator[Index]:
    """It has `app`, which needs `helper`."""
    vendor.wheel("app", "1.0", "helper")
    vendor.wheel("helper", "1.0")
    with served(vendor.wheels) as index:
        yield index


def archives(folder: Path) -> dict[str, bytes]:
    """The packages that were made of wheels, below a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.rglob("*-py_*.conda")}


def downloads(index: Index) -> list[str]:
    return sorted(path for path, _ in index.requests if path.endswith(".whl"))


def build(vendor: PipVendor, index: Index, label: str = "bank") -> None:
    options = vendor.options(pip=(f"--index-url {index.url}", "app"))
    vendor.me.build(replace(options, label=label))


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "half":
        content = content[: len(content) // 2]
    elif how == "a bit":
        middle = len(content) // 2
        content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    path.chmod(0o644)
    path.write_bytes(content)


def test_no_wheel_is_asked_for_twice(vendor: PipVendor, index: Index) -> None:
    build(vendor, index)
    before = archives(vendor.me.root)
    assert len(before) == 2
    index.requests.clear()
    build(vendor, index, "other")
    assert downloads(index) == []
    assert archives(vendor.me.root / "other") == before


@pytest.mark.parametrize("how", ["half", "a bit"])
def test_what_is_damaged_in_the_cache_is_made_again(
    vendor: PipVendor, index: Index, how: str
) -> None:
    build(vendor, index)
    before = archives(vendor.me.root)
    for path in vendor.me.conda.pkgs.rglob("offline-repo-wheels/*/*"):
        spoil(path, how)
    build(vendor, index, "other")
    assert archives(vendor.me.root / "other") == before
    assert archives(vendor.me.conda.pkgs) == before


@pytest.mark.parametrize(("how", "cached"), [("a bit", True), ("half", False), ("gone", False)])
def test_what_is_damaged_in_the_repository_is_made_again(
    vendor: PipVendor, index: Index, how: str, cached: bool
) -> None:
    build(vendor, index)
    before = archives(vendor.me.root)
    for folder in (vendor.me.root, *([] if cached else [vendor.me.conda.pkgs])):
        for path in folder.rglob("*-py_*.conda"):
            if how == "gone":
                path.unlink()
            else:
                spoil(path, how)
    build(vendor, index)
    assert archives(vendor.me.root) == before


def test_all_wheels_that_cannot_be_had_are_named(vendor: PipVendor, index: Index) -> None:
    index.answers[".whl"] = ("410 Gone", {}, "")
    vendor.wheel("tool", "1.0")
    with pytest.raises(DownloadError) as raised:
        vendor.build(pip=(f"--index-url {index.url}", "app", "tool"))
    assert "app-1.0-py3-none-any.whl: the server answers with HTTP 410" in str(raised.value)
    assert "tool-1.0-py3-none-any.whl: the server answers with HTTP 410" in str(raised.value)
    assert "channel" not in str(raised.value)


def test_bytes_are_counted_while_a_wheel_arrives(
    vendor: PipVendor, index: Index, tmp_path: Path
) -> None:
    path = vendor.wheels / "app-1.0-py3-none-any.whl"
    url = f"{index.server}/packages/{path.name}"
    arrived: list[int] = []
    files = WheelFiles(tmp_path / "scratch")
    with files.connected():
        turn = Turn(threading.Event(), Host(1), Pools(1))
        files.fetched(wheel_at(url, ""), turn, arrived.append)
    assert sum(arrived) == path.stat().st_size


def test_metadata_of_a_busy_server_are_waited_for(vendor: PipVendor, tmp_path: Path) -> None:
    """An answer that it has too much to do does not mean that it has no metadata."""
    wheels = [vendor.wheel("app", "1.0"), vendor.wheel("helper", "1.0")]
    served = tmp_path / "served" / "packages"
    served.mkdir(parents=True)
    for wheel in wheels:
        with ZipFile(wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
            (served / f"{wheel.name}.metadata").write_bytes(archive.read(name))
    with ChannelServer(served.parent) as server:
        server.fault(".metadata", "status", status=429, times=3)
        urls = [f"{server.url}/packages/{wheel.name}" for wheel in wheels]
        files = WheelFiles(tmp_path / "scratch")
        digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels]
        found = files.metadata(list(map(wheel_at, urls, digests)))
        assert len(found) == len(wheels)
        assert not [r.path for r in server.requests if r.path.endswith(".whl")]


def test_a_dry_run_knows_the_size_that_the_index_states(tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    package = {"wheels": [{"url": path.as_uri(), "size": 4321}]}
    wheel = chosen(package, target(), (), IndexSettings((), {}, ()))
    assert wheel
    unused: Any = None
    ground = Ground(unused, tmp_path, None, tmp_path, unused, Unwatched(), dry_run=True)
    store = WheelStore(ground)
    (entry,) = store.packages([(wheel, frozenset())], target(), str, python_abi=True)
    assert (entry.size, entry.sha256) == (4321, None)
