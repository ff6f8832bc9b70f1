"""The demonstration of the main job, from the vendor's channels to the program at the customer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_ends_with_the_newer_program_running_offline(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dev.demo"],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    *_, checked, empty, last = done.stdout.splitlines()
    assert checked.startswith("[checked] the token is nowhere")
    assert not empty
    assert last.startswith("Done: ratingpro 1.3 runs offline at the customer")
    assert "    ratingpro 1.3 with requests" in done.stdout
    assert not list(tmp_path.iterdir()), "the demonstration left files behind"
