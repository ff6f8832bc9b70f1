"""Where a solver finds no solution: what is proposed works when it is typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.mirror import SOLVERS, publish
from tests.support.proposals import split
from tests.support.running import Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda, Finished


@pytest.fixture(params=SOLVERS)
def customer(tmp_path: Path, request: pytest.FixtureRequest) -> Conda:
    return Customer(tmp_path / "administrator", CONDA_SOLVER=request.param)


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    return TinyChannel(tmp_path / "channel")


def release(tmp_path: Path, channel: TinyChannel, number: int, *packages: str) -> Path:
    return publish(tmp_path / f"engineer{number}", channel, *packages, root=tmp_path / "root")


def refused(customer: Conda, bank: Path, *packages: str) -> Finished:
    """See that the packages cannot be installed."""
    told = customer.fail("offline-repo", "use", bank, "-n", "rating", "--yes", *packages)
    assert "The packages cannot be installed." in told.stderr
    return told


def proposed(told: Finished) -> list[list[str]]:
    """The commands that a message proposes at the end of a line."""
    return [split(text) for text in re.findall(r": conda (.*)$", told.stderr, re.MULTILINE)]


def test_another_minor_version_of_python(
    customer: Conda, channel: TinyChannel, tmp_path: Path
) -> None:
    """conda keeps the one that is installed, unless a command names python."""
    channel.add("pip", depends=["python"])  # which conda adds to python
    channel.add("python", "3.11.5")
    channel.add("app", "1.0", depends=["python 3.11.*"])
    bank = release(tmp_path, channel, 1, "app")
    customer.use(bank, "-n", "rating", "--yes", "app")
    channel.add("python", "3.12.5")
    channel.add("app", "1.1", depends=["python 3.12.*"])
    release(tmp_path, channel, 2, "app")
    told = refused(customer, bank, "app=1.1")
    by_name, exact = proposed(told)
    assert by_name[-2:] == ["app=1.1", "python"]
    assert exact[-2:] == ["--release", "2"]
    assert "ask your vendor" not in told.stderr
    customer.run(*by_name, "--yes")
    assert customer.installed("rating") == {"app": "1.1", "pip": "1.0", "python": "3.12.5"}


def test_solution_that_changes_nothing(
    customer: Conda, channel: TinyChannel, tmp_path: Path
) -> None:
    """As with python: that the installed version fits, is not what somebody asks for."""
    channel.add("lib", "1.0")
    channel.add("app", "1.0", depends=["lib 1.*"])
    bank = release(tmp_path, channel, 1, "app", "lib=1.0")
    customer.use(bank, "-n", "rating", "--yes", "app", "lib=1.0")
    channel.add("lib", "2.0")
    channel.add("app", "2.0", depends=["lib 2.*"])
    release(tmp_path, channel, 2, "app", "lib")
    told = customer.execute("offline-repo", "use", bank, "-n", "rating", "--yes", "app")
    if told.status == 0:
        assert "The solver has chosen app 1.0, and not 2.0 of release 2." in told.stderr
    by_name, exact = proposed(told)
    assert exact[-2:] == ["--release", "2"]
    assert customer.installed("rating") == {"app": "1.0", "lib": "1.0"}
    customer.run(*by_name, "--yes")
    assert customer.installed("rating") == {"app": "2.0", "lib": "2.0"}
    assert "The solver has chosen" not in customer.use(bank, "-n", "rating", "app").stderr


def test_package_that_the_release_lacks(
    customer: Conda, channel: TinyChannel, tmp_path: Path
) -> None:
    channel.add("lib", "1.0")
    channel.add("app", "1.0", depends=["lib 1.*"])
    helper = channel.add("helper", depends=["lib 1.*"])
    bank = release(tmp_path, channel, 1, "app", "helper")
    customer.use(bank, "-n", "rating", "--yes", "app", "helper")
    channel.add("lib", "2.0")
    channel.add("app", "2.0", depends=["lib 2.*"])
    channel.remove(helper)
    release(tmp_path, channel, 2, "app")
    told = refused(customer, bank, "app=2.0", "helper")
    (exact,) = proposed(told)
    assert "release 2 installs, without helper: " in told.stderr
    assert "ask your vendor" in told.stderr  # the release does not bring what was asked for
    customer.run(*exact, "--yes")
    assert customer.installed("rating") == {"app": "2.0", "lib": "2.0"}


def test_what_no_command_brings(customer: Conda, channel: TinyChannel, tmp_path: Path) -> None:
    channel.add("app")
    bank = release(tmp_path, channel, 1, "app")
    told = refused(customer, bank, "app", "nowhere")
    assert proposed(told) == []
    assert "ask your vendor" in told.stderr
    assert f"conda offline-repo show {bank}" in told.stderr
