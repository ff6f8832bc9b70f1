"""Reading an index entry by entry gives what parsing all of it would give."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_offline_repo.builder.upstream.decode import FEW, parse
from conda_offline_repo.repository.manifest import KINDS, SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

properties = settings(deadline=None, max_examples=150, derandomize=True, database=None)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.text(), st.dictionaries(st.text(), VALUES, max_size=4), max_size=4)
PARTS = (*SECTIONS, "info", "v3")
#: What sections of version 3 have, and one that nobody knows yet.
NEWER = st.fixed_dictionaries(
    {}, optional={**{kind: RECORDS | st.none() for kind in KINDS}, "zip": VALUES}
)
#: Sections of an index, and other keys with values that look like sections.
INDEXES = st.dictionaries(st.text(), VALUES | RECORDS, max_size=4).flatmap(
    lambda others: st.fixed_dictionaries(
        {},
        optional={
            **{name: RECORDS | st.none() for name in SECTIONS},
            "info": st.dictionaries(st.text(), VALUES, max_size=2),
            "v3": NEWER | st.none(),
        },
    ).map(lambda sections: {**{k: others[k] for k in others if k not in PARTS}, **sections})
)


class Everything:
    def __contains__(self, file: object) -> bool:
        return True


def read(text: str) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    return parse(text.encode(), Everything(), Everything())


@given(index=INDEXES, ascii=st.booleans(), indent=st.sampled_from([None, 0, 2, "\t"]))
@properties
def test_same_as_parsing_it_whole(index: dict[str, Any], ascii: bool, indent: Any) -> None:
    text = json.dumps(index, ensure_ascii=ascii, indent=indent)
    entries = {
        file: entry
        for name in SECTIONS
        for file, entry in (index.get(name) or {}).items()
        if entry is not None
    }
    newer = {
        f"{key}.{kind}": entry
        for kind in KINDS
        for key, entry in ((index.get("v3") or {}).get(kind) or {}).items()
    }
    assert read(f" \n{text}\r\n") == (entries, newer, index.get("info", {}))
    wanted = {file for number, file in enumerate(entries) if number % 2}
    assert parse(text.encode(), wanted, ())[0] == {file: entries[file] for file in wanted}


@pytest.mark.parametrize("count", [1, FEW, FEW + 1])
def test_some_of_many(count: int) -> None:
    files = [f"app-{number}-0.{ending}" for number in range(FEW) for ending in ("conda", "tar.bz2")]
    index: dict[str, Any] = {name: {} for name in SECTIONS}
    for file in files:
        index[SECTIONS[file.endswith(".conda")]][file] = {"name": "app", "of": {file: 1}}
    # what looks like an entry and is none
    index["signatures"] = {file: {"key": "signature"} for file in files}
    index["packages"]["zlib-1-0.tar.bz2"] = {"name": "zlib", **index["packages.conda"]}
    wanted = {*files[-count:], "gone-1-0.conda"}
    found, _, _ = parse(json.dumps(index).encode(), wanted, ())
    assert found == {file: {"name": "app", "of": {file: 1}} for file in files[-count:]}


def test_newer_entries_of_some_packages() -> None:
    v3 = {"conda": {"app-1-0": {"name": "app"}, "app-x-1-0": {"name": "app-x"}}}
    keys = ("app-1-py3_none_any_0", "app-1-py3-none-any", "app_x-1-py3_none_any_0")
    wheels = {key: {"name": key.partition("-")[0]} for key in keys}
    index = {"v3": {**v3, "whl": wheels}}
    _, newer, _ = parse(json.dumps(index).encode(), (), ("app",))
    assert [*newer] == ["app-1-0.conda", "app-1-py3_none_any_0.whl", "app-1-py3-none-any.whl"]


@pytest.mark.parametrize(
    "file", ['a"-1-0.conda', "a\\-1-0.conda", "\n", "", "x.whl", "é-1-0.conda"]
)
def test_names_that_are_no_archives(file: str) -> None:
    text = json.dumps({"packages": {file: {"name": "a"}, "b": None}})
    assert parse(text.encode(), {file, "b"}, ())[0] == {file: {"name": "a"}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}}",
        "{} {}",
        '{"packages"}',
        '{"packages":',
        '{"packages":{}',
        '{"packages":{"a":{"name":"a"}',
        '{"packages":{"a":{"name":"a"},}}',
        '{"packages":{,"a":{"name":"a"}}}',
        '{"packages":{"a" {"name":"a"}}}',
        '{"packages":{"a":{"name":"a"} "b":{"name":"b"}}}',
        '{"packages":{a:{"name":"a"}}}',
        '{"packages":{"a\\x":{"name":"a"}}}',
        '{"packages":{"a":{"name":"a}}}',
        '{"info":{"subdir":"noarch"} "packages":{}}',
        "{\"packages\":{'a':{}}}",
        "<html></html>",
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    for reader in (json.loads, read):
        with pytest.raises(ValueError):  # noqa: PT011 (each has its own words)
            reader(text)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"packages"', "[{}]"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON object|Expected `object"):
        read(text)
