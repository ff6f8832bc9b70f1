"""A label that was built by options, written down in a file and built from there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda


@pytest.fixture
def request_of_bank(vendor: Vendor, root: Path) -> tuple[str, ...]:
    """What is asked for of the bank, which is more than the default of anything."""
    return (
        *(*vendor.request, "--root", str(root), "app", "tool", "--keep", "3"),
        *("--platform", "linux-64", "--platform", "win-64"),
        *("--virtual-package", "linux-64:__glibc=2.17", "--virtual-package", "win-64:__cuda=12.4"),
    )


def test_build_from_the_file_changes_nothing(
    conda: Conda, vendor: Vendor, root: Path, request_of_bank: tuple[str, ...]
) -> None:
    conda.build(*request_of_bank)
    again = ("--label", "bank", "--root", root)
    told = conda.build(*again, "--write-config", "--token", TOKEN)
    assert "conda offline-repo build --file offline-repo.yml --label bank" in told.stdout
    text = (conda.work / "offline-repo.yml").read_text()
    assert TOKEN not in text
    assert "${CONDA_OFFLINE_REPO_TOKEN}" in text
    done = conda.build("--json", CONDA_OFFLINE_REPO_TOKEN=TOKEN).json
    (bank,) = done["labels"]
    assert bank["changed"] is False
    assert bank["request_changes"] == []
    assert bank["build"] == 1


def test_first_request_is_written_down_and_nothing_is_built(
    conda: Conda, root: Path, request_of_bank: tuple[str, ...], vendor: Vendor
) -> None:
    told = conda.build(*request_of_bank, "--write-config", "--json").json
    assert told["label"] == "bank"
    assert told["path"] == str(conda.work / "offline-repo.yml")
    assert not root.exists()
    assert not vendor.server.requests
    done = conda.build("--json", CONDA_OFFLINE_REPO_TOKEN=TOKEN).json["labels"][0]
    assert done["request"]["packages"] == ["app", "tool"]
    assert done["request"]["keep"] == 3
    assert set(done["platforms"]) == {"linux-64", "win-64"}


def test_second_label_and_the_same_again(
    conda: Conda, root: Path, request_of_bank: tuple[str, ...]
) -> None:
    conda.build(*request_of_bank, "--write-config")
    file = conda.work / "offline-repo.yml"
    file.write_text(f"# reviewed by two\n{file.read_text()}")
    conda.build("--label", "plant", "--root", root, "-c", "acme", "app", "--write-config")
    before = file.read_text()
    assert before.startswith("# reviewed by two\n")
    assert before.index("bank:") < before.index("plant:")
    told = conda.fail("offline-repo", "build", *request_of_bank, "--write-config")
    assert "the file has it already, on line" in told.stderr
    told = conda.fail("offline-repo", "build", "--label", "third", "--write-config", "--root", root)
    assert "Nothing was built" in told.stderr
    told = conda.fail("offline-repo", "build", *request_of_bank, "--write-config", "--dry-run")
    assert "builds nothing anyway" in told.stderr
    assert file.read_text() == before


def test_installers_have_to_be_named_again(
    conda: Conda, root: Path, request_of_bank: tuple[str, ...]
) -> None:
    installer = conda.work / "setup.sh"
    installer.write_text("#!/bin/sh\n")
    conda.build(*request_of_bank, "--installer", installer)
    again = ("--label", "bank", "--root", root, "--token", TOKEN, "--write-config")
    told = conda.fail("offline-repo", "build", *again)
    assert "--installer FILE" in told.stderr
    conda.build(*again, "--installer", installer)
    done = conda.build("--json", CONDA_OFFLINE_REPO_TOKEN=TOKEN).json
    assert done["labels"][0]["changed"] is False


def test_environment_file_is_written_down_by_its_path(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    environment = conda.work / "environment.yml"
    environment.write_text(f"channels: [{vendor.url(vendor.public)}]\ndependencies: [lib=1.0]\n")
    request = ("--label", "bank", "--root", root, "--no-label-channel")
    conda.build(*request, "--environment-file", environment, "--write-config")
    assert "environment: environment.yml" in (conda.work / "offline-repo.yml").read_text()
    told = conda.build("--json").json["labels"][0]
    assert told["request"]["packages"] == ["lib=1.0"]


def test_what_is_not_a_wheel_is_refused_by_name(conda: Conda, vendor: Vendor, root: Path) -> None:
    environment = conda.work / "environment.yml"
    environment.write_text(
        f"channels: [{vendor.url(vendor.public)}]\n"
        "dependencies: [lib, pip, {pip: [requests, -e ./src, git+https://h.example/a.git]}]\n"
    )
    told = conda.execute(
        *("offline-repo", "build", "--label", "bank", "--root", root, "--no-label-channel"),
        *("--environment-file", environment, "--json"),
    )
    assert told.status == 1
    answer = json.loads(told.stdout)
    assert "pip wheel --no-deps SOURCE" in "".join(answer["hints"])
    for text in ("-e ./src: an editable install", "git+https://h.example/a.git: sources in"):
        assert text in answer["message"]
    assert "requests" not in answer["message"]
    assert not root.exists()
