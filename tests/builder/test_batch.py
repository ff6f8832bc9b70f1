"""Many labels built by one command: one run, one download, one copy; `batch.py` and `run.py`."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives import contents, local
from conda_offline_repo.builder.batch import build_all
from conda_offline_repo.builder.build import build
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.run import Run
from conda_offline_repo.builder.solving import solve
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.files import hashing
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository import manifest_json
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.verify import verify
from dev.upstream.server import ChannelServer
from tests.support.inside import forget, inside
from tests.support.many import LABELS, for_many
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from conda.models.records import PackageRecord

    from conda_offline_repo.builder.archives.contents import Contents
    from conda_offline_repo.builder.batch import Result
    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.release.compose import Release
    from conda_offline_repo.builder.release.plan import BuildPlan
    from conda_offline_repo.files.hashing import Digests
    from conda_offline_repo.repository.manifest import Manifest
    from tests.support.inside import Inside


class Vendor:
    """A vendor with many customers, in this process.

    Attributes:
        me: builds.
        server: counts what is asked for.
        channel: has `base`, which all need, and a package for each label.
    """

    def __init__(self, me: Inside, server: ChannelServer, channel: TinyChannel) -> None:
        self.me = me
        self.server = server
        self.channel = channel

    @property
    def root(self) -> Path:
        return self.me.root

    def options(self, label: str, *packages: str, keep: int | None = None) -> Options:
        return replace(
            self.me.options(*packages, channels=(f"{self.server.url}/public",), label=label),
            whole=True,
            keep=keep,
        )

    def run(self, *builds: Options, dry_run: bool = False) -> dict[str, Result]:
        """Build as one command does; gives what became of each label."""
        run = Run(builds, Unwatched(), dry_run=dry_run)
        try:
            return {result.label: result for result in build_all(run)}
        finally:
            forget()

    def build(self, options: Options) -> None:
        """Build one label by a command of its own."""
        build(options, Run([options], Unwatched()))
        forget()

    def sent(self) -> list[str]:
        """The names of the archives that were downloaded."""
        return [path.rpartition("/")[2] for path in self.server.packages()]

    def archives(self) -> list[Path]:
        return sorted(self.root.glob("*/*/*.conda"))

    def check(self, *labels: str) -> None:
        for label in labels:
            report = verify(locate_one(self.root / label), Unwatched())
            assert report.good, (label, report)


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    channel = for_many(tmp_path / "served" / "public")
    with inside(tmp_path / "engineer") as me, ChannelServer(tmp_path / "served") as server:
        yield Vendor(me, server, channel)


def test_each_archive_is_asked_for_once(vendor: Vendor) -> None:
    results = vendor.run(*(vendor.options(label, label) for label in LABELS))
    assert [result.label for result in results.values() if result.outcome] == [*LABELS]
    assert sorted(vendor.sent()) == sorted({path.name for path in vendor.archives()})
    paths = [request.path for request in vendor.server.requests]
    indexes = [path for path in paths if path.endswith("repodata.json")]
    assert len(indexes) <= 4, "each index once, whatever is asked of it first"
    vendor.check(*LABELS)


def test_equal_archives_lie_on_the_disk_once(vendor: Vendor) -> None:
    vendor.run(*(vendor.options(label, label) for label in LABELS))
    places = {path: path.stat() for path in vendor.archives()}
    assert len({stat.st_ino for stat in places.values()}) == len({path.name for path in places})
    assert vendor.root.joinpath("bank00/noarch/lib-1.0-0.conda").stat().st_nlink == len(LABELS)


def test_nothing_changes_without_need(vendor: Vendor) -> None:
    builds = [vendor.options(label, label) for label in LABELS[:5]]
    vendor.run(*builds)
    vendor.server.clear()
    results = vendor.run(*builds)
    assert not any(result.outcome and result.outcome.changed for result in results.values())
    assert not vendor.sent()


def test_archives_of_all_labels_are_read_once(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = [vendor.options(label, label) for label in LABELS[:4]]
    vendor.run(*builds)
    damaged = vendor.root / "bank02" / "noarch" / "lib-1.0-0.conda"
    content = damaged.read_bytes()
    damaged.unlink()
    damaged.write_bytes(content[:-1] + b"x")
    read: list[str] = []
    hash_file = hashing.hash_file

    def counted(path: Path, **more: Any) -> Digests:
        read.append(path.name)
        return hash_file(path, **more)

    monkeypatch.setattr(local, "hash_file", counted)
    results = vendor.run(*builds)
    names = {path.name for path in vendor.archives()}
    assert Counter(read) == Counter(names) + Counter({damaged.name: 1})
    changed = [label for label, r in results.items() if r.outcome and r.outcome.changed]
    assert changed == ["bank02"]
    assert damaged.read_bytes() == content


def test_manifests_are_read_no_more_often_with_more_labels(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[Path] = Counter()
    parse = manifest_json.parse_bytes

    def counted(content: bytes, path: Path) -> Manifest:
        read[path] += 1
        return parse(content, path)

    vendor.run(*(vendor.options(label, label) for label in LABELS))
    monkeypatch.setattr(manifest_json, "parse_bytes", counted)
    vendor.run(vendor.options(LABELS[0], LABELS[0], keep=2))
    alone = max(read.values())
    read.clear()
    vendor.run(*(vendor.options(label, label, keep=3) for label in LABELS))
    assert len(read) == len(LABELS)
    # once more for the page of the first label, which lists the others as they were
    assert max(read.values()) <= alone + 1 < len(LABELS)


@pytest.fixture
def solves(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The platforms of all solves, also of those that prove a repository."""
    platforms: list[str] = []
    run = solve.run

    def counted(platform: str, *rest: Any, **more: Any) -> tuple[PackageRecord, ...]:
        platforms.append(platform)
        return run(platform, *rest, **more)

    monkeypatch.setattr(solve, "run", counted)
    return platforms


def test_what_labels_ask_alike_is_solved_and_proved_once(vendor: Vendor, solves: list[str]) -> None:
    alike = [vendor.options(label, "base") for label in LABELS[:4]]
    vendor.run(*alike[:1])
    alone = len(solves)
    solves.clear()
    vendor.run(*alike[1:])
    assert len(solves) == alone
    vendor.check(*LABELS[:4])
    solves.clear()
    vendor.run(*alike)
    assert len(solves) == 1, "what is proven already is not proved again"
    solves.clear()
    vendor.run(vendor.options(LABELS[4], "base"), vendor.options(LABELS[5], "base", "bank00"))
    assert len(solves) == 2 * alone


def test_what_labels_ask_in_part_alike_is_solved_for_each(vendor: Vendor) -> None:
    """The same packages for other machines, in other environments, with other channels."""
    vendor.channel.add("tool", "1.0")
    vendor.channel.add("tool", "2.0", depends=["__glibc >=2.30"])
    vendor.channel.write()
    other = TinyChannel(vendor.channel.folder.with_name("other"))
    other.add("tool", "3.0")
    other.write()
    plain = vendor.options("plain", "tool")
    environment = EnvironmentSpec("lab", ("tool",))
    url = f"{vendor.server.url}/other"
    results = vendor.run(
        plain,
        replace(plain, label="newer", virtual_packages=("__glibc=2.35",)),
        replace(plain, label="windows", platforms=("win-64",)),
        replace(plain, label="named", packages=(), environments=(environment,)),
        replace(plain, label="other", channels=(url, *plain.channels)),
        replace(plain, label="again"),
    )
    packages = {
        label: {**result.outcome.manifest.solutions} if result.outcome else result.error
        for label, result in results.items()
    }
    old = ("noarch/tool-1.0-0.conda",)
    assert packages == {
        "plain": {"linux-64": old},
        "newer": {"linux-64": ("noarch/tool-2.0-0.conda",)},
        "windows": {"win-64": old},
        "named": {"lab/linux-64": old},
        "other": {"linux-64": ("noarch/tool-3.0-0.conda",)},
        "again": {"linux-64": old},
    }


def test_archive_of_several_labels_is_looked_into_once(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.channel.add("far", files={"lib/far.dylib": ""})
    vendor.channel.write()
    read: list[str] = []
    contents_of = contents.contents_of

    def counted(path: Path, **more: bool) -> Contents:
        read.append(path.name)
        return contents_of(path, **more)

    monkeypatch.setattr("conda_offline_repo.builder.archives.facts.contents_of", counted)
    results = vendor.run(
        *(vendor.options(label, label, "far") for label in LABELS[:3]),
        replace(vendor.options("mac", "far"), platforms=("osx-64",)),
    )
    once = Counter(f"{name}-1.0-0.conda" for name in (*LABELS[:3], "base", "lib"))
    assert Counter(read) == once + Counter({"far-1.0-0.conda": 1})
    errors = {label: str(result.error) for label, result in results.items() if result.error}
    assert errors.keys() == {*LABELS[:3]}, "each is told of what does not fit"
    assert all("noarch/far-1.0-0.conda, for linux-64" in error for error in errors.values())


def test_failed_label_does_not_stop_the_others(vendor: Vendor) -> None:
    first, second, third = (vendor.options(label, label) for label in LABELS[:3])
    results = vendor.run(first, replace(second, packages=("nowhere",)), third)
    assert [bool(result.outcome) for result in results.values()] == [True, False, True]
    assert "nowhere" in str(results["bank01"].error)
    vendor.check("bank00", "bank02")
    assert not (vendor.root / "bank01").exists()


def test_hints_name_keys_of_the_file(vendor: Vendor) -> None:
    error = vendor.run(replace(vendor.options("bank00"), label_channel=True))["bank00"].error
    assert isinstance(error, OfflineRepoError)
    hints = "\n".join(error.hints)
    assert "`label_channel: false`" in hints
    assert "--no-label-channel" not in hints


def test_fault_of_ours_in_one_label_does_not_stop_the_others(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conda_offline_repo.builder.release import compose

    real = compose.compose

    def broken(plan: BuildPlan, *rest: Any) -> Release:
        if plan.request.label == "bank01":
            raise ZeroDivisionError("a fault")
        return real(plan, *rest)

    monkeypatch.setattr(compose, "compose", broken)
    results = vendor.run(*(vendor.options(label, label) for label in LABELS[:3]))
    assert [bool(result.outcome) for result in results.values()] == [True, False, True]
    assert "ZeroDivisionError" in str(results["bank01"].error)


def test_archive_of_another_label_is_taken_by_a_later_command(vendor: Vendor) -> None:
    vendor.build(vendor.options("bank00", "bank00"))
    vendor.server.clear()
    vendor.build(vendor.options("bank01", "bank01"))
    assert vendor.sent() == ["bank01-1.0-0.conda"]


@pytest.mark.parametrize("damage", ["cut", "other", "gone", "pipe", "link"])
def test_damaged_archive_of_another_label_is_not_taken(
    vendor: Vendor, damage: str, tmp_path: Path
) -> None:
    vendor.build(vendor.options("bank00", "bank00"))
    lib = vendor.root / "bank00" / "noarch" / "lib-1.0-0.conda"
    content = lib.read_bytes()
    lib.unlink()
    if damage == "cut":
        lib.write_bytes(content[:-1])
    elif damage == "other":
        lib.write_bytes(content[:-1] + b"x")
    elif damage == "pipe" and hasattr(os, "mkfifo"):
        os.mkfifo(lib)
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        try:
            lib.symlink_to(tmp_path / "elsewhere")
        except OSError:
            pytest.skip("no symbolic links here")
    vendor.server.clear()
    vendor.build(vendor.options("bank01", "bank01"))
    assert "lib-1.0-0.conda" in vendor.sent()
    mine = vendor.root / "bank01" / "noarch" / "lib-1.0-0.conda"
    assert mine.read_bytes() == content
    assert not mine.is_symlink()
    vendor.check("bank01")


def test_new_archive_under_an_old_name_leaves_the_other_label_alone(vendor: Vendor) -> None:
    vendor.run(*(vendor.options(label, label) for label in LABELS[:2]))
    lib = vendor.root / "bank00" / "noarch" / "lib-1.0-0.conda"
    before = lib.read_bytes()
    vendor.channel.add("lib", files={"share/lib.bin": b"uploaded again"})
    vendor.channel.write()
    vendor.run(vendor.options("bank01", "bank01"))
    assert lib.read_bytes() == before
    vendor.check("bank00", "bank01")


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_link_is_made_only_where_permissions_are_the_same(vendor: Vendor) -> None:
    """One label's folder is for its owner alone, the other's for everybody."""
    vendor.root.mkdir(parents=True)
    vendor.root.chmod(0o700)
    before = os.umask(0o077)
    try:
        vendor.build(vendor.options("bank00", "bank00"))
        vendor.root.chmod(0o755)
        vendor.build(vendor.options("bank01", "bank01"))
    finally:
        os.umask(before)
    closed, opened = (
        (vendor.root / label / "noarch" / "lib-1.0-0.conda").stat() for label in LABELS[:2]
    )
    assert closed.st_mode & 0o777 == 0o600
    assert opened.st_mode & 0o777 == 0o644
    assert closed.st_ino != opened.st_ino
    assert vendor.sent().count("lib-1.0-0.conda") == 1


def test_what_a_failed_label_has_downloaded_is_not_downloaded_again(vendor: Vendor) -> None:
    vendor.server.fault("bank00-1.0-0.conda", "status", status=404)
    results = vendor.run(*(vendor.options(label, label) for label in LABELS[:2]))
    assert [bool(result.outcome) for result in results.values()] == [False, True]
    assert vendor.sent().count("lib-1.0-0.conda") == 1
    vendor.check("bank01")


def test_archive_without_a_digest_is_downloaded_once(vendor: Vendor) -> None:
    for package in vendor.channel.packages.values():
        del package.record["sha256"], package.record["md5"]
    vendor.channel.write()
    vendor.run(*(vendor.options(label, label) for label in LABELS[:3]))
    assert vendor.sent().count("lib-1.0-0.conda") == 1
    vendor.check(*LABELS[:3])


def test_dry_run_writes_and_downloads_nothing(vendor: Vendor) -> None:
    results = vendor.run(*(vendor.options(label, label) for label in LABELS[:3]), dry_run=True)
    assert all(result.outcome and result.outcome.changed for result in results.values())
    assert not vendor.sent()
    assert not vendor.root.exists()
