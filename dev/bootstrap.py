"""Make a development environment from nothing but Python and PyPI, and run commands in it.

    python3 dev/bootstrap.py                make or repair .venv
    python3 dev/bootstrap.py demo           the main job as a demonstration
    python3 dev/bootstrap.py test [ARG ...] format, lint, types, imports and tests; ARGs to pytest
    python3 dev/bootstrap.py serve          the server of the tutorial
    python3 dev/bootstrap.py shell          a bash in which `conda` is that of the environment
    python3 dev/bootstrap.py docs           the documentation, to docs/_build/html; Python 3.11
    python3 dev/bootstrap.py windows-test   the tests under Wine; needs a CPython 3.11
    python3 dev/bootstrap.py run COMMAND …  any command of the environment, e.g. `run conda info`

conda is not on PyPI. The newest complete copy there is conda 24.7.1, vendored in the wheel of
conda-lock 4.0.3 under a changed import prefix; this script puts it back under its own name in
`.venv`. With `--python PATH`, PATH being a Python that already has conda, no conda is installed
and nothing but the plugin and the test tools is added to that Python's environment.

Only the standard library is used here, because this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
VENV = REPOSITORY / ".venv"
REQUIREMENTS = REPOSITORY / "dev" / "requirements"
DOCS = REPOSITORY / "docs"
HTML = DOCS / "_build" / "html"
CONDA_LOCK = "conda-lock==4.0.3"
CONDA_VERSION = "24.7.1"
VENDORED_PREFIX = re.compile(rb"\bconda_lock\._?vendor\.conda\b")
#: The variables that `conda activate` sets.
ACTIVATION = re.compile(r"CONDA_(PREFIX|SHLVL|DEFAULT_ENV|PROMPT_MODIFIER|EXE|PYTHON_EXE)|_CE_")
#: Change of any of these makes the environment anew.
INPUTS = (
    Path(__file__).resolve(),
    REQUIREMENTS / "conda.txt",
    REQUIREMENTS / "docs.txt",
    REQUIREMENTS / "test.txt",
    REPOSITORY / "dev" / "upstream" / "wheels.txt",
    REPOSITORY / "pyproject.toml",
)
VERBS = ("demo", "test", "serve", "shell", "docs", "windows-test", "run")
ON_WINDOWS = os.name == "nt"


def say(line: str) -> None:
    print(f"bootstrap: {line}", file=sys.stderr, flush=True)


def bin_folder(python: Path) -> Path:
    return python.parent


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")


def fingerprint(python: Path) -> str:
    """What the environment was made from; equal text means there is nothing to do."""
    digest = hashlib.sha256()
    for part in (str(python), sys.version, str(REPOSITORY)):
        digest.update(part.encode() + b"\0")
    for path in INPUTS:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "-qq", *arguments]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    subprocess.run(command, check=True, env=environment)


def install_conda(python: Path) -> None:
    """Put conda 24.7.1 under its own name into the virtual environment, with a launcher."""
    # older pip, without the package `wheel`, would install pycosat without a record of its files
    pip(python, "install", "--use-pep517", "-r", str(REQUIREMENTS / "conda.txt"))
    purelib = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    unpack_conda(python, Path(purelib) / "conda")
    make_base(VENV, "classic")
    launcher = bin_folder(python) / ("conda.bat" if ON_WINDOWS else "conda")
    if ON_WINDOWS:
        launcher.write_text(f'@"{python}" -m conda %*\n')
    else:
        launcher.write_text(
            f"#!{python}\nimport sys\n\nfrom conda.cli import main\n\n"
            'if __name__ == "__main__":\n    sys.exit(main())\n'
        )
        launcher.chmod(0o755)


def unpack_conda(python: Path, target: Path) -> None:
    """Put conda 24.7.1 under its own name into a folder; `python` has pip."""
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        pip(python, "download", "--no-deps", "--dest", folder, CONDA_LOCK)
        (wheel,) = Path(folder).glob("conda_lock-*.whl")
        vendored = "conda_lock/_vendor/conda/"
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith(vendored) and not name.endswith("/"):
                    path = target / name.removeprefix(vendored)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(VENDORED_PREFIX.sub(b"conda", archive.read(name)))


def make_base(prefix: Path, solver: str) -> None:
    """Make a folder with a Python and conda an environment of conda's, with its own settings."""
    (prefix / "conda-meta").mkdir(exist_ok=True)
    (prefix / "conda-meta" / "history").touch()
    (prefix / ".condarc").write_text(
        f"solver: {solver}\nchannels: []\nnotify_outdated_conda: false\nreport_errors: false\n"
    )


def install_tools(python: Path) -> None:
    """Install the plugin in editable form, the tools, and the material of the tests."""
    files = ("-r", str(REQUIREMENTS / "test.txt"), "-r", str(REQUIREMENTS / "docs.txt"))
    pip(python, "install", *files)
    pip(python, "install", "--editable", str(REPOSITORY))
    code = (
        "from pathlib import Path; from dev.upstream.packages import make_material; "
        f"make_material(Path({str(material(python))!r}))"
    )
    subprocess.run([str(python), "-c", code], check=True, cwd=REPOSITORY)


def material(python: Path) -> Path:
    """Where the wheels, and the conda packages made from them, are kept for this Python."""
    return REPOSITORY / ".material" / hashlib.sha256(str(python).encode()).hexdigest()[:12]


def works(python: Path) -> bool:
    """Whether conda answers and knows the plugin."""
    if not python.exists():
        return False
    command = [str(python), "-m", "conda", "offline-repo", "--help"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def prepare(existing: Path | None) -> Path:
    """Bring the environment up to date.

    Returns the environment's Python. A stamp is written last, so a run that was interrupted
    leaves none and the next run starts afresh.
    """
    python = existing or venv_python()
    stamp = material(python) / "stamp"
    wanted = fingerprint(python)
    if stamp.exists() and stamp.read_text() == wanted and works(python):
        say(f"{python} is up to date, nothing to do")
        return python
    if not existing and Path(sys.prefix).resolve() == VENV.resolve():
        sys.exit(f"bootstrap: {VENV} has to be made anew; run this with a Python outside of it")
    stamp.unlink(missing_ok=True)
    if existing:
        say(f"adding the plugin and the test tools to {python}, which has its own conda")
        command = [str(python), "-c", "import conda"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            sys.exit(f"bootstrap: {python} has no conda; leave out --python to get one")
    else:
        why = "it is incomplete or its inputs changed" if VENV.exists() else "there is none yet"
        say(f"making {VENV} with conda {CONDA_VERSION} from PyPI, because {why} (a minute or two)")
        shutil.rmtree(VENV, ignore_errors=True)
        venv.EnvBuilder(with_pip=True, symlinks=not ON_WINDOWS).create(VENV)
        install_conda(python)
    install_tools(python)
    if not works(python):
        sys.exit(f"bootstrap: `{python} -m conda offline-repo --help` fails; run it to see why")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    return python


def commands(verb: str, arguments: list[str], python: Path) -> list[list[str]]:
    """The command lines that a verb stands for."""
    code = ["conda_offline_repo", "dev", "tests"]
    if verb in ("demo", "serve"):
        return [[str(python), "-m", f"dev.{verb}", *arguments]]
    if verb == "shell":
        return [["bash", "--noprofile", "--rcfile", str(REPOSITORY / "dev" / "shell.sh")]]
    if verb == "test":
        return [
            [str(python), "-m", "ruff", "format", "--check", "."],
            [str(python), "-m", "ruff", "check", "."],
            [str(python), "-m", "mypy", *code],
            [str(bin_folder(python) / "lint-imports"), "--no-cache"],
            [str(python), "-m", "pytest", *arguments],
        ]
    if verb == "docs":
        # all anew: what the pages take from the code is not among what Sphinx watches
        return [[str(python), "-m", "sphinx", "-q", "-E", "-a", "-W", str(DOCS), str(HTML)]]
    if verb == "windows-test":
        return [[str(python), str(REPOSITORY / "dev" / "windows.py"), "test", *arguments]]
    return [arguments] if arguments else []


def terminal() -> dict[str, str]:
    """The variables of this terminal, without those of an environment that is active in it.

    A server on this machine is not asked through a proxy.
    """
    outside = {name: value for name, value in os.environ.items() if not ACTIVATION.match(name)}
    not_by_proxy = filter(None, (os.environ.get("no_proxy"), "127.0.0.1"))
    return {**outside, "no_proxy": ",".join(not_by_proxy)}


def main() -> int:
    """Prepare the environment and run what was asked for; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--python", type=Path, help="an existing Python that has conda (its absolute path)"
    )
    parser.add_argument("verb", nargs="?", choices=VERBS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    python = prepare(options.python)
    environment = {
        **(terminal() if options.verb == "shell" else os.environ),
        "PATH": f"{bin_folder(python)}{os.pathsep}{os.environ.get('PATH', '')}",
        "OFFLINE_REPO_MATERIAL": str(material(python)),
    }
    # without, each worker of the tests translates them anew
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for command in commands(options.verb, options.arguments, python):
        status = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
        if status:
            return status
    if options.verb == "docs":
        print(HTML / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
