"""What an environment remembers of its repository."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conda.core.prefix_data import PrefixData

from conda_offline_repo.customer.environment.files import LARGEST
from conda_offline_repo.customer.environment.state import (
    Change,
    State,
    change_path,
    dump,
    read_change,
    read_state,
    state_path,
)
from conda_offline_repo.customer.exceptions import StateUnreadableError

STATE = State("bank", 7, str(Path("/srv/bänk/bank").absolute()), "file:///srv/b%C3%A4nk/bank")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment without packages."""
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").touch()
    return tmp_path


def test_comes_back_as_it_was_written(prefix: Path) -> None:
    state_path(prefix).write_text(dump(STATE))
    assert read_state(prefix) == STATE


def test_text_is_stable_and_ascii() -> None:
    text = dump(STATE)
    assert text.isascii()
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["build", "channel", "label", "path"]


def test_conda_takes_it_for_no_package(prefix: Path) -> None:
    state_path(prefix).write_text(dump(STATE))
    assert list(PrefixData(str(prefix)).iter_records()) == []


def test_nothing_is_remembered_at_first(prefix: Path, tmp_path: Path) -> None:
    assert read_state(prefix) is None
    assert read_state(tmp_path / "absent") is None


#: Files that are not a state, and not the whole of one.
FORMS = {
    "empty": b"",
    "truncated": dump(STATE).encode()[:-20],
    "another encoding": dump(STATE).encode("utf-16"),
    "binary": bytes(range(256)),
    "zeros": bytes(200),
    "too large": dump(STATE).encode() + b" " * LARGEST,
    **{text: text.encode() for text in ("{", "null", "[]", "7", "{}", '"x"', '{"label": "bank"}')},
}
#: Values that a key of a state never has.
WRONG: dict[str, list[object]] = {
    "label": [None, 1, ["bank"], "a\0b", "\ud800"],
    "build": [None, "seven", 7.5, True],
    "path": [None, 1, "relative/bank", ""],
    "channel": [None, 1, "https://conda.example.com/bank", ""],
    "manifest_sha256": [1, [], False],
    "before": [1, [], {}],
    "signers": ["SHA256:abc", {"a": 1}, [1], 7],
}


def unreadable(read: Callable[[Path], object], path: Path) -> str:
    """What is said of a file that cannot be read: which one it is, and what to do."""
    with pytest.raises(StateUnreadableError) as caught:
        read(path.parent.parent)
    text = str(caught.value)
    assert str(path) in text
    assert "Restore the file from a backup" in text
    assert "`conda offline-repo use PATH" in text
    return text


@pytest.fixture(params=["state", "change"])
def place(request: pytest.FixtureRequest, prefix: Path) -> tuple[Callable[[Path], object], Path]:
    """What reads a file of the environment, and where the file is."""
    if request.param == "state":
        return read_state, state_path(prefix)
    return read_change, change_path(prefix)


Place = tuple[Callable[[Path], object], Path]


@pytest.mark.parametrize("form", FORMS)
def test_file_that_is_damaged(place: Place, form: str) -> None:
    read, path = place
    path.write_bytes(FORMS[form])
    unreadable(read, path)


@pytest.mark.parametrize(("key", "value"), [(k, value) for k in WRONG for value in WRONG[k]])
def test_values_of_the_wrong_type(place: Place, key: str, value: object) -> None:
    read, path = place
    content = {**json.loads(dump(STATE)), key: value}
    path.write_text(json.dumps({**content, "origins": [], "state": content}))
    unreadable(read, path)


@pytest.mark.parametrize("origins", ["file:///a", {"a": 1}, [7], 7])
def test_origins_of_the_wrong_type(prefix: Path, origins: object) -> None:
    content = {"origins": origins, "state": json.loads(dump(STATE))}
    change_path(prefix).write_text(json.dumps(content))
    unreadable(read_change, change_path(prefix))


def test_folder_in_the_place_of_the_file(place: Place) -> None:
    read, path = place
    path.mkdir()
    unreadable(read, path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_in_the_place_of_the_file(place: Place) -> None:
    read, path = place
    os.mkfifo(path)
    assert "not a regular file" in unreadable(read, path)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_link_that_leads_nowhere(place: Place) -> None:
    read, path = place
    path.symlink_to(path.with_name("absent"))
    unreadable(read, path)


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="nobody can be kept from reading there"
)
def test_no_permission(place: Place) -> None:
    read, path = place
    path.write_text(dump(STATE))
    for closed in (path, path.parent):
        mode = closed.stat().st_mode
        closed.chmod(0)
        try:
            assert "denied" in unreadable(read, path)
        finally:
            closed.chmod(mode)


def test_change_comes_back_as_it_was_written(prefix: Path) -> None:
    for change in (Change((), STATE), Change(("file:///a", "file:///b"), STATE)):
        change_path(prefix).write_text(dump(change))
        assert read_change(prefix) == change


def test_no_change_is_under_way_at_first(prefix: Path, tmp_path: Path) -> None:
    assert read_change(prefix) is None
    assert read_change(tmp_path / "absent") is None
    assert read_change(prefix / "conda-meta" / "history") is None
    assert read_state(prefix / "conda-meta" / "history") is None


def test_keys_of_a_later_version_do_no_harm(prefix: Path) -> None:
    content = {**json.loads(dump(STATE)), "since": "2030-01-01"}
    state_path(prefix).write_text(json.dumps(content))
    assert read_state(prefix) == STATE
