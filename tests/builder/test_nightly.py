"""The nightly job of a vendor with many customers, and the call of the procedure before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dev.upstream.server import ChannelServer
from tests.conftest import TOKEN
from tests.support.many import LABELS, for_many
from tests.support.proposals import split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda, Finished
    from tests.support.tiny import TinyChannel

#: In the place of `update-offline-repo CLIENT TOKEN ROOT PACKAGE ...`.
CALL = (
    'conda offline-repo build --label "$CLIENT" --token "$TOKEN" --root "$ROOT" -c "$PUBLISHER" '
    "$PACKAGES"
)


class Nightly:
    """A vendor with thirty customers who share most packages.

    Attributes:
        folder: has `offline-repo.yml`.
        root: of the repositories.
    """

    def __init__(self, conda: Conda, channel: TinyChannel, server: ChannelServer) -> None:
        self.conda = conda
        self.channel = channel
        self.server = server
        self.folder = conda.work
        self.root = conda.folder / "offline"
        self.root.mkdir()
        self.describe(LABELS)

    def describe(self, labels: tuple[str, ...], **more: object) -> None:
        settings = {
            "root": str(self.root),
            "channels": [f"{self.server.url}/public"],
            "platforms": ["linux-64"],
            "label_channel": False,
            **more,
            "labels": {label: {"packages": [label]} for label in labels},
        }
        (self.folder / "offline-repo.yml").write_text(json.dumps(settings))

    def run(self) -> Finished:
        """Run the nightly job."""
        return self.conda.execute("offline-repo", "build", "--quiet")

    def sent(self) -> list[str]:
        return sorted(path.rpartition("/")[2] for path in self.server.packages())


@pytest.fixture
def nightly(conda: Conda, tmp_path: Path) -> Iterator[Nightly]:
    channel = for_many(tmp_path / "served" / "public")
    with ChannelServer(tmp_path / "served") as server:
        yield Nightly(conda, channel, server)


def test_thirty_labels_by_two_lines(nightly: Nightly) -> None:
    result = nightly.run()
    assert result.status == 0, str(result)
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [*LABELS]
    assert not result.stderr
    assert nightly.sent() == sorted(package.file for package in nightly.channel.packages.values())
    archives = [path.stat() for path in nightly.root.glob("*/*/*.conda")]
    union = sum(package.path.stat().st_size for package in nightly.channel.packages.values())
    assert len(archives) == 3 * len(LABELS)
    assert sum({stat.st_ino: stat.st_size for stat in archives}.values()) == union

    nightly.server.clear()
    result = nightly.run()
    assert (result.status, result.stdout, result.stderr) == (0, "", "")
    assert nightly.sent() == []

    nightly.channel.add("bank07", "2.0", depends=["base"])
    nightly.channel.write()
    result = nightly.run()
    assert result.status == 0
    (line,) = result.stdout.splitlines()
    assert line.startswith("bank07: release 2, 3 packages, ")
    assert nightly.sent() == ["bank07-2.0-0.conda"]


def test_failed_label_ends_the_job_with_its_name_and_status_1(nightly: Nightly) -> None:
    nightly.channel.remove(nightly.channel.packages["noarch/bank01-1.0-0.conda"])
    nightly.channel.write()
    nightly.describe(LABELS[:3])
    done = nightly.run()
    assert done.status == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["bank00", "bank02"]
    assert "bank01 failed: The request cannot be met" in done.stderr
    assert "near to it" in done.stderr
    assert "ERROR REPORT" not in done.stderr

    answer = json.loads(nightly.conda.execute("offline-repo", "build", "--json").stdout)
    assert answer["success"] is False
    assert [result["label"] for result in answer["labels"]] == [*LABELS[:3]]
    assert [result["success"] for result in answer["labels"]] == [True, False, True]
    failed = answer["labels"][1]
    assert (failed["exception_name"], failed["hints"]) == ("SolveError", [])
    assert failed["message"].startswith("The request cannot be met")
    assert answer["labels"][0]["release"] == 1

    table = nightly.conda.execute("offline-repo", "build").stdout.splitlines()[-4:]
    assert table[0].split() == ["LABEL", "RELEASE", "PACKAGES", "SIZE", "MOVES", "RESULT"]
    assert table[1].endswith("up to date")
    assert "failed: The request cannot be met for linux-64." in table[2]


def test_dry_run_shows_the_change_of_each_customer(nightly: Nightly) -> None:
    nightly.describe(LABELS[:2])
    output = nightly.conda.build("--dry-run").stdout
    assert "+ bank00 1.0" in output
    assert "+ bank01 1.0" in output
    assert output.count("would change") == 2
    assert not any(nightly.root.iterdir())


def test_labels_are_picked(nightly: Nightly) -> None:
    nightly.conda.build("--label", "bank03", "--label", "bank05")
    assert {path.name for path in nightly.root.iterdir()} == {"bank03", "bank05", "index.html"}
    result = nightly.conda.fail("offline-repo", "build", "--label", "bonk")
    assert "does not describe the label 'bonk'" in result.stderr


def test_file_of_another_folder(nightly: Nightly, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = nightly.conda.execute("offline-repo", "build", cwd=elsewhere)
    assert result.status == 1
    assert "offline-repo.yml does not exist here" in result.stderr
    file = nightly.folder / "offline-repo.yml"
    nightly.conda.build("--file", file, "--label", "bank00", cwd=elsewhere)
    assert (nightly.root / "bank00").is_dir()


@pytest.mark.parametrize(
    "options", [("bank00",), ("--keep", "2"), ("--platform", "win-64"), ("--add", "lib")]
)
def test_options_do_not_contradict_the_file(nightly: Nightly, options: tuple[str, ...]) -> None:
    result = nightly.conda.fail("offline-repo", "build", "--label", "bank00", *options)
    assert "offline-repo.yml describes the label bank00" in result.stderr
    result = nightly.conda.fail("offline-repo", "build", "--file", "offline-repo.yml", *options)
    assert "only the file says what to build" in result.stderr
    result = nightly.conda.fail("offline-repo", "build", *options)
    assert "No label is named" in result.stderr
    assert not any(nightly.root.iterdir())


def test_label_that_the_file_does_not_describe_is_built_by_options(nightly: Nightly) -> None:
    request = ("-c", f"{nightly.server.url}/public", "--no-label-channel", "lib")
    nightly.conda.build("--label", "plant", "--root", nightly.root, *request)
    assert (nightly.root / "plant").is_dir()


def test_variables_of_labels_that_are_not_built_need_not_be_set(nightly: Nightly) -> None:
    file = nightly.folder / "offline-repo.yml"
    settings = json.loads(file.read_text())
    settings["labels"]["bank01"]["token"] = "${NOT_SET}"
    file.write_text(json.dumps(settings))
    result = nightly.conda.fail("offline-repo", "build")
    assert "The environment variable NOT_SET is not set" in result.stderr
    nightly.conda.build("--label", "bank00")
    result = nightly.conda.fail("offline-repo", "build", "--label", "bank00", "--label", "bank01")
    assert "NOT_SET" in result.stderr


def test_tokens_of_all_labels_leave_in_none(conda: Conda, vendor: Vendor, root: Path) -> None:
    """Each label has its own token; the package of one label has that of another in it."""
    other = "tk-0ther5ecret"
    vendor.publisher.add("leak", files={"share/leak.txt": f"token={other}\n"})
    vendor.publisher.write()
    settings = {
        "root": str(root),
        "channels": [vendor.url(vendor.publisher), vendor.url(vendor.public)],
        "labels": {
            "bank": {"token": "${BANK_TOKEN}", "packages": ["leak"]},
            "plant": {"label_channel": False, "token": "${PLANT_TOKEN}", "packages": ["lib"]},
        },
    }
    (conda.work / "offline-repo.yml").write_text(json.dumps(settings))
    variables = {"BANK_TOKEN": TOKEN, "PLANT_TOKEN": other}
    told = conda.execute("offline-repo", "build", "--json", **variables)
    assert told.status == 1
    assert TOKEN not in told.output
    assert other not in told.output
    bank = next(result for result in told.json["labels"] if result["label"] == "bank")
    assert bank["exception_name"] == "SecretFoundError"
    assert not (root / "bank").exists()


def test_call_of_the_old_procedure(conda: Conda, vendor: Vendor, root: Path) -> None:
    root.mkdir()
    values = {
        "CLIENT": "bank",
        "TOKEN": TOKEN,
        "ROOT": str(root),
        "PUBLISHER": vendor.url(vendor.publisher),
        "PACKAGES": "app tool",
    }
    conda.configure(channels=[vendor.url(vendor.public)])
    line = CALL
    for name, value in values.items():
        line = line.replace(f"${name}", value)
    _, *arguments = split(line)
    conda.run(*arguments)
    archives = sorted(path.name for path in (root / "bank").glob("noarch/*-*"))
    assert archives == ["app-2.0-0.conda", "lib-1.1-0.tar.bz2", "tool-1.0-0.conda"]
