"""Time conda offline-repo beside what a user would take instead.

Makes upstream channels (once; they are kept), serves them on 127.0.0.1 from a process of its own,
and times whole processes that take turns, each from folders of its own. Prints tables in Markdown
to stdout, and what it is doing to stderr.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import report
from tests.benchmarks.contenders import Bench, solver
from tests.benchmarks.groups import DELAYS, GROUPS, SIZES
from tests.benchmarks.measure import FailedError, alternate
from tests.benchmarks.prepare import NAMED, prepare
from tests.benchmarks.upstream import CHANNELS, SMALL, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.benchmarks.measure import Contender, Costs
    from tests.benchmarks.upstream import Upstream

REPOSITORY = Path(__file__).resolve().parents[2]
#: Upstreams that are soon made and measured.
QUICK = ("40", SMALL)
#: With fewer runs a median says little.
FEWEST = 5
TOOLS = ("conda", "conda-index", "conda-offline-repo", "conda-rattler-solver", "py-rattler")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def upstream_name(text: str) -> str:
    if text in NAMED or (text.isdigit() and int(text) > 0):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor one of {', '.join(NAMED)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        *("--packages", "-p"),
        metavar="N",
        type=upstream_name,
        nargs="+",
        help="upstreams: numbers of packages, or "
        + "; ".join(f"{name}: {text}" for name, text in NAMED.items())
        + f" (default: all of these, and {' '.join(SIZES)})",
    )
    parser.add_argument(
        *("--delays", "-d"),
        metavar="SECONDS",
        type=float,
        nargs="+",
        help="before each answer of the upstreams' servers; what does not ask any is left out then "
        f"(default: 0, and {' '.join(map(str, DELAYS))} for {CHANNELS})",
    )
    parser.add_argument(
        "--against",
        metavar="FOLDER",
        type=Path,
        help="a checkout of another version of the plugin, as `git worktree add` makes it, which "
        "cold builds are compared with",
    )
    parser.add_argument(
        "--runs", type=int, help=f"counted runs after a warm-up (default: {FEWEST})"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"a first look, in a few minutes: --packages {' '.join(QUICK)} --runs 1, and nothing "
        "that takes minutes, unless told otherwise",
    )
    names = list(dict.fromkeys(group.name for group in GROUPS))
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", choices=names, help=f"some of: {', '.join(names)}"
    )
    parser.add_argument("--json", metavar="OUT", type=Path, help="write all that was measured")
    parser.add_argument("--plot", metavar="OUT.png", type=Path, help="needs matplotlib")
    parser.add_argument(
        "--compare", metavar="EARLIER.json", type=Path, help="what an earlier --json wrote"
    )
    parser.add_argument(
        "--work",
        metavar="DIR",
        type=Path,
        default=Path(tempfile.gettempdir()) / "conda-offline-repo-benchmarks",
        help="where upstreams are kept and runs take place (default: %(default)s)",
    )
    options = parser.parse_args()
    if options.quick:
        options.packages = options.packages or list(QUICK)
        options.runs = options.runs or 1
        options.only = options.only or [group.name for group in GROUPS if not group.slow]
    options.packages = options.packages or [*SIZES, *NAMED]
    options.runs = FEWEST if options.runs is None else options.runs
    if options.runs < 1:
        parser.error("--runs is at least 1")
    return options


@contextmanager
def serving(folder: Path, delay: float) -> Iterator[str]:
    """Serve the channels below a folder, with seconds before each answer; yields where."""
    command = [sys.executable, "-m", "tests.benchmarks.serve", str(folder), str(delay)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def measure(
    bench: Bench, work: Path, runs: int, only: list[str] | None
) -> dict[str, dict[str, Costs]]:
    """Time all groups that fit an upstream; by group, by contender."""
    found: dict[str, dict[str, Costs]] = {}
    for group in GROUPS:
        if (only and group.name not in only) or not group.fits(bench):
            continue
        say(f"upstream {bench.title}, {group.name}:")
        try:
            contenders = [c for c in group.contenders(bench) if _available(c, work / "probe")]
            costs = alternate(contenders, runs * group.rounds, work / "run", say)
        except FailedError as error:
            say(f"  left out, because it does not work: {error}")
            continue
        found.setdefault(group.name, {}).update(costs)
    return found


def _available(contender: Contender, folder: Path) -> bool:
    """Whether this machine has what a contender needs; says what it lacks."""
    folder.mkdir(parents=True)
    try:
        contender.prepare(folder)
    except UnavailableError as error:
        say(f"  {contender.name} is left out: {error}")
        return False
    finally:
        shutil.rmtree(folder)
    return True


def about(options: argparse.Namespace, engine: str) -> dict[str, Any]:
    """Where and with what it was measured."""
    tools = {"python": platform.python_version()}
    for name in TOOLS:
        try:
            tools[name] = version(name)
        except PackageNotFoundError:
            continue
    if "conda" not in tools:
        from conda import __version__

        tools["conda"] = __version__
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "solver": engine,
        "runs": options.runs,
        "tools": tools,
    }


def heading(where: dict[str, Any], upstreams: list[Upstream]) -> str:
    tools = ", ".join(f"{name} {number}" for name, number in sorted(where["tools"].items()))
    machine = f"{where['system']}, {where['cores']} cores, load {where['load']:.1f} at the start"
    lines = [
        f"{machine}; {tools}; solver {where['solver']}; {where['runs']} rounds or more",
        "",
        *(
            f"- upstream {u.name}: {u.listed} archives"
            + (f", of which {u.needed} with {u.size / 1e6:.0f} MB are asked for" if u.size else "")
            for u in upstreams
        ),
    ]
    return "\n".join(lines)


def main() -> int:
    options = parse()
    if options.runs < FEWEST:
        say(f"{options.runs} runs are for a first look; a median takes {FEWEST}")
    earlier = json.loads(options.compare.read_bytes()) if options.compare else None
    work = options.work.absolute()
    engine = solver()
    where = about(options, engine)
    results: dict[str, dict[str, dict[str, Costs]]] = {}
    upstreams = []
    try:
        if options.plot:
            report.check_plot()
    except UnavailableError as error:
        say(str(error))
        return 1
    shutil.rmtree(work / "probe", ignore_errors=True)
    (work / "channels").mkdir(parents=True, exist_ok=True)
    against = options.against and options.against.absolute()
    for name in dict.fromkeys(options.packages):
        try:
            upstream = prepare(name, work / "channels", say)
        except UnavailableError as error:
            say(f"upstream {name} is left out: {error}")
            continue
        upstreams.append(upstream)
        for delay in options.delays or (DELAYS if name == CHANNELS else (0,)):
            with serving(work / "channels", delay) as server:
                bench = Bench(upstream, server, delay, work / "bench", engine, against, say)
                with closing(bench):
                    results[bench.title] = measure(bench, work, options.runs, options.only)
    lines, grown = report.ratios(results), report.growth(results)
    print(heading(where, upstreams))
    print(f"\n{report.ratio_table(lines)}\n\n{report.cost_table(results)}")
    if len({line["packages"] for line in grown}) > 1:
        print(f"\n{report.growth_table(grown)}")
    if earlier:
        before = report.from_json(earlier["costs"])
        print(
            f"\nCompared with {earlier['about']['date']}:\n\n"
            f"{report.comparison_table(results, before)}"
        )
    if options.json:
        data = {
            "about": where,
            "ratios": lines,
            "growth": grown,
            "costs": report.as_json(results),
        }
        options.json.write_text(f"{json.dumps(data, indent=1)}\n")
    if options.plot:
        report.plot(results, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
