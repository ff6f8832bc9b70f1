"""Releases that are kept beside the newest one."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.delivery.deliver import deliver
from conda_offline_repo.delivery.pack import pack
from conda_offline_repo.delivery.since import since
from conda_offline_repo.delivery.source import from_folder
from conda_offline_repo.delivery.unpack import from_volumes
from conda_offline_repo.exceptions import InvalidRequestError, OfflineRepoError
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.verify import verify
from tests.support.inside import Inside, inside
from tests.support.mirror import entries
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.repository.manifest import Manifest
    from conda_offline_repo.vendor.build import Outcome
    from tests.support.running import Conda


@dataclass
class Vendor:
    """A vendor in this process.

    Attributes:
        me: builds.
        channel: whose `app` needs the `lib` of its version.
        bank: the repository.
    """

    me: Inside
    channel: TinyChannel
    bank: Path

    def release(self, number: int, *, keep: int | None = None) -> Outcome:
        """Publish a version, and build."""
        self.channel.add("app", f"{number}.0", depends=[f"lib =={number}.0"])
        self.channel.add("lib", f"{number}.0", subdir="linux-64")
        return self.build(keep=keep)

    def build(self, *, keep: int | None = None, dry_run: bool = False) -> Outcome:
        self.channel.write()
        options = self.me.options("app", channels=(self.channel.folder.as_uri(),), keep=keep)
        return self.me.build(options, dry_run=dry_run)

    @property
    def manifest(self) -> Manifest:
        return locate_one(self.bank).manifest

    @property
    def archives(self) -> list[str]:
        return sorted(path.stem for path in self.bank.glob("*/*.conda"))


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    with inside(tmp_path / "me") as me:
        root = tmp_path / "repositories"
        channel = TinyChannel(tmp_path / "channel")
        yield Vendor(Inside(me.conda, root), channel, root / "bank")


def names(*numbers: int) -> list[str]:
    return sorted(f"{name}-{number}.0-0" for name in ("app", "lib") for number in numbers)


def test_last_releases_are_kept(vendor: Vendor) -> None:
    vendor.release(1, keep=3)
    raws = {}
    for number in (2, 3, 4):
        raws[number - 1] = vendor.manifest
        outcome = vendor.release(number)
        assert outcome.changed
        assert not outcome.warnings
    assert vendor.archives == names(2, 3, 4)
    found = vendor.manifest
    assert sorted(found.releases) == [2, 3]
    for number in (2, 3):
        assert found.releases[number].solutions == raws[number].solutions
        assert found.releases[number].created == raws[number].created
    assert found.solutions == {"linux-64": ("linux-64/lib-4.0-0.conda", "noarch/app-4.0-0.conda")}
    index = {**entries(vendor.bank), **entries(vendor.bank, "linux-64")}
    assert index == {
        package.file: package.record
        for package in vendor.channel.packages.values()
        if not package.file.endswith("-1.0-0.conda")
    }
    assert verify(locate_one(vendor.bank), Unwatched()).unchanged


def test_build_that_changes_nothing_writes_nothing(vendor: Vendor) -> None:
    vendor.release(1, keep=2)
    vendor.release(2)
    before = {path: path.stat().st_mtime_ns for path in vendor.bank.rglob("*")}
    for _ in range(2):
        assert not vendor.build().changed
    assert {path: path.stat().st_mtime_ns for path in vendor.bank.rglob("*")} == before
    assert sorted(vendor.manifest.releases) == [1]


def test_fewer_are_kept_when_fewer_are_asked_for(vendor: Vendor) -> None:
    vendor.release(1, keep=3)
    vendor.release(2)
    vendor.release(3)
    outcome = vendor.build(keep=2)
    assert [(c.what, c.before, c.after) for c in outcome.request_changes] == [
        ("keep", ("3",), ("2",))
    ]
    assert vendor.archives == names(2, 3)
    assert vendor.build(keep=1).changed
    assert vendor.archives == names(3)
    assert vendor.manifest.releases == {}
    assert vendor.build(keep=5).changed
    assert vendor.archives == names(3)


def test_release_that_installs_the_same_is_not_kept_beside_it(vendor: Vendor) -> None:
    vendor.release(1, keep=4)
    app = vendor.channel.packages["noarch/app-1.0-0.conda"]
    app.record["constrains"] = ["other >2"]
    assert vendor.build().changed
    assert vendor.manifest.releases == {}
    vendor.release(2)
    assert sorted(vendor.manifest.releases) == [2]
    assert entries(vendor.bank)["app-1.0-0.conda"]["constrains"] == ["other >2"]


def test_release_with_other_bytes_under_a_name_is_given_up(vendor: Vendor) -> None:
    vendor.release(1, keep=3)
    vendor.release(2)
    vendor.channel.add("lib", "2.0", subdir="linux-64", files={"share/lib.txt": "another\n"})
    outcome = vendor.build()
    (warning,) = outcome.warnings
    assert warning == ("Release 2 cannot be kept: linux-64/lib-2.0-0.conda has other content now.")
    assert sorted(vendor.manifest.releases) == [1]
    assert vendor.archives == names(1, 2)


def test_release_that_conda_would_prefer_is_given_up(vendor: Vendor) -> None:
    vendor.release(1, keep=3)
    vendor.release(2)
    app = vendor.channel.packages["noarch/app-2.0-0.conda"]
    vendor.channel.remove(app)
    outcome = vendor.build()
    (warning,) = outcome.warnings
    assert "Release 2 cannot be kept" in warning
    assert "noarch/app-2.0-0.conda" in warning
    assert vendor.archives == names(1)
    assert sorted(vendor.manifest.releases) == [1]
    assert not vendor.build().changed


def test_release_with_a_lost_archive_is_given_up(vendor: Vendor) -> None:
    vendor.release(1, keep=3)
    vendor.release(2)
    (vendor.bank / "linux-64" / "lib-1.0-0.conda").unlink()
    outcome = vendor.release(3)
    (warning,) = outcome.warnings
    assert "Release 1 cannot be kept" in warning
    assert "lib-1.0-0.conda" in warning
    assert sorted(vendor.manifest.releases) == [2]
    assert verify(locate_one(vendor.bank), Unwatched()).unchanged


def test_withdrawn_upstream_it_stays(vendor: Vendor) -> None:
    vendor.release(1, keep=2)
    for package in [*vendor.channel.packages.values()]:
        vendor.channel.remove(package)
    vendor.release(2)
    assert vendor.archives == names(1, 2)


def test_dry_run_tells_what_would_go(vendor: Vendor) -> None:
    vendor.release(1, keep=2)
    vendor.release(2)
    vendor.channel.add("app", "3.0", depends=["lib ==2.0"])
    outcome = vendor.build(dry_run=True)
    assert sorted(outcome.manifest.releases) == [2]
    assert outcome.difference.removed == ("linux-64/lib-1.0-0.conda", "noarch/app-1.0-0.conda")
    assert sorted(vendor.manifest.releases) == [1]


@pytest.mark.parametrize("keep", [0, -1])
def test_what_cannot_be_kept(vendor: Vendor, keep: int) -> None:
    with pytest.raises(InvalidRequestError, match="--keep 1"):
        vendor.release(1, keep=keep)


def test_kept_releases_are_shown(vendor: Vendor, conda: Conda) -> None:
    vendor.release(1, keep=2)
    vendor.release(2)
    told = conda.run("offline-repo", "show", vendor.bank, "--releases").stdout
    rows = [line.split()[0] for line in told.splitlines() if "packages" in line]
    assert rows == ["2", "1"]
    (shown,) = conda.run("offline-repo", "show", vendor.bank, "--releases", "--json").json[
        "repositories"
    ]
    assert [one["build"] for one in shown["releases"]] == [2, 1]
    assert shown["releases"][1]["solutions"] == {
        "linux-64": ["linux-64/lib-1.0-0.conda", "noarch/app-1.0-0.conda"]
    }


def test_difference_to_a_kept_release_is_packed_by_its_number(
    vendor: Vendor, tmp_path: Path
) -> None:
    vendor.release(1, keep=3)
    vendor.release(2)
    target = tmp_path / "share" / "bank"
    shutil.copytree(vendor.bank, target)
    vendor.release(3)
    source = from_folder(locate_one(vendor.bank))
    known = since("2", None, source.manifest)
    packed = pack(source, tmp_path / "2.zip", known, None, Unwatched())
    assert sorted(one for one in packed.names[0] if one.endswith(".conda")) == [
        "linux-64/lib-3.0-0.conda",
        "noarch/app-3.0-0.conda",
    ]
    with from_volumes(packed.volumes) as volumes:
        deliver(volumes, target, Unwatched())
    assert verify(locate_one(target), Unwatched()).unchanged
    assert locate_one(target).manifest == vendor.manifest
    for wrong, words in (("3", "nothing new"), ("9", "not kept"), ("0", "kept are: 1, 2")):
        with pytest.raises(InvalidRequestError, match=words):
            since(wrong, None, source.manifest)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["releases"].update({"x": m["releases"]["1"]}),
        lambda m: m["releases"].update({"99999999999": m["releases"]["1"]}),
        lambda m: m["releases"]["1"].pop("created"),
        lambda m: m["releases"]["1"].update(manifest_sha256="x"),
        lambda m: m["releases"]["1"]["solutions"].update({"linux-64": ["noarch/no-1-0.conda"]}),
        lambda m: m["releases"]["1"].update(solutions=[]),
        lambda m: m.update(releases=[1]),
        lambda m: m["request"].update(keep="2"),
    ],
)
def test_manifest_with_what_is_no_release_is_refused(vendor: Vendor, change: object) -> None:
    vendor.release(1, keep=2)
    vendor.release(2)
    path = vendor.bank / "offline-repo.json"
    stated = json.loads(path.read_bytes())
    assert callable(change)
    change(stated)
    path.write_text(json.dumps(stated))
    with pytest.raises(OfflineRepoError):
        locate_one(vendor.bank)
