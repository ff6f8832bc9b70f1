"""How an error says what to do: once, and to programs under a key of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.exceptions import VendorMissingError
from conda_offline_repo.redaction import Secrets, confined

if TYPE_CHECKING:
    from tests.support.running import Conda

PROBLEM = "No label is named, and offline-repo.yml does not exist here."
HINT = "Name the customer's label, --label LABEL, or a file that describes labels, --file."


def test_text_says_it_once(conda: Conda) -> None:
    result = conda.fail("offline-repo", "build").stderr
    assert f"InvalidRequestError: {PROBLEM}\n" in result
    assert (result.count(PROBLEM), result.count(HINT)) == (1, 1)
    assert "invalid_request" not in result, "a code of conda 26.7 for programs"


def test_json_keeps_them_apart(conda: Conda) -> None:
    answer = conda.fail("offline-repo", "build", "--json").json
    assert (answer["message"], answer["hints"]) == (PROBLEM, [HINT])


def test_no_secret_is_in_any_of_it() -> None:
    secret = "tk-5ecret0f4cme"
    with pytest.raises(VendorMissingError) as caught, confined(Secrets(frozenset({secret}))):
        raise VendorMissingError(secret)
    error = caught.value
    assert secret not in f"{error}{error.dump_map()}"
