"""Volumes: what `pack` makes of a release, and what `unpack` takes and refuses.

A `volume` may hold what is new `since` a release alone; `check` is for what one holds.
"""

from __future__ import annotations

import io
import json
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.delivery import pack as packing
from conda_offline_repo.delivery.exceptions import (
    BaseDamagedError,
    LabelMismatchError,
    OtherBaseError,
    OtherOriginError,
    OtherVolumesError,
    SourceDamagedError,
    VolumeError,
    VolumeSizeError,
    VolumesMissingError,
)
from conda_offline_repo.delivery.pack import pack, parse_size
from conda_offline_repo.delivery.release_ref import since as find
from conda_offline_repo.delivery.source import from_folder
from conda_offline_repo.exceptions import InvalidRequestError, OfflineRepoError
from conda_offline_repo.printable import quoted
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.exceptions import ManifestError, SignatureError, UnreadableError
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.publication.exceptions import FileSystemError, NestedFolderError
from conda_offline_repo.repository.publication.staging import staging_folder
from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from tests.support.delivering import (
    OTHER,
    VENDOR,
    alone,
    beside,
    files,
    packed,
    signed,
    unpack,
    whole,
)
from tests.support.keys import forge
from tests.support.mirror import PLATFORM
from tests.support.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

APP = "noarch/app-1.0-0.conda"


def test_whole_release_in_one_volume(mirror: Mirror, target: Path, tmp_path: Path) -> None:
    (volume,) = packed(mirror.builds[1], tmp_path / "bank.zip")
    unpack(volume, target=target)
    assert files(target) == files(mirror.builds[1])
    assert alone(target)


def test_extracted_by_hand_it_is_the_repository(
    mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    (volume,) = packed(signed(mirror, 1, tmp_path, VENDOR), tmp_path / "bank.zip")
    with zipfile.ZipFile(volume) as archive:
        assert archive.testzip() is None
        archive.extractall(target)
    assert whole(target)
    assert locate_one(target).signers == (VENDOR.fingerprint,)


def test_same_release_gives_the_same_bytes(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = packed(mirror.builds[2], tmp_path / "first.zip", since=mirror.builds[1])
    monkeypatch.setattr(packing, "WAITING", 1)  # as where files are read faster than hashed
    copy = mirror.copy(2, tmp_path / "copy")
    pipe = io.BytesIO()
    base = find(str(mirror.builds[1] / MANIFEST_NAME), None, locate_one(copy).manifest)
    outcome = pack(from_folder(locate_one(copy)), pipe, base, None, Unwatched())
    assert pipe.getvalue() == first.read_bytes()
    assert outcome.size == first.stat().st_size
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        assert names == [MANIFEST_NAME, *sorted(names[1:])]
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


@pytest.mark.parametrize("size", [6_500, 7_500, 9_500])
def test_volumes_share_a_release_out(mirror: Mirror, tmp_path: Path, size: int) -> None:
    volumes = packed(mirror.builds[1], tmp_path / "bank.zip", size=size)
    assert len(volumes) > 1
    assert [path.name for path in volumes] == [
        f"bank.{number}-of-{len(volumes)}.zip" for number in range(1, len(volumes) + 1)
    ]
    most = size + beside(mirror.builds[1])
    assert all(path.stat().st_size <= most for path in volumes)
    names: list[str] = []
    for path in volumes:
        with zipfile.ZipFile(path) as archive:
            names += archive.namelist()[1:]
    assert sorted(names) == sorted(files(mirror.builds[1]).keys() - {MANIFEST_NAME})


def test_any_order_at_once(mirror: Mirror, target: Path, tmp_path: Path) -> None:
    volumes = packed(mirror.builds[1], tmp_path / "bank.zip", size=6_500)
    unpack(*reversed(volumes), volumes[0], target=target)
    assert files(target) == files(mirror.builds[1])


def test_one_after_the_other_in_any_order(mirror: Mirror, arrived: Path, tmp_path: Path) -> None:
    volumes = packed(mirror.builds[3], tmp_path / "v.zip", size=1_500)
    assert len(volumes) > 2
    for number in reversed(range(1, len(volumes))):
        with pytest.raises(VolumesMissingError) as caught:
            unpack(volumes[number], target=arrived)
        assert files(arrived) == files(mirror.builds[1])
        assert ": 1" in str(caught.value)
    outcome = unpack(volumes[0], target=arrived)
    assert outcome.plan.changes
    assert files(arrived) == files(mirror.builds[3])
    assert alone(arrived)


def test_difference_has_what_is_new_alone(mirror: Mirror, arrived: Path, tmp_path: Path) -> None:
    (volume,) = packed(mirror.builds[2], tmp_path / "d.zip", since=arrived)
    old, new = files(mirror.builds[1]), files(mirror.builds[2])
    with zipfile.ZipFile(volume) as archive:
        assert {*archive.namelist()} == {n for n in new if old.get(n) != new[n]}
    unpack(volume, target=arrived)
    assert files(arrived) == new
    assert not unpack(volume, target=arrived).plan.changes


def test_difference_goes_where_the_rest_is(mirror: Mirror, target: Path, tmp_path: Path) -> None:
    (volume,) = packed(mirror.builds[3], tmp_path / "d.zip", since=mirror.builds[2])
    with pytest.raises(OtherBaseError, match=r"difference to release 2 .*none that can be read"):
        unpack(volume, target=target)
    assert not target.exists()
    mirror.copy(1, target)
    with pytest.raises(OtherBaseError, match=r"difference to release 2 .*has release 1 "):
        unpack(volume, target=target)
    assert files(target) == files(mirror.builds[1])


def test_difference_to_an_older_release_has_all_that_is_new(
    mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    volumes = packed(mirror.builds[3], tmp_path / "d.zip", since=mirror.builds[1], size=6_500)
    assert len(volumes) > 1
    mirror.copy(2, target)
    with pytest.raises(OtherBaseError, match=r"difference to release 1 .*has release 2 "):
        unpack(volumes[0], target=target)
    assert files(target) == files(mirror.builds[2])
    unpack(*volumes, target=target)
    assert files(target) == files(mirror.builds[3])


def test_base_that_is_damaged_is_told_from_a_damaged_volume(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    (volume,) = packed(mirror.builds[2], tmp_path / "d.zip", since=arrived)
    (arrived / "noarch" / "extra-1.0-0.conda").unlink()
    with pytest.raises(BaseDamagedError, match=r"extra-1\.0-0\.conda"):
        unpack(volume, target=arrived)
    (whole_release,) = packed(mirror.builds[2], tmp_path / "w.zip")
    unpack(whole_release, target=arrived)
    assert files(arrived) == files(mirror.builds[2])


def test_damaged_base_is_told_from_missing_volumes(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    volumes = packed(mirror.builds[3], tmp_path / "d.zip", since=arrived, size=6_500)
    assert len(volumes) > 1
    for path in sorted({*files(mirror.builds[1])} - {MANIFEST_NAME}):
        (arrived / path).unlink()
    with pytest.raises(BaseDamagedError, match=r"README\.txt"):
        unpack(*volumes, target=arrived)


def test_base_is_named_by_folder_manifest_or_volume(mirror: Mirror, tmp_path: Path) -> None:
    (volume,) = packed(mirror.builds[1], tmp_path / "1.zip")
    back = tmp_path / "sent back.json"
    shutil.copyfile(mirror.builds[1] / MANIFEST_NAME, back)
    made = [
        packed(mirror.builds[2], tmp_path / f"made{number}.zip", since=since)[0].read_bytes()
        for number, since in enumerate((mirror.builds[1], back, volume))
    ]
    assert made[0] == made[1] == made[2]


def test_base_that_is_of_no_use(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="nothing new"):
        packed(mirror.builds[1], tmp_path / "d.zip", since=mirror.builds[1])
    other = mirror.copy(1, tmp_path / "other")
    stated = json.loads((other / MANIFEST_NAME).read_bytes())
    (other / MANIFEST_NAME).write_text(json.dumps({**stated, "label": "plant"}))
    with pytest.raises(LabelMismatchError, match="two releases of the same label"):
        packed(mirror.builds[2], tmp_path / "d.zip", since=other)
    (tmp_path / "no.json").write_text("{}")
    with pytest.raises(ManifestError):
        packed(mirror.builds[2], tmp_path / "d.zip", since=tmp_path / "no.json")
    assert not (tmp_path / "d.zip").exists()


def test_volume_too_small_for_a_file(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(VolumeSizeError, match="--volume-size"):
        packed(mirror.builds[1], tmp_path / "v.zip", size=1)
    assert [*tmp_path.glob("*.zip*")] == []


def test_damaged_source_leaves_no_volume(mirror: Mirror, tmp_path: Path) -> None:
    source = mirror.copy(1, tmp_path / "source")
    app = source / APP
    app.write_bytes(app.read_bytes()[:-1] + b"!")
    with pytest.raises(SourceDamagedError, match=r"app-1\.0-0\.conda"):
        packed(source, tmp_path / "v.zip", size=6_500)
    (source / "README.txt").write_text("another")
    with pytest.raises(SourceDamagedError, match=r"(?s)README\.txt.*app-1\.0-0\.conda"):
        packed(source, tmp_path / "v.zip")
    app.unlink()
    with pytest.raises(SourceDamagedError, match=r"app-1\.0-0\.conda"):
        packed(source, tmp_path / "v.zip")
    assert [*tmp_path.glob("*.zip*")] == []


def test_file_that_is_there_is_replaced_whole(mirror: Mirror, tmp_path: Path) -> None:
    (volume,) = packed(mirror.builds[1], tmp_path / "v.zip")
    before = volume.read_bytes()
    source = mirror.copy(2, tmp_path / "source")
    (source / PLATFORM / "tool-2.0-0.conda").unlink()
    with pytest.raises(SourceDamagedError):
        packed(source, tmp_path / "v.zip")
    assert volume.read_bytes() == before
    packed(mirror.builds[2], tmp_path / "v.zip")
    assert volume.read_bytes() != before
    with pytest.raises(FileSystemError):
        packed(mirror.builds[1], tmp_path / "nowhere" / "v.zip")
    source = mirror.copy(2, tmp_path / "source")
    with pytest.raises(NestedFolderError):
        packed(source, source / "noarch" / "v.zip")
    assert whole(source)


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GB", 4 * 10**9), ("650 mb", 650 * 10**6), ("4GiB", 1 << 32), ("1.5k", 1500), ("99", 99)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "4 G i", "-1", "GB", "4XB", "1e9", "٤GB", "4ib"])
def test_what_is_not_a_size(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="is not a size"):
        parse_size(text)


def rewritten(
    volume: Path, change: Callable[[list[tuple[zipfile.ZipInfo, bytes]]], None], *, comment: bool
) -> None:
    """Make a volume again, with other entries."""
    with zipfile.ZipFile(volume) as archive:
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
        text = archive.comment
    change(entries)
    with zipfile.ZipFile(volume, "w") as archive:
        archive.comment = text if comment else b""
        for entry, content in entries:
            archive.writestr(entry, content)


def added(name: str, mode: int = stat.S_IFREG | 0o644) -> Callable[[list[object]], None]:
    def change(entries: list[object]) -> None:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        entries.append((entry, b"../../etc/passwd"))

    return change


def swapped(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    place = next(n for n, (entry, _) in enumerate(entries) if entry.filename == APP)
    entry, content = entries[place]
    entries[place] = (entry, b"!" + content[1:])


def swapped_last(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    entry, content = entries[-1]
    entries[-1] = (entry, b"!" + content[1:])


def longer(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    place = next(n for n, (entry, _) in enumerate(entries) if entry.filename == APP)
    entry, content = entries[place]
    entries[place] = (entry, content + b"!")


def packed_small(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    for entry, _ in entries:
        entry.compress_type = zipfile.ZIP_DEFLATED


def without(name: str) -> Callable[[list[tuple[zipfile.ZipInfo, bytes]]], None]:
    def change(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        entries[:] = [(entry, content) for entry, content in entries if entry.filename != name]

    return change


#: What is wrong with a volume, and the words that say so.
HOSTILE: dict[str, tuple[Callable[..., None], str]] = {
    "up": (added("../../evil"), "does not name"),
    "absolute": (added("/etc/passwd"), "does not name"),
    "drive": (added("C:/evil"), "does not name"),
    "backslash": (added("noarch\\evil.conda"), "does not name"),
    "unknown": (added("noarch/other-1.0-0.conda"), "does not name"),
    "device": (added("CON"), "does not name"),
    "case": (added("noarch/APP-1.0-0.conda"), "does not name"),
    "folder": (added("noarch/"), "is not a file"),
    "twice": (added(APP), "twice"),
    "second manifest": (added(MANIFEST_NAME), "twice"),
    "link": (added("noarch/link", stat.S_IFLNK | 0o777), "is not a file"),
    "device file": (added("noarch/dev", stat.S_IFCHR | 0o666), "is not a file"),
    "longer": (longer, "does not have the size in its manifest"),
    "compressed": (packed_small, "is compressed"),
    "no manifest": (without(MANIFEST_NAME), "has no offline-repo.json"),
    "no signature": (without(SIGNATURE_NAME), "has no offline-repo.json.sig"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_volume_is_refused(mirror: Mirror, target: Path, tmp_path: Path, kind: str) -> None:
    change, words = HOSTILE[kind]
    (volume,) = packed(signed(mirror, 1, tmp_path, VENDOR), tmp_path / "v.zip")
    rewritten(volume, change, comment=True)
    before = files(tmp_path)
    with pytest.raises(VolumeError, match=words):
        unpack(volume, target=target)
    assert files(tmp_path) == before
    assert not target.parent.exists()


def flagged(content: bytes) -> bytes:
    """A zip file whose entries are marked as encrypted."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        place = archive.start_dir + 8
    return content[:place] + struct.pack("<H", 9) + content[place + 2 :]


#: What else is no volume.
NO_VOLUME: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "not a zip file"),
    "text": (lambda _: b"hello", "not a zip file"),
    "cut off": (lambda c: c[: len(c) // 2], "cut off"),
    "without its beginning": (lambda c: c[3000:], "damaged|not a zip file|cut off"),
    "encrypted": (flagged, "encrypted"),
    "other format": (lambda c: c.replace(b'{"format": 1', b'{"format": 9'), "reads format 1"),
    "number": (lambda c: c.replace(b'"volume": 1,', b'"volume": 2,'), "volume 2 of 1"),
    "no number": (lambda c: c.replace(b'"volume": 1,', b'"volume": -,'), "not a volume"),
    "negative": (lambda c: c.replace(b'"volumes": 1}', b'"volumes":-1}'), "not a volume"),
}


@pytest.mark.parametrize("kind", NO_VOLUME)
def test_what_is_no_volume_is_refused(
    mirror: Mirror, target: Path, tmp_path: Path, kind: str
) -> None:
    change, words = NO_VOLUME[kind]
    (volume,) = packed(mirror.builds[1], tmp_path / "v.zip")
    changed = change(volume.read_bytes())
    assert changed != volume.read_bytes()
    volume.write_bytes(changed)
    with pytest.raises(VolumeError, match=words):
        unpack(volume, target=target)
    assert not target.parent.exists()


def test_files_that_are_no_volume(target: Path, tmp_path: Path, mirror: Mirror) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        unpack(tmp_path / "nothing.zip", target=target)
    with pytest.raises(VolumeError, match=r"not a regular file|directory|denied"):
        unpack(mirror.builds[1], target=target)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("hello", "hello")
    with pytest.raises(VolumeError, match="not a volume of a release"):
        unpack(tmp_path / "other.zip", target=target)


@pytest.mark.parametrize("what", ["archive", "manifest", "signature"])
def test_tampered_volume_is_refused(
    mirror: Mirror, target: Path, tmp_path: Path, what: str
) -> None:
    (volume,) = packed(signed(mirror, 1, tmp_path, VENDOR), tmp_path / "v.zip")

    def tamper(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        if what == "archive":
            return swapped(entries)
        name = MANIFEST_NAME if what == "manifest" else SIGNATURE_NAME
        place = next(n for n, (entry, _) in enumerate(entries) if entry.filename == name)
        entry, content = entries[place]
        other = content.replace(b'"build": 1', b'"build": 7')
        if what == "signature":
            other = OTHER.sign(entries[0][1])
        assert other != content
        entries[place] = (entry, other)
        return None

    rewritten(volume, tamper, comment=True)
    wanted = SourceDamagedError if what == "archive" else SignatureError
    with pytest.raises(wanted):
        unpack(volume, target=target)
    assert not target.exists()


def test_bits_that_turned_are_found(mirror: Mirror, target: Path, tmp_path: Path) -> None:
    """Every hundredth byte of a volume, one at a time."""
    (volume,) = packed(mirror.builds[1], tmp_path / "v.zip")
    content = volume.read_bytes()
    unpack(volume, target=tmp_path / "right" / "bank")
    for place in range(0, len(content), 97):
        turned = bytearray(content)
        turned[place] ^= 4
        volume.write_bytes(turned)
        try:
            unpack(volume, target=target)
        except OfflineRepoError:
            assert not target.exists()
        else:  # dates, attributes and the like
            assert files(target) == files(tmp_path / "right" / "bank") or (
                (target / MANIFEST_NAME).read_bytes()
                != (mirror.builds[1] / MANIFEST_NAME).read_bytes()
            )
            assert whole(target)
        shutil.rmtree(target.parent, ignore_errors=True)


def test_each_volume_is_verified_by_itself(conda: Conda, mirror: Mirror, tmp_path: Path) -> None:
    source = signed(mirror, 1, tmp_path, VENDOR)
    for volume in packed(source, tmp_path / "v.zip", size=6_500):
        told = conda.run("offline-repo", "verify", volume).stdout
        assert f"{volume} is complete and unchanged" in told
        assert VENDOR.fingerprint in told
    rewritten(volume, swapped_last, comment=True)
    ended = conda.execute("offline-repo", "verify", volume, "--json")
    assert ended.status == 1
    (report,) = json.loads(ended.stdout)["repositories"].values()
    with zipfile.ZipFile(volume) as archive:
        assert report["changed"] == [archive.namelist()[-1]]
    (tmp_path / "no.zip").write_bytes(b"PK")
    assert "VolumeError" in conda.fail("offline-repo", "verify", tmp_path / "no.zip").stderr


def test_volumes_of_other_releases_do_not_mix(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    first = packed(mirror.builds[2], tmp_path / "2.zip", size=2_000)
    second = packed(mirror.builds[3], tmp_path / "3.zip", size=2_000)
    other_base = packed(mirror.builds[3], tmp_path / "d.zip", since=arrived)
    other_size = packed(mirror.builds[3], tmp_path / "s.zip", size=9_500)
    for left, right, why in (
        (first[0], second[1], "release 2 of label bank, the other of release 3"),
        (second[0], other_base[0], "differences to two releases"),
        (second[0], other_size[0], "volumes, the other of"),
    ):
        with pytest.raises(OtherVolumesError, match=why):
            unpack(left, right, target=arrived)
    assert files(arrived) == files(mirror.builds[1])
    assert alone(arrived)


def test_older_and_foreign_releases_are_refused_as_from_a_folder(
    mirror: Mirror, target: Path, tmp_path: Path
) -> None:
    first = signed(mirror, 1, tmp_path, VENDOR)
    (volume,) = packed(signed(mirror, 2, tmp_path, VENDOR), tmp_path / "2.zip")
    unpack(volume, target=target)
    (older,) = packed(first, tmp_path / "1.zip")
    with pytest.raises(OfflineRepoError, match="--allow-older"):
        unpack(older, target=target)
    third = signed(mirror, 3, tmp_path, OTHER)
    forge(third, OTHER)
    (foreign,) = packed(third, tmp_path / "3.zip")
    with pytest.raises(OtherOriginError):
        unpack(foreign, target=target)
    unpack(older, target=target, allow_older=True)
    assert files(target) == files(first)


def test_volumes_of_a_newer_release_take_the_place_of_those_that_never_came(
    mirror: Mirror, arrived: Path, tmp_path: Path
) -> None:
    lost = packed(mirror.builds[2], tmp_path / "2.zip", since=arrived, size=3_000)
    assert len(lost) > 1
    with pytest.raises(VolumesMissingError):
        unpack(lost[0], target=arrived)
    assert staging_folder(arrived).exists()
    unpack(*packed(mirror.builds[3], tmp_path / "3.zip", since=arrived), target=arrived)
    assert files(arrived) == files(mirror.builds[3])
    assert alone(arrived)


def test_output_that_is_no_file(conda: Conda, mirror: Mirror, tmp_path: Path) -> None:
    """The place is looked at first, also for several volumes; a name is offered that works."""
    source = mirror.copy(1, tmp_path / "root" / "bank")
    before, nowhere = files(tmp_path), tmp_path / "nowhere"
    folders = {
        tmp_path: tmp_path,
        "/": Path(conda.work.anchor),
        ".": conda.work,
        f"{nowhere}/": nowhere,
        source: source.parent,
        source / "noarch": source.parent,
    }
    pack = ("offline-repo", "pack", source)
    for output, folder in folders.items():
        for options in ((), ("--dry-run",), ("--volume-size", "1GB")):
            refused = conda.fail(*pack, *options, "-o", output).stderr
            assert "is a folder, not a file" in refused
            absent = "Make that folder" in refused
            assert absent is not folder.exists()
            assert absent or f"-o {quoted(folder / 'bank.zip')}" in refused
    refused = conda.fail(*pack, "--dry-run", "-o", nowhere / "bank.zip").stderr
    assert f"{nowhere} does not exist" in refused
    assert files(tmp_path) == before
    assert [*conda.work.iterdir()] == []


def test_command_line(conda: Conda, mirror: Mirror, target: Path, tmp_path: Path) -> None:
    output = tmp_path / "bank.zip"
    told = conda.run("offline-repo", "pack", mirror.builds[1], "-o", output, "--dry-run")
    assert "would be packed" in told.stdout
    assert not output.exists()
    told = conda.run("offline-repo", "pack", mirror.builds[1], "-o", output)
    assert "Release 1 of label bank is packed" in told.stdout
    told = conda.run("offline-repo", "unpack", output, target)
    assert f"{target} had no release and now has release 1 of label bank" in told.stdout
    told = conda.run(
        *("offline-repo", "pack", mirror.builds[2], "-o", output, "--json"),
        *(
            "--since",
            target,
            "--volume-size",
            str(5_000 + beside(mirror.builds[2])),
        ),
    )
    paths = [volume["path"] for volume in told.json["volumes"]]
    assert len(paths) > 1
    assert told.json["since"] == 1
    told = conda.fail("offline-repo", "unpack", paths[1], target)
    assert "VolumesMissingError" in told.stderr
    told = conda.run("offline-repo", "unpack", paths[0], target, "--json")
    assert told.json["build"] == 2
    assert files(target) == files(mirror.builds[2])
    pipe = subprocess.run(
        [sys.executable, "-m", "conda", "offline-repo", "pack", str(mirror.builds[1]), "-o", "-"],
        capture_output=True,
        cwd=conda.work,
        env=conda.variables,
        timeout=PATIENCE,
        check=True,
    )
    assert pipe.stdout == packed(mirror.builds[1], tmp_path / "same.zip")[0].read_bytes()
    assert b"is packed" in pipe.stderr
    told = conda.run("offline-repo", "unpack", tmp_path / "sam*.zip", target, "--allow-older")
    assert "had release 2 and now has release 1" in told.stdout
    for wrong in (("--json",), ("--volume-size", "1GB")):
        told = conda.fail("offline-repo", "pack", mirror.builds[2], "-o", "-", *wrong)
        assert "InvalidRequestError" in told.output
