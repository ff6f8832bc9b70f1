"""What an environment remembers of its repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conda.core.prefix_data import PrefixData

from conda_offline_repo.customer.environment.state import State, dump_state, read_state, state_path

STATE = State("bank", 7, str(Path("/srv/bänk/bank").absolute()), "file:///srv/b%C3%A4nk/bank")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment without packages."""
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").touch()
    return tmp_path


def test_comes_back_as_it_was_written(prefix: Path) -> None:
    state_path(prefix).write_text(dump_state(STATE))
    assert read_state(prefix) == STATE


def test_text_is_stable_and_ascii() -> None:
    text = dump_state(STATE)
    assert text.isascii()
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["build", "channel", "label", "path"]


def test_conda_takes_it_for_no_package(prefix: Path) -> None:
    state_path(prefix).write_text(dump_state(STATE))
    assert list(PrefixData(str(prefix)).iter_records()) == []


def test_nothing_is_remembered_at_first(prefix: Path, tmp_path: Path) -> None:
    assert read_state(prefix) is None
    assert read_state(tmp_path / "absent") is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "7", "{}", '{"label": "bank"}', '{"label": 1, "build": "x"}', "\0"],
)
def test_what_cannot_be_read_is_not_remembered(prefix: Path, text: str) -> None:
    state_path(prefix).write_text(text)
    assert read_state(prefix) is None


def test_other_encodings_are_not_remembered(prefix: Path) -> None:
    state_path(prefix).write_bytes(dump_state(STATE).encode("utf-16"))
    assert read_state(prefix) is None


def test_build_that_is_no_number_is_not_remembered(prefix: Path) -> None:
    state_path(prefix).write_text(dump_state(STATE).replace("7", '"seven"'))
    assert read_state(prefix) is None


def test_keys_of_a_later_version_do_no_harm(prefix: Path) -> None:
    content = {**json.loads(dump_state(STATE)), "since": "2030-01-01"}
    state_path(prefix).write_text(json.dumps(content))
    assert read_state(prefix) == STATE
