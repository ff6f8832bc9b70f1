"""Serve the channels below a folder until stdin ends: `python -m tests.benchmarks.serve FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from dev.upstream.server import ChannelServer

if __name__ == "__main__":
    with ChannelServer(Path(sys.argv[1])) as server:
        print(server.url, flush=True)
        sys.stdin.read()
