"""`use` says what a release is for, where the machine has another conda, before it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda import __version__ as conda_version
from conda.base.context import context

from conda_offline_repo.repository.locate import locate_one
from tests.cli.test_json import check
from tests.support.rewriting import rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Customer


def test_other_conda_and_solver(customer: Customer, stick: Path) -> None:
    request = replace(
        locate_one(stick).manifest.request,
        customer_conda="<24.7.1|>=90",
        customer_solvers=("quantum",),
    )
    rewrite(stick, request=request)
    dry = customer.use(stick, "-n", "rating", "app", "--dry-run")
    said = customer.use(stick, "-n", "rating", "app", "--yes")
    for result in (dry, said):
        assert (
            f"warning: This machine has conda {conda_version.partition('+')[0]}; " in result.stderr
        )
        assert "the release is for conda <24.7.1|>=90." in result.stderr
        solvers = f"is for the solvers quantum, and not for {context.solver}, which this conda has"
        assert f"warning: The release {solvers}." in result.stderr
    assert customer.installed("rating")["app"] == "1.0"
    answer = check("use", customer.use(stick, "-n", "rating", "--json"))
    assert [warning["source"] for warning in answer["warnings"]][:2] == ["conda", "solver"]
    report = customer.run("doctor", "-p", customer.envs / "rating").stdout
    assert "❌ This machine has conda " in report
    assert f"and not for {context.solver}" in report
