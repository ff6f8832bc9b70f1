"""conda's transactions, made of the records that an environment is to consist of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from conda_offline_repo._conda.transactions import (
    actions,
    installed,
    linked,
    removed,
    transaction_to,
    write_records,
)
from tests.support.inside import inside
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def prefix(tmp_path: Path) -> Iterator[Path]:
    """An environment without packages."""
    (tmp_path / "rating" / "conda-meta").mkdir(parents=True)
    (tmp_path / "rating" / "conda-meta" / "history").touch()
    with inside(tmp_path / "me"):
        yield tmp_path / "rating"


def test_what_others_need_comes_first(prefix: Path) -> None:
    def record(name: str, *depends: str) -> PackageRecord:
        return PackageRecord(
            name=name, version="1", build="0", build_number=0, channel="c", depends=depends
        )

    records = (record("app", "lib"), record("lib", "base"), record("base"))
    transaction = transaction_to(prefix, records, [MatchSpec("app")])
    assert [record.name for record in linked(transaction, prefix)] == ["base", "lib", "app"]
    link, unlink = actions(transaction, prefix)
    assert [text.rpartition("::")[2] for text in link] == ["base-1-0", "lib-1-0", "app-1-0"]
    assert unlink == ()
    assert not transaction.nothing_to_do


def test_what_an_environment_no_longer_has(prefix: Path, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "channel")
    old = [channel.add("app", "1.0"), channel.add("helper")]
    new = channel.add("app", "2.0")
    url = channel.folder.as_uri()
    before = tmp_path / "before"
    write_records(before, {p.at: p.record for p in old}, ["app"], url)
    write_records(tmp_path / "after", {new.at: new.record}, [], url)
    records = installed(tmp_path / "after").values()
    assert removed(transaction_to(before, records, [MatchSpec("app")]), before) == {"helper"}


def test_nothing_to_do(prefix: Path, tmp_path: Path) -> None:
    assert transaction_to(prefix, (), ()).nothing_to_do
    assert installed(prefix) == installed(tmp_path / "absent") == {}
