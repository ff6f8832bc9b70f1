"""Real conda packages: PyPI's wheels, the CPython that runs this, and small programs of our own.

The noarch packages and the compiled ones are wheels converted by ``whl2conda``; ``python`` and
``python_abi`` are assembled by rattler-build. Timestamps and the order of files are fixed, so that
the same wheels and the same CPython give the same bytes.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WHEELS = Path(__file__).with_name("wheels.txt")
WHEEL_PLATFORMS = (("manylinux_2_28_x86_64", "manylinux2014_x86_64"), ("win_amd64",))
TARBALLS = ("idna", "six")
MADE_AT = datetime(2024, 1, 1, tzinfo=timezone.utc)

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ABI = f"cp{PYTHON.replace('.', '')}"
NOT_SHIPPED = (
    *("__pycache__", "site-packages", "dist-packages", "config-*", "_bundled"),
    *("test", "tests", "_test*", "_ctypes_test*", "_xxtestfuzz*"),
    *("idlelib", "tkinter", "_tkinter*", "turtledemo"),
    *("EXTERNALLY-MANAGED", "sitecustomize.py"),
)


def download_wheels(folder: Path) -> None:
    """Fetch the wheels of ``wheels.txt`` for this Python, on Linux and on Windows, both x86-64.

    This alone reaches the package index, through ``pip`` and its configuration.

    Args:
        folder: where the wheels go; made if it is not there.

    Raises:
        RuntimeError: ``pip`` failed; the message holds what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for tags in WHEEL_PLATFORMS:
        platforms = [f"--platform={tag}" for tag in tags]
        target = ["--implementation=cp", f"--python-version={PYTHON}", f"--abi={ABI}", *platforms]
        pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
        _run(*pip, "--no-deps", "--only-binary=:all:", *target, "-d", folder, "-r", WHEELS)


def make_packages(wheels: Path, folder: Path) -> None:
    """Make the conda packages that a Python program needs, for linux-64 and for win-64.

    The python package for linux-64 is the CPython that runs this, made relocatable: it works
    where it was made, for the libraries of the operating system, OpenSSL and SQLite among them,
    stay outside. The python package for win-64 is only there to be solved for and to be shipped
    from Linux: it holds the pure standard library and nothing that could be executed.

    Args:
        wheels: a folder filled by `download_wheels`.
        folder: gets ``public/{noarch,linux-64,win-64}`` with the archives, but without an index.

    Raises:
        FileNotFoundError: there are no wheels.
        RuntimeError: the machine or its Python is not of the kind that can be packaged, or one of
            the tools failed; the message says which and why.
    """
    if reason := why_not_here():
        raise RuntimeError(reason)
    files = sorted(wheels.glob("*.whl"))
    if not files:
        raise FileNotFoundError(f"no wheels in {wheels}")
    public = folder / "public"
    for wheel in files:
        _convert(wheel, public)
    for subdir in ("linux-64", "win-64"):
        _make_python(subdir, public)
        _assemble("python_abi", PYTHON, f"2_{ABI}", subdir, public, number=2)


def make_material(folder: Path) -> None:
    """Make the packages in a folder, where this machine can; says so where it cannot.

    Args:
        folder: gets ``wheels`` and ``packages``, the latter made anew.

    Raises:
        RuntimeError: one of the tools failed.
    """
    packages = folder / "packages"
    shutil.rmtree(packages, ignore_errors=True)
    if reason := why_not_here():
        print(f"packages: there are no real ones to test with, for {reason}")
        return
    download_wheels(folder / "wheels")
    make_packages(folder / "wheels", packages)


def make_program(
    folder: Path, name: str, version: str, requirements: Sequence[str], subdir: str = "noarch"
) -> Path:
    """Make a program that imports requests and, started by its name, says which one it found.

    Args:
        folder: gets ``<subdir>/<name>-<version>-py_0.conda``.
        name: of the package, its module and its command; a Python identifier.
        version: of the package.
        requirements: what it depends on beside python, as conda's match specifications.
        subdir: where the channel is to have it; it is a ``noarch: python`` package everywhere.

    Returns:
        The path of the archive.
    """
    source = f'''"""A program of the vendor."""

import requests

__version__ = "{version}"


def main() -> None:
    print("{name}", __version__, "with requests", requests.__version__)
'''
    program = {f"site-packages/{name}/__init__.py": source.encode()}
    index = {
        "arch": None,
        "build": "py_0",
        "build_number": 0,
        "depends": ["python >=3.10", *requirements],
        "license": "LicenseRef-Proprietary",
        "name": name,
        "noarch": "python",
        "platform": None,
        "subdir": subdir,
        "timestamp": _milliseconds(),
        "version": version,
    }
    link = {
        "noarch": {"entry_points": [f"{name} = {name}:main"], "type": "python"},
        "package_metadata_version": 1,
    }
    about = {"license": index["license"], "summary": f"{name}, a program of the vendor"}
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        for path, content in program.items()
    ]
    info = {
        "info/about.json": _json(about),
        "info/files": "".join(f"{path}\n" for path in program).encode(),
        "info/index.json": _json(index),
        "info/link.json": _json(link),
        "info/paths.json": _json({"paths": paths, "paths_version": 1}),
    }
    archive = folder / subdir / f"{name}-{version}-py_0.conda"
    _write_archive(archive, {**info, **program})
    return archive


def _convert(wheel: Path, public: Path) -> None:
    """Turn one wheel into the conda package of its platform."""
    with tempfile.TemporaryDirectory() as scratch:
        _run(
            *(sys.executable, "-m", "whl2conda", "convert", wheel, "--batch", "--ignore-pyproject"),
            *("--format", "tree", "--out-dir", scratch, "--allow-impure", "--all-platforms"),
            *("-R", "charset_normalizer", "charset-normalizer"),
        )
        for tree in Path(scratch).glob("*/*"):
            members = {
                path.relative_to(tree).as_posix(): path.read_bytes()
                for path in tree.rglob("*")
                if path.is_file()
            }
            index = json.loads(members["info/index.json"])
            index["timestamp"] = _milliseconds()
            members["info/index.json"] = _json(index)
            paths = json.loads(members["info/paths.json"])
            paths["paths"].sort(key=lambda path: path["_path"])
            for path in paths["paths"]:  # pip cannot read the METADATA that whl2conda writes
                name = path["_path"].rpartition("site-packages/")[2]
                if re.fullmatch(r"[^/]+\.dist-info/METADATA", name):
                    members[path["_path"]] = metadata = zipfile.ZipFile(wheel).read(name)
                    path["sha256"] = hashlib.sha256(metadata).hexdigest()
                    path["size_in_bytes"] = len(metadata)
            members["info/paths.json"] = _json(paths)
            files = sorted(members["info/files"].splitlines(keepends=True))
            members["info/files"] = b"".join(files)
            extension = ".tar.bz2" if index["name"] in TARBALLS else ".conda"
            _write_archive(public / index["subdir"] / f"{tree.name}{extension}", members)


def _make_python(subdir: str, public: Path) -> None:
    """Make the python package of one platform."""
    version = platform.python_version()
    depends = [f"python_abi {PYTHON}.* *_{ABI}"]
    with tempfile.TemporaryDirectory() as scratch:
        stage = Path(scratch)
        if subdir == "win-64":
            _copy_stdlib(stage / "Lib", "lib-dynload", "_sysconfigdata*")
        else:
            depends.insert(0, "__glibc >=2.17,<3.0.a0")
            _stage_cpython(stage)
        _assemble("python", version, "0_cpython", subdir, public, depends=depends, files=stage)


def _stage_cpython(stage: Path) -> None:
    """Lay out the CPython that runs this as conda has it in an environment."""
    base = Path(sys.base_prefix)
    stdlib = stage / "lib" / f"python{PYTHON}"
    _copy_stdlib(stdlib)
    if "deb_system" in sysconfig.get_scheme_names():
        # Debian's site.py looks for packages in dist-packages alone.
        (stdlib / "sitecustomize.py").write_text(
            "import site\nimport sys\n\n"
            f'site.addsitedir(f"{{sys.prefix}}/lib/python{PYTHON}/site-packages")\n'
        )
    program = stage / "bin" / f"python{PYTHON}"
    program.parent.mkdir()
    shutil.copy2(base / "bin" / program.name, program)
    for link in ("python", "python3"):
        program.with_name(link).symlink_to(program.name)

    modules = sorted(stdlib.glob("lib-dynload/*.so"))
    libraries = [] if base == Path("/usr") else _copy_libraries([program, *modules], base, stage)
    strip = shutil.which("strip")
    if strip:
        _run(strip, "--strip-unneeded", program, *modules, *libraries)
    if libraries:
        _run(_tool("patchelf"), "--set-rpath", "$ORIGIN/../lib", program, *libraries)
        _run(_tool("patchelf"), "--set-rpath", "$ORIGIN/../..", *modules)


def _copy_stdlib(target: Path, *but: str) -> None:
    """Copy the standard library, without what no program needs and without names like `but`."""
    shutil.copytree(
        sysconfig.get_path("stdlib"),
        target,
        ignore=shutil.ignore_patterns(*NOT_SHIPPED, *but),
        ignore_dangling_symlinks=True,
    )


def _copy_libraries(binaries: Sequence[Path], base: Path, stage: Path) -> list[Path]:
    """Copy the shared libraries that `binaries` need and that CPython brings itself."""
    copied: list[Path] = []
    wanted = list(binaries)
    while wanted:
        names = _run(_tool("patchelf"), "--print-needed", *wanted).split()
        wanted = []
        for name in sorted(set(names)):
            library = stage / "lib" / name
            if not library.exists() and (base / "lib" / name).is_file():
                shutil.copy2(base / "lib" / name, library)
                wanted.append(library)
        copied += wanted
    return copied


def _assemble(
    name: str,
    version: str,
    build: str,
    subdir: str,
    public: Path,
    *,
    number: int = 0,
    depends: Sequence[str] = (),
    files: Path | None = None,
) -> None:
    """Write a package of files that are laid out already."""
    from rattler_build import assemble_package

    assemble_package(
        name=name,
        version=version,
        target_platform=subdir,
        build_string=build,
        build_number=number,
        output_dir=public / subdir,
        files_dir=files,
        license="PSF-2.0",
        summary="The programming language" if files else "The binary interface of a Python",
        depends=depends,
        constrains=[] if files else [f"python {version}.* *_cpython"],
        compression_threads=1,
        timestamp=MADE_AT,
    )


def _write_archive(archive: Path, members: Mapping[str, bytes]) -> None:
    """Write `members`, contents by path, as the kind of archive that the file name tells."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    info = sorted(path for path in members if path.startswith("info/"))
    payload = sorted(members.keys() - set(info))
    if archive.name.endswith(".tar.bz2"):
        archive.write_bytes(bz2.compress(_tar(members, [*info, *payload])))
        return

    import zstandard

    stem = archive.name.removesuffix(".conda")
    compressor = zstandard.ZstdCompressor(level=16)
    parts = {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        f"pkg-{stem}.tar.zst": compressor.compress(_tar(members, payload)),
        f"info-{stem}.tar.zst": compressor.compress(_tar(members, info)),
    }
    with zipfile.ZipFile(archive, "w") as container:
        for part, content in parts.items():
            container.writestr(zipfile.ZipInfo(part, MADE_AT.timetuple()[:6]), content)


def _tar(members: Mapping[str, bytes], paths: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in paths:
            entry = tarfile.TarInfo(path)
            entry.size = len(members[path])
            entry.mtime = int(MADE_AT.timestamp())
            tar.addfile(entry, io.BytesIO(members[path]))
    return buffer.getvalue()


def why_not_here() -> str | None:
    """Why the packages cannot be made on this machine, or from this Python; None if they can."""
    machine = (sys.platform, platform.machine(), sys.implementation.name, sys.platlibdir)
    if machine == ("linux", "x86_64", "cpython", "lib"):
        return None
    return (
        "the packages are made from a CPython with its library in lib/ on Linux x86_64; "
        f"this is {platform.python_implementation()} with {sys.platlibdir}/ on "
        f"{platform.system()} {platform.machine()}"
    )


def _run(*command: str | Path) -> str:
    """Run a command and return what it wrote; a failure becomes a RuntimeError that says it."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr or done.stdout}")
    return done.stdout


def _tool(name: str) -> str:
    """Find a program that a package of this Python's environment or the system brings."""
    beside = os.path.dirname(sys.executable)
    program = shutil.which(name, path=os.pathsep.join((beside, os.environ.get("PATH", ""))))
    if program is None:
        raise RuntimeError(f"{name} is not installed")
    return program


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True).encode()


def _milliseconds() -> int:
    return int(MADE_AT.timestamp() * 1000)
