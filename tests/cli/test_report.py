"""`conda offline-repo show --report`: where its file goes, and where not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files.atomic import STAGED
from dev.upstream.server import ChannelServer
from tests.cli.test_json import check
from tests.support.rewriting import rewrite
from tests.support.running import Customer, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda


@pytest.fixture
def acme(published: Path, tmp_path: Path) -> Path:
    return shutil.copytree(published, tmp_path / "root" / "acme")


@pytest.fixture
def auditor(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "auditor")


def test_a_file_for_a_ticket(auditor: Conda, acme: Path, tmp_path: Path) -> None:
    before = snapshot(acme)
    file = tmp_path / "tickets" / "OPS-1" / "acme.html"
    result = auditor.run("offline-repo", "show", acme, "--report", file)
    assert result.stdout == f"{file}: written\n"
    content = file.read_bytes()
    assert content.startswith(b"<!DOCTYPE html>")
    again = auditor.run("offline-repo", "show", acme.parent, "--report", file)
    assert again.stdout == f"{file}: unchanged\n"
    assert auditor.run("offline-repo", "show", acme, "--report", file, "--quiet").stdout == ""
    file.write_text("that of another release, which is longer" * 1000)
    result = auditor.run("offline-repo", "show", acme, "--report", file, "--json")
    assert check("show_report", result) == {
        "success": True,
        "path": str(file),
        "repository": str(acme),
        "label": "acme",
        "release": 1,
        "build": 1,
        "changed": True,
    }
    assert file.read_bytes() == content
    assert [*file.parent.iterdir()] == [file]
    assert snapshot(acme) == before


def test_from_a_server(auditor: Conda, acme: Path) -> None:
    auditor.run("offline-repo", "show", acme, "--report", "folder.md")
    with ChannelServer(acme.parent) as server:
        auditor.run("offline-repo", "show", f"{server.url}/acme", "--report", "url.md")
    assert (auditor.work / "url.md").read_bytes() == (auditor.work / "folder.md").read_bytes()


def test_one_of_several_labels(auditor: Conda, acme: Path) -> None:
    shutil.copytree(acme, acme.with_name("bank"))
    rewrite(acme.with_name("bank"), label="bank")
    result = auditor.fail("offline-repo", "show", "--report", "x.md", cwd=acme.parent)
    assert "--label" in result.stderr
    assert sorted(path.name for path in acme.parent.iterdir()) == ["acme", "bank"]
    auditor.run("offline-repo", "show", acme.parent, "--label", "bank", "--report", "x.md")
    assert (auditor.work / "x.md").read_text("utf-8").startswith("# bank, release 1\n")


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("acme.txt", "ends in .html, .md or .json"),
        ("", "ends in .html, .md or .json"),
        ("root/acme/report.md", "may contain only its own files"),
        ("root/acme/new/report.md", "may contain only its own files"),
        ("link/report.md", "may contain only its own files"),
        ("folder.md", "a folder has this name"),
        ("file/report.md", "cannot be written"),
        ("https://example.com/report.md", "is an address of the network"),
    ],
)
def test_refused(auditor: Conda, acme: Path, tmp_path: Path, file: str, reason: str) -> None:
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(acme)
    before = snapshot(tmp_path / "root")
    result = auditor.fail("offline-repo", "show", acme, "--report", file, cwd=tmp_path)
    assert reason in " ".join(result.stderr.split())
    assert snapshot(tmp_path / "root") == before
    assert [*tmp_path.rglob(f"*{STAGED}"), *tmp_path.rglob("report.md")] == []


def test_one_thing_at_a_time(auditor: Conda, acme: Path) -> None:
    result = auditor.execute("offline-repo", "show", acme, "--report", "x.md", "--brief")
    assert result.status == 2
