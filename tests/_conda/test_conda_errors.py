"""What conda cannot do on this machine is not told as the fault of a channel."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest
from conda import CondaError, CondaMultiError
from conda import exceptions as condas
from conda.base.context import context
from conda.gateways.disk import lock
from requests.exceptions import ReadTimeout

from conda_offline_repo._conda import conda_errors, overrides
from conda_offline_repo._conda.exceptions import IndexCacheError
from conda_offline_repo.builder.exceptions import ChannelUnavailableError
from conda_offline_repo.exceptions import OfflineRepoError
from dev.upstream.server import ChannelServer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inside import Inside
    from tests.support.warm import WarmConda

BLAMES = "owner of the channel"
#: Holds conda's own lock on the file of its argument until its standard input ends.
HOLD = """\
import sys
from conda.gateways.disk.lock import lock
with open(sys.argv[1], "a+") as file, lock(file):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "served" / "public")
    channel.add("app")
    channel.write()
    return channel


@pytest.fixture
def url(channel: TinyChannel) -> Iterator[str]:
    with ChannelServer(channel.folder.parent) as server:
        yield f"{server.url}/public"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            holder.stdin.close()


def build(me: Inside, url: str) -> None:
    me.build(me.options("app", channels=(url,)))


def test_locked_cache(me: Inside, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build(me, url)
    cache = me.conda.pkgs / "cache"
    monkeypatch.setattr(lock, "LOCK_SLEEP", 0)
    with ExitStack() as stack:
        for path in cache.glob("*.info.json"):
            stack.enter_context(locked(path))
        with pytest.raises(IndexCacheError) as caught:
            build(me, url)
    message = str(caught.value)
    assert f"conda cannot use its cache of the channels' indexes, {cache}: it is locked." in message
    assert "no_lock" in message
    assert BLAMES not in message
    build(me, url)


def test_file_where_the_cache_should_be(me: Inside, url: str) -> None:
    build(me, url)
    cache = me.conda.pkgs / "cache"
    shutil.rmtree(cache)
    cache.write_text("")
    with pytest.raises((condas.CondaError, OSError)) as caught:
        build(me, url)
    assert str(cache) in str(caught.value)
    assert BLAMES not in str(caught.value)


def test_cache_that_cannot_be_made(me: Inside, url: str) -> None:
    """conda's own error says it well."""
    me.conda.pkgs.write_text("")
    with pytest.raises(condas.NoWritablePkgsDirError, match="No writeable pkgs directories") as no:
        build(me, url)
    assert str(me.conda.pkgs) in str(no.value)


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "EACCES"])
def test_failing_disk_below_the_cache(warm: WarmConda, channel: TinyChannel, fault: str) -> None:
    command: tuple[str | Path, ...] = ("offline-repo", "build", "app", "--dry-run")
    command += ("--label", "bank", "--root", warm.folder / "out", "--no-label-channel")
    command += ("--override-channels", "-c", channel.folder.as_uri())
    pkgs = warm.folder / "pkgs"
    cache = pkgs / "cache"
    here = {"CONDA_PKGS_DIRS": str(pkgs)}
    failed = 0
    # how many steps there are differs with the order in which conda's threads come to them
    for number in count(1):
        struck = warm.execute(*command, folder=cache, fault=fault, number=number, variables=here)
        if not struck.struck:
            break
        assert BLAMES not in struck.output, str(struck)
        assert struck.status == 0 or str(cache) in struck.output, str(struck)
        failed += struck.status
        shutil.rmtree(pkgs, ignore_errors=True)
    assert failed


def test_damaged_cache(me: Inside, url: str) -> None:
    """It may be the fault of either."""
    if context.solver == "libmamba":
        pytest.skip("libmamba takes a damaged index for an empty one")
    build(me, url)
    for path in (me.conda.pkgs / "cache").glob("*[0-9a-f].json"):
        before = path.stat()
        path.write_text(path.read_text().replace(":", ";", 1))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with (
        overrides.settings(local_repodata_ttl=1000),
        pytest.raises(OfflineRepoError, match="conda clean --index-cache"),
    ):
        build(me, url)
    me.conda.run("clean", "--index-cache", "--yes")
    build(me, url)


def test_index_of_a_folder_that_cannot_be_read(me: Inside, channel: TinyChannel) -> None:
    index = channel.folder / "noarch" / "repodata.json"
    index.unlink()
    index.mkdir()
    with pytest.raises(ChannelUnavailableError, match="cannot be read") as caught:
        build(me, channel.folder.as_uri())
    assert BLAMES not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        condas.LockError("Failed to acquire lock."),
        condas.CondaOSError("no"),
        condas.CondaIOError("no"),
        condas.NotWritableError("/a", errno.EROFS),
        ReadTimeout("no"),
        OSError(errno.ENOSPC, "full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_no_fault_of_a_solver(error: Exception) -> None:
    assert not conda_errors.fails_by_itself(error)


@pytest.mark.parametrize("error", [OSError("invalid type: integer"), ImportError(), KeyError("x")])
def test_what_a_solver_fails_with(error: Exception) -> None:
    assert conda_errors.fails_by_itself(error)


def test_locked_cache_of_shards(me: Inside, tmp_path: Path) -> None:
    path = tmp_path / "shards.db"
    with sqlite3.connect(path) as holder, sqlite3.connect(path, timeout=0) as other:
        holder.execute("create table shards (url text)")
        holder.execute("begin exclusive")
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("insert into shards values ('a')")
    holder.close()
    other.close()
    refused = conda_errors.index_cache_error(caught.value)
    assert refused is not None
    assert f"{me.conda.pkgs / 'cache'}: it is locked." in str(refused)


@pytest.mark.parametrize(("code", "status"), [(404, 404), (0, None), ("404", None), (None, None)])
def test_status_behind_an_error(code: object, status: int | None) -> None:
    error = condas.CondaHTTPError("no", "http://h/c", code, "Not Found", None)
    assert conda_errors.status_code(error) == status


def test_several_errors_in_one_are_changed_one_by_one() -> None:
    full = OSError(errno.ENOSPC, "100% full", "/pkgs")
    nested = CondaMultiError([CondaError("no %(url)s", url="http://h/t/tk-123/c")])
    error = CondaMultiError((full, nested))
    conda_errors.change_texts(error, lambda text: text.replace("tk-123", "<hidden>"))
    texts = [f"[Errno {errno.ENOSPC}] 100% full: '/pkgs'", "no http://h/t/<hidden>/c"]
    assert repr(error).splitlines() == [f"CondaError: {text}" for text in texts]
    assert str(error).split("\n")[:2] == texts
    assert "<hidden>" in json.dumps(error.dump_map())
