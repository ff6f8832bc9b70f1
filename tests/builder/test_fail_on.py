"""Warnings that stop a build before it publishes, and that nobody misses who wants quiet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.exceptions import FailOnError
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.releasing import Releasing
    from tests.support.running import Conda


def withdraw(channel: TinyChannel, version: str) -> None:
    for package in [*channel.packages.values()]:
        if f"-{version}-" in package.file:
            channel.remove(package)


@pytest.mark.parametrize(
    ("fail_on", "kinds"),
    [
        ("downgrade", {"downgrade"}),
        ("no-update", {"no-update"}),
        ("not-kept", {"not-kept"}),
        ("warning", {"downgrade", "no-update", "not-kept"}),
    ],
)
def test_nothing_is_published(releasing: Releasing, fail_on: str, kinds: set[str]) -> None:
    releasing.release(1, keep=2)
    releasing.release(2)
    withdraw(releasing.channel, "2.0")
    before = releasing.manifest
    for dry_run in (True, False):
        with pytest.raises(FailOnError) as raised:
            releasing.build(dry_run=dry_run, fail_on=("offline", fail_on))
        assert {warning.kind for warning in raised.value.warnings} == kinds
        for warning in raised.value.warnings:
            assert f"  - {warning.kind}: {warning.text}" in str(raised.value)
    assert releasing.manifest == before
    outcome = releasing.build(dry_run=True, fail_on=("offline",))
    assert outcome.warnings == releasing.build(fail_on=("offline",)).warnings
    assert releasing.manifest.release == 3
    assert not releasing.build(fail_on=("warning",)).changed


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "channel")
    for version in ("1.0", "2.0"):
        channel.add("app", version)
    channel.write()
    return channel


def test_nightly_job_tells_and_stops(conda: Conda, channel: TinyChannel, root: Path) -> None:
    """Of two labels that get an older version, the one that must not does not."""
    settings = {
        "root": str(root),
        "channels": [channel.folder.as_uri()],
        "platforms": ["linux-64"],
        "label_channel": False,
        "labels": {
            "bank": {"packages": ["app"], "fail_on": ["downgrade"]},
            "plant": {"packages": ["app"]},
        },
    }
    (conda.work / "offline-repo.yml").write_text(json.dumps(settings))
    job = ("offline-repo", "build", "--quiet")
    assert conda.run(*job).stdout.count("\n") == 2
    withdraw(channel, "2.0")
    channel.write()
    told = "For linux-64, the release has older versions: app 2.0 -> 1.0."

    refused = conda.fail(*job[:2], "--label", "plant", "--json", "--fail-on", "downgrade").json
    (plant,) = refused["labels"]
    assert plant["exception_name"] == "FailOnError"
    assert plant["warnings"] == [{"kind": "downgrade", "text": told}]

    done = conda.fail(*job)
    assert [line.partition(",")[0] for line in done.stdout.splitlines()] == ["plant: release 2"]
    assert "bank failed: Nothing is published" in done.stderr
    assert f"  - downgrade: {told}\n" in done.stderr
    assert f"warning: plant: {told}\n" in done.stderr
    assert "warning: plant: From release 1, an update" in done.stderr


def test_one_label_by_options(conda: Conda, channel: TinyChannel, root: Path) -> None:
    request = ("--label", "bank", "--no-label-channel", "-c", channel.folder.as_uri())
    build = (*request, "--root", root, "--platform", "linux-64", "--quiet")
    conda.build(*build, "app")
    withdraw(channel, "2.0")
    channel.write()
    stop = ("--fail-on", "no-update", "--fail-on", "downgrade")
    stopped = conda.fail("offline-repo", "build", *build, *stop, "--json")
    assert [each["kind"] for each in stopped.json["warnings"]] == ["downgrade", "no-update"]
    for dry_run, release in ((["--dry-run"], "would be release 2"), ([], "release 2")):
        done = conda.build(*build, *dry_run)
        assert done.stdout.startswith(f"bank: {release}, ")
        assert done.stderr.count("warning: ") == 2
    wrong = conda.execute("offline-repo", "build", *build, "--fail-on", "undeleted")
    assert (wrong.status, "invalid choice" in wrong.stderr) == (2, True)
