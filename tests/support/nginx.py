"""nginx, where it is installed, with the lines of the documentation and a certificate."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, Fence, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NGINX, OPENSSL = shutil.which("nginx"), shutil.which("openssl")
needs_nginx = pytest.mark.skipif(
    not (NGINX and OPENSSL), reason="nginx or openssl is not installed"
)
#: What a system's own configuration has around the lines of the documentation.
AROUND = """\
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
master_process off;
events {{}}
http {{
    access_log off;
    {paths}
    {server}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
#: Seconds, far more than it takes to start.
PATIENCE = 30.0


def lines() -> str:
    """The lines of the documentation."""
    page = (DOCS / "how-to" / "fleet.md").read_text("utf-8")
    (fence,) = (f for f in read(page) if isinstance(f, Fence) and f.language == "nginx")
    return fence.content


@contextmanager
def nginx(root: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Let nginx serve a root, as the documentation says.

    Yields:
        The URL, and the file with the certificate of the authority.
    """
    folder.mkdir()
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = lines()
    for old, new in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "/etc/nginx/conda.bank.example.crt": f"{certificate}",
        "/etc/nginx/conda.bank.example.key": f"{key}",
        "root /srv/www/conda": f"root {root}",
    }.items():
        assert old in server
        server = server.replace(old, new)
    assert not re.search("/etc/|/srv/", server)
    paths = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(folder=folder, paths=paths, server=server))
    with subprocess.Popen(
        ["nginx", "-p", folder, "-c", configuration], stderr=subprocess.PIPE
    ) as process:
        try:
            _wait(process, port)
            yield f"https://127.0.0.1:{port}", certificate
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    stderr = process.stderr.read() if process.stderr and process.poll() is not None else b""
    raise AssertionError(f"nginx does not start: {stderr!r}")
