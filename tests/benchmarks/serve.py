"""Serve the channels below a folder until stdin ends.

    python -m tests.benchmarks.serve FOLDER [SECONDS before each answer]

The server of the tests keeps a log and can misbehave; this one does as little as it can, because it
runs on the cores of those that are timed.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from typing import Any


TOKEN = re.compile(r"^/t/[^/]+")


class Handler(SimpleHTTPRequestHandler):
    """Hands whole files to the system, over connections that stay open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connection: socket.socket

    def translate_path(self, path: str) -> str:
        """The file behind a path, with or without a token in it."""
        return super().translate_path(TOKEN.sub("", path))

    def send_head(self) -> Any:
        """Send the headers; of an index that the client has, no more than that (RFC 9110, 13.1.2).

        Older ways of asking for that are answered by the system's server; conda does not use them.
        """
        time.sleep(float(sys.argv[2]) if sys.argv[2:] else 0)
        path = Path(self.translate_path(self.path))
        known = self.headers.get("If-None-Match")
        if known and path.is_file() and known == _etag(path):
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.end_headers()
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """End them with the file's tag."""
        path = Path(self.translate_path(self.path))
        if path.is_file():
            self.send_header("ETag", _etag(path))
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file's content; what is in `outputfile` already goes before it."""
        outputfile.flush()
        self.connection.sendfile(source)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _etag(path: Path) -> str:
    state = path.stat()
    return f'"{state.st_mtime_ns:x}-{state.st_size:x}"'


class Server(ThreadingHTTPServer):
    """One thread a connection."""

    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over clients that hang up."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), partial(Handler, directory=sys.argv[1])) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        server.shutdown()
