"""Licences of packages as SPDX expressions, and what rules say of them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from .exceptions import LicensesMissingError

#: What is done about a licence, the better ones first.
ALLOW, WARN, DENY = ACTIONS = ("allow", "warn", "deny")
#: What SPDX and recipes write for none.
NONE = ("", "none", "noassertion")
#: Characters; what is longer is a licence's text.
LONGEST = 500
ONLY, OR_LATER, WITH = "-only", "-or-later", " WITH "
#: The beginning of names that SPDX leaves to others.
REFERENCE = "LicenseRef-"


@dataclass(frozen=True)
class LicenseRules:
    """Rules on licences.

    Attributes:
        allow: SPDX licences, also with an exception (`WITH`); none for all that are not denied, or
            only such as are denied without their exception.
        deny: The same.
        unknown: What to do about a licence that is not of SPDX: `allow`, `warn` or `deny`.
        missing: The same for a package that states none.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    unknown: str = "warn"
    missing: str = "warn"

    @property
    def is_list(self) -> bool:
        """Whether what is not allowed is denied."""
        return any(WITH not in name or not self.denies(name.split(WITH)[0]) for name in self.allow)

    def denies(self, name: str) -> bool:
        """Return whether a licence is denied, or the choice of it and later versions."""
        wider = name.removesuffix(ONLY) + OR_LATER
        return not {name, wider if name.endswith(ONLY) else name}.isdisjoint(self.deny)


def judge_license(rules: LicenseRules, stated: object) -> tuple[str, str]:
    """Return what rules do about a licence, as an index entry states it: one of `ACTIONS`, and why.

    Of several to choose from, the best counts; of several that all apply, the worst.
    """
    text = " ".join(str(stated or "").split())
    if text.lower() in NONE:
        return rules.missing, "it states no licence"
    expression, shown = _parsed(text), text[:100]
    if expression is None:
        return rules.unknown, f"its licence {shown!r} is not an SPDX expression"
    action, problems = _weighed(rules, expression)
    whole = "" if expression.isliteral else f" {shown!r}:"
    return action, f"its licence{whole} {' and '.join(problems)}"


def policy_license(text: str, *, denied: bool = False) -> str:
    """Return a licence that a policy names, as SPDX writes it.

    If it is denied, an old name such as `GPL-3.0` stands for `GPL-3.0-or-later`, and this for
    `GPL-3.0-only` as well: who denies the choice of later ones denies each.

    Raises:
        ValueError: It is not one licence of SPDX, nor a `LicenseRef-`.
    """
    expression = _parsed(text)
    if expression is not None and not expression.isliteral:
        raise ValueError(f"{text!r} is not one licence: name each by itself.")
    name, _, known = _license(expression) if expression else ("", "", False)
    # a few names that leave the version open stand for the oldest
    vague = any(map(str.isdigit, name)) and not any(map(str.isdigit, text))
    if not vague and (known or name.startswith(REFERENCE)):
        is_old = denied and name.endswith(ONLY) and not text.lower().endswith(ONLY)
        return name.removesuffix(ONLY) + OR_LATER if is_old else name
    names = [name for name in _licensing().known_symbols if not name.startswith(REFERENCE)]
    near = " or ".join(get_close_matches(text, names, 3, 0.5))
    raise ValueError(f"{text!r} is not a licence of SPDX. Did you mean {near or 'LicenseRef-...'}?")


def _weighed(rules: LicenseRules, expression: Any) -> tuple[str, tuple[str, ...]]:
    """Return what rules do about an expression, and why."""
    if not expression.isliteral:
        parts = [_weighed(rules, part) for part in expression.args]
        choose = min if isinstance(expression, _licensing().OR) else max
        action = choose((own for own, _ in parts), key=ACTIONS.index)
        return action, tuple(dict.fromkeys(w for own, whys in parts if own == action for w in whys))
    name, base, known = _license(expression)
    if name in rules.allow:
        return ALLOW, ()
    if name in rules.deny or (base not in rules.allow and rules.denies(base)):
        return DENY, (f"{name} is denied",)
    if not known:
        return rules.unknown, (f"{name} is not of SPDX",)
    if rules.is_list and base not in rules.allow:
        return DENY, (f"{name} is not among those that are allowed",)
    return ALLOW, ()


def _license(symbol: Any) -> tuple[str, str, bool]:
    """Return a licence's name, the same without its exception, and whether SPDX has both."""
    parts, names = [*symbol.decompose()], _licensing().known_symbols
    # SPDX's operator for later versions, which is not read as one
    keys = [p.key if p.key in names else p.key.removesuffix("+") for p in parts]
    known = all(
        key in names and not key.startswith(REFERENCE) and part.is_exception == bool(n)
        for n, (key, part) in enumerate(zip(keys, parts, strict=True))
    )
    return WITH.join(keys), keys[0], known


@lru_cache(maxsize=1)
def _licensing() -> Any:
    try:
        from license_expression import get_spdx_licensing
    except ImportError as error:
        raise LicensesMissingError from error
    return get_spdx_licensing()


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """Return an SPDX expression, in which names of old are replaced; None if a text is not one."""
    licensing = _licensing()
    try:
        return licensing.parse(text) if len(text) <= LONGEST else None
    except Exception:  # more than it documents
        return None
