"""What install.sh refuses before it changes anything; what it does is in tests/recipe."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.plain_conda import plain_conda_files
from conda_offline_repo.builder.request.inputs.pinned import Environment
from conda_offline_repo.builder.request.request import Request
from conda_offline_repo.clock import EPOCH
from conda_offline_repo.specs import PackageSpec
from tests.support.bare import COMMANDS, HEADER, TERMS
from tests.support.running import tree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PLUGIN = "plugin/noarch/conda-offline-repo-base-1.0-pyh_0.conda"
#: Stands for the platform of the machine.
THIS = "this"
MACHINE = {"Linux": "linux", "Darwin": "osx"}


def this_machine() -> str:
    """The platform of the machine, as conda calls it."""
    system, processor = os.uname().sysname, os.uname().machine
    return f"{MACHINE[system]}-{'64' if processor == 'x86_64' else processor}"


def request(*environments: str, plugin: bool = True) -> Request:
    packages = (PackageSpec("app"),)
    made = tuple(Environment(name=name, packages=packages) for name in environments)
    return Request("bank", made, (), None, ("linux-64", "win-64"), {}, EPOCH, plugin=plugin)


def plain(
    *environments: str, installers: Iterable[str] = (), plugin: bool = True
) -> dict[str, bytes]:
    packages = [PLUGIN, "plugin/noarch/securesystemslib-1.3.1-0.tar.bz2"] if plugin else []
    return plain_conda_files(request(*environments, plugin=plugin), [*installers], packages)


def folder(
    path: Path,
    *environments: str,
    installers: dict[str, str] | None = None,
    terms: str = "",
    plugin: bool = True,
) -> Path:
    """Make what install.sh reads of a repository; its installers only say what they are for."""
    installers = installers or {"Plain.sh": THIS}
    names = [f"installer/{name}" for name in installers]
    contents = plain(*environments or ("",), installers=names, plugin=plugin)
    for name, platform in installers.items():
        platform = this_machine() if platform == THIS else platform
        header = HEADER.replace("@platform@", platform).replace("@license@", terms)
        contents[f"installer/{name}"] = header.encode()
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in contents.items()]
    contents["SHA256SUMS"] = "\n".join([*sums, ""]).encode()
    contents["noarch/repodata.json"] = b"{}"
    for name, content in contents.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def refused(bank: Path, *arguments: Path | str, status: int = 1, **variables: str) -> str:
    """Return why the script does nothing, which it may neither here nor where conda would be."""
    before = tree(bank.parent)
    done = subprocess.run(
        ["sh", bank / "install.sh", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=bank.parent,
        encoding="utf-8",
        env=os.environ | variables,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert tree(bank.parent) == before
    return done.stderr


@pytest.mark.parametrize(
    ("installers", "scripts"),
    [
        ([], set()),
        (["installer/A.sh"], {"install.sh"}),
        (["installer/A.exe"], {"install.cmd"}),
        (["installer/A.pkg"], set()),
        (["installer/A.exe", "installer/A.sh", "installer/B.sh"], {"install.cmd", "install.sh"}),
    ],
)
def test_scripts_come_with_what_they_run(installers: list[str], scripts: set[str]) -> None:
    files = plain("", installers=installers)
    assert {name for name in files if name.startswith("install")} == scripts
    text = files["README.txt"].decode()
    assert ("sh install.sh PREFIX ENVIRONMENT" in text) == ("install.sh" in scripts)
    assert ("    install.cmd PREFIX ENVIRONMENT" in text) == ("install.cmd" in scripts)
    assert all(name in text for name in installers)
    assert "$" not in text
    assert max(len(line) for line in text.splitlines() if "file:///" not in line) <= 79


def test_endings_are_those_of_the_readers() -> None:
    files = plain("runtime", "base", installers=["installer/A.exe", "installer/A.sh"])
    batch, shell = files["install.cmd"], files["install.sh"]
    assert batch.isascii()
    assert batch.count(b"\n") == batch.count(b"\r\n") == batch.count(b"\r")
    assert shell.isascii()
    assert b"\r" not in shell
    for content in (batch, shell):
        assert b'"conda-offline-repo-base-1.0-pyh_0:conda-offline-repo-base>=1.0"' in content
        assert b'"securesystemslib-1.3.1-0:securesystemslib>=1.3.1"' in content
        assert b"runtime base" in content
        assert b"@known@" not in content
    assert batch.startswith(b"@echo off\r\n")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("P",),
        ("-h",),
        ("-p", "P"),
        ("P", "-n"),
        ("P", "a/b"),
        ("P", "a b"),
        ("/", "x"),
        ("bank/conda", "x"),
        ("link/conda", "x"),
        ("P", "x", "--prefix", "y"),
        ("P", "x", "-ny"),
        ("P", "x", "--check"),
        ("P", "x", "app", "--release", "1", "--chec"),
        ("P", "x", "--undo"),
        ("P", "x", "--dry-run"),
    ],
)
def test_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "link").symlink_to("bank")
    text = refused(folder(tmp_path / "bank"), *arguments, status=2)
    assert "usage: sh install.sh PREFIX ENVIRONMENT" in text


def test_license(tmp_path: Path) -> None:
    bank = folder(tmp_path / "X Y" / "bank", terms=TERMS)
    text = refused(bank, "P", "x")
    assert "--accept-license" in text
    assert f"sh '{bank / 'installer' / 'Plain.sh'}'" in text


@pytest.mark.parametrize(
    ("installers", "words"),
    [
        ({"A.sh": "linux-s390x", "B.sh": "osx-64x"}, "It has: linux-s390x, osx-64x"),
        ({"A.sh": "", "B.exe": ""}, "another kind (A.sh)"),
        ({}, "none"),
        ({"A.sh": THIS, "B.sh": "osx-64x", "C.sh": THIS}, "A.sh, C.sh"),
    ],
)
def test_installer_that_fits(tmp_path: Path, installers: dict[str, str], words: str) -> None:
    bank = folder(tmp_path / "bank", installers={"A.sh": "linux-s390x", **installers})
    if not installers:
        (bank / "installer" / "A.sh").unlink()
    text = refused(bank, tmp_path / "P", "x")
    assert words in text
    assert this_machine() in text


def test_which_environment(tmp_path: Path) -> None:
    bank = folder(tmp_path / "bank", "runtime", "notebooks", terms=TERMS)
    text = refused(bank, "P", "x", "--accept-license")
    assert "runtime notebooks" in text
    assert "--environment NAME" in text
    for arguments in (("runtime",), ("x", "--environment", "runtime"), ("x", "app")):
        assert "has a license" in refused(bank, "P", *arguments)


@pytest.mark.parametrize("damage", ["changed", "missing", "not listed at all"])
def test_damaged_copy(tmp_path: Path, damage: str) -> None:
    bank = folder(tmp_path / "bank")
    installer = bank / "installer" / "Plain.sh"
    if damage == "changed":
        installer.write_bytes(installer.read_bytes() + b"\n")
    elif damage == "missing":
        (bank / "use.sh").unlink()
    else:
        (bank / "SHA256SUMS").unlink()
    assert "copy the folder again" in refused(bank, "P", "x")


def test_digests_in_the_language_of_the_user(tmp_path: Path) -> None:
    """coreutils in Turkish say "Tamam" for OK."""
    bank = folder(tmp_path / "bank")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sha256sum").write_text(
        '#!/bin/sh\nword=Tamam\n[ "$LC_ALL" != C ] || word=OK\n'
        'PATH=${PATH#*:}\n{ sha256sum "$@" || shasum -a 256 "$@"; } | sed "s/OK$/$word/"\n'
    )
    (programs / "sha256sum").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    text = refused(bank, tmp_path / "X Y", "x", PATH=path, LC_ALL="C.UTF-8")
    assert "Cannot install into directories with spaces" in text


@pytest.mark.parametrize("script", ["install.sh", "use.sh"])
def test_machine_without_a_program_for_digests(tmp_path: Path, script: str) -> None:
    bank = folder(tmp_path / "bank")
    (bank / "install.sh").write_bytes((bank / script).read_bytes())
    (tmp_path / "programs").mkdir()
    for name in {"sh", *COMMANDS} - {"sha256sum"}:
        (tmp_path / "programs" / name).symlink_to(shutil.which(name) or name)
    text = refused(bank, tmp_path / "P", "x", PATH=str(tmp_path / "programs"))
    assert "cannot be checked without sha256sum or shasum" in text


def test_disk_is_full(tmp_path: Path) -> None:
    bank = folder(tmp_path / "bank")
    limited = ("sh", "-c", 'ulimit -f 0; exec sh "$@"', "sh")
    done = subprocess.run(
        [*limited, bank / "install.sh", tmp_path / "P", "x"],
        capture_output=True,
        encoding="utf-8",
        # what is not written is an error, and not the end of the process
        restore_signals=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot write to {tmp_path / 'P'}" in done.stderr


@pytest.mark.parametrize("used", ["file", "folder", "dangling"])
def test_prefix_in_use(tmp_path: Path, used: str) -> None:
    bank, prefix = folder(tmp_path / "bank"), tmp_path / "X Y"
    if used == "file":
        prefix.touch()
    else:
        prefix.mkdir()
        (prefix / "data").touch()
    if used == "dangling":
        (prefix / "bin").mkdir()
        (prefix / "bin" / "conda").write_text("#!/nowhere/bin/python\n")
        (prefix / "bin" / "conda").chmod(0o755)
    text = refused(bank, f"{prefix}/", "x")
    assert str(prefix) in text
    assert ("does not run" if used == "dangling" else "has no conda") in text


def test_prefix_beside_the_folder(tmp_path: Path) -> None:
    bank = folder(tmp_path / "bank", terms=TERMS)
    assert "has a license" in refused(bank, "bank/../P", "x")


def test_prefix_that_the_installer_refuses(tmp_path: Path) -> None:
    bank = folder(tmp_path / "bank")
    text = refused(bank, tmp_path / "X Y", "x")
    assert "Cannot install into directories with spaces" in text
    assert "status 1" in text
    assert not (tmp_path / "X Y").exists()


def test_another_run_is_under_way(tmp_path: Path) -> None:
    bank, prefix = folder(tmp_path / "bank"), tmp_path / "P"
    prefix.mkdir()
    (prefix / ".installing-conda").write_text(f"{os.uname().nodename} {os.getpid()}\n")
    assert str(os.getpid()) in refused(bank, prefix, "x")


def test_mark_of_this_very_process(tmp_path: Path) -> None:
    """It was another one's, of a container that has started again since."""
    bank, prefix = folder(tmp_path / "bank"), tmp_path / "X Y"
    prefix.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'echo "$(uname -n) $$" >"$2/.installing-conda"; exec sh "$@"', "sh"]
        + [str(word) for word in (bank / "install.sh", prefix, "x")],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert "Cannot install into directories with spaces" in done.stderr


@pytest.mark.parametrize("name", ["50%", "#1", "noarch-2026"])
def test_folder_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    assert "rename" in refused(folder(tmp_path / name / "bank"), tmp_path / "P", "x")


def test_folder_without_the_plugin(tmp_path: Path) -> None:
    """use.sh, which comes in, would make an empty environment if no packages are named."""
    for name in ("", "runtime"):
        bank = folder(tmp_path / f"bank {name}", name, terms=TERMS, plugin=False)
        assert "conda-offline-repo" in refused(bank, "P", "x")
        assert "conda-offline-repo" in refused(bank, "P", "x", "app", "--trust", "SHA256:x")
        assert "has a license" in refused(bank, "P", "x", "app")
