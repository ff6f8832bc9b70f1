"""The server of the tutorial; the tutorial itself is run by `tests/docs`."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "dev.serve", "--port", port],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert done.stdout.startswith(f"Port {port} cannot be used (")
    assert not done.stderr
