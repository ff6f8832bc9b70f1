"""What packages demand by `depends` and `constrains`, of each other and of a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.machine import unmet

if TYPE_CHECKING:
    from typing import Any

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


@pytest.mark.parametrize("text", ["__win >>=<", "__win[when='(']", "__win >='1'"])
def test_form_that_conda_does_not_know_is_passed_over(text: str) -> None:
    assert unmet([{"name": "a", "version": "1", "depends": [text]}], MACHINE) == ()


TOGETHER: list[dict[str, Any]] = [
    {"name": "lib", "version": "1.5", "build": "h1_0", "build_number": 0},
    {"name": "pip-and-or", "version": "2.0", "build": "0", "license": "MIT", "sha256": ""},
]


@pytest.mark.parametrize(
    ("key", "demand", "expected"),
    [
        *(("depends", text, None) for text in ("lib", "LIB", "lib 1.*", "lib 1.5 h1*", "lib=1.5")),
        *(("depends", text, None) for text in ("lib >=1,<2", "lib[version='>=1']", "__unix")),
        *(("constrains", text, None) for text in ("lib >=1", "other >=1", "__glibc >=2.17")),
        ("depends", "lib >=2", "app 1.0 needs lib >=2, and there is 1.5 h1_0"),
        ("depends", "lib * h2*", "app 1.0 needs lib * h2*, and there is 1.5 h1_0"),
        ("depends", "other", "app 1.0 needs other, and there is none"),
        ("depends", "pip-and-or <2", "app 1.0 needs pip-and-or <2, and there is 2.0"),
        ("constrains", "lib >=2", "app 1.0 excludes all but lib >=2, and there is 1.5 h1_0"),
        ("depends", "__cuda", "app 1.0 needs __cuda, and the machine has none"),
        # what this conda cannot read, or no repository has, says nothing
        *(("depends", text, None) for text in ("", "*", "oth*", "other >=1,", "ch::other")),
        ("depends", "other[when='(lib']", None),
    ],
)
def test_demand_on_other_packages(key: str, demand: str, expected: str | None) -> None:
    app: dict[str, Any] = {"name": "app", "version": "1.0", "build": "0", key: [demand]}
    demands = unmet([app], MACHINE, [app, *TOGETHER])
    assert [str(demand) for demand in demands] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        *((text, True) for text in ("__unix", "lib", "lib>=1", "lib[version='>=1,<2']", "lib 1.*")),
        *((text, False) for text in ("__win", "other", "lib>=2", "lib[build='x*']", "__glibc>=3")),
        *((text, True) for text in ("lib>=1 and __unix", "other or lib", "__win or (lib and lib)")),
        *((text, False) for text in ("lib and __win", "(__win or lib) and __osx", "osx or __win")),
        *((text, True) for text in ("lib or lib and __win", "((lib))", "pip-and-or", "( lib )")),
    ],
)
@pytest.mark.parametrize(
    "form", ["other[when={}]", "other[version='>=1', when={}]", "other >=1[when={},build='0']"]
)
def test_demand_with_a_condition(condition: str, holds: bool, form: str) -> None:
    demand = form.format(f'"{condition}"')
    app: dict[str, Any] = {"name": "app", "version": "1.0", "build": "0", "depends": [demand]}
    assert bool(unmet([app], MACHINE, [app, *TOGETHER])) == holds
    other = {"name": "other", "version": "1.0", "build": "0"}
    assert not unmet([app], MACHINE, [app, other, *TOGETHER])
