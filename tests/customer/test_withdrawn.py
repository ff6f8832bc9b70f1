"""Releases that the vendor has withdrawn, and next ones that are late, at the customer."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo import clock
from conda_offline_repo.customer.environment.state import read_state
from dev.upstream.server import ChannelServer
from tests.support.inside import Inside, inside
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, SOLVERS
from tests.support.running import Customer, snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda, Finished

VENDOR = SigningKey("vendor")
WHY = "its lib is broken"
GONE = f"Release 1 is withdrawn: {WHY}."
LATE = "The next release was due on 2026-03-11, and this machine's clock says "


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Three releases, the folder of each: the second withdraws the first; the third, of another
    `tool`, was to be followed soon.
    """
    folder = tmp_path_factory.mktemp("vendor")
    channel = TinyChannel(folder / "channel")
    copies = {}
    for number, more in (
        (1, {}),
        (2, {"withdraw": (1,), "reason": WHY}),
        (3, {"next_due": "10d"}),
    ):
        lib = min(number, 2)
        channel.add("lib", f"{lib}.0")
        channel.add("app", f"{lib}.0", depends=[f"lib =={lib}.0"])
        channel.add("tool", f"{number}.0")
        channel.write()
        with inside(folder / f"engineer{number}", SOURCE_DATE_EPOCH="1772323200") as me:
            engineer = Inside(me.conda, folder / "root")
            options = engineer.options(
                "app", "tool", channels=(channel.folder.as_uri(),), platforms=(PLATFORM,), keep=3
            )
            engineer.build(replace(options, **more))
        copies[number] = shutil.copytree(folder / "root" / "bank", folder / str(number))
    return copies


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    return tmp_path / "share" / "bank"


def deliver(builds: dict[int, Path], bank: Path, number: int) -> None:
    shutil.rmtree(bank, ignore_errors=True)
    shutil.copytree(builds[number], bank)


def told(finished: Finished, text: str) -> int:
    """How often a run warns of something."""
    assert text not in finished.stdout or "Offline repository" in finished.stdout
    return finished.output.count(text)


@pytest.mark.parametrize("solver", SOLVERS)
def test_environment_at_a_withdrawn_release(
    builds: dict[int, Path], bank: Path, tmp_path: Path, solver: str
) -> None:
    customer = Customer(tmp_path / "administrator", CONDA_SOLVER=solver)
    deliver(builds, bank, 1)
    customer.use(bank, "-n", "rating", "app", "--yes")
    shell = customer.activated("rating")
    deliver(builds, bank, 2)
    use = f"conda offline-repo use {bank} -p {customer.envs / 'rating'} --release 2"

    dry = customer.run("install", "--yes", "tool", "--dry-run", **shell)
    assert told(dry, GONE) == 1
    assert (
        f"has packages of it. Update them, or for just the newest release: `{use}`." in dry.stderr
    )
    done = customer.run("install", "--yes", "tool", "--json", **shell)
    assert done.json["success"]
    assert done.stderr.count(GONE) == 1
    # `lib` is still that of release 1, though the environment has used release 2
    state = read_state(customer.envs / "rating")
    assert state is not None
    assert (state.release, state.withdrawn) == (2, 1)
    assert told(customer.run("install", "--yes", "tool", **shell), GONE) == 1
    assert told(customer.run("doctor", **shell), GONE) == 1
    answer = customer.use(bank, "-n", "rating", "--json").json
    assert answer["warnings"][0]["text"].startswith(f"{GONE} {customer.envs / 'rating'} has ")
    assert "conda update app tool" in answer["next"]
    customer.run("create", "--yes", "-n", "copy", "--clone", "rating")
    assert told(customer.run("install", "--yes", "tool", **customer.activated("copy")), GONE) == 1

    assert told(customer.run("update", "--yes", "app", **shell), GONE) == 1
    assert customer.installed("rating") == {"app": "2.0", "lib": "2.0", "tool": "2.0"}
    for command in (("update", "--yes", "--all"), ("doctor",)):
        assert told(customer.run(*command, **shell), "withdrawn") == 0
    assert told(customer.use(bank, "-n", "rating", "--json"), "withdrawn") == 0
    state = read_state(customer.envs / "rating")
    assert state is not None
    assert state.withdrawn == 0


def test_from_a_signed_repository_on_a_server(
    builds: dict[int, Path], bank: Path, customer: Conda
) -> None:
    deliver(builds, bank, 1)
    sign(bank, VENDOR)
    with ChannelServer(bank.parent) as server:
        url = f"{server.url}/bank"
        customer.use(url, "-n", "rating", "--trust", VENDOR.fingerprint, "--yes", "app", "tool")
        shell = customer.activated("rating")
        deliver(builds, bank, 3)
        sign(bank, VENDOR)
        done = customer.run("install", "--yes", "tool=3", **shell)
        assert [told(done, text) for text in (GONE, LATE)] == [1, 1]
        assert (
            f"`conda offline-repo use {url} -p {customer.envs / 'rating'} --release 3`"
            in done.stderr
        )
        assert told(customer.run("doctor", **shell), GONE) == 1
        assert told(customer.use(url, "-n", "rating", "app", "--yes"), GONE) == 1
        done = customer.run("update", "--yes", "--all", **shell)
        assert [told(done, text) for text in (GONE, LATE)] == [0, 1]


def test_use_alone_brings_it_to_a_good_release(
    builds: dict[int, Path], bank: Path, customer: Conda
) -> None:
    deliver(builds, bank, 1)
    customer.use(bank, "-n", "rating", "--release", 1, "--yes")
    deliver(builds, bank, 2)
    before = snapshot(customer.envs)
    answer = customer.use(bank, "-n", "rating", "--release", 2, "--dry-run")
    assert answer.stderr.count(GONE) == 1
    refused = customer.execute("offline-repo", "use", bank, "-n", "rating", "--release", 1)
    assert refused.status == 1
    assert f"does not have release 1; it has 2.\n{GONE}" in refused.stderr
    assert "--allow-older" not in refused.stderr
    assert snapshot(customer.envs) == before
    assert customer.use(bank, "-n", "rating", "--release", 2, "--yes").stderr.count(GONE) == 1
    # the next release takes packages away that no withdrawn one had
    deliver(builds, bank, 3)
    for _ in range(2):
        assert told(customer.use(bank, "-n", "rating"), "withdrawn") == 0


def test_packages_that_a_good_release_has_are_good(
    builds: dict[int, Path], bank: Path, customer: Conda
) -> None:
    deliver(builds, bank, 1)
    customer.use(bank, "-n", "rating", "--yes")
    deliver(builds, bank, 2)
    assert told(customer.use(bank, "-n", "rating", "tool", "--yes"), "withdrawn") == 0
    assert (
        told(customer.run("install", "--yes", "app", **customer.activated("rating")), "withd") == 0
    )


def test_archives_that_a_command_names(
    builds: dict[int, Path], bank: Path, customer: Conda
) -> None:
    deliver(builds, bank, 1)
    customer.use(bank, "-n", "rating", "app", "--yes")
    deliver(builds, bank, 3)
    file = bank / "noarch" / "tool-3.0-0.conda"
    done = customer.run("install", "--yes", file, **customer.activated("rating"))
    assert [told(done, text) for text in (GONE, LATE)] == [1, 1]


@pytest.mark.parametrize("verb", ["sync", "unpack"])
def test_what_arrives_withdraws_what_was_there(
    builds: dict[int, Path], bank: Path, customer: Conda, verb: str
) -> None:
    deliver(builds, bank, 1)
    source: Path = builds[2]
    if verb == "unpack":
        source = customer.work / "bank.zip"
        customer.run("offline-repo", "pack", builds[2], "-o", source)
    text = f"warning: {GONE} Update the environments that have it from {bank}."
    assert told(customer.run("offline-repo", verb, source, bank, "--dry-run"), text) == 1
    answer = customer.run("offline-repo", verb, source, bank, "--json").json
    assert [text.startswith(GONE) for text in answer["warnings"]] == [True]
    assert customer.run("offline-repo", verb, source, bank).stderr.count("withdrawn") == 0
    assert told(customer.run("offline-repo", "sync", builds[3], bank), "withdrawn") == 0
    back = customer.run("offline-repo", "sync", builds[1], bank, "--allow-older")
    assert told(back, text) == 1


def test_show_and_diff(builds: dict[int, Path], customer: Conda) -> None:
    show = ("offline-repo", "show", builds[3])
    lines = customer.run(*show).stdout.splitlines()
    assert [line.split("  ")[-1].strip() for line in lines if line.startswith("withdrawn")] == [
        GONE
    ]
    assert [line.split()[-1] for line in lines if line.startswith("next")] == ["2026-03-11"]
    assert "next due 2026-03-11, 1 is withdrawn" in customer.run(*show, "--brief").stdout
    assert GONE in customer.run(*show, "--releases").stdout.splitlines()
    for options in ((), ("--brief",)):
        (content,) = customer.run(*show, *options, "--json").json["repositories"]
        assert (content["due"], content["withdrawn"]) == ("2026-03-11", {"1": WHY})
    (content,) = customer.run(*show, "--releases", "--json").json["repositories"]
    assert content["withdrawn"] == {"1": WHY}

    for form in ("text", "markdown"):
        done = customer.run("offline-repo", "diff", builds[1], builds[3], "--format", form)
        assert done.stdout.count(GONE) == 1
        assert "The next release is due: 2026-03-11. Before: not stated." in done.stdout
        done = customer.run("offline-repo", "diff", builds[2], builds[3], "--format", form)
        assert "withdrawn" not in done.stdout
    content = customer.run("offline-repo", "diff", builds[1], builds[3], "--json").json
    assert [content[which]["withdrawn"] for which in ("old", "new")] == [{}, {"1": WHY}]
    assert [content[which]["due"] for which in ("old", "new")] == ["", "2026-03-11"]


def test_late_release_is_told_once_and_nothing_stops(
    builds: dict[int, Path], bank: Path, customer: Conda
) -> None:
    deliver(builds, bank, 3)
    assert told(customer.use(bank, "-n", "rating", "--yes"), LATE) == 1
    shell = customer.activated("rating")
    assert told(customer.run("install", "--yes", "app", **shell), LATE) == 1
    assert told(customer.run("update", "--yes", "--all", "--quiet", **shell), LATE) == 1
    assert told(customer.run("doctor", **shell), LATE) == 1
    answer = customer.use(bank, "-n", "rating", "--json").json
    assert answer["warnings"][0]["source"] == str(bank)
    done = customer.run(
        "create", "--yes", "-n", "plain", "--offline", "--override-channels", "-c", bank, "tool"
    )
    assert told(done, LATE) == 1
    for command in (("list",), ("remove", "--yes", "app")):
        assert told(customer.run(*command, **shell), LATE) == 0
    assert customer.installed("rating") == {}


def test_clock_tells_what_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    made, due = "2026-11-30T12:00:00Z", "2026-12-10"

    def at(moment: str) -> str | None:
        class Now(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                assert tz is timezone.utc
                return datetime.fromisoformat(f"{moment}+00:00")

        monkeypatch.setattr(clock, "datetime", Now)
        return clock.late(made, due)

    assert at("2026-12-10T23:59:59") is None
    assert "was due on 2026-12-10" in str(at("2026-12-11T00:00:00"))
    # a clock of another time zone is not wrong
    assert at("2026-11-29T12:00:00") is None
    assert "set it" in str(at("2009-01-01T00:00:00"))
    due = ""
    assert at("2009-01-01T00:00:00") is at("2036-01-01T00:00:00") is None
