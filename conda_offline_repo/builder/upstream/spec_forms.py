"""Which solvers cannot read the text of a dependency, or take it for something else than others do.

CEP 29 describes the language, and every solver reads a little more or less of it. Each rule is what
conda 24.7.1, 26.7.1 and 26.9 with its classic solver, libmamba 2.8.1 and rattler 0.26 did with a
channel that has such a text; `tests/builder/upstream/test_spec_forms.py` asks those at hand again.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..._conda.machine import WHEN
from ...repository.remembered import SOLVERS

CLASSIC, LIBMAMBA, RATTLER = "classic", "libmamba", "rattler"
#: The longest text that is looked at; conda's time to read one grows with the square.
LONGEST = 1000

#: One way to read each, so that a failed match takes no longer than a good one.
PARTS = r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*"
LITERAL = rf"(?:[0-9]+!)?{PARTS}[_-]?(?:\+{PARTS})?"
#: What all solvers take for the same versions.
CLAUSE = (
    r"(?:"
    rf"(?:==?)? *{LITERAL}(?:\.\*|(?<!_)\*)?"
    rf"|!= *{LITERAL}(?:\.\*)?"
    rf"|>= *{LITERAL}(?:\.?\*)?"
    rf"|> *{LITERAL}\*?"
    rf"|<=? *{LITERAL}"
    r"|~= *(?:[0-9]+!)?[A-Za-z0-9]+(?:[._][A-Za-z0-9]+)+"
    r"|=? *\*(?:\.\*)?)"
)
NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
BUILD = r"(?:[A-Za-z0-9_.+*!]+|\^[A-Za-z0-9_.*+]+\$)"
#: Nearly all texts of all channels.
USUAL = re.compile(
    rf"(?!.* if )({NAME})"
    rf"(?:(?: +| *(?=[<>=!~])){CLAUSE}(?: *[,|] *{CLAUSE})*(?:(?: +|=){BUILD})?)? *"
)
#: Names that all versions of conda take (CEP 26), in lower case.
CEP_26 = re.compile(r"(?:(?:__)?[a-z0-9]|_(?!_))[._-]?(?:[a-z0-9]+(?:[._-]|$))*")
VALUE = r"""=(?:"[^"\]]*"|'[^'\]]*'|[^\s"',\[\]]+)"""
PAIR = f"(?:version|build|build_number|md5|sha256){VALUE}"
OTHER = f"(?:version|build|build_number|fn|license|license_family|subdir|track_features){VALUE}"
#: A separator that a version has beside another one, and a number that has more than 64 bits.
MIXED, HUGE = (
    re.compile(r"[A-Za-z0-9]-[A-Za-z0-9.+-]*_|_[A-Za-z0-9._+]*-"),
    re.compile(r"[0-9]{20}"),
)


@dataclass(frozen=True)
class Form:
    """A form of text, in words that follow "has", and who cannot read it.

    Attributes:
        since: The first conda that cannot, if older ones could.
    """

    words: str
    solvers: tuple[str, ...] = SOLVERS
    since: str = ""


UNKNOWN = Form("an unknown form")
CONFUSED = Form("a condition with a part that stands in it twice")
SEPARATORS = Form("a name that conda refuses (CEP 26)", since="26.5")
#: The first whose pattern a text has. Those of index version 3 (CEP 48) come first.
FORMS = tuple(
    (re.compile(pattern), Form(words, solvers))
    for pattern, words, solvers in (
        (r"\[.*\bextras *=", "an extra", SOLVERS),
        (r"\[.*\bflags *=", "a flag", (CLASSIC, LIBMAMBA)),
        # conda 24.7 skips the package, 26.7 drops the condition
        (r"\[.*\bwhen *=", "a condition", (CLASSIC, LIBMAMBA)),
        (rf"^[^\[#]*\[{PAIR}(?:, *{PAIR})*\] *$", "brackets", (LIBMAMBA,)),
        (rf"^[^\[#]*\[{OTHER}(?:, *{OTHER})*\] *$", "brackets", (LIBMAMBA, RATTLER)),
        (r"^[^\[#]*\[", "brackets", SOLVERS),
        (r" if ", "a condition", SOLVERS),
        (r"^[^ #]+#", "a comment", (LIBMAMBA, RATTLER)),
        (r"^[^#]+ #|^[^#]+ [^#]+#", "a comment", (LIBMAMBA,)),
        # no channel of a repository has that name
        (r"::", "a channel", (CLASSIC, RATTLER)),
        (r"^$", "no name", (RATTLER,)),
        (rf"^{NAME}\*[A-Za-z0-9_.*-]*(?: |$)", "a wildcard in its name", (RATTLER,)),
        (r"===", "the operator ===", (RATTLER,)),
        (rf"^{NAME} +\^[^ ]*\$( |$)", "a regular expression", (RATTLER,)),
        (r"[A-Za-z0-9]\.\*\.\*", "two wildcards", (CLASSIC, LIBMAMBA)),
        (rf"^{NAME} *[<>=!~ ]*[A-Za-z0-9.]*\*\.?[A-Za-z0-9]", "a wildcard inside", (RATTLER,)),
        (r"!=[^,| ]*[^.,| ]\*", "a wildcard after !=", (CLASSIC, LIBMAMBA)),
        (r">[^,|*= ]*\.\*", "a wildcard after >", (LIBMAMBA, RATTLER)),
        (r"<=?[^,|* ]*\.\*", "a wildcard after <", (LIBMAMBA,)),
        (r"<=?[^,|* ]*[^.,|* ]\*", "a wildcard after <", (RATTLER,)),
        (rf"^{NAME} +\([^()|]+\)$", "parentheses", (CLASSIC,)),
    )
)


#: Those of version 3.
NEWER = FORMS[:3]


def is_newer(text: Any) -> bool:
    """Return whether a dependency has a form of version 3 of the index format (CEP 48)."""
    return isinstance(text, str) and any(pattern.search(text) for pattern, _ in NEWER)


@lru_cache(maxsize=1 << 16)
def spec_form(text: str) -> Form | None:
    """Return the form of a dependency's text that some solver cannot read, if it has one."""
    usual = len(text) <= LONGEST and USUAL.fullmatch(text)
    if usual and not MIXED.search(text, usual.end(1)):
        if not CEP_26.fullmatch(usual[1].lower()):
            return SEPARATORS
        return Form("a number of more than 64 bits", (RATTLER,)) if HUGE.search(text) else None
    if usual or len(text) > LONGEST:
        return UNKNOWN
    condition = WHEN.search(text)
    if condition and _is_confusing(condition[1] or condition[2] or condition[3]):
        return CONFUSED
    return next((form for pattern, form in FORMS if pattern.search(text)), UNKNOWN)


def _is_confusing(condition: str) -> bool:
    """Return whether conda 26.7 cannot parse a condition, be it `a and b`, and fails after any
    solver: it quotes each part wherever the same text stands, and takes the outcome for Python.
    """
    parts = [part.strip(" ()") for part in re.split(" and | or ", condition)]
    for part in parts:
        condition = condition.replace(part, json.dumps(part))
    try:
        ast.parse(condition)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return len(parts) > 1
    return False
