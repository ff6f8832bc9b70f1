"""What people give as PATH: a URL, a zip file, an address of the network, several labels."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.printable import quoted
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.urls import file_url
from tests.support.delivering import packed
from tests.support.mirror import PLATFORM
from tests.support.running import plain_url, snapshot
from tests.support.windows import root_of_a_drive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda


@pytest.fixture
def bank(mirror: Mirror, tmp_path: Path) -> Path:
    return mirror.copy(1, tmp_path / "a stick" / "bank")


def verbs(path: object, folder: Path) -> list[tuple[object, ...]]:
    """The commands that read a repository at a path; what they write goes to a folder."""
    return [
        ("use", path, "-n", "e", "--yes"),
        ("use", path, "-n", "e", "--undo"),
        ("show", path),
        ("sync", path, folder / "copy"),
        ("pack", path, "-o", folder / "bank.zip"),
        ("diff", path, path),
        ("verify", path),
    ]


@pytest.mark.parametrize("url", [file_url, plain_url])
def test_folder_is_given_as_a_url(
    conda: Conda, bank: Path, tmp_path: Path, url: Callable[[Path], str]
) -> None:
    for command in verbs(url(bank), tmp_path):
        conda.run("offline-repo", *command)
    told = conda.run("offline-repo", "unpack", url(tmp_path / "bank.zip"), url(tmp_path / "copy"))
    assert f"{tmp_path / 'copy'} has release 1 already" in told.stdout
    assert (conda.envs / "e").exists()


@pytest.mark.parametrize("name", ["noarch-2026/bank", f"{PLATFORM}/bank", f"{PLATFORM}-mirror"])
def test_folder_that_conda_misreads(
    conda: Conda, mirror: Mirror, tmp_path: Path, name: str
) -> None:
    """What only reads files works; what would make a channel there, or use one, is refused."""
    folder, plain = mirror.copy(1, tmp_path / "srv" / name), mirror.builds[1]
    read: tuple[tuple[object, ...], ...] = (
        ("show", folder),
        ("verify", folder),
        ("diff", folder, plain),
        ("pack", folder, "-o", tmp_path / "bank.zip"),
        ("sync", folder, tmp_path / "copy"),
    )
    for command in read:
        conda.run("offline-repo", *command)
    before = snapshot(tmp_path / "srv")
    other = folder.with_name(f"noarch{folder.name}")
    refused: tuple[tuple[object, ...], ...] = (
        ("use", folder, "-n", "e", "--yes"),
        ("use", folder, "-n", "e", "--yes", "--dry-run", "app"),
        ("sync", plain, other),
        ("sync", plain, other, "--dry-run"),
        ("unpack", tmp_path / "bank.zip", other),
    )
    for command in refused:
        error = conda.fail("offline-repo", *command, "--json").json
        assert error["exception_name"] == "FolderNameError"
        part = name.split("/")[0] if "bank" in name or "use" in command else other.name
        assert f"it takes {part!r}" in error["message"]
        assert "Rename the folder" in str(error["hints"])
    assert snapshot(tmp_path / "srv") == before
    assert not (conda.envs / "e").exists()


def test_link_leads_past_a_folder_that_conda_misreads(
    conda: Conda, mirror: Mirror, tmp_path: Path
) -> None:
    folder, link = mirror.copy(1, tmp_path / PLATFORM / "bank"), tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    conda.use(link, "-n", "e", "app", "--yes")
    conda.run("install", "--yes", "tool", **conda.activated("e"))
    assert {*conda.installed("e")} >= {"app", "tool"}


def test_names_that_windows_changes_are_not_written(
    conda: Conda, mirror: Mirror, tmp_path: Path
) -> None:
    bank, named = mirror.builds[1], tmp_path / "named"
    named.mkdir()
    packed(bank, tmp_path / "bank.zip")
    build = ("build", "--label", "bank", "-c", bank, "--no-label-channel", "app")
    writing: tuple[tuple[object, ...], ...] = (
        (*build, "--root", named / "repo "),
        (*build, "--root", named / "repo ", "--dry-run"),
        (*build, "--root", named, "--file", named / "bank.yml.", "--write-config"),
        ("sync", bank, f"{named / 'sp '}"),
        ("unpack", tmp_path / "bank.zip", named / "repo." / "bank"),
        ("pack", bank, "-o", named / "repo " / "bank.zip"),
        ("sbom", bank, "-o", named / "bills."),
        ("show", bank, "--report", named / "ops . " / "ops.html"),
        ("use", bank, "-p", named / "env ", "--yes"),
    )
    before = snapshot(named)
    for command in writing:
        refused = conda.fail("offline-repo", *command, cwd=named).stderr
        assert "Windows drops a space or a dot at the end of a name" in refused, command
        assert snapshot(named) == before


@pytest.mark.parametrize("name", [".", ".."])
def test_name_of_a_folder_is_not_of_an_environment(conda: Conda, bank: Path, name: str) -> None:
    result = conda.execute("offline-repo", "use", bank, "-n", name, "--yes")
    assert result.status == 2
    assert result.stderr.endswith(f"not the name of an environment: {name}\n")


def test_root_in_a_file_that_windows_changes(conda: Conda, tmp_path: Path) -> None:
    file = tmp_path / "offline-repo.yml"
    file.write_text("root: 'repo '\nlabels: {bank: {packages: [app]}}\n")
    refused = conda.fail("offline-repo", "build", cwd=tmp_path).stderr
    assert f"{file.name}:1:7: " in refused
    assert "Windows drops a space or a dot at the end of a name" in refused
    assert [*tmp_path.glob("repo*")] == []


@pytest.mark.skipif(os.name != "nt", reason="there are no drives")
def test_path_that_is_relative_to_a_drive(conda: Conda, bank: Path, tmp_path: Path) -> None:
    with root_of_a_drive(bank.parent) as drive:
        for command in verbs(f"{drive}bank", tmp_path):
            conda.run("offline-repo", *command)
        conda.run("offline-repo", "sync", drive, f"{drive}copy", "--dry-run")
        report = conda.run("offline-repo", "show", drive, "--report", f"{drive}ops.html")
        assert f"{drive}\\ops.html: written" in report.stdout


def test_address_of_the_network(conda: Conda, tmp_path: Path) -> None:
    for command in verbs("s3://me:secret@intranet.example/bank?sig=secret", tmp_path):
        told = conda.fail("offline-repo", *command).stderr
        assert "s3://intranet.example/bank is an address of the network" in told
        assert "from intranet.example" in told
        assert "secret" not in told
    url = "simplecache::s3://me:secret@intranet.example/bank"
    told = conda.fail("offline-repo", "show", url).stderr
    assert "s3://intranet.example/bank is an address of the network" in told
    assert "secret" not in told
    for command in verbs("https://me:secret@intranet.example/bank?sig=secret", tmp_path):
        told = conda.fail("offline-repo", *command).stderr
        assert "https://intranet.example/bank has a query" in told
        assert "secret" not in told


def test_zip_file_is_to_be_unpacked(conda: Conda, bank: Path, tmp_path: Path) -> None:
    (volume,) = packed(bank, tmp_path / "the bank.zip")
    shutil.make_archive(str(tmp_path / "other"), "zip", bank)
    volumes = [c for c in verbs(volume, tmp_path) if c[0] in ("diff", "verify")]
    for command in verbs(volume, tmp_path):
        if command in volumes:
            conda.run("offline-repo", *command)
        elif "--undo" not in command:
            told = conda.fail("offline-repo", *command).stderr
            assert f"{volume} is a zip file" in told
            assert quoted("conda", "offline-repo", "unpack", volume, "the bank") in told
    told = conda.fail("offline-repo", "use", tmp_path / "other.zip", "-n", "e").stderr
    assert "extract it with the program that did" in told


def label(folder: Path, name: str) -> None:
    """Make it the repository of another label."""
    path = folder / MANIFEST_NAME
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "label": name}))


def test_label_that_is_used_is_taken_of_several(conda: Conda, mirror: Mirror, bank: Path) -> None:
    conda.use(bank, "-n", "e", "app", "--yes")
    root, plant = bank.parent, mirror.copy(2, bank.with_name("plant"))
    label(plant, "plant")
    refused = conda.fail("offline-repo", "use", root, "-n", "new").stderr
    assert "AmbiguousRepositoryError" in refused
    mirror.copy(2, bank)
    told = conda.use(root, "-n", "e", "app", "--yes")
    assert "Taking label bank, which this environment uses" in told.stderr
    assert conda.installed("e")["app"] == "2.0"
    (plant / MANIFEST_NAME).write_text("{")
    conda.use(root, "-n", "e", "--yes")
    assert "ManifestError" in conda.fail("offline-repo", "use", root, "-n", "new").stderr


def test_label_of_the_other_folder_is_taken_of_several(
    conda: Conda, mirror: Mirror, bank: Path, tmp_path: Path
) -> None:
    plant = mirror.copy(2, bank.with_name("plant"))
    label(plant, "plant")
    target = mirror.copy(2, tmp_path / "share" / "plant")
    label(target, "plant")
    root = bank.parent
    conda.run("offline-repo", "sync", root, target)
    result = conda.run("offline-repo", "diff", root, mirror.builds[2], "--json").json
    assert (result["old"]["release"], result["new"]["release"]) == (1, 2)
    result = conda.run("offline-repo", "diff", mirror.builds[2], root, "--json").json
    assert (result["old"]["release"], result["new"]["release"]) == (2, 1)
    for command in (("sync", root, tmp_path / "new"), ("diff", root, root)):
        assert "AmbiguousRepositoryError" in conda.fail("offline-repo", *command).stderr
