"""What archives hold that is not for the customer's machine, looked at when they come."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives import facts
from conda_offline_repo.builder.release.exceptions import (
    FailOnError,
    SameNameError,
    UnfitArchivesError,
    WithoutPythonError,
)
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside
    from tests.support.tiny import Format, TinyPackage

EXTENSION = "site-packages/m/_x.cpython-312-x86_64-linux-gnu.so"
BROKEN = "m = m:main [extra]"


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "channel")
    for subdir in ("linux-64", "win-64"):
        channel.add("python", "3.12.7", build="0_cp312", subdir=subdir)
    channel.add("pip", depends=["python"])  # conda takes it for a need of python
    return channel


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")


def modules(
    channel: TinyChannel,
    name: str,
    *paths: str,
    depends: tuple[str, ...] = ("python",),
    entry_points: tuple[str, ...] = (),
    format: Format = "conda",
    subdir: str = "noarch",
) -> TinyPackage:
    """Add a `noarch: python` package."""
    link = {"noarch": {"type": "python", "entry_points": entry_points}}
    files = {f"site-packages/{name}.py": "", **dict.fromkeys(paths, "\x7fELF")}
    return channel.add(
        name,
        depends=depends,
        files={**files, "info/link.json": json.dumps(link)},
        record={"noarch": "python"},
        format=format,
        subdir=subdir,
    )


def options(
    me: Inside, channel: TinyChannel, *packages: str, platforms: tuple[str, ...] = ("linux-64",)
) -> Options:
    channel.write()
    return me.options(*packages, channels=(channel.folder.as_uri(),), platforms=platforms)


def kinds(outcome: BuildOutcome) -> list[str]:
    return [warning.kind for warning in outcome.warnings]


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
def test_all_that_would_not_work_is_named_and_nothing_published(
    me: Inside, channel: TinyChannel, format: Format
) -> None:
    modules(channel, "m", EXTENSION, format=format)
    modules(channel, "n", "site-packages/n/libz.so.1.2", format=format)
    modules(channel, "e", entry_points=(BROKEN, "e = e:main"), format=format)
    modules(channel, "f", entry_points=("f = f:main [x]",), subdir="win-64")
    modules(channel, "good", entry_points=("good = good:main",), format=format)
    packages = ("m", "n", "e", "f", "good")
    with pytest.raises(UnfitArchivesError) as caught:
        me.build(options(me, channel, *packages, platforms=("win-64",)))
    text = str(caught.value)
    assert f"- noarch/m-1.0-0.{format}, for win-64: {EXTENSION}\n" in text
    assert f"- noarch/n-1.0-0.{format}, for win-64: site-packages/n/libz.so.1.2\n" in text
    assert f"- noarch/e-1.0-0.{format}: {BROKEN}\n" in text
    assert "- win-64/f-1.0-0.conda: f = f:main [x]\n" in text
    assert "good" not in text
    assert not (me.root / "bank" / "offline-repo.json").exists()


def test_what_fits_some_machines_is_told_once(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules(channel, "m", EXTENSION)
    modules(channel, "own", EXTENSION, depends=("python", "__linux"))
    modules(channel, "all", "site-packages/a.so", "site-packages/a.dll", "site-packages/a.dylib")
    channel.add("sysroot", files={"x86_64-conda-linux-gnu/sysroot/lib64/libc.so.6": ""})
    request = options(me, channel, "m", "own", "all", "sysroot")
    with pytest.raises(FailOnError, match=r"noarch: noarch/m-1\.0-0\.conda is noarch, .*_x\.cp"):
        me.build(replace(request, fail_on=("noarch",)))
    assert kinds(me.build(request)) == ["noarch"]

    def read(*_: object, **__: object) -> None:
        raise AssertionError("an archive was read again")

    channel.add("other")
    more = options(me, channel, "m", "own", "all", "other")
    with monkeypatch.context() as patch:
        patch.setattr(facts, "contents_of", read)
        assert not me.build(request).changed
        with pytest.raises(AssertionError):
            me.build(more)
    assert kinds(me.build(more)) == []


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
def test_program_is_told_from_a_script(me: Inside, channel: TinyChannel, format: Format) -> None:
    """As the wheels of ruff and uv have one, which needs no module of Python's."""
    rest = "x" * (1 << 16)
    paths = {"python-scripts/p": f"\x7fELF{rest}", "python-scripts/s": f"#!/bin/sh\n{rest}"}
    channel.add("p", files=paths, format=format)
    assert kinds(me.build(options(me, channel, "p"))) == ["noarch"]
    with pytest.raises(UnfitArchivesError, match=r"p-1\.0-0\..*, for win-64: python-scripts/p\n"):
        me.build(options(me, channel, "p", platforms=("win-64",)))
    channel.add("q", files={"bin/s": rest, "bin/small": "\x7fELF"})
    channel.add("r", files={"Scripts/r.exe": f"MZ{rest}"})
    assert kinds(me.build(options(me, channel, "q"))) == []
    assert kinds(me.build(options(me, channel, "r"))) == ["noarch"]


def test_archive_at_hand_is_looked_at_for_another_machine(me: Inside, channel: TinyChannel) -> None:
    modules(channel, "m", EXTENSION)
    me.build(options(me, channel, "m"))
    for dry_run in (True, False):
        both = options(me, channel, "m", platforms=("linux-64", "win-64"))
        with pytest.raises(UnfitArchivesError, match=r"- noarch/m-1\.0-0\.conda, for win-64: "):
            me.build(both, dry_run=dry_run)
    channel.add("python", "3.13.1", build="0_cp313", subdir="linux-64")
    with pytest.raises(UnfitArchivesError, match=r"- noarch/m-1\.0-0\.conda, for linux-64: "):
        me.build(options(me, channel, "m"))


def test_free_threaded_python_imports_modules_of_its_own(me: Inside, channel: TinyChannel) -> None:
    modules(channel, "m", EXTENSION.replace("312", "313t"))
    channel.add("python", "3.13.1", build="0_cp313", subdir="linux-64")
    with pytest.raises(UnfitArchivesError):
        me.build(options(me, channel, "m"))
    channel.add("python", "3.13.2", build="0_cp313t", subdir="linux-64")
    assert kinds(me.build(options(me, channel, "m"))) == ["noarch"]


def test_modules_without_a_python(me: Inside, channel: TinyChannel) -> None:
    modules(channel, "m", depends=())
    modules(channel, "n", depends=())
    for dry_run in (True, False):
        with pytest.raises(WithoutPythonError) as caught:
            me.build(options(me, channel, "m", "n"), dry_run=dry_run)
        assert "- for linux-64: noarch/m-1.0-0.conda, noarch/n-1.0-0.conda" in str(caught.value)
    assert not me.root.exists()


def test_modules_whose_python_others_bring(me: Inside, channel: TinyChannel) -> None:
    """As conda-forge's seaborn has it by seaborn-base."""
    modules(channel, "m", depends=())
    modules(channel, "base")
    modules(channel, "through", depends=("base",))
    assert kinds(me.build(options(me, channel, "through"))) == []
    outcome = me.build(options(me, channel, "through", "m"))
    assert kinds(outcome) == ["noarch"]
    assert "say so: noarch/m-1.0-0.conda." in outcome.warnings[0].text


@pytest.mark.usefixtures("uv")
@pytest.mark.parametrize("platform", ["linux-64", "win-64"])
def test_wheel_beside_a_package_with_its_modules(
    me: Inside, channel: TinyChannel, tmp_path: Path, platform: str
) -> None:
    own = "Lib" if platform == "win-64" else "lib/python3.12"
    cv2 = {f"{own}/site-packages/cv2/__init__.py": "x = 1\n", f"{own}/site-packages/b.py": ""}
    channel.add("py-opencv", subdir=platform, depends=["python"], files=cv2)
    files = {"cv2/__init__.py": "", "{dist}.data/data/share/a": "", "tests/__init__.py": ""}
    for name in ("own-cv", "own-cv-headless"):
        write_wheel(tmp_path / "wheels", name, files=files)
    pip = ("--no-index", f"--find-links {tmp_path / 'wheels'}", "own-cv", "own-cv-headless")
    request = replace(options(me, channel, "py-opencv", "python", platforms=(platform,)), pip=pip)
    with pytest.raises(FailOnError) as caught:
        me.build(replace(request, fail_on=("two-providers",)))
    both = f"For {platform}, two packages have cv2:"
    wheels = ("own-cv 1.0 from a wheel", "own-cv-headless 1.0 from a wheel")
    told = {warning.text.partition(". conda ")[0] for warning in caught.value.warnings}
    assert told == {
        f"{both} {wheels[0]} and {wheels[1]}",
        f"{both} {wheels[0]} and py-opencv 1.0",
        f"{both} {wheels[1]} and py-opencv 1.0",
    }
    assert kinds(me.build(request)).count("two-providers") == 3
    assert "two-providers" not in kinds(me.build(request))


@pytest.mark.usefixtures("uv")
def test_projects_that_are_one_package_in_conda(
    me: Inside, channel: TinyChannel, tmp_path: Path
) -> None:
    for name in ("opencv-python", "opencv-python-headless"):
        write_wheel(tmp_path / "wheels", name)
    pip = ("--no-index", f"--find-links {tmp_path / 'wheels'}")
    request = options(me, channel, "python")
    both = (*pip, "opencv-python", "opencv-python-headless")
    with pytest.raises(SameNameError) as caught:
        me.build(replace(request, pip=both))
    assert "- for linux-64, opencv: opencv-python 1.0, opencv-python-headless 1.0\n" in str(
        caught.value
    )
    me.build(replace(request, pip=both[:-1]))
