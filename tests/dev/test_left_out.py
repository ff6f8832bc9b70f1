"""What is left out of a run of all tests is told at its end."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.builder.pypi import test_same_bytes
from tests.builder.release import test_signing
from tests.builder.release.html import test_browser
from tests.builder.release.plain_conda import test_authenticode, test_use_ps1
from tests.cli import test_sbom
from tests.support import nginx, stores
from tests.support.left_out import SKIPPED, left_out
from tests.support.systems import BROWSER

if TYPE_CHECKING:
    from tests.support.running import Conda

TESTS = Path(__file__).parents[1]
#: Runs all tests, and then those of a file.
TWO_RUNS = """\
import pytest
for more in ([], ["test_it.py"]):
    pytest.main(["-p", "tests.conftest", "-c", "pytest.ini", *more])
    print("=END=")
"""


def test_each_group_is_told_with_its_command() -> None:
    marks = (
        test_browser.axe,
        test_same_bytes.needs_faketime,
        nginx.needs_nginx,
        test_sbom.needs_sboms,
        test_signing.pytestmark,
        test_authenticode.needs_osslsigncode,
        test_use_ps1.needs_powershell,
    )
    reasons = [BROWSER, stores.MISSING.format("smbd"), *(mark.kwargs["reason"] for mark in marks)]
    lines = [*left_out(reasons, "rattler")]
    assert [line.partition(": ")[::2] for line in lines[:-1]] == [*SKIPPED.values()]
    assert lines[-1].startswith("the solver libmamba: conda create ")
    assert [line.partition(":")[0] for line in left_out([], "classic")] == [
        *("the solver libmamba", "the solver rattler")
    ]


def test_a_run_of_all_tells_it_before_its_last_line(conda: Conda, tmp_path: Path) -> None:
    solver = conda.run("config", "--show", "solver", "--json").json["solver"]
    (tmp_path / "test_it.py").write_text(
        f"import pytest\n\n\ndef test_it():\n    pytest.skip({BROWSER!r})\n"
    )
    ini = f"[pytest]\ntestpaths = {tmp_path.as_posix()}\npythonpath = {TESTS.parent.as_posix()}\n"
    (tmp_path / "pytest.ini").write_text(ini)
    done = subprocess.run(
        [sys.executable, "-c", TWO_RUNS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    told, silent, _ = done.stdout.split("=END=\n")
    for output, others in ((told, {"libmamba", "rattler"} - {solver}), (silent, set())):
        assert "1 skipped" in output.splitlines()[-1], done
        assert ("sudo apt install chromium" in output) == bool(others)
        assert {*re.findall("the solver (.+): ", output)} == others
