"""The proof: a repository that cannot do by itself what it was built for is not published."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.core import index as conda_index
from conda.core.solve import Solver
from conda.plugins import hookimpl
from conda.plugins.types import CondaSolver

from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.release import prove as proof
from conda_offline_repo.builder.release.exceptions import ProofError
from conda_offline_repo.builder.release.index import make_index
from conda_offline_repo.builder.solving.entries import entries_of
from conda_offline_repo.builder.solving.solve import from_channels, solve
from conda_offline_repo.builder.solving.tasks import tasks
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from dev.upstream.server import ChannelServer
from tests.support.inside import HASTY, Counted
from tests.support.running import PATIENCE, snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.running import Conda

PLATFORMS = ("linux-64", "win-64")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChannelServer]:
    (tmp_path / "served").mkdir()
    with ChannelServer(tmp_path / "served") as server:
        yield server


@pytest.fixture
def urls(tmp_path: Path, server: ChannelServer) -> tuple[str, str]:
    """`lib` comes from `high` on Linux, and on Windows, which `high` has nothing for, from `low`.

    `low` is newer, and noarch: a Linux machine that sees both packages in one channel takes it.
    """
    high, low = (TinyChannel(tmp_path / "served" / name) for name in ("high", "low"))
    high.add("lib", "1.0", subdir="linux-64")
    high.write()
    low.add("lib", "2.0")
    low.add("other")
    low.write()
    return f"{server.url}/high", f"{server.url}/low"


def published(me: Inside) -> set[str]:
    return {name for name in tree(me.root / "bank") if name.endswith((".conda", ".tar.bz2"))}


def test_each_platform_alone_is_proven(me: Inside, urls: tuple[str, str]) -> None:
    for platform, expected in (
        ("linux-64", "linux-64/lib-1.0-0.conda"),
        ("win-64", "noarch/lib-2.0-0.conda"),
    ):
        me.build(me.options("lib", channels=urls, platforms=(platform,)))
        assert published(me) == {expected}


def test_another_solution_is_shown_and_not_published(
    me: Inside, server: ChannelServer, urls: tuple[str, str]
) -> None:
    with pytest.raises(ProofError) as caught:
        me.build(me.options("lib", channels=urls, platforms=PLATFORMS))
    text = str(caught.value)
    assert f"for linux-64 ({context.solver} solver)" in text
    assert "solved from the channels, but not from the repository: linux-64/lib-1.0-0.conda" in text
    assert "solved from the repository only: noarch/lib-2.0-0.conda" in text
    assert "Nothing was published" in text
    assert "win-64" not in text
    assert not (me.root / "bank").exists()


def test_proof_that_fails_is_told_and_not_what_became_of_the_downloads(
    me: Inside, server: ChannelServer, urls: tuple[str, str]
) -> None:
    server.fault(".conda", "status", status=404)
    with pytest.raises(ProofError):
        me.build(me.options("lib", channels=urls, platforms=PLATFORMS))


def test_proof_goes_on_while_archives_come(
    me: Inside, server: ChannelServer, urls: tuple[str, str]
) -> None:
    class Waiting(Counted):
        def doing(self, text: str) -> AbstractContextManager[object]:
            if text.startswith("Proving"):
                deadline = time.monotonic() + PATIENCE
                while not server.packages() and time.monotonic() < deadline:
                    time.sleep(0.01)
                assert server.packages()
            return super().doing(text)

    progress = Waiting()
    me.build(me.options("lib", channels=urls[1:]), progress)
    assert "Proving that the repository installs by itself" in progress.steps


def steps(me: Inside, *packages: str, urls: tuple[str, ...], **more: Any) -> list[str]:
    """Build; returns the first word of each step."""
    progress = Counted()
    me.build(me.options(*packages, channels=urls, **more), progress)
    names = (step if isinstance(step, str) else step[0] for step in progress.steps)
    return [name.split()[0] for name in names]


BEFORE = ["Reading", "Solving", "Reading"]
WHOLE = [*BEFORE, "Proving", "Collecting", "Publishing"]


def test_what_was_proven_is_not_proven_again(me: Inside, urls: tuple[str, str]) -> None:
    assert steps(me, "lib", urls=urls[1:]) == WHOLE
    assert steps(me, "lib", urls=urls[1:]) == [*BEFORE, "Collecting"]
    (me.root / "bank" / "noarch" / "lib-2.0-0.conda").write_bytes(b"damaged")
    assert steps(me, "lib", urls=urls[1:]) == [*BEFORE, "Collecting", "Publishing"]


@pytest.mark.parametrize("what", ["request", "machine", "index", "tools"])
def test_what_is_new_is_proven(
    me: Inside, tmp_path: Path, urls: tuple[str, str], what: str
) -> None:
    assert steps(me, "lib", urls=urls[1:]) == WHOLE
    packages, more = ["lib"], {}
    expected = WHOLE
    if what == "request":
        packages = ["lib>=2"]
    elif what == "machine":
        more = {"virtual_packages": ("__cuda=12.0",)}
    elif what == "index":
        low = TinyChannel(tmp_path / "served" / "low")
        low.add("lib", "2.1")
        low.write()
        expected = [*WHOLE[:4], "Trying", *WHOLE[4:]]
    else:
        path = me.root / "bank" / MANIFEST_NAME
        content = json.loads(path.read_bytes())
        content["built_with"]["conda"] = "4.6.0"
        path.write_bytes(f"{json.dumps(content, indent=2, sort_keys=True)}\n".encode())
        expected = WHOLE[:-1]
    assert steps(me, *packages, urls=urls[1:], **more) == expected


class Other(Solver):  # type: ignore[misc]
    """conda's own solver, as if another distribution had it."""


def test_what_another_version_of_the_solver_proved_is_proven_again(
    me: Inside, urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Other, "__module__", "conda_rattler_solver.solver")
    plugin = ModuleType("offline_repo_test_solver")
    plugin.conda_solvers = hookimpl(lambda: [CondaSolver("other", Other)])  # type: ignore[attr-defined]
    context.plugin_manager.register(plugin)
    try:
        me.configure(solver="other")
        distribution(tmp_path / "old", "conda_rattler_solver", "0.0.5")
        monkeypatch.syspath_prepend(tmp_path / "old")
        assert steps(me, "lib", urls=urls[1:]) == WHOLE
        before = snapshot(me.root)
        built_with = json.loads((me.root / "bank" / MANIFEST_NAME).read_bytes())["built_with"]
        assert built_with["solver"] == "other"
        assert built_with["conda-rattler-solver"] == "0.0.5"
        assert built_with["py-rattler"] == version("py-rattler")
        assert steps(me, "lib", urls=urls[1:]) == [*BEFORE, "Collecting"]

        distribution(tmp_path / "new", "conda_rattler_solver", "0.0.6")
        monkeypatch.syspath_prepend(tmp_path / "new")
        assert steps(me, "lib", urls=urls[1:]) == WHOLE[:-1]
        assert snapshot(me.root) == before, "a tool's version alone makes no release"

        distribution(tmp_path / "old", "py_rattler", "0.1")
        monkeypatch.syspath_prepend(tmp_path / "old")
        assert steps(me, "lib", urls=urls[1:]) == WHOLE[:-1]
    finally:
        context.plugin_manager.unregister(plugin)


def distribution(folder: Path, name: str, version: str) -> None:
    """Lay down what Python knows an installed distribution by."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_published_repository_stays_as_it_was(me: Inside, urls: tuple[str, str]) -> None:
    me.build(me.options("lib", channels=urls, platforms=("linux-64",)))
    before = snapshot(me.root / "bank")
    with pytest.raises(ProofError):
        me.build(me.options("lib", channels=urls, platforms=PLATFORMS))
    assert snapshot(me.root / "bank") == before


def test_command_tells_the_difference(conda: Conda, root: Path, urls: tuple[str, str]) -> None:
    command: tuple[str, ...] = ("offline-repo", "build", "--label", "bank", "--no-label-channel")
    command += ("-c", urls[0], "-c", urls[1], "--override-channels", "lib", "--root", str(root))
    command += ("--platform", "linux-64", "--platform", "win-64")
    told = conda.fail(*command, **HASTY)
    assert told.stdout == ""
    assert "linux-64/lib-1.0-0.conda" in told.stderr
    assert "Traceback" not in told.stderr
    answer = conda.fail(*command, "--json", **HASTY).json
    assert answer["exception_name"] == "ProofError"
    assert "noarch/lib-2.0-0.conda" in answer["message"]
    assert not (root / "bank").exists()


def prove(
    me: Inside, urls: tuple[str, ...], *packages: str, without: str = "", scratch: Path
) -> None:
    """Prove an index from which an archive has been lost on the way."""
    request = me.request(me.options(*packages, channels=urls))
    solutions = solve(request, tasks(request), Unwatched(), from_channels(request))
    entries = [entry for entry in entries_of(solutions, request)[0] if entry.name != without]
    index = make_index(entries, request.platforms)
    proof.prove(request, solutions, index, scratch)


@pytest.fixture
def stack(tmp_path: Path, server: ChannelServer) -> str:
    channel = TinyChannel(tmp_path / "served" / "stack")
    channel.add("app", depends=["lib"])
    channel.add("lib")
    channel.write()
    return f"{server.url}/stack"


def test_complete_index_is_proven(me: Inside, stack: str, tmp_path: Path) -> None:
    prove(me, (stack,), "app", scratch=tmp_path / "proof")


@pytest.mark.parametrize("lost", ["noarch/lib-1.0-0.conda", "noarch/app-1.0-0.conda"])
@pytest.mark.parametrize("cached", [False, True], ids=["empty cache", "cached"])
def test_incomplete_index_is_not_proven(
    me: Inside, stack: str, tmp_path: Path, lost: str, cached: bool
) -> None:
    if cached:
        me.conda.run("create", "-n", "any", "--override-channels", "-c", stack, "app")
        assert (me.conda.pkgs / "lib-1.0-0").is_dir()
    with pytest.raises(OfflineRepoError, match="linux-64"):
        prove(me, (stack,), "app", without=lost, scratch=tmp_path / "proof")


def test_newer_package_in_condas_cache_is_not_seen(
    me: Inside, server: ChannelServer, stack: str, tmp_path: Path
) -> None:
    newer = TinyChannel(tmp_path / "served" / "newer")
    newer.add("lib", "9.9")
    newer.write()
    elsewhere = ("--override-channels", "-c", f"{server.url}/newer", "lib")
    me.conda.run("create", "-n", "any", *elsewhere)
    assert (me.conda.pkgs / "lib-9.9-0").is_dir()
    me.configure(channel_priority="disabled")
    me.build(me.options("app", channels=(stack,)))
    assert published(me) == {"noarch/app-1.0-0.conda", "noarch/lib-1.0-0.conda"}
    # older conda's classic solver takes it, unless it is kept from the cache
    if context.solver in CLASSIC and not hasattr(conda_index, "ReducedIndex"):
        told = me.conda.run(
            *("create", "-n", "other", "--dry-run", "--offline", "--json", "--override-channels"),
            *("-c", (me.root / "bank").as_uri(), "lib"),
        )
        (link,) = told.json["actions"]["LINK"]
        assert link["version"] == "9.9"


@pytest.mark.usefixtures("urls")
def test_proof_asks_nothing_of_the_network(
    me: Inside, server: ChannelServer, stack: str, tmp_path: Path
) -> None:
    request = me.request(me.options("app", channels=(stack,)))
    solutions = solve(request, tasks(request), Unwatched(), from_channels(request))
    index = make_index(entries_of(solutions, request)[0], request.platforms)
    server.clear()
    proof.prove(request, solutions, index, tmp_path / "proof")
    assert not server.requests


@pytest.mark.parametrize("platform", ["linux-aarch64", "win-64", "osx-64", "osx-arm64"])
def test_foreign_platform_is_proven_as_what_it_is(
    me: Inside, server: ChannelServer, tmp_path: Path, platform: str
) -> None:
    channel = TinyChannel(tmp_path / "served" / "foreign")
    system = {"linux": "__linux", "win": "__win", "osx": "__osx"}[platform.partition("-")[0]]
    channel.add("core", subdir=platform, depends=[system])
    channel.write()
    url = f"{server.url}/foreign"
    me.build(me.options("core", channels=(url,), platforms=(platform,)))
    assert published(me) == {f"{platform}/core-1.0-0.conda"}


def test_proof_is_of_what_the_customer_gets(
    me: Inside, conda: Conda, server: ChannelServer, tmp_path: Path
) -> None:
    """The same records as the proof found are installed, although others would do as well."""
    channel = TinyChannel(tmp_path / "served" / "choice")
    channel.add("app", depends=["one-or-two"])
    channel.add("one-or-two", "1.0", depends=["one"], number=3)
    channel.add("one-or-two", "1.0", build="1", depends=["two"], number=7)
    channel.add("one")
    channel.add("two")
    channel.write()
    me.build(me.options("app", channels=(f"{server.url}/choice",), platforms=(context.subdir,)))
    solved = json.loads((me.root / "bank" / "offline-repo.json").read_bytes())["solutions"]
    assert solved[context.subdir] == [
        "noarch/app-1.0-0.conda",
        "noarch/one-or-two-1.0-1.conda",
        "noarch/two-1.0-0.conda",
    ]
    server.stop()
    conda.use(me.root / "bank", "-n", "target", "app")
    assert set(conda.installed("target")) == {"app", "one-or-two", "two"}


def test_other_archive_of_a_build_is_the_reason(me: Inside, tmp_path: Path) -> None:
    """The channel before the other one has the older archive alone."""
    high, low = (TinyChannel(tmp_path / name) for name in ("high", "low"))
    high.add("app", depends=["lib"])
    high.add("lib", format="tar.bz2")
    named = low.add("lib")
    for channel in (high, low):
        channel.write()
    urls = (high.folder.as_uri(), low.folder.as_uri())
    (tmp_path / "list.txt").write_text(f"@EXPLICIT\n{urls[1]}/{named.at}\n")
    listed = EnvironmentSpec("listed", file=tmp_path / "list.txt")
    environments = (EnvironmentSpec("solved", ("app",)), listed)
    with pytest.raises(ProofError, match="conda takes the .conda where there are two archives"):
        me.build(replace(me.options(channels=urls), environments=environments))


def test_both_archives_of_a_build(me: Inside, conda: Conda, tmp_path: Path) -> None:
    """A list names the older one; conda takes the newer one, and `use` the one that is named."""
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", subdir=context.subdir, depends=["lib"])
    channel.add("lib", subdir=context.subdir)
    old = channel.add("lib", subdir=context.subdir, format="tar.bz2")
    channel.write()
    url = channel.folder.as_uri()
    (tmp_path / "list.txt").write_text(f"@EXPLICIT\n{url}/{old.at}\n")
    environments = (
        EnvironmentSpec("new", ("app",)),
        EnvironmentSpec("old", file=tmp_path / "list.txt"),
    )
    options = me.options(channels=(url,), platforms=(context.subdir,))
    outcome = me.build(replace(options, environments=environments))
    assert outcome.manifest.solutions[f"old/{context.subdir}"] == (old.at,)
    assert len(outcome.manifest.packages) == 3
    conda.use(me.root / "bank", "-n", "target", "--environment", "old")
    (record,) = (conda.envs / "target" / "conda-meta").glob("lib-*.json")
    assert json.loads(record.read_bytes())["fn"] == old.file
