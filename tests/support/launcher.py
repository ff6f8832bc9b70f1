"""A `conda` for scripts that is ready at once; POSIX systems only. See `tests.support.forks`."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import TYPE_CHECKING

from tests.support import forks

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT = Path(__file__).with_name("client.py")


class _Run(StreamRequestHandler):
    """Runs conda for one client."""

    def handle(self) -> None:
        self.wfile.write(json.dumps(forks.run(**json.loads(self.rfile.readline()))).encode())


@contextmanager
def launcher() -> Iterator[str]:
    """Serve clients that run conda; yields the command that does, for a POSIX shell."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Run) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield shlex.join([sys.executable, "-IS", str(CLIENT), str(server.server_address[1])])
        finally:
            server.shutdown()
            thread.join()
