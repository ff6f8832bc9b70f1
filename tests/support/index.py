"""An index of wheels on this machine, as pypiserver serves one; it counts the requests."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pypiserver  # type: ignore[import-untyped]
from passlib.apache import HtpasswdFile  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import Any


@dataclass
class Index:
    """An index while it is served.

    Attributes:
        server: its address, without a slash at the end.
        folder: where its wheels lie.
        requests: the path, and the header with the credentials, if it came.
        answers: by the end of a path, what is answered in the place of pypiserver: status, headers
            and body.
    """

    server: str
    folder: Path
    requests: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, tuple[str, dict[str, str], str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where uv and pip find it."""
        return f"{self.server}/simple/"

    def url_with(self, user: str, password: str) -> str:
        """The same, with credentials."""
        login = ":".join(quote(text, safe="") for text in (user, password))
        return self.url.replace("://", f"://{login}@")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        super(WSGIServer, self).server_bind()  # without asking for the machine's name
        self.setup_environ()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path, login: tuple[str, str] | None = None) -> Iterator[Index]:
    """Serve the wheels of a folder.

    Args:
        folder: there already.
        login: the user and the password that all is for; for everybody, if there is none.
    """
    passwords, asked = ".", []
    if login:
        file = HtpasswdFile(default_scheme="ldap_sha1")
        file.set_password(*login)
        path = folder.parent / f"{folder.name}.htpasswd"
        file.save(path)
        passwords, asked = str(path), ["list", "download", "update"]
    app = pypiserver.app(
        roots=[folder],
        password_file=passwords,
        authenticate=asked,
        disable_fallback=True,
        backend_arg="simple-dir",
    )

    def recorded(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        index.requests.append((path, environ.get("HTTP_AUTHORIZATION", "")))
        for end, (status, headers, body) in index.answers.items():
            if path.endswith(end):
                start(status, [*headers.items()])
                return [body.encode()]
        answer: Iterable[bytes] = app(environ, start)
        return answer

    with make_server("127.0.0.1", 0, recorded, _Server, _Silent) as server:
        index = Index(f"http://127.0.0.1:{server.server_port}", folder)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
