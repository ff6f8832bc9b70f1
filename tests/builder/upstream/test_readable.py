"""What an entry of an index must not be: how it is read, and what is said of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.classic_solver import stated_name
from conda_offline_repo.builder.upstream.decode import parse
from conda_offline_repo.builder.upstream.readable import ABSENT, Readers, unreadable
from tests.support.reading import INSTALLED, chosen, entry, file_of
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.tiny import TinyPackage

ALL = Readers()
DEEP = "[" * 100_000 + "]" * 100_000
#: What takes the place of a key's value in the entry of `app`, as JSON, or near it.
VALUES = {
    "size": ('"12"', "NaN", "1e999", "-5", "true", "12.5", "1" + "0" * 30, "[1]", "{}", "-1e999"),
    "depends": ('"lib"', '{"lib": 1}', "[1]", '[["lib"]]', "[null]", "5", "true"),
    "constrains": ('"lib"', "[1]", "{}"),
    "name": ("5", "null", "[]", "true"),
    "version": ("1.0", "null", "[1]", "NaN"),
    "build": ("0", "null", "{}"),
    "build_number": ('"x"', "-1", "true", "NaN"),
    "sha256": ("5", '"zz"', '["a"]', '"abcd"', "true"),
    "md5": ("7", '"\\u00b2"', "{}"),
    "x": ("NaN", "[[-1e999]]", '{"y": Infinity}', '"\\ud800"', '{"\\udc00": 1}', DEEP, "[" * 99),
}


@pytest.fixture
def app(tmp_path: Path) -> TinyPackage:
    return TinyChannel(tmp_path / "public").add("app", depends=["lib"])


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, value) for key, values in VALUES.items() for value in values],
    ids=lambda text: text[:12],
)
def test_entry_with_a_value_that_it_must_not_have(app: TinyPackage, key: str, value: str) -> None:
    index = {"packages.conda": {app.file: {**app.record, key: "@@"}}}
    content = json.dumps(index).replace('"@@"', value).encode()
    try:
        entries, _, _ = parse(content, {app.file}, ())
    except (ValueError, RecursionError):
        assert key == "x" or value == "NaN"
    else:
        problem = unreadable(app.file, entries[app.file], ALL)
        assert problem is not None
        assert key in problem or key == "x"


def test_sound_entries_pass(app: TinyPackage) -> None:
    record = {
        **app.record,
        "sha256": app.record["sha256"].upper(),
        "x": [{"y": [1, None, 1.5, True, "é\U0001f40d", 10**30]}],
        "size": 0,
    }
    assert unreadable(app.file, record, ALL) is None
    del record["md5"], record["sha256"], record["depends"]
    assert unreadable(app.file, record, ALL) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": True}, "its size is not a number of that kind"),
        ({"size": -1}, "its size is not a number of that kind"),
        ({"size": 1 << 63}, "its size is not a number of that kind"),
        ({"depends": ["a", 5]}, "its depends is not a list of texts"),
        ({"version": 1.0}, "its version is not a text"),
        ({"build": "1"}, "its entry is that of 'app-1.0-1'"),
        ({"name": "../app"}, "its entry is that of '../app-1.0-0'"),
        ({"sha256": "ab"}, "its sha256 is not a digest"),
        ({"x": float("nan")}, "it has a value that JSON does not have"),
        ({"x": b"bytes"}, "it has a value that JSON does not have"),
        ({"x": ["\ud800"]}, "it has a text that is not Unicode"),
        ({"timestamp": 1.5}, "rattler cannot read its timestamp 1.5"),
        ({"depends": None}, "classic and rattler cannot read its depends null"),
        (
            {"depends": ["a 1.*.*"]},
            "its dependency 'a 1.*.*' has two wildcards, which classic and libmamba cannot read",
        ),
        (
            {"constrains": ["a >=1,"]},
            "its constraint 'a >=1,' has an unknown form, which conda cannot read",
        ),
    ],
    ids=str,
)
def test_problems_are_named(app: TinyPackage, change: dict[str, Any], reason: str) -> None:
    assert unreadable(app.file, {**app.record, **change}, ALL) == reason


#: Keys of an entry, values of each, and who cannot read them.
ROWS: list[tuple[str, list[Any], str]] = [
    ("timestamp", [None, 0, 1_700_000_000], ""),
    # Python reads no such times on Windows, and py-rattler asks it
    ("timestamp", [-1, 10**14] if os.name != "nt" else [], ""),
    ("timestamp", [1.7e12 + 0.5, 1.7e9 + 0.5, True, 10**15, 2**64], "rattler"),
    ("timestamp", ["1700000000000", []], "classic rattler"),
    ("build_number", [2**31, 20240101000000, 2**63 - 1], ""),
    ("build_number depends constrains", [None], "classic rattler"),
    ("size", [0, 2**53, 2**63 - 1], ""),
    ("noarch", [None, True, False, "", "python", "generic"], ""),
    ("noarch", ["unknown", []], "classic rattler"),
    ("track_features", ["", "x", "x,y", ["x", "y"]], ""),
    ("track_features", [None, True, 5], "classic rattler"),
    ("features", [None], "classic"),
    ("features", [[]], "rattler"),
    ("license license_family", [None, "", "x" * 999], ""),
    ("license license_family", [[]], "classic rattler"),
    ("license license_family subdir arch platform python_site_packages_path", [5], "rattler"),
    ("md5 sha256 legacy_bz2_md5", [None], ""),
    ("md5 sha256 legacy_bz2_md5", [""], "rattler"),
    ("legacy_bz2_size", ["5"], "classic rattler"),
    ("legacy_bz2_size", [-1], "rattler"),
    ("subdir flags", [None], "rattler"),
    ("arch", [None, "x86_64", "riscv64"], ""),
    ("platform", [None, "win32", "wasi"], ""),
    ("purls", [["pkg:pypi/app"]], ""),
    ("purls run_exports", ["x"], "rattler"),
    ("extra_depends", [None, []], "rattler"),
    ("version", ["v1", "1!2.0", "1.0+a.b", "1.0_", "R15B01", "2024.01"], ""),
    ("version", ["1.0-1", "1.100000000000000000000"], "rattler"),
    ("build", ["py-0"], "rattler"),
    ("build", ["PY_0", "py+0", "py.0", "py!0", "0" * 99], ""),
    ("date fn url channel namespace summary x", [5], ""),
]
ENTRIES = [
    (key, value, cannot)
    for keys, values, cannot in ROWS
    for key in keys.split()
    for value in values
]


@pytest.mark.parametrize(("key", "value", "cannot"), ENTRIES, ids=str)
def test_who_cannot_read_an_entry(key: str, value: Any, cannot: str) -> None:
    record = entry("app", **{key: value})
    alone = [s for s in ALL.solvers if unreadable(file_of(record), record, Readers((s,)))]
    assert alone == cannot.split()


@pytest.mark.parametrize("solver", INSTALLED)
def test_table_is_what_the_solver_does(me: Inside, tmp_path: Path, solver: str) -> None:
    wrong = []
    for number, (key, value, cannot) in enumerate(ENTRIES):
        folder = tmp_path / f"{number}" / "main"
        names = chosen(solver, folder, [entry("app", **{key: value})], "app")
        if (names is None) != (stated_name(solver) in cannot.split()):
            wrong.append((key, value, names))
    assert not wrong


@pytest.mark.parametrize("key", ["arch", "platform"])
def test_conda_links_nothing_for_what_it_does_not_know(key: str) -> None:
    record = entry("app", **{key: "haiku"})
    assert unreadable(file_of(record), record, ALL) == f'conda cannot read its {key} "haiku"'


@pytest.mark.parametrize("size", [None, ABSENT])
def test_classic_installs_nothing_without_size(size: object) -> None:
    record = {**entry("app"), "size": size}
    record = {key: value for key, value in record.items() if value is not ABSENT}
    alone = [s for s in ALL.solvers if unreadable(file_of(record), record, Readers((s,)))]
    assert alone == ["classic"]


@pytest.mark.parametrize(
    ("path", "conda", "refused"),
    [
        ("lib/python3.13/site-packages", ">=24.7", False),
        ("Lib/site-packages", ">=24.7", False),
        ("", ">=24.7", False),
        ("lib/python3.13t/site-packages", ">=24.7", True),
        ("lib/pypy3.9/site-packages", "24.9.*", True),
        ("lib/python3.13t/site-packages", ">=24.11", False),
    ],
)
def test_path_that_older_conda_does_not_know(path: str, conda: str, refused: bool) -> None:
    record = entry("python", python_site_packages_path=path)
    assert bool(unreadable(file_of(record), record, Readers(conda=conda))) == refused


@pytest.mark.parametrize(
    ("name", "conda", "refused"),
    [
        ("app-x.y_z", ">=24.7", False),
        ("app--x", ">=24.7", True),
        ("app--x", "<26.5", False),
        ("app--x", "26.7.*", True),
        (".app", ">=24.7", True),
        ("App", "==24.7.1", True),
        ("__app", "==24.7.1", True),
    ],
)
def test_names_that_conda_refuses(name: str, conda: str, refused: bool) -> None:
    record = entry(name)
    assert bool(unreadable(file_of(record), record, Readers(conda=conda))) == refused
    if name == name.lower() and not name.startswith("__"):
        needs = entry("top", depends=[f"{name} >=1"])
        assert bool(unreadable(file_of(needs), needs, Readers(conda=conda))) == refused
