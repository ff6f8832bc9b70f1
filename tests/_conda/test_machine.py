"""What packages demand of a machine's virtual packages, by `depends` and by `constrains`."""

from __future__ import annotations

import pytest

from conda_offline_repo._conda.machine import unmet

MACHINE = {"__glibc": ("2.28", "0"), "__archspec": ("1", "x86_64"), "__unix": ("0", "0")}


@pytest.mark.parametrize(
    ("key", "demand", "expected"),
    [
        ("depends", "__glibc >=2.17,<3.0.a0", None),
        ("depends", "__unix", None),
        ("depends", "__archspec 1 x86_64", None),
        ("depends", "other >=2", None),
        ("constrains", "__glibc >=2.17", None),
        ("constrains", "__cuda >=12", None),
        ("depends", "__glibc >=2.34", "lib 2.0 needs __glibc >=2.34, and the machine has 2.28"),
        ("depends", "__cuda >=12", "lib 2.0 needs __cuda >=12, and the machine has none"),
        (
            "depends",
            "__archspec 1 x86_64_v3",
            "lib 2.0 needs __archspec 1 x86_64_v3, and the machine has 1 x86_64",
        ),
        (
            "constrains",
            "__glibc[version='>=2.34']",
            "lib 2.0 excludes all but __glibc[version='>=2.34'], and the machine has 2.28",
        ),
    ],
)
def test_demand(key: str, demand: str, expected: str | None) -> None:
    record = {"name": "lib", "version": "2.0", "depends": ["x"], "constrains": [], key: [demand]}
    assert [str(demand) for demand in unmet([record], MACHINE)] == ([expected] if expected else [])


def test_all_demands_of_all_packages_are_told() -> None:
    records: list[dict[str, object]] = [
        {"name": "a", "version": "1", "depends": ["__cuda", "__win"], "constrains": None},
        {"name": "b", "version": "1", "constrains": ["__glibc <2"]},
    ]
    demands = unmet(records, MACHINE)
    assert [(demand.package, demand.virtual_package, demand.excludes) for demand in demands] == [
        ("a 1", "__cuda", False),
        ("a 1", "__win", False),
        ("b 1", "__glibc", True),
    ]


def test_form_that_conda_does_not_know_is_passed_over() -> None:
    assert unmet([{"name": "a", "version": "1", "depends": ["__win >>=<"]}], MACHINE) == ()
