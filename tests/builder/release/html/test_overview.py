"""The page in the root, which lists the labels."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda import overrides
from conda_offline_repo.builder.batch import build_all, build_one
from conda_offline_repo.builder.release.html.overview import LOCK_NAME, STAGED_NAME, Overview
from conda_offline_repo.builder.run import Run
from conda_offline_repo.cli.build_report import report_all
from conda_offline_repo.files.lock import acquire, release
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.redaction import Secrets
from conda_offline_repo.repository import manifest_json
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from tests.support.inside import forget
from tests.support.paged import Read, entry
from tests.support.paged import release as manifest
from tests.support.running import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.progress import Progress
    from conda_offline_repo.repository.manifest import Manifest
    from tests.support.releasing import Releasing
    from tests.support.running import Conda

NO_SECRETS = Secrets(frozenset())
RECORDS = dict([entry("app", "2.0", size=3_000_000), entry("lib", size=2_000_000)])


class Told(Unwatched):
    """Progress that is waited for."""

    def __init__(self) -> None:
        self.waiting = Event()

    def step(self, text: str) -> None:
        self.waiting.set()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root that has the labels of two banks."""
    root = tmp_path / "repositories"
    label(root, "north")
    label(root, "south", release=7)
    return root


def label(root: Path, name: str, **more: object) -> Path:
    """Put the manifest of a label into a root."""
    folder = root / name
    folder.mkdir(parents=True)
    made = manifest(RECORDS, **more)  # type: ignore[arg-type]
    (folder / MANIFEST_NAME).write_bytes(replace(made, label=name).content)
    return folder


def listed(root: Path) -> list[list[str]]:
    """What the page says of the labels."""
    (table,) = Read((root / "index.html").read_bytes()).tables
    return table[1:]


def refresh(root: Path, secrets: Secrets, progress: Progress) -> tuple[str, ...]:
    """Bring the page of a root up to date, as a command does that knows nothing of it yet."""
    return tuple(warning.text for warning in Overview(root, secrets).refresh(progress))


def test_labels_are_listed(root: Path) -> None:
    (root / "notes").mkdir()
    assert refresh(root, NO_SECRETS, Unwatched()) == ()
    when = "2026-01-02 03:04:05 UTC"
    assert listed(root) == [
        ["north", "1", when, "2", "5.0 MB", "linux-64"],
        ["south", "7", when, "2", "5.0 MB", "linux-64"],
    ]
    assert sorted(path.name for path in root.iterdir()) == ["index.html", "north", "notes", "south"]
    shutil.rmtree(root / "north")
    assert refresh(root, NO_SECRETS, Unwatched()) == ()
    assert [row[0] for row in listed(root)] == ["south"]


def test_links_lead_to_the_pages(root: Path) -> None:
    shutil.move(root / "north", root / "north & more #2")
    refresh(root, NO_SECRETS, Unwatched())
    read = Read((root / "index.html").read_bytes())
    links = [attributes["href"] for tag, attributes in read.tags if tag == "a"]
    assert links == ["north%20%26%20more%20%232/", "south/"]


def test_nothing_is_written_without_need(root: Path) -> None:
    refresh(root, NO_SECRETS, Unwatched())
    page = (root / "index.html").stat()
    refresh(root, NO_SECRETS, Unwatched())
    after = (root / "index.html").stat()
    assert (after.st_mtime_ns, after.st_ino) == (page.st_mtime_ns, page.st_ino)


def test_manifest_is_read_again_only_when_it_is_another(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    parse = manifest_json.parse_bytes

    def counted(content: bytes, path: Path) -> Manifest:
        read.append(path.parent.name)
        return parse(content, path)

    monkeypatch.setattr(manifest_json, "parse_bytes", counted)
    page = Overview(root, NO_SECRETS)
    page.refresh(Unwatched())
    assert sorted(read) == ["north", "south"]
    page.refresh(Unwatched())
    for number in range(2, 5):
        shutil.rmtree(root / "north")
        label(root, "north", release=number)
        page.refresh(Unwatched())
        assert [row[:2] for row in listed(root)] == [["north", str(number)], ["south", "7"]]
    assert sorted(read) == ["north"] * 4 + ["south"]
    shutil.rmtree(root / "north")
    page.refresh(Unwatched())
    assert [row[0] for row in listed(root)] == ["south"]


def test_damaged_neighbour_is_left_out(root: Path) -> None:
    (root / "north" / MANIFEST_NAME).write_text("{")
    assert refresh(root, NO_SECRETS, Unwatched()) == ()
    assert [row[0] for row in listed(root)] == ["south"]


@pytest.mark.parametrize("what", ["page", "page of a repository", "folder", "link"])
def test_what_is_not_ours_stays(root: Path, tmp_path: Path, what: str) -> None:
    page = root / "index.html"
    if what == "folder":
        page.mkdir()
    elif what == "link":
        refresh(root, NO_SECRETS, Unwatched())
        shutil.rmtree(root / "north")
        page.rename(tmp_path / "elsewhere")
        try:
            page.symlink_to(tmp_path / "elsewhere")
        except OSError:
            pytest.skip("no symbolic links here")
    else:
        generator = '<meta name="generator" content="conda-offline-repo">'
        page.write_text(generator if what == "page of a repository" else "<p>Welcome")
    before = snapshot(root)
    (warning,) = refresh(root, NO_SECRETS, Unwatched())
    assert warning.startswith(f"{page} was not made by a build")
    assert {name: found[1] for name, found in snapshot(root).items()} == {
        name: found[1] for name, found in before.items()
    }


def test_what_is_left_of_a_killed_build_is_not_followed(root: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    try:
        (root / STAGED_NAME).symlink_to(precious)
    except OSError:
        (root / STAGED_NAME).write_text("half a page")
    (root / LOCK_NAME).write_text("process 1")
    assert refresh(root, NO_SECRETS, Unwatched()) == ()
    assert precious.read_text() == "mine"
    assert [row[0] for row in listed(root)] == ["north", "south"]
    assert sorted(path.name for path in root.iterdir()) == ["index.html", "north", "south"]


def test_page_that_cannot_be_written_is_a_warning(root: Path) -> None:
    (root / LOCK_NAME).mkdir()
    (warning,) = refresh(root, NO_SECRETS, Unwatched())
    assert "could not be updated" in warning
    assert not (root / "index.html").exists()


def test_credential_is_not_written(root: Path) -> None:
    (warning,) = refresh(root, Secrets(frozenset({"south"})), Unwatched())
    assert "credential" in warning
    assert "south" not in warning.replace(str(root), "")
    assert not (root / "index.html").exists()


def test_two_at_once(root: Path) -> None:
    """Who waits lists what was published meanwhile."""
    lock = acquire(root / LOCK_NAME, Unwatched().step)
    told = Told()
    other = Thread(target=refresh, args=(root, NO_SECRETS, told))
    other.start()
    assert told.waiting.wait(60)
    label(root, "west")
    release(lock)
    other.join(60)
    assert [row[0] for row in listed(root)] == ["north", "south", "west"]
    assert not (root / LOCK_NAME).exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_who_reads_the_root_reads_the_page(root: Path) -> None:
    root.chmod(0o755)
    before = os.umask(0o077)
    try:
        refresh(root, NO_SECRETS, Unwatched())
    finally:
        os.umask(before)
    assert (root / "index.html").stat().st_mode & 0o777 == 0o644


def test_build_brings_it_up_to_date(releasing: Releasing) -> None:
    releasing.release(1)
    root = releasing.bank.parent
    assert not (root / "index.html").exists()
    options = releasing.me.options("app", channels=(releasing.channel.folder.as_uri(),))
    for dry_run in (True, False):
        outcome = build_one(Run((options,), Unwatched(), dry_run=dry_run))
        forget()
        assert not outcome.warnings
        assert (root / "index.html").exists() is not dry_run
    (row,) = listed(root)
    assert row[:2] == ["bank", "1"]
    read = Read((root / "index.html").read_bytes())
    (link,) = (attributes["href"] for tag, attributes in read.tags if tag == "a")
    assert (root / str(link)).is_file()


def test_builds_of_many_labels_bring_it_up_to_date(releasing: Releasing) -> None:
    releasing.release(1)
    root = releasing.bank.parent
    bank = releasing.me.options("app", channels=(releasing.channel.folder.as_uri(),))
    builds = (bank, replace(bank, label="plant"))
    for changed in (True, False):
        results = list(build_all(Run(builds, Unwatched())))
        forget()
        assert [one.outcome and one.outcome.changed for one in results] == [False, changed]
        assert [row[:2] for row in listed(root)] == [["bank", "1"], ["plant", "1"]]
        (root / "index.html").unlink()


def test_last_label_that_fails_leaves_the_page_to_nobody(
    releasing: Releasing, capsys: pytest.CaptureFixture[str]
) -> None:
    releasing.release(1)
    root = releasing.bank.parent
    bank = releasing.me.options("app", channels=(releasing.channel.folder.as_uri(),))
    builds = (replace(bank, label="plant"), replace(bank, packages=("nowhere",)))
    assert not report_all(build_all(Run(builds, Unwatched())))
    forget()
    assert [row[:2] for row in listed(root)] == [["bank", "1"], ["plant", "1"]]
    (root / "index.html").write_text("<p>Welcome")
    assert not report_all(build_all(Run(builds, Unwatched())))
    forget()
    problem = f"{root / 'index.html'} was not made by a build"
    assert problem in capsys.readouterr().err
    with overrides.settings(json=True):
        report_all(build_all(Run(builds, Unwatched())))
    forget()
    (built, failed) = json.loads(capsys.readouterr().out)["labels"]
    assert built["success"]
    assert not built["warnings"]
    assert [problem in warning["text"] for warning in failed["warnings"]] == [True]


def test_build_beside_a_page_of_somebody_else(conda: Conda, releasing: Releasing) -> None:
    releasing.channel.add("app")
    releasing.channel.write()
    root = releasing.bank.parent
    root.mkdir()
    (root / "index.html").write_text("<p>Welcome")
    command = (
        *("--label", "bank", "--root", root, "--no-label-channel", "--override-channels", "app"),
        *("-c", releasing.channel.folder.as_uri()),
    )
    told = conda.build(*command)
    assert f"warning: {root / 'index.html'} was not made by a build" in told.stderr
    assert (root / "index.html").read_text() == "<p>Welcome"
    (root / "index.html").unlink()
    told = conda.build(*command, "--json")
    assert told.json["warnings"] == []
    for verb in ("verify", "show"):
        assert list(conda.run("offline-repo", verb, root, "--json").json["repositories"])
