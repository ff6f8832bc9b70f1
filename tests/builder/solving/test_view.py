"""Views of channels: what is unfit gives way to another build, with every solver."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from conda.base.constants import ChannelPriority

from conda_offline_repo._conda import overrides
from conda_offline_repo.builder.solving.exceptions import InvalidRecordError, SolveError
from conda_offline_repo.builder.solving.view import Views
from conda_offline_repo.queries.contents import list_packages
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.specs import PackageSpec
from dev.upstream.server import ChannelServer
from tests.support.inside import forget, inside
from tests.support.mirror import SOLVERS
from tests.support.sharded import shard
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inside import Inside

#: A value that no entry may have.
UNFIT = {"md5": "unknown"}


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path / "me") as me:
        yield me


def solved(me: Inside, scratch: Path, *packages: str, channels: tuple[str, ...]) -> dict[str, str]:
    """What a view gives: the channel's URL and version, by name."""
    request = me.request(me.options("app", channels=channels))
    try:
        records = Views(request, scratch).solve("linux-64", [*map(PackageSpec, packages)])
    finally:
        forget()
    return {r.name: f"{r.channel.base_url} {r.version}" for r in records}


def test_unfit_entry_gives_way_to_an_older_version(me: Inside, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "served" / "main")
    channel.add("app", "1.0", depends=["lib"])
    channel.add("app", "2.0", depends=["lib"], record=UNFIT)
    channel.add("lib")
    channel.write()
    with ChannelServer(tmp_path / "served") as server:
        outcome = me.build(me.options("app", channels=(f"{server.url}/main",)))
    packages = list_packages(locate_one(outcome.path))
    assert {p.name: p.version for p in packages} == {"app": "1.0", "lib": "1.0"}
    (warning,) = (w for w in outcome.warnings if w.kind == "unfit-entry")
    for part in ("app-2.0-0.conda", f"{server.url}/main", "its md5", "has app 1.0"):
        assert part in warning.text
    with ChannelServer(tmp_path / "served") as server:
        again = me.build(me.options("app", channels=(channel.folder.as_uri(),)))
    assert again.manifest.packages.keys() == outcome.manifest.packages.keys()


def test_unfit_entry_that_nothing_replaces_is_refused(me: Inside, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "main")
    channel.add("app", "2.0", record=UNFIT)
    channel.write()
    with pytest.raises((InvalidRecordError, SolveError), match=r"app-2\.0-0\.conda.*md5"):
        me.build(me.options("app", channels=(channel.folder.as_uri(),)))
    assert not (me.root / "bank").exists()


def test_explanation_names_channels_and_what_is_left_out(me: Inside, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "main")
    channel.add("app", depends=["lib >=2"])
    channel.add("lib", "1.0")
    channel.add("lib", "2.0", record=UNFIT)
    channel.write()
    url = channel.folder.as_uri()
    with pytest.raises(SolveError) as caught:
        solved(me, tmp_path / "scratch", "app", "lib", channels=(url,))
    assert str(tmp_path / "scratch") not in str(caught.value)
    assert f"noarch/lib-2.0-0.conda of {url}: its md5" in caught.value.explanation


@pytest.mark.parametrize("priority", ["strict", "flexible"])
def test_channels_of_one_last_name_keep_their_order(
    me: Inside, tmp_path: Path, priority: str
) -> None:
    tested, raw = TinyChannel(tmp_path / "tested" / "main"), TinyChannel(tmp_path / "raw" / "main")
    tested.add("app", "1.0")
    raw.add("app", "2.0", depends=["lib"])
    raw.add("lib")
    for channel in (tested, raw):
        channel.write()
    urls = tuple(channel.folder.as_uri() for channel in (tested, raw))
    with overrides.settings(channel_priority=ChannelPriority(priority)):
        assert solved(me, tmp_path / "a", "app", channels=urls) == {"app": f"{urls[0]} 1.0"}
        named = solved(me, tmp_path / "b", f"{urls[1]}::app", channels=urls)
    assert named == {"app": f"{urls[1]} 2.0", "lib": f"{urls[1]} 1.0"}


@pytest.mark.parametrize("priority", ["strict", "flexible"])
def test_unfit_package_of_the_first_channel_is_not_replaced_in_silence(
    me: Inside, tmp_path: Path, priority: str
) -> None:
    """The name may be one of the publisher's own, and the other package anybody's."""
    own, public = (TinyChannel(tmp_path / name) for name in ("own", "public"))
    own.add("app", "1.0", depends=["lib"])
    own.add("lib", "1.0", record=UNFIT)
    public.add("lib", "9.0")
    for channel in (own, public):
        channel.write()
    urls = tuple(channel.folder.as_uri() for channel in (own, public))
    me.configure(channel_priority=priority)
    options = me.options("app", channels=urls)
    if priority == "strict":
        with pytest.raises((SolveError, InvalidRecordError), match="lib-1.0-0.conda"):
            me.build(options)
        return
    (warning,) = (w for w in me.build(options).warnings if w.kind == "unfit-entry")
    assert "lib-1.0-0.conda" in warning.text
    assert f"The release has lib 9.0 of {urls[1]}." in warning.text


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["folders", "servers"])
def test_build_keeps_the_order_of_channels_of_one_last_name(
    me: Inside, tmp_path: Path, solver: str, kind: str
) -> None:
    """Each solver by itself, or from views where it would take them for one."""
    tested, raw = TinyChannel(tmp_path / "tested" / "main"), TinyChannel(tmp_path / "raw" / "main")
    tested.add("app", "1.0", depends=["lib"])
    raw.add("app", "2.0")
    raw.add("lib", "3.0")
    for channel in (tested, raw):
        channel.write()
    with ExitStack() as stack:
        urls = [channel.folder.as_uri() for channel in (tested, raw)]
        if kind == "servers":
            folders = (tested.folder.parent, raw.folder.parent)
            servers = [stack.enter_context(ChannelServer(folder)) for folder in folders]
            urls = [f"{server.url}/main" for server in servers]
        me.configure(solver=solver)
        outcome = me.build(me.options("app", channels=tuple(urls)))
        packages = {p.name: p.version for p in list_packages(locate_one(outcome.path))}
        assert packages == {"app": "1.0", "lib": "3.0"}
        archives = outcome.manifest.packages
        assert archives["noarch/lib-3.0-0.conda"].url == f"{urls[1]}/noarch/lib-3.0-0.conda"
        outcome = me.build(me.options(f"{urls[1]}::app", channels=tuple(urls)))
        assert [p.version for p in list_packages(locate_one(outcome.path))] == ["2.0"]


@pytest.mark.parametrize("name", ["bank", "acme", "a b"])
def test_label_channel_goes_before_its_publisher(me: Inside, tmp_path: Path, name: str) -> None:
    publisher = TinyChannel(tmp_path / name)
    label = TinyChannel(tmp_path / name / "label" / "bank")
    label.add("app", "1.0")
    publisher.add("app", "2.0")
    for channel in (label, publisher):
        channel.write()
    url = publisher.folder.as_uri()
    for solver in SOLVERS:
        me.configure(solver=solver)
        outcome = me.build(me.options("app", channels=(url,), label_channel=True))
        assert [p.version for p in list_packages(locate_one(outcome.path))] == ["1.0"]


def test_shards_are_read_for_what_can_be_reached(me: Inside, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "served" / "main")
    channel.add("app", depends=["lib"], subdir="linux-64")
    channel.add("lib")
    channel.add("other")
    channel.write()
    shard(channel)
    plain = TinyChannel(tmp_path / "plain")
    plain.add("tool", depends=["app"])
    plain.write()
    with ChannelServer(tmp_path / "served") as server:
        url = f"{server.url}/main"
        result = solved(me, tmp_path / "a", "tool", channels=(plain.folder.as_uri(), url))
    assert result == {
        "tool": f"{plain.folder.as_uri()} 1.0",
        **dict.fromkeys(("app", "lib"), f"{url} 1.0"),
    }


def test_dependency_that_no_other_solver_reads(me: Inside, tmp_path: Path) -> None:
    """Where a solver breaks over it or takes it for something else, another version is shipped."""
    channel = TinyChannel(tmp_path / "main")
    channel.add("lib")
    channel.add("app", "1.0", depends=["lib"])
    channel.add("app", "2.0", depends=['lib[when="__win"]'])
    channel.add("tool", depends=["app"])
    channel.add("apart", depends=["app >=2"])
    channel.write()
    url = channel.folder.as_uri()
    outcome = me.build(me.options("tool", channels=(url,)))
    assert "noarch/app-1.0-0.conda" in outcome.manifest.packages
    refused = pytest.raises((InvalidRecordError, SolveError), match=r"app-2\.0-0\.conda.*when")
    with refused as caught:
        me.build(me.options("apart", channels=(url,), label="plant"))
    assert "--customer-solver NAME" in str(caught.value)
