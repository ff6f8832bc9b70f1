"""Solutions that do not go together, as conda and the solvers of customers read what they need."""

from __future__ import annotations

import pytest

from conda_offline_repo.builder.upstream.unfit import misfits
from tests.support.reading import entry


@pytest.mark.parametrize(
    ("demand", "fits"),
    [
        ("lib >=1", True),
        ("lib >=2", False),
        ("lib ==1.*", True),
        # conda reads another version in it, and a solver that customers have does not
        ("lib 1.*.*", True),
        ('other[when="lib >=2"]', True),
        ('other[when="lib >=1"]', False),
        ('other[when="__glibc>=2.17 and lib"]', False),
        ("__glibc >=2.17", True),
        ("__glibc >=2.99", False),
    ],
)
def test_demands_that_are_not_met(demand: str, fits: bool) -> None:
    records = [entry("app", depends=[demand]), entry("lib", "1.5")]
    told = [str(misfit) for misfit in misfits(records, {"__glibc": "2.28"})]
    assert bool(told) != fits
    assert all(demand in text for text in told)
