"""`conda offline-repo verify` and `show` on a root with several labels, and in between builds."""

from __future__ import annotations

import json
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.repository.manifest import JOURNAL_NAME
from tests.support.mirror import PLATFORM, another, hand_over, publish
from tests.support.running import Customer, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda, Finished

APP = "noarch/app-1.0-0.conda"
INDEX = "noarch/repodata.json"
PACKAGES = ["app", "extra", "lib", "tool"]


@pytest.fixture(scope="module")
def shared(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with the repositories of two customers, the second with `lib` alone."""
    root = tmp_path_factory.mktemp("share") / "X Y"
    mirror.copy(1, root / "bank")
    folder = tmp_path_factory.mktemp("engineer") / "me"
    publish(folder, mirror.channel, "lib", root=root, label="plant")
    return root


@pytest.fixture
def share(shared: Path, tmp_path: Path) -> Path:
    """Such a root that may be changed."""
    target = tmp_path / "X Y"
    shutil.copytree(shared, target)
    return target


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "administrator")


def verify(customer: Conda, *arguments: object, status: int = 0) -> Finished:
    result = customer.execute("offline-repo", "verify", *arguments)
    assert result.status == status, str(result)
    assert "Traceback" not in result.output
    return result


def test_every_repository_below_a_root(customer: Conda, share: Path) -> None:
    before = snapshot(share)
    result = verify(customer, share)
    for label in ("bank", "plant"):
        assert f"{share / label} is complete and unchanged" in result.stdout
    assert "Checking" in result.stderr
    content = verify(customer, share, "--json").json
    assert content["success"] is True
    assert set(content["repositories"]) == {str(share / "bank"), str(share / "plant")}
    assert {report["unfinished"] for report in content["repositories"].values()} == {False}
    assert snapshot(share) == before


def test_one_label(customer: Conda, share: Path) -> None:
    (share / "bank" / APP).unlink()
    result = verify(customer, share, "--label", "plant")
    assert str(share / "bank") not in result.stdout
    result = verify(customer, share, "--label", "bank", status=1)
    assert f"missing: {APP}" in result.stdout
    assert "Copy it again" in result.stdout


def test_all_that_is_wrong_in_one_json_object(customer: Conda, share: Path) -> None:
    bank = share / "bank"
    (bank / APP).write_bytes(another(bank / APP))
    (bank / "README.txt").unlink()
    (bank / "noarch" / "repodata.json.zst").write_bytes(b"")
    result = verify(customer, share, "--json", status=1)
    assert result.json["success"] is False
    report = result.json["repositories"][str(bank)]
    for kind, names in {
        "missing": ["README.txt"],
        "changed": [APP],
        "extra": ["noarch/repodata.json.zst"],
    }.items():
        assert report[kind] == names
    other = result.json["repositories"][str(share / "plant")]
    assert other["missing"] == other["changed"] == other["extra"] == []


def test_extra_file_is_told_and_is_a_failure(customer: Conda, share: Path) -> None:
    # a client would take it for the index, before the right one
    (share / "bank" / "noarch" / "repodata.json.zst").write_bytes(b"")
    result = verify(customer, share / "bank", status=1)
    assert "extra: noarch/repodata.json.zst" in result.stdout
    assert "complete" in result.stdout
    assert "Remove them" in result.stdout


def test_publication_under_way(customer: Conda, mirror: Mirror, share: Path) -> None:
    bank = share / "bank"
    new = "noarch/app-2.0-0.conda"
    hand_over(mirror.builds[2], bank, new, INDEX)
    moving = {
        name: {hash_file(bank / name).sha256: (bank / name).stat().st_size} for name in (new, INDEX)
    }
    before = json.loads((bank / "offline-repo.json").read_bytes())
    (bank / "offline-repo.json").write_text(json.dumps({**before, "on_the_way": moving}))
    result = verify(customer, bank, status=2)
    assert "under way or was interrupted" in result.stdout
    assert "unchanged" not in result.output
    result = verify(customer, bank, "--json", status=2)
    report = result.json["repositories"][str(bank)]
    assert result.json["success"] is False
    assert (report["unfinished"], report["extra"], report["changed"]) == (True, [], [])
    here = ("--offline", "--override-channels", "-c", bank.as_uri())
    result = customer.run("create", "--yes", "-n", "plain", "tool", *here)
    assert result.stderr.count("under way or was interrupted") == 1
    hand_over(mirror.builds[1], bank, INDEX)
    assert "unfinished" in customer.run("offline-repo", "show", bank).stdout
    (shown,) = customer.run("offline-repo", "show", bank, "--json").json["repositories"]
    assert shown["unfinished"] is True
    result = customer.run("offline-repo", "use", bank, "-n", "rating")
    assert "publication" in result.stderr
    (bank / new).write_bytes(b"x")
    assert f"changed: {new}" in verify(customer, bank, status=1).stdout
    hand_over(mirror.builds[2], bank, new, INDEX)
    (bank / "offline-repo.json").write_text(json.dumps(before))
    result = verify(customer, bank, status=1)
    assert f"changed: {INDEX}" in result.stdout
    assert f"extra: {new}" in result.stdout


def test_journal_of_an_older_version_allows_nothing(customer: Conda, share: Path) -> None:
    bank = share / "bank"
    journal = bank / JOURNAL_NAME
    journal.write_text("{}")
    result = verify(customer, bank, status=2)
    assert "under way or was interrupted" in result.stdout
    assert "unchanged" not in result.output
    (bank / APP).write_bytes(another(bank / APP))
    (bank / "noarch" / "x-1-0.conda").write_bytes(b"x")
    moving = {
        name: [hash_file(bank / name).sha256] for name in (APP, "noarch/x-1-0.conda", "README.txt")
    }
    journal.write_text(json.dumps({"build": 2, "moving": moving}))
    result = verify(customer, bank, status=1)
    assert f"changed: {APP}" in result.stdout
    assert "extra: noarch/x-1-0.conda" in result.stdout


@pytest.mark.parametrize("verb", ["verify", "show"])
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_no_repository(customer: Conda, share: Path, verb: str, options: tuple[str, ...]) -> None:
    for arguments in ((share / "absent",), (share, "--label", "nobody"), (share.parent,)):
        result = customer.fail("offline-repo", verb, *arguments, *options)
        text = result.json["message"] if options else result.stderr
        assert "no offline repository" in text
        assert str(arguments[0]) in text


@pytest.mark.parametrize("verb", ["verify", "show"])
def test_manifest_that_is_none(customer: Conda, share: Path, verb: str) -> None:
    (share / "bank" / "offline-repo.json").write_text("{}")
    result = customer.fail("offline-repo", verb, share)
    assert str(share / "bank" / "offline-repo.json") in result.stderr


def test_show_every_repository(customer: Conda, share: Path) -> None:
    result = customer.run("offline-repo", "show", share)
    for text in (
        *(str(share / label) for label in ("bank", "plant")),
        "4 packages",
        "1 package,",
        f"for {PLATFORM}",
        "BSD-3-Clause",
    ):
        assert text in result.stdout
    repositories = customer.run("offline-repo", "show", share, "--json").json["repositories"]
    assert [shown["path"] for shown in repositories] == [str(share / "bank"), str(share / "plant")]
    assert [[p["name"] for p in shown["packages"]] for shown in repositories] == [PACKAGES, ["lib"]]
    for shown in repositories:
        assert shown["bytes"] == sum(package["size"] for package in shown["packages"])
    result = customer.run("offline-repo", "show", share, "--label", "plant")
    assert "bank" not in result.stdout.replace(str(share), "")


def test_show_without_an_index(customer: Conda, share: Path) -> None:
    (share / "bank" / INDEX).unlink()
    result = customer.fail("offline-repo", "show", share / "bank")
    assert str(share / "bank" / INDEX) in result.stderr
    assert "opy the repository again" in result.stderr


def test_policy_of_every_label(customer: Conda, share: Path, tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"

    def deny(bank: str, plant: str) -> None:
        path.write_text(
            f"policy: {{packages: {{deny: [{bank}]}}}}\n"
            f"labels: {{plant: {{policy: {{packages: {{deny: [{plant}]}}}}}}}}\n"
        )

    deny("none", "app")
    told = verify(customer, share, "--policy", path)
    assert told.stdout == verify(customer, share).stdout
    assert verify(customer, share, "--policy", path, "--json").json["success"] is True
    deny("tool", "app")
    told = verify(customer, share, "--policy", path, status=1)
    assert f"PolicyBreachedError: {share} breaks the policy" in told.stderr
    assert f"bank/{PLATFORM}/tool-1.0-0.conda (needed by app): packages: tool is" in told.stderr
    deny("tool", "lib")
    told = verify(customer, share, "--policy", path, status=1)
    assert f"PolicyBreachedError: {share} breaks the policy" in told.stderr
    breaches = verify(customer, share, "--policy", path, "--json", status=1).json["breaches"]
    assert {breach["archive"]: breach["needed_by"] for breach in breaches} == {
        f"bank/{PLATFORM}/tool-1.0-0.conda": ["app"],
        "plant/noarch/lib-1.1-0.tar.bz2": ["lib"],
    }
    told = verify(customer, share, "--policy", path, "--label", "plant", "--json", status=1)
    assert told.json["exception_name"] == "PolicyBreachedError"
    # what is damaged is told first
    (share / "plant" / "noarch/lib-1.1-0.tar.bz2").unlink()
    told = verify(customer, share, "--policy", path, status=1)
    assert "missing: noarch/lib-1.1-0.tar.bz2" in told.stdout
    assert "breaks the policy" not in told.output
    # but a mistake in the policy before that
    path.write_text("policy: {packages: {deny: 3}}")
    told = verify(customer, share, "--policy", path, status=1)
    assert "policy.packages.deny has to be a list" in told.stderr
    assert "missing" not in told.output


def indexes(volume: Path) -> set[str]:
    """The index files in a zip file."""
    with zipfile.ZipFile(volume) as file:
        return {name for name in file.namelist() if name.endswith("/repodata.json")}


def test_policy_of_volumes(customer: Conda, share: Path, tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    path.write_text("policy: {packages: {deny: [tool]}}")
    whole, part = tmp_path / "whole.zip", tmp_path / "part.zip"
    customer.run("offline-repo", "pack", share / "bank", "-o", whole)
    told = verify(customer, whole, "--policy", path, status=1)
    assert f"PolicyBreachedError: {whole} breaks the policy" in told.stderr
    size = whole.stat().st_size * 2 // 3
    customer.run("offline-repo", "pack", share / "bank", "-o", part, "--volume-size", size)
    volumes = sorted(tmp_path.glob("part.*.zip"))
    # the systems' subdirs stand before and after noarch, so all indexes may be in the last volume
    parted = [volume for volume in volumes if not indexes(volume) >= indexes(whole)]
    assert parted
    for volume in parted:
        told = verify(customer, volume, "--policy", path, status=1)
        assert f"index files that are in other volumes than {volume}." in told.stderr
        assert "Unpack the volumes, and verify that folder." in told.stderr
    # the machine's policy is about the folder that they become
    customer.configure(plugins={"offline_repo_policy": str(path)})
    verify(customer, volumes[-1])
    verify(customer, share, status=1)
