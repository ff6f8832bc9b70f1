"""JSON in pieces: `writing`, and the manifest that is written by it."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_offline_repo.repository import writing
from conda_offline_repo.repository.index import dump
from conda_offline_repo.repository.package import Package
from conda_offline_repo.repository.writing import pieces
from tests.repository.test_manifest import ATTESTED, FROM_PYPI, MANIFEST

if TYPE_CHECKING:
    from conda_offline_repo.repository.manifest import Manifest

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=30,
)


def indented(value: object) -> bytes:
    return f"{json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)}\n".encode()


@settings(deadline=None, max_examples=200, derandomize=True, database=None)
@given(value=JSON)
def test_any_json(value: object) -> None:
    assert b"".join(pieces(value, repr)) == indented(value)


def test_pieces_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PIECE", 100)
    value = {f"{number:03}": ["ä", {"a": number}] for number in range(100)}
    parts = [*pieces(value, repr)]
    assert b"".join(parts) == indented(value)
    assert max(map(len, parts)) < 200


@pytest.mark.parametrize("manifest", [MANIFEST, FROM_PYPI, ATTESTED])
def test_manifest_is_what_is_shown(manifest: Manifest) -> None:
    assert manifest.content == b"".join(manifest.pieces) == indented(json.loads(manifest.content))


def peak(count: int) -> int:
    """Bytes that it takes to write a manifest of so many packages, beyond the packages."""
    packages = {
        f"noarch/package-{number}-1.0-0.conda": Package(
            f"{number:064x}", f"{number:032x}", number, f"https://example.com/{number}"
        )
        for number in range(count)
    }
    manifest = replace(MANIFEST, packages=packages, solutions={})
    tracemalloc.start()
    size = sum(map(len, manifest.pieces))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > count * 200
    return most


def test_memory_does_not_grow_with_the_packages() -> None:
    few, many = peak(2_000), peak(20_000)
    pairs = (8 + 56) * 18_000  # sorted, each a pair of a name and a package
    assert many < few + pairs + 50_000


RECORDS = st.dictionaries(TEXTS, st.dictionaries(TEXTS, JSON, max_size=3), max_size=3)


@settings(deadline=None, max_examples=100, derandomize=True, database=None)
@given(sections=st.lists(RECORDS, min_size=5, max_size=5), newer=st.booleans())
def test_any_index(sections: list[dict[str, dict[str, object]]], newer: bool) -> None:
    old, new, *kinds = sections
    index: dict[str, object] = {"info": {"subdir": "noarch"}, "packages": old, "removed": []}
    index["packages.conda"] = new
    if newer:
        index["v3"] = dict(zip(("tar.bz2", "conda", "whl"), kinds, strict=True))
    text = f"{json.dumps(index, sort_keys=True, separators=(',', ':'))}\n"
    assert dump(index) == text.encode()
