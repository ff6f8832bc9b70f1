"""The web server of docs/how-to/fleet.md: nginx with its lines, and an authority of its own."""

from __future__ import annotations

import ssl
import urllib.request
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import HTTPError

import pytest

from tests.support.delivering import files
from tests.support.nginx import needs_nginx, nginx
from tests.support.running import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from tests.support.mirror import Mirror

pytestmark = needs_nginx


class Web(NamedTuple):
    """nginx, which serves releases of `bank`."""

    url: str
    authority: Path
    bank: Path

    def get(self, path: str, **headers: str) -> tuple[int, Message]:
        """The status and the headers of an answer."""
        context = ssl.create_default_context(cafile=str(self.authority))
        request = urllib.request.Request(f"{self.url}/{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, context=context) as answer:
                return answer.status, answer.headers
        except HTTPError as error:
            return error.code, error.headers


@pytest.fixture(scope="module")
def web(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    root = tmp_path_factory.mktemp("www") / "conda"
    bank = mirror.copy(1, root / "bank")
    (root / ".abc").mkdir()
    (root / ".abc" / "staged").write_text("")
    with nginx(root, root.parent / "nginx") as (url, authority):
        yield Web(url, authority, bank)


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("bank/offline-repo.json", 200, "application/json"),
        ("bank/noarch/repodata.json", 200, "application/json"),
        ("bank/noarch/app-1.0-0.conda", 200, "application/octet-stream"),
        ("bank/SHA256SUMS", 200, "application/octet-stream"),
        ("bank/use.sh", 200, "text/plain"),
        ("bank/", 200, "text/html"),
        ("bank/offline-repo.next.json", 404, "text/html"),
        ("bank/noarch/repodata.json.zst", 404, "text/html"),
        (".abc/staged", 404, "text/html"),
    ],
)
def test_what_is_served_and_how(web: Web, path: str, status: int, kind: str) -> None:
    answer, headers = web.get(path)
    assert (answer, headers.get_content_type()) == (status, kind)
    if not path.startswith("."):
        assert headers["Cache-Control"] == "no-cache"
    if status == 200:
        assert web.get(path, **{"If-None-Match": headers["ETag"]})[0] == 304


def test_delivery_and_environment_by_https(web: Web, mirror: Mirror, tmp_path: Path) -> None:
    me, url, target = Customer(tmp_path / "me"), f"{web.url}/bank", tmp_path / "share" / "bank"
    told = me.fail("offline-repo", "sync", url, target).stderr
    assert "certificate is not accepted" in told
    assert "ssl_verify" in told
    assert not target.exists()
    me.configure(ssl_verify=str(web.authority))
    assert "warning" not in me.run("offline-repo", "sync", url, target).stderr
    assert files(target) == files(web.bank)
    me.run("offline-repo", "use", url, "-n", "e", "--yes", "app")
    mirror.copy(2, web.bank)
    me.run("update", "--yes", "app", **me.activated("e"))
    assert me.installed("e")["app"].startswith("2.0")
    me.run("offline-repo", "verify", url)
    me.run("offline-repo", "sync", url, target)
    assert files(target) == files(mirror.builds[2])
