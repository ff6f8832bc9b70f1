"""The place of the packages that were made of wheels: killed, full, shared, offline."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.manifest import MANIFEST_NAME
from tests.support.index import served
from tests.support.running import Cold
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.index import Index
    from tests.support.running import Conda
    from tests.support.warm import Struck, WarmConda

WHEELS = "offline-repo-wheels"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """It has `app`, which needs `helper`."""
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "app", requires=["helper"])
    write_wheel(wheels, "helper", files={"helper.py": "x = 1\n" * 100_000})
    with served(wheels) as index:
        yield index


@pytest.fixture
def request_of(index: Index, tmp_path: Path) -> tuple[str, ...]:
    """The request of a build, but for its label and root."""
    channel = TinyChannel(tmp_path / "channel")
    channel.add("python", "3.12.4", build="0_cpython", subdir="linux-64")
    channel.add("pip", "25.0")
    channel.write()
    options = ("-c", channel.folder.as_uri(), "--override-channels", "--no-label-channel")
    pip = ("--pip", f"--index-url {index.url}", "--pip", "app")
    return ("--platform", "linux-64", *options, "python", *pip)


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Those of uv and pip."""
    uv = {"UV_CACHE_DIR": str(tmp_path / "uv"), "UV_NO_CONFIG": "1", "UV_HTTP_RETRIES": "0"}
    return {"PIP_CONFIG_FILE": "/dev/null", **uv}


def archives(folder: Path) -> dict[str, bytes]:
    """The packages that were made of wheels, below a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.rglob("*-py_*.conda")}


def test_killed_at_any_step_in_the_cache(
    warm: WarmConda, request_of: tuple[str, ...], variables: dict[str, str], tmp_path: Path
) -> None:
    root, cache = tmp_path / "root", warm.folder / "engineer" / "pkgs" / WHEELS
    build = ("offline-repo", "build", "--root", str(root), *request_of, "--label")

    def struck(label: str, fault: str = "", number: int = 0) -> Struck:
        return warm.execute(
            *build, label, folder=cache, fault=fault, number=number, variables=variables
        )

    whole = struck("whole")
    expected = archives(root / "whole")
    assert [name.partition("-1.0-")[0] for name in sorted(expected)] == ["app", "helper"]
    assert len(whole.steps) > 8
    for number in range(1, len(whole.steps) + 1, 5):
        shutil.rmtree(cache)
        label = f"at-{number}"
        assert struck(label, "torn", number).status == -9
        assert not (root / label / MANIFEST_NAME).exists()
        assert struck(label).status == 0
        assert archives(root / label) == expected
        assert archives(cache).keys() == expected.keys()


def test_full_disk(
    warm: WarmConda, request_of: tuple[str, ...], variables: dict[str, str], tmp_path: Path
) -> None:
    root, cache = tmp_path / "root", warm.folder / "engineer" / "pkgs" / WHEELS
    build = ("offline-repo", "build", "--root", str(root), *request_of, "--label", "bank")
    for fault in ("ENOSPC", "EACCES"):
        failed = warm.execute(*build, folder=cache, fault=fault, number=1, variables=variables)
        assert failed.status == 1
        assert WHEELS in failed.stderr, failed
        assert "ERROR REPORT" not in failed.output
        assert not (root / "bank" / MANIFEST_NAME).exists()


def test_two_builds_at_once(
    conda: Conda, request_of: tuple[str, ...], variables: dict[str, str], root: Path
) -> None:
    cold = Cold(conda.folder / "two")

    def build(label: str) -> dict[str, bytes]:
        cold.build("--label", label, "--root", root, *request_of, **variables)
        return archives(root / label)

    with ThreadPoolExecutor() as threads:
        first, second = threads.map(build, ("first", "second"))
    assert first == second
    assert len(first) == 2
    assert archives(cold.pkgs) == first


def test_offline(
    conda: Conda, index: Index, request_of: tuple[str, ...], variables: dict[str, str], root: Path
) -> None:
    build = ("offline-repo", "build", "--root", root, *request_of, "--label")
    conda.run(*build, "bank", **variables)
    index.requests.clear()
    conda.run(*build, "cached", "--offline", **variables)
    assert archives(root / "cached") == archives(root / "bank")

    shutil.rmtree(conda.pkgs / WHEELS)
    failed = conda.fail(*build, "uncached", "--offline", **variables)
    reason = "app-1.0-py3-none-any.whl: it is not on this machine, and conda is offline\n"
    assert reason in failed.stderr
    assert "Leave out --offline" in failed.stderr
    shutil.rmtree(variables["UV_CACHE_DIR"])
    failed = conda.fail(*build, "unknown", "--offline", **variables)
    assert "app" in failed.stderr
    assert "network" in failed.stderr
    assert index.requests == []
