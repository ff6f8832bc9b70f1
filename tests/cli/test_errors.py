"""How an error says what to do: once, and to programs under a key of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conda import CondaError

from conda_offline_repo.exceptions import OfflineRepoError, VendorMissingError
from conda_offline_repo.redaction import Secrets, confined

if TYPE_CHECKING:
    from tests.support.running import Conda

#: Whether this conda's report has a place for what to do.
GUIDES = hasattr(CondaError, "guidance")
PROBLEM = "No label is named, and offline-repo.yml does not exist here."
HINT = "Name the customer's label, --label LABEL, or a file that describes labels, --file."


class TwoWaysError(OfflineRepoError):
    pass


def test_text_says_it_once(conda: Conda) -> None:
    result = conda.fail("offline-repo", "build").stderr
    assert f"InvalidRequestError: {PROBLEM}\n" in result
    assert (result.count(PROBLEM), result.count(HINT)) == (1, 1)
    assert ("Next steps:\n  - (invalid_request)" in result) == GUIDES


def test_json_keeps_them_apart(conda: Conda) -> None:
    answer = conda.fail("offline-repo", "build", "--json").json
    assert (answer["message"], answer["hints"]) == (PROBLEM, [HINT])
    if GUIDES:
        assert answer["guidance"]["hints"] == [{"text": HINT, "hint_code": "invalid_request"}]


def test_each_hint_has_a_word_for_programs() -> None:
    error = TwoWaysError("Nobody knows.", "Ask.", "Or guess.")
    assert str(error) == "Nobody knows.\nAsk.\nOr guess."
    assert error.dump_map()["hints"] == ("Ask.", "Or guess.")
    assert error.guidance is None or error.guidance.hint_codes == ("two_ways", "two_ways_2")
    assert (error.guidance is None) == (not GUIDES)
    assert TwoWaysError("Nobody knows.").guidance is None


def test_no_secret_is_in_any_of_it() -> None:
    secret = "tk-5ecret0f4cme"
    with pytest.raises(VendorMissingError) as caught, confined(Secrets(frozenset({secret}))):
        raise VendorMissingError(secret)
    error = caught.value
    assert secret not in f"{error}{error.dump_map()}{error.guidance}"
