"""Records of installed packages, brought over to a repository that has moved."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from conda.core.prefix_data import PrefixData

from conda_offline_repo._conda.transactions import read_again
from conda_offline_repo.customer.environment.files import replace_all
from conda_offline_repo.customer.environment.records import followed
from conda_offline_repo.customer.exceptions import TargetError
from tests.support.running import snapshot, tree

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

OLD, NEW = "file:///media/stick/bank", "file:///srv/share/bank"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment without packages."""
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").touch()
    return tmp_path


def add(prefix: Path, name: str, channel: str = OLD, **more: Any) -> Path:
    """Record a package as installed from a channel."""
    path = prefix / "conda-meta" / f"{name}-1.0-0.json"
    content = {
        "build": "0",
        "build_number": 0,
        "channel": f"{channel}/noarch",
        "depends": [],
        "files": [],
        "fn": f"{name}-1.0-0.conda",
        "name": name,
        "subdir": "noarch",
        "url": f"{channel}/noarch/{name}-1.0-0.conda",
        "version": "1.0",
        **more,
    }
    path.write_text(json.dumps(content))
    return path


def follow(prefix: Path, old: str, new: str) -> int:
    """Bring the records over as `use` does; returns how many were changed."""
    contents = list(followed(prefix, (old,), new))
    replace_all(contents)
    read_again(prefix)
    return len(contents)


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def test_origins_are_brought_over_and_all_else_is_kept(prefix: Path) -> None:
    paths = [add(prefix, name, schannel=OLD, unknown={"ä": [1]}) for name in ("app", "lib")]
    before = [read(path) for path in paths]
    assert follow(prefix, OLD, NEW) == 2
    for path, old in zip(paths, before, strict=True):
        assert read(path) == {
            **old,
            "channel": f"{NEW}/noarch",
            "schannel": NEW,
            "url": f"{NEW}/noarch/{old['fn']}",
        }
    assert tree(prefix / "conda-meta") == ["app-1.0-0.json", "history", "lib-1.0-0.json"]


def test_conda_sees_it_at_once(prefix: Path) -> None:
    add(prefix, "app")
    known = PrefixData(str(prefix))
    assert next(iter(known.iter_records())).url.startswith(OLD)
    follow(prefix, OLD, NEW)
    (record,) = PrefixData(str(prefix)).iter_records()
    assert (record.url, record.channel.base_url) == (f"{NEW}/noarch/app-1.0-0.conda", NEW)


@pytest.mark.parametrize(
    "channel",
    [
        "https://conda.example.com/main",
        "file:///media/stick/bank2",
        "file:///media/stick",
        "file:///media/stick/Bank",
        "file:///other/media/stick/bank",
    ],
)
def test_other_origins_stay(prefix: Path, channel: str) -> None:
    add(prefix, "app", channel)
    before = snapshot(prefix)
    assert follow(prefix, OLD, NEW) == 0
    assert snapshot(prefix) == before


@pytest.mark.parametrize(
    ("recorded", "old"),
    [
        ("file:///media/X Y/bank", "file:///media/X%20Y/bank"),
        ("file:///media/X%20Y/bank", "file:///media/X%20Y/bank"),
        ("file:///media/bänk/bank", "file:///media/b%C3%A4nk/bank"),
    ],
)
def test_origins_in_the_form_that_conda_writes(prefix: Path, recorded: str, old: str) -> None:
    # conda writes a channel with or without escapes, depending on its version and its solver
    path = add(prefix, "app", recorded)
    assert follow(prefix, old, NEW) == 1
    assert read(path)["channel"] == f"{NEW}/noarch"
    assert read(path)["url"] == f"{NEW}/noarch/app-1.0-0.conda"


def test_again_changes_nothing(prefix: Path) -> None:
    add(prefix, "app")
    follow(prefix, OLD, NEW)
    before = snapshot(prefix)
    assert follow(prefix, OLD, NEW) == 0
    assert snapshot(prefix) == before


def test_into_a_folder_below(prefix: Path) -> None:
    path = add(prefix, "app")
    follow(prefix, OLD, f"{OLD}/moved")
    assert read(path)["channel"] == f"{OLD}/moved/noarch"


@pytest.mark.parametrize("value", [None, 7, ["x"]])
def test_origins_that_are_no_text(prefix: Path, value: object) -> None:
    path = add(prefix, "app", schannel=value)
    assert follow(prefix, OLD, NEW) == 1
    assert read(path)["schannel"] == value


@pytest.mark.parametrize("text", ["", "{"])
def test_record_that_cannot_be_read(prefix: Path, text: str) -> None:
    (prefix / "conda-meta" / "bad-1.0-0.json").write_text(text)
    path = add(prefix, "app")
    with pytest.raises(TargetError, match="cannot follow its repository to") as caught:
        follow(prefix, OLD, NEW)
    assert "Repair that file, then repeat this command" in str(caught.value)
    (prefix / "conda-meta" / "bad-1.0-0.json").unlink()
    follow(prefix, OLD, NEW)
    assert read(path)["channel"] == f"{NEW}/noarch"


def test_interrupted_run_is_carried_on(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [add(prefix, name) for name in ("app", "lib", "tool")]
    real, left = os.replace, [1]

    def replace(source: Any, target: Any) -> None:
        if not left:
            raise OSError(28, "No space left on device")
        left.pop()
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(OSError, match="No space left"):
            follow(prefix, OLD, NEW)
    assert [read(path)["channel"].startswith(NEW) for path in paths] == [True, False, False]
    assert follow(prefix, OLD, NEW) == 2
    assert all(read(path)["channel"] == f"{NEW}/noarch" for path in paths)
    assert not list(prefix.rglob("*.new"))


def test_environment_without_packages(prefix: Path, tmp_path: Path) -> None:
    assert follow(prefix, OLD, NEW) == 0
    assert follow(tmp_path / "absent", OLD, NEW) == 0
