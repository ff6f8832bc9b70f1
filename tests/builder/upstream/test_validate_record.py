"""What an entry of an index must not be: how it is read, and what is said of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.upstream.repodata import parse
from conda_offline_repo.builder.upstream.validate_record import record_problem
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.tiny import TinyPackage

DEEP = "[" * 100_000 + "]" * 100_000
#: What takes the place of a key's value in the entry of `app`, as JSON, or near it.
VALUES = {
    "size": ('"12"', "NaN", "1e999", "-5", "true", "12.5", "1" + "0" * 30, "[1]", "{}", "-1e999"),
    "depends": ('"lib"', '{"lib": 1}', "[1]", '[["lib"]]', "[null]", "5", "true"),
    "constrains": ('"lib"', "[1]", "{}"),
    "name": ("5", "null", "[]", "true"),
    "version": ("1.0", "null", "[1]", "NaN"),
    "build": ("0", "null", "{}"),
    "build_number": ('"x"', "-1", "true", "NaN"),
    "sha256": ("5", '"zz"', '["a"]', '"abcd"', "true"),
    "md5": ("7", '"\\u00b2"', "{}"),
    "x": ("NaN", "[[-1e999]]", '{"y": Infinity}', '"\\ud800"', '{"\\udc00": 1}', DEEP, "[" * 99),
}


@pytest.fixture
def app(tmp_path: Path) -> TinyPackage:
    return TinyChannel(tmp_path / "public").add("app", depends=["lib"])


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, value) for key, values in VALUES.items() for value in values],
    ids=lambda text: text[:12],
)
def test_entry_with_a_value_that_it_must_not_have(app: TinyPackage, key: str, value: str) -> None:
    index = {"packages.conda": {app.file: {**app.record, key: "@@"}}}
    content = json.dumps(index).replace('"@@"', value).encode()
    try:
        entries, _, _ = parse(content, {app.file}, ())
    except (ValueError, RecursionError):
        assert key == "x" or value == "NaN"
    else:
        problem = record_problem(app.file, entries[app.file])
        assert problem is not None
        assert key in problem or key == "x"


def test_sound_entries_pass(app: TinyPackage) -> None:
    record = {
        **app.record,
        "constrains": None,
        "md5": "",
        "sha256": app.record["sha256"].upper(),
        "x": [{"y": [1, None, 1.5, True, "é\U0001f40d", 10**30]}],
        "size": 0,
    }
    assert record_problem(app.file, record) is None
    del record["size"], record["md5"], record["sha256"], record["depends"]
    assert record_problem(app.file, record) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": True}, "its size is not a number of that kind"),
        ({"size": -1}, "its size is not a number of that kind"),
        ({"size": 1 << 63}, "its size is not a number of that kind"),
        ({"depends": ["a", 5]}, "its depends is not a list of texts"),
        ({"version": 1.0}, "its version is not a text"),
        ({"build": "1"}, "its entry is that of 'app-1.0-1'"),
        ({"name": "../app"}, "its entry is that of '../app-1.0-0'"),
        ({"sha256": "ab"}, "its sha256 is not a digest"),
        ({"x": float("nan")}, "it has a value that JSON does not have"),
        ({"x": b"bytes"}, "it has a value that JSON does not have"),
        ({"x": ["\ud800"]}, "it has a text that is not Unicode"),
    ],
    ids=str,
)
def test_problems_are_named(app: TinyPackage, change: dict[str, Any], reason: str) -> None:
    assert record_problem(app.file, {**app.record, **change}) == reason
