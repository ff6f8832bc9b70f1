"""Reading an index entry by entry gives what parsing all of it would give."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_offline_repo.repository.manifest import SECTIONS
from conda_offline_repo.vendor.upstream.repodata import entries_in, members

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
#: Sections of an index, and other keys with values that look like sections.
INDEXES = st.dictionaries(st.text(), VALUES | RECORDS, max_size=4).flatmap(
    lambda others: st.fixed_dictionaries(
        {}, optional={name: RECORDS | st.none() for name in SECTIONS}
    ).map(lambda sections: {**others, **sections})
)


def read(text: str) -> tuple[dict[str, Mapping[str, Any]], dict[str, Any]]:
    parts = members(text.encode())
    rest = {k: json.loads(bytes(v)) for k, v in parts.items() if k not in SECTIONS}
    return entries_in(parts, Everything()), rest


class Everything:
    def __contains__(self, file: object) -> bool:
        return True


@given(index=INDEXES, ascii=st.booleans(), indent=st.sampled_from([None, 0, 2, "\t"]))
@properties
def test_same_as_parsing_it_whole(index: dict[str, Any], ascii: bool, indent: Any) -> None:
    text = json.dumps(index, ensure_ascii=ascii, indent=indent)
    entries = {k: v for name in SECTIONS for k, v in (index.get(name) or {}).items()}
    rest = {name: value for name, value in index.items() if name not in SECTIONS}
    order = [name for name in index if name in SECTIONS]
    found, other = read(f" \n{text}\r\n")
    assert other == rest
    assert found.keys() == entries.keys()
    for file, record in found.items():
        assert record in [(index[name] or {}).get(file) for name in order]


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
    for parse in (json.loads, read):
        with pytest.raises(ValueError):  # noqa: PT011 (each has its own words)
            parse(text)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"packages"', "[{}]"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON object|Expected `object"):
        read(text)
