"""Packages that were uploaded again under the same name, version and build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.mirror import SOLVERS, entries, publish
from tests.support.running import Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.running import Conda
    from tests.support.tiny import Format

OLD, NEW = ({"share/lib.txt": text} for text in ("old\n", "new\n"))


@pytest.fixture(params=SOLVERS)
def customer(tmp_path: Path, request: pytest.FixtureRequest) -> Conda:
    return Customer(tmp_path / "administrator", CONDA_SOLVER=request.param)


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """Has `app`, which needs `lib`."""
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", depends=["lib"])
    return channel


def lib(customer: Conda) -> tuple[str, dict[str, Any]]:
    """What is installed of `lib`, and conda's record of it."""
    prefix = customer.envs / "rating"
    record = json.loads((prefix / "conda-meta" / "lib-1.0-0.json").read_text())
    return (prefix / "share" / "lib.txt").read_text(), record


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
@pytest.mark.parametrize("how", [("--release", "2"), ("--environment", "default"), ("lib",)])
def test_environment_gets_the_bytes_of_the_release(
    customer: Conda, channel: TinyChannel, tmp_path: Path, how: tuple[str, ...], format: Format
) -> None:
    before = channel.add("lib", files=OLD, format=format)
    bank = publish(tmp_path / "engineer1", channel, "app", root=tmp_path / "repositories")
    customer.use(bank, "-n", "rating", "--yes", "app")
    channel.remove(before)
    channel.add("lib", files=NEW)
    publish(tmp_path / "engineer2", channel, "app", root=tmp_path / "repositories")

    told = customer.use(bank, "-n", "rating", "--yes", "--json", *how).json
    content, record = lib(customer)
    assert content == "new\n"
    assert record["sha256"] == entries(bank, "noarch")["lib-1.0-0.conda"]["sha256"]
    for key in ("LINK", "UNLINK"):
        assert [text.rpartition("::")[2] for text in told["actions"][key]] == ["lib-1.0-0"]
    told = customer.use(bank, "-n", "rating", "--yes", "--json", *how).json
    assert told["changed"] is False


def test_what_nobody_named_stays(customer: Conda, channel: TinyChannel, tmp_path: Path) -> None:
    """As conda has it: it does not touch what an update of another package does not need."""
    channel.add("lib", files=OLD)
    bank = publish(tmp_path / "engineer1", channel, "app", root=tmp_path / "repositories")
    customer.use(bank, "-n", "rating", "--yes", "app")
    channel.add("lib", files=NEW)
    publish(tmp_path / "engineer2", channel, "app", root=tmp_path / "repositories")
    customer.use(bank, "-n", "rating", "--yes", "app")
    assert lib(customer)[0] == "old\n"
