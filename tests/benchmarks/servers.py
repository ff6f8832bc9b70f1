"""Servers of other people's making on 127.0.0.1, as far as this machine has them.

nginx serves files by https with a certificate of its own; moto is what PyPI has of S3: a server for
tests in Python, which keeps everything in memory and is no measure of how fast a store is.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from tests.benchmarks.upstream import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"
#: Seconds that a server may take to start.
PATIENCE = 30
NGINX = """\
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {host}:{port} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        root {root};
    }}
}}
"""
S3_BUCKET = "bench"
#: What any client of S3 takes from its environment.
S3_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def need(*tools: str) -> None:
    """See that this machine has some commands.

    Raises:
        UnavailableError: It lacks one.
    """
    for tool in tools:
        if shutil.which(tool) is None:
            raise UnavailableError(f"there is no {tool} on this machine")


@contextmanager
def https(root: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve a folder by nginx; yields where, and the certificate.

    Args:
        root: what is served.
        folder: for the server's own files; not there yet.

    Raises:
        UnavailableError: This machine has no nginx or no openssl.
    """
    need("nginx", "openssl")
    folder.mkdir()
    certificate, port = folder / "certificate.pem", _free_port()
    subject = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}", "-days", "2")
    files = ("-keyout", folder / "key.pem", "-out", certificate)
    kind = ("-x509", "-newkey", "rsa:2048", "-nodes")
    subprocess.run(("openssl", "req", *kind, *subject, *files), check=True, capture_output=True)
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        NGINX.format(user=user, folder=folder, host=HOST, port=port, root=root)
    )
    with _running(port, "nginx", "-p", str(folder), "-c", str(configuration)):
        yield f"https://{HOST}:{port}", certificate


@contextmanager
def s3() -> Iterator[str]:
    """Run a server of S3; yields where.

    Raises:
        UnavailableError: This machine has none.
    """
    need("moto_server")
    port = _free_port()
    with _running(port, "moto_server", "-H", HOST, "-p", str(port)):
        yield f"http://{HOST}:{port}"


def empty(server: str) -> None:
    """Let the server of S3 have one bucket, and nothing in it."""
    for path, method in (("moto-api/reset", "POST"), (S3_BUCKET, "PUT")):
        urlopen(Request(f"{server}/{path}", method=method, data=b"")).close()


@contextmanager
def _running(port: int, *command: str) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            _wait(port)
            yield
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection((HOST, port)):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers at port {port}")
