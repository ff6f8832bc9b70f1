"""The guard of an environment whose repository is on a web server."""

from __future__ import annotations

import json
import logging
import shutil
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest
from conda.base.context import context, reset_context
from conda.models.channel import Channel
from conda.models.records import PackageRecord

from conda_offline_repo import plugin
from conda_offline_repo._conda.commands import checks_links
from conda_offline_repo.customer.environment.condarc import configured
from conda_offline_repo.customer.environment.state import State, dump, state_path
from conda_offline_repo.customer.exceptions import (
    OlderBuildError,
    OtherContentError,
    OtherLabelError,
    StateUnreadableError,
)
from conda_offline_repo.customer.hooks import guard, history_check
from conda_offline_repo.customer.hooks.channels import leave_out_others, restore
from conda_offline_repo.customer.hooks.exceptions import (
    ArchivesRefusedError,
    ForeignPackagesError,
    OtherChannelsError,
    PoisonedCacheError,
    StateMissingError,
)
from conda_offline_repo.customer.hooks.history_check import remember_release
from conda_offline_repo.customer.hooks.named import check_archives_of
from conda_offline_repo.customer.trust.exceptions import OtherSignerError
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.repository import halfway
from conda_offline_repo.repository.exceptions import (
    HalfPublishedError,
    IndexMisfitError,
    UnreadableError,
)
from dev.upstream.server import ChannelServer
from tests.support.guarded import APP, LIB, TOOL, check, edit, poison
from tests.support.inside import inside
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, entries, hand_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.mirror import Mirror

INDEX = "noarch/repodata.json"
INDEXES = [f"/bank/{PLATFORM}/repodata.json", f"/bank/{INDEX}"]
MANIFEST = ["/bank/offline-repo.json", "/bank/offline-repo.next.json"]
VENDOR, OTHER = SigningKey("vendor"), SigningKey("other")
SECRET = "tk-5ecret0f4cme"


@pytest.fixture
def server(stick: Path) -> Iterator[ChannelServer]:
    with ChannelServer(stick.parent) as server:
        yield server


@pytest.fixture
def prefix(server: ChannelServer, tmp_path: Path) -> Path:
    """The active environment, which uses the repository on the server."""
    prefix, url = tmp_path / "rating", f"{server.url}/bank"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    (prefix / ".condarc").write_text(configured("", url, prefix / ".condarc"))
    state_path(prefix).write_text(dump(State("bank", 1, url, url)))
    return prefix


@pytest.fixture
def me(prefix: Path, tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path / "me", CONDA_PREFIX=str(prefix), CONDA_REMOTE_MAX_RETRIES="0") as me:
        yield me
        restore()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not wait for the end of a publication."""
    monkeypatch.setattr(halfway, "PATIENCE", 0.0)
    monkeypatch.setattr(halfway, "PAUSE", 0.0)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Says what is done while a reader waits for the end of a publication."""

    def meanwhile(act: Callable[[], object]) -> None:
        monkeypatch.setattr(time, "sleep", lambda _: act())

    return meanwhile


def asked(server: ChannelServer) -> list[str]:
    paths = sorted(request.path for request in server.requests)
    server.clear()
    return paths


def record(server: ChannelServer, folder: Path, name: str, **changes: Any) -> PackageRecord:
    """A record as a solver takes it from the index on the server."""
    subdir, _, file = name.partition("/")
    url = f"{server.url}/bank/{subdir}"
    entry = {**entries(folder, subdir).get(file, {"name": "x", "version": "1", "build": "0"})}
    entry |= {"build_number": 0, **changes}
    known = {key: value for key, value in entry.items() if value is not None}
    return PackageRecord(**{"fn": file, "url": f"{url}/{file}", "channel": Channel(url), **known})


def test_is_read_once_before_a_solve(me: Inside, server: ChannelServer, stick: Path) -> None:
    leave_out_others()
    guard.prepare_solve((), ())
    assert asked(server) == sorted((*INDEXES, *MANIFEST))
    check(record(server, stick, APP), record(server, stick, LIB), record(server, stick, TOOL))
    remember_release()
    assert asked(server) == []


def test_next_manifest_is_told_as_elsewhere(
    me: Inside, stick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Be it the same: others, too, take it for a publication under way."""
    shutil.copy(stick / "offline-repo.json", stick / "offline-repo.next.json")
    guard.prepare_solve((), ())
    assert "is under way or was interrupted" in caplog.text


def test_the_solver_reads_the_index_that_was_checked(me: Inside, server: ChannelServer) -> None:
    """Not again, and no shards or compressed index, whatever variables say."""
    context.__init__(argparse_args={"local_repodata_ttl": 1})
    leave_out_others()
    assert not getattr(context, "repodata_use_shards", False)
    assert not context.repodata_use_zst
    guard.prepare_solve((), ())
    server.clear()
    from conda.core.subdir_data import SubdirData

    for url in Channel(f"{server.url}/bank").urls(subdirs=context.subdirs):
        assert len([*SubdirData(Channel(url)).iter_records()]) > 0
    assert asked(server) == []


def test_index_that_a_server_lets_be_cached_is_asked_for_again(
    me: Inside, mirror: Mirror, server: ChannelServer, stick: Path
) -> None:
    server.fault("repodata.json", "odd", headers={"Cache-Control": "max-age=3600"})
    guard.prepare_solve((), ())
    mirror.copy(2, stick)
    guard.prepare_solve((), ())
    check(record(server, stick, "noarch/app-2.0-0.conda"))


def test_index_that_a_server_wrongly_calls_unchanged_is_asked_for_whole(
    me: Inside, mirror: Mirror, server: ChannelServer, stick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As nginx does where two files of one size came within one second."""
    guard.prepare_solve((), ())
    mirror.copy(2, stick)
    server.fault("repodata.json", "status", times=len(context.subdirs), status=304)
    guard.prepare_solve((), ())
    check(record(server, stick, "noarch/app-2.0-0.conda"))
    assert not caplog.text


def test_index_of_another_release_is_waited_for(
    me: Inside,
    mirror: Mirror,
    server: ChannelServer,
    stick: Path,
    meanwhile: Callable[[Callable[[], object]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    hand_over(mirror.builds[2], stick, INDEX)
    meanwhile(lambda: mirror.copy(2, stick))
    with caplog.at_level(logging.WARNING):
        guard.prepare_solve((), ())
    assert caplog.text.count("is being published") == 1
    remember_release()
    assert json.loads(state_path(me.conda.folder.parent / "rating").read_text())["build"] == 2


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", [INDEX, f"{PLATFORM}/repodata.json"])
@pytest.mark.parametrize("way", ["changed", "gone", "page"])
def test_index_of_its_own_is_refused(me: Inside, stick: Path, name: str, way: str) -> None:
    """As of a server that indexes anew."""
    if way == "changed":
        edit(stick / name, lambda index: index.update(removed=["x"]))
    elif way == "page":
        (stick / name).write_text("<html>Log in</html>")
    else:
        (stick / name).unlink()
    with pytest.raises(Exception, match="Artifactory|channel|page") as refused:
        guard.prepare_solve((), ())
    if way == "changed":
        assert isinstance(refused.value, HalfPublishedError)


def test_signature_is_waited_for(
    me: Inside,
    prefix: Path,
    server: ChannelServer,
    stick: Path,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    url = f"{server.url}/bank"
    sign(stick, VENDOR)
    signed = (stick / "offline-repo.json.sig").read_bytes()
    state_path(prefix).write_text(dump(State("bank", 1, url, url, signers=(VENDOR.fingerprint,))))
    (stick / "offline-repo.json.sig").unlink()
    meanwhile(lambda: (stick / "offline-repo.json.sig").write_bytes(signed))
    guard.prepare_solve((), ())
    sign(stick, OTHER)
    with pytest.raises(OtherSignerError):
        guard.prepare_solve((), ())


def test_other_releases_are_refused(me: Inside, prefix: Path, stick: Path) -> None:
    manifest = stick / "offline-repo.json"
    guard.prepare_solve((), ())
    remember_release()
    edit(manifest, lambda content: content.update(created="2000-01-01T00:00:00Z"))
    with pytest.raises(OtherContentError):
        guard.prepare_solve((), ())
    edit(manifest, lambda content: content.update(build=0))
    with pytest.raises(OlderBuildError):
        guard.prepare_solve((), ())
    edit(manifest, lambda content: content.update(label="plant"))
    with pytest.raises(OtherLabelError):
        guard.prepare_solve((), ())


def test_records_that_the_manifest_does_not_name_are_refused(
    me: Inside, server: ChannelServer, stick: Path
) -> None:
    guard.prepare_solve((), ())
    swapped = record(server, stick, APP, sha256="0" * 64)
    with pytest.raises(ArchivesRefusedError, match="not the file that the manifest names"):
        check(swapped)
    with pytest.raises(ArchivesRefusedError, match="does not name it"):
        check(record(server, stick, "noarch/app-9.0-0.conda"))
    elsewhere = record(
        server, stick, APP, url="https://conda.example.com/bank/noarch/app-1.0-0.conda"
    )
    with pytest.raises(ForeignPackagesError, match="conda.example.com"):
        check(elsewhere)
    server.clear()
    check(upper := record(server, stick, APP, sha256=record(server, stick, APP).sha256.upper()))
    assert upper.sha256
    assert asked(server) == []


@pytest.mark.usefixtures("hasty")
def test_index_that_changes_while_the_solver_runs_is_refused(
    me: Inside, server: ChannelServer, stick: Path
) -> None:
    guard.prepare_solve((), ())
    app = record(server, stick, APP)
    for path in me.conda.pkgs.glob("cache/*.json"):
        if not path.name.endswith(".info.json"):
            path.write_text(path.read_text().replace('"depends":[', '"depends":["lib <1",'))
    with pytest.raises(IndexMisfitError):
        check(app)


def test_records_get_the_digest_that_conda_is_to_compare(
    me: Inside, server: ChannelServer, stick: Path
) -> None:
    guard.prepare_solve((), ())
    app = record(server, stick, APP, sha256=None, md5=None)
    check(app)
    assert app.sha256 == entries(stick)["app-1.0-0.conda"]["sha256"]


def test_records_get_the_login_that_conda_knows(tmp_path: Path, prefix: Path, stick: Path) -> None:
    with ChannelServer(stick.parent, private={"bank": SECRET}) as server:
        url = f"{server.url}/bank"
        (prefix / ".condarc").write_text(configured("", url, prefix / ".condarc"))
        state_path(prefix).write_text(dump(State("bank", 1, url, url)))
        with inside(tmp_path / "you", CONDA_PREFIX=str(prefix)) as you:
            you.configure(custom_channels={"bank": f"{server.url}/t/{SECRET}"})
            guard.prepare_solve((), ())
            app = record(server, stick, APP)
            app.url = f"{url}/{APP}"
            check(app)
            assert app.url == f"{server.url}/t/{SECRET}/bank/{APP}"
            with pytest.raises(ArchivesRefusedError) as refused:
                check(record(server, stick, "noarch/app-9.0-0.conda"))
            assert SECRET not in str(refused.value)
            restore()
        assert SECRET not in state_path(prefix).read_text()


@pytest.mark.parametrize("name", ["a b", "bänk", "50%"])
def test_addresses_with_escapes(mirror: Mirror, prefix: Path, tmp_path: Path, name: str) -> None:
    """Which current conda leaves out of some URLs of the channel."""
    folder = mirror.copy(1, tmp_path / "served" / name / "bank")
    with ChannelServer(tmp_path / "served") as server:
        url = f"{server.url}/{quote(name)}/bank"
        (prefix / ".condarc").write_text(configured("", url, prefix / ".condarc"))
        state_path(prefix).write_text(dump(State("bank", 1, url, url)))
        with inside(tmp_path / "you", CONDA_PREFIX=str(prefix)):
            leave_out_others()
            guard.prepare_solve((), ())
            for form in (url, unquote(url)):
                check(record(server, folder, APP, url=f"{form}/{APP}"))
            with pytest.raises(ForeignPackagesError):
                check(record(server, folder, APP, url=f"{server.url}/bank/{APP}"))
            restore()


def test_other_archives_in_caches_are_not_linked(
    me: Inside, server: ChannelServer, stick: Path
) -> None:
    guard.prepare_solve((), ())
    app = record(server, stick, APP)
    claims = {key: app.get(key) for key in ("name", "version", "build", "size", "md5", "sha256")}
    poisoned = poison(me.conda.pkgs, stick / APP, claims)
    with pytest.raises(PoisonedCacheError, match=poisoned.name):
        check(app)


def test_channels_besides_are_refused_before_they_are_asked(
    me: Inside, prefix: Path, server: ChannelServer
) -> None:
    """By the command line or the environment's own file; those of other files are left out."""
    me.configure(channels=["conda-forge"])
    leave_out_others()
    assert context.channels == (f"{server.url}/bank",)
    restore()
    context.__init__(argparse_args={"channel": ["bioconda"]})
    with pytest.raises(OtherChannelsError, match="bioconda"):
        leave_out_others()
    reset_context()
    path = prefix / ".condarc"
    path.write_text(path.read_text().replace("channels:\n", "channels:\n- tools\n", 1))
    reset_context()
    with pytest.raises(OtherChannelsError, match="tools"):
        leave_out_others()
    leave_out_others(solving=False)
    path.write_text(f"channels: [tools, {server.url}/bank]\n")  # somebody decided otherwise
    reset_context()
    leave_out_others()
    assert "conda-forge" in context.channels
    assert asked(server) == []


def test_environment_whose_own_file_conda_has_not_read(
    me: Inside, prefix: Path, server: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has activated it, and a file names it, as for `conda env update`."""
    url, file = f"{server.url}/bank", prefix.with_name("environment.yml")
    monkeypatch.delenv("CONDA_PREFIX")
    monkeypatch.setenv("CONDA_ENVS_DIRS", str(prefix.parent))
    me.configure(channels=["conda-forge"], repodata_fns=["current_repodata.json"])
    command = {"func": "conda.cli.main_env_update.execute", "file": [str(file)]}
    monkeypatch.setattr(context, "_argparse_args", {**context._argparse_args, **command})
    file.write_text("name: rating\nchannels: [bioconda]\n")
    with pytest.raises(OtherChannelsError, match="bioconda"):
        leave_out_others()
    file.write_text("name: rating\n")
    leave_out_others()
    assert context.channels == context.allowlist_channels == (url,)
    assert context.repodata_fns == ("repodata.json",)
    guard.prepare_solve((), ())
    assert asked(server) == sorted((*INDEXES, *MANIFEST))
    restore()
    (prefix / ".condarc").write_text("")  # somebody decided otherwise
    leave_out_others()
    assert context.channels == ("conda-forge",)


def test_copy_asks_no_other_host_for_notices(
    me: Inside, prefix: Path, server: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONDA_PREFIX")
    me.configure(channels=["conda-forge"])
    command = {"func": "conda.cli.main_create.execute", "clone": str(prefix)}
    monkeypatch.setattr(context, "_argparse_args", {**context._argparse_args, **command})
    for hook in plugin.conda_pre_commands():
        if "create" in hook.run_for:
            hook.action("create")
    assert context.channels == (f"{server.url}/bank",)
    assert context.number_channel_notices == 0
    restore()
    assert context.channels == ("conda-forge",)


def test_nothing_is_needed_to_remove(
    me: Inside, server: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = {"func": "conda.cli.main_remove.execute"}
    monkeypatch.setattr(context, "_argparse_args", {**context._argparse_args, **command})
    leave_out_others()
    assert context.channels == ()
    guard.prepare_solve((), ("app",))
    assert asked(server) == []


def test_named_archives(me: Inside, server: ChannelServer, stick: Path) -> None:
    with pytest.raises(OtherChannelsError, match="example.com"):
        check_archives_of([("https://example.com/noarch/app-1.0-0.conda", "")])
    assert asked(server) == []
    md5 = entries(stick)["app-1.0-0.conda"]["md5"]
    check_archives_of([(f"{server.url}/bank/{APP}", md5)])
    if not checks_links():  # this conda compares nothing without a digest
        with pytest.raises(ArchivesRefusedError, match=f"#{md5}"):
            check_archives_of([(f"{server.url}/bank/{APP}", "")])


def test_links_without_a_solve_are_checked(me: Inside, server: ChannelServer, stick: Path) -> None:
    with pytest.raises(ArchivesRefusedError, match="does not name it"):
        guard.check_unpacked((record(server, stick, "noarch/app-9.0-0.conda"),))


@pytest.mark.parametrize("offline", [True, False])
def test_server_that_cannot_be_asked(me: Inside, server: ChannelServer, offline: bool) -> None:
    if offline:
        me.configure(offline=True)
    else:
        server.stop()
    with pytest.raises(UnreadableError, match="offline\\." if offline else "refuses connections"):
        guard.prepare_solve((), ())


def test_copy_without_a_state_is_refused(me: Inside, prefix: Path, server: ChannelServer) -> None:
    state_path(prefix).unlink()
    with pytest.raises(StateMissingError, match=f"{server.url}/bank"):
        guard.prepare_solve((), ())


@pytest.mark.parametrize(
    ("path", "channel"),
    [
        ("https://h/bank", "https://h/other"),
        ("https://me:pw@h/bank", "https://me:pw@h/bank"),
        ("bank", "file:///bank"),
        ("ftp://h/bank", "ftp://h/bank"),
    ],
)
def test_states_that_no_use_has_written(me: Inside, prefix: Path, path: str, channel: str) -> None:
    state_path(prefix).write_text(dump(State("bank", 1, path, channel)))
    with pytest.raises(StateUnreadableError):
        guard.prepare_solve((), ())


def test_every_refusal_is_one_of_ours() -> None:
    for error in (HalfPublishedError, IndexMisfitError, UnreadableError):
        assert issubclass(error, OfflineRepoError)
    assert history_check.on_servers == {}
