"""How indexes are read from conda's cache: where they lie, and no more often than needed."""

from __future__ import annotations

import json
import os
from mmap import mmap
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.exceptions import CondaError
from conda.gateways.repodata import RepodataFetch
from conda.models.channel import Channel

from conda_offline_repo._conda import indexes, overrides
from conda_offline_repo.builder.solving.solve import from_channels, solve
from conda_offline_repo.builder.solving.tasks import tasks
from conda_offline_repo.progress import Unwatched
from dev.upstream.server import ChannelServer
from tests.support.inside import forget
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.inside import Inside

UNMAPPABLE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "channels" / "public")
    channel.add("app", "1.0")
    channel.write()
    return channel


@pytest.fixture
def url(channel: TinyChannel) -> Iterator[str]:
    with ChannelServer(channel.folder.parent) as server:
        yield f"{server.url}/public"


def fetch(url: str) -> RepodataFetch:
    """As conda makes it, also for its solvers."""
    ours = indexes.repodata_fetch(Channel(f"{url}/noarch"))
    return RepodataFetch(
        ours.cache_path_base,
        ours.channel,
        ours.repodata_fn,
        repo_interface_cls=ours.repo_interface_cls,
    )


def test_only_where_it_lies(me: Inside, url: str) -> None:
    """What would fail over an index that is no text does not when nobody reads it."""
    path, _ = fetch(url).fetch_latest_path()
    before = path.stat()
    text = path.read_bytes()
    path.write_bytes(b"\x81" + text[1:])  # neither UTF-8 nor Windows-1252
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with overrides.settings(local_repodata_ttl=1000):
        with indexes.read_by_solver():
            assert fetch(url).fetch_latest_path()[0] == path
        with pytest.raises((CondaError, UnicodeDecodeError)):
            fetch(url).fetch_latest_path()
    assert path.read_bytes()[:1] == b"\x81"


def test_solvers_have_what_is_new(me: Inside, channel: TinyChannel, url: str) -> None:
    request = me.request(me.options("app", channels=(url,)))
    for version in ("1.0", "2.0", "3.0"):
        channel.add("app", version)
        channel.write()
        (solution,) = solve(request, tasks(request), Unwatched(), from_channels(request))
        assert [record.version for record in solution.records] == [version]
        forget()


@pytest.mark.skipif(os.name != "nt", reason="Windows alone does not replace what others read")
def test_file_that_another_process_reads(me: Inside, channel: TinyChannel, url: str) -> None:
    subdir = Channel(f"{url}/noarch")
    path, _ = indexes.repodata_fetch(subdir).fetch_latest_path()
    channel.add("app", "2.0")
    channel.write()
    with Path(path).open("rb") as file:
        closing = Timer(0.5, file.close)
        closing.start()
        indexes.ask_again([subdir])
        closing.join()
    assert b"app-2.0" in indexes.cached_index(subdir)


def test_cached_index_that_somebody_has_deleted(me: Inside, url: str) -> None:
    subdir = Channel(f"{url}/noarch")
    indexes.ask_again([subdir])
    before = indexes.cached_index(subdir)
    indexes.repodata_fetch(subdir).cache_path_json.unlink()
    indexes.ask_again([subdir])
    assert indexes.cached_index(subdir) == before


def test_it_is_over_after_an_error(me: Inside) -> None:
    before = RepodataFetch.fetch_latest_path
    with pytest.raises(ZeroDivisionError), indexes.read_by_solver():
        raise ZeroDivisionError
    assert RepodataFetch.fetch_latest_path is before


def test_it_is_over_when_the_last_one_is_done() -> None:
    """Solvers may run side by side, and end in any order."""
    before = RepodataFetch.fetch_latest_path
    first, second = indexes.read_by_solver(), indexes.read_by_solver()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert RepodataFetch.fetch_latest_path is not before
    second.__exit__(None, None, None)
    assert RepodataFetch.fetch_latest_path is before


def test_content_is_not_copied(me: Inside, url: str) -> None:
    content = indexes.index_content(Channel(f"{url}/noarch"))
    assert isinstance(content, mmap) or os.name == "nt"
    assert [*json.loads(bytes(content))["packages.conda"]] == ["app-1.0-0.conda"]


def test_content_outlives_the_next_download(me: Inside, channel: TinyChannel, url: str) -> None:
    """conda puts another file in its place; what is read stays what it was."""
    before = indexes.index_content(Channel(f"{url}/noarch"))
    text = bytes(before)
    channel.add("app", "2.0")
    channel.write()
    after = indexes.index_content(Channel(f"{url}/noarch"))
    assert b"app-2.0" in bytes(after)
    assert bytes(before) == text


def test_content_of_what_was_never_read(me: Inside, url: str) -> None:
    with overrides.settings(offline=True), pytest.raises(FileNotFoundError):
        indexes.index_content(Channel(f"{url}/noarch"))
    assert context.offline is False


def test_empty_file_is_no_index(tmp_path: Path) -> None:
    empty = tmp_path / "repodata.json"
    empty.touch()
    with pytest.raises(ValueError, match="empty"):
        indexes.mapped(empty)


@pytest.mark.skipif(not UNMAPPABLE.exists(), reason="needs a file that cannot be mapped")
def test_file_system_that_maps_nothing() -> None:
    content = indexes.mapped(UNMAPPABLE)
    assert isinstance(content, bytes)
    assert content == UNMAPPABLE.read_bytes() != b""
