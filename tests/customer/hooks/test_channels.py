"""Channels that are configured besides the repository of an environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context, reset_context

from conda_offline_repo.customer.environment.state import State, dump, state_path
from conda_offline_repo.customer.hooks.channels import leave_out_others, restore
from tests.support.inside import inside
from tests.support.mirror import SOLVERS
from tests.support.running import Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.mirror import Mirror

FOLDER = Path("/media/stick/bank").absolute()
BANK = FOLDER.as_uri()
SECRET = "5ecret-0f-0perations"


@pytest.fixture
def prefix(tmp_path: Path) -> Iterator[Path]:
    """The active environment, which uses a repository; the user has another channel."""
    prefix = tmp_path / "rating"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    (prefix / ".condarc").write_text(f"channels: [{BANK}, tools]\noffline: true\n")
    state_path(prefix).write_text(dump(State("bank", 1, str(FOLDER), BANK)))
    with inside(tmp_path / "me", CONDA_PREFIX=str(prefix)) as me:
        me.configure(channels=["conda-forge"])
        yield prefix
        restore()


def channels() -> tuple[str, ...]:
    leave_out_others()
    return tuple(context.channels)


def test_only_those_of_the_environment_are_left(prefix: Path) -> None:
    assert "conda-forge" in context.channels
    assert channels() == (BANK, "tools")
    restore()
    assert "conda-forge" in context.channels


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        ("condarc", "channels", "#"),
        ("condarc", "offline: true", "offline: false"),
        ("state", "", "damaged"),
    ],
)
def test_otherwise_conda_keeps_them(prefix: Path, place: str, old: str, new: str) -> None:
    path = prefix / ".condarc" if place == "condarc" else state_path(prefix)
    path.write_text(path.read_text().replace(old, new, 1))
    reset_context()
    assert "conda-forge" in channels()


def test_environment_without_repository(prefix: Path) -> None:
    state_path(prefix).unlink()
    assert "conda-forge" in channels()


def test_environment_that_a_file_names(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`conda env update` works on it, with the configuration of the active one."""
    other = prefix.with_name("other")
    (other / "conda-meta").mkdir(parents=True)
    (other / "conda-meta" / "history").touch()
    file = prefix.with_name("environment.yml")
    command = {"func": "conda.cli.main_env_update.execute", "file": [str(file)]}
    monkeypatch.setenv("CONDA_ENVS_DIRS", str(prefix.parent))
    reset_context()
    monkeypatch.setattr(context, "_argparse_args", {**context._argparse_args, **command})
    for name in ("rating", "''", "", "!!int ''"):
        file.write_text(f"name: {name}\n")
        assert channels() == (BANK, "tools")
    file.write_text("name: other\n")
    assert "conda-forge" in channels()


def test_removal_without_the_folder(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever file names the repository."""
    command = {"func": "conda.cli.main_remove.execute"}
    monkeypatch.setattr(context, "_argparse_args", {**context._argparse_args, **command})
    assert channels() == ("tools",)
    (prefix / ".condarc").write_text("offline: true\n")
    monkeypatch.setenv("CONDA_CHANNELS", BANK)
    reset_context()
    assert channels() == (BANK,)
    restore()
    monkeypatch.setattr(context, "_argparse_args", {**context._argparse_args, **command})
    assert channels() == ()


CONFIGURED: dict[str, dict[str, object]] = {
    "Miniforge": {"channels": ["conda-forge"], "channel_priority": "strict"},
    "denied": {"channels": ["conda-forge"], "denylist_channels": ["conda-forge"]},
    "a mirror": {
        "channels": ["defaults", f"https://me:{SECRET}@conda.example.com/t/{SECRET}/main"],
        "default_channels": ["https://conda.example.com/pkgs/main"],
    },
}


@pytest.mark.parametrize("configured", CONFIGURED)
@pytest.mark.parametrize("solver", SOLVERS)
def test_customers_day(
    tmp_path: Path, mirror: Mirror, stick: Path, solver: str, configured: str
) -> None:
    customer = Customer(tmp_path / "administrator", CONDA_SOLVER=solver)
    customer.configure(**CONFIGURED[configured])
    told = customer.use(stick, "-n", "rating", CONDA_CHANNELS="bioconda")
    assert "bioconda" not in told.output
    shell = {**customer.activated("rating"), "CONDA_CHANNELS": "bioconda"}
    told = customer.run("install", "--yes", "app", **shell)
    mirror.copy(2, stick)
    more = customer.run("update", "--yes", "app", **shell)
    assert customer.installed("rating")["app"] == "2.0"
    last = customer.run("remove", "--yes", "app", **shell)
    assert SECRET not in told.output + more.output + last.output
    told = customer.fail("install", "--yes", "-c", "conda-forge", "app", **shell)
    assert ("the command line" in told.stderr) or ("ChannelDenied" in told.stderr)


@pytest.mark.skipif(
    context.solver == "libmamba", reason="offline, libmamba reads no folder for the first time"
)
def test_channel_of_the_command_line_stays(tmp_path: Path, stick: Path) -> None:
    customer = Customer(tmp_path / "administrator")
    customer.configure(channels=["conda-forge"])
    customer.use(stick, "-n", "rating")
    other = TinyChannel(tmp_path / "other")
    other.add("mine")
    other.write()
    shell = customer.activated("rating")
    customer.run("install", "--yes", "-c", other.folder.as_uri(), "mine", "app", **shell)
    assert customer.installed("rating")["mine"] == "1.0"
