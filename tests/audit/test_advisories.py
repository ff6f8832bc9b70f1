"""Records of OSV: which of them are read, and which versions they say are affected."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.advisories import Affected, purl_parts, read_advisories
from conda_offline_repo.audit.exceptions import AdvisoriesError
from conda_offline_repo.repository import reading

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

#: Events of a range, by the first letters of their kinds.
KINDS = {"i": "introduced", "f": "fixed", "l": "last_affected", "x": "limit"}


def affected(events: str = "", versions: str = "", purl: str = "") -> Affected:
    """What a record says of a project of PyPI, or of what a purl names; ranges by `|`."""
    ranges = [
        tuple((KINDS[event[0]], event[1:]) for event in one.split())
        for one in filter(None, events.split("|"))
    ]
    names = ("Other", "x", purl) if purl else ("PyPI", "x", "")
    return Affected(*names, tuple(versions.split()), tuple(ranges))


def record(id: str = "OSV-1", name: str = "requests", **more: Any) -> dict[str, Any]:
    package = {"package": {"ecosystem": "PyPI", "name": name}}
    range = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.31.0"}]}
    return {"id": id, "affected": [{**package, "ranges": [range]}], **more}


@pytest.mark.parametrize(
    ("events", "those", "others"),
    [
        ("i0", "0 1!0.dev0 0.dev1 0a1 99", ""),
        ("i0 f2.31.0", "2.3 2.30.9 2.31.0rc1 2.31.dev0 2.30.9.post1", "2.31 2.31.0.post1 1!1.0"),
        ("i0 l1.11.0", "1.11 1.11.0 1.10 1.11.0+local", "1.11.0.post1 1.11.1 1.12.dev0"),
        ("i1.0 f1.0.2 i3.0 f3.2.5", "1.0 1.0.1 3.0.0 3.2.4", "1.0rc1 1.0.2 2.9 3.2.5 4"),
        # in whatever order they are stated, and where one range ends and the next begins
        ("f3.2.5 i3.0 f1.0.2 i1.0", "1.0.1 3.2.4", "1.0.2 2.9 3.2.5"),
        ("i0 f3.1.1 i3.1.1 f3.1.3", "3.1.0 3.1.1 3.1.2", "3.1.3"),
        ("f3.1.1 i0 f3.1.3 i3.1.1", "3.1.1", "3.1.3"),
        ("l2.0 i2.0", "2.0", "1.9 2.0.1"),
        ("i0 f0", "", "0 1.0"),
        ("i1 f2|i5 l6", "1 1.5 5 6", "0 2 4 6.0.1"),
        ("i0 x2.0", "1.9", "2.0 3"),
        ("i1!1.0 f1!2.0", "1!1.5", "1.5 2025.1 1!2.0 2!0.1"),
        ("i2.1.0 f2.2.0", "2.1.0+cu118 2.1.2+cpu", "2.2.0+cu118 2.0.9+cu118"),
        ("i2.1.0+cu118 f2.1.0+cu121", "2.1.0+cu118 2.1.0+cu119", "2.1.0+cu121 2.1.0"),
        # versions of conda that PEP 440 does not read
        ("i0 f2.3.0", "2.2.9_1 2.3.0_rc1", "2.3.0_1 2.3.1_0"),
        ("i0 l9e", "9d 9e 8", "9f 9 10"),
    ],
)
def test_ranges_of_pypi(events: str, those: str, others: str) -> None:
    package = affected(events)
    assert {v: package.has(v) for v in those.split()} == dict.fromkeys(those.split(), True)
    assert {v: package.has(v) for v in others.split()} == dict.fromkeys(others.split(), False)


def test_listed_versions_count_besides_ranges() -> None:
    package = affected("i3.2 f3.2.19", "3.2rc1 1.0 2004d 1.0.post1")
    for version in ("3.2.0", "3.2rc1", "3.2-RC1", "1", "1.0.0", "v1.0", "2004d", "1.0.0.post1"):
        assert package.has(version), version
    for version in ("3.2b1", "1.0.1", "2004e", "3.2.19", "1.0.post2"):
        assert not package.has(version), version
    assert affected(versions="2.1.0").has("2.1.0+cu118")
    assert not affected(versions="2.1.0+cu118").has("2.1.0+cu121")


def test_rules_of_conda_and_of_pypi_differ() -> None:
    """To conda, `1.1.1w` is before `1.1.1`, as `1.1.1a` is, and no letter goes between."""
    openssl = affected("i0 f1.1.1w", purl="pkg:conda/openssl")
    for version, is_affected in (("1.1.1v", True), ("1.1.1w", False), ("1.1.1", False)):
        assert openssl.has(version) is is_affected, version
    # `_` and `-` are `.` to conda, so that this is 2024.5
    assert affected("i2024.5 l2024.5", purl="pkg:conda/x").has("2024_05")
    assert not affected("i2024.5 l2024.5", purl="pkg:conda/x").has("2024_04")
    # a dash is a post-release to PEP 440 alone
    assert affected("i0 f1.0-1").has("1.0")
    semantic = affected("i1.0.0-alpha.1 f1.0.0", purl="pkg:generic/x")
    assert semantic.has("1.0.0-rc.1")
    assert not semantic.has("1.0.0")


def test_texts_that_are_no_versions() -> None:
    assert affected("i0").has("1..2")
    assert affected(versions="1..2").has("1..2")
    assert not affected(versions="1..2").has("1.0")


def test_fixed() -> None:
    assert affected("i0 f1.9 i1.10 f1.10.3|i2 f2.0.1|i0 f1.9").fixed == ("1.9", "1.10.3", "2.0.1")
    assert affected("i0 l2").fixed == ()


@pytest.mark.parametrize(
    ("purl", "parts"),
    [
        ("pkg:pypi/Ruamel_YAML@0.18", ("pypi/ruamel-yaml", "0.18")),
        ("pkg:PyPI/django", ("pypi/django", "")),
        ("pkg://pypi/zope.interface@5%2B1?a=b/c@d#e/f", ("pypi/zope-interface", "5+1")),
        ("pkg:conda/NumPy@1.26?build=py312_0&channel=main", ("conda/numpy", "1.26")),
        ("pkg:npm/%40angular/core@1.0", ("npm/@angular/core", "1.0")),
        ("pkg:npm/@angular/core", ("npm/@angular/core", "")),
        ("pkg:github/openssl/OpenSSL@openssl-3.0.1", ("github/openssl/openssl", "openssl-3.0.1")),
        ("pkg:generic/openssl@3%3A1", ("generic/openssl", "3:1")),
        ("https://pypi.org/requests", ("", "")),
        ("pkg:requests", ("", "")),
        ("pkg:" + "/" * 100_000 + "?", ("", "")),
        ("pkg:pypi/", ("", "")),
        ("", ("", "")),
    ],
)
def test_purls(purl: str, parts: tuple[str, str]) -> None:
    assert purl_parts(purl) == parts


def test_a_record(tmp_path: Path) -> None:
    path = tmp_path / "GHSA-1.json"
    vector = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N"
    specific = {"severity": "MODERATE", "cwe_ids": []}
    value = record(
        aliases=["CVE-1"],
        severity=[{"type": "CVSS_V3", "score": f"{vector}\r\u2028"}],
        database_specific=specific,
        unknown_key=[{}],
    )
    value["affected"] += [
        {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]},
        {
            "package": {"ecosystem": "Debian:12", "name": "r", "purl": "pkg:deb/debian/r"},
            "versions": ["1"],
        },
    ]
    path.write_text(json.dumps(value), encoding="utf-8-sig")
    advisories, unreadable = read_advisories(path)
    assert unreadable == []
    (advisory,) = advisories
    assert (advisory.id, advisory.aliases) == ("OSV-1", ("CVE-1",))
    assert advisory.severity == f"MODERATE, {vector}"
    first, second = advisory.affected
    assert ({*first.keys}, first.fixed) == ({"pypi/requests"}, ("2.31.0",))
    assert ({*second.keys}, second.versions) == ({"deb/debian/r"}, ("1",))
    assert read_advisories(path, {"pypi/other"})[0] == []
    assert [a.keys for a in read_advisories(path, {"deb/debian/r"})[0][0].affected] == [
        {"deb/debian/r"}
    ]


def test_a_file_that_is_named_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "GHSA-1"  # as wget has it of osv.dev
    path.write_text(json.dumps(record()))
    assert len(read_advisories(path)[0]) == 1
    with pytest.raises(AdvisoriesError):
        read_advisories(tmp_path)


def test_lists_folders_and_zips(tmp_path: Path) -> None:
    """Whatever they are in: lists, answers of osv.dev, folders, zips, YAML."""
    folder = tmp_path / "records"
    (folder / "vulns" / "requests").mkdir(parents=True)
    (folder / "README.md").write_text("no record")
    (folder / "a.json").write_text(json.dumps([record("A-2"), record("A-1")]))
    (folder / "vulns" / "b.JSON").write_text(json.dumps({"vulns": [record("B-1")]}))
    yaml = "id: Y-1\naffected:\n- package: {name: x, ecosystem: PyPI}\n  versions: [1.10, 2, '3']\n"
    (folder / "vulns" / "requests" / "PYSEC-1.yaml").write_text(yaml)
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(tmp_path))
    for place in (folder, packed):
        advisories, unreadable = read_advisories(place)
        assert [advisory.id for advisory in advisories] == ["A-2", "A-1", "B-1", "Y-1"]
        assert advisories[3].affected[0].versions == ("1.10", "2", "3")
        assert unreadable == []


def test_what_shares_an_identifier_is_one(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    values = [
        record("GHSA-1", aliases=["CVE-1"]),
        record("PYSEC-1", aliases=["CVE-1", "GHSA-1"], database_specific={"severity": "HIGH"}),
        # of another package
        record("PYSEC-0", name="other", aliases=["CVE-1"]),
        record("GHSA-0", withdrawn="2024-01-01T00:00:00Z", aliases=["PYSEC-2"]),
        record("PYSEC-2"),
        record("GHSA-3", aliases=["PYSEC-3"]),
        record("PYSEC-3"),
        # a CVE of a library that two projects bring
        record("PYSEC-4", aliases=["CVE-4", "GHSA-4"]),
        record("PYSEC-5", aliases=["CVE-4"]),
    ]
    path.write_text(json.dumps(values))
    found = {advisory.id: advisory for advisory in read_advisories(path)[0]}
    assert {id: advisory.aliases for id, advisory in found.items()} == {
        "GHSA-1": ("CVE-1", "PYSEC-1"),
        "PYSEC-0": ("CVE-1",),
        "GHSA-3": ("PYSEC-3",),
        "PYSEC-2": (),
        "PYSEC-4": ("CVE-4", "GHSA-4", "PYSEC-5"),
    }
    first = found["GHSA-1"]
    assert first.severity == "HIGH"
    assert {key for part in first.affected for key in part.keys} == {"pypi/requests"}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "",
        "[" * 100_000,
        "null",
        '"text"',
        "{}",
        '{"id": 7}',
        '{"id": "a\\nb"}',
        json.dumps({"id": "X", "affected": [{"package": "requests"}]}),
        json.dumps({"id": "X", "affected": "requests"}),
        json.dumps(record("X", aliases="CVE-1")),
        json.dumps(record("X", aliases=[f"CVE-{number}" for number in range(1000)])),
        json.dumps(record("X", severity=["HIGH"])),
        json.dumps(record("X")).replace('"introduced": "0"', '"introduced": 0'),
        json.dumps(record("X")).replace('"introduced"', '"begun"'),
        json.dumps(record("X")).replace("2.31.0", "2..31"),
        json.dumps(record("X")).replace('"type": "ECOSYSTEM"', '"kind": 1'),
        json.dumps(record("X", severity=[{"type": "CVSS_V3", "score": 9.8}])),
    ],
)
def test_nonsense_is_named(tmp_path: Path, content: str) -> None:
    tmp_path /= "x" * 200  # a word that is longer than what is told of a reason
    tmp_path.mkdir()
    (tmp_path / "good.json").write_text(json.dumps(record()))
    (tmp_path / "bad.json").write_text(content)
    with zipfile.ZipFile(tmp_path.with_suffix(".zip"), "w") as archive:
        archive.write(tmp_path / "bad.json", "in/bad.json")
        archive.write(tmp_path / "good.json", "good.json")
    for place in (tmp_path, tmp_path.with_suffix(".zip")):
        advisories, unreadable = read_advisories(place)
        assert [advisory.id for advisory in advisories] == ["OSV-1"]
        (reason,) = unreadable
        name, _, problem = reason.partition("bad.json: ")
        assert name
        assert 0 < len(problem) < 200
    with pytest.raises(AdvisoriesError, match=r"no advisory that can be read(.|\n)*bad\.json"):
        read_advisories(tmp_path / "bad.json")


def test_nonsense_in_a_list_hides_no_other_record(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps([{}, record("A-1"), 5, record("A-2"), [record("A-3")]]))
    advisories, unreadable = read_advisories(path)
    assert [advisory.id for advisory in advisories] == ["A-1", "A-2"]
    assert len(unreadable) == 3


def test_yaml_that_is_none_and_a_tag(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("id: A-1\nwithdrawn: null\naffected: []\n")
    (tmp_path / "bad.yml").write_text("id: [\n")
    (tmp_path / "tag.yml").write_text("id: !!python/object:os.system {}\n")
    lists = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    (tmp_path / "bomb.yml").write_text(f"l0: &l0 [a]\n{lists}\nid: A-2\nsummary: *l11\n")
    assert len(read_advisories(tmp_path)[1]) == 3


def test_damaged_and_encrypted_members(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps(record("A-1")))
        archive.writestr("b.json", json.dumps(record("B-1")))
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"B-1"', b'"B-2"', 1))
    advisories, unreadable = read_advisories(path)
    assert [advisory.id for advisory in advisories] == ["A-1"]
    assert "CRC" in unreadable[0]
    encrypted = bytearray(content)
    encrypted[content.index(b"PK\x01\x02") + 8] |= 1
    encrypted[6] |= 1
    path.write_bytes(encrypted)
    advisories, unreadable = read_advisories(path)
    assert [advisory.id for advisory in advisories] == ["B-1"]
    assert "a.json" in unreadable[0]


def test_sizes_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1000)
    small, large = json.dumps(record("A-1")), json.dumps(record("L-1", details="x" * 2000))
    for name, content in {"small.json": small, "large.json": large}.items():
        (tmp_path / name).write_text(content)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in tmp_path.glob("*.json"):
            archive.write(file, file.name)
    for place in (tmp_path, tmp_path / "bomb.zip"):
        advisories, unreadable = read_advisories(place)
        assert [advisory.id for advisory in advisories] == ["A-1"]
        assert "large.json" in unreadable[0]


@pytest.mark.parametrize("name", ["absent.json", "empty", "folder", "junk.zip", "other"])
def test_nothing_to_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "other").write_text("{}")
    (tmp_path / "junk.zip").write_bytes(b"PK\x03\x04junk")
    with pytest.raises(AdvisoriesError, match=name):
        read_advisories(tmp_path / name)


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "mkfifo"), reason="Windows has no pipes")
def test_pipes(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(record()))
    os.mkfifo(tmp_path / "pipe.json")
    unreadable = read_advisories(tmp_path)[1]
    assert ["pipe.json" in reason for reason in unreadable] == [True]
