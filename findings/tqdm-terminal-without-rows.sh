#!/usr/bin/env bash
# tqdm draws nothing on a terminal that says it has no rows.
#
# A pseudo-terminal that nobody has given a size reports 0 rows and 0 columns, as in containers, in
# CI systems and in tests. tqdm takes 0 columns for "unknown" and 0 rows for a screen without room:
# every draw is left out, without a word. `nrows=20` brings the bar back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tqdm==4.70.1
"$folder/venv/bin/python" - <<'PY'
import fcntl
import os
import pty
import struct
import sys
import termios

from tqdm import __version__, tqdm


def drawn(rows: int, columns: int, **options: int) -> bool:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with os.fdopen(slave, "w") as terminal:
        # tqdm asks for the size of stderr and stdout alone
        stderr, sys.stderr = sys.stderr, terminal
        for _ in tqdm(range(3), mininterval=0, **options):
            pass
        sys.stderr = stderr
        terminal.flush()
        os.set_blocking(master, False)
        try:
            text = os.read(master, 10000)
        except BlockingIOError:
            text = b""
    os.close(master)
    return b"3/3" in text


print("tqdm", __version__)
seen = {
    "24 rows, 80 columns": drawn(24, 80),
    "0 rows, 0 columns": drawn(0, 0),
    "0 rows, 0 columns, nrows=20": drawn(0, 0, nrows=20),
}
for size, there in seen.items():
    print(f"{size}: {'a bar' if there else 'nothing'}")
sys.exit(list(seen.values()) != [True, False, True])
PY
