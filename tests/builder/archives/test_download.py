"""Servers as they are: slow, broken, lying and refusing, and what a download makes of
it.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context, reset_context

from conda_offline_repo._conda.network.hosts import FIRST, Host
from conda_offline_repo._conda.network.pools import Pools
from conda_offline_repo._conda.network.retries import LONGEST_WAIT, DownloadFailedError
from conda_offline_repo.builder.archives.download import Turn
from conda_offline_repo.builder.exceptions import ChannelRefusedError, DownloadError
from conda_offline_repo.builder.upstream.entry import Entry
from conda_offline_repo.files.atomic import partial
from dev.upstream.server import ChannelServer
from tests.support.inside import HASTY, inside
from tests.support.running import snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dev.upstream.server import Request
    from tests.support.inside import Inside
    from tests.support.running import Conda
    from tests.support.tiny import TinyPackage

#: Of the big package; half of it is more than what is read at once.
BULK = 400_000
#: What the network itself may hold of an answer that nobody reads any more.
IN_TRANSIT = 30_000_000

STATUSES = (408, 413, 425, 429, 500, 502, 503, 504)
BROKEN = ("short", "cut", "reset", "stall")


class Patient(threading.Event):
    """An event that is never waited for, and knows for how long it would have been."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


@dataclass(frozen=True)
class Vendor:
    """A server with `big` and twelve small packages, and who builds from it."""

    server: ChannelServer
    channel: TinyChannel
    big: TinyPackage
    small: tuple[TinyPackage, ...]
    me: Inside

    @property
    def url(self) -> str:
        return f"{self.server.url}/public"

    def build(self, *packages: str) -> None:
        self.me.build(self.me.options(*packages, channels=(self.url,)))

    def gets(self, package: TinyPackage) -> list[Request]:
        """The requests for a package."""
        return [r for r in self.server.requests if r.path.endswith(f"/{package.file}")]

    def entry(self, package: TinyPackage) -> Entry:
        url = f"{self.url}/{package.at}"
        return Entry(package.subdir, package.file, package.record, url, url)

    def sound(self, *packages: TinyPackage) -> bool:
        """Whether the repository has all and only these packages, byte for byte."""
        found = {path.name: path.read_bytes() for path in self.me.root.glob("bank/*/*.conda")}
        return found == {p.file: p.path.read_bytes() for p in packages}


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    channel = TinyChannel(tmp_path / "served" / "public")
    noise = random.Random(7).randbytes(BULK)
    big = channel.add("big", files={"share/big.bin": noise})
    small = tuple(channel.add(f"small{number:02}") for number in range(12))
    channel.write()
    with ChannelServer(channel.folder.parent) as server, inside(tmp_path / "me") as me:
        yield Vendor(server, channel, big, small, me)


def turn(stop: threading.Event | None = None, host: Host | None = None) -> Turn:
    return Turn(stop or Patient(), host or Host(1), Pools(1))


def fetch(vendor: Vendor, folder: Path, stop: threading.Event | None = None) -> Path:
    """Download `big`."""
    folder.mkdir(exist_ok=True)
    target = folder / vendor.big.file
    arrived: list[int] = []
    digests = turn(stop).download(vendor.entry(vendor.big), target, arrived.append)
    content = vendor.big.path.read_bytes()
    assert target.read_bytes() == content
    assert digests.sha256 == hashlib.sha256(content).hexdigest()
    assert digests.size == sum(arrived) == len(content)
    assert [path.name for path in folder.iterdir()] == [target.name]
    return target


@pytest.mark.parametrize("status", STATUSES)
def test_passing_status_is_tried_again(vendor: Vendor, tmp_path: Path, status: int) -> None:
    vendor.server.fault(vendor.big.file, "status", status=status, times=1)
    fetch(vendor, tmp_path / "here")
    assert [r.status for r in vendor.gets(vendor.big)] == [status, 200]


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_answer_is_carried_on_where_it_broke(
    vendor: Vendor, tmp_path: Path, kind: str
) -> None:
    vendor.server.fault(vendor.big.file, kind, times=1)
    fetch(vendor, tmp_path / "here")
    first, second = vendor.gets(vendor.big)
    assert (first.range_start, first.status) == (None, 200)
    assert second.status == 206
    assert second.range_start
    assert second.range_start <= first.sent_bytes
    assert second.range_start + second.sent_bytes == vendor.big.record["size"]


def test_slow_answer_is_waited_for(vendor: Vendor) -> None:
    vendor.server.fault(vendor.big.file, "slow")
    vendor.build("big")
    assert vendor.sound(vendor.big)
    assert len(vendor.gets(vendor.big)) == 1


@pytest.mark.parametrize("status", STATUSES)
def test_status_that_does_not_pass(vendor: Vendor, tmp_path: Path, status: int) -> None:
    vendor.server.fault(vendor.big.file, "status", status=status)
    with pytest.raises(DownloadFailedError, match=f"the server answers with HTTP {status}"):
        turn().download(vendor.entry(vendor.big), tmp_path / "big", lambda size: None)
    assert len(vendor.gets(vendor.big)) == 1 + context.remote_max_retries


def test_status_that_does_not_pass_fails_the_package(vendor: Vendor) -> None:
    status = 503
    vendor.server.fault(vendor.big.file, "status", status=status)
    with pytest.raises(DownloadError) as caught:
        vendor.build("big", "small00")
    text = str(caught.value)
    assert f"noarch/big-1.0-0.conda: the server answers with HTTP {status}" in text
    assert "small00" not in text
    assert len(vendor.gets(vendor.big)) == 1 + context.remote_max_retries
    assert not (vendor.me.root / "bank").exists()


def test_no_server_is_asked_offline(vendor: Vendor, tmp_path: Path) -> None:
    vendor.me.configure(offline=True)
    with pytest.raises(DownloadFailedError, match="not on this machine, and conda is offline"):
        fetch(vendor, tmp_path / "downloads")
    assert vendor.server.requests == ()


@pytest.mark.parametrize("kind", BROKEN)
def test_answers_that_always_break_fail_the_package(
    vendor: Vendor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_REMOTE_MAX_RETRIES", "2")
    reset_context()
    vendor.build("small00")
    before = snapshot(vendor.me.root)
    vendor.server.fault(vendor.big.file, kind)
    with pytest.raises(DownloadError, match=r"noarch/big-1\.0-0\.conda: .* after \d+|for 1 s"):
        vendor.build("big", "small00", "small01")
    assert len(vendor.gets(vendor.big)) == 3
    assert published(before) == published(snapshot(vendor.me.root))

    vendor.server.clear_faults()
    vendor.server.clear()
    vendor.build("big", "small00", "small01")
    assert vendor.sound(vendor.big, *vendor.small[:2])
    (last,) = vendor.gets(vendor.big)
    assert last.range_start, "what had arrived was thrown away"
    assert not vendor.gets(vendor.small[1]), "a package that was there was downloaded again"
    assert [path.name for path in vendor.me.root.iterdir()] == ["bank"]


def published(files: dict[str, tuple[int, bytes]]) -> dict[str, tuple[int, bytes]]:
    """What a snapshot of the root says of the repository."""
    return {name: content for name, content in files.items() if name.split("/")[0] == "bank"}


def test_waits_longer_each_time(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_REMOTE_BACKOFF_FACTOR", "2")
    reset_context()
    vendor.server.fault(vendor.big.file, "status", status=502, times=3)
    stop = Patient()
    fetch(vendor, tmp_path / "here", stop)
    assert stop.waits == [2, 4, 8]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("86400", LONGEST_WAIT),
        *((digits, LONGEST_WAIT) for digits in ("9" * 18, "9" * 400)),
        *((odd, 0.0) for odd in ("soon", "-3", "", "1e9", "nan", "inf", "7²")),
        ("Mon, 99 Foo 99999 99:99:99", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 -9959", LONGEST_WAIT),
        ("\u00b2", 0.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_waits_as_long_as_the_server_asks(
    vendor: Vendor, tmp_path: Path, header: str, expected: float, status: int
) -> None:
    vendor.server.fault(vendor.big.file, "status", status=status, retry_after=header, times=1)
    stop = Patient()
    fetch(vendor, tmp_path / "here", stop)
    assert stop.waits == [expected]


@pytest.mark.parametrize(("seconds", "most"), [(40, 40), (-40, 0), (9000, LONGEST_WAIT)])
def test_waits_until_the_time_that_the_server_names(
    vendor: Vendor, tmp_path: Path, seconds: float, most: float
) -> None:
    date = formatdate(time.time() + seconds, usegmt=True)
    vendor.server.fault(vendor.big.file, "status", status=429, retry_after=date, times=1)
    stop = Patient()
    fetch(vendor, tmp_path / "here", stop)
    (wait,) = stop.waits
    assert wait is not None
    assert max(0, most - 10) <= wait <= most


@pytest.mark.parametrize("kind", ["status", *BROKEN, "wrong"])
def test_server_that_is_busy_stalls_or_breaks_off_is_asked_for_less(
    vendor: Vendor, tmp_path: Path, kind: str
) -> None:
    vendor.server.fault(vendor.big.file, kind, times=1)
    host = Host(50)
    entry, target = vendor.entry(vendor.big), tmp_path / vendor.big.file
    turn(host=host).download(entry, target, lambda size: None)
    assert (host.limit == FIRST // 2) == (kind != "wrong")


def test_really_waits(vendor: Vendor) -> None:
    vendor.server.fault(vendor.big.file, "status", status=429, retry_after="1", times=1)
    begin = time.monotonic()
    vendor.build("big")
    assert time.monotonic() - begin >= 1
    assert vendor.sound(vendor.big)


def test_partial_file_of_an_earlier_build_is_carried_on(vendor: Vendor, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    content = vendor.big.path.read_bytes()
    partial(here / vendor.big.file).write_bytes(content[:1000])
    fetch(vendor, here)
    (get,) = vendor.gets(vendor.big)
    assert get.range_start == 1000
    assert get.sent_bytes == len(content) - 1000


def test_whole_partial_file_is_not_asked_for(vendor: Vendor, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    partial(here / vendor.big.file).write_bytes(vendor.big.path.read_bytes())
    fetch(vendor, here)
    assert not vendor.gets(vendor.big)


@pytest.mark.parametrize("length", [1000, BULK * 2], ids=["shorter", "longer"])
def test_wrong_partial_file_costs_one_more_download(
    vendor: Vendor, tmp_path: Path, length: int
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    partial(here / vendor.big.file).write_bytes(bytes(length))
    fetch(vendor, here)
    assert [get.range_start for get in vendor.gets(vendor.big)] == [length, None]


def test_wrong_bytes_are_asked_for_once_more(vendor: Vendor) -> None:
    vendor.server.fault(vendor.big.file, "wrong", times=1)
    vendor.build("big")
    assert vendor.sound(vendor.big)
    assert [get.range_start for get in vendor.gets(vendor.big)] == [None, None]


def test_wrong_bytes_again_fail_the_package(vendor: Vendor) -> None:
    vendor.build("small00")
    before = snapshot(vendor.me.root)
    vendor.server.fault(vendor.big.file, "wrong")
    with pytest.raises(DownloadError) as caught:
        vendor.build("big", "small00")
    text = str(caught.value)
    assert "noarch/big-1.0-0.conda: its sha256 is " in text
    assert f"the index says {vendor.big.record['sha256']}" in text
    assert len(vendor.gets(vendor.big)) == 2
    assert published(before) == published(snapshot(vendor.me.root))
    assert not [name for name in tree(vendor.me.root) if "big" in name]


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_each_digest_is_heeded(vendor: Vendor, tmp_path: Path, algorithm: str) -> None:
    entry = vendor.entry(vendor.big)
    record = {**entry.record, algorithm: "0" * len(entry.record[algorithm])}
    wrong = Entry(entry.subdir, entry.file, record, entry.public_url, entry.url)
    with pytest.raises(DownloadFailedError, match=f"its {algorithm} is .* the index says 000"):
        turn().download(wrong, tmp_path / "big", lambda size: None)
    assert not list(tmp_path.glob("big*"))


def test_endless_answer_is_stopped_at_the_size(vendor: Vendor) -> None:
    size = vendor.big.record["size"]
    vendor.server.fault(vendor.big.file, "endless")
    with pytest.raises(
        DownloadError, match=rf"noarch/big-1\.0-0\.conda: the server sends more than its {size} b"
    ):
        vendor.build("big")
    gets = vendor.gets(vendor.big)
    assert len(gets) == 2
    assert max(get.sent_bytes for get in gets) < size + IN_TRANSIT
    assert not list(vendor.me.root.rglob("big*"))


def test_answer_that_was_endless_once_does_no_harm(vendor: Vendor) -> None:
    vendor.server.fault(vendor.big.file, "endless", times=1)
    vendor.build("big")
    assert vendor.sound(vendor.big)


def test_missing_package_fails_at_once(vendor: Vendor) -> None:
    vendor.big.path.unlink()
    with pytest.raises(
        DownloadError, match=r"noarch/big-1\.0-0\.conda: the server answers with HTTP 404"
    ):
        vendor.build("big", "small00")
    assert len(vendor.gets(vendor.big)) == 1
    assert not (vendor.me.root / "bank").exists()


@pytest.mark.parametrize("status", [401, 403])
def test_refused_packages_end_the_build_early(vendor: Vendor, status: int) -> None:
    vendor.server.fault(".conda", "status", status=status)
    with pytest.raises(ChannelRefusedError) as caught:
        vendor.build(*(package.record["name"] for package in vendor.small))
    assert f"{vendor.url}/noarch (HTTP {status})" in str(caught.value)
    asked = [r for r in vendor.server.requests if r.path.endswith(".conda")]
    assert len(asked) < len(vendor.small)
    assert len({r.path for r in asked}) == len(asked), "a refusal was argued with"
    assert not (vendor.me.root / "bank").exists()


def test_refusal_does_not_wait_for_the_others(vendor: Vendor) -> None:
    first = vendor.big  # by name before the small ones
    vendor.server.fault(first.file, "slow", seconds=0.5)
    vendor.server.fault(".conda", "status", status=403)
    with pytest.raises(ChannelRefusedError):
        vendor.build("big", *(package.record["name"] for package in vendor.small))
    sizes = [get.sent_bytes for get in vendor.gets(first)]
    assert sum(sizes) < first.path.stat().st_size, "the build went on though the channel refuses"
    asked = [r for r in vendor.server.requests if r.status == 403]
    assert len(asked) < len(vendor.small), "all packages were asked for though the channel refuses"


def test_all_failures_are_told_together(vendor: Vendor) -> None:
    missing, wrong, broken, *_ = vendor.small
    missing.path.unlink()
    vendor.server.fault(wrong.file, "wrong")
    vendor.server.fault(broken.file, "status", status=504)
    with pytest.raises(DownloadError) as caught:
        vendor.build("big", *(package.record["name"] for package in vendor.small))
    text = str(caught.value)
    assert "3 packages could not be downloaded" in text
    for package, reason in ((missing, "HTTP 404"), (wrong, "its sha256"), (broken, "HTTP 504")):
        (line,) = [line for line in text.splitlines() if package.at in line]
        assert reason in line
    for package in (vendor.big, *vendor.small[3:]):
        assert package.at not in text
    assert not (vendor.me.root / "bank").exists()

    vendor.server.clear_faults()
    vendor.server.clear()
    vendor.channel.add("small00")
    vendor.build("big", *(package.record["name"] for package in vendor.small))
    assert vendor.sound(vendor.big, *vendor.small)
    asked = {r.path.rpartition("/")[2] for r in vendor.server.requests if ".conda" in r.path}
    assert asked == {missing.file, wrong.file, broken.file}


def test_command_tells_failures_as_text_and_json(vendor: Vendor, conda: Conda, root: Path) -> None:
    vendor.server.fault(vendor.small[0].file, "status", status=502)
    vendor.small[1].path.unlink()
    command: tuple[str, ...] = ("offline-repo", "build", "--label", "bank", "--no-label-channel")
    command += ("-c", vendor.url, "--override-channels", "--root", str(root))
    command += ("small00", "small01", "small02")
    expected = ("noarch/small00-1.0-0.conda: the server answers with HTTP 502", "HTTP 404")

    told = conda.fail(*command, **HASTY)
    assert told.stdout == ""
    for line in expected:
        assert line in told.stderr
    assert "Traceback" not in told.output

    answer = conda.fail(*command, "--json", **HASTY).json
    assert answer["exception_name"] == "DownloadError"
    for line in expected:
        assert line in answer["message"]
    assert not (root / "bank").exists()

    vendor.server.fault(".conda", "status", status=401)
    answer = conda.fail(*command, "--json", **HASTY).json
    assert answer["exception_name"] == "ChannelRefusedError"
    assert vendor.url in answer["message"]
    assert not (root / "bank").exists()


@pytest.mark.parametrize(
    ("suffix", "status"),
    [
        # an older conda takes 403 for a platform as "it has none", because some servers mean that
        ("noarch/repodata.json", 403),
        *(
            (f"{s}/repodata.json", status)
            for s in ("noarch", "linux-64")
            for status in (401, 500, 502)
        ),
    ],
)
def test_index_that_does_not_open_fails_the_build(vendor: Vendor, suffix: str, status: int) -> None:
    vendor.build("small00")
    before = snapshot(vendor.me.root)
    vendor.channel.add("small00", "2.0")
    vendor.channel.write()
    vendor.server.fault(suffix, "status", status=status)
    with pytest.raises(Exception, match=str(status)) as caught:
        vendor.build("small00")
    assert vendor.url in str(caught.value)
    assert snapshot(vendor.me.root) == before
