"""What a build takes over from its channels, and from where: entries, archives, credentials."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from conda import CondaError
from conda.base.context import context

from conda_offline_repo._conda import index_requests
from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.builder.exceptions import ChannelUnavailableError
from conda_offline_repo.builder.solving.entries import entries_of
from conda_offline_repo.builder.solving.exceptions import SolveError, UpstreamChangedError
from conda_offline_repo.builder.solving.solve import from_channels, solve
from conda_offline_repo.builder.solving.tasks import tasks
from conda_offline_repo.builder.upstream.asking import ask_for_indexes
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.names import archive_problem
from conda_offline_repo.repository.publication.exceptions import FileSystemError
from dev.upstream.server import ChannelServer
from tests.support import sharded
from tests.support.inside import forget
from tests.support.running import snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from typing import Any

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside

TOKEN = "tk-upstream-53cret"
LOGIN = ("engineer", "pa:ss@wo/rd")

#: What no version of conda knows, and what conda knows but would write in another way.
UNKNOWN: dict[str, Any] = {
    "purls": ["pkg:pypi/lib@1.0"],
    "x_list": [{"b": {"c": 2}}, 1, None, 1.5, True, "é \U0001f40d"],
    "x_empty": {},
    "license_family": "MIT",
    "python_site_packages_path": "lib/python3.12/site-packages",
    "track_features": "",
    "timestamp": 1_700_000_000_123,
    "legacy_bz2_size": 7,
    "app_type": None,
}
#: A metadata fix: the archive itself still asks for what is not there.
FIX = {"depends": ["extra >=1,<3"], "constrains": ["other >=9"], "license": "MIT OR GPL-2.0-only"}


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """`app` needs `lib`, whose entry was fixed and has unknown keys, and `lib` needs `extra`."""
    channel = TinyChannel(tmp_path / "served" / "public")
    channel.add("app", depends=["lib"])
    channel.add("lib", depends=["gone"], record={**UNKNOWN, **FIX})
    channel.add("extra", "2.0", format="tar.bz2", record={"x_bz2": "kept"})
    channel.add("extra", "3.0")
    channel.add("plat", depends=["lib"], subdir="linux-64", record={"x_plat": 1})
    channel.write()
    return channel


def published(me: Inside, subdir: str = "noarch") -> dict[str, Any]:
    """The entries of the bank's repository, by file name."""
    content = json.loads((me.root / "bank" / subdir / "repodata.json").read_bytes())
    for section, extension in (("packages", ".tar.bz2"), ("packages.conda", ".conda")):
        assert all(file.endswith(extension) for file in content[section])
    assert content["info"] == {"subdir": subdir}
    return {**content["packages"], **content["packages.conda"]}


def records(channel: TinyChannel, *names: str) -> dict[str, Any]:
    return {p.file: p.record for p in channel.packages.values() if p.record["name"] in names}


def asked(server: ChannelServer, *suffixes: str) -> list[str]:
    return [r.path for r in server.requests if r.path.endswith(suffixes)]


def same(one: object, other: object) -> bool:
    """Equal to the last detail: 1 is not True, and the order of keys is not looked at."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def needed(channel: TinyChannel) -> dict[str, Any]:
    found = records(channel, "app", "lib", "extra")
    del found["extra-3.0-0.conda"]
    return found


@pytest.mark.parametrize("zst", [False, True], ids=["json", "zst"])
def test_entries_are_verbatim(me: Inside, channel: TinyChannel, zst: bool) -> None:
    channel.zst = zst
    channel.write()
    if zst:
        for path in channel.folder.rglob("repodata.json"):
            path.write_text('{"info": {}, "packages": {}, "packages.conda": {}}')
    with ChannelServer(channel.folder.parent) as server:
        me.build(me.options("plat", "app", channels=(f"{server.url}/public",)))
        read = "repodata.json.zst" if zst else "repodata.json"
        assert {r.path for r in server.requests if r.status == 200 and r.path.endswith(read)}
    assert same(published(me), needed(channel))
    assert same(published(me, "linux-64"), records(channel, "plat"))


def test_entries_of_a_sharded_channel_are_verbatim(me: Inside, channel: TinyChannel) -> None:
    sharded.shard(channel)
    with ChannelServer(channel.folder.parent) as server:
        me.build(me.options("plat", "app", channels=(f"{server.url}/public",)))
        whole = asked(server, "/repodata.json", "/repodata.json.zst", "/current_repodata.json")
        shards = asked(server, ".msgpack.zst")
    expected = needed(channel)
    assert bool(whole) is not sharded.solved_from()
    assert bool(shards) is sharded.solved_from()
    if sharded.solved_from():
        served = sharded.entries(channel.folder / "noarch")
        expected = {file: served[file] for file in expected}
        for file, record in needed(channel).items():
            assert same({k: expected[file][k] for k in record}, record)
    assert same(published(me), expected)
    for name in ("app", "lib"):
        file = f"noarch/{name}-1.0-0.conda"
        assert (me.root / "bank" / file).read_bytes() == channel.packages[file].path.read_bytes()


@pytest.mark.parametrize("whole", ["absent", "broken"])
def test_channel_of_shards_alone(me: Inside, channel: TinyChannel, whole: str) -> None:
    sharded.shard(channel)
    with ChannelServer(channel.folder.parent) as server:
        if whole == "absent":
            for path in channel.folder.rglob("repodata.json"):
                path.unlink()
        else:
            server.fault("repodata.json", "status", status=500)
        options = me.options("app", channels=(f"{server.url}/public",))
        if sharded.solved_from():
            me.build(options)
            assert set(published(me)) == set(needed(channel))
        else:
            status = 404 if whole == "absent" else 500
            with pytest.raises(ChannelUnavailableError, match=f"/public .*{status}"):
                me.build(options)
            assert not me.root.exists()


@pytest.mark.parametrize("fault", [401, 404, 500, "cut", "wrong"])
def test_shard_that_cannot_be_had(me: Inside, channel: TinyChannel, fault: int | str) -> None:
    sharded.shard(channel)
    suffix = f"/{sharded.file_of(channel.folder / 'noarch', 'lib')}"
    with ChannelServer(channel.folder.parent) as server:
        if isinstance(fault, int):
            server.fault(suffix, "status", status=fault)
        else:
            server.fault(suffix, fault)
        options = me.options("app", channels=(f"{server.url}/public",))
        if sharded.solved_from():
            with pytest.raises(OfflineRepoError, match=f"{server.url}/public") as caught:
                me.build(options)
            assert isinstance(fault, str) or str(fault) in str(caught.value)
            assert not me.root.exists()
        else:
            me.build(options)


def test_label_channel_of_shards(me: Inside, tmp_path: Path, channel: TinyChannel) -> None:
    label = TinyChannel(tmp_path / "served" / "public" / "label" / "bank")
    label.add("only", depends=["lib"], record={"x_label": True})
    label.write()
    sharded.shard(label)
    sharded.shard(channel)
    with ChannelServer(channel.folder.parent) as server:
        me.build(me.options(channels=(f"{server.url}/public",), label_channel=True))
        whole = asked(server, "/repodata.json", "/repodata.json.zst")
    assert bool(whole) is not sharded.solved_from()
    assert set(published(me)) == {"only-1.0-0.conda", "lib-1.0-0.conda", "extra-2.0-0.tar.bz2"}
    assert published(me)["only-1.0-0.conda"]["x_label"] is True


def test_sharded_and_other_channels_together(
    me: Inside, tmp_path: Path, channel: TinyChannel
) -> None:
    other = TinyChannel(tmp_path / "served" / "other")
    other.add("top", depends=["lib"], record={"x_other": [1, 2]})
    other.write()
    sharded.shard(channel)
    with ChannelServer(channel.folder.parent) as server:
        urls = (f"{server.url}/other", f"{server.url}/public")
        me.build(me.options("top", channels=urls))
        whole = asked(server, "/public/noarch/repodata.json", "/public/linux-64/repodata.json")
    assert bool(whole) is not sharded.solved_from()
    assert same(published(me)["top-1.0-0.conda"], other.packages["noarch/top-1.0-0.conda"].record)
    assert set(published(me)) == {
        "top-1.0-0.conda",
        "lib-1.0-0.conda",
        "extra-2.0-0.tar.bz2",
    }


def test_fix_is_what_the_customer_solves_with(me: Inside, channel: TinyChannel) -> None:
    with ChannelServer(channel.folder.parent) as server:
        me.build(me.options("lib", channels=(f"{server.url}/public",)))
    entry = published(me)["lib-1.0-0.conda"]
    assert entry["depends"] == FIX["depends"]
    assert set(published(me)) == {"lib-1.0-0.conda", "extra-2.0-0.tar.bz2"}


def moved(channel: TinyChannel, folder: Path) -> None:
    """Take the archives of a channel to another folder, which keeps its subdirs."""
    for package in channel.packages.values():
        target = folder / package.at
        target.parent.mkdir(parents=True, exist_ok=True)
        package.path.rename(target)


@pytest.mark.parametrize("form", ["json", "shards"])
@pytest.mark.parametrize("where", ["absolute", "other server", "relative", "rooted"])
def test_base_url_leads_to_the_archives(
    me: Inside, tmp_path: Path, channel: TinyChannel, where: str, form: str
) -> None:
    moved(channel, tmp_path / "elsewhere" if where == "other server" else tmp_path / "served/pool")
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    with (
        ChannelServer(tmp_path / "served") as server,
        ChannelServer(tmp_path / "elsewhere") as other,
    ):
        base = {
            "absolute": f"{server.url}/pool",
            "other server": other.url,
            "relative": "../../pool",
            "rooted": "/pool",
        }[where]
        # of a subdir, not of the channel
        channel.info = {"base_url": f"{base}/noarch/"}
        channel.write()
        if form == "shards":
            sharded.shard(channel, base_url=base)
        me.build(me.options("app", channels=(f"{server.url}/public",)))
        archives = [*server.packages(), *other.packages()]
    pool = "" if where == "other server" else "/pool"
    assert sorted(archives) == sorted(f"{pool}/noarch/{file}" for file in needed(channel))
    assert set(published(me)) == set(needed(channel))
    for path in (me.root / "bank").rglob("*.json"):
        assert b"base_url" not in path.read_bytes()


@pytest.mark.parametrize("where", ["other server", "relative"])
def test_base_url_need_not_end_like_a_subdir(
    me: Inside, tmp_path: Path, channel: TinyChannel, where: str
) -> None:
    files = tmp_path / "served" / "files"
    files.mkdir()
    for package in channel.packages.values():
        package.path.rename(files / package.file)
    with ChannelServer(tmp_path / "served") as server, ChannelServer(tmp_path / "served") as other:
        channel.info = {"base_url": "../../files" if where == "relative" else f"{other.url}/files/"}
        channel.write()
        outcome = me.build(me.options("app", channels=(f"{server.url}/public",)))
    archives = [*server.packages(), *other.packages()]
    assert sorted(archives) == sorted(f"/files/{file}" for file in needed(channel))
    found = {package.url for package in outcome.manifest.packages.values()}
    host = server.url if where == "relative" else other.url
    assert found == {f"{host}/files/{file}" for file in needed(channel)}


def test_base_url_elsewhere_gets_no_credentials(me: Inside, channel: TinyChannel) -> None:
    elsewhere = channel.folder.parent.with_name("elsewhere")
    moved(channel, elsewhere)
    with (
        ChannelServer(elsewhere) as other,
        ChannelServer(channel.folder.parent, basic={"public": LOGIN}) as server,
    ):
        channel.info = {"base_url": f"{other.url}/noarch/"}
        channel.write()
        me.build(me.options("app", channels=(with_login(server, "public"),)))
        assert len(other.packages()) == 3
        for request in other.requests:
            assert "authorization" not in request.headers, "another server was told the password"


def test_base_url_elsewhere_gets_no_token(me: Inside, channel: TinyChannel) -> None:
    elsewhere = channel.folder.parent.with_name("elsewhere")
    moved(channel, elsewhere)
    with (
        ChannelServer(elsewhere) as other,
        ChannelServer(channel.folder.parent, private={"public": TOKEN}) as server,
    ):
        channel.info = {"base_url": f"{other.url}/noarch/"}
        channel.write()
        options = me.options("app", channels=(f"{server.url}/public",), token=TOKEN)
        me.build(options)
        for request in other.requests:
            assert TOKEN not in request.path, "another server was told the token"


@pytest.mark.parametrize("where", ["absolute", "relative", "rooted"])
@pytest.mark.parametrize("secret", ["token", "login"])
def test_base_url_on_the_own_server_keeps_the_credentials(
    me: Inside, channel: TinyChannel, where: str, secret: str
) -> None:
    moved(channel, channel.folder / "pool")
    protect: dict[str, Any] = {"private": {"public": TOKEN}}
    if secret == "login":
        protect = {"basic": {"public": LOGIN}}
    with ChannelServer(channel.folder.parent, **protect) as server:
        base = {
            "absolute": f"{server.url}/public/pool/noarch",
            "relative": "../pool/noarch",
            "rooted": "/public/pool/noarch",
        }[where]
        channel.info = {"base_url": base}
        channel.write()
        url = f"{server.url}/t/{TOKEN}/public"
        if secret == "login":
            url = with_login(server, "public")
        me.build(me.options("app", channels=(url,)))
        assert len(server.packages()) == 3
    assert set(published(me)) == set(needed(channel))


def with_login(server: ChannelServer, channel: str) -> str:
    user, password = (quote(part, safe="") for part in LOGIN)
    return f"{server.url.replace('://', f'://{user}:{password}@')}/{channel}"


def solvers() -> list[str]:
    """The solvers that this conda has."""
    return sorted(solver.name for solver in context.plugin_manager.get_hook_results("solvers"))


@pytest.fixture(params=solvers())
def solver(request: pytest.FixtureRequest, me: Inside, monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(request.param)
    monkeypatch.setenv("CONDA_SOLVER", name)
    me.configure()
    return name


@pytest.mark.parametrize("form", ["json", "shards"])
@pytest.mark.parametrize("way", ["token in the URL", "token option", "login", "netrc"])
def test_credentials_open_the_packages(
    me: Inside, channel: TinyChannel, solver: str, way: str, form: str
) -> None:
    if form == "shards":
        sharded.shard(channel)
    by_token = way.startswith("token")
    protect: dict[str, Any] = {"private": {"public": TOKEN}, "refusal": 403}
    if not by_token:
        protect = {"basic": {"public": LOGIN}}
    with ChannelServer(channel.folder.parent, **protect) as server:
        token, url = None, f"{server.url}/public"
        if way == "token in the URL":
            url = f"{server.url}/t/{TOKEN}/public"
        elif way == "token option":
            token = TOKEN
        elif way == "login":
            url = with_login(server, "public")
        else:
            user, password = LOGIN
            netrc = me.conda.home / ".netrc"
            netrc.write_text(f'machine 127.0.0.1 login {user} password "{password}"\n')
            netrc.chmod(0o600)
        me.build(me.options("app", channels=(url,), token=token))
        assert {r.status for r in server.requests} <= {200, 304, 404}
        assert len(server.packages()) == 3
        if not by_token:
            secret = base64.b64encode(":".join(LOGIN).encode()).decode()
            assert {r.headers["authorization"] for r in server.requests} == {f"Basic {secret}"}
    assert set(published(me)) == set(needed(channel))
    for path in (me.root / "bank").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert TOKEN.encode() not in content
        assert LOGIN[1].encode() not in content


HOSTILE = (
    "../evil-1.0-0.conda",
    "../../evil-1.0-0.conda",
    "/tmp/evil-1.0-0.conda",
    "C:\\evil-1.0-0.conda",
    "..\\evil-1.0-0.conda",
    "sub/evil-1.0-0.conda",
    "sub\\evil-1.0-0.conda",
    "con.conda",
    "CON-1.0-0.conda/../evil-1.0-0.conda",
    "evil-1.0-0.conda:stream.conda",
    "evil%2f-1.0-0.conda",
    "evil-1.0-0\x00.conda",
    "evil -1.0-0.conda",
    ".conda",
    "..conda",
    "-evil-1.0-0.conda",
)


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize("form", ["json", "shards"])
def test_hostile_file_names_become_no_path(me: Inside, tmp_path: Path, key: str, form: str) -> None:
    channel = TinyChannel(tmp_path / "served" / "public")
    evil = channel.add("evil")
    channel.add("good")
    channel.write()
    index = channel.folder / "noarch" / "repodata.json"
    content = json.loads(index.read_bytes())
    content["packages.conda"][key] = content["packages.conda"].pop(evil.file)
    index.write_text(json.dumps(content))
    if form == "shards":
        rename_in_shards(channel, evil.file, key)
    before = outside(tmp_path, me)
    with ChannelServer(tmp_path / "served") as server:
        url = f"{server.url}/public"
        assert refused(me, me.options("evil", "good", channels=(url,)))
        assert not server.packages()
        assert not me.root.exists()
        assert outside(tmp_path, me) == before
        # its neighbour can be had all the same, unless the solver refuses the index as a whole
        if refused(me, me.options("good", channels=(url,))):
            assert context.solver not in CLASSIC
            assert not me.root.exists()
        else:
            assert set(published(me)) == {"good-1.0-0.conda"}
    assert outside(tmp_path, me) == before


def refused(me: Inside, options: Options) -> bool:
    """Whether a build ends with an error, and with none that takes the disk for the cause."""
    error = None
    try:
        me.build(options)
    except CondaError as caught:
        error = caught
    assert not isinstance(error, FileSystemError)
    return error is not None


def rename_in_shards(channel: TinyChannel, file: str, key: str) -> None:
    """Let the shards of a channel serve an entry under a name that conda-index would not."""
    sharded.shard(channel)
    package = channel.packages[f"noarch/{file}"]
    sharded.rename(channel.folder / "noarch", package.record["name"], file, key)


def outside(folder: Path, me: Inside) -> list[str]:
    """The files that a build has no business with."""
    mine = [path.relative_to(folder).as_posix() for path in (me.root, me.conda.pkgs)]
    names = [name for name in tree(folder) if not name.startswith(tuple(mine))]
    # a solver's temporary file goes when its objects do
    return [name for name in names if not re.fullmatch(r"one/two/tmp\w+\.json", name)]


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.0/../../x"},
        {"build": "0/../../x"},
        {"name": "evil/../x"},
        {"fn": "../evil-1.0-0.conda"},
        {"url": "http://127.0.0.1:9/evil-1.0-0.conda"},
        {"channel": "http://127.0.0.1:9/elsewhere"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_hostile_fields_lead_nowhere(me: Inside, tmp_path: Path, change: dict[str, str]) -> None:
    channel = TinyChannel(tmp_path / "served" / "public")
    channel.add("evil", record=change)
    channel.write()
    before = outside(tmp_path, me)
    with ChannelServer(tmp_path / "served") as server:
        options = me.options(change.get("name", "evil"), channels=(f"{server.url}/public",))
        if refused(me, options):
            assert not me.root.exists()
        else:
            assert set(published(me)) == {"evil-1.0-0.conda"}
            assert server.packages() == ["/public/noarch/evil-1.0-0.conda"]
    assert outside(tmp_path, me) == before


@pytest.mark.parametrize(
    "subdir",
    [
        "../..",
        "../../x",
        "linux-64/../../x",
        "linux-64/../../../x",
        "/x",
        "X-64",
        "win-64/con",
        ".",
    ],
)
def test_hostile_subdir_becomes_no_path(
    me: Inside, tmp_path: Path, subdir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "one" / "two"
    scratch.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    folder = tmp_path / "served" / "a" / "public"
    channel = TinyChannel(folder)
    evil = channel.add("evil", record={"subdir": subdir})
    channel.write()
    index = json.loads((folder / "noarch" / "repodata.json").read_bytes())
    del index["info"]
    for parent in (folder, *folder.parents[:2]):  # wherever the address of that subdir leads
        for other in (parent, parent / "x", parent / "x" / "linux-64"):
            other.mkdir(parents=True, exist_ok=True)
            (other / "repodata.json").write_text(json.dumps(index))
            (other / evil.file).write_bytes(evil.path.read_bytes())
    before = outside(tmp_path, me)
    with ChannelServer(tmp_path / "served") as server:
        if refused(me, me.options("evil", channels=(f"{server.url}/a/public",))):
            assert not server.packages()
            assert not me.root.exists()
        else:  # some solvers know better where an entry stands than it does itself
            assert set(published(me)) == {evil.file}
    assert outside(tmp_path, me) == before


def test_names_of_every_kind(tmp_path: Path) -> None:
    assert all(archive_problem(key) for key in HOSTILE)
    for name in ("a-1-0.conda", "_x-1!2.0+local-h0_0.tar.bz2", "A.b-1.0-py_1.conda"):
        assert archive_problem(name) is None


def test_what_the_solver_saw_is_not_asked_for_again(me: Inside, channel: TinyChannel) -> None:
    with ChannelServer(channel.folder.parent) as server:
        request = me.request(me.options("app", channels=(f"{server.url}/public",)))
        with index_requests.asked_once(time.time()):
            ask_for_indexes(request)
            asked = server.requests
            solutions = solve(request, tasks(request), Unwatched(), from_channels(request))
            forget()
            channel.remove(channel.packages["noarch/lib-1.0-0.conda"])
            channel.write()
            entries = entries_of(solutions, request)[0]
        assert {entry.file for entry in entries} == set(needed(channel)) | {"lib-1.0-0.conda"}
        assert server.requests == asked
        with pytest.raises(SolveError):
            me.build(me.options("app", channels=(f"{server.url}/public",)))
        assert len(server.requests) > len(asked), "another build asks again"


def test_change_between_solving_and_reading_is_noticed(me: Inside, channel: TinyChannel) -> None:
    """Where the index is not in the cache any more, as after `conda clean` by somebody else."""

    def read() -> set[str]:
        forget()
        for folder in context.pkgs_dirs:
            shutil.rmtree(Path(folder, "cache"))
        return {entry.file for entry in entries_of(solutions, request)[0]}

    with ChannelServer(channel.folder.parent) as server:
        request = me.request(me.options("app", channels=(f"{server.url}/public",)))
        solutions = solve(request, tasks(request), Unwatched(), from_channels(request))
        assert read() == set(needed(channel))
        channel.add("lib", files={"share/lib.txt": "uploaded again\n"}, record=FIX)
        channel.write()
        with pytest.raises(
            UpstreamChangedError, match=r"The solver chose noarch/lib-1\.0-0\.conda"
        ):
            read()
        channel.remove(channel.packages["noarch/lib-1.0-0.conda"])
        channel.write()
        with pytest.raises(UpstreamChangedError, match="changed during the build; run the same"):
            read()


def test_archive_that_changed_after_its_index_is_refused(me: Inside, channel: TinyChannel) -> None:
    me_options = ("app",)
    with ChannelServer(channel.folder.parent) as server:
        url = f"{server.url}/public"
        me.build(me.options(*me_options, channels=(url,)))
        before = snapshot(me.root)
        channel.add("app", "2.0", depends=["lib"])
        channel.write()
        channel.packages["noarch/app-2.0-0.conda"].path.write_bytes(random.Random(1).randbytes(900))
        with pytest.raises(OfflineRepoError, match=r"noarch/app-2\.0-0\.conda: "):
            me.build(me.options(*me_options, channels=(url,)))
    assert {k: v for k, v in snapshot(me.root).items() if k.startswith("bank")} == before
