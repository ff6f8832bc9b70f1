"""What was measured, as tables in Markdown and as a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.groups import GROWING, ROWS
from tests.benchmarks.measure import Costs
from tests.benchmarks.upstream import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    #: By upstream, by group, by contender.
    Results = Mapping[str, Mapping[str, Mapping[str, Costs]]]

MEGA = 1e6


def ratios(results: Results) -> list[dict[str, Any]]:
    """The lines of the first table, also for JSON."""
    found = []
    for upstream, groups in results.items():
        for row in ROWS:
            ratio = row.ratio(groups.get(row.group, {}))
            if ratio is not None:
                limit = row.limits.get(upstream)
                found.append(
                    {
                        "title": row.title,
                        "upstream": upstream,
                        "group": row.group,
                        "ratio": ratio.medians,
                        "low": ratio.low,
                        "high": ratio.high,
                        "cpu": row.cpu(groups[row.group]),
                        "limit": limit,
                        "met": None if limit is None else ratio.medians <= limit,
                        "unit": row.unit,
                    }
                )
    return found


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    rule = [f"{'-' * (w - 1)}{'-' if column == 0 else ':'}" for column, w in enumerate(widths)]

    def row(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    return "\n".join(map(row, (head, rule, *lines)))


def ratio_table(lines: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        (
            line["title"],
            line["upstream"],
            f"{line['ratio']:.3f}{line['unit']}",
            f"{line['low']:.3f} to {line['high']:.3f}",
            "" if line["cpu"] is None else f"{line['cpu']:.3f}",
            "" if line["limit"] is None else f"{line['limit']}{line['unit']}",
            {True: "yes", False: "no", None: ""}[line["met"]],
        )
        for line in lines
    ]
    return table(("", "upstream", "ratio", "spread", "CPU ratio", "at most", "met"), cells)


def cost_table(results: Results) -> str:
    cells = []
    for upstream, groups in results.items():
        for group, contenders in groups.items():
            for name, costs in contenders.items():
                walls = costs.values["wall"]
                cells.append(
                    (
                        f"{group}: {name}",
                        upstream,
                        f"{costs.median('wall'):.3f}",
                        f"{min(walls):.3f} to {max(walls):.3f}",
                        f"{costs.median('cpu'):.3f}",
                        f"{costs.median('memory') / MEGA:.0f}",
                        f"{costs.median('written') / MEGA:.1f}",
                        str(len(walls)),
                    )
                )
    head = ("", "upstream", "seconds", "spread", "CPU s", "peak MB", "written MB", "runs")
    return table(head, cells)


def growth(results: Results) -> list[dict[str, Any]]:
    """Seconds by size, in all, per package, and for each package more than at the last size."""
    found = []
    sizes = sorted((name for name in results if name.isdigit()), key=int)
    for group, contender in GROWING:
        last: tuple[int, float] | None = None
        for size in sizes:
            costs = results[size].get(group, {}).get(contender)
            if costs is None:
                continue
            count, seconds = int(size), costs.median("wall")
            more = (seconds - last[1]) / (count - last[0]) if last else None
            found.append(
                {
                    "contender": contender,
                    "packages": count,
                    "seconds": seconds,
                    "each": seconds / count,
                    "more": more,
                }
            )
            last = count, seconds
    return found


def growth_table(lines: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        (
            line["contender"],
            str(line["packages"]),
            f"{line['seconds']:.2f}",
            f"{line['each'] * 1000:.2f}",
            "" if line["more"] is None else f"{line['more'] * 1000:.2f}",
        )
        for line in lines
    ]
    return table(("", "packages", "seconds", "ms a package", "ms a further package"), cells)


def comparison_table(results: Results, earlier: Results) -> str:
    """The medians now in terms of those of an earlier run."""
    cells = []
    for upstream, group, name, costs in _each(results):
        before = earlier.get(upstream, {}).get(group, {}).get(name)
        if before is not None:
            then, now = before.median("wall"), costs.median("wall")
            memory = costs.median("memory") / before.median("memory")
            cells.append(
                (
                    f"{group}: {name}",
                    upstream,
                    f"{then:.3f}",
                    f"{now:.3f}",
                    f"{now / then:.3f}",
                    f"{memory:.3f}",
                )
            )
    head = ("", "upstream", "seconds then", "now", "now / then", "memory now / then")
    return table(head, cells)


def _each(results: Results) -> Iterator[tuple[str, str, str, Costs]]:
    for upstream, groups in results.items():
        for group, contenders in groups.items():
            for name, costs in contenders.items():
                yield upstream, group, name, costs


def as_json(results: Results) -> dict[str, Any]:
    return {
        upstream: {
            group: {name: costs.values for name, costs in contenders.items()}
            for group, contenders in groups.items()
        }
        for upstream, groups in results.items()
    }


def from_json(data: Mapping[str, Any]) -> Results:
    return {
        upstream: {
            group: {name: Costs(values) for name, values in contenders.items()}
            for group, contenders in groups.items()
        }
        for upstream, groups in data.items()
    }


def check_plot() -> None:
    """See that there is what plots.

    Raises:
        UnavailableError: There is not.
    """
    try:
        import matplotlib  # noqa: F401 (only whether it is there)
    except ImportError:
        raise UnavailableError("--plot needs matplotlib: pip install matplotlib") from None


def plot(results: Results, path: Path) -> None:
    """Write a picture: what each contender took, and how that grows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    upstream = "200" if "200" in results else next(iter(results))
    bars = [
        (f"{group}: {name}", costs) for of, group, name, costs in _each(results) if of == upstream
    ]
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(14, 2 + 0.3 * len(bars)), width_ratios=(3, 2), layout="constrained"
    )
    for position, (name, costs) in enumerate(reversed(bars)):
        walls, median = costs.values["wall"], costs.median("wall")
        ours = name.partition(": ")[2].startswith(("ours", "verify", "indexing"))
        color = "tab:blue" if ours or name.endswith(", with") else "tab:gray"
        left.barh(position, median, color=color)
        left.plot((min(walls), max(walls)), (position, position), color="black", linewidth=1)
    left.set_yticks(range(len(bars)), [name for name, _ in reversed(bars)])
    left.set_xlabel("seconds: median, and from least to most")
    left.set_xscale("log")
    left.set_title(f"upstream {upstream}")

    lines = growth(results)
    for name in dict.fromkeys(line["contender"] for line in lines):
        own = [line for line in lines if line["contender"] == name]
        right.plot(
            [line["packages"] for line in own],
            [line["seconds"] for line in own],
            marker="o",
            label=name,
        )
    right.set_xlabel("packages")
    right.set_ylabel("seconds")
    right.set_title("growth")
    if lines:
        right.legend()
    figure.savefig(path, dpi=120)
