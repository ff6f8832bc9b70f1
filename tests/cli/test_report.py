"""`conda offline-repo show --report`: where its file goes, and where not."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files.atomic import STAGED
from dev.upstream.server import ChannelServer
from tests.cli.test_affected import record
from tests.cli.test_json import check, check_report
from tests.support.rewriting import from_wheel, rewrite
from tests.support.running import Customer, snapshot
from tests.support.suite import CORE

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


def test_with_advisories(auditor: Conda, acme: Path, tmp_path: Path) -> None:
    from_wheel(acme, CORE, "Core_Lib-2.0-py3-none-any.whl")
    records = [record("core-lib"), {**record("core-lib"), "id": "PYSEC-2", "aliases": ["CVE-2"]}]
    (tmp_path / "osv").mkdir()
    for each in records:
        (tmp_path / "osv" / f"{each['id']}.json").write_text(json.dumps(each))
    (tmp_path / "osv" / "PYSEC-3.json").write_text("{")
    show = ("offline-repo", "show", acme, "--affected", tmp_path / "osv", "--report", "x.json")
    result = auditor.execute(*show, "--json")
    assert result.status == 3
    assert not check("show_report", result)["success"]

    def rows() -> list[dict[str, str]]:
        content = json.loads((auditor.work / "x.json").read_text("utf-8"))
        check_report(content)
        section = content["sections"][-1]
        assert section["title"] == "Advisories"
        assert "PYSEC-3.json" in section["text"]
        heads, *rows = section["table"]
        return [dict(zip(heads, row, strict=True)) for row in rows]

    first, second = rows()
    assert (first["Release"], first["Package"], first["Version"]) == ("1", "core", "2.0")
    assert [(row["Advisory"], row["Aliases"]) for row in (first, second)] == [
        ("PYSEC-1", "CVE-1, GHSA-1"),
        ("PYSEC-2", "CVE-2"),
    ]
    assert first["Fixed in"] == "2.1"
    notes = [{"id": name, "reason": "Not | called."} for name in ("CVE-1", "PYSEC-2")]
    (tmp_path / "policy.yml").write_text(json.dumps({"policy": {"not_affected": notes}}))
    auditor.run(*show, "--policy", tmp_path / "policy.yml")
    assert [row["Not affected because"] for row in rows()] == ["Not | called."] * 2


def test_one_thing_at_a_time(auditor: Conda, acme: Path) -> None:
    result = auditor.fail("offline-repo", "show", acme, "--report", "x.md", "--why", "core")
    assert "--report is not allowed with --why" in result.stderr
    assert not (auditor.work / "x.md").exists()
