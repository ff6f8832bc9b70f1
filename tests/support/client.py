"""Runs conda in a fork of another process; a script for `tests.support.launcher`.

Its arguments are the port of the one who lets it run, and those of conda.
"""

from __future__ import annotations

import json
import os
import socket
import sys

request = {"arguments": sys.argv[2:], "cwd": os.getcwd(), "variables": dict(os.environ)}
with (
    socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server,
    server.makefile("rw", encoding="utf-8") as stream,
):
    stream.write(f"{json.dumps(request)}\n")
    stream.flush()
    reply = json.load(stream)
sys.stdout.write(reply["stdout"])
sys.stderr.write(reply["stderr"])
sys.exit(reply["status"])
