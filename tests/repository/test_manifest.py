"""The manifest on its way to the disk and back: `manifest`, `manifest_json`, `reading`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.exceptions import ManifestError
from conda_offline_repo.repository.manifest import (
    MANIFEST_NAME,
    File,
    Manifest,
    Package,
    Remembered,
    as_dict,
)
from conda_offline_repo.repository.manifest_json import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

MANIFEST = Manifest(
    label="bank",
    release=7,
    created="2024-02-29T12:00:00Z",
    request=Remembered(
        packages=("app >=2",),
        channels=("https://example.com/acme",),
        platforms=("win-64",),
        virtual_packages={"win-64": {"__win": "10", "__cuda": "12.4=0"}},
    ),
    solutions={"win-64": ("noarch/app-2.0-0.conda", "win-64/lib-1.0-0.tar.bz2")},
    packages={
        "win-64/lib-1.0-0.tar.bz2": Package("b" * 64, "b" * 32, 5, "https://example.com/b"),
        "noarch/app-2.0-0.conda": Package("a" * 64, "a" * 32, 37, "https://example.com/ä"),
    },
    files={"SHA256SUMS": File("c" * 64, 3), "noarch/repodata.json": File("d" * 64, 4)},
    built_with={"conda": "26.7.1"},
)


def write(folder: Path, content: str) -> None:
    (folder / MANIFEST_NAME).write_text(content, encoding="utf-8")


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(MANIFEST.content)
    assert read(tmp_path) == MANIFEST


def test_file_has_sorted_keys_and_one_newline_at_its_end() -> None:
    text = MANIFEST.content.decode()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert "https://example.com/ä" in text
    turned = replace(MANIFEST, packages=dict(reversed(list(MANIFEST.packages.items()))))
    assert turned.content == MANIFEST.content


def test_size_is_that_of_the_archives() -> None:
    assert MANIFEST.size == 42


def test_none_where_there_is_none(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    assert read(tmp_path / "absent") is None
    write(tmp_path, "{}")
    assert read(tmp_path / MANIFEST_NAME) is None


def test_unknown_keys_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path, json.dumps({**as_dict(MANIFEST), "signature": "x"}))
    assert read(tmp_path) == MANIFEST


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", '"text"', "{}", '{"format": 1}', "\x00"),
        json.dumps({**as_dict(MANIFEST), "packages": []}),
        json.dumps({**as_dict(MANIFEST), "packages": {"noarch/a-1-0.conda": {}}}),
        json.dumps({**as_dict(MANIFEST), "build": "many"}),
        json.dumps({**as_dict(MANIFEST), "request": None}),
        json.dumps({**as_dict(MANIFEST), "solutions": {"win-64": 1}}),
        MANIFEST.content.decode()[:-100],
    ],
    ids=range(14),
)
def test_damaged(tmp_path: Path, content: str) -> None:
    write(tmp_path, content)
    with pytest.raises(ManifestError) as caught:
        read(tmp_path)
    assert str(tmp_path / MANIFEST_NAME) in str(caught.value)


def test_of_a_newer_format(tmp_path: Path) -> None:
    write(tmp_path, json.dumps({**as_dict(MANIFEST), "format": 2}))
    with pytest.raises(ManifestError, match="format 2"):
        read(tmp_path)


def _package(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["packages"].update({name: data["packages"].popitem()[1]})


def _file(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["files"].update({name: {"sha256": "0", "size": 0}})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        *((_package(n), n) for n in ("../app-1-0.conda", "a/b/app-1-0.conda", "/app-1-0.conda")),
        *((_package(n), n) for n in ("noarch/../x.conda", "app-1-0.conda", "noarch/con.conda")),
        *((_package(n), n) for n in ("NOARCH/app-1-0.conda", "noarch\\app-1-0.conda")),
        *((_file(n), n) for n in ("../x", "/etc/passwd", "..", "a/../b", "C:\\x", "a/b/c", "a\n")),
        (lambda data: data["solutions"].update(x=["noarch/no-1-0.conda"]), "noarch/no-1-0.conda"),
        (lambda data: data["request"].update(exact=["gone"]), "gone"),
        (lambda data: data["request"].update(environments={"a/b": []}), "a/b"),
        (lambda data: data["request"].update(environments={"a": []}, exact=[""]), ""),
    ],
    ids=range(19),
)
def test_names_no_file_that_it_must_not(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], named: str
) -> None:
    data = as_dict(MANIFEST)
    data["packages"] = dict(data["packages"])
    data["solutions"] = {}
    change(data)
    write(tmp_path, json.dumps(data))
    with pytest.raises(ManifestError) as caught:
        read(tmp_path)
    assert repr(named) in str(caught.value)
