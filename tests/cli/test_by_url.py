"""`show`, `diff`, `verify`, `sync`, `pack` by the URL of a repository."""

from __future__ import annotations

import json
import shutil
import time
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import reset_context

from conda_offline_repo.cli import pack, show, sync, verify
from conda_offline_repo.queries.exceptions import ArchiveError
from conda_offline_repo.repository import halfway
from conda_offline_repo.repository.exceptions import HalfPublishedError, SignatureError
from conda_offline_repo.repository.manifest import MANIFEST_NAME, NEXT_NAME
from dev.upstream.server import ChannelServer
from tests.support.delivering import files
from tests.support.inside import inside
from tests.support.keys import SigningKey, sign
from tests.support.mirror import another
from tests.support.running import Customer
from tests.support.suite import CORE, LICENSE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mirror import Mirror

INDEX = "noarch/repodata.json"
KEY = SigningKey("vendor")


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """What the server serves as `acme`."""
    return shutil.copytree(published, tmp_path / "served" / "acme")


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[ChannelServer]:
    with inside(tmp_path / "me"), ChannelServer(folder.parent) as server:
        yield server


@pytest.fixture
def url(server: ChannelServer) -> str:
    return f"{server.url}/acme"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halfway, "PATIENCE", 0.0)
    monkeypatch.setattr(halfway, "PAUSE", 0.0)


def typed(**values: object) -> Namespace:
    """Arguments as the parser of a verb has them."""
    usual: dict[str, object] = {
        **dict.fromkeys(("label", "why", "since", "volume_size", "output"), None),
        **dict.fromkeys(("scripts", "affected", "report", "policy", "format"), None),
        **dict.fromkeys(("brief", "releases", "licenses", "allow_older"), False),
        "trust": [],
    }
    return Namespace(**{f"offline_repo_{name}": v for name, v in {**usual, **values}.items()})


def test_all_verbs_of_conda(tmp_path: Path, mirror: Mirror) -> None:
    """As they are typed, with a login that is never shown."""
    mirror.copy(2, tmp_path / "served" / "bank")
    me, target = Customer(tmp_path / "me"), tmp_path / "share" / "bank"
    login = {"bank": ("maria", "pa55:word")}
    with ChannelServer(tmp_path / "served", basic=login) as server:
        host = server.url.removeprefix("http://")
        url, shown = f"http://maria:pa55%3Aword@{host}/bank", f"{server.url}/bank"
        results = [
            me.run("offline-repo", "show", url, "--json"),
            me.run("offline-repo", "diff", mirror.builds[1], url),
            me.run("offline-repo", "verify", url, "--json"),
            me.run("offline-repo", "sync", url, target, "--json"),
            me.fail("offline-repo", "show", shown),
        ]
    assert results[0].json["repositories"][0]["path"] == shown
    assert "app 1.0 -> 2.0" in results[1].stdout
    assert [*results[2].json["repositories"]] == [shown]
    assert results[3].json["source"] == shown
    assert "http:" in results[3].json["warnings"][0]
    assert files(target) == files(mirror.builds[2])
    assert "HTTP 401" in results[4].output
    assert all("pa55" not in result.output for result in results)


@pytest.mark.parametrize("mode", ["brief", "releases", "licenses", "why", "packages"])
def test_show_is_the_same_as_of_the_folder(
    url: str, folder: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    chosen = {"why": "core"} if mode == "why" else {mode: True}
    show.execute(typed(path=str(folder), **chosen))
    local = capsys.readouterr()
    show.execute(typed(path=url, **chosen))
    served = capsys.readouterr()
    assert served.out == local.out.replace(str(folder), url)
    assert "warning: " in served.err
    assert not local.err.startswith("warning")
    assert LICENSE.strip() in served.out or mode != "licenses"


def test_affected_is_the_same_as_of_the_folder(
    url: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    advisory = tmp_path / "advisory.json"
    package = {"ecosystem": "PyPI", "name": "pip"}
    content = {"id": "A-1", "affected": [{"package": package, "versions": ["24.0"]}]}
    advisory.write_text(json.dumps(content))
    shown = []
    for place in (url, folder):
        assert show.execute(typed(path=str(place), affected=str(advisory))) == 3
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "A-1" in shown[0]


def test_label_below_a_url(server: ChannelServer, capsys: pytest.CaptureFixture[str]) -> None:
    show.execute(typed(path=f"{server.url}/", label="acme", brief=True))
    assert "acme" in capsys.readouterr().out


def test_archive_with_licences_has_to_be_the_right_one(url: str, folder: Path) -> None:
    (folder / CORE).write_bytes(another(folder / CORE))
    with pytest.raises(ArchiveError, match="not the archive in the manifest"):
        show.execute(typed(path=url, licenses=True))
    (folder / CORE).unlink()
    with pytest.raises(ArchiveError, match="it is missing"):
        show.execute(typed(path=url, licenses=True))


def test_signed_repository_needs_no_encryption(
    url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(folder, KEY)
    show.execute(typed(path=url, brief=True))
    shown = capsys.readouterr()
    assert KEY.fingerprint in shown.out
    assert not shown.err


def test_verify_reads_each_file_once(
    server: ChannelServer, url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.execute(typed(path=url)) == 0
    shown = capsys.readouterr().out
    assert "is complete and unchanged" in shown
    assert "a web server does not list them" in shown
    asked = [r.path.removeprefix("/acme/") for r in server.requests]
    for name in files(folder).keys() - {MANIFEST_NAME}:
        assert asked.count(name) == 1 + name.endswith(INDEX.rpartition("/")[2])


def test_verify_names_damage(
    server: ChannelServer, url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / CORE).write_bytes(another(folder / CORE))
    (folder / "README.txt").unlink()
    (folder / "noarch" / "repodata.json.zst").write_bytes(b"")
    (folder / "linux-64" / "current_repodata.json").write_bytes(b"<html>Not found</html>")
    for name in ("use.sh", "linux-64/repodata.json"):
        server.fault(name, "status", status=403)
    assert verify.execute(typed(path=url)) == 1
    shown = capsys.readouterr().out.splitlines()
    assert f"changed: {CORE}" in shown
    assert "missing: README.txt" in shown
    assert "unreadable: use.sh" in shown
    assert "unreadable: linux-64/repodata.json" in shown
    assert "extra: noarch/repodata.json.zst" in shown
    assert not any("current_repodata" in line for line in shown)
    assert any("Publish it there again" in line for line in shown)


@pytest.mark.usefixtures("impatient")
def test_index_that_a_server_made_anew(
    url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = json.loads((folder / INDEX).read_bytes())
    (folder / INDEX).write_text(json.dumps(index))
    assert verify.execute(typed(path=url)) == 1
    shown = capsys.readouterr()
    assert f"changed: {INDEX}" in shown.out
    assert "Artifactory" in shown.out
    assert shown.err.count("is being published") == 1
    with pytest.raises(HalfPublishedError, match="Artifactory"):
        show.execute(typed(path=url))
    with pytest.raises(HalfPublishedError):
        pack.execute(typed(path=url, output=str(folder.parent / "x.zip")))
    assert not (folder.parent / "x.zip").exists()


@pytest.mark.usefixtures("impatient")
def test_signature_of_another_manifest(url: str, folder: Path) -> None:
    sign(folder, KEY)
    (folder / MANIFEST_NAME).write_bytes((folder / MANIFEST_NAME).read_bytes() + b"\n")
    with pytest.raises(HalfPublishedError, match="another") as caught:
        show.execute(typed(path=url))
    assert "Artifactory" not in str(caught.value)
    with pytest.raises(SignatureError):
        verify.execute(typed(path=url))


def test_publication_under_way_is_told(
    url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(folder / MANIFEST_NAME, folder / NEXT_NAME)
    assert verify.execute(typed(path=url)) == verify.UNFINISHED
    assert "under way or was interrupted" in capsys.readouterr().out


@pytest.mark.usefixtures("impatient")
def test_sync_waits_for_the_end_of_a_publication(
    monkeypatch: pytest.MonkeyPatch, url: str, folder: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(halfway, "PATIENCE", 60.0)
    right = (folder / INDEX).read_bytes()
    (folder / INDEX).write_bytes(b"{}")
    monkeypatch.setattr(time, "sleep", lambda _: (folder / INDEX).write_bytes(right))
    target = tmp_path / "share" / "acme"
    assert sync.execute(typed(source=url, target=str(target))) == 0
    assert files(target) == files(folder)


def test_json_has_public_urls(
    server: ChannelServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_JSON", "true")
    reset_context()
    token = "tk-0123456789abcdef"
    show.execute(typed(path=f"{server.url}/t/{token}/acme/"))
    shown = capsys.readouterr()
    assert json.loads(shown.out)["repositories"][0]["path"] == f"{server.url}/acme"
    assert token not in shown.out + shown.err
