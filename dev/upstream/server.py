"""A conda channel server on this machine: it keeps secrets, counts requests and can misbehave."""

from __future__ import annotations

import base64
import re
import select
import socket
import struct
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Any

FAULTS = ("status", "short", "cut", "wrong", "endless", "stall", "reset", "slow", "drip", "odd")
ENDLESS = 200_000_000
CHUNK = 1 << 16


@dataclass(frozen=True)
class Request:
    """What a client asked for and what it got.

    Attributes:
        method: ``GET`` or ``HEAD``.
        path: as it stood in the request, a token included.
        status: the status of the answer.
        sent_bytes: of the body, handed to the network; complete once the client has them all.
        range_start: the first byte that the client asked for, ``None`` without a range.
        headers: of the request, by lower-case name.
        connection: the client's port, the same for all requests over a connection.
    """

    method: str
    path: str
    status: int
    sent_bytes: int
    range_start: int | None
    headers: dict[str, str]
    connection: int


@dataclass
class _Exchange:
    """A request in the log, replaced as long as its answer is being sent."""

    request: Request


@dataclass
class _Fault:
    path_suffix: str
    kind: str
    times: int | None
    status: int
    retry_after: str | None
    seconds: float | None
    headers: dict[str, str]


@dataclass
class _Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class ChannelServer:
    """Serves the channels under a folder over HTTP/1.1 from a thread, on 127.0.0.1.

    Use it as a context manager, or call `stop`. ``GET`` and ``HEAD``, entity tags and ranges
    without an end (``bytes=N-``) work as they do on the servers that conda knows.

    Attributes:
        url: where it listens, without a slash at the end.
    """

    def __init__(
        self,
        root: Path,
        *,
        private: Mapping[str, str] | None = None,
        refusal: int = 404,
        basic: Mapping[str, tuple[str, str]] | None = None,
        port: int = 0,
    ) -> None:
        """Start to listen.

        Args:
            root: the folder that holds the channels; names in it that begin with a dot are hidden.
            private: for the first component of a path, the token that opens it: it is served
                under ``/t/TOKEN/`` alone. What is not named here is served under any token and
                without one.
            refusal: the status for a wrong or a missing token.
            basic: for the first component of a path, the user and the password that open it; the
                status for others is 401.
            port: where to listen; any that is free, if 0.

        Raises:
            OSError: the port is taken.
        """
        self._root = root.resolve()
        self._private = dict(private or {})
        self._refusal = refusal
        self._basic = dict(basic or {})
        self._lock = threading.Lock()
        self._log: list[_Exchange] = []
        self._faults: list[_Fault] = []
        self._server = _Server(self, port)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> ChannelServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, in order, those that are being answered included."""
        with self._lock:
            return tuple(exchange.request for exchange in self._log)

    def packages(self) -> list[str]:
        """The paths of the archives that were sent, in order, as they stood in the requests."""
        return [
            request.path
            for request in self.requests
            if request.method == "GET"
            and request.status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
            and request.path.endswith((".conda", ".tar.bz2"))
        ]

    def clear(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self._log.clear()

    def fault(
        self,
        path_suffix: str,
        kind: str,
        *,
        times: int | None = None,
        status: int = 503,
        retry_after: str | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer some ``GET`` requests wrongly; of several faults the first is used up first.

        Args:
            path_suffix: how the paths of these requests end.
            kind: what becomes of the file:
                ``status``: an error instead of it, also where there is no file;
                ``short``: half of it, though all of it is announced, then the end;
                ``cut``: half of it, announced as if this were all;
                ``wrong``: one byte in the middle is another;
                ``endless``: all of it without an announced length, then zeros until the client
                hangs up;
                ``stall``: half of it, then silence until the client hangs up;
                ``reset``: half of it, then the connection is reset;
                ``slow``: all of it in ten pieces with pauses;
                ``drip``: byte after byte with pauses, without an announced length, until the client
                hangs up;
                ``odd``: all of it, under odd headers.
            times: how many requests this befalls; all, if ``None``.
            status: for ``status``.
            retry_after: for ``status``, the header ``Retry-After``.
            seconds: the longest silence of ``stall`` (120 unless told), the pause of ``slow`` and
                ``drip`` (0.05 unless told).
            headers: for ``status`` and ``odd``, other and more headers; an empty one is left out.

        Raises:
            ValueError: there is no such kind.
        """
        if kind not in FAULTS:
            raise ValueError(f"no fault {kind!r}; there are {', '.join(FAULTS)}")
        with self._lock:
            self._faults.append(
                _Fault(path_suffix, kind, times, status, retry_after, seconds, dict(headers or {}))
            )

    def clear_faults(self) -> None:
        """Behave well again."""
        with self._lock:
            self._faults.clear()

    def stop(self) -> None:
        """Refuse new connections and end those there are; returns when all is over."""
        self._server.shutdown()
        self._server.close_all()
        self._thread.join()

    def _receive(
        self, method: str, path: str, headers: dict[str, str], connection: int
    ) -> tuple[_Answer, _Fault | None, _Exchange]:
        """Decide on the answer to a request and on what spoils its body, and remember both."""
        fault = None
        address = unquote(path.partition("?")[0])
        refused = self._refused(address, headers)
        if refused is None:
            if method == "GET":
                fault = self._next_fault(address)
            answer = self._answer(address, headers, fault)
        else:
            answer = _error(refused)
        exchange = _Exchange(
            Request(method, path, int(answer.status), 0, _range_start(headers), headers, connection)
        )
        with self._lock:
            self._log.append(exchange)
        return answer, fault, exchange

    def _refused(self, address: str, headers: Mapping[str, str]) -> int | None:
        """The status for a path that points nowhere, or a request without the right secret."""
        token, parts = _split(address)
        if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return HTTPStatus.NOT_FOUND
        if token != self._private.get(parts[0], token):
            return self._refusal
        if parts[0] in self._basic:
            secret = base64.b64encode(":".join(self._basic[parts[0]]).encode()).decode()
            if headers.get("authorization") != f"Basic {secret}":
                return HTTPStatus.UNAUTHORIZED
        return None

    def _next_fault(self, address: str) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.times != 0 and address.endswith(fault.path_suffix):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def _answer(self, address: str, headers: Mapping[str, str], fault: _Fault | None) -> _Answer:
        if fault is not None and fault.kind == "status":
            answer = _error(fault.status)
            if fault.retry_after is not None:
                answer.headers["Retry-After"] = fault.retry_after
            answer.headers.update(fault.headers)
            return answer
        path = self._root.joinpath(*_split(address)[1]).resolve()
        if not path.is_relative_to(self._root) or not path.is_file():
            return _error(HTTPStatus.NOT_FOUND)

        body = path.read_bytes()
        tag = f'"{path.stat().st_mtime_ns:x}-{len(body):x}"'
        kind = "application/json" if path.suffix == ".json" else "application/octet-stream"
        about = {"ETag": tag, "Content-Type": kind, "Accept-Ranges": "bytes"}
        if fault is None and headers.get("if-none-match") == tag:
            return _Answer(HTTPStatus.NOT_MODIFIED, about)
        start = _range_start(headers)
        if start is None or headers.get("if-range", tag) != tag:
            return _Answer(HTTPStatus.OK, about, body)
        if start >= len(body):
            answer = _error(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            answer.headers["Content-Range"] = f"bytes */{len(body)}"
            return answer
        about["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return _Answer(HTTPStatus.PARTIAL_CONTENT, about, body[start:])


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, channels: ChannelServer, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.channels = channels
        self._lock = threading.Lock()
        self._connections: dict[Any, threading.Thread] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close_all(self) -> None:
        """Close the listening socket and every connection, and wait for their threads."""
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        answer, fault, exchange = self._receive()
        if fault is None or not answer.body or fault.kind == "status":
            self._send_head(answer, len(answer.body))
            self._send(exchange, answer.body)
            return

        body = answer.body
        middle = len(body) // 2
        if fault.kind in ("short", "stall", "reset", "cut"):
            body = body[:middle]
        elif fault.kind == "wrong":
            body = body[:middle] + bytes([body[middle] ^ 0xFF]) + body[middle + 1 :]
        elif fault.kind == "odd":
            answer.headers.update({"Content-Length": str(len(body)), **fault.headers})
        announced = len(body) if fault.kind == "cut" else len(answer.body)
        self._send_head(answer, None if fault.kind in ("endless", "drip", "odd") else announced)

        self.close_connection = fault.kind not in ("cut", "wrong", "slow")
        if fault.kind == "drip":
            while True:
                self._send(exchange, b"\0")
                self._wait(0.05 if fault.seconds is None else fault.seconds)
        if fault.kind == "slow":
            piece = len(body) // 10 + 1
            for start in range(0, len(body), piece):
                self._send(exchange, body[start : start + piece])
                self._wait(0.05 if fault.seconds is None else fault.seconds)
            return
        self._send(exchange, body)
        if fault.kind == "endless":
            for _ in range(ENDLESS // CHUNK):
                self._send(exchange, bytes(CHUNK))
        elif fault.kind == "stall":
            self._wait(120 if fault.seconds is None else fault.seconds)
        elif fault.kind == "reset":
            self._reset()

    def do_HEAD(self) -> None:
        answer, _, _ = self._receive()
        self._send_head(answer, len(answer.body))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are in the server's log."""

    def _receive(self) -> tuple[_Answer, _Fault | None, _Exchange]:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.server.channels._receive(
            self.command, self.path, headers, self.client_address[1]
        )

    def _send_head(self, answer: _Answer, length: int | None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if value:
                self.send_header(name, value)
        if length is None:
            self.send_header("Connection", "close")
        elif answer.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, exchange: _Exchange, content: bytes) -> None:
        for start in range(0, len(content), CHUNK):
            piece = content[start : start + CHUNK]
            # Counted first: who has read the last byte finds it in the log.
            sent = exchange.request.sent_bytes + len(piece)
            exchange.request = replace(exchange.request, sent_bytes=sent)
            self.wfile.write(piece)

    def _wait(self, seconds: float) -> None:
        """Wait, though no longer than the connection lasts."""
        select.select([self.connection], [], [], seconds)

    def _reset(self) -> None:
        """Close the connection at once, so that the client sees a reset instead of an end."""
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        socket.close(self.connection.detach())


def _split(address: str) -> tuple[str | None, list[str]]:
    """The token that a path carries, if it does, and the components behind it."""
    parts = address.split("/")[1:]
    if parts[0] == "t" and len(parts) > 2:
        return parts[1], parts[2:]
    return None, parts


def _range_start(headers: Mapping[str, str]) -> int | None:
    match = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
    return int(match[1]) if match else None


def _error(status: int) -> _Answer:
    return _Answer(status, {"Content-Type": "text/plain"}, f"HTTP {int(status)}\n".encode())
