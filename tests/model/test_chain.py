"""A short walk through the model of the whole chain; `python -m tests.model` takes a long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.chain import Chain
from tests.support.warm import warm_conda

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = settings(
    max_examples=6,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def _warm() -> Iterator[None]:
    with warm_conda() as Chain.warm:
        yield


@pytest.mark.usefixtures("_warm")
def test_whatever_happens_on_the_way() -> None:
    run_state_machine_as_test(Chain, settings=SHORT)
    assert Chain.steps > 30, Chain.steps
