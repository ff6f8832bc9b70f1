"""An environment of conda's as it is, with strangers in it, and damaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError, PipPartsError
from conda_offline_repo.builder.request.inputs.pinned import Environment, PinnedArchive, PipPart
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


def installed(prefix: Path, *packages: Path | str) -> None:
    """Let pip install packages in an environment."""
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--no-deps", "-q"]
    target = prefix / SITE_PACKAGES
    subprocess.run([*pip, "--no-build-isolation", "--target", target, *packages], check=True)


def test_pip_has_installed(prefix: Path, laid: Laid, tmp_path: Path) -> None:
    path = wheel(tmp_path)
    installed(prefix, "--find-links", tmp_path, "stranger")
    before = snapshot(prefix)
    read = read_prefix(prefix)
    assert read == replace(read_prefix(laid.prefix), pip=PipPart(("stranger==1.0",)))
    assert snapshot(prefix) == before
    shutil.rmtree(prefix / SITE_PACKAGES / "stranger-1.0.dist-info")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    installed(prefix, path)
    text = f"stranger @ {path.as_uri()}#sha256={digest}"
    assert read_prefix(prefix).pip == PipPart((text,))


#: What pip writes of where a package came from (PEP 610).
ORIGINS = {
    "editable": ('{"dir_info": {"editable": true}, "url": "file:///a"}', "an editable install"),
    "folder": ('{"dir_info": {}, "url": "file:///a"}', "a folder of sources"),
    "git": (
        '{"vcs_info": {"vcs": "git"}, "url": "https://u:5ecret@h.example/a"}',
        "sources in version control",
    ),
    "sdist": ('{"archive_info": {}, "url": "https://h.example/a-1.tar.gz"}', "archive of sources"),
}


def record(prefix: Path, name: str, origin: str = "{}") -> Path:
    """Lay the record of a package of Python's into an environment."""
    path = prefix / SITE_PACKAGES / f"{name}-1.0.dist-info"
    path.mkdir(parents=True)
    (path / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\nIt is.\n")
    (path / "direct_url.json").write_text(origin)
    return path


def test_pip_has_installed_what_is_not_a_wheel(prefix: Path) -> None:
    for name, (origin, _) in ORIGINS.items():
        record(prefix, name, origin)
    record(prefix, "~left")  # behind by pip
    place = prefix / SITE_PACKAGES
    (place / "linked.egg-link").write_text("/home/me/linked\n")
    (place / "old-1.0-py3.11.egg").mkdir()
    with pytest.raises(PipPartsError) as error:
        read_prefix(prefix)
    for name, (_, reason) in ORIGINS.items():
        assert any(name in line and line.endswith(reason) for line in str(error.value).splitlines())
    for refused in ("linked.egg-link: an editable install", "old-1.0-py3.11.egg: an installation"):
        assert f"\n  - {refused}" in str(error.value)
    assert "left" not in str(error.value)
    assert "5ecret" not in str(error.value)


def test_pip_has_installed_over_conda(prefix: Path) -> None:
    """What conda itself would do is to remove its record."""
    record(prefix, "Lib")
    with pytest.raises(InputFileError, match=r"pip has installed Lib-1\.0 over conda's package"):
        read_prefix(prefix)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("METADATA", b"Name: a\n"),
        ("METADATA", b"\xff\xff"),
        ("direct_url.json", b"{"),
        ("direct_url.json", b"[]"),
        ("direct_url.json", b'{"url": 1, "archive_info": 1}'),
        ("direct_url.json", b'{"url": "https://h.example/a"}'),
    ],
)
def test_damaged_record_of_pip(prefix: Path, file: str, content: bytes) -> None:
    (record(prefix, "a") / file).write_bytes(content)
    with pytest.raises(InputFileError, match=r"a-1\.0\.dist-info: "):
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
