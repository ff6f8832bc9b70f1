"""What is compared with what, and the ratios that come out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks import labels, web
from tests.benchmarks.contenders import BARE, FIFTY, WITHOUT_PLUGIN, titled
from tests.benchmarks.forge import FORGE, FORMS
from tests.benchmarks.measure import Contender, Ratio, difference, ratio
from tests.benchmarks.upstream import CHANNELS, SMALL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.benchmarks.contenders import Bench
    from tests.benchmarks.measure import Costs

#: The size that the limits are for, unless a row says otherwise.
USUAL = "200"
SIZES = (USUAL, "1000", "5000")
#: Seconds before each answer, as from a server far away, for the upstream that is timed with them.
DELAYS = (0.08, 0.2)
NEAR, FAR = AFAR = tuple(titled(CHANNELS, delay) for delay in DELAYS)
#: Where rows without a limit are shown on the page about them.
SHOWN = (USUAL, SMALL, NEAR)
#: The largest size for which things are timed that grow with it and have no limit there.
FEW = 200
#: The same for what needs 1 GB to say something.
MANY = 1000
COMMANDS = {
    "conda --version": ("--version",),
    "conda list": ("list", "-p", "PREFIX"),
    "conda info": ("info",),
}


@dataclass(frozen=True)
class Group:
    """Contenders that take turns.

    Attributes:
        name: for `--only`.
        contenders: makes them, by the upstream's bench.
        largest: the number of packages of the largest upstream that it is for.
        release: whether it needs an upstream with a release.
        huge: whether it is for indexes of conda-forge's size as well.
        afar: whether it is for several channels, and servers far away, as well.
        slow: whether it takes minutes; for numbered upstreams alone, and not for a first look.
        rounds: times the rounds that were asked for, as short runs need more.
    """

    name: str
    contenders: Callable[[Bench], list[Contender]]
    largest: float = math.inf
    release: bool = False
    huge: bool = False
    afar: bool = False
    slow: bool = False
    rounds: int = 1

    def fits(self, bench: Bench) -> bool:
        name = bench.upstream.name
        if name == CHANNELS or bench.delay:
            return self.afar
        if name in FORMS:
            return self.huge
        if self.release and not bench.upstream.released:
            return False
        if not name.isdigit():
            return not self.slow
        return int(name) <= self.largest


def _cold(bench: Bench) -> list[Contender]:
    return [
        Contender("ours, cold", bench.cold),
        Contender("Rust engine, cold", bench.engine_cold),
        Contender("ours, warm", bench.warm),
        Contender("ours, cold, with a token", bench.with_token),
        Contender("conda create --dry-run", bench.dry_run),
    ]


def _network(bench: Bench) -> list[Contender]:
    return [
        Contender("ours, cold", bench.cold),
        Contender("Rust engine with 50, cold", partial(bench.engine_cold, threads=FIFTY)),
        Contender("ours before, cold", bench.cold_before),
        Contender("conda create --dry-run", bench.dry_run),
    ]


def _floors(bench: Bench) -> list[Contender]:
    return [
        Contender("fetching alone", partial(bench.floor, what="fetch")),
        Contender("fetching alone with 50", partial(bench.floor, what="fetch", threads=FIFTY)),
        Contender("plain fetching with 50", partial(bench.floor, what="plain", threads=FIFTY)),
        Contender("decoding alone", partial(bench.floor, what="decode")),
    ]


def _old(bench: Bench) -> list[Contender]:
    return [Contender("ours, cold", bench.cold), Contender("old procedure", bench.old)]


def _progress(bench: Bench) -> list[Contender]:
    return [
        Contender("ours, on a terminal", partial(bench.watched, terminal=True)),
        Contender("ours, on none", partial(bench.watched, terminal=False)),
    ]


def _unchanged(bench: Bench) -> list[Contender]:
    return [
        Contender("ours, unchanged", bench.unchanged),
        Contender("conda's start", bench.start),
        Contender("conda create --dry-run, again", bench.dry_run_again),
        Contender("Rust engine, unchanged", bench.engine_unchanged),
        Contender("Rust engine, unchanged, trusting sizes", bench.engine_trusting),
    ]


def _update(bench: Bench) -> list[Contender]:
    return [
        Contender("ours, one updated", bench.updated),
        Contender("Rust engine, one updated", bench.engine_updated),
    ]


def _delivery(bench: Bench) -> list[Contender]:
    return [
        Contender(f"{name}, {what}", partial(contender, first=what == "first"))
        for what in ("first", "one updated")
        for name, contender in (
            ("sync", bench.sync),
            ("rsync", bench.rsync),
            ("rsync --fsync", partial(bench.rsync, last=True)),
        )
    ]


def _packing(bench: Bench) -> list[Contender]:
    return [Contender("pack", bench.pack), Contender("zip -0", bench.zip)]


def _verify(bench: Bench) -> list[Contender]:
    return [
        Contender("verify", bench.verify),
        Contender("conda's start", bench.start),
        Contender("sha256sum -c", bench.sha256sum),
        Contender("reading the files", bench.reading),
    ]


def _indexing(bench: Bench) -> list[Contender]:
    return [Contender("indexing and manifest", bench.indexing)]


def _command(name: str, bench: Bench) -> list[Contender]:
    arguments = COMMANDS[name]
    return [
        Contender(f"{name}, with", partial(bench.command, *arguments)),
        Contender(f"{name}, without", partial(bench.command, *arguments, without=WITHOUT_PLUGIN)),
        Contender(f"{name}, bare", partial(bench.command, *arguments, without=BARE)),
    ]


def _hooks(bench: Bench) -> list[Contender]:
    return [
        Contender("offline install, with", bench.hooks),
        Contender("offline install, without", partial(bench.hooks, without=WITHOUT_PLUGIN)),
    ]


GROUPS = (
    Group("cold", _cold),
    Group("network", _network, largest=FEW, afar=True),
    Group("floors", _floors, largest=FEW, afar=True),
    Group("old", _old, largest=FEW),
    Group("progress", _progress, largest=FEW, release=True, rounds=3),
    Group("unchanged", _unchanged, huge=True, afar=True),
    *(
        Group(
            f"labels-{what}",
            partial(labels.contenders, what=what),
            largest=FEW,
            slow=True,
            afar=True,
        )
        for what in (labels.COLD, labels.UNCHANGED)
    ),
    Group("update", _update, release=True),
    Group("delivery", _delivery, release=True),
    Group("packing", _packing, largest=FEW),
    Group("use", web.use, largest=FEW, release=True),
    Group("store", web.store, largest=MANY, release=True),
    Group("verify", _verify),
    Group("indexing", _indexing, release=True),
    *(
        Group("commands", partial(_command, name), largest=FEW, release=True, slow=True, rounds=8)
        for name in COMMANDS
    ),
    Group("hooks", _hooks, largest=FEW, release=True),
)


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        title: as it is printed.
        group: whose runs it is about.
        first: the contender that is judged.
        second: the one it is compared with; empty if its own two costs are.
        kind: the cost that is compared.
        divisor: the cost that it is divided by, where there is no second contender; empty for none.
        limits: by upstream, what it is to be no more than.
        difference: whether the second cost is taken off the first, in the place of a ratio.
        scale: what the ratio is multiplied by to be printed.
        unit: of what is printed.
    """

    title: str
    group: str
    first: str
    second: str = ""
    kind: str = "wall"
    divisor: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)
    difference: bool = False
    scale: float = 1
    unit: str = ""

    def cpu(self, costs: Mapping[str, Costs]) -> float | None:
        """The ratio of CPU times, which a busy machine changes less; None if it means nothing."""
        if self.kind != "wall" or not self.second or self.difference:
            return None
        least = 0.01  # of less, the clocks say little
        first, second = (
            max(least, costs[name].median("cpu")) for name in (self.first, self.second)
        )
        return first / second

    def ratio(self, costs: Mapping[str, Costs]) -> Ratio | None:
        """The ratio that came out; None if it was not measured."""
        if self.first not in costs or (self.second and self.second not in costs):
            return None
        values = costs[self.first].values[self.kind]
        if self.second:
            compared = difference if self.difference else ratio
            return compared(values, costs[self.second].values[self.kind])
        others = costs[self.first].values[self.divisor] if self.divisor else [1.0] * len(values)
        found = ratio(values, others)
        return Ratio(found.medians * self.scale, found.low * self.scale, found.high * self.scale)


ROWS = (
    Row(
        *("cold build / Rust engine with five at once", "cold"),
        *("ours, cold", "Rust engine, cold"),
        limits={USUAL: 0.75, SMALL: 2.0},
    ),
    Row(
        *("cold build / Rust engine with 50 at once", "network"),
        *("ours, cold", "Rust engine with 50, cold"),
        limits={NEAR: 1.0, FAR: 1.0},
    ),
    Row(
        *("floor of that: a cold `conda create --dry-run`, of one platform", "network"),
        *("conda create --dry-run", "Rust engine with 50, cold"),
    ),
    Row(
        *("cold build / that of the version before", "network"),
        *("ours, cold", "ours before, cold"),
        limits={NEAR: 0.25},
    ),
    Row("cold build / old procedure", "old", "ours, cold", "old procedure", limits={USUAL: 0.25}),
    Row("warm build / cold build", "cold", "ours, warm", "ours, cold"),
    Row(
        *("cold build beyond a cold `conda create --dry-run`", "cold"),
        *("ours, cold", "conda create --dry-run"),
        limits={SMALL: 0.25},
        difference=True,
        unit=" s",
    ),
    Row(
        *("conda's sessions have the archives, and no more", "floors"),
        *("fetching alone", "", "seconds"),
        unit=" s",
    ),
    Row(
        *("the same with 50 at once", "floors"),
        *("fetching alone with 50", "", "seconds"),
        unit=" s",
    ),
    Row(
        *("the same by Python's own client", "floors"),
        *("plain fetching with 50", "", "seconds"),
        unit=" s",
    ),
    Row(
        *("cold build with a token / without", "cold"),
        *("ours, cold, with a token", "ours, cold"),
        limits={USUAL: 1.15, SMALL: 1.15},
    ),
    Row(
        *("cold build with a token beyond one without", "cold"),
        *("ours, cold, with a token", "ours, cold"),
        difference=True,
        unit=" s",
    ),
    Row(
        *("floor of that: decoding the archives alone", "floors"),
        *("decoding alone", "", "seconds"),
        unit=" s",
    ),
    Row(
        *("cold build on a terminal / on none", "progress"),
        *("ours, on a terminal", "ours, on none"),
        limits={USUAL: 1.01},
    ),
    Row(
        *("unchanged rebuild / Rust engine", "unchanged"),
        *("ours, unchanged", "Rust engine, unchanged"),
        limits={USUAL: 0.6},
    ),
    Row(
        *("floor of that: conda's start alone / Rust engine", "unchanged"),
        *("conda's start", "Rust engine, unchanged"),
    ),
    Row(
        *("unchanged rebuild / `conda create --dry-run`, again", "unchanged"),
        *("ours, unchanged", "conda create --dry-run, again"),
        limits={FORGE: 1.05, f"{FORGE}-zst": 1.05, f"{FORGE}-sharded": 1.02, NEAR: 1.0},
    ),
    Row(
        *("unchanged rebuild beyond `conda create --dry-run`, again", "unchanged"),
        *("ours, unchanged", "conda create --dry-run, again"),
        limits=dict.fromkeys(FORMS, 0.5),
        difference=True,
        unit=" s",
    ),
    Row(
        *("peak memory, unchanged / `conda create --dry-run`, again", "unchanged"),
        *("ours, unchanged", "conda create --dry-run, again", "memory"),
        limits=dict.fromkeys((*FORMS, *SIZES), 1.1),
    ),
    Row(
        *("unchanged rebuild / Rust engine that trusts sizes", "unchanged"),
        *("ours, unchanged", "Rust engine, unchanged, trusting sizes"),
    ),
    *(
        Row(
            f"{title}, {what}: one command / thirty runs of the Rust engine with 50 at once",
            f"labels-{what}",
            f"{first}, {what}",
            f"{labels.ENGINES}, {what}",
            limits=limits,
        )
        for what, limits in ((labels.COLD, {NEAR: 0.15}), (labels.UNCHANGED, {USUAL: 0.3}))
        for title, first in (
            ("thirty labels alike", labels.ALIKE),
            ("thirty labels that differ", labels.DIFFERENT),
        )
    ),
    *(
        Row(
            f"thirty labels alike, {what}: one command / thirty commands",
            f"labels-{what}",
            f"{labels.ALIKE}, {what}",
            f"{labels.COMMANDS}, {what}",
            limits=limits,
        )
        for what, limits in ((labels.COLD, {}), (labels.UNCHANGED, {USUAL: 0.35}))
    ),
    Row(
        *("one package updated / Rust engine", "update"),
        *("ours, one updated", "Rust engine, one updated"),
    ),
    Row(
        "one package updated: bytes written / (its archive + index files)",
        "update",
        "ours, one updated",
        kind="rewritten",
        divisor="needed",
        limits={USUAL: 1.05},
    ),
    Row(
        "one package updated: all that is written anywhere / the same",
        "update",
        "ours, one updated",
        kind="written",
        divisor="needed",
    ),
    Row(
        "indexing and manifest, per package",
        "indexing",
        "indexing and manifest",
        kind="each",
        limits={"5000": 0.5},
        scale=1000,
        unit=" ms",
    ),
    Row(
        *("peak memory / `conda create --dry-run`", "cold"),
        *("ours, cold", "conda create --dry-run", "memory"),
        limits=dict.fromkeys((*SIZES, SMALL), 1.1),
    ),
    *(
        Row(
            f"{what} copied: `sync` / `{other}`",
            "delivery",
            f"sync, {key}",
            f"{other}, {key}",
            limits=dict.fromkeys((USUAL, "1000"), limit) if limit else {},
        )
        for what, key in (("all", "first"), ("one package updated", "one updated"))
        for other, limit in (("rsync", 1.1), ("rsync --fsync", None))
    ),
    Row("`pack` / `zip -0`", "packing", "pack", "zip -0", limits={USUAL: 1.0}),
    Row(
        *("`use` of all packages by https / from the folder", "use"),
        *("use, by https", "use, from the folder"),
        limits={USUAL: 1.2},
    ),
    Row(
        *("first `sync` to S3 / `aws s3 sync`", "store"),
        *("sync to S3", "aws s3 sync"),
        limits={str(MANY): 1.1},
    ),
    Row("`verify` / `sha256sum -c`", "verify", "verify", "sha256sum -c", limits={USUAL: 0.6}),
    Row(
        *("floor of that: conda's start alone / `sha256sum -c`", "verify"),
        *("conda's start", "sha256sum -c"),
    ),
    Row("`verify` / reading the files", "verify", "verify", "reading the files"),
    *(
        Row(
            f"`{name}` with / without the plugin",
            "commands",
            f"{name}, with",
            f"{name}, without",
            limits={USUAL: 1.01},
        )
        for name in COMMANDS
    ),
    *(
        Row(
            f"`{name}` with the plugin and conda-index / without both",
            "commands",
            f"{name}, with",
            f"{name}, bare",
        )
        for name in COMMANDS
    ),
    Row(
        *("offline install with / without the plugin", "hooks"),
        *("offline install, with", "offline install, without"),
        limits={USUAL: 1.05},
    ),
)
#: Contenders whose time is to grow no faster than the number of packages.
GROWING = (
    ("cold", "ours, cold"),
    ("cold", "ours, warm"),
    ("cold", "Rust engine, cold"),
    ("unchanged", "ours, unchanged"),
    ("verify", "verify"),
)
