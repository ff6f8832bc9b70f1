"""The policies of three customers, on real records of conda-forge: right values by hand.

A bank has neither GPL-3 nor packages younger than 14 days, a plant nothing that runs scripts, a
ministry a list of packages. Each has exceptions that end.
"""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.check import check
from conda_offline_repo.audit.policy import parse_policy
from tests.audit.conda_forge import (
    ENVIRONMENTS,
    PROJECTS,
    RECORDS,
    closure,
    manifest_of,
    package,
)
from tests.audit.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from conda_offline_repo.repository.manifest import Manifest

pytest.importorskip("license_expression", reason="license-expression is not installed")

BOTH = ("gmpy2", "pandas")
GPL3 = ("ld_impl_linux-64", "readline")
#: What is with gcc's exception, by who needs it.
GCC = {
    "libgcc": BOTH,
    "libgcc-ng": ("gmpy2",),
    "libgfortran": ("pandas",),
    "libgfortran5": ("pandas",),
    "libgomp": BOTH,
    "libstdcxx": BOTH,
    "libstdcxx-ng": ("gmpy2",),
}
#: What is younger than 14 days on August 20, all of it below python.
YOUNG = ("icu", "liblzma", "ncurses", "zstd")
OFFICE = tuple(closure("linux-64", *BOTH).values())
RELEASE = manifest_of({"linux-64": OFFICE}, BOTH)

BANK = {
    "licenses": {"deny": ["GPL-3.0-only", "GPL-3.0-or-later"], "unknown": "warn"},
    "exclude_newer": "14d",
}


def exception(spec: str, until: str) -> dict[str, str]:
    return {"package": spec, "reason": f"{spec} was seen", "approved_by": "legal", "until": until}


def verdict(policy: Mapping[str, Any], manifest: Manifest, day: str) -> Verdict:
    """What a policy says at noon of a day."""
    now = datetime.combine(date.fromisoformat(day), datetime.min.time(), timezone.utc)
    noon = now.replace(hour=12)
    return Verdict(*check(parse_policy(policy), manifest, RECORDS, Path("bank"), noon), noon)


def breaches(verdict: Verdict) -> dict[tuple[str, str], tuple[str, ...]]:
    """Who needs each package that breaks a rule, by its name and the rule."""
    broken = [(RECORDS[each.archive]["name"], each.rule) for each in verdict.breaches]
    assert len(broken) == len(set(broken))
    return dict(zip(broken, (each.needed_by for each in verdict.breaches), strict=True))


def names(decisions: Iterable[Any]) -> set[str]:
    return {RECORDS[each.archive]["name"] for each in decisions}


def test_a_bank_sees_each_package_of_gpl_3_and_each_young_one_with_who_needs_it() -> None:
    seen = verdict(BANK, RELEASE, "2026-08-20")

    assert breaches(seen) == {
        **{(name, "licenses"): BOTH for name in GPL3},
        **{(name, "licenses"): needed_by for name, needed_by in GCC.items()},
        **{(name, "exclude_newer"): BOTH for name in YOUNG},
    }
    # gmp may be had under the LGPL, tzdata's licence is its own
    assert [(d.archive, d.rule, d.until) for d in seen.decisions] == [
        ("noarch/tzdata-2026c-h151e31d_0.conda", "licenses", "")
    ]


@pytest.mark.parametrize(
    ("day", "young"),
    [
        ("2026-08-20", {"icu", "liblzma", "ncurses", "zstd"}),
        # at noon; liblzma and ncurses are of August 10 before ten, icu of August 12 at 14:42
        ("2026-08-24", {"icu", "zstd"}),
        ("2026-08-26", {"icu", "zstd"}),
        ("2026-08-27", set()),  # zstd is of August 13 at 5:40
    ],
)
def test_a_bank_has_to_wait_for_young_packages(day: str, young: set[str]) -> None:
    seen = verdict({"exclude_newer": "14d"}, RELEASE, day)

    assert breaches(seen) == {(name, "exclude_newer"): BOTH for name in young}


RUNTIME = [exception(name, "2027-03-31") for name in GCC]


@pytest.mark.parametrize(
    ("day", "broken", "ending"),
    [
        ("2026-08-30", (), set()),  # 31 days before
        ("2026-08-31", (), {"readline"}),  # 30 days before
        ("2026-09-30", (), {"readline"}),  # the last day
        ("2026-10-01", ("readline",), set()),
    ],
)
def test_an_exception_of_the_bank_ends(day: str, broken: tuple[str, ...], ending: set[str]) -> None:
    exceptions = [
        *RUNTIME,
        exception("ld_impl_linux-64", "2027-03-31"),
        exception("readline >=8", "2026-09-30"),
    ]
    seen = verdict({**BANK, "exceptions": exceptions}, RELEASE, day)

    assert breaches(seen) == {(name, "licenses"): BOTH for name in broken}
    assert names(seen.ending) == ending
    excepted = {d.archive: d for d in seen.decisions if d.reason}
    assert names(excepted.values()) == {*GCC, *GPL3} - {*broken}
    for decision in excepted.values():
        assert decision.approved_by == "legal"
        assert decision.rule == "licenses"


def test_an_exception_of_the_bank_is_for_what_it_names() -> None:
    exceptions = [exception("readline <8", "2027-03-31"), exception("zstd", "2026-08-31")]
    seen = verdict({**BANK, "exceptions": exceptions}, RELEASE, "2026-08-20")

    broken = breaches(seen)
    assert ("readline", "licenses") in broken  # version 8.3
    assert ("zstd", "exclude_newer") not in broken
    assert names(seen.ending) == {"zstd"}


#: What the archives of these packages may have that runs.
SCRIPTS = {
    "pywin32": {"post-link": ("Scripts/.pywin32-post-link.bat",)},
    "openssl": {"activation": ("etc/conda/activate.d/openssl_activate.bat",)},
    "python": {"menu": ("Menu/python.json",)},
    "charset-normalizer": {"entry-point": ("normalizer = charset_normalizer.cli:cli_detect",)},
}
WINDOWS = {RECORDS[archive]["name"]: archive for archive in ENVIRONMENTS["win-64"]}
REQUESTED = ("numpy", "pandas", "python", "pywin32", "requests")
PLANT = {
    "scripts": {
        "deny": ["pre-link", "post-link", "pre-unlink", "post-unlink", "activation", "menu"]
    }
}


def plant(**unknown: Any) -> Manifest:
    scripts = {**SCRIPTS, **unknown}
    special = {WINDOWS[name]: package(WINDOWS[name], scripts=scripts[name]) for name in scripts}
    return manifest_of({"win-64": WINDOWS.values()}, REQUESTED, special)


def test_a_plant_sees_each_package_that_runs_a_script() -> None:
    seen = verdict(PLANT, plant(), "2026-08-20")

    # openssl is there for python, which all the others need
    assert breaches(seen) == {
        ("openssl", "scripts"): REQUESTED,
        ("python", "scripts"): REQUESTED,
        ("pywin32", "scripts"): ("pywin32",),
    }
    (post_link,) = (each for each in seen.breaches if "pywin32" in each.archive)
    assert ".pywin32-post-link.bat" in post_link.problem


def test_a_plant_does_not_take_what_nobody_has_looked_into() -> None:
    """As the packages of manifests before there was a list of scripts."""
    allowed = [exception(name, "2026-12-31") for name in ("openssl", "python", "pywin32")]
    seen = verdict({**PLANT, "exceptions": allowed}, plant(idna=None), "2026-08-20")

    assert breaches(seen) == {("idna", "scripts"): ("requests",)}


@pytest.mark.parametrize(
    ("day", "broken", "ending"),
    [
        ("2026-11-29", False, False),
        ("2026-12-01", False, True),
        ("2026-12-31", False, True),
        ("2027-01-01", True, False),
    ],
)
def test_an_exception_of_the_plant_ends(day: str, broken: bool, ending: bool) -> None:
    exceptions = [
        exception("openssl", "2028-01-01"),
        exception("python 3.12.*", "2028-01-01"),
        exception("pywin32", "2026-12-31"),
    ]
    seen = verdict({**PLANT, "exceptions": exceptions}, plant(), day)

    assert breaches(seen) == ({("pywin32", "scripts"): ("pywin32",)} if broken else {})
    assert names(seen.ending) == ({"pywin32"} if ending else set())


#: The packages of the office but those of gmpy2, and a newer numpy than there is.
LIST = sorted({*closure("linux-64", "pandas")} - {"numpy", "libgfortran"})
MINISTRY = {
    "packages": {
        "allow": [*LIST, "numpy >=3", "libgfortran 16.*"],
        "deny": ["openssl <3.0.15", "six <2"],
    },
    "channels": ["conda-forge"],
}
#: Who needs what the ministry does not allow.
UNLISTED = {
    "gmp": ("gmpy2",),
    "gmpy2": ("gmpy2",),
    "libgcc-ng": ("gmpy2",),
    "libstdcxx-ng": ("gmpy2",),
    "mpc": ("gmpy2",),
    "mpfr": ("gmpy2",),
    "numpy": ("pandas",),
    "six": ("pandas",),
}


def test_a_ministry_sees_each_package_that_is_not_on_its_list() -> None:
    seen = verdict(MINISTRY, RELEASE, "2026-08-20")

    assert breaches(seen) == {(name, "packages"): by for name, by in UNLISTED.items()}


def test_a_ministry_names_where_packages_come_from() -> None:
    seen = verdict({"channels": ["defaults-of-ours"]}, RELEASE, "2026-08-20")

    assert len(seen.breaches) == len(OFFICE)
    assert {each.rule for each in seen.breaches} == {"channels"}
    other = verdict({"channels": ["https://conda.anaconda.org/conda"]}, RELEASE, "2026-08-20")
    assert len(other.breaches) == len(OFFICE)  # conda is the beginning of conda-forge


@pytest.mark.parametrize(
    ("day", "broken", "ending"),
    [
        ("2026-01-28", (), set()),
        ("2026-01-29", (), {"mpfr", "mpc"}),
        ("2026-02-28", (), {"mpfr", "mpc"}),
        ("2026-03-01", ("mpc", "mpfr"), set()),
    ],
)
def test_an_exception_of_the_ministry_ends(
    day: str, broken: tuple[str, ...], ending: set[str]
) -> None:
    ends = {"mpc": "2026-02-28", "mpfr": "2026-02-28"}
    exceptions = [exception(name, ends.get(name, "2026-12-31")) for name in UNLISTED]
    seen = verdict({**MINISTRY, "exceptions": exceptions}, RELEASE, day)

    assert breaches(seen) == {(name, "packages"): ("gmpy2",) for name in broken}
    assert names(seen.ending) == ending


#: MatchSpecs of projects of PyPI, and what they deny of `PROJECTS`.
OF_PYPI = {
    "dask": "dask-core",
    "docker <8": "docker-py",
    "msgpack <1.1": "msgpack-python",
    "opencv-python <4.8.1.78": "py-opencv",
    "ruamel-yaml <0.18": "ruamel.yaml",
    "torch <2.6": "pytorch",
}


@pytest.mark.parametrize("known", [True, False])
def test_packages_are_denied_by_their_names_on_pypi(known: bool) -> None:
    """Without what their archives say, a conda name stands for itself: not those of manifests from
    before.
    """
    packages = {
        archive: package(archive, pypi=projects if known else {})
        for archive, projects in PROJECTS.items()
    }
    manifest = manifest_of({"linux-64": PROJECTS}, ["pytorch"], packages)
    deny = [*OF_PYPI, "docker-py <1", "msgpack >=1.1", "torch >=2.6"]
    seen = verdict({"packages": {"deny": deny}}, manifest, "2026-08-20")

    assert names(seen.breaches) == ({*OF_PYPI.values()} if known else {"ruamel.yaml"})
