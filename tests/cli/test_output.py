"""What is printed holds no secret, and work that is done is not lost with its printing."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.streams import FilteredStream
from tests.conftest import TOKEN
from tests.support.running import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda

#: What Windows gives a program for a pipe, in Western Europe.
WESTERN = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
VERBS = ("build", "use", "verify", "show", "sync", "pack", "unpack", "diff", "doctor")
#: How the output ends: not at all, after its reader, or with the disk; or that and no stderr.
ENDINGS = [(verb, "closed") for verb in VERBS[:-1]]
ENDINGS += [(verb, ending) for verb in VERBS[:4] for ending in ("full", "none")]
ENDINGS += [(verb, "mute") for verb in ("build", "use", "verify", "sync")]
STRANGE = "şube"
SECRET = "pa55-0f-the-vendor"


def command(verb: str, vendor: Vendor, root: Path) -> tuple[str, ...]:
    """A command of this verb that succeeds, `build` and `use` first."""
    repository = str(root / "bank")
    commands = {
        "build": (*vendor.request[:-2], "--root", str(root), "app"),
        "use": (repository, "-n", "mine", "--yes", "app"),
        "verify": (repository,),
        "show": (repository,),
        "sync": (repository, str(root / "copies" / "bank")),
        "pack": (repository, "-o", str(root / "bank.zip")),
        "unpack": (str(root / "bank.zip"), str(root / "copies" / "bank")),
        "diff": (repository, repository),
    }
    return ("doctor", "-n", "mine") if verb == "doctor" else ("offline-repo", verb, *commands[verb])


def prepare(verb: str, conda: Conda, vendor: Vendor, root: Path, shipped: Path) -> None:
    """See to what has to be there before a verb."""
    if verb != "build":
        shutil.copytree(shipped, root / "bank")
    for before in {"unpack": ("pack",), "doctor": ("use",)}.get(verb, ()):
        conda.run(*command(before, vendor, root), CONDA_OFFLINE_REPO_TOKEN=TOKEN)


@pytest.mark.parametrize("verb", VERBS)
def test_output_that_cannot_show_a_path(
    conda: Conda, vendor: Vendor, shipped: Path, tmp_path: Path, verb: str
) -> None:
    root = tmp_path / STRANGE
    prepare(verb, conda, vendor, root, shipped)
    process = subprocess.run(
        [sys.executable, "-m", "conda", *command(verb, vendor, root)],
        capture_output=True,
        cwd=conda.work,
        env={**conda.variables, **WESTERN, "CONDA_OFFLINE_REPO_TOKEN": TOKEN},
        timeout=PATIENCE,
    )
    output = (process.stdout + process.stderr).decode("cp1252")
    assert process.returncode == 0, output
    assert "\\u015fube" in output or verb == "diff"
    assert TOKEN not in output
    assert "REPORT" not in output
    if verb == "doctor":  # conda's own checks fail there
        files = 10 if sys.platform == "win32" else 9  # use.ps1 is for Windows
        assert f"All of its {files} files are there and unchanged" in output
    else:
        assert "Error" not in output


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EINVAL, errno.ENOSPC])
def test_only_a_reader_that_is_gone_is_not_told(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Windows says EINVAL of a pipe that nobody reads."""

    class Pipe(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(number, "no more")

    FilteredStream(Pipe(), str).write("a line")
    assert bool(capsys.readouterr().err) is (number == errno.ENOSPC)


@pytest.mark.parametrize(("verb", "ending"), ENDINGS)
def test_output_that_goes_nowhere(
    conda: Conda, vendor: Vendor, root: Path, shipped: Path, verb: str, ending: str
) -> None:
    on_disk = ending in ("full", "mute")
    if ending != "closed" and (os.name == "nt" or not os.path.exists("/dev/full")):
        pytest.skip("such an end is not to be had on this system")
    prepare(verb, conda, vendor, root, shipped)
    arguments = [sys.executable, "-m", "conda", *command(verb, vendor, root)]
    if on_disk:
        sink = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, sink = os.pipe()
        os.close(reader)
    if ending in ("none", "mute"):
        closed = "" if ending == "none" else "2"
        arguments = ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *arguments]
    process = subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=subprocess.PIPE,
        cwd=conda.work,
        encoding="utf-8",
        env={**conda.variables, "CONDA_OFFLINE_REPO_TOKEN": TOKEN},
        timeout=PATIENCE,
    )
    os.close(sink)
    assert process.returncode == 0, process.stderr
    assert TOKEN not in process.stderr
    assert "Traceback" not in process.stderr
    assert "REPORT" not in process.stderr
    assert ("the output is incomplete" in process.stderr) == (ending == "full")
    if verb == "build":
        assert (root / "bank" / "offline-repo.json").exists()
    elif verb in ("sync", "unpack"):
        assert (root / "copies" / "bank" / "offline-repo.json").exists()
    elif verb == "pack":
        assert (root / "bank.zip").exists()
    elif verb == "use":
        assert conda.installed("mine") == {"app": "2.0", "lib": "1.1"}


def test_a_closed_stderr_does_not_end_a_build(conda: Conda, vendor: Vendor, root: Path) -> None:
    reader, sink = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "conda", *command("build", vendor, root), "--json"],
        stdout=subprocess.PIPE,
        stderr=sink,
        cwd=conda.work,
        encoding="utf-8",
        env={**conda.variables, "CONDA_OFFLINE_REPO_TOKEN": TOKEN},
        timeout=PATIENCE,
    )
    os.close(sink)
    assert process.returncode == 0
    assert json.loads(process.stdout)["changed"]


@pytest.mark.parametrize("mode", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("verb", ["use", "verify", "show", "doctor"])
def test_configured_credentials_are_not_printed(
    conda: Conda, vendor: Vendor, root: Path, shipped: Path, verb: str, mode: tuple[str, ...]
) -> None:
    prepare(verb, conda, vendor, root, shipped)
    conda.configure(
        custom_channels={"ours": f"https://vendor.example/t/{SECRET}-token"},
        proxy_servers={"https": f"http://me:{SECRET}@proxy.example:3128"},
    )
    with (conda.home / ".condarc").open("a") as condarc:  # `use` and `conda doctor` tell of this
        condarc.write(f"channels: #!final\n  - https://me:{SECRET}@vendor.example/main\n")
    result = conda.run(*command(verb, vendor, root), *(() if verb == "doctor" else mode))
    assert SECRET not in result.output
    if verb in ("use", "doctor"):
        assert "vendor.example/main" in result.output


def test_quiet_is_a_line_for_what_changed(
    conda: Conda, vendor: Vendor, root: Path, shipped: Path
) -> None:
    """And answers, as well as warnings, are as without."""
    conda.configure(channels=["elsewhere"])
    for verb, again in {"build": 0, "sync": 0, "pack": 1, "unpack": 0, "use": 0}.items():
        if verb == "unpack":
            shutil.rmtree(root / "copies")
        run = (*command(verb, vendor, root), "--quiet")
        for lines in (1, again):
            done = conda.run(*run, CONDA_OFFLINE_REPO_TOKEN=TOKEN)
            assert done.stdout.count("\n") == lines, str(done)
            assert ("warning: " in done.stderr) == (verb == "use")
    for verb in ("show", "diff", "verify"):
        run = command(verb, vendor, root)
        assert conda.run(*run, "--quiet").stdout == conda.run(*run).stdout != ""
