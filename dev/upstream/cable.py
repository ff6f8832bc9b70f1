"""A cable between a machine and a server, which can be cut."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from dev.upstream.server import ChannelServer


class Cable(ThreadingTCPServer):
    """The one way to a server, on 127.0.0.1; its address stays when the server is another.

    While it is cut, whoever calls is hung up on, and counted.

    Attributes:
        far: where it leads; None while it is cut.
        refused: how many have called while it was cut.
        url: where it begins, without a slash at the end.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.far: tuple[str, int] | None = None
        self.refused = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def proxies(self) -> dict[str, str]:
        """The process environment that sends all traffic here."""
        names = ("http_proxy", "https_proxy", "all_proxy")
        return {
            **{name: self.url for name in names},
            **{name.upper(): self.url for name in names},
            "no_proxy": "",
            "NO_PROXY": "",
        }

    def __exit__(self, *error: Any) -> None:
        self.shutdown()
        super().__exit__(*error)

    @contextmanager
    def to(self, server: ChannelServer) -> Iterator[None]:
        """Lead to `server` for a while."""
        address = urlsplit(server.url)
        self.far = (str(address.hostname), address.port or 0)
        try:
            yield
        finally:
            self.far = None


class _Call(BaseRequestHandler):
    server: Cable

    def handle(self) -> None:
        if self.server.far is None:
            self.server.refused += 1
            return
        with socket.create_connection(self.server.far) as far:
            Thread(target=_pass_on, args=(far, self.request), daemon=True).start()
            _pass_on(self.request, far)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(1 << 16):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
