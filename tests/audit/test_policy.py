"""What a policy may say, and what it means."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.exceptions import PolicyError
from conda_offline_repo.audit.licenses import LicenseRules
from conda_offline_repo.audit.policy import (
    NotAffected,
    Policy,
    PolicyException,
    parse_policy,
    put_over,
)

if TYPE_CHECKING:
    from typing import Any

UNTIL = date(2027, 3, 31)
GMP = {
    "package": "gmp",
    "reason": "linked  dynamically",
    "approved_by": "legal",
    "until": f"{UNTIL}",
}


def problems(stated: Any) -> list[str]:
    with pytest.raises(PolicyError) as raised:
        parse_policy(stated)
    return list(raised.value.hints)


def test_all_that_a_policy_may_say() -> None:
    stated = {
        "licenses": {"allow": ["mit", "GPL-3.0-only with gcc-exception-3.1"], "missing": "warn"},
        "packages": {"allow": ["python 3.*"], "deny": ["openssl <3.0.15", "Django"]},
        "channels": ["acme", "https://conda.example.com/x", "pypi"],
        "exclude_newer": "2026-11-01",
        "scripts": {"deny": ["post-link", "native"]},
        "exceptions": [GMP],
        "not_affected": [{"id": "CVE-2026-1", "reason": "not linked"}],
    }
    policy = parse_policy(stated)
    licenses = ("MIT", "GPL-3.0-only WITH GCC-exception-3.1")
    assert policy == Policy(
        licenses=LicenseRules(allow=licenses, unknown="deny", missing="warn"),
        allow=("python 3.*",),
        deny=("openssl <3.0.15", "Django"),
        channels=("acme", "https://conda.example.com/x", "pypi"),
        exclude_newer="2026-11-01",
        scripts=("post-link", "native"),
        exceptions=(PolicyException("gmp", "linked dynamically", "legal", UNTIL),),
        not_affected=(NotAffected("CVE-2026-1", "not linked"),),
    )


def test_a_list_of_denied_licences_lets_others_pass_with_a_warning() -> None:
    policy = parse_policy({"licenses": {"deny": ["GPL-3.0-or-later"]}})
    assert policy.licenses == LicenseRules(deny=("GPL-3.0-or-later",), unknown="warn")
    assert parse_policy({}) == Policy()
    assert parse_policy({"exclude_newer": "none"}) == Policy()


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ({"licences": {}}, "policy has no key 'licences'. Did you mean 'licenses'?"),
        ({1: {}}, "policy has no key 1. Known are: licenses, packages,"),
        ([], "policy has to be a mapping."),
        ({"packages": ["x"]}, "policy.packages has to be a mapping."),
        ({"channels": None}, "policy.channels has to be a list."),
        ({"channels": ["acme", 3]}, "policy.channels[1] has to be a text."),
        ({"channels": ["https://u:s3cret@h/x"]}, "policy.channels[0]: a channel stands here with"),
        ({"channels": ["https://h/t/s3cret/x"]}, "policy.channels[0]: a channel stands here with"),
        ({"packages": {"deny": ["a ==="]}}, "policy.packages.deny[0]: 'a ===' is not a package"),
        ({"exclude_newer": "soon"}, "policy.exclude_newer: exclude_newer is 'soon', which"),
        ({"scripts": {"deny": ["postlink"]}}, "Did you mean 'post-link'?"),
        ({"licenses": {"unknown": "maybe"}}, "policy.licenses.unknown: 'maybe' is not known."),
        ({"licenses": {"allow": ["Apache 2.0"]}}, "Did you mean Apache-2.0 or"),
        ({"licenses": {"allow": ["MIT OR ISC"]}}, "'MIT OR ISC' is not one licence: name each"),
        ({"licenses": {"deny": ["GPL"]}}, "policy.licenses.deny[0]: 'GPL' is not a licence"),
        ({"licenses": {"deny": ["MIT WITH ISC"]}}, "'MIT WITH ISC' is not a licence of SPDX."),
        (
            {"licenses": {"deny": ["mit"], "allow": ["MIT", "ISC"]}},
            "policy.licenses allows and denies MIT.",
        ),
        ({"exceptions": [{**GMP, "until": "2027-02-30"}]}, "policy.exceptions[0].until: "),
        ({"exceptions": [{**GMP, "reason": ""}]}, "policy.exceptions[0].reason has to be a text."),
        ({"exceptions": [{**GMP, "approved_by": " "}]}, "policy.exceptions[0].approved_by has to"),
        ({"licenses": {"deny": ["x", "MIT"], "allow": ["x", "MIT"]}}, "allows and denies MIT."),
        ({"exceptions": [{"package": "gmp"}]}, "policy.exceptions[0] lacks 'approved_by'."),
        ({"not_affected": [{"id": "CVE-1"}]}, "policy.not_affected[0] lacks 'reason'."),
    ],
)
def test_mistakes(stated: Any, problem: str) -> None:
    texts = problems(stated)
    assert any(problem in text for text in texts), texts
    assert "s3cret" not in str(texts)


def test_all_mistakes_at_once() -> None:
    assert len(problems({"channels": [1], "packages": 2, "exclude_newer": "x", "y": 1})) == 4


def test_a_label_puts_its_sections_over_those_of_all() -> None:
    common = {"channels": ["a"], "licenses": {"deny": ["ISC"]}, "exceptions": [GMP]}
    other = {**GMP, "package": "other"}
    own = {"licenses": {"allow": ["MIT"]}, "exceptions": [other]}
    assert put_over(common, own) == {
        "channels": ["a"],
        "licenses": {"allow": ["MIT"]},
        "exceptions": [GMP, other],
    }
    assert put_over({}, {}) == {}
