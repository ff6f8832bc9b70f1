"""What a delivery from folder to folder copies, refuses, and puts right: `deliver` and its steps,
`source`, `preflight`, `plan` and `stage`.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.delivery.exceptions import (
    LabelMismatchError,
    OlderReleaseError,
    OtherOriginError,
    PlaceError,
    SourceDamagedError,
    SourceUnfinishedError,
)
from conda_offline_repo.files.atomic import STAGED, partial
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME
from conda_offline_repo.repository.publication.exceptions import (
    ForeignFolderError,
    NestedFolderError,
    NoSpaceError,
)
from conda_offline_repo.repository.publication.staging import staging_folder
from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from conda_offline_repo.repository.verify import verify
from tests.support.delivering import OTHER, VENDOR, alone, files, packed, run, signed, whole
from tests.support.keys import SigningKey, forge, sign
from tests.support.mirror import PLATFORM, hand_over, no_file

if TYPE_CHECKING:
    from tests.support.mirror import Mirror
    from tests.support.running import Conda

NEW = SigningKey("new")


def test_first_copy(mirror: Mirror, target: Path) -> None:
    outcome = run(mirror.builds[1], target)
    assert files(target) == files(mirror.builds[1])
    assert alone(target)
    assert outcome.plan.last is None
    assert {*outcome.plan.lacking} == {*files(target)} - {MANIFEST_NAME}
    assert outcome.plan.size == sum(len(files(target)[name]) for name in outcome.plan.lacking)


def test_empty_folder_is_a_place(mirror: Mirror, target: Path) -> None:
    target.mkdir(parents=True)
    run(mirror.builds[1], target)
    assert files(target) == files(mirror.builds[1])


def test_only_what_differs_is_copied(mirror: Mirror, arrived: Path) -> None:
    old, new = files(mirror.builds[1]), files(mirror.builds[2])
    untouched = {name: (arrived / name).stat().st_ino for name in new if old.get(name) == new[name]}
    outcome = run(mirror.builds[2], arrived)
    assert files(arrived) == new
    assert alone(arrived)
    assert {*outcome.plan.lacking} == {n for n in new if old.get(n) != new[n]} - {MANIFEST_NAME}
    assert {*outcome.plan.surplus} == {*old} - {*new}
    assert {name: (arrived / name).stat().st_ino for name in untouched} == untouched


def test_nothing_to_do_writes_nothing(mirror: Mirror, arrived: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in arrived.rglob("*")}
    outcome = run(mirror.builds[1], arrived)
    assert not outcome.plan.changes
    assert {path: path.stat().st_mtime_ns for path in arrived.rglob("*")} == before
    assert alone(arrived)


def test_dry_run_writes_nothing(mirror: Mirror, arrived: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    outcome = run(mirror.builds[3], arrived, dry_run=True)
    assert outcome.plan.changes
    assert outcome.plan.lacking
    assert outcome.plan.surplus
    assert files(tmp_path) == before
    new = tmp_path / "new" / "bank"
    assert run(mirror.builds[3], new, dry_run=True).plan.lacking
    assert not new.parent.exists()


@pytest.mark.parametrize(
    "damage", ["byte", "missing", "short", "index", "extra", "sibling", "manifest", "no manifest"]
)
def test_damaged_target_is_put_right(mirror: Mirror, arrived: Path, damage: str) -> None:
    archive = arrived / PLATFORM / "tool-1.0-0.conda"
    content = bytearray(archive.read_bytes())
    if damage == "byte":
        content[50] ^= 1
        archive.write_bytes(content)
    elif damage == "missing":
        archive.unlink()
    elif damage == "short":
        archive.write_bytes(content[:-1])
    elif damage == "index":
        hand_over(mirror.builds[2], arrived, "noarch/repodata.json")
    elif damage == "extra":
        (arrived / "noarch" / "other-1.0-0.conda").write_bytes(b"other")
    elif damage == "sibling":
        (arrived / "noarch" / "repodata.json.zst").write_bytes(b"other")
    elif damage == "manifest":
        (arrived / MANIFEST_NAME).write_text("{")
    else:
        hand_over(mirror.builds[2], arrived, MANIFEST_NAME)
        assert not verify(locate_one(arrived), Unwatched()).good
    outcome = run(mirror.builds[2 if damage == "no manifest" else 1], arrived)
    assert outcome.plan.changes
    assert whole(arrived)
    assert files(arrived) == files(mirror.builds[2 if damage == "no manifest" else 1])
    assert alone(arrived)


def test_what_is_no_file_in_the_target_is_replaced(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    no_file(arrived / "noarch" / "extra-1.0-0.conda", "link", precious)
    before = precious.read_bytes()
    run(mirror.builds[2], arrived)
    assert files(arrived) == files(mirror.builds[2])
    assert not (arrived / "noarch" / "extra-1.0-0.conda").is_symlink()
    assert precious.read_bytes() == before


def test_older_release_is_asked_for(mirror: Mirror, arrived: Path) -> None:
    run(mirror.builds[2], arrived)
    with pytest.raises(OlderReleaseError, match=r"(?s)has release 2 .*release 1 .*--allow-older"):
        run(mirror.builds[1], arrived)
    assert files(arrived) == files(mirror.builds[2])
    run(mirror.builds[1], arrived, allow_older=True)
    assert files(arrived) == files(mirror.builds[1])
    assert alone(arrived)


def test_same_number_with_other_content_is_asked_for(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    other = mirror.copy(1, tmp_path / "other")
    stated = json.loads((other / MANIFEST_NAME).read_bytes())
    stated["built_with"] = {}
    (other / MANIFEST_NAME).write_text(json.dumps(stated))
    with pytest.raises(OlderReleaseError):
        run(other, arrived)
    run(other, arrived, allow_older=True)
    assert files(arrived) == files(other)


def test_repository_of_another_label_is_refused(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    other = mirror.copy(2, tmp_path / "other")
    stated = json.loads((other / MANIFEST_NAME).read_bytes())
    (other / MANIFEST_NAME).write_text(json.dumps({**stated, "label": "plant"}))
    with pytest.raises(LabelMismatchError, match=r"label 'bank'.*label 'plant'"):
        run(other, arrived)
    assert files(arrived) == files(mirror.builds[1])


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_not_ours_is_refused(
    mirror: Mirror, target: Path, tmp_path: Path, kind: str
) -> None:
    target.parent.mkdir()
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    else:
        mirror.copy(1, tmp_path / "elsewhere")
        target.symlink_to(tmp_path / "elsewhere")
    before = files(tmp_path)
    with pytest.raises(ForeignFolderError):
        run(mirror.builds[2], target)
    assert files(tmp_path) == before


def test_places_that_cannot_be_the_target(mirror: Mirror, arrived: Path) -> None:
    with pytest.raises(PlaceError, match="the source itself") as itself:
        run(arrived, arrived)
    assert str(arrived / "bank") not in str(itself.value)  # a repository has no other in it
    with pytest.raises(PlaceError, match="the source itself"):
        run(arrived, arrived.parent / "other" / ".." / "bank")
    with pytest.raises(PlaceError, match="above repositories") as caught:
        run(mirror.builds[2], arrived.parent)
    assert str(arrived) in str(caught.value)
    with pytest.raises(PlaceError, match="same volume"):
        run(mirror.builds[2], Path(arrived.anchor))
    with pytest.raises(NestedFolderError):
        run(mirror.builds[2], arrived / "copy")
    with pytest.raises(NestedFolderError):
        run(mirror.builds[2], arrived / "noarch")
    with pytest.raises(NestedFolderError):
        run(mirror.builds[2], arrived / "noarch" / ".." / "copy")
    assert files(arrived) == files(mirror.builds[1])
    assert alone(arrived)


@pytest.mark.parametrize("sign_of", ["on the way", "next", "journal"])
def test_unfinished_source_is_refused(
    mirror: Mirror, arrived: Path, tmp_path: Path, sign_of: str
) -> None:
    source = mirror.copy(2, tmp_path / "source")
    if sign_of == "on the way":
        stated = json.loads((source / MANIFEST_NAME).read_bytes())
        stated["on_the_way"] = {"noarch/app-1.0-0.conda": {"0" * 64: 1}}
        (source / MANIFEST_NAME).write_text(json.dumps(stated))
    elif sign_of == "next":
        shutil.copyfile(mirror.builds[3] / MANIFEST_NAME, source / NEXT_NAME)
    else:
        (source / "offline-repo.journal.json").write_text("{}")
    with pytest.raises(SourceUnfinishedError):
        run(source, arrived)
    assert files(arrived) == files(mirror.builds[1])


def test_damaged_source_is_named_and_the_rest_is_kept(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    source = mirror.copy(3, tmp_path / "source")
    (source / PLATFORM / "tool-2.0-0.conda").unlink()
    app = source / "noarch" / "app-2.0-0.conda"
    content = app.read_bytes()
    app.write_bytes(content[:-1] + b"!")
    extra = source / "noarch" / "extra-2.0-0.conda"
    extra.write_bytes(extra.read_bytes() + b"more")
    with pytest.raises(SourceDamagedError) as caught:
        run(source, arrived)
    for name in ("tool-2.0-0.conda", "app-2.0-0.conda", "extra-2.0-0.conda"):
        assert name in str(caught.value)
    assert "repodata" not in str(caught.value)
    assert files(arrived) == files(mirror.builds[1])
    staged = staging_folder(arrived) / "noarch" / "lib-1.1-0.tar.bz2"
    inode = staged.stat().st_ino
    run(mirror.builds[3], arrived)
    assert files(arrived) == files(mirror.builds[3])
    assert (arrived / "noarch" / "lib-1.1-0.tar.bz2").stat().st_ino == inode
    assert alone(arrived)


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_in_the_source_is_named(
    mirror: Mirror, arrived: Path, tmp_path: Path, kind: str
) -> None:
    source = mirror.copy(2, tmp_path / "source")
    no_file(source / "noarch" / "app-2.0-0.conda", kind, tmp_path / "aside")
    with pytest.raises(SourceDamagedError, match=r"app-2\.0-0\.conda"):
        run(source, arrived)
    assert files(arrived) == files(mirror.builds[1])


@pytest.mark.parametrize("begun", ["the beginning", "another file", "more than all", "all"])
def test_interrupted_copy_goes_on(mirror: Mirror, arrived: Path, begun: str) -> None:
    name = "noarch/app-2.0-0.conda"
    content = (mirror.builds[2] / name).read_bytes()
    staging = staging_folder(arrived)
    (staging / "noarch").mkdir(parents=True)
    staging.with_name(f"{staging.name}.lock").touch()
    kept = {
        "the beginning": content[:100],
        "another file": b"x" * 100,
        "more than all": content + b"x",
        "all": content,
    }[begun]
    partial(staging / name).write_bytes(kept)
    (staging / "noarch" / "stale-1.0-0.conda").write_bytes(b"stale")
    run(mirror.builds[2], arrived)
    assert files(arrived) == files(mirror.builds[2])
    assert alone(arrived)


def test_staged_file_that_is_another_is_copied_again(mirror: Mirror, arrived: Path) -> None:
    name = "noarch/app-2.0-0.conda"
    staging = staging_folder(arrived)
    (staging / "noarch").mkdir(parents=True)
    staging.with_name(f"{staging.name}.lock").touch()
    (staging / name).write_bytes(b"x" * (mirror.builds[2] / name).stat().st_size)
    run(mirror.builds[2], arrived)
    assert files(arrived) == files(mirror.builds[2])


def test_release_that_does_not_fit_is_refused_before_it_is_copied(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    source = mirror.copy(2, tmp_path / "source")
    stated = json.loads((source / MANIFEST_NAME).read_bytes())
    stated["packages"]["noarch/app-2.0-0.conda"]["size"] = 1 << 60
    (source / MANIFEST_NAME).write_text(json.dumps(stated))
    with pytest.raises(NoSpaceError, match=r"1152921\.5 TB for packages .* 4\.2 MB for index"):
        run(source, arrived)
    assert files(arrived) == files(mirror.builds[1])
    assert alone(arrived)


def test_signature_goes_along(mirror: Mirror, target: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        source = signed(mirror, number, tmp_path, VENDOR)
        outcome = run(source, target)
        assert outcome.plan.source.signers == (VENDOR.fingerprint,)
        assert files(target) == files(source)
        assert alone(target)


def test_keys_change_by_a_release_that_both_signed(
    mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    run(signed(mirror, 1, tmp_path, VENDOR), target)
    run(signed(mirror, 2, tmp_path, VENDOR, NEW), target)
    third = signed(mirror, 3, tmp_path, NEW)
    run(third, target)
    assert files(target) == files(third)


@pytest.mark.parametrize("keys", [(), (OTHER,)])
def test_other_origin_is_refused(
    mirror: Mirror, target: Path, tmp_path: Path, keys: tuple[SigningKey, ...]
) -> None:
    first = signed(mirror, 1, tmp_path, VENDOR)
    run(first, target)
    second = mirror.copy(2, tmp_path / "2")
    if keys:
        sign(second, *keys)
    with pytest.raises(OtherOriginError, match=VENDOR.fingerprint[-20:].replace("+", r"\+")):
        run(second, target)
    forge(second)
    with pytest.raises(OtherOriginError):
        run(second, target, allow_older=True)
    assert files(target) == files(first)


def test_repository_begins_to_be_signed(mirror: Mirror, arrived: Path, tmp_path: Path) -> None:
    source = signed(mirror, 2, tmp_path, VENDOR)
    run(source, arrived)
    assert files(arrived) == files(source)


def test_lost_signature_comes_back(mirror: Mirror, target: Path, tmp_path: Path) -> None:
    source = signed(mirror, 1, tmp_path, VENDOR)
    run(source, target)
    (target / SIGNATURE_NAME).unlink()
    assert run(source, target).plan.changes
    assert files(target) == files(source)


def beside(target: Path, source: Path) -> None:
    """Let a release be told to be on its way, as a delivery does."""
    shutil.copyfile(source / MANIFEST_NAME, target / NEXT_NAME)
    if (source / SIGNATURE_NAME).exists():
        shutil.copyfile(source / SIGNATURE_NAME, target / NEXT_SIGNATURE_NAME)


def test_what_is_on_its_way_is_no_damage(mirror: Mirror, arrived: Path) -> None:
    hand_over(mirror.builds[2], arrived, "noarch/repodata.json", "noarch/app-2.0-0.conda")
    assert not verify(locate_one(arrived), Unwatched()).good
    beside(arrived, mirror.builds[2])
    report = verify(locate_one(arrived), Unwatched())
    assert report.good
    assert report.unfinished
    hand_over(mirror.builds[3], arrived, "noarch/repodata.json")
    assert verify(locate_one(arrived), Unwatched()).changed == ("noarch/repodata.json",)


@pytest.mark.parametrize("why", ["older", "label", "origin", "unsigned", "damaged"])
def test_what_lies_beside_allows_nothing_else(
    mirror: Mirror, target: Path, tmp_path: Path, why: str
) -> None:
    """Whoever can write into the folder cannot let it be taken for what its vendor did not make."""
    mirror.copy(2, target)
    sign(target, VENDOR)
    number = 1 if why == "older" else 3
    source = mirror.copy(number, tmp_path / "source")
    if why == "label":
        stated = json.loads((source / MANIFEST_NAME).read_bytes())
        (source / MANIFEST_NAME).write_text(json.dumps({**stated, "label": "plant"}))
    if why != "unsigned":
        sign(source, OTHER if why == "origin" else VENDOR)
    if why == "damaged":
        with (source / MANIFEST_NAME).open("a") as file:
            file.write(" ")
    beside(target, source)
    hand_over(source, target, "noarch/repodata.json")
    report = verify(locate_one(target), Unwatched())
    assert report.changed == ("noarch/repodata.json",)
    assert report.unfinished


def test_what_lies_beside_is_read_without_harm(mirror: Mirror, arrived: Path) -> None:
    for content in (b"", b"{", b"[" * 100_000, b"\xff", b"null"):
        (arrived / NEXT_NAME).write_bytes(content)
        (arrived / NEXT_SIGNATURE_NAME).write_bytes(content)
        assert verify(locate_one(arrived), Unwatched()).unfinished
    assert run(mirror.builds[1], arrived).plan.changes
    assert whole(arrived)


def test_unsigned_target_stays_readable_when_a_signature_lies_beside(
    mirror: Mirror, arrived: Path
) -> None:
    (arrived / NEXT_SIGNATURE_NAME).write_text("no signature")
    assert locate_one(arrived).signers == ()


def test_interrupted_delivery_is_finished_before_another_begins(
    mirror: Mirror, arrived: Path
) -> None:
    """What the second release has put in place is known to neither the first nor the third."""
    staging = staging_folder(arrived)
    staging.mkdir()
    staging.with_name(f"{staging.name}.lock").touch()
    hand_over(mirror.builds[2], arrived, f"{PLATFORM}/tool-2.0-0.conda", "noarch/app-2.0-0.conda")
    hand_over(mirror.builds[2], arrived, "noarch/repodata.json")
    others = ("SHA256SUMS", "index.html")
    hand_over(mirror.builds[2], staging, f"{PLATFORM}/repodata.json", *others)
    beside(arrived, mirror.builds[2])
    outcome = run(mirror.builds[3], arrived)
    assert outcome.plan.last is not None
    assert outcome.plan.last.release == 2
    assert files(arrived) == files(mirror.builds[3])
    assert alone(arrived)


def test_another_delivery_begins_where_an_interrupted_one_cannot_be_finished(
    mirror: Mirror, arrived: Path
) -> None:
    hand_over(mirror.builds[2], arrived, "noarch/repodata.json", "noarch/app-2.0-0.conda")
    beside(arrived, mirror.builds[2])
    run(mirror.builds[3], arrived)
    assert files(arrived) == files(mirror.builds[3])
    assert alone(arrived)


def test_what_nobody_has_signed_is_not_finished(
    mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    """Whoever can write beside the target cannot let a delivery publish what he likes."""
    first = signed(mirror, 1, tmp_path, VENDOR)
    run(first, target)
    forged = mirror.copy(2, tmp_path / "forged")
    forge(forged)
    beside(target, forged)
    staging = staging_folder(target)
    shutil.copytree(forged, staging)
    staging.with_name(f"{staging.name}.lock").touch()
    (forged / MANIFEST_NAME).unlink()
    third = signed(mirror, 3, tmp_path, VENDOR)
    outcome = run(third, target)
    assert outcome.plan.last is not None
    assert outcome.plan.last.release == 1
    assert files(target) == files(third)
    assert alone(target)


def test_damaged_manifest_is_put_right_where_another_lies_beside(
    mirror: Mirror, arrived: Path
) -> None:
    beside(arrived, mirror.builds[2])
    (arrived / MANIFEST_NAME).write_text("{")
    run(mirror.builds[3], arrived)
    assert files(arrived) == files(mirror.builds[3])
    assert alone(arrived)


@pytest.mark.skipif(os.name == "nt", reason="files get their permissions from their folder there")
def test_volume_without_permissions(
    mirror: Mirror, arrived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sticks refuse to change them, and show them as they are mounted."""
    refused: list[Path] = []

    def chmod(path: Path, _: int) -> None:
        refused.append(path)
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))

    arrived.chmod(0o777)
    monkeypatch.setattr(Path, "chmod", chmod)
    before = os.umask(0o077)
    try:
        run(mirror.builds[2], arrived)
    finally:
        os.umask(before)
    assert refused
    assert files(arrived) == files(mirror.builds[2])


def test_two_at_once(mirror: Mirror, target: Path) -> None:
    """They wait for each other; the second finds nothing left to do, or does the next release."""
    with ThreadPoolExecutor(4) as executor:
        outcomes = list(
            executor.map(lambda _: run(mirror.builds[1], target), range(4)),
        )
    assert sum(outcome.plan.changes for outcome in outcomes) == 1
    assert files(target) == files(mirror.builds[1])
    assert alone(target)


def test_reader_never_finds_it_broken(mirror: Mirror, arrived: Path) -> None:
    done = Event()
    rounds = [0, 0]

    def read_on(reader: int) -> None:
        while not done.is_set():
            repository = locate_one(arrived)
            report = verify(repository, Unwatched())
            # an archive may have gone with the release that a reader has in hand
            if not report.good and locate_one(arrived).manifest == repository.manifest:
                again = verify(locate_one(arrived), Unwatched())
                assert again.good or locate_one(arrived).manifest != repository.manifest, again
            rounds[reader] += 1

    with ThreadPoolExecutor(2) as executor:
        readers = [executor.submit(read_on, reader) for reader in range(2)]
        try:
            turns = 0
            while turns < 6 or (min(rounds) <= 10 and not any(reader.done() for reader in readers)):
                for number in (2, 3, 1):
                    run(mirror.builds[number], arrived, allow_older=number == 1)
                turns += 1
        finally:
            done.set()
    for reader in readers:
        reader.result()
    assert files(arrived) == files(mirror.builds[1])


def test_command_line(conda: Conda, mirror: Mirror, target: Path) -> None:
    told = conda.run("offline-repo", "sync", mirror.builds[1], target)
    assert f"{target} had no release and now has release 1 of label bank" in told.stdout
    assert "the origin is unknown" in told.stdout
    told = conda.run("offline-repo", "sync", mirror.builds[2], target, "--dry-run")
    assert "would get release 2" in told.stdout
    told = conda.run("offline-repo", "sync", mirror.builds[2], target, "--json")
    assert (told.json["build_before"], told.json["build"]) == (1, 2)
    updated = [f"{PLATFORM}/tool-2.0-0.conda", "noarch/app-2.0-0.conda"]
    assert told.json["updated"] == sorted(updated)
    told = conda.run("offline-repo", "sync", mirror.builds[2], target)
    assert "has release 2 already, complete and unchanged" in told.stdout
    told = conda.fail("offline-repo", "sync", mirror.builds[1], target)
    assert "OlderReleaseError" in told.stderr
    told = conda.fail("offline-repo", "sync", target.parent / "nothing", target)
    assert "RepositoryNotFoundError" in told.stderr


def test_environment_that_trusts_is_asked_before_its_folder_changes(
    conda: Conda, mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    """Even where the target has lost its own signature, or was swapped."""
    first = signed(mirror, 1, tmp_path, VENDOR)
    run(first, target)
    conda.run(*("offline-repo", "use", target, "-n", "rating", "-y", "--trust", VENDOR.fingerprint))
    shutil.rmtree(target)
    other = signed(mirror, 2, tmp_path, OTHER)
    told = conda.fail("offline-repo", "sync", other, target)
    assert "OtherSignerError" in told.stderr
    assert not target.exists()
    conda.run("offline-repo", "sync", signed(mirror, 3, tmp_path, VENDOR), target)


@pytest.mark.parametrize("verb", ["sync", "unpack"])
def test_key_that_the_user_trusts_takes_the_place_of_the_old_one(
    conda: Conda, mirror: Mirror, target: Path, tmp_path: Path, verb: str
) -> None:
    """Of a customer who has missed the releases of both keys, or whose vendor's key was stolen."""

    def of(number: int, key: SigningKey) -> Path:
        folder = signed(mirror, number, tmp_path / key.fingerprint[-4:].replace("/", "-"), key)
        return folder if verb == "sync" else packed(folder, folder.with_suffix(".zip"))[0]

    def deliver(*words: object) -> tuple[object, ...]:
        return ("offline-repo", verb, *words, "--yes")

    conda.run(*deliver(of(1, VENDOR), target))
    for name in ("rating", "risk"):
        use = ("offline-repo", "use", target, "-n", name, "app", "--yes")
        conda.run(*use, "--trust", VENDOR.fingerprint)
    new, trust = of(2, NEW), ("--trust", NEW.fingerprint)
    state = conda.envs / "risk" / "conda-meta" / "offline-repo"
    content = state.read_text()
    state.write_text("{")
    assert "StateUnreadableError" in conda.fail(*deliver(new, target, *trust)).stderr
    assert locate_one(target).manifest.release == 1
    state.write_text(content)
    told = conda.fail(*deliver(new, target)).stderr
    assert f"{new} is signed by {NEW.fingerprint}, not by {VENDOR.fingerprint}" in told
    assert f"repeat this command with --trust {NEW.fingerprint}" in told
    told = conda.fail(*deliver(of(2, OTHER), target, *trust)).stderr
    assert "OtherSignerError" in told
    assert "would expect" in conda.run(*deliver(new, target, *trust, "--dry-run")).stdout
    assert "OtherSignerError" in conda.fail(*deliver(new, target)).stderr

    (conda.envs / "risk" / "conda-meta" / f"offline-repo{STAGED}" / "full").mkdir(parents=True)
    done = conda.run(*deliver(new, target, *trust))
    assert f"The environment {conda.envs / 'rating'} expects this signature" in done.stdout
    assert f"use {target} -p {conda.envs / 'risk'} {' '.join(trust)}" in done.stderr
    conda.run("update", "--yes", "app", **conda.activated("rating"))
    assert conda.installed("rating")["app"] == "2.0"
    told = conda.fail("update", "--yes", "app", **conda.activated("risk")).stderr
    assert f"use {target} -p {conda.envs / 'risk'} {' '.join(trust)}" in told
    shutil.rmtree(conda.envs / "risk" / "conda-meta" / f"offline-repo{STAGED}")
    result = conda.run(*deliver(new, target, *trust, "--json")).json
    assert result["expecting"] == [str(conda.envs / "risk")]
    assert "OtherSignerError" in conda.fail(*deliver(of(3, VENDOR), target)).stderr
    conda.run(*deliver(of(3, NEW), target))
    result = conda.run(*deliver(of(3, NEW), target, *trust, "--json")).json
    assert (result["expecting"], result["warnings"]) == ([], [])


def test_key_that_the_user_trusts_without_an_environment(
    conda: Conda, mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    first, other = signed(mirror, 1, tmp_path, VENDOR), signed(mirror, 2, tmp_path, OTHER)
    trust = ("--trust", OTHER.fingerprint)
    told = conda.fail("offline-repo", "sync", first, target, *trust).stderr
    assert "OtherSignerError" in told
    assert not target.parent.exists()
    told = conda.fail("offline-repo", "sync", first, target, "--trust", "SHA256:short").stderr
    assert "InvalidRequestError" in told
    conda.run("offline-repo", "sync", first, target)
    told = conda.fail("offline-repo", "sync", other, target).stderr
    assert f"OtherOriginError: {other} is signed by" in told
    assert " ".join(trust) in told
    conda.run("offline-repo", "sync", other, target, *trust)
    assert files(target) == files(other)


def test_machine_that_allows_the_key_takes_it_in_the_place_of_another(
    conda: Conda, mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    conda.run("offline-repo", "sync", signed(mirror, 1, tmp_path, VENDOR), target)
    allowed = conda.folder / "allowed signers"
    allowed.write_text(f"bank {OTHER.line}\n")
    conda.configure(plugins={"offline_repo_allowed_signers": str(allowed)})
    new = signed(mirror, 2, tmp_path, NEW)
    told = conda.fail("offline-repo", "sync", new, target, "--trust", NEW.fingerprint).stderr
    assert f"enter it in the machine's file of allowed signers, {allowed}" in told
    other = signed(mirror, 3, tmp_path, OTHER)
    conda.run("offline-repo", "sync", other, target)
    assert files(target) == files(other)


@pytest.mark.parametrize("options", [(), ("--quiet",), ("--quiet", "--json")])
def test_file_that_cannot_be_deleted_is_told(
    conda: Conda, mirror: Mirror, target: Path, options: tuple[str, ...]
) -> None:
    run(mirror.builds[1], target)
    old = target / PLATFORM / "tool-1.0-0.conda"
    with ExitStack() as held:
        if os.name == "nt":
            held.enter_context(old.open("rb"))
        else:  # it stays, too
            old.unlink()
            (old / "held").mkdir(parents=True)
        told = conda.run("offline-repo", "sync", mirror.builds[2], target, *options)
    warnings = told.json["warnings"] if "--json" in options else told.stderr
    assert "also files that it does not need any more" in str(warnings)
    assert old.name in str(warnings)
    assert conda.execute("offline-repo", "verify", target).status == 2


def test_folder_with_what_systems_put_there_is_a_place(mirror: Mirror, target: Path) -> None:
    target.mkdir(parents=True)
    (target / ".DS_Store").write_bytes(b"x")
    run(mirror.builds[1], target)
    (target / "noarch" / "Thumbs.db").write_bytes(b"x")
    assert not run(mirror.builds[1], target).plan.changes
    run(mirror.builds[2], target)
    put = {".DS_Store": b"x", "noarch/Thumbs.db": b"x"}
    assert files(target) == {**files(mirror.builds[2]), **put}
    assert whole(target)
