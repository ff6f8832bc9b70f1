"""What rules say of licences, in the words of real records."""

from __future__ import annotations

import pytest

from conda_offline_repo.audit.licenses import LicenseRules, judge_license, policy_license
from conda_offline_repo.audit.policy import parse_policy

#: A bank that does without GPL-3.
BANK = LicenseRules(deny=("GPL-3.0-or-later",), unknown="warn", missing="deny")
#: A ministry that has a list.
MINISTRY = LicenseRules(
    allow=("MIT", "Apache-2.0", "LGPL-2.1-only", "GPL-3.0-only WITH GCC-exception-3.1"),
    unknown="deny",
    missing="warn",
)


@pytest.mark.parametrize(
    ("stated", "bank", "ministry"),
    [
        ("MIT", "allow", "allow"),
        ("mit", "allow", "allow"),
        ("ISC", "allow", "deny"),
        ("GPL-3.0-or-later", "deny", "deny"),
        ("GPL-3.0+", "deny", "deny"),
        # whoever denies this version or a later one denies this one
        ("GPL-3.0-only", "deny", "deny"),
        ("GPL-3.0", "deny", "deny"),
        ("GPL-2.0-or-later", "allow", "deny"),
        ("LGPL-3.0-or-later", "allow", "deny"),
        ("LGPL-2.1", "allow", "allow"),
        ("Apache-2.0+", "allow", "allow"),
        ("MPL-1.1+ AND Triangle+", "warn", "deny"),
        # the choice is ours
        ("MIT OR GPL-3.0-only", "allow", "allow"),
        ("GPL-2.0-or-later OR GPL-3.0-or-later OR FreeImage", "allow", "deny"),
        ("LicenseRef-Commercial or GPL-3.0-only", "warn", "deny"),
        ("MIT AND GPL-3.0-or-later", "deny", "deny"),
        ("BSD-3-Clause and MIT-CMU", "allow", "deny"),
        ("BSD-3-Clause AND (GPL-2.0-only OR GPL-3.0-only)", "allow", "deny"),
        ("(MIT OR GPL-3.0-only) AND Triangle", "warn", "deny"),
        ("GPL-3.0-only AND Triangle", "deny", "deny"),
        # an exception belongs to its licence, unless it is allowed with it
        ("GPL-3.0-only WITH GCC-exception-3.1", "deny", "allow"),
        ("Apache-2.0 WITH LLVM-exception", "allow", "allow"),
        ("LGPL-2.0-or-later WITH exceptions", "warn", "deny"),
        ("GPL-3.0-only WITH exceptions", "deny", "deny"),
        ("LLVM-exception", "warn", "deny"),
        # not of SPDX
        ("BSD", "warn", "deny"),
        ("MIT/X11", "warn", "deny"),
        ("GPL v2+", "warn", "deny"),
        ("GPL, LGPL, FDL, custom", "warn", "deny"),
        ("LicenseRef-fitsio", "warn", "deny"),
        ("MIT AND", "warn", "deny"),
        ("(MIT", "warn", "deny"),
        (["MIT"], "warn", "deny"),
        (3, "warn", "deny"),
        ("MIT OR " * 200 + "MIT", "warn", "deny"),
        # none
        (None, "deny", "warn"),
        ("  ", "deny", "warn"),
        ("None", "deny", "warn"),
        ("NOASSERTION", "deny", "warn"),
    ],
)
def test_three_kinds_of_answers(stated: object, bank: str, ministry: str) -> None:
    assert (judge_license(BANK, stated)[0], judge_license(MINISTRY, stated)[0]) == (bank, ministry)


#: What is wrong with two licences.
BOTH = (
    "its licence 'GPL-3.0-only AND AGPL-3.0-only': GPL-3.0-only is denied and AGPL-3.0-only "
    "is denied"
)


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ("GPL-3.0", "its licence GPL-3.0-only is denied"),
        (
            "GPL-3.0-only AND AGPL-3.0-only",
            BOTH,
        ),
        ("BSD", "its licence BSD is not of SPDX"),
        ("Tcl/Tk", "its licence 'Tcl/Tk' is not an SPDX expression"),
        ("a\x1b/b", "its licence 'a\\x1b/b' is not an SPDX expression"),
        ("", "it states no licence"),
    ],
)
def test_a_problem_says_which_licence(stated: str, problem: str) -> None:
    rules = LicenseRules(deny=("GPL-3.0-or-later", "AGPL-3.0-only"))
    assert judge_license(rules, stated)[1] == problem


def test_a_licence_is_allowed_with_an_exception_and_denied_without() -> None:
    licenses = {"deny": ["GPL-3.0-or-later"], "allow": ["GPL-3.0-only WITH GCC-exception-3.1"]}
    rules = parse_policy({"licenses": licenses}).licenses
    assert rules
    assert judge_license(rules, "GPL-3.0-only WITH GCC-exception-3.1")[0] == "allow"
    for denied in ("GPL-3.0-only", "GPL-3.0-or-later WITH GCC-exception-3.1"):
        assert judge_license(rules, denied)[0] == "deny"
    # that is no list of all that is allowed
    assert [judge_license(rules, text)[0] for text in ("MIT", "BSD")] == ["allow", "warn"]
    licenses["allow"].append("MIT")
    rules = parse_policy({"licenses": licenses}).licenses
    assert rules
    assert [judge_license(rules, text)[0] for text in ("MIT", "ISC", "BSD")] == [
        *("allow", "deny", "deny")
    ]


def test_a_named_reference_is_known() -> None:
    rules = LicenseRules(allow=("MIT", "LicenseRef-fitsio"), unknown="deny")
    assert judge_license(rules, "MIT AND LicenseRef-fitsio")[0] == "allow"


def test_one_version_is_allowed_where_the_choice_of_later_ones_is_denied() -> None:
    rules = LicenseRules(allow=("GPL-2.0-only",), deny=("GPL-2.0-or-later",))
    assert judge_license(rules, "GPL-2.0-only")[0] == "allow"
    assert judge_license(rules, "GPL-2.0-or-later")[0] == "deny"


@pytest.mark.parametrize(
    ("text", "denied", "name"),
    [
        ("GPL-3.0", True, "GPL-3.0-or-later"),
        ("GPL-3.0", False, "GPL-3.0-only"),
        ("gpl-3.0-ONLY", True, "GPL-3.0-only"),
        ("LGPL-2.1+", True, "LGPL-2.1-or-later"),
        ("LicenseRef-x", True, "LicenseRef-x"),
    ],
)
def test_names_of_a_policy(text: str, denied: bool, name: str) -> None:
    assert policy_license(text, denied=denied) == name
