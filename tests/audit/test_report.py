"""The report on a release: what it says, for programs and for people, whatever packages say."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from conda_offline_repo.audit.report import audit_report
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.files.hashing import hash_bytes
from conda_offline_repo.printable import printable
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME, Kept
from conda_offline_repo.repository.package import Attestations, Attester, Decision
from tests.cli.test_json import check_report
from tests.support.keys import SigningKey, sign
from tests.support.paged import Read, entry, release
from tests.support.rewriting import put_index, rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

APP, APP_BEFORE = "noarch/app-2.0-0.conda", "noarch/app-1.0-0.conda"
LIB, NEW, GONE = (f"{name}-1.0-0.conda" for name in ("linux-64/lib", "noarch/new", "noarch/gone"))
KEPT = Kept("2025-12-01T00:00:00Z", "0" * 64, {"linux-64": (APP_BEFORE, GONE, LIB)})
POLICY = {"licenses": {"deny": ["GPL-3.0-only"], "unknown": "warn"}, "exclude_newer": "14d"}
DECISION = Decision(LIB, "licenses", "GPL-3.0-only is denied", "only linked", "legal", "2027-03-31")
#: What would do something in HTML or Markdown, in a terminal, or to the lines beside it.
HOSTILE = (
    "</td></table><script>alert(1)</script> &amp; \"a\" 'b' | c | `d` **e** __f__ "
    "[g](javascript:h) ![i](j) ~~k~~ <m@n.o> \\| # p\r\n\n| --- | \x1b[31m "
    f"\u202e\u05e9\u05dc\u05d5\u05dd {'W' * 999}"
)


def at(folder: Path, **changes: Any) -> None:
    """Put the second release of a label into a folder, which has no archives, and keeps the first.

    Args:
        folder: made anew.
        changes: of the manifest, by name.
    """
    records = dict(
        [
            entry("app", "2.0", "lib", license="MIT"),
            entry("app", "1.0", license="MIT"),
            entry("lib", "1.0", subdir="linux-64", license="GPL-3.0-only"),
            entry("gone", "1.0", license="ISC"),
            entry("new", "1.0", license="Zlib"),
        ]
    )
    for subdir in ("noarch", "linux-64"):
        (folder / subdir).mkdir(parents=True)
    solutions = {"linux-64": (APP, LIB, NEW)}
    manifest = release(records, solutions, release=2, packages=["app"], releases={1: KEPT})
    digests = {name: hash_bytes(name.encode()).sha256 for name in records}
    packages = {
        name: replace(package, sha256=digests[name], scripts={})
        for name, package in manifest.packages.items()
    }
    (folder / MANIFEST_NAME).write_bytes(replace(manifest, packages=packages).content)
    for subdir in ("noarch", "linux-64"):
        entries = {n.partition("/")[2]: e for n, e in records.items() if n.startswith(subdir)}
        put_index(folder, f"{subdir}/repodata.json", entries)
    rewrite(folder, **changes)


def report(folder: Path, kind: str = "json") -> bytes:
    return audit_report(locate_one(folder), Path(f"x.{kind}"))


def sections(folder: Path) -> list[dict[str, Any]]:
    """The sections of a report, as a program has them."""
    content = json.loads(report(folder))
    check_report(content)
    listed: list[dict[str, Any]] = content["sections"]
    return listed


def tables(folder: Path) -> dict[str, list[list[str]]]:
    """The tables of a report, by title of the section."""
    return {section["title"]: section["table"] for section in sections(folder)}


def in_markdown(content: bytes) -> tuple[list[list[str]], str]:
    """The rows of all tables, as a reader of Markdown sees them, and the rest as HTML."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    rows: list[list[str]] = []
    for token in reader.parse(content.decode()):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level > 2:
            kinds = {child.type for child in token.children or ()}
            assert kinds <= {"text", "text_special"}, token.content
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows, reader.render(content.decode())


def test_what_it_says(tmp_path: Path) -> None:
    at(tmp_path / "bank")
    said = tables(tmp_path / "bank")
    manifest = locate_one(tmp_path / "bank").manifest
    values = dict(said["Release"])
    assert values["signed by"] == "nobody: its origin is unknown"
    assert values["customer's conda"] == ">=24.7 with classic, libmamba, rattler"
    assert values["for linux-64"] == "__glibc 2.28, __linux 4.18"
    content = (tmp_path / "bank" / MANIFEST_NAME).read_bytes()
    assert values["SHA-256 of the manifest"] == hash_bytes(content).sha256
    assert said["Changes"][1:] == [
        ["linux-64", "app", "1.0", "2.0"],
        ["linux-64", "gone", "1.0", ""],
        ["linux-64", "new", "", "1.0"],
    ]
    assert said["New licences"][1:] == [["Zlib", "new"]]
    heads, *packages = said["Packages"]
    rows = [dict(zip(heads, row, strict=True)) for row in packages]
    assert [(row["Name"], row["Licence"], row["Release"], row["SHA-256"]) for row in rows] == [
        ("app", "MIT", "1", manifest.packages[APP_BEFORE].sha256),
        ("app", "MIT", "2", manifest.packages[APP].sha256),
        ("gone", "ISC", "1", manifest.packages[GONE].sha256),
        ("lib", "GPL-3.0-only", "1, 2", manifest.packages[LIB].sha256),
        ("new", "Zlib", "2", manifest.packages[NEW].sha256),
    ]
    for title in ("Policy", "What runs at installation"):
        assert said[title][1:] == []


def test_policy_scripts_and_attestations(tmp_path: Path) -> None:
    at(tmp_path / "bank")
    manifest = locate_one(tmp_path / "bank").manifest
    attester = Attester("https://github.com/acme/x/y.yml@main", "https://issuer.example")
    more: Mapping[str, Any] = {
        APP: {"scripts": {"post-link": ("bin/.app-post-link.sh",), "entry-point": ("a = b:c",)}},
        LIB: {"scripts": None, "attestations": Attestations("a" * 64, 1, (attester,))},
        GONE: {"attestations": Attestations("b" * 64, 1, ())},
    }
    packages = {n: replace(p, **more.get(n, {})) for n, p in manifest.packages.items()}
    request = replace(manifest.request, policy=POLICY)
    rewrite(tmp_path / "bank", packages=packages, request=request, decisions=(DECISION,))
    said = tables(tmp_path / "bank")
    rules = [value for name, value in said["Release"] if name == "policy"]
    assert [rule.partition(":")[0] for rule in rules] == ["exclude_newer", "licenses"]
    assert "GPL-3.0-only" in rules[1]
    assert said["Policy"][1:] == [list(vars(DECISION).values())]
    assert said["What runs at installation"][1:] == [
        ["app", "2.0", "noarch", "entry-point", "a = b:c"],
        ["app", "2.0", "noarch", "post-link", "bin/.app-post-link.sh"],
        ["lib", "1.0", "linux-64", "unknown", ""],
    ]
    text = next(s["text"] for s in sections(tmp_path / "bank") if "installation" in s["title"])
    assert text.endswith(" New: entry-point of app. New: post-link of app.")
    column = said["Packages"][0].index("Attested by")
    assert [row[column] for row in said["Packages"][1:]] == [
        *("", "", "not verified", str(attester), ""),
    ]


def test_first_release(tmp_path: Path) -> None:
    at(tmp_path / "bank", releases={})
    for section in sections(tmp_path / "bank"):
        if section["title"] in ("Changes", "New licences"):
            assert section["text"] == "The folder has no earlier release to compare it with."
            assert section["table"][1:] == []
    assert "None.\n" in report(tmp_path / "bank", "md").decode()


def test_signer(tmp_path: Path) -> None:
    key = SigningKey("vendor")
    at(tmp_path / "bank")
    sign(tmp_path / "bank", key)
    assert dict(tables(tmp_path / "bank")["Release"])["signed by"] == key.fingerprint


@pytest.mark.parametrize("kind", ["html", "md", "json"])
def test_the_same_everywhere_and_always(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(tmp_path / "bank")
    content = report(tmp_path / "bank", kind)
    shutil.copytree(tmp_path / "bank", tmp_path / "elsewhere" / "x")
    monkeypatch.setattr("time.time", lambda: 4e9)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    assert report(tmp_path / "elsewhere" / "x", kind.upper()) == content
    assert str(tmp_path).encode() not in content
    assert content.endswith(b"\n")
    assert b"\r" not in content


@pytest.mark.parametrize("kind", ["html", "md", "json"])
def test_no_secret(tmp_path: Path, kind: str) -> None:
    at(tmp_path / "bank")
    packages = {**locate_one(tmp_path / "bank").manifest.packages}
    url = f"https://me:5ecret@h.example/t/tk-5ecret/x/{APP}?key=5ecret"
    packages[APP] = replace(packages[APP], url=url)
    rewrite(tmp_path / "bank", packages=packages)
    content = report(tmp_path / "bank", kind).decode()
    assert "https://h.example/x" in content
    assert "5ecret" not in content


def test_hostile_texts(tmp_path: Path) -> None:
    """They are there as they are, with what a terminal acts on escaped, and do nothing."""
    at(tmp_path / "bank")
    folder = tmp_path / "bank"
    entries = dict([entry("app", "2.0", license=HOSTILE), entry("app", "1.0", license="MIT")])
    entries |= dict([entry("gone", "1.0", license="ISC"), entry("new", "1.0", license="Zlib")])
    put_index(folder, "noarch/repodata.json", {n.partition("/")[2]: e for n, e in entries.items()})
    manifest = locate_one(folder).manifest
    packages = {**manifest.packages}
    packages[APP] = replace(packages[APP], scripts={"menu": ("<b>|`x`",)})
    request = replace(manifest.request, policy={"channels": ["<i>|`"]})
    decision = replace(DECISION, reason="<b>|a|</b> `b` \\")
    rewrite(folder, packages=packages, request=request, decisions=(decision,))
    shown = " ".join(printable(HOSTILE).split())
    assert "\\x1b" in shown
    assert "\\u202e" in shown

    page = Read(report(folder, "html"))
    cells = [cell for table in page.tables for row in table for cell in row]
    assert cells.count(shown) == 2
    assert {"<b>|`x`", 'channels: ["<i>|`"]', decision.reason} <= {*cells}
    assert {"script", "b", "i", "a", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert [len({*map(len, table)}) for table in page.tables] == [1] * len(page.tables)

    rows, rendered = in_markdown(report(folder, "md"))
    texts = [" ".join(cell.split()) for row in rows for cell in row]
    assert texts.count(shown) == 2
    assert {"<b>|`x`", 'channels: ["<i>|`"]', decision.reason} <= {*texts}
    assert "<script" not in rendered
    assert rendered.count("<table>") == len(page.tables)
    assert unescape(rendered).count(decision.reason) == 1

    found = json.loads(report(folder))["sections"]
    assert HOSTILE in [row[0] for section in found for row in section["table"]]


def test_page_needs_nothing_else(tmp_path: Path) -> None:
    at(tmp_path / "bank")
    page = Read(report(tmp_path / "bank", "html"))
    asks = [(tag, key) for tag, values in page.tags for key in values if key in ("src", "href")]
    assert asks == []
    policy = next(v["content"] for _, v in page.tags if v.get("http-equiv"))
    (style,) = page.inside["style"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("name", ["report", "report.htm", "report.pdf", "html", ".html.gz", ""])
def test_another_kind(tmp_path: Path, name: str) -> None:
    at(tmp_path / "bank")
    with pytest.raises(InvalidRequestError, match=r"\.html, \.md or \.json"):
        audit_report(locate_one(tmp_path / "bank"), Path(name))
