"""What holds for any label, any file name and any manifest: `names` and `manifest_json`."""

from __future__ import annotations

import json
import os
import string
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from conda_offline_repo.repository import manifest as manifests
from conda_offline_repo.repository import manifest_json
from conda_offline_repo.repository.exceptions import InvalidLabelError
from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.names import WINDOWS_DEVICES, archive_problem, check_label
from conda_offline_repo.repository.package import File, Package
from conda_offline_repo.repository.reading import InvalidError
from conda_offline_repo.repository.remembered import Remembered

if TYPE_CHECKING:
    from typing import Any

    import pytest


properties = settings(deadline=None, max_examples=150, derandomize=True, database=None)

NASTY = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "\\",
        ":",
        "~",
        "%",
        "$",
        "con",
        "NUL",
        "aux.",
        " ",
        "\0",
        "\n",
        "é",
        "ß",
        "\u202e",
    ]
)
NAMES = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(NASTY, st.text(string.ascii_letters + "._-", max_size=8)), max_size=6).map(
        "".join
    ),
)


def stays(root: Path, name: str) -> bool:
    """Whether `name` names one thing right below `root`, on every system."""
    path = Path(os.path.normpath(root / name))
    plain = name.casefold().rstrip(". ")
    return (
        path.parent == root
        and path.name == name
        and plain == name.casefold()
        and plain.partition(".")[0] not in WINDOWS_DEVICES
        and not set(name) & set('<>:"/\\|?*')
        and name.isprintable()
    )


@given(NAMES)
@example("a/../b")
@example("C:x")
@example("halkbank.")
@example("nul.txt")
@example("..")
@example("x" * 300)
@properties
def test_no_label_leaves_the_root(label: str) -> None:
    try:
        check_label(label)
    except InvalidLabelError:
        return
    assert stays(Path("/root/of/all"), label)
    assert len(label) <= 64


@given(NAMES, st.sampled_from([".conda", ".tar.bz2", "", ".CONDA", ".conda\n"]))
@example("../x-1-0", ".conda")
@example("CON.x-1-0", ".conda")
@properties
def test_no_file_name_leaves_its_folder(name: str, extension: str) -> None:
    file = f"{name}{extension}"
    if archive_problem(file) is None:
        assert stays(Path("/root/of/all"), file)
        assert file.endswith((".conda", ".tar.bz2"))
        assert file.isascii()


@given(
    st.from_regex(
        r"[a-z0-9_][a-z0-9_.-]{0,40}-[0-9][0-9a-z.!+]{0,20}-[a-z0-9_]{1,20}", fullmatch=True
    )
)
@properties
def test_ordinary_file_names_pass(stem: str) -> None:
    assume(stem.partition(".")[0] not in WINDOWS_DEVICES)
    assert archive_problem(f"{stem}.conda") is None
    assert archive_problem(f"{stem}.tar.bz2") is None


@given(NAMES, NAMES)
@example("../..", "x-1-0.conda")
@example("linux-64/../../..", "x-1-0.conda")
@example("noarch", "../x-1-0.conda")
@properties
def test_no_manifest_names_a_path_outside(subdir: str, file: str) -> None:
    name = f"{subdir}/{file}"
    package = {"sha256": "0" * 64, "md5": "", "size": 1, "url": ""}
    content = json.loads(manifest({}, {}).content)
    for key, entry in (("packages", package), ("files", {"sha256": "0" * 64, "size": 1})):
        try:
            manifest_json.parse({**content, key: {name: entry}})
        except InvalidError:
            continue
        root = Path("/root/of/all")
        folder, _, base = name.rpartition("/")
        assert not folder or stays(root, folder)
        assert stays(root / folder, base)


def manifest(packages: dict[str, Package], files: dict[str, File], **changes: Any) -> Manifest:
    content: dict[str, Any] = {
        "label": "bank",
        "release": 1,
        "created": "2026-01-01T00:00:00Z",
        "request": Remembered(),
        "solutions": {},
        "packages": packages,
        "files": files,
        "built_with": {},
    }
    return Manifest(**{**content, **changes})


#: What can be printed; a manifest with other texts is refused.
WORDS = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=20)
LABELS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
MD5 = st.text("0123456789abcdef", min_size=32, max_size=32)
SIZES = st.integers(0, 2**50)
SUBDIRS = st.sampled_from(["noarch", "linux-64", "win-64", "osx-arm64", "emscripten-wasm32"])
ARCHIVES = st.builds(
    "{}/{}-{}-{}{}".format,
    SUBDIRS,
    st.from_regex(r"[a-z0-9_][a-z0-9_.-]{2,20}", fullmatch=True).filter(
        lambda name: name.partition(".")[0] not in WINDOWS_DEVICES
    ),
    st.from_regex(r"[0-9][0-9a-z.!+]{0,10}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_]{1,10}", fullmatch=True),
    st.sampled_from([".conda", ".tar.bz2"]),
)
PACKAGES = st.dictionaries(ARCHIVES, st.builds(Package, HEX, MD5, SIZES, WORDS), max_size=5)
FILES = st.dictionaries(
    st.sampled_from(["README.txt", "SHA256SUMS", "noarch/repodata.json", "use.sh"]),
    st.builds(File, HEX, SIZES),
)
TUPLES = st.lists(WORDS, max_size=4).map(tuple)
REQUESTS = st.builds(
    Remembered,
    packages=TUPLES,
    channels=TUPLES,
    platforms=TUPLES,
    virtual_packages=st.dictionaries(WORDS, st.dictionaries(WORDS, WORDS, max_size=3), max_size=3),
)


@st.composite
def whole_manifests(draw: st.DrawFn) -> Manifest:
    packages = draw(PACKAGES)
    names = st.lists(st.sampled_from(sorted(packages)), unique=True) if packages else st.just([])
    return manifest(
        packages,
        draw(FILES),
        label=draw(LABELS),
        release=draw(st.integers(1, 10**9)),
        created=draw(WORDS),
        request=draw(REQUESTS),
        solutions=draw(st.dictionaries(WORDS, names.map(tuple), max_size=3)),
        built_with=draw(st.dictionaries(WORDS, WORDS, max_size=3)),
    )


@given(content=whole_manifests())
@properties
def test_manifest_survives_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, content: Manifest
) -> None:
    folder = tmp_path_factory.mktemp("manifest", numbered=True)
    written = content.content
    (folder / manifests.MANIFEST_NAME).write_bytes(written)
    again = manifest_json.read(folder)
    assert again == content
    assert again.content == written
    assert written.endswith(b"}\n")
