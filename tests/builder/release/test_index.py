"""The index files of a repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.index import make_index
from conda_offline_repo.builder.upstream.entry import Entry

if TYPE_CHECKING:
    from typing import Any

    from conda_offline_repo.builder.release.draft import Draft

RECORD = {
    "name": "app",
    "version": "1.0",
    "build": "0",
    "build_number": 0,
    "depends": ["lib >=1,<2"],
    "md5": "a" * 32,
    "sha256": "A" * 64,
    "size": 12,
    "subdir": "noarch",
    "timestamp": 1_700_000_000_123,
    "x-unknown": {"b": [1, 2.5, None], "a": "ä"},
}


def entry(name: str, **record: Any) -> Entry:
    subdir, _, file = name.partition("/")
    return Entry(subdir, file, {**RECORD, **record}, "", "")


def load(files: dict[str, Draft]) -> dict[str, Any]:
    return {name: json.loads(draft.content) for name, draft in files.items()}


def test_entries_stay_as_they_are() -> None:
    files = load(make_index([entry("noarch/app-1.0-0.conda"), entry("noarch/b-1-0.tar.bz2")], ()))
    assert files["noarch/repodata.json"]["packages.conda"] == {"app-1.0-0.conda": RECORD}
    assert files["noarch/repodata.json"]["packages"] == {"b-1-0.tar.bz2": RECORD}


@pytest.mark.parametrize("gone", [("md5",), ("sha256",), ("size",), ("md5", "sha256", "size")])
def test_entry_gets_no_key_that_it_did_not_have(gone: tuple[str, ...]) -> None:
    record = {key: value for key, value in RECORD.items() if key not in gone}
    made = Entry("noarch", "app-1.0-0.conda", record, "", "")
    (content,) = load(make_index([made], ())).values()
    assert content["packages.conda"] == {"app-1.0-0.conda": record}


def test_file_for_every_platform_and_noarch() -> None:
    files = load(make_index([entry("linux-64/app-1.0-0.conda")], ("win-64",)))
    assert sorted(files) == [f"{s}/repodata.json" for s in ("linux-64", "noarch", "win-64")]
    for name, content in files.items():
        assert content["info"] == {"subdir": name.partition("/")[0]}
        assert len(content["packages.conda"]) == (name.startswith("linux-64"))
        assert content["packages"] == {}


def test_same_bytes_in_whatever_order() -> None:
    entries = [
        entry("noarch/app-1.0-0.conda"),
        entry("noarch/b-1-0.conda"),
        entry("win-64/c-1.conda"),
    ]
    turned = [
        Entry(e.subdir, e.file, dict(reversed(list(e.record.items()))), "", "") for e in entries
    ]
    one = make_index(entries, ("win-64", "linux-64"))
    two = make_index(reversed(turned), ("linux-64", "win-64"))
    contents = {name: draft.content for name, draft in one.items()}
    assert contents == {name: draft.content for name, draft in two.items()}
    assert list(one) == sorted(one)
    assert all(content.endswith(b"}\n") for content in contents.values())
