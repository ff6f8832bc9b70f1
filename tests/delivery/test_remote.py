"""What a delivery to a store sends, refuses and puts right; see `delivery/remote`.

The stores are of fsspec: folders, some of which fail at a step, and memory. Real servers are in
`test_servers.py`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import count
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fsspec")

from conda_offline_repo.delivery.exceptions import (
    LabelMismatchError,
    OlderReleaseError,
    OtherOriginError,
    PlaceError,
    SourceDamagedError,
)
from conda_offline_repo.delivery.plan import Terms
from conda_offline_repo.delivery.remote.connect import open_store, secrets, shown
from conda_offline_repo.delivery.remote.deliver import deliver
from conda_offline_repo.delivery.remote.exceptions import (
    AddressError,
    NotArrivedError,
    OtherPublisherError,
    ProtocolError,
    StoreError,
)
from conda_offline_repo.delivery.remote.protocols import KNOWN, Protocol
from conda_offline_repo.delivery.remote.store import ARRIVING, is_arriving
from conda_offline_repo.delivery.source import from_folder
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.exceptions import FolderNameError
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME, NEXT_NAME
from conda_offline_repo.repository.publication.exceptions import (
    ForeignFolderError,
    NestedFolderError,
)
from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from conda_offline_repo.repository.verify import verify
from tests.support.bench import STRIDE
from tests.support.delivering import OTHER, VENDOR, files, signed
from tests.support.faulty import KilledError, copy, faulty
from tests.support.mirror import publish

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.delivery.deliver import Outcome
    from conda_offline_repo.delivery.remote.store import Store
    from tests.support.mirror import Mirror
    from tests.support.running import Conda

PROTOCOLS = ("faulty", "whole")
#: One step in so many is struck, so that writes and renames take turns.
EVERY = 1 if STRIDE == 1 else 5


def send(source: Path, store: Store, **options: bool) -> Outcome:
    return deliver(from_folder(locate_one(source)), store, Unwatched(), Terms(**options))


def check_readable(folder: Path, store: Store) -> None:
    """See that a reader finds what the manifests allow, and all that an index names."""
    if not (folder / MANIFEST_NAME).exists():
        return
    report = verify(locate_one(folder), Unwatched())
    assert report.good, report
    assert not report.misleading, report
    extra = [name for name in report.extra if not is_arriving(name)]
    assert report.unfinished or not extra, report
    for index in folder.glob("*/repodata.json"):
        repodata = json.loads(index.read_bytes())
        for name in (*repodata["packages"], *repodata["packages.conda"]):
            assert (index.parent / name).exists(), (name, store.system.changes[-1])


@pytest.mark.parametrize(
    ("before", "after", "protocol"),
    [(0, 1, "faulty"), (1, 3, "faulty"), (1, 3, "whole"), (3, 1, "whole")],
    ids=["first", "update", "objects", "back"],
)
def test_killed_at_every_step(
    before: int, after: int, protocol: str, mirror: Mirror, tmp_path: Path
) -> None:
    folders = {n: signed(mirror, n, tmp_path, VENDOR) for n in (before, after) if n}
    source, target = folders[after], tmp_path / "store" / "bank"
    forgotten = 0
    for number in count(1, EVERY):
        copy(folders.get(before, tmp_path / "nothing"), target)
        store = faulty(
            target, protocol, at=number, fault="torn" if protocol == "faulty" else "kill"
        )
        killed = False
        try:
            send(source, store, allow_older=True)
        except KilledError:
            killed = True
        check_readable(target, store)
        placed = {c for c in store.system.changes[:-1] if ".conda" in c and "delete" not in c}
        again = faulty(target, protocol)
        send(source, again, allow_older=True)
        assert files(target) == files(source)
        if protocol == "faulty":  # a write of it says that it is beside its place
            placed = {change for change in placed if "rename" in change}
        forgotten += bool(placed.intersection(again.system.changes))
        if not killed:
            break
    # of what had arrived, nothing is sent again, but for the moment on the way back when neither
    # manifest is of the release that comes
    assert forgotten <= (before > after)
    assert number > 8


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_order_and_what_moves(protocol: str, mirror: Mirror, tmp_path: Path) -> None:
    target = tmp_path / "bank"
    for release in (1, 2):
        store = faulty(target, protocol)
        outcome = send(mirror.builds[release], store)
        assert files(target) == files(mirror.builds[release])
    kind = "rename" if protocol == "faulty" else "write"
    changes = [change.split(f"{target.as_posix()}/") for change in store.system.changes]
    placed = [n for k, n in changes if k.startswith(kind) and not is_arriving(n)]
    deleted = [n for k, n in changes if k.startswith("delete") and not is_arriving(n)]
    archives = [name for name in placed if name.endswith((".conda", ".tar.bz2"))]
    assert len(archives) == 2  # app and tool: lib and extra are as they were
    assert placed[0] == NEXT_NAME
    assert placed[1:3] == archives
    assert placed[3].endswith("repodata.json")
    assert placed[-1] == MANIFEST_NAME
    assert deleted == [*outcome.plan.surplus, NEXT_NAME]
    assert send(mirror.builds[2], again := faulty(target, protocol)).plan.changes is False
    assert again.system.changes == []


def test_other_release_follows_an_interrupted_one(mirror: Mirror, tmp_path: Path) -> None:
    """What the first has begun is finished before, as readers know its indexes."""
    target = tmp_path / "bank"
    for number in count(1, EVERY):
        copy(mirror.builds[1], target)
        try:
            send(mirror.builds[2], faulty(target, at=number))
        except KilledError:
            store = faulty(target)
            store.system.after = lambda store=store: check_readable(target, store)
            send(mirror.builds[3], store)
            assert files(target) == files(mirror.builds[3])
            continue
        break
    assert number > 30


def test_damaged_source_is_not_published(mirror: Mirror, tmp_path: Path) -> None:
    target = tmp_path / "bank"
    send(mirror.builds[1], faulty(target))
    for pattern in ("*/tool-2*", "noarch/repodata.json", "SHA256SUMS"):
        source = mirror.copy(2, tmp_path / "source")
        (wrong,) = source.glob(pattern)
        wrong.write_bytes(wrong.read_bytes()[:-1] + b"?")
        with pytest.raises(SourceDamagedError, match=wrong.name):
            send(source, faulty(target))
        for name in (MANIFEST_NAME, "noarch/repodata.json"):
            assert (target / name).read_bytes() == (mirror.builds[1] / name).read_bytes()
        assert not [p for p in target.glob(f"**/{ARRIVING}*") if "next-" not in p.name]
    send(mirror.builds[2], faulty(target))
    assert files(target) == files(mirror.builds[2])


def test_large_files_are_sent_in_parts(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conda_offline_repo.delivery.remote.send.LARGE", 10)
    target, source = tmp_path / "bank", mirror.copy(1, tmp_path / "source")
    (wrong,) = source.glob("*/tool-1*")
    right = wrong.read_bytes()
    wrong.write_bytes(right[:-1] + b"?")
    with pytest.raises(SourceDamagedError):
        send(source, faulty(target))
    assert not [*target.glob("*/tool*")]
    wrong.write_bytes(right)
    send(source, faulty(target))
    assert files(target) == files(source)


def test_what_has_not_arrived_is_not_published(mirror: Mirror, tmp_path: Path) -> None:
    store = faulty(tmp_path / "bank")
    rename = store.system.mv

    def cut(old: str, new: str) -> None:
        rename(old, new)
        if new.endswith(".conda"):
            (tmp_path / "bank" / new).write_bytes(b"")

    store.system.mv = cut
    with pytest.raises(NotArrivedError, match=r"app-1\.0"):
        send(mirror.builds[1], store)
    assert not (tmp_path / "bank" / MANIFEST_NAME).exists()
    send(mirror.builds[1], faulty(tmp_path / "bank"))
    assert files(tmp_path / "bank") == files(mirror.builds[1])


def test_two_publishers(mirror: Mirror, tmp_path: Path) -> None:
    target = tmp_path / "bank"
    send(mirror.builds[1], faulty(target))
    store = faulty(target)
    rename = store.system.mv

    def meanwhile(old: str, new: str) -> None:
        rename(old, new)
        if "tool-2" in new:
            store.system.mv = rename
            send(mirror.builds[3], faulty(target))

    store.system.mv = meanwhile
    with pytest.raises(OtherPublisherError):
        send(mirror.builds[2], store)
    assert (target / MANIFEST_NAME).read_bytes() == (mirror.builds[3] / MANIFEST_NAME).read_bytes()
    check_readable(target, store)


def test_refused_deletions_are_told(mirror: Mirror, tmp_path: Path) -> None:
    target = tmp_path / "bank"
    send(mirror.builds[1], faulty(target))
    store = faulty(target)
    store.system.rm_file = lambda path: (_ for _ in ()).throw(PermissionError(path))
    outcome = send(mirror.builds[2], store)
    assert outcome.plan.surplus
    assert {*outcome.undeleted} > {*outcome.plan.surplus}
    assert verify(locate_one(target), Unwatched()).unfinished
    send(mirror.builds[2], faulty(target))
    assert files(target) == files(mirror.builds[2])


def test_refused_step_is_told(mirror: Mirror, tmp_path: Path) -> None:
    store = faulty(tmp_path / "bank", at=3, fault="refuse")
    with pytest.raises(StoreError, match="access is denied"):
        send(mirror.builds[1], store)
    left = (tmp_path / "bank").glob(f"**/{ARRIVING}*")
    assert not [path for path in left if "next-" not in path.name]


def test_rules_of_folders_hold(mirror: Mirror, tmp_path: Path) -> None:
    target = tmp_path / "bank"
    old, new = (signed(mirror, n, tmp_path, VENDOR) for n in (1, 2))
    other = publish(tmp_path / "o", mirror.channel, "app", root=tmp_path / "r", label="other")
    send(new, faulty(target))
    with pytest.raises(OlderReleaseError):
        send(old, faulty(target))
    with pytest.raises(LabelMismatchError):
        send(other, faulty(target))
    unsigned = mirror.builds[3]
    with pytest.raises(OtherOriginError):
        send(unsigned, faulty(target))
    assert files(target) == files(new)
    assert send(unsigned, faulty(target), origin_known=True, dry_run=True).plan.changes
    assert files(target) == files(new)
    send(unsigned, faulty(target), origin_known=True)
    assert files(target) == files(unsigned)
    send(signed(mirror, 3, tmp_path, OTHER), faulty(target), allow_older=True)
    assert (target / SIGNATURE_NAME).exists()
    send(old, faulty(target), allow_older=True, origin_known=True)
    assert files(target) == files(old)


def test_places_that_are_not_ours(mirror: Mirror, tmp_path: Path) -> None:
    source = mirror.builds[1]
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    with pytest.raises(ForeignFolderError):
        send(source, faulty(foreign))
    root = tmp_path / "root"
    send(source, faulty(root / "bank"))
    with pytest.raises(PlaceError, match="above repositories"):
        send(source, faulty(root))
    with pytest.raises(NestedFolderError):
        send(source, faulty(root / "bank" / "inner"))
    (root / "bank" / "mine.txt").write_text("mine")
    (root / "bank" / "noarch" / "repodata.json.zst").write_text("stale")
    send(source, faulty(root / "bank"))
    assert {*files(root / "bank")} - {*files(source)} == {"mine.txt"}


def test_names_that_conda_misreads(mirror: Mirror, tmp_path: Path) -> None:
    for protocol, path in (("whole", "noarch/bank"), ("whole", "t/x/bank"), ("faulty", "noarch")):
        with pytest.raises(FolderNameError, match="and looks elsewhere"):
            send(mirror.builds[1], faulty(tmp_path / path, protocol))
    send(mirror.builds[1], faulty(tmp_path / "noarch" / "bank"))


def test_repairs_sizes_and_replaces_damaged_manifest(mirror: Mirror, tmp_path: Path) -> None:
    target, source = tmp_path / "bank", mirror.builds[1]
    send(source, faulty(target))
    (archive,) = target.glob("*/tool-1*")
    archive.write_bytes(b"cut")
    (target / "README.txt").unlink()
    outcome = send(source, faulty(target))
    assert {*outcome.plan.lacking} == {archive.relative_to(target).as_posix(), "README.txt"}
    assert files(target) == files(source)
    (target / MANIFEST_NAME).write_bytes(b"{")
    send(source, faulty(target))
    assert files(target) == files(source)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("s3://key:pass@bucket/t/x/bank/", "s3://bucket/t/x/bank"),
        ("SFTP://me@host:2222/srv/bank", "sftp://host:2222/srv/bank"),
        ("smb://dom;me:pa%40ss@host/share/bank", "smb://host/share/bank"),
        ("s3://bucket", "s3://bucket"),
        ("hdfs:///srv/bank", "hdfs:///srv/bank"),
        ("sftp://[::1]/srv/bank", "sftp://[::1]/srv/bank"),
    ],
)
def test_shown_without_credentials(url: str, text: str) -> None:
    assert shown(url) == text


@pytest.mark.parametrize(
    "url",
    [
        "https://me:pass4word@host/bank",
        "s3://bucket/bank?token=pass4word",
        "az://bucket/bank#pass4word",
        "s3://bucket/../bank",
        "s3://bucket//bank",
        "s3://",
        "simplecache::s3://me:pass4word@bucket/bank",
        "s3://me:pass4word@bucket/bank",
        "nothing://host/bank",
        "memory://",
        "s3://[bucket/bank",
        "s3://bucket/repo./bank",
        "sftp://host/repo%20/bank",
    ],
)
def test_addresses_that_cannot_be_the_target(url: str) -> None:
    with pytest.raises(AddressError) as error:
        open_store(url)
    assert "pass4word" not in str(error.value)


def test_packages_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "s3", Protocol("s3fs", "s3fs_of_nobody"))
    with pytest.raises(
        ProtocolError, match=r"s3fs(?s:.*)conda install -n base -c conda-forge s3fs"
    ):
        open_store("s3://bucket/bank")


def test_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "sess10n")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=k3yk3y==;X=1")
    redact = secrets("sftp://me:pass4word@host/x").redact
    assert redact("it is pass4word, sess10n, k3yk3y==") == "it is <hidden>, <hidden>, <hidden>"


def test_folders_need_no_fsspec(mirror: Mirror, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.support.delivering import run\n"
        "import conda_offline_repo.cli.sync\n"
        "run(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "assert 'fsspec' not in sys.modules\n"
        "assert not [m for m in sys.modules if m.startswith('conda_offline_repo.delivery.remote')]"
    )
    source, target = mirror.builds[1], tmp_path / "copy" / "bank"
    subprocess.run([sys.executable, "-c", code, source, target], check=True)
    shutil.rmtree(target)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own")
def test_links_are_not_followed(mirror: Mirror, tmp_path: Path) -> None:
    target = tmp_path / "bank"
    send(mirror.builds[1], faulty(target))
    (target / "noarch").rename(tmp_path / "elsewhere")
    (target / "noarch").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ForeignFolderError):
        send(mirror.builds[2], faulty(target))


def test_command_line(mirror: Mirror, tmp_path: Path, conda: Conda) -> None:
    """`sync` to a store as a folder: text, JSON, a dry run, one label of several."""
    root, target = tmp_path / "root", tmp_path / "store"
    mirror.copy(1, root / "bank")
    publish(tmp_path / "o", mirror.channel, "app", root=root, label="other")
    url = f"local://{target.as_posix()}"
    sync = ("offline-repo", "sync", root)
    dry = conda.run(*sync, url, "--label", "bank", "--dry-run", "--json").json
    assert (dry["success"], dry["changed"], dry["target"]) == (True, True, url)
    assert not target.exists()
    first = conda.run(*sync, url, "--label", "bank")
    assert f"{url} had no release and now has release 1 of label bank" in first.stdout
    assert (
        f"No lock is held there: let only one command at a time publish to {url}." in first.stdout
    )
    again = conda.run(*sync, url)
    assert f"{url} has release 1 already, with all files in their sizes" in again.stdout
    assert conda.run(*sync, url, "-q").stdout == ""
    mirror.copy(2, root / "bank")
    done = conda.run(*sync, url, "--json").json
    assert (done["label"], done["release_before"], done["release"]) == ("bank", 1, 2)
    assert files(target) == files(mirror.builds[2])
    strange = conda.run(*sync, f"memory://me:pass4word@{tmp_path.name}/x", "--label", "bank")
    assert "warning: It is not known whether memory://" in strange.stderr
    assert "pass4word" not in strange.stdout + strange.stderr
    refused = conda.fail(*sync, "https://me:pass4word@host/x", "--label", "bank", "--json")
    assert refused.json["exception_name"] == "AddressError"
    assert "pass4word" not in refused.stdout + refused.stderr
