"""An environment of conda's as it is, with strangers in it, and damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError, PipPartsError
from conda_offline_repo.builder.request.inputs.pinned import Environment, PinnedArchive
from conda_offline_repo.builder.request.inputs.prefix import read_prefix
from tests.builder.request.inputs.conftest import PLATFORM, SITE_PACKAGES
from tests.support.running import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builder.request.inputs.conftest import Laid


@pytest.fixture
def prefix(laid: Laid, tmp_path: Path) -> Path:
    """A copy of the environment, to be changed."""
    shutil.copytree(laid.prefix, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def change(prefix: Path, **keys: object) -> None:
    """Give the record of `lib` other keys."""
    path = prefix / "conda-meta" / "lib-1.0-0.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def test_as_conda_installed_it(laid: Laid) -> None:
    before = snapshot(laid.prefix)
    assert read_prefix(laid.prefix) == Environment(exact={PLATFORM: laid.locked("sha256", "md5")})
    assert snapshot(laid.prefix) == before


def test_token_that_conda_has_masked(prefix: Path, laid: Laid) -> None:
    change(prefix, url=laid.url.replace("/acme", "/t/<TOKEN>/acme/noarch/lib-1.0-0.conda"))
    assert read_prefix(prefix) == read_prefix(laid.prefix)


def test_for_every_platform(prefix: Path, laid: Laid) -> None:
    (prefix / "conda-meta" / "app-2.0-0.json").unlink()
    change(prefix, sha256=None)
    digest = json.loads((prefix / "conda-meta" / "lib-1.0-0.json").read_text())["md5"]
    only = PinnedArchive(f"{laid.url}/noarch/lib-1.0-0.conda", md5=digest)
    assert read_prefix(prefix) == Environment(exact={"noarch": (only,)})


def wheel(folder: Path) -> Path:
    """A wheel with a module."""
    path = folder / "stranger-1.0-py3-none-any.whl"
    info = "stranger-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("stranger.py", "")
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    return path


def test_pip_has_installed(prefix: Path, tmp_path: Path) -> None:
    place = prefix / SITE_PACKAGES
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--no-deps", "-q"]
    subprocess.run([*pip, "--target", place, wheel(tmp_path)], check=True)
    (place / "linked.egg-link").write_text("/home/me/linked\n")
    (place / "old-1.0-py3.11.egg").mkdir()
    change(prefix, url="")
    before = snapshot(prefix)
    with pytest.raises(PipPartsError) as error:
        read_prefix(prefix)
    for name in ("stranger", "linked", "old"):
        assert f"\n  - {name}" in str(error.value)
    assert "lib\n" not in str(error.value)
    assert snapshot(prefix) == before


def test_pip_has_installed_another_version(prefix: Path) -> None:
    """What conda itself would do is to remove its record."""
    shutil.move(
        prefix / SITE_PACKAGES / "lib-1.0.dist-info", prefix / SITE_PACKAGES / "lib-2.0.dist-info"
    )
    with pytest.raises(PipPartsError, match="- lib\n"):
        read_prefix(prefix)


def test_second_way_to_the_same_folder(prefix: Path, laid: Laid) -> None:
    (prefix / "lib" / "python3.1").symlink_to("python3.11")
    assert read_prefix(prefix) == read_prefix(laid.prefix)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"url": ""}, "lib \\(it has no URL"),
        ({"url": None}, "lib \\(it has no URL"),
        ({"url": "file:///home/me/lib-1.0-0.conda"}, "lib \\(.*not belong to a channel"),
        ({"url": "https://h.example/t/5ecret/noarch/lib-1.0-0.whl"}, "lib \\(.*not a file name"),
        ({"url": "https://u:5ecret@h.example/$x/noarch/lib-1.0-0.conda"}, "lib \\("),
        ({"md5": "5ecret"}, "lib \\(what should be its md5"),
        ({"url": "https://h.example/x/win-64/lib-1.0-0.conda"}, "several platforms"),
        ({"url": "https://u:5ecret@h.example/x/noarch/app-2.0-0.conda"}, "are of one package"),
    ],
)
def test_from_no_channel(prefix: Path, keys: dict[str, object], said: str) -> None:
    change(prefix, **keys)
    with pytest.raises(InputFileError, match=said) as error:
        read_prefix(prefix)
    assert str(error.value).startswith(f"{prefix} cannot be used: ")
    assert "5ecret" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xff",
        b"{}",
        b'{"name": 1}',
        b'{"name": "lib", "url": 1}',
        b'{"name": "lib", "url": "x", "files": [1]}',
        b"[" * 100_000,
    ],
)
def test_damaged_record(prefix: Path, content: bytes) -> None:
    (prefix / "conda-meta" / "lib-1.0-0.json").write_bytes(content)
    with pytest.raises(InputFileError, match=r"conda-meta/lib-1\.0-0\.json .* not a conda record"):
        read_prefix(prefix)


@pytest.mark.timeout(60)
def test_record_that_is_no_file(prefix: Path) -> None:
    record = prefix / "conda-meta" / "lib-1.0-0.json"
    record.unlink()
    os.mkfifo(record)
    with pytest.raises(InputFileError, match="not a regular file"):
        read_prefix(prefix)
    record.unlink()
    record.mkdir()
    with pytest.raises(InputFileError, match="cannot be read: Is a directory"):
        read_prefix(prefix)


def test_no_environment(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for prefix in (tmp_path / "missing", tmp_path, file):
        with pytest.raises(InputFileError) as error:
            read_prefix(prefix)
        assert str(error.value).startswith(
            f"{prefix} cannot be used: it is not a conda environment"
        )
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").touch()
    with pytest.raises(InputFileError, match="nothing is installed in it"):
        read_prefix(tmp_path)
