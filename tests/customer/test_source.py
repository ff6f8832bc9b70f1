"""Whether `use` takes a repository on a web server, and reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.customer import source
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.files.typed import typed_place
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository import halfway
from conda_offline_repo.repository.exceptions import (
    FolderNameError,
    HalfPublishedError,
    OfflineError,
)
from dev.upstream.server import ChannelServer
from tests.support.guarded import INDEX, edit
from tests.support.inside import Counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inside import Inside
    from tests.support.mirror import Mirror

SECRET = "5ecret-0f-0perations"


@pytest.fixture
def server(stick: Path) -> Iterator[ChannelServer]:
    with ChannelServer(stick.parent) as server:
        yield server


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{SECRET}@conda.example.com/bank",
        f"https://conda.example.com/t/{SECRET}/bank",
        f"https://{SECRET}@conda.example.com/bank/",
    ],
)
def test_login_in_the_url_is_refused(me: Inside, tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidRequestError, match="netrc") as refused:
        source.reachable(typed_place(url), tmp_path)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("how", ["file", "variable", "own file", "nobody"])
def test_conda_that_is_offline(
    me: Inside, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "rating"
    prefix.mkdir()
    if how == "own file":  # as for a folder, until now
        (prefix / ".condarc").write_text("offline: true\n")
        monkeypatch.setenv("CONDA_PREFIX", str(prefix))
    if how == "variable":
        monkeypatch.setenv("CONDA_OFFLINE", "true")
    me.configure(offline=how == "file")
    assert context.offline == (how != "nobody")
    place = typed_place("https://conda.example.com/bank")
    if how in ("own file", "nobody"):
        with source.reachable(place, prefix):
            assert not context.offline
        return
    by = "CONDA_OFFLINE" if how == "variable" else r"home/\.condarc"
    with pytest.raises(OfflineError, match=by):
        source.reachable(place, prefix)


def test_channel_that_conda_reads_elsewhere(me: Inside, server: ChannelServer) -> None:
    me.configure(
        custom_channels={"bank": "https://new.example.com"},
        migrated_custom_channels={"bank": server.url},
    )
    with pytest.raises(FolderNameError, match=r"https://new\.example\.com/bank now"):
        source.located(typed_place(f"{server.url}/bank"), Unwatched())


def test_index_of_another_release(
    me: Inside, mirror: Mirror, server: ChannelServer, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, progress = typed_place(f"{server.url}/bank"), Counted()
    edit(stick / INDEX, lambda index: index.update(removed=["x"]))
    monkeypatch.setattr(halfway, "PAUSE", 0.0)
    monkeypatch.setattr("time.sleep", lambda _: mirror.copy(2, stick))
    assert source.located(place, progress).manifest.release == 2
    assert [step for step in progress.steps if "being published" in str(step)] == progress.steps
    edit(stick / INDEX, lambda index: index.update(removed=["x"]))
    monkeypatch.setattr(halfway, "PATIENCE", 0.0)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(HalfPublishedError, match="Artifactory"):
        source.located(place, progress)


def test_records_are_those_of_the_index_that_was_checked(me: Inside, server: ChannelServer) -> None:
    repository = source.located(typed_place(f"{server.url}/bank"), Unwatched())
    server.clear()
    names = ("noarch/app-1.0-0.conda", "noarch/lib-1.0-0.tar.bz2", "noarch/none-1.0-0.conda")
    records = source.records(repository, names)
    assert [record.url for record in records.values()] == [
        f"{server.url}/bank/{name}" for name in names[:2]
    ]
    assert server.requests == ()
