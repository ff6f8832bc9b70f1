"""What a build writes, what it leaves as it is, and where it refuses to write at all.

That is `publish`, on what `plan` and `compose` made of a release, and what is tidied up after it:
`repository/publication/publish.py` and `repository/publication/ownership.py`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release import signing
from conda_offline_repo.files.hashing import hash_bytes
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.transition import read_manifest
from conda_offline_repo.repository.verify import verify
from dev.upstream.server import ChannelServer
from tests.support.delivering import whole
from tests.support.keys import SSH_KEYGEN, new_key
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel
from tests.support.warm import contents, warm_conda

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.repository.manifest import Manifest
    from tests.support.warm import Struck, WarmConda

PLATFORM = "linux-64"


class Vendor:
    """Builds the repository of the bank from one channel.

    Attributes:
        warm: runs conda.
        channel: publishes `app`, which needs `lib`, and `tool`.
        root: the parent of the repository, which is there.
        repository: the repository, not there yet.
    """

    def __init__(self, warm: WarmConda) -> None:
        self.warm = warm
        self.channel = TinyChannel(warm.folder / "published")
        self.channel.add("app", depends=["lib"])
        self.channel.add("lib", subdir=PLATFORM)
        self.channel.add("tool")
        self.channel.write()
        self.root = warm.folder / "root"
        self.root.mkdir()
        self.repository = self.root / "bank"

    def command(self, *packages: str, root: Path | None = None, channel: str = "") -> list[str]:
        return [
            *("offline-repo", "build", "--label", "bank", "--root", str(root or self.root)),
            *("--no-label-channel", "-c", channel or self.channel.folder.as_uri()),
            *("--override-channels", "--platform", PLATFORM, *packages),
        ]

    def build(self, *packages: str, root: Path | None = None) -> Struck:
        return self.warm.run(*self.command(*packages, root=root), folder=root or self.root)

    def refuse(self, *packages: str) -> Struck:
        """See a build refused, with nothing changed below the root."""
        before = snapshot(self.root)
        refused = self.warm.fail(*self.command(*packages))
        assert snapshot(self.root) == before
        return refused


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with warm_conda(strikes=False) as warm:
        yield Vendor(warm)


def places(folder: Path) -> dict[str, tuple[int, int]]:
    """When the files and folders below a folder were changed, and which they are."""
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in (folder, *folder.rglob("*"))
    }


def test_no_change_no_write(vendor: Vendor) -> None:
    vendor.build("app")
    before = places(vendor.repository)
    again = vendor.build("app")
    assert "is up to date (release 1)" in again.stdout
    assert places(vendor.repository) == before
    assert not [step for step in again.steps if " bank" in step]
    assert sorted(path.name for path in vendor.root.iterdir()) == ["bank", "index.html"]


def test_an_update_writes_only_what_is_new(vendor: Vendor) -> None:
    vendor.build("app")
    before = places(vendor.repository)
    vendor.build("app", "tool")
    after = places(vendor.repository)
    for name in (
        f"{PLATFORM}/lib-1.0-0.conda",
        f"{PLATFORM}/repodata.json",
        "noarch/app-1.0-0.conda",
    ):
        path = str(vendor.repository / name)
        assert after[path] == before[path]


def test_same_input_same_bytes(vendor: Vendor, tmp_path: Path) -> None:
    vendor.build("app")
    vendor.build("app", root=tmp_path)
    assert snapshot_bytes(vendor.repository) == snapshot_bytes(tmp_path / "bank")
    manifest = json.loads((tmp_path / "bank" / "offline-repo.json").read_bytes())
    assert manifest["created"] == "2023-11-14T22:13:20Z"


def snapshot_bytes(folder: Path) -> dict[str, bytes]:
    return {name: content for name, (_, content) in snapshot(folder).items()}


def test_a_file_in_the_way(vendor: Vendor) -> None:
    vendor.repository.write_text("mine")
    assert str(vendor.repository) in vendor.refuse("app").stderr


def test_a_folder_of_someone_else(vendor: Vendor) -> None:
    (vendor.repository / "noarch").mkdir(parents=True)
    (vendor.repository / "noarch" / "repodata.json").write_text("{}")
    assert "is not an offline repository" in vendor.refuse("app").stderr


def test_a_link_in_place_of_the_folder(vendor: Vendor, tmp_path: Path) -> None:
    vendor.repository.symlink_to(tmp_path, target_is_directory=True)
    vendor.refuse("app")
    assert not list(tmp_path.iterdir())


def test_a_link_in_place_of_a_subdir(vendor: Vendor) -> None:
    vendor.build("app")
    elsewhere = vendor.warm.folder / "elsewhere"
    (vendor.repository / "noarch").rename(elsewhere)
    (vendor.repository / "noarch").symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "precious.txt").write_text("mine")
    before = snapshot(elsewhere)
    vendor.refuse("app", "tool")
    assert snapshot(elsewhere) == before


def test_an_empty_folder_is_used(vendor: Vendor) -> None:
    vendor.repository.mkdir()
    vendor.build("app")
    assert (vendor.repository / "offline-repo.json").is_file()


def test_deletion_that_fails_is_made_up_for(vendor: Vendor) -> None:
    vendor.build("app", "tool")
    steps = vendor.build("app", "--dry-run").steps
    assert not [step for step in steps if "tool" in step]
    shutil.copytree(vendor.root, vendor.warm.folder / "before")
    gone = [step for step in vendor.build("app").steps]
    number = gone.index("os.remove bank/noarch/tool-1.0-0.conda") + 1
    shutil.rmtree(vendor.root)
    shutil.copytree(vendor.warm.folder / "before", vendor.root)
    told = vendor.warm.execute(
        *vendor.command("app"), folder=vendor.root, fault="EACCES", number=number
    )
    assert (told.status, told.struck) == (0, True)
    assert "is now release 2" in told.stdout
    assert "noarch/tool-1.0-0.conda" in told.stderr
    assert "noarch/tool-1.0-0.conda" in under_way(vendor.repository).on_the_way
    report = verify(locate_one(vendor.repository), Unwatched())
    assert (report.good, report.extra, report.unfinished) == (True, (), True)
    assert "is up to date (release 2)" in vendor.build("app").stdout
    assert not (vendor.repository / "noarch" / "tool-1.0-0.conda").exists()
    manifest = under_way(vendor.repository)
    assert manifest.release == 2
    assert not manifest.on_the_way
    assert whole(vendor.repository)
    again = vendor.build("app")
    assert not [step for step in again.steps if step.split()[1].startswith("bank/")]


@pytest.mark.parametrize(
    "stale", ["repodata.json.zst", "current_repodata.json", "tool-0.9-0.conda", "app-1.0-0.tar.bz2"]
)
def test_strangers_in_a_subdir_go(vendor: Vendor, stale: str) -> None:
    vendor.build("app")
    expected = contents(vendor.repository)
    (vendor.repository / "noarch" / stale).write_text("stale")
    assert "is now release 2" in vendor.build("app").stdout
    assert contents(vendor.repository) == expected


@pytest.mark.parametrize("damage", ["cut", "gone", "other bytes", "a pipe"])
@pytest.mark.parametrize("name", ["noarch/app-1.0-0.conda", "noarch/repodata.json", "SHA256SUMS"])
def test_damage_is_repaired(vendor: Vendor, name: str, damage: str) -> None:
    vendor.build("app")
    expected = contents(vendor.repository)
    path = vendor.repository / name
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[:-1])
    if damage == "other bytes":
        path.write_bytes(bytes(len(content)))
    if damage == "a pipe":
        os.mkfifo(path)
    vendor.build("app")
    assert contents(vendor.repository) == expected


def test_a_file_of_the_user_stays(vendor: Vendor) -> None:
    vendor.build("app")
    (vendor.repository / "NOTES.txt").write_text("mine")
    vendor.build("app", "tool")
    assert (vendor.repository / "NOTES.txt").read_text() == "mine"


def test_a_folder_of_the_user_stays(vendor: Vendor) -> None:
    vendor.build("app")
    (vendor.repository / "handbook").mkdir()
    (vendor.repository / "handbook" / "handbook.txt").write_text("mine")
    vendor.build("app", "tool")
    assert (vendor.repository / "handbook" / "handbook.txt").read_text() == "mine"


def test_another_file_of_the_same_name_replaces_it(vendor: Vendor) -> None:
    vendor.build("app")
    package = vendor.channel.add("app", depends=["lib"], files={"share/app.txt": "repaired"})
    vendor.channel.write()
    vendor.build("app")
    assert (vendor.repository / package.at).read_bytes() == package.path.read_bytes()
    vendor.warm.run("offline-repo", "verify", vendor.repository)


@pytest.mark.parametrize("text", ["{", '{"build": 2, "moving": {"noarch/app-1.0-0.conda": []}}'])
def test_journal_that_a_build_of_an_older_version_left(vendor: Vendor, text: str) -> None:
    vendor.build("app")
    expected = contents(vendor.repository)
    (vendor.repository / "offline-repo.journal.json").write_text(text)
    vendor.build("app")
    assert contents(vendor.repository) == expected


def under_way(repository: Path) -> Manifest:
    """Its manifest, with what files may hold besides."""
    manifest = read_manifest(repository)
    assert manifest
    return manifest


def test_what_is_on_its_way_is_known_until_it_has_arrived_or_gone(vendor: Vendor) -> None:
    vendor.build("app")
    vendor.channel.add("app", "2.0", depends=["lib"])
    vendor.channel.write()
    other = vendor.warm.folder / "other"
    shutil.copytree(vendor.root, other)
    whole = vendor.warm.run(*vendor.command("app", root=other), folder=other)
    renames = [n for n, step in enumerate(whole.steps, 1) if step.startswith("os.rename bank/")]
    deletion = whole.steps.index("os.remove bank/noarch/app-1.0-0.conda") + 1
    # before the first archive, and before the first deletion
    for number, build, name in (
        (renames[1], 1, "noarch/app-2.0-0.conda"),
        (deletion, 2, "noarch/app-1.0-0.conda"),
    ):
        root = vendor.warm.folder / f"killed{number}"
        shutil.copytree(vendor.root, root)
        command = vendor.command("app", root=root)
        vendor.warm.execute(*command, folder=root, fault="kill", number=number)
        manifest = under_way(root / "bank")
        assert manifest.release == build
        assert name in manifest.on_the_way
        assert vendor.warm.execute("offline-repo", "verify", root / "bank").status == 2
        vendor.build("app", root=root)
        assert contents(root / "bank") == contents(other / "bank")
        assert not under_way(root / "bank").on_the_way
        assert "on_the_way" not in json.loads((root / "bank" / "offline-repo.json").read_bytes())


@pytest.mark.skipif(not SSH_KEYGEN, reason="OpenSSH is not installed")
@pytest.mark.parametrize("now", ["other key", "unsigned"])
def test_who_signs_changes_while_files_do(vendor: Vendor, now: str) -> None:
    """Killed before each change of a name, it can be read, and the next build finishes."""
    vendor.warm.run(*vendor.command("app"), *sign_with(vendor, "old"), folder=vendor.root)
    vendor.channel.add("app", "2.0", depends=["lib"])
    vendor.channel.add("lib", "2.0", subdir=PLATFORM)
    vendor.channel.write()
    options = (
        ["--no-sign-key"] if now == "unsigned" else ["--other-sign-key", *sign_with(vendor, "new")]
    )
    done = vendor.warm.folder / "done"
    shutil.copytree(vendor.root, done)
    whole = vendor.warm.run(*vendor.command("app", root=done), *options, folder=done)
    before, after = (locate_one(root / "bank").signers for root in (vendor.root, done))
    changes = ("os.rename bank/", "os.remove bank/")
    numbers = [n for n, step in enumerate(whole.steps, 1) if step.startswith(changes)]
    seen = set()
    for number in numbers:
        root = vendor.warm.folder / f"killed{number}"
        shutil.copytree(vendor.root, root)
        command = [*vendor.command("app", root=root), *options]
        vendor.warm.execute(*command, folder=root, fault="kill", number=number)
        repository = locate_one(root / "bank")
        assert verify(repository, Unwatched()).good, whole.steps[number - 1]
        seen.add((repository.manifest.release, repository.signers))
        vendor.warm.run(*command, folder=root)
        assert contents(root / "bank") == contents(done / "bank")
    assert seen == {(1, before), (1, after), (2, after)}


def sign_with(vendor: Vendor, name: str) -> list[str]:
    return ["--sign-key", str(new_key(vendor.warm.folder / name))]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("next_publication", ["build", "sync"])
def test_publication_that_an_older_version_began(
    vendor: Vendor, signed: bool, next_publication: str
) -> None:
    """It stated in the manifest itself what is on its way."""
    if signed and not SSH_KEYGEN:
        pytest.skip("OpenSSH is not installed")
    options = sign_with(vendor, "key") if signed else []
    vendor.warm.run(*vendor.command("app"), *options, folder=vendor.root)
    begun = vendor.warm.folder / "begun" / "bank"
    shutil.copytree(vendor.repository, begun)
    vendor.channel.add("app", "2.0", depends=["lib"])
    vendor.channel.write()
    vendor.warm.run(*vendor.command("app"), *options, folder=vendor.root)
    old, new = (locate_one(folder).manifest for folder in (begun, vendor.repository))
    coming = {
        name: {file.sha256: file.size}
        for name, file in new.everything.items()
        if old.everything.get(name) != file
    }
    state(begun, replace(old, on_the_way=coming), vendor, signed)
    for name in ("noarch/app-2.0-0.conda", "noarch/repodata.json"):
        shutil.copyfile(vendor.repository / name, begun / name)
    report = verify(locate_one(begun), Unwatched())
    assert (report.good, report.extra, report.unfinished) == (True, (), True)
    if next_publication == "build":
        command = vendor.command("app", root=begun.parent)
        vendor.warm.run(*command, *options, folder=begun.parent)
    else:
        vendor.warm.run("offline-repo", "sync", vendor.repository, begun)
    assert contents(begun) == contents(vendor.repository)
    assert whole(begun)


@pytest.mark.parametrize("signed", [False, True])
def test_deletions_that_an_older_version_left(vendor: Vendor, signed: bool) -> None:
    if signed and not SSH_KEYGEN:
        pytest.skip("OpenSSH is not installed")
    options = sign_with(vendor, "key") if signed else []
    vendor.warm.run(*vendor.command("app", "tool"), *options, folder=vendor.root)
    tool = vendor.repository / "noarch" / "tool-1.0-0.conda"
    content = tool.read_bytes()
    vendor.warm.run(*vendor.command("app"), *options, folder=vendor.root)
    expected = contents(vendor.repository)
    leftovers = (tool, vendor.repository / "installer" / "Miniforge3-Linux-x86_64.sh")
    leftovers[1].parent.mkdir()
    for path in leftovers:
        path.write_bytes(content)
    digest = {hash_bytes(content).sha256: len(content)}
    going = {path.relative_to(vendor.repository).as_posix(): digest for path in leftovers}
    manifest = locate_one(vendor.repository).manifest
    state(vendor.repository, replace(manifest, on_the_way=going), vendor, signed)
    report = verify(locate_one(vendor.repository), Unwatched())
    assert (report.good, report.extra, report.unfinished) == (True, (), True)
    told = vendor.warm.run(*vendor.command("app"), *options, folder=vendor.root)
    assert f"is up to date (release {manifest.release})" in told.stdout
    assert contents(vendor.repository) == expected
    assert whole(vendor.repository)


def state(repository: Path, manifest: Manifest, vendor: Vendor, signed: bool) -> None:
    """Put a manifest in place, signed with the key of the build."""
    (repository / "offline-repo.json").write_bytes(manifest.content)
    if signed:
        signer = signing.signer([vendor.warm.folder / "key"])
        assert signer
        (repository / "offline-repo.json.sig").write_bytes(signer.sign(manifest.content))


def test_what_a_killed_build_of_another_request_left_is_not_published(vendor: Vendor) -> None:
    expected = vendor.warm.folder / "expected"
    vendor.build("tool", root=expected)
    command = [*vendor.command("app"), "--platform", "win-64"]
    vendor.channel.add("lib", subdir="win-64")
    vendor.channel.write()
    other = vendor.warm.folder / "other"
    other.mkdir()
    whole = vendor.warm.run(*command, "--root", other, folder=other)
    # the last rename makes the staged folder the repository
    last = [number for number, step in enumerate(whole.steps, 1) if step == "os.rename bank"][-1]
    struck = vendor.warm.execute(*command, folder=vendor.root, fault="kill", number=last)
    assert struck.status == -9
    assert not vendor.repository.exists()
    vendor.build("tool")
    assert contents(vendor.repository) == contents(expected / "bank")


def test_too_little_space_is_said_before_any_download(vendor: Vendor) -> None:
    vendor.channel.add("app", "2.0", record={"size": 1 << 60})
    vendor.channel.write()
    with ChannelServer(vendor.warm.folder) as server:
        command = vendor.command("app", channel=f"{server.url}/published")
        refused = vendor.warm.fail(*command)
        assert server.packages() == []
    assert f"The disk of {vendor.root} has " in refused.stderr
    assert re.search(r"1152921\.5 TB for packages .* 16\.8 MB for index files", refused.stderr)
    assert not list(vendor.root.iterdir())
