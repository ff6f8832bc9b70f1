"""pixi.lock, as py-rattler and pixi write it, and spoiled.

`pinned.py` is what they and explicit lists have in common.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rattler
from rattler import Channel, LockChannel, LockFile, LockPlatform, SparseRepoData

from conda_offline_repo.builder.request.inputs.exceptions import (
    InputFileError,
    LockReaderMissingError,
)
from conda_offline_repo.builder.request.inputs.pinned import (
    Environment,
    PinnedArchive,
    PinnedWheel,
)
from conda_offline_repo.builder.request.inputs.read import read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.builder.request.inputs.conftest import Laid

DATA = Path(__file__).parent / "data"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CHANNEL = "https://conda.anaconda.org/conda-forge"
PLATFORMS = ("linux-64", "win-64")


def made(
    laid: Laid,
    path: Path,
    environments: Mapping[str, tuple[str, ...]] = {"default": PLATFORMS},
    *,
    wheel: str = "",
    gpu: bool = False,
) -> Path:
    """Let py-rattler write a lock file of the channel's packages.

    Args:
        laid: whose channel.
        path: where the file goes.
        environments: by name, for what platforms they are locked.
        wheel: a package of PyPI's in each, if any.
        gpu: whether there is a second linux-64, with a virtual package.
    """
    platforms = {name: LockPlatform(name) for name in PLATFORMS}
    if gpu:
        platforms["gpu"] = LockPlatform("gpu", platforms["linux-64"].subdir, ["__cuda=12"])
    lock = LockFile(list(platforms.values()))
    for environment, names in environments.items():
        lock.set_channels(environment, [LockChannel(laid.open_url)])
        for name in names:
            for subdir in (str(platforms[name].subdir), "noarch"):
                index = laid.channel.folder / subdir / "repodata.json"
                for record in SparseRepoData(
                    Channel(laid.open_url), subdir, index
                ).load_all_records():
                    lock.add_conda_package(environment, platforms[name], record)
            if wheel:
                url = f"https://user:5ecret@files.example/{wheel}-1.0-py3-none-any.whl"
                lock.add_pypi_package(environment, platforms[name], wheel, "1.0", url)
    lock.to_path(path)
    return path


def expected(laid: Laid, platform: str) -> tuple[PinnedArchive, ...]:
    found = [*laid.by_subdir[platform], *laid.by_subdir["noarch"]]
    return tuple(
        PinnedArchive(f"{laid.open_url}/{one.at}", one.record["sha256"], one.record["md5"])
        for one in sorted(found, key=lambda one: one.at)
    )


def test_made_by_rattler(laid: Laid, tmp_path: Path) -> None:
    path = made(laid, tmp_path / "lock")
    assert path.read_text().startswith("version: 7\n")
    assert read_file(path) == (
        Environment(
            exact={platform: expected(laid, platform) for platform in PLATFORMS},
            groups=("default",),
            channels=(laid.open_url,),
        ),
    )


def test_several_environments(laid: Laid, tmp_path: Path) -> None:
    asked = {"tools": PLATFORMS, "default": ("linux-64",), "runtime": ("win-64",), "empty": ()}
    path = made(laid, tmp_path / "lock", asked)
    first = read_file(path)
    assert [(one.name, tuple(one.exact)) for one in first] == [
        ("default", ("linux-64",)),
        ("runtime", ("win-64",)),
        ("tools", PLATFORMS),
    ]
    # rattler tells them in another order each time
    assert all(read_file(path) == first for _ in range(5))


def test_platform_of_another_name(laid: Laid, tmp_path: Path) -> None:
    (read,) = read_file(made(laid, tmp_path / "lock", {"default": ("gpu",)}, gpu=True))
    assert read.exact == {"linux-64": expected(laid, "linux-64")}
    path = made(laid, tmp_path / "lock", {"default": ("gpu", "linux-64")}, gpu=True)
    with pytest.raises(InputFileError, match="for linux-64 in several ways: gpu, linux-64"):
        read_file(path)


def test_wheel_without_digest(laid: Laid, tmp_path: Path) -> None:
    asked = {"default": PLATFORMS, "prod": ("win-64",)}
    path = made(laid, tmp_path / "lock", asked, wheel="requests")  # without its digest
    default, prod = read_file(path)
    refused = {"requests": "a wheel without its SHA-256 digest"}
    assert default.foreign == {name: {"default": refused} for name in PLATFORMS}
    assert prod.foreign == {"win-64": {"prod": refused}}
    assert default.exact == {platform: expected(laid, platform) for platform in PLATFORMS}


def test_one_of_several_environments(laid: Laid, tmp_path: Path) -> None:
    path = made(laid, tmp_path / "lock", {"default": PLATFORMS, "prod": ("win-64",)})
    (read,) = read_file(path, ("prod",))
    assert (read.name, read.groups, tuple(read.exact)) == ("", ("prod",), ("win-64",))
    with pytest.raises(InputFileError, match="no environment 'tools'\\.\nIt has: default, prod"):
        read_file(path, ("tools", "prod"))


@pytest.mark.parametrize("version", [4, 5])
def test_older_versions(write: Callable[[str], Path], version: int) -> None:
    text = f"""\
version: {version}
environments:
  default:
    channels: [{{url: {CHANNEL}/}}]
    packages:
      linux-64:
      - conda: {CHANNEL}/noarch/lib-1.0-0.conda
      - pypi: https://files.example/six-1.16-py3-none-any.whl
packages:
- {{kind: conda, name: lib, version: '1.0', build: '0', subdir: noarch,
   url: {CHANNEL}/noarch/lib-1.0-0.conda, sha256: {SHA256}, md5: {MD5}, depends: []}}
- {{kind: pypi, name: six, version: '1.16', sha256: {SHA256},
   url: https://files.example/six-1.16-py3-none-any.whl}}
"""
    (read,) = read_file(write(text))
    lib = PinnedArchive(f"{CHANNEL}/noarch/lib-1.0-0.conda", SHA256, MD5)
    assert read.exact == {"linux-64": (lib,)}
    wheel = PinnedWheel("https://files.example/six-1.16-py3-none-any.whl", SHA256)
    assert (read.foreign, read.wheels) == ({}, {"linux-64": (wheel,)})


@pytest.mark.parametrize("version", [6, 7])
def test_packages_of_pip(write: Callable[[str], Path], version: int) -> None:
    wheels = (
        "https://u:p4ss@files.example/six-1.16-py3-none-any.whl",
        "direct+https://files.example/seven-1-cp312-abi3-win_amd64.whl",
        "./wheels/eight-1-py3-none-any.whl",
    )
    others = {
        "nine": "https://files.example/nine-1.0.tar.gz",
        "own": "./own",
        "ten": "git+https://h.example/ten.git?rev=main#0123456789012345678901234567890123456789",
    }
    packages = [*wheels, *others.values()]
    digest = f"  sha256: {SHA256}\n"
    text = (
        f"version: {version}\n"
        "platforms: [{name: linux-64}]\n"
        "environments:\n  default:\n"
        f"    channels: [{{url: {CHANNEL}/}}]\n"
        "    packages:\n      linux-64:\n"
        f"      - conda: {CHANNEL}/linux-64/python-3.12-0.conda\n"
        + "".join(f"      - pypi: {url}\n" for url in packages)
        + f"packages:\n- conda: {CHANNEL}/linux-64/python-3.12-0.conda\n{digest}"
        + "".join(
            f"- pypi: {url}\n  name: {url.partition('-')[0].rpartition('/')[2]}\n"
            f"  version: '1'\n{'' if url.startswith('git') else digest}"
            for url in packages
        )
    )
    for name, url in others.items():
        old = url.partition("-")[0].rpartition("/")[2]
        text = text.replace(f"- pypi: {url}\n  name: {old}\n", f"- pypi: {url}\n  name: {name}\n")
    path = write(text if version == 7 else text.replace("platforms: [{name: linux-64}]\n", ""))
    (path.parent / "wheels").mkdir()
    (path.parent / "wheels" / "eight-1-py3-none-any.whl").touch()
    (read,) = read_file(path)
    assert [wheel.url for wheel in read.wheels["linux-64"]] == sorted(
        (
            wheels[0],
            wheels[1].removeprefix("direct+"),
            (path.parent / "wheels" / "eight-1-py3-none-any.whl").as_uri(),
        )
    )
    assert {wheel.sha256 for wheel in read.wheels["linux-64"]} == {SHA256}
    assert read.foreign["linux-64"]["default"] == {
        "nine": "an archive of sources",
        "own": "a folder of sources",
        "ten": "sources in version control",
    }


def test_pixi_lock_of_version_6() -> None:
    docs, runtime = read_file(DATA / "pixi-6.lock")
    lib = PinnedArchive(f"{CHANNEL}/noarch/lib-1.0-0.conda", SHA256, MD5)
    local = PinnedArchive((DATA.parent / "local/linux-64/own-1.0-0.conda").as_uri())
    channels = (f"{CHANNEL}/",)
    of_docs = {"linux-64": (lib,), "win-64": (lib,)}
    assert docs == Environment("docs", exact=of_docs, groups=("docs",), channels=channels)
    own = {"linux-64": (local, lib)}
    assert runtime == Environment("runtime", exact=own, groups=("runtime",), channels=channels)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_written_on_windows(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "pixi.lock"
    text = (DATA / "pixi-6.lock").read_text().replace("\n", "\r\n")
    path.write_bytes(text.replace("../local", "/local").encode(encoding))
    assert [env.name for env in read_file(path)] == ["docs", "runtime"]


LIB = "noarch/lib-1.0-0.conda"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 6", "version: 99", "format version 99"),
        ("version: 6", "version: six", "version"),
        ("url: https", "url: [https", "line"),
        (f"  sha256: {SHA256}", "  sha256: 5ecret", "sha256"),
        (LIB, "amiga/lib-1.0-0.conda", "lib for .* not belong to a channel"),
        (LIB, "win-64/lib-1.0-0.conda", "packages for win-64"),
        (CHANNEL, "ftp://user:pass5ecret@host.example/x", "no URL of http"),
        (CHANNEL, "https://user:pass5ecret@host.example/$x", "a variable"),
        ("  runtime:", "  a/../b:", "'a/../b' cannot be the name of an environment"),
        ("      win-64:", "      amiga:", "amiga"),
    ],
)
def test_spoiled(write: Callable[[str], Path], old: str, new: str, said: str) -> None:
    text = (DATA / "pixi-6.lock").read_text()
    assert old in text
    # the file name no longer says it
    lib = '  name: lib\n  version: "1.0"\n  build: "0"\n  subdir: noarch\n  depends: []\n'
    path = write(text.replace("  depends: []\n", lib).replace(old, new))
    with pytest.raises(InputFileError, match=said) as error:
        read_file(path)
    assert str(error.value).startswith(f"{path} cannot be used: ")
    assert "pass5ecret" not in str(error.value)
    assert len(str(error.value)) < 2000


def test_two_channels(write: Callable[[str], Path]) -> None:
    text = (DATA / "pixi-6.lock").read_text()
    text = text.replace(
        "../local/linux-64/own-1.0-0", "https://u:5ecret@h.example/x/noarch/lib-1.0-0"
    )
    with pytest.raises(InputFileError, match="are of one package") as error:
        read_file(write(text.replace("  subdir: linux-64\n", "  subdir: noarch\n")))
    for url in (f"{CHANNEL}/{LIB}", f"https://h.example/x/{LIB}"):
        assert url in str(error.value)
    assert "5ecret" not in str(error.value)


def test_source_packages(write: Callable[[str], Path]) -> None:
    text = (DATA / "pixi-6.lock").read_text()
    text = text.replace("../local/linux-64/own-1.0-0.conda", "../own")
    own = '  name: own\n  version: "1.0"\n  build: "0"\n  subdir: linux-64\n'
    docs, runtime = read_file(write(text.replace("  subdir: linux-64\n", own)))
    refused = {"own": "a package that is built from its sources"}
    assert (docs.foreign, runtime.foreign) == ({}, {"linux-64": {"runtime": refused}})


def test_names_nothing(write: Callable[[str], Path]) -> None:
    with pytest.raises(InputFileError, match="it names no archive"):
        read_file(write("version: 6\nenvironments: {}\npackages: []\n"))


@pytest.mark.timeout(60)
def test_bombs(write: Callable[[str], Path]) -> None:
    levels = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    begin = "version: 6\nenvironments: {}\n"
    for text, said in (
        (f"{begin}a0: &a0 [x]\n{''.join(levels)}packages: *a11\n", "repetition limit"),
        (f"{begin}packages: {'[' * 100_000}", "nested too deep"),
        (f"{begin}packages: {'[' * 500}", "recursion limit"),
        (f"{begin}packages: {'- ' * 100_000}", "line 3"),
        (f"{begin}packages: {'x' * 1_000_000}", "invalid type: string …"),
        (f"{begin}packages: {'x ' * 500_000}", "invalid type"),
        (f"{begin}packages: !!python/object/apply:os.system ['true']", "expected at least"),
    ):
        with pytest.raises(InputFileError, match=said) as error:
            read_file(write(text))
        assert len(str(error.value)) < 2000


def test_reader_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rattler", None)
    with pytest.raises(LockReaderMissingError, match='conda install -n base "py-rattler>=0.24"'):
        read_file(DATA / "pixi-6.lock")


def test_reader_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(rattler, "LockPlatform")
    with pytest.raises(LockReaderMissingError):
        read_file(DATA / "pixi-6.lock")
