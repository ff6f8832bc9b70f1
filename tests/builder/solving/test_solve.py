"""Solving for the customers' machines from this one, and from several channels at once."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.core.solve import Solver
from conda.plugins import hookimpl
from conda.plugins.types import CondaSolver

from conda_offline_repo._conda import overrides
from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.builder.release import plan
from conda_offline_repo.builder.release.draft import Draft
from conda_offline_repo.builder.solving.exceptions import CollisionError, SolveError
from conda_offline_repo.builder.solving.solve import from_channels, solve
from conda_offline_repo.builder.solving.tasks import tasks
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.manifest import package_name
from conda_offline_repo.specs import PackageSpec
from dev.upstream.server import ChannelServer
from tests.support.inside import inside, live_solvers
from tests.support.running import snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.running import Conda

EMPTY = b'{"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}}'
#: What a modest customer machine has, by platform.
MACHINES = {
    "linux-64": ["__glibc >=2.17,<2.29", "__linux >=4.18,<4.19", "__unix", "__archspec 1 x86_64"],
    "linux-aarch64": ["__glibc ==2.28", "__linux", "__unix", "__archspec 1 aarch64"],
    "osx-64": ["__osx >=11,<14", "__unix", "__archspec 1 x86_64"],
    "osx-arm64": ["__osx >=11,<14", "__unix", "__archspec 1 m1"],
    "win-64": ["__win >=10,<11", "__archspec 1 x86_64"],
}
#: What it has not.
LACKING = {
    "linux-64": ["__glibc >=2.34", "__win", "__osx", "__cuda"],
    "linux-aarch64": ["__glibc >=2.34", "__win", "__archspec 1 x86_64"],
    "osx-64": ["__osx >=26", "__linux", "__glibc", "__win"],
    "osx-arm64": ["__osx >=26", "__linux", "__archspec 1 x86_64"],
    "win-64": ["__unix", "__linux", "__glibc", "__osx", "__cuda"],
}


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    # what this machine has, or is said to have, is not what the customer has
    machine = {"CONDA_OVERRIDE_GLIBC": "2.99", "CONDA_OVERRIDE_CUDA": "99", "CONDA_SUBDIR": ""}
    with inside(tmp_path / "me", **machine) as me:
        yield me


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChannelServer]:
    (tmp_path / "served").mkdir(exist_ok=True)
    with ChannelServer(tmp_path / "served") as server:
        yield server


def channel_of(server_folder: Path, name: str = "public") -> TinyChannel:
    return TinyChannel(server_folder / "served" / name)


@pytest.fixture
def machines(tmp_path: Path) -> TinyChannel:
    """`core` for each platform: 1.0 for what the customer has, newer ones for what it has not.

    `pure`, which is noarch, is one build for Windows and another for all others.
    """
    channel = channel_of(tmp_path)
    for platform, has in MACHINES.items():
        channel.add("core", "1.0", subdir=platform, depends=[*has, "pure"])
        for number, lacks in enumerate(LACKING[platform]):
            channel.add("core", f"2.{number}", subdir=platform, depends=[lacks])
    channel.add("pure", build="win_0", depends=["__win"])
    channel.add("pure", build="unix_0", depends=["__unix"])
    channel.write()
    return channel


def files(repository: Path) -> set[str]:
    return {name for name in tree(repository) if name.endswith((".conda", ".tar.bz2"))}


def manifest(repository: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((repository / "offline-repo.json").read_bytes())
    return content


def pure(platform: str) -> str:
    return f"noarch/pure-1.0-{'win' if platform.startswith('win') else 'unix'}_0.conda"


@pytest.mark.usefixtures("machines")
@pytest.mark.parametrize("platform", MACHINES)
def test_each_platform_is_a_modest_machine(
    me: Inside, server: ChannelServer, platform: str
) -> None:
    url = f"{server.url}/public"
    me.build(me.options("core", channels=(url,), platforms=(platform,)))
    bank = me.root / "bank"
    assert files(bank) == {f"{platform}/core-1.0-0.conda", pure(platform)}
    request = manifest(bank)["request"]
    assert request["platforms"] == [platform]
    names = {spec.split()[0] for spec in MACHINES[platform]}
    assert set(request["virtual_packages"]) == {platform}
    assert names <= set(request["virtual_packages"][platform])
    assert "__cuda" not in request["virtual_packages"][platform]


@pytest.mark.usefixtures("machines")
def test_all_platforms_at_once_share_noarch(me: Inside, server: ChannelServer) -> None:
    url = f"{server.url}/public"
    me.build(me.options("core", channels=(url,), platforms=tuple(MACHINES)))
    bank = me.root / "bank"
    cores = {f"{platform}/core-1.0-0.conda" for platform in MACHINES}
    assert files(bank) == cores | {pure("linux-64"), pure("win-64")}
    found = manifest(bank)
    for platform in MACHINES:
        assert found["solutions"][platform] == sorted(
            [f"{platform}/core-1.0-0.conda", pure(platform)]
        )
        assert (bank / platform / "repodata.json").is_file()
    assert set(found["request"]["virtual_packages"]) == set(MACHINES)


@pytest.mark.parametrize(
    ("needs", "options", "fits"),
    [
        ("__glibc >=2.34", ("__glibc=2.35",), True),
        ("__glibc >=2.34", ("glibc=2.35",), True),
        ("__glibc >=2.17", ("__glibc=2.12",), False),
        ("__glibc", ("__glibc=",), False),
        ("__cuda >=12", ("__cuda=12.4",), True),
        ("__cuda >=12", ("__cuda=11.8",), False),
        ("__archspec 1 zen4", ("__archspec=1=zen4",), True),
        ("__archspec 1 zen4", (), False),
        ("__vendor_thing >=3", ("__vendor_thing=3.1",), True),
        ("__linux >=6", ("__linux=6.1", "__glibc=2.12"), True),
        ("__win", ("__win=11",), False),
    ],
)
def test_virtual_packages_as_stated(
    me: Inside,
    server: ChannelServer,
    tmp_path: Path,
    needs: str,
    options: tuple[str, ...],
    fits: bool,
) -> None:
    channel = channel_of(tmp_path)
    channel.add("picky", depends=[needs])
    channel.write()
    request = me.options("picky", channels=(f"{server.url}/public",), virtual_packages=options)
    if not fits:
        with pytest.raises(SolveError, match=needs.split()[0]):
            me.build(request)
        assert not me.root.exists()
        return
    me.build(request)
    stated = manifest(me.root / "bank")["request"]["virtual_packages"]["linux-64"]
    for option in options:
        name, _, value = option.partition("=")
        assert stated[f"__{name.removeprefix('__')}"] == value


def test_virtual_packages_of_one_system_leave_the_others_alone(
    me: Inside, server: ChannelServer, machines: TinyChannel
) -> None:
    options = ("__glibc=2.17", "__osx=11.0", "__cuda=12.4", "__win=")
    machines.add("pure", "2.0", build="unix_0", depends=["__unix", "__win"])
    machines.write()
    platforms = ("linux-64", "osx-arm64")
    url = f"{server.url}/public"
    request = me.options("pure", channels=(url,), platforms=platforms, virtual_packages=options)
    me.build(request)
    stated = manifest(me.root / "bank")["request"]["virtual_packages"]
    assert stated["linux-64"]["__glibc"] == "2.17"
    assert stated["osx-arm64"]["__osx"] == "11.0"
    assert "__osx" not in stated["linux-64"]
    assert "__glibc" not in stated["osx-arm64"]
    assert files(me.root / "bank") == {pure("linux-64")}


@pytest.mark.parametrize("needs", ["__cuda >=12", "__glibc >=2.34", "__osx >=11"])
@pytest.mark.parametrize("depth", ["itself", "dependency"])
def test_what_the_machine_lacks_is_named_with_the_option(
    me: Inside, server: ChannelServer, tmp_path: Path, needs: str, depth: str
) -> None:
    channel = channel_of(tmp_path)
    channel.add("picky", depends=[needs])
    channel.add("top", depends=["picky"])
    channel.write()
    named = "picky" if depth == "itself" else "top"
    with pytest.raises(SolveError) as caught:
        me.build(me.options(named, channels=(f"{server.url}/public",)))
    text = str(caught.value)
    name = needs.split()[0]
    assert "cannot be met for linux-64" in text
    assert needs.replace(" ", "[version='") in text or needs in text
    stated = {
        "__glibc": "to have __glibc 2.28",
        "__cuda": "no __cuda",
        "__osx": "No machine of linux-64 has __osx: packages that need it are for another system.",
    }
    assert stated[name] in text
    assert ("--virtual-package" in text) == (name != "__osx")


def test_newer_machine_than_stated_is_told_by_the_command(
    conda: Conda, server: ChannelServer, tmp_path: Path, root: Path
) -> None:
    channel = channel_of(tmp_path)
    channel.add("picky", depends=["__cuda >=12"])
    channel.write()
    command: tuple[str, ...] = ("offline-repo", "build", "--label", "bank", "--no-label-channel")
    command += ("picky", "-c", f"{server.url}/public", "--override-channels")
    options = ("--platform", "win-64", "--root", str(root))
    told = conda.fail(*command, *options, CONDA_OVERRIDE_CUDA="12.4")
    assert "__cuda" in told.stderr
    assert "--virtual-package" in told.stderr
    answer = conda.fail(*command, *options, "--json").json
    assert answer["exception_name"] == "SolveError"
    assert "__cuda" in answer["message"]
    conda.run(*command, *options, "--virtual-package", "__cuda=12.4")
    assert files(root / "bank") == {"noarch/picky-1.0-0.conda"}


def state() -> dict[str, Any]:
    """All that a solve could leave changed in this process."""
    attributes = {name: value for name, value in vars(context).items() if name != "_cache_"}
    return {
        "attributes": attributes,
        "settings": {name: repr(getattr(context, name)) for name in context.list_parameters()},
        "derived": {
            name: repr(getattr(context, name)) for name in ("subdir", "subdirs", "channels")
        },
        "plugins": context.plugin_manager.list_name_plugin(),
        "virtual packages": virtual_packages(),
        "environment": dict(os.environ),
        "process": (Path.cwd(), list(sys.argv), sys.stdout, sys.stderr, sys.path[:]),
        "logging": (logging.getLogRecordFactory(), logging.root.handlers[:], logging.root.level),
    }


def virtual_packages() -> list[str]:
    hook = context.plugin_manager.get_hook_results("virtual_packages")
    return sorted(f"{package.name} {package.version} {package.build}" for package in hook)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of some of conda's settings
@pytest.mark.usefixtures("machines")
def test_solve_leaves_no_trace(me: Inside, server: ChannelServer) -> None:
    url = f"{server.url}/public"
    options = me.options(
        "core", channels=(url,), platforms=tuple(MACHINES), virtual_packages=("__cuda=1",)
    )
    request = me.request(options)
    packages = tasks(request)
    solve(request, packages, Unwatched(), from_channels(request))  # fills caches
    before = state()
    assert len(solve(request, packages, Unwatched(), from_channels(request))) == len(MACHINES)
    assert state() == before

    with pytest.raises(SolveError):
        solve(
            request,
            [replace(one, packages=(PackageSpec("core >=3"),)) for one in packages],
            Unwatched(),
            from_channels(request),
        )
    assert state() == before
    with pytest.raises(SolveError):
        solve(
            request,
            [replace(one, packages=(PackageSpec("nowhere"),)) for one in packages],
            Unwatched(),
            from_channels(request),
        )
    assert state() == before


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.usefixtures("machines")
def test_build_leaves_no_trace(me: Inside, server: ChannelServer) -> None:
    url = f"{server.url}/public"
    me.build(me.options("core", channels=(url,), platforms=("win-64",)))
    before = state()
    me.build(me.options("core", channels=(url,), platforms=("osx-64", "win-64")))
    assert state() == before
    with pytest.raises(SolveError):
        me.build(me.options("core >=3", channels=(url,), platforms=("osx-64", "win-64")))
    assert state() == before
    server.fault(".conda", "wrong")
    with pytest.raises(Exception, match="core-1.0-0"):
        me.build(me.options("core", channels=(url,), platforms=("linux-64",)))
    assert state() == before


@pytest.mark.usefixtures("machines")
@pytest.mark.parametrize("outcome", ["solved", "conflict", "missing", "no channel", "not proven"])
def test_no_solver_outlives_its_answer(
    me: Inside, server: ChannelServer, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threads of the rattler solver could end the process with a crash in place of a status."""
    urls = (f"{server.url}/public",)
    packages = {"conflict": ("pure=1.0=unix_0", "core >=2"), "missing": ("coer",)}
    options = me.options(*packages.get(outcome, ("core",)), channels=urls)
    error = None
    if outcome == "not proven":
        # the folder to be does not have what was solved
        monkeypatch.setattr(plan, "make_index", lambda *_: {"noarch/repodata.json": Draft([EMPTY])})
    if outcome == "no channel":
        options = replace(options, channels=(*urls, f"{server.url}/nowhere"))
    try:
        me.build(options)
    except OfflineRepoError as raised:
        error = raised  # with all that led to it, as long as conda reports it
    assert (error is None) == (outcome == "solved"), error
    assert not live_solvers()


@pytest.mark.usefixtures("machines")
def test_solve_prints_nothing(
    me: Inside, server: ChannelServer, capfd: pytest.CaptureFixture[str]
) -> None:
    request = me.request(me.options("core", channels=(f"{server.url}/public",)))
    solve(request, tasks(request), Unwatched(), from_channels(request))
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[TinyChannel, TinyChannel]:
    """The channel `high` has `lib` 1.0, the channel `low` has `lib` 2.0; `low` has `app`, too."""
    high, low = channel_of(tmp_path, "high"), channel_of(tmp_path, "low")
    high.add("lib", "1.0")
    low.add("lib", "2.0")
    low.add("app", depends=["lib"])
    low.add("modern", depends=["lib >=2"])
    high.write()
    low.write()
    return high, low


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    ("priority", "package", "expected"),
    [
        ("strict", "app", "1.0"),
        ("strict", "modern", None),
        ("flexible", "app", "1.0"),
        ("disabled", "app", "2.0"),
        ("disabled", "modern", "2.0"),
    ],
)
def test_channel_priority_is_as_configured(
    me: Inside, server: ChannelServer, priority: str, package: str, expected: str | None
) -> None:
    me.configure(channel_priority=priority)
    options = me.options(package, channels=(f"{server.url}/high", f"{server.url}/low"))
    if expected is None:
        with pytest.raises(SolveError, match="lib|strict channel priority"):
            me.build(options)
        return
    me.build(options)
    assert f"noarch/lib-{expected}-0.conda" in files(me.root / "bank")
    assert len(files(me.root / "bank")) == 2


def qualified(me: Inside, server: ChannelServer) -> str:
    """`lib` of the channel `low`, in words that this conda's solver takes."""
    if context.solver not in CLASSIC:
        return f"{server.url}/low::lib"
    me.configure(channel_alias=server.url)
    return "low::lib"


@pytest.mark.usefixtures("pair")
def test_channel_of_a_specification_is_heeded_and_remembered_but_not_passed_on(
    me: Inside, server: ChannelServer, conda: Conda
) -> None:
    spec = qualified(me, server)
    urls = (f"{server.url}/high", f"{server.url}/low")
    for packages in ((spec, "app"), ()):
        me.build(me.options(*packages, channels=urls, platforms=(context.subdir,)))
        bank = me.root / "bank"
        assert files(bank) == {"noarch/lib-2.0-0.conda", "noarch/app-1.0-0.conda"}
        assert manifest(bank)["request"]["packages"] == ["app", spec]
        assert manifest(bank)["build"] == 1
    for name in tree(bank):
        if name != "offline-repo.json" and not name.endswith(".conda"):
            content = (bank / name).read_text()
            assert "low::" not in content, name
            # the page says where the packages are from, and leads nowhere
            assert server.url not in content or name == "index.html", name
            assert f'href="{server.url}' not in content
    server.clear()
    told = conda.use(bank, "-n", "target", "--json").json
    assert "::" not in json.dumps(told["next"])
    assert "::" not in (conda.envs / "target" / ".condarc").read_text()
    conda.use(bank, "-n", "target", "lib", "app")
    assert conda.installed("target") == {"app": "1.0", "lib": "2.0"}
    assert not server.requests


def test_same_name_with_other_bytes_is_refused(
    me: Inside, server: ChannelServer, tmp_path: Path
) -> None:
    high, low = channel_of(tmp_path, "high"), channel_of(tmp_path, "low")
    high.add("lib", depends=["__linux"], files={"share/lib.txt": "of high\n"})
    low.add("lib", depends=["__win"], files={"share/lib.txt": "of low\n"})
    high.write()
    low.write()
    me.configure(channel_priority="disabled")
    urls = (f"{server.url}/high", f"{server.url}/low")
    for platform in ("linux-64", "win-64"):
        me.build(me.options("lib", channels=urls, platforms=(platform,), label=platform[:3]))
    before = snapshot(me.root)
    server.clear()
    with pytest.raises(CollisionError) as caught:
        me.build(me.options("lib", channels=urls, platforms=("linux-64", "win-64"), label="lin"))
    text = str(caught.value)
    assert "noarch/lib-1.0-0.conda is in two channels with different content" in text
    for url in urls:
        assert f"{url}/noarch/lib-1.0-0.conda" in text
    assert snapshot(me.root) == before
    assert not server.packages()


@pytest.mark.parametrize("stated", ["all", "md5 only"])
def test_same_name_with_the_same_bytes_is_fine(
    me: Inside, server: ChannelServer, tmp_path: Path, stated: str
) -> None:
    high, low = channel_of(tmp_path, "high"), channel_of(tmp_path, "low")
    gone = {"sha256": None} if stated == "md5 only" else {}
    # the entries differ: each says of itself that it is for one system alone
    high.add("lib", record={"depends": ["__linux"]})
    low.add("lib", record={"depends": ["__win"], **gone})
    assert (
        high.packages["noarch/lib-1.0-0.conda"].record["md5"]
        == low.packages["noarch/lib-1.0-0.conda"].record["md5"]
    )
    high.write()
    low.write()
    me.configure(channel_priority="disabled")
    urls = (f"{server.url}/high", f"{server.url}/low")
    options = me.options("lib", channels=urls, platforms=("linux-64", "win-64"))
    # one entry cannot be both: whatever is done with it, it is not published unproven
    with pytest.raises(Exception, match="win-64|lib-1.0-0") as caught:
        me.build(options)
    assert not isinstance(caught.value, CollisionError), "the bytes are the same"
    assert not me.root.exists()


def test_names_that_windows_cannot_tell_apart_are_refused(
    me: Inside, server: ChannelServer, tmp_path: Path
) -> None:
    channel = channel_of(tmp_path)
    channel.add("lib", build="Py_0", depends=["__win"])
    channel.add("lib", build="py_0", depends=["__linux"])
    channel.write()
    options = me.options(
        "lib", channels=(f"{server.url}/public",), platforms=("linux-64", "win-64")
    )
    with pytest.raises(CollisionError, match=r"noarch/lib-1\.0-[Pp]y_0\.conda"):
        me.build(options)
    assert not me.root.exists()


@pytest.mark.parametrize("first", ["conda", "tar.bz2"])
def test_newer_format_of_twins_is_preferred(
    me: Inside, server: ChannelServer, tmp_path: Path, first: str
) -> None:
    channel = channel_of(tmp_path)
    channel.add("lib")
    channel.add("lib", format="tar.bz2")
    if first == "tar.bz2":
        channel.packages = dict(reversed(channel.packages.items()))
    channel.add("old", format="tar.bz2", depends=["lib"])
    channel.write()
    me.build(me.options("old", channels=(f"{server.url}/public",)))
    assert files(me.root / "bank") == {"noarch/lib-1.0-0.conda", "noarch/old-1.0-0.tar.bz2"}


def test_twins_in_two_channels_are_one_package(
    me: Inside, server: ChannelServer, tmp_path: Path
) -> None:
    high, low = channel_of(tmp_path, "high"), channel_of(tmp_path, "low")
    high.add("lib", format="tar.bz2")
    low.add("lib")
    low.add("app", depends=["lib"])
    high.write()
    low.write()
    me.build(me.options("app", channels=(f"{server.url}/high", f"{server.url}/low")))
    (lib,) = (name for name in files(me.root / "bank") if "lib" in name)
    assert lib in ("noarch/lib-1.0-0.tar.bz2", "noarch/lib-1.0-0.conda")


class PipLess(Solver):  # type: ignore[misc]
    """Adds pip to no python, as libmamba 2.8 where the two are not in the same subdir."""

    def solve_final_state(self, *args: Any, **kwargs: Any) -> Any:
        with overrides.settings(add_pip_as_python_dependency=False):
            return super().solve_final_state(*args, **kwargs)


def test_python_has_pip_whatever_the_solver_says(me: Inside, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "served" / "forge")
    channel.add("python", "3.12", subdir="linux-64")
    channel.add("app", depends=["python"])
    channel.write()
    plugin = ModuleType("offline_repo_test_solver")
    plugin.conda_solvers = hookimpl(lambda: [CondaSolver("pipless", PipLess)])  # type: ignore[attr-defined]
    context.plugin_manager.register(plugin)
    try:
        me.configure(solver="pipless")
        options = me.options("app", channels=(channel.folder.as_uri(),))
        with pytest.raises(SolveError, match="pip"):
            me.build(options)
        channel.add("pip", depends=["python"])
        channel.write()
        shipped = {*map(package_name, me.build(options).manifest.packages)}
        assert shipped == {"app", "pip", "python"}
    finally:
        context.plugin_manager.unregister(plugin)


def test_two_platforms_share_what_is_noarch(
    me: Inside, server: ChannelServer, machines: TinyChannel
) -> None:
    machines.add("shared")
    for platform in ("linux-64", "win-64"):
        machines.add("own", subdir=platform, depends=["shared"])
    machines.write()
    url = f"{server.url}/public"
    me.build(me.options("own", channels=(url,), platforms=("linux-64", "win-64")))
    expected = {"noarch/shared-1.0-0.conda", "linux-64/own-1.0-0.conda", "win-64/own-1.0-0.conda"}
    assert files(me.root / "bank") == expected
    assert sorted(server.packages()) == sorted(f"/public/{name}" for name in expected)
