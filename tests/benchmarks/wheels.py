"""Time packages of PyPI: their conversion, and a build that finds nothing new.

    python -m tests.benchmarks.wheels FOLDER [--runs N] [--delay SECONDS]

FOLDER has wheels for linux-64 and the Python that runs this, with all that they need; `pip download
--only-binary :all:` fills one. Converting them is compared with `whl2conda convert` for each. A
label with them is compared with the same without, both from a server that waits before it answers.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name, parse_wheel_filename

from conda_offline_repo.builder.pypi.conversion.convert import convert
from conda_offline_repo.builder.pypi.conversion.read_wheel import read_wheel
from conda_offline_repo.builder.pypi.conversion.record import record_of
from conda_offline_repo.builder.pypi.names import conda_name
from conda_offline_repo.builder.pypi.wheel import wheel_at
from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.files.workers import run_all
from tests.benchmarks.measure import Contender, Job, alternate, ratio
from tests.support.tiny import TinyChannel
from tests.support.wheels import target

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
#: Packages of the label beside Python and those of PyPI.
OTHERS = 150
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
ABI = f"cp{MINOR.replace('.', '')}"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def convert_all(wheels: Path, packages: Path) -> None:
    """Convert all wheels of a folder, as a build does."""
    machine = target(python=platform.python_version())

    def converted(path: Path) -> None:
        wheel = wheel_at(path.as_uri(), hash_file(path).sha256)
        metadata = read_wheel(path)
        names = (frozenset[str](), conda_name)
        file, record = record_of(wheel, metadata, machine, *names, python_abi=True)
        convert(path, record, packages / file)

    run_all(converted, sorted(wheels.glob("*.whl")))


def conversion(wheels: Path) -> list[Contender]:
    tool = Path(sys.executable).with_name("whl2conda")
    options = "--batch --allow-impure --all-platforms --format conda --out-dir ."
    each = f'for wheel in "$1"/*.whl; do "$0" convert {options} "$wheel" || true; done'
    module = (sys.executable, "-m", "tests.benchmarks.wheels", str(wheels), "--into")

    def job(*command: str, cwd: Path) -> Job:
        return Job(command, {**os.environ, "PYTHONPATH": str(REPOSITORY)}, cwd)

    return [
        Contender("converted", lambda folder: job(*module, str(folder), cwd=folder)),
        Contender("whl2conda", lambda f: job("bash", "-c", each, str(tool), str(wheels), cwd=f)),
    ]


def unchanged(work: Path, address: str, projects: list[str]) -> list[Contender]:
    (work / "home").mkdir()
    variables = {key: value for key, value in os.environ.items() if key[:3] not in ("PIP", "UV_")}
    variables |= {"HOME": str(work / "home"), "CONDA_PKGS_DIRS": str(work / "pkgs")}
    variables |= {"UV_DEFAULT_INDEX": f"{address}/simple", "UV_CACHE_DIR": str(work / "uv")}
    command = [sys.executable, "-m", "conda", "offline-repo", "build", "--root", str(work)]
    first = [*command, "--no-label-channel", "--override-channels", "-c", f"{address}/channel"]
    first += ["--platform", "linux-64", "python", "app"]
    pip = [part for project in projects for part in ("--pip", project)]
    contenders = []
    for label, more in (("without", []), ("with", pip)):
        subprocess.run([*first, "--label", label, *more], env=variables, check=True)
        contenders.append(_again(label, Job((*command, "--label", label), variables, work)))
    return contenders


def _again(label: str, job: Job) -> Contender:
    return Contender(label, lambda _: job)


def publish(folder: Path, wheels: Path) -> list[str]:
    """Lay out a channel and an index; returns the projects."""
    channel = TinyChannel(folder / "channel")
    channel.add("python_abi", MINOR, build=f"5_{ABI}", subdir="linux-64")
    need = [f"python_abi {MINOR}.* *_{ABI}"]
    version = platform.python_version()
    channel.add("python", version, build=f"0_{ABI}", subdir="linux-64", depends=need)
    channel.add("pip", "26.0", depends=["python"])
    names = [f"lib{number:03}" for number in range(OTHERS)]
    for name in names:
        channel.add(name, "1.0", depends=["python"])
    channel.add("app", "1.0", depends=names)
    channel.write()
    projects: dict[str, list[Path]] = {}
    for wheel in sorted(wheels.glob("*.whl")):
        projects.setdefault(canonicalize_name(parse_wheel_filename(wheel.name)[0]), []).append(
            wheel
        )
    for project, files in projects.items():
        page = folder / "simple" / project / "index.html"
        page.parent.mkdir(parents=True)
        for file in files:
            shutil.copy2(file, page.parent)
        digests = ((file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files)
        page.write_text("".join(f'<a href="{n}#sha256={d}">{n}</a>' for n, d in digests))
    return list(projects)


@contextmanager
def served(folder: Path, delay: float) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.serve", str(folder), str(delay)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": REPOSITORY}
    with subprocess.Popen(command, **pipes) as server:  # type: ignore[call-overload]
        yield server.stdout.readline().strip()
        server.stdin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--delay", type=float, default=0.08)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    wheels = args.wheels.resolve()
    if args.into:
        convert_all(wheels, args.into)
        return
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        projects = publish(work / "served", wheels)
        with served(work / "served", args.delay) as address:
            groups = {
                "conversion": conversion(wheels),
                "unchanged": unchanged(work, address, projects),
            }
            print("| what | median, s | ratio | lowest | highest |\n|---|---|---|---|---|")
            for title, contenders in groups.items():
                costs = alternate(contenders, args.runs, work / "run", say)
                first, second = contenders if title == "conversion" else reversed(contenders)
                walls = [costs[contender.name].values["wall"] for contender in (first, second)]
                medians = [costs[contender.name].median("wall") for contender in (first, second)]
                found = ratio(*walls)
                print(
                    f"| {title}: {first.name} / {second.name} | {medians[0]:.2f} / {medians[1]:.2f}"
                    f" | {found.medians:.2f} | {found.low:.2f} | {found.high:.2f} |"
                )


if __name__ == "__main__":
    main()
