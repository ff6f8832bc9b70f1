"""Whether every customer's conda can read an entry of a channel's index.

It becomes an entry of the repository's own index as it is, so the customer would meet its faults,
perhaps with another solver than the vendor's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import Any

from conda.models.enums import Arch, Platform

from ...repository.names import archive_problem
from ...repository.remembered import SOLVERS, Remembered
from ..request.customer import met
from .spec_forms import CEP_26, CLASSIC, HUGE, LITERAL, RATTLER, spec_form

TEXTS = ("name", "version", "build")
LISTS = {"depends": "dependency", "constrains": "constraint"}
SHA256, MD5 = (re.compile(rf"[0-9a-fA-F]{{{length}}}") for length in (64, 32))
DIGESTS = {"sha256": SHA256, "md5": MD5}
#: What 63 bits can hold, as file systems count.
NUMBERS = {"size": 1 << 63, "build_number": 1 << 63}
#: Some clients give up on JSON a good deal deeper than this; no entry needs it.
DEEPEST = 50
#: The times that rattler knows, in milliseconds; it takes small numbers for seconds.
EARLIEST, LATEST = -377_705_023_201, 253_402_207_200_000
_met = lru_cache(met)
#: The first conda that checks names (CEP 26).
CHECKS_NAMES = "26.5"
#: The first conda that asks python where its packages go (CEP 17), and where it puts them else.
READS_PATHS = "24.11"
USUAL_PATH = re.compile(r"lib/python[0-9]+\.[0-9]+/site-packages|Lib/site-packages")


@dataclass(frozen=True)
class Readers:
    """What the customers of a label have.

    Attributes:
        solvers: Of conda, by name.
        conda: The versions of conda, as a specification.
    """

    solvers: tuple[str, ...] = SOLVERS
    conda: str = Remembered.customer_conda


def unreadable(file: str, record: Mapping[str, Any], readers: Readers) -> str | None:
    """Return why the entry of an archive cannot be read by each of the readers, or must not be
    taken over at all, in words for who ships it; None if all is well.
    """
    if problem := _problem(file, record):
        return problem
    for key, fits, solvers in VALUES:
        value = record.get(key, ABSENT)
        if value is not ABSENT and not fits(value) and (named := _named(solvers, readers)):
            return f"{named} cannot read its {key} {json.dumps(value, ensure_ascii=True)[:60]}"
    for key, kind in LISTS.items():
        for text in record.get(key) or ():
            form = spec_form(text)
            if form and _has(form.since, readers) and (named := _named(form.solvers, readers)):
                return f"its {kind} {text[:100]!a} has {form.words}, which {named} cannot read"
    if record.get("size") is None and CLASSIC in readers.solvers:
        return f"it has no size, without which {CLASSIC} installs nothing"
    path = record.get("python_site_packages_path") or ""
    usual = not isinstance(path, str) or path == "" or USUAL_PATH.fullmatch(path)
    if not usual and _met(readers.conda, before=READS_PATHS):
        return f"conda before {READS_PATHS} installs packages of its Python beside {path} (CEP 17)"
    if not CEP_26.fullmatch(record["name"]) and _has(CHECKS_NAMES, readers):
        return f"conda {CHECKS_NAMES} and newer refuse its name {record['name']!r} (CEP 26)"
    return None


def _named(solvers: tuple[str, ...], readers: Readers) -> str:
    """Return which of the readers are among these solvers, in words; empty if none are."""
    if not (names := sorted({*solvers} & {*readers.solvers})):
        return ""
    if {*names} == {*SOLVERS}:
        return "conda"
    return " and ".join(names)


def _has(since: str, readers: Readers) -> bool:
    """Return whether some reader may have this version of conda, or a newer one."""
    return not since or _met(readers.conda, since)


def _problem(file: str, record: Mapping[str, Any]) -> str | None:
    """Return why no repository takes over an entry, whoever reads it; None if it may."""
    if problem := archive_problem(file):
        return problem
    for key in TEXTS:
        if not isinstance(record.get(key), str):
            return f"its {key} is not a text"
    stem = "-".join(record[key] for key in TEXTS)
    if file not in (f"{stem}.conda", f"{stem}.tar.bz2"):
        return f"its entry is that of {stem!r}"
    if (name := record["name"]) != name.lower() or name.startswith("__"):
        return f"conda does not look for a package that is called {name!r}"
    if not VERSION.fullmatch(record["version"]):
        return f"{record['version']!r} is not a version (CEP 33)"
    for key in LISTS:
        value = record.get(key)
        if value is not None and not (
            isinstance(value, list) and all(isinstance(part, str) for part in value)
        ):
            return f"its {key} is not a list of texts"
    for key, end in NUMBERS.items():
        value = record.get(key)
        if value is not None and not (type(value) is int and 0 <= value < end):
            return f"its {key} is not a number of that kind"
    if "build_number" not in record:
        return "it has no build_number"
    for key, pattern in DIGESTS.items():
        value = record.get(key)
        # some indexes have an empty text where they know none
        if value not in (None, "") and not (isinstance(value, str) and pattern.fullmatch(value)):
            return f"its {key} is not a digest"
    try:
        if _depth(record) > DEEPEST:
            return "it is nested too deeply"
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        return "it is nested too deeply"
    except UnicodeEncodeError:
        return "it has a text that is not Unicode"
    except (TypeError, ValueError):
        return "it has a value that JSON does not have"
    return None


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(part) for part in parts if isinstance(part, (dict, list))), default=0)


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, types)


def _plain(value: Any) -> bool:
    """Return whether a value is no object and no list."""
    return not isinstance(value, dict | list)


def _size(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 0)


def _time(value: Any) -> bool:
    return value is None or (type(value) is int and EARLIEST <= value <= LATEST)


def _digest(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: (
        value is None or (isinstance(value, str) and bool(pattern.fullmatch(value)))
    )


def _known(enum: Any) -> Callable[[Any], bool]:
    """Return whether conda's record can have a value; a wrong type is for others to tell."""
    values = {member.value for member in enum}
    return lambda value: not isinstance(value, str) or value in values


ABSENT = object()
TEXT, NUMBER = _is(str, NoneType), _is(int, float, NoneType)
VERSION = re.compile(LITERAL)
#: What a value has to be, if the key is there, and which solvers cannot read any other: conda's
#: records fail in the classic solver, and those of rattler before they are conda's. Each is what
#: conda 24.7.1, 26.7.1 and 26.9, libmamba 2.8.1 and rattler 0.26 did with such a channel.
VALUES: tuple[tuple[str, Callable[[Any], bool], tuple[str, ...]], ...] = (
    ("version", lambda value: "-" not in value and not HUGE.search(value), (RATTLER,)),
    ("build", lambda value: "-" not in value, (RATTLER,)),
    *((key, lambda value: value is not None, (CLASSIC, RATTLER)) for key in LISTS),
    ("build_number", lambda value: value is not None, (CLASSIC, RATTLER)),
    ("timestamp", NUMBER, (CLASSIC, RATTLER)),
    ("timestamp", _time, (RATTLER,)),
    ("indexed_timestamp", NUMBER, (CLASSIC, RATTLER)),
    ("indexed_timestamp", _time, (RATTLER,)),
    (
        "noarch",
        lambda value: value in (None, True, False, "", "generic", "python"),
        (CLASSIC, RATTLER),
    ),
    ("track_features", _is(str, list), (CLASSIC, RATTLER)),
    ("features", lambda value: value is not None, (CLASSIC,)),
    ("features", TEXT, (RATTLER,)),
    *((key, _plain, (CLASSIC, RATTLER)) for key in ("license", "license_family")),
    *((key, TEXT, (RATTLER,)) for key in ("license", "license_family", "arch", "platform")),
    *((key, _known(enum), SOLVERS) for key, enum in (("arch", Arch), ("platform", Platform))),
    *((key, _digest(MD5), (RATTLER,)) for key in ("md5", "legacy_bz2_md5")),
    *((key, _digest(SHA256), (RATTLER,)) for key in ("sha256", "attestations_sha256")),
    ("legacy_bz2_size", lambda value: value is None or type(value) is int, (CLASSIC, RATTLER)),
    ("legacy_bz2_size", _size, (RATTLER,)),
    ("subdir", _is(str), (RATTLER,)),
    ("python_site_packages_path", TEXT, (RATTLER,)),
    ("purls", _is(list, NoneType), (RATTLER,)),
    ("run_exports", lambda value: not isinstance(value, str | int | float), (RATTLER,)),
    ("extra_depends", _is(dict), (RATTLER,)),
    ("flags", _is(list), (RATTLER,)),
)
