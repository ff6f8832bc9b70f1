"""What an archive must be to be published, whose bytes it then has, and who may read it.

Who may is of `files/atomic.py`.
"""

from __future__ import annotations

import bz2
import io
import os
import random
import re
import shutil
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives.archive import INDEX, LARGEST, check_identity
from conda_offline_repo.builder.exceptions import DownloadError, InvalidArchiveError
from conda_offline_repo.builder.upstream.entry import Entry
from dev.upstream.server import ChannelServer
from tests.support.inside import WITHOUT_SIZES
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Literal

    from tests.support.inside import Inside
    from tests.support.tiny import TinyPackage

    Format = Literal["conda", "tar.bz2"]

FORMATS: tuple[Format, ...] = ("conda", "tar.bz2")


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    return TinyChannel(tmp_path / "served" / "public")


@pytest.fixture
def server(channel: TinyChannel) -> Iterator[ChannelServer]:
    channel.folder.mkdir(parents=True)
    with ChannelServer(channel.folder.parent) as server:
        yield server


def entry(package: TinyPackage) -> Entry:
    url = f"https://conda.example.com/public/{package.at}"
    return Entry(package.subdir, package.file, package.record, url, url)


def unvouched(package: TinyPackage) -> None:
    for key in ("md5", "sha256", "size"):
        package.record.pop(key)


def no_package(kind: str, good: bytes, format: Format) -> bytes:
    """What is no package, though it may look like one from afar."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as made:
        made.addfile(tarfile.TarInfo("info/other.json"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("metadata.json", "{}")
    return {
        "text": b"<html>Please log in.</html>\n",
        "nothing": b"",
        "half": good[: len(good) // 2],
        "head only": good[:4] + b"x" * 1000,
        "noise": random.Random(3).randbytes(5000),
        "empty archive": archive.getvalue() if format == "conda" else bz2.compress(tar.getvalue()),
        "no tar": bz2.compress(b"x" * 5000),
    }[kind]


KINDS = ("text", "nothing", "half", "head only", "noise", "empty archive", "no tar")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format", FORMATS)
def test_what_is_no_archive(channel: TinyChannel, format: Format, kind: str) -> None:
    app = channel.add("app", format=format)
    unvouched(app)
    check_identity(app.path, entry(app))
    app.path.write_bytes(no_package(kind, app.path.read_bytes(), format))
    reason = rf"{re.escape(app.at)} is not the package that its channel lists: "
    with pytest.raises(InvalidArchiveError, match=reason):
        check_identity(app.path, entry(app))


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_no_archive_is_not_published(
    me: Inside, channel: TinyChannel, server: ChannelServer, format: Format
) -> None:
    app = channel.add("app", format=format)
    unvouched(app)
    channel.write()
    good = app.path.read_bytes()
    app.path.write_bytes(no_package("half", good, format))
    for url in (f"{server.url}/public", channel.folder.as_uri()):
        with pytest.raises(InvalidArchiveError) as caught:
            me.build(me.options("app", channels=(url,), customer_solvers=WITHOUT_SIZES))
        assert f"{app.at} is not the package that its channel lists: " in str(caught.value)
        assert not (me.root / "bank").exists()
    app.path.write_bytes(good)
    for url in (f"{server.url}/public", channel.folder.as_uri()):
        me.build(me.options("app", channels=(url,), customer_solvers=WITHOUT_SIZES))
        assert (me.root / "bank" / app.at).read_bytes() == good


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("name", "version", "build"), [("evil", "1.0", "0"), ("app", "2.0", "0"), ("app", "1.0", "1")]
)
def test_another_package_under_the_name(
    channel: TinyChannel, format: Format, name: str, version: str, build: str
) -> None:
    app = channel.add("app", format=format)
    other = channel.add(name, version, build=build, format=format)
    unvouched(app)
    with pytest.raises(InvalidArchiveError, match=app.at):
        check_identity(other.path, entry(app))


@pytest.mark.parametrize("format", FORMATS)
def test_another_package_under_the_name_is_not_published(
    me: Inside, channel: TinyChannel, format: Format
) -> None:
    app = channel.add("app", format=format)
    other = channel.add("evil", format=format)
    del channel.packages[other.at]
    unvouched(app)
    channel.write()
    shutil.move(other.path, app.path)
    with pytest.raises(InvalidArchiveError, match=app.at):
        me.build(
            me.options("app", channels=(channel.folder.as_uri(),), customer_solvers=WITHOUT_SIZES)
        )
    assert not (me.root / "bank").exists()


def test_digest_does_not_make_a_package_of_another(me: Inside, channel: TinyChannel) -> None:
    """It would break the customer's conda, and conda's cache there."""
    other = channel.add("other")
    app = channel.add("app")
    app.path.write_bytes(other.path.read_bytes())
    app.record.update({key: other.record[key] for key in ("md5", "sha256", "size")})
    channel.write()
    with pytest.raises(InvalidArchiveError, match=r"noarch/app-1\.0-0\.conda is not the package"):
        me.build(
            me.options("app", channels=(channel.folder.as_uri(),), customer_solvers=WITHOUT_SIZES)
        )


def test_description_may_stand_anywhere_in_a_tar(tmp_path: Path, channel: TinyChannel) -> None:
    app = channel.add("app", format="tar.bz2", files={"share/a": "a" * 10})
    unvouched(app)
    with tarfile.open(app.path) as tar:
        members = [(m, tar.extractfile(m)) for m in tar.getmembers()]
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:bz2") as other:
            for member, file in reversed(members):
                other.addfile(member, file)
    path = tmp_path / app.file
    path.write_bytes(content.getvalue())
    check_identity(path, entry(app))


def test_huge_description_is_not_read(
    channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = channel.add("app")
    check_identity(app.path, entry(app))
    monkeypatch.setitem(LARGEST, INDEX, 10)
    with pytest.raises(InvalidArchiveError, match="it has no info/index.json"):
        check_identity(app.path, entry(app))


@pytest.mark.parametrize("state", ["no digest", "gone", "changed"])
def test_stateless_channel_stays_as_it_is(me: Inside, channel: TinyChannel, state: str) -> None:
    """A local channel that states neither size nor digest can be built from, again and again."""
    app = channel.add("app")
    unvouched(app)
    channel.write()
    options = me.options("app", channels=(channel.folder.as_uri(),), customer_solvers=WITHOUT_SIZES)
    assert me.build(options).changed
    assert not me.build(options).changed
    if state == "changed":
        channel.add("app", files={"share/app.txt": "uploaded again\n"})
        assert me.build(options).changed
    elif state == "gone":
        app.path.unlink()
        with pytest.raises(DownloadError, match="does not exist, though the index lists it"):
            me.build(options)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "pipe behind a link"])
@pytest.mark.parametrize("vouched", [True, False])
def test_what_is_no_file_of_a_local_channel_is_not_waited_for(
    me: Inside, channel: TinyChannel, kind: str, vouched: bool
) -> None:
    app = channel.add("app")
    if not vouched:
        unvouched(app)
    channel.write()
    app.path.unlink()
    if kind == "device":
        app.path.symlink_to("/dev/zero")
    elif kind == "folder":
        app.path.mkdir()
    else:
        pipe = app.path if kind == "pipe" else app.path.with_name("pipe")
        os.mkfifo(pipe)
        if pipe != app.path:
            app.path.symlink_to(pipe)
    with pytest.raises(DownloadError, match=r"app-1\.0-0\.conda: it is not a file in its channel"):
        me.build(
            me.options("app", channels=(channel.folder.as_uri(),), customer_solvers=WITHOUT_SIZES)
        )


def cached(me: Inside, package: TinyPackage, mode: int = 0o644) -> Path:
    path = me.conda.pkgs / package.file
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package.path, path)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("format", FORMATS)
def test_published_archive_is_not_the_file_of_the_cache(
    me: Inside, channel: TinyChannel, server: ChannelServer, format: Format
) -> None:
    app = channel.add("app", format=format)
    channel.write()
    path = cached(me, app, 0o600)
    good, mode = path.read_bytes(), path.stat().st_mode
    me.build(me.options("app", channels=(f"{server.url}/public",)))
    assert not server.packages(), "what the cache has was downloaded"
    published = me.root / "bank" / app.at
    assert published.stat().st_ino != path.stat().st_ino
    assert published.stat().st_nlink == path.stat().st_nlink == 1
    with path.open("r+b") as file:
        file.write(b"damage")
    assert published.read_bytes() == good
    assert path.stat().st_mode == mode


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_cache_that_cannot_be_read_is_passed_over(
    me: Inside, channel: TinyChannel, server: ChannelServer
) -> None:
    app = channel.add("app")
    channel.write()
    cached(me, app, 0o000)
    me.build(me.options("app", channels=(f"{server.url}/public",)))
    assert len(server.packages()) == 1


@pytest.fixture
def private() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The modes of a folder and of all in it, and what kind each is, by path."""
    found = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    return {path.relative_to(folder).as_posix(): mode for path, mode in found.items()}


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    ("root", "file", "folder"),
    [
        (0o755, 0o644, 0o755),
        (0o750, 0o640, 0o750),
        (0o700, 0o600, 0o700),
        (0o2775, 0o644, 0o755),
        (0o1777, 0o644, 0o755),
        (0o711, 0o600, 0o700),
    ],
    ids=oct,
)
def test_who_reads_the_root_reads_the_repository(
    me: Inside, channel: TinyChannel, root: int, file: int, folder: int
) -> None:
    """Whatever the umask of the build, at the first publication and at the later ones."""
    app = channel.add("app", depends=["lib"])
    lib = channel.add("lib")
    channel.write()
    cached(me, lib, 0o600)
    me.root.mkdir()
    me.root.chmod(root)
    me.build(me.options("app", channels=(channel.folder.as_uri(),)))
    first = modes(me.root / "bank")
    channel.add("app", "2.0", depends=["lib", "native"])
    channel.add("native", subdir="win-64")
    channel.add("native", subdir="linux-64")
    channel.write()
    me.build(me.options("app", channels=(channel.folder.as_uri(),), platforms=("win-64",)))
    second = modes(me.root / "bank")
    assert app.at in first
    assert "win-64/native-1.0-0.conda" in second
    for found in (first, second):
        for name, mode in found.items():
            expected = folder if stat.S_ISDIR(mode) else file
            assert mode & 0o777 == expected, (name, oct(mode))
    assert stat.S_IMODE(me.root.stat().st_mode) == root


@pytest.mark.usefixtures("private")
def test_folder_that_was_closed_on_purpose_stays_closed(me: Inside, channel: TinyChannel) -> None:
    channel.add("app")
    channel.write()
    me.root.mkdir()
    me.root.chmod(0o755)
    options = me.options("app", channels=(channel.folder.as_uri(),))
    me.build(options)
    (me.root / "bank").chmod(0o700)
    channel.add("app", "2.0")
    channel.write()
    me.build(options)
    found = modes(me.root / "bank")
    assert stat.S_IMODE(found["."]) == 0o700
    assert stat.S_IMODE(found["offline-repo.json"]) == 0o600


def test_files_that_stay_become_readable_at_the_next_publication(
    me: Inside, channel: TinyChannel
) -> None:
    channel.add("app", depends=["lib"])
    lib = channel.add("lib")
    channel.write()
    options = me.options("app", channels=(channel.folder.as_uri(),))
    me.build(options)
    (me.root / "bank" / lib.at).chmod(0o600)
    before = modes(me.root / "bank")
    assert not me.build(options).changed
    assert modes(me.root / "bank") == before, "a build that changes nothing changed a mode"
    channel.add("app", "2.0", depends=["lib"])
    channel.write()
    me.build(options)
    assert stat.S_IMODE(modes(me.root / "bank")[lib.at]) == 0o644
