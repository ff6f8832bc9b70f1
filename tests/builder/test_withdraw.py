"""Releases that the vendor withdraws."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.options import Options
from conda_offline_repo.builder.release.exceptions import FailOnError
from conda_offline_repo.builder.request.changes import withdrawn
from conda_offline_repo.exceptions import InvalidRequestError
from tests.support import requesting
from tests.support.running import snapshot

if TYPE_CHECKING:
    from tests.support.releasing import Releasing

OPTIONS = Options(label="bank", root=Path())
REASON = "its lib deletes what it should keep"


def test_makes_a_release_and_later_ones_know_it(releasing: Releasing) -> None:
    releasing.release(1, keep=4)
    releasing.release(2)
    releasing.release(3)
    before = snapshot(releasing.bank)
    told = releasing.build(withdraw=(2,), reason=REASON, dry_run=True)
    assert (told.changed, told.manifest.release) == (True, 4)
    assert told.manifest.withdrawn == {2: REASON}
    assert snapshot(releasing.bank) == before

    outcome = releasing.build(withdraw=(2,), reason=REASON)
    assert (outcome.changed, outcome.warnings) == (True, ())
    manifest = releasing.manifest
    # release 3 installs the same, release 2 is withdrawn
    assert (manifest.release, sorted(manifest.releases)) == (4, [1])
    assert releasing.archives == ["app-1.0-0", "app-3.0-0", "lib-1.0-0", "lib-3.0-0"]
    readme = (releasing.bank / "README.txt").read_text()
    assert f"Release 2 is withdrawn: {REASON}." in readme
    page = (releasing.bank / "index.html").read_text()
    assert f"<dd>Release 2 is withdrawn: {REASON}.</dd>" in page

    for again in ({}, {"withdraw": (2,)}, {"withdraw": (2,), "reason": REASON}):
        assert not releasing.build(**again).changed
    releasing.release(5)
    assert releasing.manifest.withdrawn == {2: REASON}
    assert sorted(releasing.manifest.releases) == [1, 4]


def test_second_reason_counts_and_several_are_withdrawn_at_once(releasing: Releasing) -> None:
    for number in (1, 2, 3):
        releasing.release(number)
    releasing.build(withdraw=(1,), reason="first")
    assert releasing.build(withdraw=(2, 1), reason="second").changed
    assert releasing.manifest.withdrawn == {1: "second", 2: "second"}
    content = json.loads((releasing.bank / "offline-repo.json").read_bytes())
    assert content["withdrawn"] == {"1": "second", "2": "second"}


def test_label_of_a_file_keeps_what_is_withdrawn(releasing: Releasing) -> None:
    releasing.release(1)
    releasing.release(2, withdraw=(1,), whole=True)
    assert releasing.manifest.withdrawn == {1: ""}
    assert not releasing.build(whole=True).changed
    assert "Release 1 is withdrawn.\r\n" in (releasing.bank / "README.txt").read_bytes().decode()


def test_current_release_is_withdrawn_with_a_new_one(releasing: Releasing) -> None:
    releasing.release(1, keep=3)
    outcome = releasing.release(2, withdraw=(1,))
    assert outcome.warnings == ()
    assert releasing.manifest.releases == {}
    assert releasing.archives == ["app-2.0-0", "lib-2.0-0"]


@pytest.mark.parametrize("keep", [1, 3])
def test_new_release_that_installs_the_same_is_told(releasing: Releasing, keep: int) -> None:
    releasing.release(1, keep=keep)
    (warning,) = releasing.build(withdraw=(1,), dry_run=True).warnings
    assert warning.kind == "withdrawn"
    assert "Release 1 is withdrawn, and the new one installs the same packages." in warning.text
    with pytest.raises(FailOnError):
        releasing.build(withdraw=(1,), fail_on=("withdrawn",))
    assert releasing.manifest.release == 1
    assert releasing.build(withdraw=(1,)).warnings == (warning,)
    assert releasing.release(2).warnings == ()


def test_same_packages_of_other_bytes_are_not_the_same(releasing: Releasing) -> None:
    releasing.release(1)
    releasing.channel.add("lib", "1.0", subdir="linux-64", files={"share/lib.txt": "mended\n"})
    (warning,) = releasing.build(withdraw=(1,)).warnings
    assert warning.kind == "same-version"


@pytest.mark.parametrize("number", [0, -1, 3, 99])
def test_only_what_was_a_release_is_withdrawn(number: int) -> None:
    last = replace(requesting.last(), release=2, withdrawn={1: "x"})
    assert withdrawn(replace(OPTIONS, withdraw=(2, 1)), last) == {1: "x", 2: ""}
    for release, newest in ((last, "2"), (None, "to come")):
        with pytest.raises(InvalidRequestError, match=f"release {number}: its newest is {newest}"):
            withdrawn(replace(OPTIONS, withdraw=(number,)), release)


@pytest.mark.parametrize(
    "reason",
    ["", "  ", "two\nlines", "a\tb", "\x1b[31mred", "see https://me:s3cret@example.com/x"],
)
def test_reason_is_one_line_that_all_may_read(reason: str) -> None:
    last = requesting.last()
    with pytest.raises(InvalidRequestError, match="--reason is one line") as raised:
        withdrawn(replace(OPTIONS, withdraw=(1,), reason=reason), last)
    assert "s3cret" not in str(raised.value)
    with pytest.raises(InvalidRequestError, match="needs --withdraw"):
        withdrawn(replace(OPTIONS, reason=REASON), last)
