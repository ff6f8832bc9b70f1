"""Files of any kind, and files that are none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError
from conda_offline_repo.builder.request.inputs.read import read_file
from conda_offline_repo.builder.request.inputs.text import LIMIT
from dev.upstream.cable import Cable
from tests.builder.request.inputs.test_lock_file import made
from tests.support.running import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.builder.request.inputs.conftest import Laid

REPOSITORY = Path(__file__).resolve().parents[4]
READ = """\
import sys
from pathlib import Path
from conda_offline_repo.builder.request.inputs.prefix import read_prefix
from conda_offline_repo.builder.request.inputs.read import read_file
for name in sys.argv[1:]:
    path = Path(name)
    print(read_prefix(path) if path.is_dir() else len(read_file(path)))
"""


def test_reads_and_does_nothing_else(laid: Laid, tmp_path: Path) -> None:
    """Conda neither asks a server for anything, nor touches a cache or an environment."""
    files = {
        "list": laid.conda.run("list", "-n", "mine", "--explicit", "--md5").stdout,
        "environment.yml": f"channels: ['{laid.open_url}']\ndependencies: [app]\n",
        "conda-lock.yml": "",
        "pixi.lock": "",
    }
    paths = [tmp_path / name for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    lock = """\
version: 1
metadata: {content_hash: {}, channels: [{url: URL, used_env_vars: []}], platforms: [linux-64],
  sources: []}
package:
- {name: lib, version: '1.0', manager: conda, platform: linux-64, dependencies: {},
  url: URL/noarch/lib-1.0-0.conda, hash: {md5: d41d8cd98f00b204e9800998ecf8427e}, category: main,
  optional: false}
"""
    paths[2].write_text(lock.replace("URL", laid.open_url))
    made(laid, paths[3])
    paths.append(laid.prefix)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before, asked = snapshot(laid.conda.folder), len(laid.server.requests)
    assert asked
    with Cable() as cable:
        done = subprocess.run(
            [sys.executable, "-c", READ, *map(str, paths)],
            cwd=tmp_path,
            env={
                **laid.conda.variables,
                **cable.proxies,
                **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
                "PYTHONPATH": str(REPOSITORY),
            },
            capture_output=True,
            encoding="utf-8",
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert len(done.stdout.splitlines()) == len(paths)
        assert cable.refused == 0
    assert len(laid.server.requests) == asked
    assert snapshot(laid.conda.folder) == before
    assert not list(scratch.iterdir())


def test_of_another_kind(write: Callable[[str], Path]) -> None:
    for text in ("lib\n", "[project]\nname = 'x'\n", "version: 6\n", "[lib]\n"):
        with pytest.raises(InputFileError, match="it is not an environment.yml, a list of conda"):
            read_file(write(text))


def test_empty(write: Callable[[str], Path]) -> None:
    for text in ("", "\ufeff", " \r\n"):
        with pytest.raises(InputFileError, match="it is empty"):
            read_file(write(text))


def test_not_text(tmp_path: Path) -> None:
    for content in (b"\x80", b"\xff\xfe\x00", "dependencies: [é]".encode("latin-1")):
        path = tmp_path / "environment.yml"
        path.write_bytes(content)
        with pytest.raises(InputFileError, match="not text in UTF-8"):
            read_file(path)


def test_no_file(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (tmp_path / "missing", tmp_path, tmp_path / "missing" / "below", loop):
        with pytest.raises(InputFileError) as error:
            read_file(path)
        assert str(error.value).startswith(f"{path} cannot be used: ")


@pytest.mark.timeout(60)
def test_never_ends(tmp_path: Path) -> None:
    pipe = tmp_path / "environment.yml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(InputFileError, match="not a regular file"):
            read_file(path)


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(InputFileError, match=f"larger than {LIMIT} bytes"):
        read_file(path)


def test_by_way_of_a_link(write: Callable[[str], Path], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(write("dependencies: [lib]\n"))
    (read,) = read_file(link)
    assert read.packages == ("lib",)
