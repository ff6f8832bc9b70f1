"""Packages that are named with their channel, which the customer's machine must not ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.index import make_index
from conda_offline_repo.builder.release.prove import prove
from conda_offline_repo.builder.solving.solution import Solution
from conda_offline_repo.builder.upstream.entry import Entry
from tests.support.inside import inside
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.tiny import TinyPackage

PLATFORM = "linux-64"


class Chosen:
    """As much of a solver's record as the proof looks at."""

    def __init__(self, package: TinyPackage) -> None:
        self.subdir = package.subdir
        self.fn = package.file
        self.name = package.record["name"]


@pytest.mark.parametrize(
    "package",
    [
        *("app", "app>=1", "app[version='>=1']", "public::app", "public::app>=1,<2"),
        *("public/noarch::app", "public::app=1.0=0", "public::app[build_number=0]"),
    ],
)
def test_proof_is_of_the_package_without_its_channel(tmp_path: Path, package: str) -> None:
    tiny = TinyChannel(tmp_path / "channel")
    chosen = [tiny.add("app", depends=["lib"]), tiny.add("lib", subdir=PLATFORM)]
    entries = [Entry(one.subdir, one.file, one.record, "", "") for one in chosen]
    with inside(tmp_path / "engineer") as me:
        request = me.request(me.options(package, channels=("public",)))
        solution = Solution("", PLATFORM, request.packages, tuple(map(Chosen, chosen)))
        index = make_index(entries, (PLATFORM,))
        prove(request, (solution,), index, tmp_path / "proof")
