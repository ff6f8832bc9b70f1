"""What `diff` tells of two releases, and by what they can be named: `delivery/release_ref.py`."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.delivery.release_ref import named
from conda_offline_repo.queries.compare import difference
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.manifest_json import parse
from conda_offline_repo.repository.package import Decision, as_json
from tests.cli.test_json import check
from tests.support.delivering import OTHER, VENDOR, packed, signed
from tests.support.mirror import PLATFORM, publish
from tests.support.rewriting import from_wheel, rewrite
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two releases for two platforms: of each kind of change there is one."""
    channel = TinyChannel(tmp_path / "channel")
    platforms = ("linux-64", "win-64")
    channel.add("app", "1.0", depends=["lib", "old", "same", "rebuilt"])
    for name in ("old", "same", "rebuilt"):
        channel.add(name, "1.0", record={"license": "MIT"})
    for platform in platforms:
        channel.add("lib", "1.0", subdir=platform)
    root = tmp_path / "repositories"
    publish(tmp_path / "engineer1", channel, "app", root=root, platforms=platforms)
    shutil.copytree(root / "bank", tmp_path / "old")
    channel.add("app", "2.0", depends=["lib", "fresh", "same", "rebuilt"])
    channel.add("fresh", "0.1", record={"license": "GPL-3.0-only"})
    channel.add("rebuilt", "1.0", build="1", number=1, record={"license": "MIT"})
    channel.add("lib", "1.1", subdir="win-64", record={"license": "GPL-3.0-only"})
    channel.add("other", "0.1", record={"license": None})
    publish(tmp_path / "engineer2", channel, "app", "other", root=root, platforms=platforms)
    return tmp_path / "old", root / "bank"


def test_each_platform_has_its_changes(conda: Conda, pair: tuple[Path, Path]) -> None:
    result = conda.run("offline-repo", "diff", *pair, "--json").json
    common = [
        {"name": "app", "old": "1.0", "new": "2.0"},
        {"name": "rebuilt", "old": "1.0 0", "new": "1.0 1"},
    ]
    lib = {"name": "lib", "old": "1.0", "new": "1.1"}
    fresh, other = ({"name": name, "version": "0.1"} for name in ("fresh", "other"))
    for platform, updated in (
        ("linux-64", common),
        ("win-64", [common[0], lib, common[1]]),
    ):
        assert result["platforms"][platform] == {
            "updated": updated,
            "added": [fresh, other],
            "removed": [{"name": "old", "version": "1.0"}],
        }
    assert (result["old"]["build"], result["new"]["build"]) == (1, 2)
    assert result["new_licenses"] == {"": ["other"], "GPL-3.0-only": ["fresh", "lib"]}
    old, new = (named(str(folder), None).manifest for folder in pair)
    assert result["transfer_bytes"] == difference(old, new).transfer_bytes


def test_text_and_markdown(conda: Conda, pair: tuple[Path, Path]) -> None:
    text = conda.run("offline-repo", "diff", *pair).stdout
    for line in (
        "win-64:\n  ~ app 1.0 -> 2.0\n  ~ lib 1.0 -> 1.1\n  ~ rebuilt 1.0 0 -> 1.0 1\n",
        "  + fresh 0.1\n",
        "  - old 1.0\n",
        "New licences: none stated (other), GPL-3.0-only (fresh, lib)\n",
        "origin is unknown",
    ):
        assert line in text
    table = conda.run("offline-repo", "diff", *pair, "--format", "markdown").stdout
    for line in (
        "### win-64\n\n| Package | Before | After |\n|---|---|---|\n| app | 1.0 | 2.0 |\n",
        "| fresh | - | 0.1 |\n",
        "| old | 1.0 | - |\n",
        "- New licences: none stated (other), GPL-3.0-only (fresh, lib)\n",
    ):
        assert line in table


def test_other_conda_of_the_customer(conda: Conda, pair: tuple[Path, Path]) -> None:
    old, new = pair
    request = locate_one(new).manifest.request
    rewrite(new, request=replace(request, customer_conda=">=26.7", customer_solvers=("rattler",)))
    before = "Before, it was for conda >=24.7 with classic, libmamba, rattler."
    text = conda.run("offline-repo", "diff", old, new).stdout
    assert f"For conda >=26.7 with rattler. {before}\n" in text
    table = conda.run("offline-repo", "diff", old, new, "--format", "markdown").stdout
    assert "\n- For conda \\>=26.7 with rattler. " in table
    result = check("diff", conda.run("offline-repo", "diff", old, new, "--json"))
    assert result["new"]["customer_solvers"] == ["rattler"]
    assert "For conda" not in conda.run("offline-repo", "diff", old, old).stdout


def test_other_policy(conda: Conda, pair: tuple[Path, Path]) -> None:
    old, new = pair
    excepted = Decision(
        "noarch/same-1.0-0.conda", "licenses", "MIT is denied", "a", "b", "2027-01-31"
    )
    warned = Decision("noarch/other-0.1-0.conda", "licenses", "it states none")
    rebuilt = [f"noarch/rebuilt-1.0-{build}.conda" for build in (0, 1)]
    before, after = (Decision(archive, "licenses", "MIT", "a") for archive in rebuilt)
    rules = {"licenses": {"deny": ["MIT"]}}
    for folder, policy, decisions in (
        (old, {**rules, "channels": ["acme"]}, (before,)),
        (new, {**rules, "exclude_newer": "14d"}, (after, excepted, warned)),
    ):
        request = replace(locate_one(folder).manifest.request, policy=policy)
        rewrite(folder, request=request, decisions=decisions)
    lines = (
        "The policy differs in: channels, exclude_newer.",
        "The policy lets pass what it did not before: other, same.",
    )
    told = conda.run("offline-repo", "diff", old, new).stdout
    assert [line for line in told.splitlines() if "policy" in line] == [*lines]
    told = conda.run("offline-repo", "diff", old, new, "--format", "markdown").stdout
    assert r"- The policy differs in: channels, exclude\_newer." in told
    content = conda.run("offline-repo", "diff", old, new, "--json").json
    assert content["changed_rules"] == ["channels", "exclude_newer"]
    assert content["new_decisions"] == [as_json(excepted), as_json(warned)]
    assert "policy" not in conda.run("offline-repo", "diff", new, new).stdout
    assert "policy" not in conda.run("offline-repo", "diff", new, f"{new}@2").stdout


def test_the_other_way_round(conda: Conda, pair: tuple[Path, Path]) -> None:
    old, new = pair
    result = conda.run("offline-repo", "diff", new, old, "--json").json
    assert result["platforms"]["linux-64"]["updated"][0] == {
        "name": "app",
        "old": "2.0",
        "new": "1.0",
    }
    assert result["new_licenses"] == {}


def test_nothing_changes(conda: Conda, mirror: Mirror) -> None:
    result = conda.run("offline-repo", "diff", mirror.builds[1], mirror.builds[1])
    assert "No package changes." in result.stdout
    assert "moves 0 bytes" in result.stdout


def test_manifests_and_volumes_are_as_good(conda: Conda, mirror: Mirror, tmp_path: Path) -> None:
    source = signed(mirror, 3, tmp_path, VENDOR)
    whole, since = (
        packed(source, tmp_path / f"{name}.zip", since=base)[0]
        for name, base in (("whole", None), ("since", mirror.builds[1]))
    )
    old = mirror.builds[1]
    folder = conda.run("offline-repo", "diff", old, source, "--json").json
    assert folder["new"]["signers"] == [VENDOR.fingerprint]
    assert conda.run("offline-repo", "diff", old, whole, "--json").json == folder
    assert conda.run("offline-repo", "diff", old, since, "--json").json == folder
    bare = conda.run("offline-repo", "diff", old / MANIFEST_NAME, whole, "--json").json
    assert bare["platforms"] == folder["platforms"]
    assert (bare["new_licenses"], bare["old"]["signers"]) == (None, None)
    result = conda.run("offline-repo", "diff", old / MANIFEST_NAME, source / MANIFEST_NAME)
    assert "offline-repo.json alone does not list" in result.stdout
    assert "igned" not in result.stdout


def test_signers_before_and_after(conda: Conda, mirror: Mirror, tmp_path: Path) -> None:
    unsigned, old = mirror.builds[1], signed(mirror, 2, tmp_path, VENDOR)
    new = signed(mirror, 3, tmp_path, OTHER)
    for before, told in ((old, f"signed by {VENDOR.fingerprint}"), (unsigned, "not signed")):
        lines = f"Signed by {OTHER.fingerprint}.\nBefore, it was {told}.\n"
        assert lines in conda.run("offline-repo", "diff", before, new).stdout
    table = conda.run("offline-repo", "diff", old, new, "--format", "markdown").stdout
    assert f"- Before, it was signed by {VENDOR.fingerprint}.\n" in table
    result = conda.run("offline-repo", "diff", old, new, "--json").json
    assert [result[key]["signers"] for key in ("old", "new")] == [
        [VENDOR.fingerprint],
        [OTHER.fingerprint],
    ]
    assert "Before" not in conda.run("offline-repo", "diff", old, old).stdout


def test_what_cannot_be_compared(conda: Conda, mirror: Mirror, tmp_path: Path) -> None:
    other = mirror.copy(2, tmp_path / "other")
    content = json.loads((other / MANIFEST_NAME).read_bytes())
    (other / MANIFEST_NAME).write_text(json.dumps({**content, "label": "plant"}))
    for wrong, words in (
        (other, "two releases of the same label"),
        (tmp_path / "nothing", "RepositoryNotFoundError"),
        (other / "README.txt", "ManifestError"),
        (other / "noarch" / "app-2.0-0.conda", "VolumeError"),
    ):
        assert words in conda.fail("offline-repo", "diff", mirror.builds[1], wrong).stderr


def test_build_tells_the_same(conda: Conda, pair: tuple[Path, Path], tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "more")
    channel.add("extra", "1.0", record={"license": "AGPL-3.0-only"})
    channel.write()
    result = conda.build(
        *("--label", "bank", "--root", pair[1].parent, "--add", "extra", "--no-label-channel"),
        *("-c", (tmp_path / "channel").as_uri(), "-c", channel.folder.as_uri()),
        "--override-channels",
    )
    assert "linux-64:\n  + extra 1.0\nwin-64:\n  + extra 1.0\n" in result.stdout
    assert "New licences: AGPL-3.0-only (extra)" in result.stdout


def test_content_that_alone_differs(mirror: Mirror) -> None:
    old = named(str(mirror.builds[1]), None).manifest
    name = next(iter(old.packages))
    data = json.loads(old.raw)
    data["packages"][name]["sha256"] = "0" * 64

    (change,) = difference(old, parse(data)).platforms
    assert change.platform == PLATFORM
    ((_, _, after),) = change.updated
    assert after.endswith("other content")


def test_packages_that_come_from_elsewhere(conda: Conda, pair: tuple[Path, Path]) -> None:
    old, new = pair
    from_wheel(old, "noarch/same-1.0-0.conda", "same-1.0-py3-none-any.whl")
    from_wheel(new, "noarch/app-2.0-0.conda", "app-2.0-py3-none-any.whl")
    from_wheel(new, "noarch/fresh-0.1-0.conda", "fresh-0.1-py3-none-any.whl", "https://h.example")
    rewrite(new, release=3)
    text = conda.run("offline-repo", "diff", *pair).stdout
    assert "  ~ app 1.0 -> 2.0, from PyPI\n" in text
    assert "  + fresh 0.1, from h.example\n" in text
    markdown = conda.run("offline-repo", "diff", *pair, "--format", "markdown").stdout
    assert "| app | 1.0 | 2.0, from PyPI |\n" in markdown
    assert "| fresh | - | 0.1, from h.example |\n" in markdown
    changes = check("diff", conda.run("offline-repo", "diff", *pair, "--json"))["platforms"]
    for change in changes.values():
        origins = {each["name"]: each.get("origin") for each in change["updated"]}
        assert origins.pop("app") == "from PyPI"
        assert {*origins.values()} == {None}
        assert change["added"][0]["origin"] == "from h.example"
        assert "origin" not in change["added"][1]
