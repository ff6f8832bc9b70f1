"""Folders that were made or changed to do harm, read by `verify`, `show` and the guard."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conda_offline_repo.customer.hooks import guard
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.queries.contents import list_packages
from conda_offline_repo.repository.exceptions import ManifestError, UnreadableError
from conda_offline_repo.repository.locate import locate, locate_one
from conda_offline_repo.repository.manifest import JOURNAL_NAME, MANIFEST_NAME
from conda_offline_repo.repository.manifest_json import read
from conda_offline_repo.repository.verify import verify
from conda_offline_repo.urls import file_url
from tests.support.guarded import check, record
from tests.support.inside import inside
from tests.support.running import PATIENCE, RUN, Customer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.support.mirror import Mirror

APP = "noarch/app-1.0-0.conda"
INDEX = "noarch/repodata.json"
NUMBERS = ("1e999", "NaN", "Infinity", "true", '"7"', "-1", "1.5", "null", "1" + "0" * 5000)
TEXTS = ("7", "null", "[]", '"\\ud800"', '"\\u001b[31m"', '"a\\nb"', '"\\u202egpj"')


def put(path: Path, key: str, text: str) -> None:
    """Replace the value of the first such key in a JSON file by a text."""
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if line.lstrip().startswith(f'"{key}":'))
    comma = "," if lines[number].endswith(",") else ""
    lines[number] = f'"{key}": {text}{comma}'
    path.write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *((key, text) for key in ("build", "size") for text in NUMBERS),
        *((key, text) for key in ("label", "created", "url", "conda") for text in TEXTS),
        *(("sha256", text) for text in ("7", '""', '"x"', '"A"')),
        ("label", '"../../x"'),
    ],
)
def test_manifest_with_values_of_other_kinds(stick: Path, key: str, text: str) -> None:
    put(stick / MANIFEST_NAME, key, text)
    with pytest.raises(ManifestError) as caught:
        read(stick)
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"']
)
@pytest.mark.parametrize("name", [MANIFEST_NAME, INDEX, JOURNAL_NAME])
def test_files_that_break_a_reader(stick: Path, name: str, content: bytes) -> None:
    (stick / name).write_bytes(content)
    seen = outcome(stick)
    assert seen in ("refused", "unfinished") if name == JOURNAL_NAME else seen == "refused"


@pytest.mark.parametrize("kind", ["pipe", "device", "link", "folder", "giant"])
@pytest.mark.parametrize("name", [MANIFEST_NAME, INDEX, JOURNAL_NAME, APP])
def test_what_is_no_file(stick: Path, tmp_path: Path, name: str, kind: str) -> None:
    path = stick / name
    if path.exists():
        path.rename(tmp_path / "moved")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link":
        path.symlink_to(tmp_path / "loop")
        (tmp_path / "loop").symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)
    seen = outcome(stick)
    assert seen in ("refused", "unfinished") if name == JOURNAL_NAME else seen == "refused"


def outcome(folder: Path) -> str:
    """What `verify` says of a folder, while `show` may refuse it but must not crash."""
    try:
        repository = locate_one(folder)
        report = verify(repository, Unwatched())
    except OfflineRepoError:
        return "refused"
    try:
        list_packages(repository)
    except OfflineRepoError:
        assert not report.good or report.extra or report.unfinished
    if not report.good or report.extra:
        return "refused"
    return "unfinished" if report.unfinished else "good"


def test_damaged_neighbour(stick: Path) -> None:
    other = stick.with_name("other")
    shutil.copytree(stick, other)
    put(other / MANIFEST_NAME, "build", "-1")
    assert [repository.path for repository in locate(stick.parent, "bank")] == [stick]
    with pytest.raises(ManifestError, match="other"):
        locate(stick.parent)
    with pytest.raises(ManifestError, match="other"):
        locate(stick.parent, "other")


def test_folder_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UnreadableError, match="loop"):
        locate(tmp_path / "loop")


def test_names_and_licences_are_printed_without_escapes(stick: Path, tmp_path: Path) -> None:
    customer = Customer(tmp_path / "me")
    (stick / "noarch" / "\x1b[31mred").write_bytes(b"")
    told = customer.execute("offline-repo", "verify", stick)
    assert "\\x1b[31mred" in told.stdout
    assert "\x1b" not in told.output
    put(stick / MANIFEST_NAME, "label", '"\\u001b[31mred"')
    for verb in ("verify", "show"):
        told = customer.fail("offline-repo", verb, stick)
        assert "\x1b" not in told.output
        assert "ERROR REPORT" not in told.output


def unprivileged() -> list[str]:
    """What runs a command so that permissions count, also for root."""
    if os.name == "nt":
        pytest.skip("permissions are of another kind")
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root reads everything")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


@pytest.mark.parametrize("closed", ["", "noarch", INDEX, MANIFEST_NAME, APP])
def test_folders_and_files_that_may_not_be_read(stick: Path, tmp_path: Path, closed: str) -> None:
    command = unprivileged()
    customer = Customer(tmp_path / "me")
    if not closed:
        customer.use(stick, "-n", "rating")
    (stick / closed).chmod(0)
    runs: list[tuple[object, ...]] = [("offline-repo", "verify", stick)]
    if not closed:
        runs += [
            ("offline-repo", "show", stick),
            ("offline-repo", "use", stick, "-n", "other"),
            ("install", "--yes", "-p", customer.envs / "rating", "app"),
        ]
    try:
        for arguments in runs:
            done = subprocess.run(
                [*command, sys.executable, "-c", RUN, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=customer.work,
                encoding="utf-8",
                env=customer.variables,
                timeout=PATIENCE,
            )
            told = done.stdout + done.stderr
            assert done.returncode == 1, told
            assert "unexpected" not in told
            assert "Traceback" not in told
            assert "ermission" in told
            assert str(stick) in told
    finally:
        (stick / closed).chmod(0o755)


CHANGES: dict[str, Callable[[bytes, int, int], bytes]] = {
    "flip": lambda content, at, by: content[:at] + bytes([content[at] ^ by]) + content[at + 1 :],
    "cut": lambda content, at, by: content[:at],
    "insert": lambda content, at, by: content[:at] + bytes([by]) * by + content[at:],
    "double": lambda content, at, by: content[:at] + content,
    "zero": lambda content, at, by: content[:at] + bytes(len(content) - at),
}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(data=st.data())
def test_no_changed_byte_is_good(mirror: Mirror, tmp_path: Path, data: Any) -> None:
    """Whatever is changed in whatever file, nobody takes it for what was published."""
    folder = mirror.copy(1, tmp_path / "fuzz" / "bank")
    names = (MANIFEST_NAME, INDEX, APP, JOURNAL_NAME)
    name = data.draw(st.sampled_from(names))
    path = folder / name
    expected = record(folder, APP)
    if name == JOURNAL_NAME:
        moving = {APP: ["0" * 64], INDEX: ["1" * 64]}
        path.write_text(json.dumps({"build": 2, "moving": moving}))
    before = path.read_bytes()
    change = data.draw(st.sampled_from(sorted(CHANGES)))
    at = data.draw(st.integers(0, len(before) - 1))
    after = CHANGES[change](before, at, data.draw(st.integers(1, 255)))
    path.write_bytes(after)
    seen = outcome(folder)
    if name == JOURNAL_NAME:
        assert seen == "unfinished"
    elif name == MANIFEST_NAME:
        # what is not compared with any file may read otherwise; without a signature, nobody knows
        assert seen != "good" or same_files(before, after)
    elif after != before:
        assert seen == "refused"
    with inside(Path(mkdtemp(dir=tmp_path)) / "me") as me:
        me.configure(channels=[file_url(folder)], offline=True)
        try:
            guard.prepare_solve((), ())
            check(expected)
        except OfflineRepoError:
            assert after != before
        else:
            assert name in (MANIFEST_NAME, JOURNAL_NAME) or after == before
            assert (folder / APP).read_bytes() == (mirror.builds[1] / APP).read_bytes()


def same_files(before: bytes, after: bytes) -> bool:
    """Whether two manifests name the same files with the same digests."""
    old, new = json.loads(before), json.loads(after)
    return all(
        {name: (f["sha256"], f["size"]) for name, f in old[key].items()}
        == {name: (f["sha256"], f["size"]) for name, f in new[key].items()}
        for key in ("files", "packages")
    )
