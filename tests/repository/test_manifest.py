"""The manifest on its way to the disk and back: `manifest`, `manifest_json`, `reading`."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.exceptions import ManifestError
from conda_offline_repo.repository.manifest import MANIFEST_NAME, Manifest
from conda_offline_repo.repository.manifest_json import read
from conda_offline_repo.repository.package import (
    Attestations,
    Attester,
    File,
    Package,
    WheelOrigin,
)
from conda_offline_repo.repository.remembered import Remembered

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
WHEEL = WheelOrigin(
    "typing-extensions", "4.12", "typing_extensions-4.12-py3-none-any.whl", "e" * 64
)
FROM_PYPI = replace(
    MANIFEST,
    packages={
        **MANIFEST.packages,
        "noarch/app-2.0-0.conda": Package("a" * 64, "a" * 32, 37, "https://example.com/w", WHEEL),
    },
    pip={"win-64": {'app[all] >=2 ; sys_platform == "win32"': "app >=2"}},
)
ATTESTED = replace(
    MANIFEST,
    solutions={},
    packages={
        "noarch/_app-2.0-a+b.conda": Package(
            *("a" * 64, "", 37, "https://example.com/a"),
            attestations=Attestations("e" * 64, 9, (Attester("me@example.com", "https://issuer"),)),
        )
    },
)


def write(folder: Path, content: str) -> None:
    (folder / MANIFEST_NAME).write_text(content, encoding="utf-8")


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(MANIFEST.content)
    assert read(tmp_path) == MANIFEST


def test_wheels_and_requirements_of_pip_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(FROM_PYPI.content)
    assert read(tmp_path) == FROM_PYPI
    data = json.loads(FROM_PYPI.content)
    assert data["packages"]["noarch/app-2.0-0.conda"]["wheel"] == asdict(WHEEL)
    assert not [key for key in json.loads(MANIFEST.content) if key == "pip"]
    assert "wheel" not in data["packages"]["win-64/lib-1.0-0.tar.bz2"]


@pytest.mark.parametrize(
    "changes",
    [
        *({"project": name} for name in ("Flask", "a--b", "-a", "a/b", "", "a.b", "a\n", 5)),
        *({"file": f"{name}.whl"} for name in ("../x-1-py3-none-any", "x", "a-1-py3-none-any/b")),
        *({"file": name} for name in ("x-1-py3-none-any.tar.gz", "", "nul.x-1-py3-none-any.whl")),
        *({"sha256": digest} for digest in ("", "E" * 64, "e" * 63, None)),
        {"version": "1\x1b[0m"},
    ],
    ids=repr,
)
def test_no_wheel_that_no_index_has(tmp_path: Path, changes: dict[str, Any]) -> None:
    data = json.loads(FROM_PYPI.content)
    data["packages"]["noarch/app-2.0-0.conda"]["wheel"] |= changes
    write(tmp_path, json.dumps(data))
    with pytest.raises(ManifestError):
        read(tmp_path)


def test_attestations_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(ATTESTED.content)
    assert read(tmp_path) == ATTESTED
    name = f"noarch/_app-2.0-a+b.conda.sigs.{'e' * 64}"
    assert name in ATTESTED.everything
    assert ATTESTED.allowed(name) == {"e" * 64: 9}


@pytest.mark.parametrize(
    "changes",
    [
        *({"sha256": digest} for digest in ("", "E" * 64, "e" * 63, "../x", None)),
        *({"size": size} for size in (-1, "9", None)),
        *({"verified": them} for them in (None, [1], [{"identity": "x"}])),
        {"verified": [{"identity": "x\x1b[0m", "issuer": "x"}]},
    ],
    ids=repr,
)
def test_no_attestations_that_nobody_has_verified(tmp_path: Path, changes: dict[str, Any]) -> None:
    data = json.loads(ATTESTED.content)
    data["packages"]["noarch/_app-2.0-a+b.conda"]["attestations"] |= changes
    write(tmp_path, json.dumps(data))
    with pytest.raises(ManifestError):
        read(tmp_path)


def test_attestations_on_the_way(tmp_path: Path) -> None:
    for name, allowed in {
        f"noarch/_app-2.0-a+b.conda.sigs.{'e' * 64}": True,
        f"noarch/_app-2.0-a+b.conda.sigs.{'E' * 64}": False,
        f"noarch/../_app-2.0-0.conda.sigs.{'e' * 64}": False,
        f"noarch/nul.x-2.0-0.conda.sigs.{'e' * 64}": False,
    }.items():
        write(
            tmp_path,
            json.dumps({**json.loads(MANIFEST.content), "on_the_way": {name: {"e" * 64: 9}}}),
        )
        with nullcontext() if allowed else pytest.raises(ManifestError):
            assert read(tmp_path)


@pytest.mark.parametrize(
    "pip", [[], {"linux-64": {"app": "app"}}, {"win-64": ["app"]}, {"win-64": {"app": "a\n"}}]
)
def test_no_requirements_of_pip_for_nothing(tmp_path: Path, pip: Any) -> None:
    write(tmp_path, json.dumps({**json.loads(FROM_PYPI.content), "pip": pip}))
    with pytest.raises(ManifestError):
        read(tmp_path)


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
    write(tmp_path, json.dumps({**json.loads(MANIFEST.content), "signature": "x"}))
    assert read(tmp_path) == MANIFEST


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", '"text"', "{}", '{"format": 1}', "\x00"),
        json.dumps({**json.loads(MANIFEST.content), "packages": []}),
        json.dumps({**json.loads(MANIFEST.content), "packages": {"noarch/a-1-0.conda": {}}}),
        json.dumps({**json.loads(MANIFEST.content), "build": "many"}),
        json.dumps({**json.loads(MANIFEST.content), "request": None}),
        json.dumps({**json.loads(MANIFEST.content), "solutions": {"win-64": 1}}),
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
    write(tmp_path, json.dumps({**json.loads(MANIFEST.content), "format": 2}))
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
    data = json.loads(MANIFEST.content)
    data["packages"] = dict(data["packages"])
    data["solutions"] = {}
    change(data)
    write(tmp_path, json.dumps(data))
    with pytest.raises(ManifestError) as caught:
        read(tmp_path)
    assert repr(named) in str(caught.value)
