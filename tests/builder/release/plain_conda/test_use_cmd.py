"""use.cmd as cmd.exe runs it, with plain conda: this plugin is not loaded."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests.support.mirror import PLATFORM, another
from tests.support.running import Customer
from tests.support.scripts import run_script
from tests.support.tiny import TinyChannel
from tests.support.windows import root_of_a_drive, share

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from dev.upstream.cable import Cable
    from tests.support.mirror import Mirror
    from tests.support.running import Conda

pytestmark = pytest.mark.skipif(os.name != "nt", reason="a batch file is for Windows alone")
APP_1 = {"app": "1.0", "tool": "1.0", "lib": "1.0"}
APP_2 = {"app": "2.0", "tool": "2.0", "lib": "1.0"}


@pytest.fixture
def customer(tmp_path: Path, trap: Cable) -> Conda:
    """The administrator of a machine with plain conda, and with a channel of the company."""
    plain = {"CONDA_NO_PLUGINS": "true", "CONDA_SOLVER": "classic"}
    customer = Customer(tmp_path / "administrator", **plain, **trap.proxies)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "conda.bat").write_text(f'@"{sys.executable}" -m conda %*\n')
    customer.variables["PATH"] = f"{programs}{os.pathsep}{customer.variables['PATH']}"
    customer.configure(channels=["https://conda.example.com/main"])
    return customer


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    """The folder that builds are copied to, with much in its name; it has the first."""
    return mirror.copy(1, tmp_path / "X Y & (bänk)!" / "bank")


def use(
    customer: Conda,
    stick: Path | str,
    *arguments: str,
    status: int = 0,
    cwd: Path | str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the batch file of a repository."""
    # as somebody types it: what is not quoted, the shell takes for its own
    words = (os.path.join(stick, "use.cmd"), *arguments)
    return run_script(customer, " ".join(f'"{word}"' for word in words), status, cwd=cwd)


def channels(customer: Conda) -> set[str]:
    """The channels that the environment's own `.condarc` names, under any key."""
    text = (customer.envs / "rating" / ".condarc").read_text("utf-8")
    content = YAML(typ="safe").load(text)
    assert content["offline"] is True
    assert content["channels"] == content["default_channels"]
    return {*content["channels"]}


def test_updates_come_from_the_folder(customer: Conda, stick: Path, mirror: Mirror) -> None:
    told = use(customer, stick, "rating", "app>=1.0")
    assert customer.installed("rating") == APP_1
    assert "conda activate" in told.stdout
    mirror.copy(2, stick)
    use(customer, stick, "rating")
    customer.run("update", "--yes", "app", **customer.activated("rating"))
    assert customer.installed("rating") == APP_2


def test_environments_below_a_name_with_other_letters(
    customer: Conda, stick: Path, tmp_path: Path
) -> None:
    customer.envs = tmp_path / "şule müller" / "envs"
    customer.variables["CONDA_ENVS_DIRS"] = str(customer.envs)
    use(customer, stick, "rating", "app")
    assert customer.installed("rating") == APP_1


def test_root_of_a_drive(customer: Conda, stick: Path) -> None:
    with root_of_a_drive(stick) as drive:
        use(customer, f"{drive}\\", "rating", "app")
        assert channels(customer) == {f"file:///{drive}"}
        customer.run("install", "--yes", "extra", **customer.activated("rating"))
    assert customer.installed("rating") == {**APP_1, "extra": "1.0"}


def test_share(customer: Conda, stick: Path) -> None:
    shared = share(stick)
    use(customer, shared, "rating", "app", cwd=shared)
    assert customer.installed("rating") == APP_1
    (channel,) = channels(customer)
    assert channel.startswith("file://")
    assert channel.endswith("/bank")


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_damaged_copy(customer: Conda, stick: Path, damage: str) -> None:
    archive = stick / "noarch" / "app-1.0-0.conda"
    if damage == "changed":
        archive.write_bytes(another(archive))
    else:
        archive.unlink()
    told = use(customer, stick, "rating", "app", status=1)
    assert "app-1.0-0.conda" in told.stdout
    assert "copy the folder again" in told.stderr
    assert not customer.envs.exists()


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_copy_that_lost_its_digests(customer: Conda, stick: Path, left: str) -> None:
    (stick / "SHA256SUMS").unlink()
    if left != "nothing":
        (stick / "SHA256SUMS").touch()
    told = use(customer, stick, "rating", "app", status=1)
    assert "copy the folder again" in told.stderr
    assert not (customer.envs / "rating").exists()


@pytest.mark.parametrize("name", ["50%", "#1", "a^b", "noarch-2026", PLATFORM])
def test_folder_that_cannot_be_read(
    customer: Conda, mirror: Mirror, tmp_path: Path, name: str
) -> None:
    told = use(customer, mirror.copy(1, tmp_path / name), "rating", status=1)
    assert "rename" in told.stderr
    assert not customer.envs.exists()


@pytest.mark.parametrize("arguments", [(), ("--help",), ("/?",), ("-n", "rating")])
def test_usage(customer: Conda, stick: Path, arguments: tuple[str, ...]) -> None:
    told = use(customer, stick, *arguments, status=2)
    assert told.stderr.strip() == "usage: use.cmd ENVIRONMENT [PACKAGE ...]"


def test_package_that_is_not_there(customer: Conda, stick: Path) -> None:
    told = use(customer, stick, "rating", "nosuch", status=1)
    assert "nosuch" in told.stdout + told.stderr
    assert "Next:" not in told.stdout


def test_plugin_of_the_folder_is_offered(conda: Conda, customer: Conda, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "published")
    for name in ("app", "conda-offline-repo-base"):
        channel.add(name)
    channel.write()
    source = ("--no-label-channel", "-c", channel.folder.as_uri(), "--override-channels")
    request = ("--label", "bank", *source, "app", "--with-plugin")
    conda.build(*request, "--root", conda.work)
    bank = tmp_path / "X Y & (1)" / "bank"
    shutil.copytree(conda.work / "bank", bank)
    told = use(customer, bank, "rating").stdout.splitlines()[-2]
    url = told.split('"')[1]
    assert url.endswith("/X Y & (1)/bank/plugin")
    customer.run(
        *("install", "-y", "-n", "rating", "--override-channels", "-c", url),
        "conda-offline-repo-base",
    )
    assert customer.installed("rating")["conda-offline-repo-base"] == "1.0"
