"""Run a command on a terminal that nobody looks at; as a script: `terminal.py [--pipe] COMMAND …`.

With `--pipe` its stderr goes through a pipe instead. What it writes there is read and dropped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

SIZE = 1 << 16


def main() -> int:
    pipe = sys.argv[1] == "--pipe"
    ours, theirs = os.pipe() if pipe else os.openpty()
    with subprocess.Popen(sys.argv[2 if pipe else 1 :], stderr=theirs) as process:
        os.close(theirs)
        last = b""
        with suppress(OSError):  # how Linux tells that a terminal has been left
            while content := os.read(ours, SIZE):
                last = content
    if process.returncode:
        print(last.decode(errors="replace"), file=sys.stderr)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
