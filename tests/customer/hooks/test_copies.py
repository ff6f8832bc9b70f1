"""Environments that were copied: by conda, which takes `.condarc` along, or by hand."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from conda.plugins import hookspec

from conda_offline_repo.customer.environment.condarc import configured, ours, used
from tests.support.keys import SigningKey, forge, sign
from tests.support.mirror import SOLVERS
from tests.support.proposals import split
from tests.support.running import Customer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

VENDOR = SigningKey("vendor")
CHANNEL = "file:///srv/repo/bank"
NAMED = f"custom_multichannels: {{{CHANNEL}: [{CHANNEL}]}}\n"


@pytest.fixture(params=SOLVERS)
def customer(tmp_path: Path, request: pytest.FixtureRequest) -> Conda:
    return Customer(tmp_path / "me", CONDA_SOLVER=request.param)


@pytest.fixture
def anyone(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "me")


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    """The second build, signed by the vendor."""
    stick = mirror.copy(2, tmp_path / "stick" / "bank")
    sign(stick, VENDOR)
    return stick


def copied(conda: Conda, way: str) -> dict[str, str]:
    """Let conda copy the environment `rating` to `twin`; the variables of a shell in that."""
    if way == "clone":
        conda.run("create", "--yes", "-n", "twin", "--clone", "rating")
    else:
        # without --yes, before 25.3
        conda.run("rename", "-n", "rating", "twin")
    return conda.activated("twin")


@pytest.mark.parametrize("way", ["clone", "rename"])
def test_copy_is_guarded_as_the_original(
    customer: Conda, mirror: Mirror, stick: Path, way: str
) -> None:
    customer.use(stick, "-n", "rating", "app", "--trust", VENDOR.fingerprint, "--yes")
    shell = copied(customer, way)
    customer.run("install", "--yes", "extra", **shell)
    assert customer.installed("twin") == {"app": "2.0", "tool": "2.0", "lib": "1.0", "extra": "1.0"}
    assert "remembers that" not in customer.use(stick, "-n", "twin").output
    mirror.copy(3, stick)
    assert "NotSignedError" in customer.fail("update", "--yes", "--all", **shell).stderr
    mirror.copy(1, stick)
    sign(stick, VENDOR)
    assert "OlderBuildError" in customer.fail("update", "--yes", "--all", **shell).stderr
    customer.run("offline-repo", "use", "--undo", "-n", "twin")
    assert not (customer.envs / "twin" / ".condarc").exists()


def test_clone_takes_nothing_unsigned(anyone: Conda, stick: Path) -> None:
    """Where conda's cache does not have the packages any more."""
    anyone.use(stick, "-n", "rating", "app", "--trust", VENDOR.fingerprint, "--yes")
    shutil.rmtree(anyone.pkgs)
    forge(stick)
    told = anyone.execute("create", "--yes", "-n", "twin", "--clone", "rating")
    if hasattr(hookspec.CondaSpecs, "conda_pre_transaction_actions"):
        assert "NotSignedError" in told.stderr, str(told)
        assert anyone.installed("twin") == {}


@pytest.mark.parametrize("gone", [False, True])
def test_copy_without_what_the_environment_remembers(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path, gone: bool
) -> None:
    """As by a conda without the plugin, or of the `.condarc` alone."""
    customer.use(stick, "-n", "rating", "app", "--trust", VENDOR.fingerprint, "--yes")
    twin = customer.envs / "the twin"
    shutil.copytree(customer.envs / "rating", twin)
    (twin / "conda-meta" / "offline-repo").unlink()
    mirror.copy(1, stick)
    if gone:
        stick.rename(tmp_path / "unplugged")
    shell = customer.activated(twin.name)
    before = customer.installed(twin.name)
    for command in ("install", "extra"), ("update", "app"):
        told = customer.fail(*command, "--yes", **shell)
        assert "StateMissingError" in told.stderr
    assert customer.run("list", **shell)
    assert customer.installed(twin.name) == before
    use, undo = re.findall(r"conda (offline-repo use .+?(?= ;|$))", " ".join(told.stderr.split()))
    if not gone:
        customer.run(*split(use), "--yes")
        customer.run("install", "--yes", "extra", **shell)
    customer.run("remove", "--yes", "--force", "tool", **shell)
    customer.run(*split(undo))
    assert not (twin / ".condarc").exists()
    told = customer.fail("offline-repo", "use", "--undo", "-p", twin)
    assert "NotUsedError" in told.stderr


def test_requests_of_a_copy_name_no_channel(anyone: Conda, stick: Path, tmp_path: Path) -> None:
    """Of one that the plugin has not seen, too; conda would look for the folder of before."""
    anyone.use(stick, "-n", "rating", "app", "--trust", VENDOR.fingerprint, "--yes")
    copied(anyone, "clone")
    twin = anyone.envs / "twin" / "conda-meta"
    lines = (twin / "history").read_text().splitlines(keepends=True)
    assert "::" not in lines.pop()
    (twin / "history").write_text("".join(lines))
    assert "::" in lines[-1]
    (twin / "offline-repo").unlink()
    moved = tmp_path / "moved" / "bank"
    moved.parent.mkdir()
    stick.rename(moved)
    anyone.use(moved, "-n", "twin", "--trust", VENDOR.fingerprint, "--yes")
    assert "remembers that" not in anyone.use(moved, "-n", "twin").output
    anyone.run("install", "--yes", "extra", **anyone.activated("twin"))


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        (f"channels: [{CHANNEL}]\noffline: true\n", None),
        ("channels: [/srv/repo/bank]\ndefault_channels: [/srv/repo/bank]\noffline: true\n", None),
        (f"channels: [{CHANNEL}]\ndefault_channels: []\noffline: true\n", None),
        (f"channels: 7\ncustom_multichannels: [{CHANNEL}]\n", None),
        (f"channels: [{CHANNEL}]\n{NAMED}", None),
        (f"default_channels: []\nchannels: [x, {CHANNEL}]\n{NAMED}", CHANNEL),
    ],
)
def test_only_use_is_recognised(tmp_path: Path, text: str, channel: str | None) -> None:
    assert used(text, tmp_path) == channel


@pytest.mark.parametrize("name", ["bank", "a b", "50%25", "b%C3%A4nk"])
def test_what_use_has_written_is_recognised_and_not_kept(tmp_path: Path, name: str) -> None:
    channel = f"file:///srv/{name}"
    text = configured("offline: false\nssl_verify: true\n", channel, tmp_path)
    assert used(text, tmp_path) == channel
    assert ours(text, tmp_path) == ""
    assert ours("offline: false\n", tmp_path) == "offline: false\n"
