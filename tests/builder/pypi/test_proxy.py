"""An index behind a proxy that only pip's settings name."""

from __future__ import annotations

import hashlib
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.pip_vendor import versions

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.pip_vendor import PipVendor


class Proxy(SimpleHTTPRequestHandler):
    """Answers for every host of the network with the files of a folder."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(urlsplit(path).path)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_wheels_come_through_the_proxy_of_pip(
    vendor: PipVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = vendor.wheel("app", "1.0")
    page = vendor.wheels / "simple" / "app" / "index.html"
    page.parent.mkdir(parents=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page.write_text(f'<a href="/{wheel.name}#sha256={digest}">{wheel.name}</a>')
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Proxy, directory=str(vendor.wheels))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = f"index-url = http://index.example/simple\nproxy = http://127.0.0.1:{server.server_port}"
        (tmp_path / "pip.conf").write_text(f"[global]\n{settings}\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        outcome = vendor.build(pip=("app",))
        server.shutdown()
    assert versions(outcome) == {"app": "1.0 PyPI"}
    (package,) = [package for package in outcome.manifest.packages.values() if package.wheel]
    assert package.url == f"http://index.example/{wheel.name}"
    assert "HTTP_PROXY" not in os.environ
