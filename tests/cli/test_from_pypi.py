"""Packages that came from PyPI, from the build to the customer's environment, verb by verb."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import package_name
from tests.cli.test_json import check
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, SOLVERS
from tests.support.proposals import split
from tests.support.running import Customer
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda, Finished

COMMAND = "[console_scripts]\ndemo-tool = demo_tool:main\n"
MAIN = """\
import helper
from importlib.metadata import version

def main():
    print("demo", version("demo-tool"), helper.VERSION)
"""


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """The folder that pip's wheels are taken from; `six` is in the channels, too."""
    folder = tmp_path / "wheels"
    demo(folder, "1.0")
    write_wheel(folder, "helper", "1.0")
    write_wheel(folder, "six", "1.17.0")
    return folder


def demo(folder: Path, version: str) -> None:
    write_wheel(
        folder,
        "Demo_Tool",
        version,
        requires=("helper", "six"),
        files={"demo_tool.py": MAIN, "{dist}.dist-info/licenses/LICENSE": "Do what you like.\n"},
        entry_points=COMMAND,
        metadata=("License-Expression: MIT", "License-File: LICENSE"),
    )


def build(conda: Conda, upstream: Path, wheels: Path, *more: object) -> Finished:
    channels = ("--no-label-channel", "--override-channels", "-c", upstream / "public")
    index = ("--pip=--no-index", f"--pip=--find-links {wheels}")
    pip = ("--pip", "Demo.Tool>=1", "--pip", "six")
    keep = ("--label", "bank", "--root", conda.work, "--platform", PLATFORM, "--keep", 2)
    return conda.build(*keep, *channels, "python", *pip, *index, *more)


def said(prefix: Path, *command: str) -> str:
    """What a program of an environment prints."""
    program = (str(prefix / "bin" / command[0]), *command[1:])
    return subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stdout


def test_at_the_vendor(conda: Conda, upstream: Path, wheels: Path, tmp_path: Path) -> None:
    first = build(conda, upstream, wheels).stdout
    public = (upstream / "public").as_uri()
    assert (
        "What stands for requirements of pip:\n"
        "  Demo.Tool>=1 -> demo-tool 1.0 from a folder (Demo_Tool-1.0-py3-none-any.whl)\n"
        f"  six -> six 1.17.0 from {public}\n"
    ) in first
    assert "  + helper 1.0, from a folder\n" in first
    bank, old = conda.work / "bank", tmp_path / "old"
    shutil.copytree(bank, old)
    demo(wheels, "1.1")
    second = check("build", build(conda, upstream, wheels, "--json"))
    assert [(r["requirement"], r["version"]) for r in second["pip"]] == [
        ("Demo.Tool>=1", "1.1"),
        ("six", "1.17.0"),
    ]
    wheels_by_name = {
        package_name(archive): package.wheel.file
        for archive, package in locate_one(bank).manifest.packages.items()
        if package.wheel and package.wheel.version != "1.1"
    }
    assert wheels_by_name == {  # of the release that is kept, too
        "demo-tool": "Demo_Tool-1.0-py3-none-any.whl",
        "helper": "helper-1.0-py3-none-any.whl",
    }
    assert "Demo.Tool" not in build(conda, upstream, wheels).stdout
    assert "  ~ demo-tool 1.0 -> 1.1\n" in conda.run("offline-repo", "diff", old, bank).stdout
    why = conda.run("offline-repo", "show", bank, "--why", "Demo_Tool").stdout
    assert "  from a folder: Demo_Tool-1.1-py3-none-any.whl\n" in why
    assert "  asked for: yes, of pip as Demo.Tool>=1\n" in why
    assert "demo-tool 1.1" in conda.run("offline-repo", "show", bank, "--why", "helper").stdout
    licenses = conda.run("offline-repo", "show", bank, "--licenses").stdout
    assert "demo-tool   1.1      MIT\n" in licenses
    assert "Do what you like." in licenses


@pytest.mark.parametrize("solver", SOLVERS)
def test_on_the_way_and_at_the_customer(
    conda: Conda, upstream: Path, wheels: Path, tmp_path: Path, solver: str
) -> None:
    build(conda, upstream, wheels)
    bank, stick = conda.work / "bank", tmp_path / "stick" / "bank"
    conda.run("offline-repo", "sync", bank, stick)
    customer = Customer(tmp_path / "administrator", CONDA_SOLVER=solver, CONDA_ALWAYS_YES="yes")
    shell, prefix = customer.activated("rating"), customer.envs / "rating"

    def next_command() -> str:
        command: str = customer.use(stick, "-n", "rating", "--json").json["next"][-1]
        customer.run(*split(command)[1:], **shell)
        return command

    assert next_command() == "conda install python 'demo-tool >=1' six"
    assert said(prefix, "demo-tool") == "demo 1.0 1.0\n"

    demo(wheels, "1.1")
    build(conda, upstream, wheels)
    conda.run("offline-repo", "pack", bank, "-o", tmp_path / "new.zip", "--since", stick)
    conda.run("offline-repo", "unpack", tmp_path / "new.zip", stick)
    customer.run("offline-repo", "verify", stick)
    assert next_command() == "conda update python demo-tool six"
    assert customer.installed("rating")["demo-tool"] == "1.1"
    assert "demo-tool" not in customer.run("doctor", "-n", "rating").output

    pip = ("python", "-m", "pip", "--disable-pip-version-check")
    listed = {
        entry["name"]: entry["version"]
        for entry in json.loads(said(prefix, *pip, "list", "--format=json"))
    }
    assert (listed["Demo_Tool"], listed["helper"], listed["six"]) == ("1.1", "1.0", "1.17.0")
    assert "No broken requirements found." in said(prefix, *pip, "check")
    records = customer.run("list", "-n", "rating", "--json").rows
    assert len({record["base_url"] for record in records}) == 1

    customer.use(stick, "-n", "rating", "--release", 1)
    assert customer.installed("rating")["demo-tool"] == "1.0"
    (archive,) = stick.glob("noarch/demo-tool-1.1-*")
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    assert archive.name in customer.fail("update", "demo-tool", **shell).stderr
    assert said(prefix, "demo-tool") == "demo 1.0 1.0\n"
    customer.use("--undo", "-n", "rating")


def test_signed(conda: Conda, upstream: Path, wheels: Path, tmp_path: Path) -> None:
    key, bank = SigningKey("vendor"), conda.work / "bank"
    customer = Customer(tmp_path / "administrator", CONDA_ALWAYS_YES="yes")
    shell, prefix = customer.activated("rating"), customer.envs / "rating"
    build(conda, upstream, wheels)
    sign(bank, key)
    customer.use(bank, "-n", "rating", "--trust", key.fingerprint)
    customer.run("install", "demo-tool", **shell)
    demo(wheels, "1.1")
    build(conda, upstream, wheels, "--no-sign-key")
    assert "is not signed" in customer.fail("update", "demo-tool", **shell).stderr
    sign(bank, key)
    customer.use(bank, "-n", "rating")
    customer.run("update", "demo-tool", **shell)
    assert said(prefix, "demo-tool") == "demo 1.1 1.0\n"
