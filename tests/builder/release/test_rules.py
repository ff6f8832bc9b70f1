"""What no release may have: solved for or named exactly, with each solver."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.release.exceptions import OtherSolverError, ProofError
from conda_offline_repo.builder.solving.exceptions import MisfitError
from conda_offline_repo.exceptions import OfflineRepoError
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside

NEWER = "__glibc=2.34"


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """`app` needs any `lib`; the newest excludes old machines, and would do without a glibc."""
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", depends=["lib"])
    channel.add("lib", "1.0")
    channel.add("lib", "2.0", constrains=["__glibc >=2.34"])
    channel.add("only-new", constrains=["__glibc >=2.34"])
    channel.add("gpu", depends=["__cuda >=12"])
    channel.write()
    return channel


def options(me: Inside, channel: TinyChannel, *packages: str, machine: str = "") -> Options:
    machines = (machine,) if machine else ()
    urls = (channel.folder.as_uri(),)
    return me.options(*packages, channels=urls, virtual_packages=machines)


def listed(me: Inside, channel: TinyChannel, *files: str, machine: str = "") -> Options:
    """The options of a build of just these archives."""
    path = channel.folder.parent / "list.txt"
    lines = (f"{channel.folder.as_uri()}/noarch/{file}" for file in files)
    path.write_text("\n".join(("@EXPLICIT", *lines)))
    named = options(me, channel, machine=machine)
    return replace(named, environments=(EnvironmentSpec(file=path),))


@pytest.mark.parametrize(
    ("machine", "expected"), [("", "1.0"), (NEWER, "2.0"), ("__glibc=", "2.0")]
)
def test_package_that_excludes_the_machine_is_not_chosen(
    me: Inside, channel: TinyChannel, machine: str, expected: str
) -> None:
    outcome = me.build(options(me, channel, "app", machine=machine))
    assert f"noarch/lib-{expected}-0.conda" in outcome.manifest.packages
    assert len(outcome.manifest.packages) == 2


def test_proof_is_what_the_customers_conda_does(me: Inside, channel: TinyChannel) -> None:
    """For Windows the newer `lib` is right; the classic solver takes it for Linux as well."""
    both = replace(options(me, channel, "app"), platforms=("linux-64", "win-64"))
    if context.solver in CLASSIC:
        with pytest.raises(ProofError, match=r"solved from the repository only: noarch/lib-2\.0"):
            me.build(both)
        with pytest.raises(ProofError, match=r"lib 2\.0 excludes all but .* solver ignores\."):
            me.build(both)
    else:
        with pytest.raises(OtherSolverError, match=r"- lib 2\.0 excludes all but __glibc"):
            me.build(both)
        without = replace(both, customer_solvers=("libmamba", "rattler"))
        solutions = me.build(without).manifest.solutions
        assert "noarch/lib-1.0-0.conda" in solutions["linux-64"]
        assert "noarch/lib-2.0-0.conda" in solutions["win-64"]


def test_request_that_only_such_a_package_meets_is_refused_by_name(
    me: Inside, channel: TinyChannel
) -> None:
    with pytest.raises(OfflineRepoError) as caught:
        me.build(options(me, channel, "only-new"))
    assert "only-new" in str(caught.value)
    assert "__glibc" in str(caught.value)
    assert "--virtual-package" in str(caught.value)
    assert not me.root.exists()
    if context.solver in CLASSIC:
        assert isinstance(caught.value, MisfitError)
        assert f"The {context.solver} solver chose them all the same" in str(caught.value)


def test_solver_that_reads_more_into_a_demand_than_conda_is_named(
    me: Inside, channel: TinyChannel
) -> None:
    channel.add("lib", "3.0", build="py_0")
    channel.add("top", "3.0", depends=["lib * PY_0"])
    channel.add("top", "2.0", depends=["lib * Py*"])
    channel.write()
    with pytest.raises(OfflineRepoError) as caught:
        me.build(options(me, channel, "top"))
    if context.solver == "rattler":  # which does not tell upper from lower case there
        assert isinstance(caught.value, MisfitError)
        assert "top 3.0 needs lib * PY_0, and there is 3.0 py_0" in str(caught.value)
        assert "The rattler solver chose them all the same" in str(caught.value)
    assert not me.root.exists()
    channel.add("top", "1.0", depends=["lib * py_0"])
    channel.write()
    outcome = me.build(options(me, channel, "top"))
    assert list(outcome.manifest.packages) == [
        "noarch/lib-3.0-py_0.conda",
        "noarch/top-1.0-0.conda",
    ]
    left_out = [w.text for w in outcome.warnings if w.kind == "unfit-entry"]
    assert len(left_out) == (2 if context.solver == "rattler" else 0)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("lib-2.0-0.conda", "lib 2.0 excludes all but __glibc >=2.34, and the machine has 2.28"),
        ("gpu-1.0-0.conda", "gpu 1.0 needs __cuda >=12, and the machine has none"),
    ],
)
def test_list_is_refused_by_name(me: Inside, channel: TinyChannel, file: str, told: str) -> None:
    with pytest.raises(MisfitError) as caught:
        me.build(listed(me, channel, file))
    assert told in str(caught.value)
    assert not me.root.exists()
    machine = NEWER if "glibc" in told else "__cuda=12.4"
    assert "--virtual-package" in str(caught.value)
    outcome = me.build(listed(me, channel, file, machine=machine))
    assert list(outcome.manifest.packages) == [f"noarch/{file}"]


def test_list_for_another_system_is_told_so(me: Inside, channel: TinyChannel) -> None:
    channel.add("kernel", depends=["__osx >=11"])
    channel.write()
    with pytest.raises(MisfitError) as caught:
        me.build(listed(me, channel, "kernel-1.0-0.conda"))
    assert "No machine of linux-64 has __osx." in str(caught.value)
    assert "--virtual-package" not in str(caught.value)


def test_virtual_package_that_nobody_knows_or_needs_is_told(
    me: Inside, channel: TinyChannel
) -> None:
    channel.add("picky", depends=["__vendor_thing >=3"])
    channel.write()
    for packages, expected in ((("app",), 1), (("app", "picky"), 0)):
        outcome = me.build(options(me, channel, *packages, machine="__vendor_thing=3.1"))
        told = [w.text for w in outcome.warnings if w.kind == "unused-virtual-package"]
        assert len(told) == expected
        assert all("No conda knows __vendor_thing, and no package asks" in text for text in told)
