"""install.cmd as cmd.exe runs it, with a program that takes the arguments of NSIS' installers."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile
from contextlib import nullcontext
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.mirror import another
from tests.support.running import Conda, Customer, tree
from tests.support.scripts import run_script
from tests.support.tiny import TinyChannel
from tests.support.windows import root_of_a_drive, share

if TYPE_CHECKING:
    import subprocess

    from dev.upstream.cable import Cable

pytestmark = pytest.mark.skipif(os.name != "nt", reason="a batch file is for Windows alone")
#: What installers of constructor do: the folder stands last, is not quoted, and has to be empty;
#: their last step leaves the uninstaller. The conda that this one leaves is that of the tests.
INSTALLER = """\
import ctypes, json, os, sys
GetCommandLine = ctypes.windll.kernel32.GetCommandLineW
GetCommandLine.restype = ctypes.c_wchar_p
line = GetCommandLine()
with open(__file__ + r"\\..\\..\\calls.txt", "a", encoding="utf-8") as calls:
    print(line, file=calls)
options, _, prefix = line.partition(" /D=")
if '"' in prefix or " /S" not in options or os.path.exists(prefix) and os.listdir(prefix):
    sys.exit(2)
os.makedirs(prefix + r"\\conda-meta")
open(prefix + r"\\conda-meta\\history", "w").close()
record = {"name": "conda", "version": "99", "build": "0", "build_number": 0, "depends": []}
record.update(channel="x", subdir="noarch", fn="conda-99-0.conda", files=[])
with open(prefix + r"\\conda-meta\\conda-99-0.json", "w") as file:
    json.dump(record, file)
if os.path.exists(__file__ + r"\\..\\..\\cut.txt"):
    sys.exit(3)
os.makedirs(prefix + r"\\condabin")
with open(prefix + r"\\condabin\\conda.bat", "w") as file:
    file.write(f'@setlocal\\n@set "CONDA_ROOT_PREFIX={prefix}"\\n@"@python@" -m conda %*\\n')
open(prefix + r"\\Uninstall-Stand-in.exe", "w").close()
"""


def program(path: Path, code: str) -> None:
    """Make a program with a window, for which cmd.exe does not wait by itself, of Python's code."""
    launcher = (files("installer") / "_scripts" / "w64.exe").read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("__main__.py", code)
    path.write_bytes(launcher + f"#!{sys.executable}\r\n".encode() + archive.getvalue())


@pytest.fixture
def customer(tmp_path: Path, trap: Cable) -> Conda:
    """The administrator of a machine without conda, and without a network."""
    return Customer(tmp_path / "administrator", CONDA_SOLVER="classic", **trap.proxies)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two environments, the plugin and an installer."""
    folder = tmp_path_factory.mktemp("vendor")
    channel = TinyChannel(folder / "published")
    for name in ("app", "tool", "conda-offline-repo-base"):
        channel.add(name)
    channel.write()
    python = sys.executable.replace("\\", r"\\")
    program(folder / "Plain-x86_64.exe", INSTALLER.replace("@python@", python))
    (folder / "Plain-arm64.exe").touch()
    label = {"environments": {"rating": ["app"], "other": ["tool"]}}
    text = {
        **{"root": str(folder), "channels": [channel.folder.as_uri()], "label_channel": False},
        **{"platforms": ["win-64"], "with_plugin": True, "labels": {"bank": label}},
        "installers": ["Plain-x86_64.exe", "Plain-arm64.exe"],
    }
    (folder / "offline-repo.yml").write_text(json.dumps(text))
    Conda(folder / "engineer").build(cwd=folder)
    return folder / "bank"


@pytest.fixture
def bank(published: Path, tmp_path: Path) -> Path:
    """A copy at the customer, with much in its name."""
    return shutil.copytree(published, tmp_path / "X Y & (1)" / "bank")


def install(
    customer: Conda, bank: Path | str, *arguments: Path | str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the batch file of a repository."""
    # as somebody types it: what is not quoted, the shell takes for its own
    return run_script(
        customer,
        " ".join(f'"{word}"' for word in (os.path.join(bank, "install.cmd"), *arguments)),
        status,
        timeout=240,
    )


def test_one_command_brings_all(customer: Conda, bank: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "some where" / "conda"
    done = install(customer, bank, prefix, "rating", "--accept-license")
    assert customer.installed("rating") == {"app": "1.0"}
    assert "conda activate rating" in done.stdout
    assert (prefix / "conda-meta" / "conda-offline-repo-base-1.0-0.json").is_file()
    assert not Path(f"{prefix}.installing").exists()
    # it waited for the installer, and the next run takes what is there
    done = install(customer, bank, prefix, "books", "--environment", "other", "--quiet")
    assert customer.installed("books") == {"tool": "1.0"}
    assert "Checking" not in done.stderr
    calls = (bank / "installer" / "calls.txt").read_text("utf-8").splitlines()
    assert len(calls) == 1
    assert calls[0].endswith(f" /S /AddToPath=0 /RegisterPython=0 /D={prefix}")


def test_installation_that_was_cut_off(customer: Conda, bank: Path, tmp_path: Path) -> None:
    cut = bank / "installer" / "cut.txt"
    cut.touch()
    prefix = tmp_path / "conda"
    told = install(customer, bank, prefix, "rating", "--accept-license", status=1)
    assert "status 3" in told.stderr
    assert Path(f"{prefix}.installing").exists()
    cut.unlink()
    install(customer, bank, prefix, "rating", "--accept-license")
    assert customer.installed("rating") == {"app": "1.0"}


@pytest.mark.parametrize("place", ["drive", "share"])
def test_root_of_a_drive_and_share(customer: Conda, bank: Path, tmp_path: Path, place: str) -> None:
    with root_of_a_drive(bank) if place == "drive" else nullcontext(share(bank)) as folder:
        install(customer, f"{folder}\\", tmp_path / "conda", "rating", "--accept-license", "-q")
        assert customer.installed("rating") == {"app": "1.0"}


def test_another_run_is_under_way(customer: Conda, bank: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "conda"
    with Path(f"{prefix}.installing").open("w"):
        told = install(customer, bank, prefix, "rating", "--accept-license", status=1)
    assert "another one is installing" in told.stderr
    assert not prefix.exists()


@pytest.mark.parametrize(
    "case", ["license", "environment", "taken", "taken since", "damaged", "no digests"]
)
def test_nothing_is_changed(customer: Conda, bank: Path, tmp_path: Path, case: str) -> None:
    prefix, name, more = tmp_path / "conda", "rating", ["--accept-license"]
    expected = {
        "license": "--accept-license",
        "environment": "rating",
        "taken": "has no conda",
        "taken since": "has no conda",
        "damaged": "copy the folder again",
        "no digests": "copy the folder again",
    }[case]
    if case == "license":
        more = []
    elif case == "environment":
        name = "x"
    elif "taken" in case:
        prefix.mkdir()
        (prefix / "data").touch()
    elif case == "no digests":
        (bank / "SHA256SUMS").write_bytes(b"")
    else:
        archive = bank / "noarch" / "app-1.0-0.conda"
        archive.write_bytes(another(archive))
    if "since" in case:
        Path(f"{prefix}.installing").touch()
    before = tree(bank), tree(prefix)
    told = install(customer, bank, prefix, name, *more, status=1)
    assert expected in told.stderr
    assert (tree(bank), tree(prefix)) == before
    assert Path(f"{prefix}.installing").exists() == ("since" in case)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("/?", "x"),
        ("P", "a/b"),
        ("C:\\", "x"),
        ("P", "x", "-n"),
        ("R&D\\conda", "x", "--accept-license"),
    ],
)
def test_usage(customer: Conda, bank: Path, arguments: tuple[str, ...]) -> None:
    assert "install.cmd" in install(customer, bank, *arguments, status=2).stderr


def test_option_for_later(customer: Conda, bank: Path, tmp_path: Path) -> None:
    told = install(customer, bank, tmp_path / "P", "x", "--check", status=2)
    assert f'"{tmp_path / "P"}\\condabin\\conda.bat" offline-repo use' in told.stderr
