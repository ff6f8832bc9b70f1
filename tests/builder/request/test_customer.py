"""What is stated of the customer's conda is checked before anything is solved."""

from __future__ import annotations

import pytest

from conda_offline_repo.builder.request.customer import (
    conda_versions,
    customer,
    met,
    solver_name,
)
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.printable import quoted
from conda_offline_repo.repository.manifest import NEEDED
from conda_offline_repo.repository.remembered import SOLVERS, Remembered

NEW = Remembered()


@pytest.mark.parametrize(
    ("typed", "versions"),
    [
        (" >= 24.7, <26 ", ">=24.7,<26"),
        ("24.7", "24.7.*"),
        ("24.7 | 26", "24.7.*|26.*"),
        ("26.7.1", "26.7.1"),
        ("<26", "<26"),
        ("*", "*"),
        (">=23.1", ">=23.1"),
    ],
)
def test_versions(typed: str, versions: str) -> None:
    assert conda_versions(typed) == versions
    assert conda_versions(versions) == versions


@pytest.mark.parametrize(
    "typed", ["", "next year", ">=", ">=24.", "^24.*$", ">=24.7 <26", "conda>=24.7", "9" * 100]
)
def test_no_versions(typed: str) -> None:
    with pytest.raises(InvalidRequestError, match="is not a range of versions that conda reads"):
        conda_versions(typed)


@pytest.mark.parametrize("typed", ["<24.7", "23.1", "4.12|24.5.*", ">24.6,<24.7", "2024", ">=99"])
def test_versions_that_this_plugin_does_not_run_on(typed: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"No conda that this plugin runs on"):
        conda_versions(typed)


def test_versions_that_are_met() -> None:
    assert met("<26.7", before="26.7")
    assert not met(">=26.7", before="26.7")
    assert met(">=24.7", since="26.7")
    assert not met("<26.7", since="26.7")


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("mamba", "Did you mean libmamba?"),
        ("ratler", "Did you mean rattler?"),
        ("quantum", "Known are: classic, libmamba, rattler."),
        ("", "Known are: classic, libmamba, rattler."),
    ],
)
def test_no_solver(typed: str, advice: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        solver_name(typed)
    assert advice in str(caught.value)


def test_what_is_not_named_is_as_before() -> None:
    before = Remembered(customer_conda=">=26", customer_solvers=("libmamba",))
    assert customer(None, (), NEW) == (">=24.7", SOLVERS)
    assert customer(None, (), before) == (">=26", ("libmamba",))
    assert customer("26.7", ("RATTLER", "pycosat", "classic", "rattler"), before) == (
        "26.7.*",
        ("classic", "rattler"),
    )


def test_solvers_that_nobody_named_are_those_of_the_versions() -> None:
    """As long as nobody names any, they follow the versions, from build to build."""
    old = ("<25", ("classic", "libmamba"))
    assert customer("<25", (), NEW) == old
    assert customer(None, (), Remembered(customer_conda=old[0], customer_solvers=old[1])) == old
    assert customer(">=24.7", (), Remembered(customer_conda=old[0], customer_solvers=old[1])) == (
        ">=24.7",
        SOLVERS,
    )


NEWER = (">=26.7", ("rattler",))


def test_version_3_of_the_index_format() -> None:
    """Where nothing was ever named, the customers' conda is one that reads it."""
    last = Remembered(customer_conda=NEWER[0], customer_solvers=NEWER[1], index_version=3)
    assert customer(None, (), NEW, 3) == customer(None, (), last, 3) == NEWER
    assert customer(">=26.9", (), NEW, 3) == (">=26.9", ("rattler",))
    assert customer(">=27", ("rattler",), NEW, 3) == (">=27", ("rattler",))
    assert customer(None, (), last, 1) == (">=24.7", SOLVERS)
    assert customer(None, ("rattler",), Remembered(), 1) == (">=24.7", ("rattler",))
    assert customer(None, (), Remembered(customer_conda=">=26.8"), 3) == (">=26.8", ("rattler",))
    assert customer(None, (), Remembered(customer_solvers=("rattler",)), 3) == NEWER


@pytest.mark.parametrize(
    ("named", "solvers", "before"),
    [
        (">=24.7", (), NEW),
        (">=24.7", ("rattler",), NEW),
        (None, ("classic",), NEW),
        (None, ("rattler", "libmamba"), NEW),
        (None, (), Remembered(customer_conda=">=26.6")),
        (None, (), Remembered(customer_solvers=("libmamba",))),
        ("<27|26.7.*", ("rattler",), NEW),
    ],
)
def test_customers_who_do_not_read_version_3(
    named: str | None, solvers: tuple[str, ...], before: Remembered
) -> None:
    with pytest.raises(InvalidRequestError, match=NEEDED) as caught:
        customer(named, solvers, before, 3)
    text = str(caught.value)
    assert f"{quoted('--customer-conda', '>=26.7')} --customer-solver rattler" in text
    assert "--index-version 1" in text


@pytest.mark.parametrize(
    ("named", "solvers", "before"),
    [
        ("<25", ("rattler",), NEW),
        ("<25", (), Remembered(customer_solvers=("rattler",))),
        (None, ("rattler",), Remembered(customer_conda="<25")),
    ],
)
def test_contradiction(named: str | None, solvers: tuple[str, ...], before: Remembered) -> None:
    with pytest.raises(InvalidRequestError, match=r"rattler: it needs conda 25\.3 or newer"):
        customer(named, solvers, before)
