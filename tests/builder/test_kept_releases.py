"""Releases that are kept beside the newest one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.delivery.deliver import deliver
from conda_offline_repo.delivery.pack import pack
from conda_offline_repo.delivery.plan import Terms
from conda_offline_repo.delivery.release_ref import since
from conda_offline_repo.delivery.source import from_folder, from_volumes
from conda_offline_repo.exceptions import InvalidRequestError, OfflineRepoError
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.queries.contents import requested_versions
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.remembered import SOLVERS
from tests.support.delivering import whole
from tests.support.mirror import entries

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.releasing import Releasing
    from tests.support.running import Conda, Finished


def names(*numbers: int) -> list[str]:
    return sorted(f"{name}-{number}.0-0" for name in ("app", "lib") for number in numbers)


def test_last_releases_are_kept(releasing: Releasing) -> None:
    releasing.release(1, keep=3)
    raws = {}
    for number in (2, 3, 4):
        raws[number - 1] = releasing.manifest
        outcome = releasing.release(number)
        assert outcome.changed
        assert not outcome.warnings
    assert releasing.archives == names(2, 3, 4)
    current = releasing.manifest
    assert sorted(current.releases) == [2, 3]
    for number in (2, 3):
        assert current.releases[number].solutions == raws[number].solutions
        assert current.releases[number].created == raws[number].created
    assert current.solutions == {"linux-64": ("linux-64/lib-4.0-0.conda", "noarch/app-4.0-0.conda")}
    index = {**entries(releasing.bank), **entries(releasing.bank, "linux-64")}
    assert index == {
        package.file: package.record
        for package in releasing.channel.packages.values()
        if not package.file.endswith("-1.0-0.conda")
    }
    assert whole(releasing.bank)


def test_build_that_changes_nothing_writes_nothing(releasing: Releasing) -> None:
    releasing.release(1, keep=2)
    releasing.release(2)
    before = {path: path.stat().st_mtime_ns for path in releasing.bank.rglob("*")}
    for _ in range(2):
        assert not releasing.build().changed
    assert {path: path.stat().st_mtime_ns for path in releasing.bank.rglob("*")} == before
    assert sorted(releasing.manifest.releases) == [1]


def test_fewer_are_kept_when_fewer_are_asked_for(releasing: Releasing) -> None:
    releasing.release(1, keep=3)
    releasing.release(2)
    releasing.release(3)
    outcome = releasing.build(keep=2)
    assert [(c.what, c.before, c.after) for c in outcome.request_changes] == [
        ("keep", ("3",), ("2",))
    ]
    assert releasing.archives == names(2, 3)
    assert releasing.build(keep=1).changed
    assert releasing.archives == names(3)
    assert releasing.manifest.releases == {}
    assert releasing.build(keep=5).changed
    assert releasing.archives == names(3)


def test_release_that_installs_the_same_is_not_kept_beside_it(releasing: Releasing) -> None:
    releasing.release(1, keep=4)
    app = releasing.channel.packages["noarch/app-1.0-0.conda"]
    app.record["constrains"] = ["other >2"]
    assert releasing.build().changed
    assert releasing.manifest.releases == {}
    releasing.release(2)
    assert sorted(releasing.manifest.releases) == [2]
    assert entries(releasing.bank)["app-1.0-0.conda"]["constrains"] == ["other >2"]


def test_release_with_other_bytes_under_a_name_is_given_up(releasing: Releasing) -> None:
    releasing.release(1, keep=3)
    releasing.release(2)
    releasing.channel.add("lib", "2.0", subdir="linux-64", files={"share/lib.txt": "another\n"})
    outcome = releasing.build()
    warning, update = outcome.warnings
    assert update.kind == "same-version"
    text = "Release 2 cannot be kept: linux-64/lib-2.0-0.conda has other content now."
    assert vars(warning) == {"kind": "not-kept", "text": text}
    assert sorted(releasing.manifest.releases) == [1]
    assert releasing.archives == names(1, 2)


def test_release_that_conda_would_prefer_is_given_up(releasing: Releasing) -> None:
    releasing.release(1, keep=3)
    releasing.release(2)
    app = releasing.channel.packages["noarch/app-2.0-0.conda"]
    releasing.channel.remove(app)
    outcome = releasing.build()
    warning, *untold = outcome.warnings
    assert "Release 2 cannot be kept" in warning.text
    assert "noarch/app-2.0-0.conda" in warning.text
    assert untold[0].kind == "downgrade"
    assert releasing.archives == names(1)
    assert sorted(releasing.manifest.releases) == [1]
    assert not releasing.build().changed


def test_release_with_a_lost_archive_is_given_up(releasing: Releasing) -> None:
    releasing.release(1, keep=3)
    releasing.release(2)
    (releasing.bank / "linux-64" / "lib-1.0-0.conda").unlink()
    outcome = releasing.release(3)
    (warning,) = outcome.warnings
    assert "Release 1 cannot be kept" in warning.text
    assert "lib-1.0-0.conda" in warning.text
    assert sorted(releasing.manifest.releases) == [2]
    assert whole(releasing.bank)


def test_release_that_no_longer_all_customers_can_read_is_given_up(releasing: Releasing) -> None:
    app = releasing.channel.add("app", "1.0", depends=["lib >=1 # c"])
    releasing.channel.add("lib", "1.0", subdir="linux-64")
    releasing.channel.write()
    options = releasing.me.options("app", channels=(releasing.channel.folder.as_uri(),), keep=2)
    releasing.me.build(replace(options, customer_solvers=("classic", "rattler")))
    assert "app-1.0-0" in releasing.archives
    releasing.channel.add("app", "2.0", depends=["lib"])
    releasing.channel.write()
    outcome = releasing.me.build(replace(options, customer_solvers=SOLVERS))
    (warning,) = (w.text for w in outcome.warnings if w.kind == "not-kept")
    assert warning == (
        f"Release 1 cannot be kept: {app.at}: its dependency 'lib >=1 # c' has a comment, which "
        "libmamba cannot read."
    )
    assert releasing.archives == ["app-2.0-0", "lib-1.0-0"]


def test_withdrawn_upstream_it_stays(releasing: Releasing) -> None:
    releasing.release(1, keep=2)
    for package in [*releasing.channel.packages.values()]:
        releasing.channel.remove(package)
    releasing.release(2)
    assert releasing.archives == names(1, 2)


def test_dry_run_tells_what_would_go(releasing: Releasing) -> None:
    releasing.release(1, keep=2)
    releasing.release(2)
    releasing.channel.add("app", "3.0", depends=["lib ==2.0"])
    outcome = releasing.build(dry_run=True)
    assert sorted(outcome.manifest.releases) == [2]
    assert outcome.difference.removed == ("linux-64/lib-1.0-0.conda", "noarch/app-1.0-0.conda")
    assert sorted(releasing.manifest.releases) == [1]


@pytest.mark.parametrize("keep", [0, -1])
def test_what_cannot_be_kept(releasing: Releasing, keep: int) -> None:
    with pytest.raises(InvalidRequestError, match="--keep 1"):
        releasing.release(1, keep=keep)


def test_kept_releases_are_shown(releasing: Releasing, conda: Conda) -> None:
    releasing.release(1, keep=2)
    releasing.release(2)
    output = conda.run("offline-repo", "show", releasing.bank, "--releases").stdout
    for number in (1, 2):
        assert f"linux-64: 2 packages, app {number}.0\n" in output
    rows = [line.split()[0] for line in output.splitlines() if "packages" in line]
    assert rows == ["2", "1"]
    (shown,) = conda.run("offline-repo", "show", releasing.bank, "--releases", "--json").json[
        "repositories"
    ]
    assert [release["build"] for release in shown["releases"]] == [2, 1]
    assert [release["release"] for release in shown["releases"]] == [2, 1]
    assert [release["versions"] for release in shown["releases"]] == [
        {"linux-64": {"app": "2.0"}},
        {"linux-64": {"app": "1.0"}},
    ]
    assert shown["releases"][1]["solutions"] == {
        "linux-64": ["linux-64/lib-1.0-0.conda", "noarch/app-1.0-0.conda"]
    }


def test_requested_packages_of_then_are_shown(releasing: Releasing, tmp_path: Path) -> None:
    """Also those that have another name now."""
    releasing.release(1, keep=2)
    releasing.channel.add("suite", "2.0", depends=["lib ==1.0"])
    releasing.channel.write()
    channels = (releasing.channel.folder.as_uri(),)
    releasing.me.build(releasing.me.options("suite", "lib", channels=channels))
    assert requested_versions(locate_one(releasing.bank)) == {
        2: {"linux-64": {"suite": "2.0", "lib": "1.0"}},
        1: {"linux-64": {"app": "1.0", "lib": "1.0"}},
    }


def test_kept_releases_are_compared(releasing: Releasing, conda: Conda, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        releasing.release(number, keep=3)
    bank = releasing.bank

    def diff(*arguments: object) -> Finished:
        return conda.run("offline-repo", "diff", *arguments)

    told = diff(f"{bank}@1", f"{bank}@3").stdout
    assert "  ~ app 1.0 -> 3.0\n  ~ lib 1.0 -> 3.0\n" in told
    result = diff(f"{bank}@1", f"{bank}@2", "--json").json
    assert [result[key]["release"] for key in ("old", "new")] == [1, 2]
    assert [result[key]["signers"] for key in ("old", "new")] == [None, None]
    assert result["old"]["created"] == releasing.manifest.releases[1].created
    assert result["platforms"]["linux-64"]["updated"][0] == {
        "name": "app",
        "old": "1.0",
        "new": "2.0",
    }
    archives = ["linux-64/lib-2.0-0.conda", "noarch/app-2.0-0.conda"]
    assert (result["updated"], result["new_licenses"]) == (archives, {})
    shutil.copytree(bank, tmp_path / "copy")
    same = diff(f"{bank}@3", tmp_path / "copy")
    assert "No package changes." in same.stdout
    told = conda.fail("offline-repo", "diff", f"{bank}@7", bank).stderr
    assert f"{bank} does not have release 7; it has 1, 2, 3." in told
    assert "RepositoryNotFoundError" in conda.fail("offline-repo", "diff", f"{bank}@x", bank).stderr
    # a folder of that name is that folder
    (tmp_path / "copy").rename(tmp_path / "bank@1")
    assert diff(tmp_path / "bank@1", bank, "--json").json["old"]["release"] == 3


def test_difference_to_a_kept_release_is_packed_by_its_number(
    releasing: Releasing, tmp_path: Path
) -> None:
    releasing.release(1, keep=3)
    releasing.release(2)
    target = tmp_path / "share" / "bank"
    shutil.copytree(releasing.bank, target)
    releasing.release(3)
    source = from_folder(locate_one(releasing.bank))
    known = since("2", None, source.manifest)
    packed = pack(source, tmp_path / "2.zip", known, None, Unwatched())
    assert sorted(name for name in packed.names[0] if name.endswith(".conda")) == [
        "linux-64/lib-3.0-0.conda",
        "noarch/app-3.0-0.conda",
    ]
    with from_volumes(packed.volumes) as volumes:
        deliver(volumes, target, Unwatched(), Terms())
    assert whole(target)
    assert locate_one(target).manifest == releasing.manifest
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
def test_manifest_with_what_is_no_release_is_refused(releasing: Releasing, change: object) -> None:
    releasing.release(1, keep=2)
    releasing.release(2)
    path = releasing.bank / "offline-repo.json"
    stated = json.loads(path.read_bytes())
    assert callable(change)
    change(stated)
    path.write_text(json.dumps(stated))
    with pytest.raises(OfflineRepoError):
        locate_one(releasing.bank)
