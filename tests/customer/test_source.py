"""Whether `use` takes a repository on a web server, and reaches it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo._conda.features import DOWNLOADS
from conda_offline_repo.customer import source
from conda_offline_repo.customer.diagnostics import diagnose
from conda_offline_repo.customer.install import confined
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
from tests.support.keys import SigningKey, sign
from tests.support.planned import plan

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
    by = "CONDA_OFFLINE" if how == "variable" else r"home.\.condarc"
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


@pytest.mark.parametrize("threads", [None, 3])
def test_what_use_asks_of_conda(
    me: Inside, server: ChannelServer, tmp_path: Path, threads: int | None
) -> None:
    me.configure(
        channels=["conda-forge"],
        allowlist_channels=["conda-forge"],
        notify_outdated_conda=True,
        **({"fetch_threads": threads} if threads else {}),
    )
    url = f"{server.url}/bank"
    repository = source.located(typed_place(url), Unwatched())
    with confined(plan(repository, tmp_path / "rating"), repository):
        assert context.channels == (url,)
        assert context.fetch_threads == (threads or DOWNLOADS)
        assert not context.offline
        assert not context.notify_outdated_conda
        assert not getattr(context, "repodata_use_shards", False)
    assert (context.channels, context.notify_outdated_conda) == (("conda-forge",), True)
    assert context.fetch_threads == (threads or 5)


@pytest.mark.parametrize("signed", [False, True])
def test_server_that_may_be_anybody(
    me: Inside, server: ChannelServer, stick: Path, tmp_path: Path, signed: bool
) -> None:
    """Of whom nothing says who made the repository."""
    me.configure(ssl_verify=False)
    if signed:
        sign(stick, SigningKey("vendor"))
    repository = source.located(typed_place(f"{server.url}/bank"), Unwatched())
    secure = replace(repository, path=typed_place("https://conda.example.com/bank"))
    for found, text in ((repository, "http:"), (secure, "ssl_verify: false")):
        findings = [finding.text for finding in diagnose(found, tmp_path)]
        assert any(text in finding for finding in findings) == (not signed)
