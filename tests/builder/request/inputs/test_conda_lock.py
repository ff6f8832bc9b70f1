"""conda-lock.yml, as conda-lock writes it, old and new, and spoiled."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError
from conda_offline_repo.builder.request.inputs.pinned import (
    Environment,
    PinnedArchive,
    PinnedWheel,
)
from conda_offline_repo.builder.request.inputs.read import read_file

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CHANNEL = "https://conda.anaconda.org/conda-forge"
LIB = f"{CHANNEL}/noarch/lib-1.0-0.conda"


def locked(*packages: str, version: str = "1") -> str:
    """The text of a lock file with these packages, each `NAME PLATFORM` and further keys."""
    begin = f"version: {version}\nmetadata:\n  channels: [conda-forge]\n  platforms: [linux-64]\n"
    lines = []
    for package in packages:
        name, platform, *keys = package.split(maxsplit=2)
        url = f"url: {CHANNEL}/noarch/{name}-1.0-0.conda"
        more = keys[0] if keys else ""
        more = more if "url:" in more else ", ".join(filter(None, (url, more)))
        lines.append(f"- {{name: {name}, version: 1.0, platform: {platform}, {more}}}\n")
    return f"{begin}package:\n{''.join(lines)}" if lines else f"{begin}package: []\n"


@pytest.fixture(autouse=True)
def without_rattler(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not needed."""
    monkeypatch.setitem(sys.modules, "rattler", None)


def test_as_conda_lock_writes_it() -> None:
    lib = PinnedArchive(LIB, SHA256, MD5)
    app = PinnedArchive(f"{CHANNEL}/linux-64/app-2.0-0.tar.bz2", None, MD5)
    win = PinnedArchive("https://host.example/acme/win-64/app-2.0-0.conda", SHA256, MD5)
    (read,) = read_file(DATA / "conda-lock.yml")
    assert read.exact == {"linux-64": (app, lib), "win-64": (lib, win)}


def test_epochs_as_mamba_writes_them_in_urls(write: Callable[[str], Path]) -> None:
    url = f"{CHANNEL}/linux-64/x264-1%21164.3095-0.tar.bz2"
    (read,) = read_file(write(locked(f"x264 linux-64 url: '{url}'")))
    assert read.exact == {"linux-64": (PinnedArchive(url.replace("%21", "!")),)}
    for file in ("..%2Fother-1.0-0.conda", "x264-1.0-0%23.conda", "x264-1.0-0.conda%3Fa"):
        with pytest.raises(InputFileError, match="x264 for linux-64"):
            read_file(write(locked(f"x264 linux-64 url: '{CHANNEL}/linux-64/{file}'")))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_written_on_windows(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "lock"
    text = (DATA / "conda-lock.yml").read_text().replace("\n", "\r\n")
    path.write_bytes(text.encode(encoding))
    assert read_file(path) == read_file(DATA / "conda-lock.yml")


def test_pip_is_kept_by_platform_and_category(write: Callable[[str], Path]) -> None:
    sdist = "manager: pip, url: https://files.example/a.tar.gz, dependencies: {six: '*'}"
    url = "https://files.example/six-1.0-py3-none-any.whl"
    six = f"manager: pip, url: '{url}'"
    text = locked(
        "lib linux-64",
        "lib win-64",
        f"docrep linux-64 {sdist}",
        f"tests win-64 {six}, category: dev, optional: true",
        f"six linux-64 {six}, hash: {{md5: {MD5}, sha256: {SHA256}}}, category: dev",
    )
    (read,) = read_file(write(text))
    assert read == Environment(
        exact={name: (PinnedArchive(LIB),) for name in ("linux-64", "win-64")},
        wheels={"linux-64": (PinnedWheel(url, SHA256),)},
        foreign={
            "linux-64": {"main": {"docrep": "an archive of sources"}},
            "win-64": {"dev": {"tests": "a wheel without its SHA-256 digest"}},
        },
        groups=("dev", "main"),
    )


def test_only_some_categories(write: Callable[[str], Path]) -> None:
    text = locked("lib linux-64", "app linux-64 category: dev", "x linux-64 categories: [dev, gpu]")
    path = write(text)
    for only, names in ((("main",), ["lib"]), (("gpu",), ["x"]), (("main", "dev"), None)):
        (read,) = read_file(path, only)
        named = [pin.url.rpartition("/")[2].split("-")[0] for pin in read.exact["linux-64"]]
        assert named == (names or ["app", "lib", "x"])
        assert read.groups == tuple(sorted(only))
    with pytest.raises(InputFileError, match="no category 'test'\\.\nIt has: dev, gpu, main"):
        read_file(path, ("test",))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_older_versions_of_pixi_lock(write: Callable[[str], Path], version: int) -> None:
    text = locked(f"lib linux-64 hash: {{md5: {MD5}}}, category: main", version=str(version))
    (read,) = read_file(write(text))
    assert read.exact == {"linux-64": (PinnedArchive(LIB, md5=MD5),)}


def test_variables(write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    url = "lib linux-64 url: 'https://$ACME_USER:${ACME_KEY}@host.example/x/noarch/lib-1.0-0.conda'"
    monkeypatch.setenv("ACME_USER", "me")
    path = write(locked(url))
    with pytest.raises(InputFileError, match=r"a variable is not set .*: \$\{ACME_KEY\}") as caught:
        read_file(path)
    assert "me:" not in str(caught.value)
    monkeypatch.setenv("ACME_KEY", "t0ken")
    (read,) = read_file(path)
    (pin,) = read.exact["linux-64"]
    assert pin.url == "https://me:t0ken@host.example/x/noarch/lib-1.0-0.conda"


def test_all_mistakes_at_once(write: Callable[[str], Path]) -> None:
    text = locked("lib linux-46", "app win-64 url: ftp://u:5ecret@host.example/x", "x linux-64")
    with pytest.raises(InputFileError) as caught:
        read_file(write(text))
    for part in ("lib for linux-46", "app for win-64", "no URL of http"):
        assert part in str(caught.value)
    assert "x for linux-64" not in str(caught.value)
    assert "5ecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (locked("lib linux-64", version="4"), "format version 4, and 1 is read"),
        (locked("lib linux-64", version="one"), "format version 'one'"),
        (locked(), "names no archive"),
        (locked("lib linux-64 url: 7"), "number 1 of `package`: it has no url"),
        (locked("lib linux-64 hash: aa"), "its `hash` is not one"),
        (locked("lib linux-64 hash: {md5: 12}"), "its md5 is not a digest"),
        (locked("lib linux-64 hash: {sha256: 5ecret}"), "sha256 digest is not one"),
        (locked("lib linux-64").replace("- {", "- [").replace("}", "]"), "it is not a package"),
        (locked("lib linux-64").replace("noarch", "win-64"), "for linux-64, it has packages for"),
        (locked("lib linux-64", "lib linux-64").replace("lib-1.0", "lib-1.1", 1), "of one package"),
        (locked("lib linux-64") + "- &a {b: 1}\n- *a\n", r"alias, \*a"),
        (locked("lib linux-64") + f"- {'[' * 100_000}", "nested too deep"),
        (locked("lib linux-64") + f"- {'- ' * 100_000}", "line 7 is nested too deep"),
        (locked("lib linux-64") + "- [\n", "line 8"),
    ],
)
@pytest.mark.timeout(60)
def test_spoiled(write: Callable[[str], Path], text: str, said: str) -> None:
    path = write(text)
    with pytest.raises(InputFileError, match=said) as caught:
        read_file(path)
    assert str(caught.value).startswith(f"{path} cannot be used:")
    assert "5ecret" not in str(caught.value)
    assert len(str(caught.value)) < 2000
