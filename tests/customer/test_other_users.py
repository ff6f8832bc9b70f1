"""`use` by accounts without a home, by two administrators, and for users who only read."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo._conda import features
from tests.support.keys import SigningKey, sign
from tests.support.running import INHERITED, PATIENCE
from tests.support.users import FIRST, GROUP, ONLY_OWNER, SECOND, as_others, as_user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

VENDOR = SigningKey("vendor")


def use(
    user: int | None, shell: str, *arguments: object, pkgs: object
) -> subprocess.CompletedProcess[str]:
    """Run `use` without an answer to any question.

    Args:
        user: whom the system does not know; root, who may do no more than others, if None.
        shell: how the program is run.
        arguments: of `use`.
        pkgs: the package caches.
    """
    options = ("--yes", "--quiet", "--trust", VENDOR.fingerprint, "--json")
    command = ("-m", "conda", "offline-repo", "use", *map(str, arguments), *options)
    # of the account of a service there is nothing else, and conda itself wants a HOME
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return subprocess.run(
        [
            "sh",
            "-c",
            shell,
            "sh",
            *(as_user(user, GROUP) if user else ONLY_OWNER),
            sys.executable,
            *command,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",
        encoding="utf-8",
        env={**inherited, "HOME": "/dev/null", "CONDA_PKGS_DIRS": str(pkgs)},
        timeout=PATIENCE,
    )


@as_others
def test_services_of_one_group_share_an_environment(mirror: Mirror, tmp_path: Path) -> None:
    prefix, pkgs = tmp_path / "rating", tmp_path / "pkgs"
    for folder in (prefix, pkgs):
        folder.mkdir()
        os.chown(folder, 0, GROUP)
        folder.chmod(0o2775)
    for number in (1, 2):
        sign(mirror.copy(number, tmp_path / str(number)), VENDOR)

    # without any console, with which conda-libmamba-solver 26.6 does not start
    streams = ">/dev/null 2>&1" if context.solver == "libmamba" else "<&- >&- 2>&-"
    silent = f'umask 022; exec "$@" {streams}'
    first = use(FIRST, silent, tmp_path / "1", "-p", prefix, "app", pkgs=pkgs)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    # as if it had been killed
    lock = prefix / "conda-meta" / "offline-repo.lock"
    lock.write_text("process 1")
    lock.chmod(0o644)
    os.chown(lock, FIRST, GROUP)
    second = use(*(SECOND, 'umask 077; exec "$@"', tmp_path / "2", "-p", prefix, "app"), pkgs=pkgs)
    assert second.returncode == 0, second.stderr
    content = json.loads(second.stdout)
    assert content["environment_release"] == 2
    assert not lock.exists()
    for path in (prefix, *prefix.rglob("*"), *pkgs.glob("app*"), *pkgs.glob("app*/**/*")):
        status = path.stat()
        writable = stat.S_ISDIR(status.st_mode) or path.parent in (prefix, lock.parent)
        wanted = 0o024 if writable else 0o004
        assert status.st_mode & wanted == wanted, path
        assert status.st_gid == GROUP, path


def test_package_cache_that_cannot_be_written(customer: Conda, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = customer.fail(
        *("offline-repo", "use", copy, "-n", "rating", "app", "--yes"),
        CONDA_PKGS_DIRS=str(tmp_path / "file" / "pkgs"),
    )
    assert "PackageCacheError: conda cannot use" in told.stderr
    assert "CONDA_PKGS_DIRS" in told.stderr
    assert not (customer.envs / "rating").exists()


@pytest.mark.skipif(os.name == "nt", reason="what is below a file does not exist there")
def test_list_of_environments_that_cannot_be_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home, registers in ((tmp_path, True), (tmp_path / "file", False), (tmp_path / "no", True)):
        (tmp_path / "file").touch()
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("USERPROFILE", str(home))
        assert features.registers() is registers


@as_others
def test_package_cache_that_cannot_be_read(mirror: Mirror, tmp_path: Path) -> None:
    """As an administrator with a strict umask leaves it; root owns the Python."""
    sign(mirror.copy(1, tmp_path / "1"), VENDOR)
    pkgs, own = tmp_path / "pkgs", tmp_path / "own"
    (pkgs / "cache").mkdir(parents=True)
    for name in ("urls", "urls.txt"):
        (pkgs / name).touch(0o600)
        os.chown(pkgs / name, FIRST, FIRST)
    told = use(
        *(None, 'exec "$@"', tmp_path / "1", "-p", tmp_path / "rating", "app"),
        pkgs=f"{pkgs},{own}",
    )
    content = json.loads(told.stdout)
    assert content["exception_name"] == "PackageCacheError"
    assert str(pkgs / "urls.txt") in content["message"]
    assert not (tmp_path / "rating").exists()
