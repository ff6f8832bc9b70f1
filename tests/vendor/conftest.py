"""A release engineer in a hurry, and what is told of the steps that were struck."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.warm import warm_conda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.warm import WarmConda


@pytest.fixture
def warm() -> Iterator[WarmConda]:
    with warm_conda() as warm:
        yield warm


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says how many steps were struck, at once and at the end of all tests."""

    def tell(line: str) -> None:
        sys.stdout.write(f"\n{line}\n")
        record_property("steps", line)

    return tell
