"""An environment's small files with any content: our errors, or a right result.

That is `condarc`, `state`, and what `files` reads and writes.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from conda_offline_repo.customer.environment.condarc import configured, ours, restored
from conda_offline_repo.customer.environment.state import (
    change_path,
    read_change,
    read_state,
    state_path,
)
from conda_offline_repo.customer.exceptions import StateUnreadableError, TargetError
from conda_offline_repo.customer.hooks.archives import expected_manifest
from conda_offline_repo.customer.hooks.history_check import check_environment
from conda_offline_repo.customer.target import configure
from conda_offline_repo.customer.undo import undo
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.repository.locate import locate_one
from tests.support.inside import inside
from tests.support.planned import plan
from tests.support.running import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CHANNEL = "file:///media/stick/bank"
DEEP = "[" * 100_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
STATES = st.fixed_dictionaries(
    {
        "label": JSON | st.just("bank"),
        "build": JSON | st.just(1),
        "path": JSON | st.just("/media/stick/bank"),
        "channel": JSON | st.just(CHANNEL),
    },
    optional={"manifest_sha256": JSON, "before": JSON | st.just("channels: [a]\n")},
)
LINES = st.sampled_from(
    ["channels: [a, b]", "channel: x", "offline: no", "default_channels:", "- a", "a: &x [1]"]
    + ["b: *x", "  c: 1", "# comment", "'q': \"\\ud800\"", "t: 2001-99-99", "? [1]: 2", "<<: 1"]
    + ["!!python/object:os.system x", "%YAML 9.9", "---", "n: 1e999", "!<x> y", "\t", "{a: [}"]
)
YAMLS = st.lists(LINES, max_size=6).map("\n".join) | st.text()


@pytest.fixture(autouse=True)
def me(tmp_path: Path) -> Iterator[None]:
    """The system administrator in this process."""
    with inside(tmp_path / "administrator"):
        yield


@pytest.fixture
def prefix(tmp_path: Path, me: None) -> Path:
    """An environment, the one that conda's commands are about."""
    prefix = tmp_path / "rating"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    context.__init__(argparse_args={"prefix": str(prefix)})
    assert Path(context.target_prefix) == prefix
    return prefix


@SHORT
@given(YAMLS)
def test_any_condarc(text: str) -> None:
    path = Path("/opt/rating/.condarc")
    try:
        new = configured(text, CHANNEL, path)
        before = ours(text, path)
        again = restored(new, [CHANNEL], before, path)
    except TargetError:
        return
    content = YAML(typ="rt").load(new)
    assert content["channels"] == [CHANNEL]
    assert content["offline"] is True
    assert configured(new, CHANNEL, path) == new
    assert (YAML(typ="rt").load(again) or {}) == (YAML(typ="rt").load(text) or {})


@SHORT
@given(STATES | JSON)
def test_any_state(prefix: Path, stick: Path, content: object) -> None:
    state_path(prefix).write_text(json.dumps(content))
    repository = locate_one(stick)
    for step in (
        lambda: check_environment((), expected_manifest),
        lambda: undo(prefix, print, dry_run=True),
        lambda: configure(plan(repository, prefix, allow_older=True, other_label=True)),
    ):
        try:
            step()
        except OfflineRepoError as error:
            str(error).encode()
    shutil.rmtree(prefix / ".condarc", ignore_errors=True)
    (prefix / ".condarc").unlink(missing_ok=True)


@pytest.mark.parametrize("text", ["1e999", DEEP, '{"a":' * 50_000, '"\\ud800"', "\0", "é" * 9])
@pytest.mark.parametrize("path_of", [state_path, change_path], ids=["state", "change"])
def test_state_that_is_none(prefix: Path, stick: Path, path_of: object, text: str) -> None:
    assert callable(path_of)
    path: Path = path_of(prefix)
    path.write_text(text)
    before = snapshot(prefix)
    for step in (
        lambda: plan(locate_one(stick), prefix),
        lambda: plan(locate_one(stick), prefix, allow_older=True, other_label=True),
        lambda: undo(prefix, print),
        lambda: check_environment((), expected_manifest),
    ):
        with pytest.raises(StateUnreadableError) as caught:
            step()
        assert str(path) in str(caught.value)
    assert snapshot(prefix) == before
    path.unlink()
    configure(plan(locate_one(stick), prefix))
    assert read_state(prefix) is not None
    assert read_change(prefix) is None


# as deep as is too deep for the parser: it takes long for more
@pytest.mark.parametrize("text", ["[" * 1000, "{" * 1000, "- 1", "x: 2001-99-99"])
def test_condarc_that_is_none(prefix: Path, stick: Path, text: str) -> None:
    (prefix / ".condarc").write_text(text)
    before = snapshot(prefix)
    with pytest.raises(TargetError, match="condarc"):
        plan(locate_one(stick), prefix)
    assert snapshot(prefix) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", [".condarc", "conda-meta/offline-repo", "conda-meta/frozen"])
def test_pipes_do_not_hang(prefix: Path, stick: Path, name: str) -> None:
    os.mkfifo(prefix / name)
    errors = {".condarc": TargetError, "conda-meta/offline-repo": StateUnreadableError}
    if name == "conda-meta/offline-repo":
        with pytest.raises(StateUnreadableError, match="not a regular file"):
            check_environment((), expected_manifest)
    else:
        check_environment((), expected_manifest)
    if name in errors:
        with pytest.raises(errors[name], match="not a regular file"):
            plan(locate_one(stick), prefix)
    else:
        configure(plan(locate_one(stick), prefix))


def test_staged_file_that_is_in_the_way(prefix: Path, stick: Path) -> None:
    (prefix / ".condarc.offline-repo-new").mkdir()
    with pytest.raises(TargetError, match="cannot be written"):
        configure(plan(locate_one(stick), prefix))
    assert not (prefix / ".condarc").exists()


def test_undo_finishes_what_was_interrupted(prefix: Path, stick: Path) -> None:
    (prefix / ".condarc").write_text("channels: [a]\n")
    configure(plan(locate_one(stick), prefix))
    state_path(prefix).rename(change_path(prefix))
    state = json.loads(change_path(prefix).read_text())
    change_path(prefix).write_text(json.dumps({"origins": [CHANNEL], "state": state}))
    undo(prefix, print)
    assert (prefix / ".condarc").read_text() == "channels: [a]\n"
    assert [path.name for path in (prefix / "conda-meta").iterdir()] == ["history"]
    assert context.subdir
