"""Policies: what a customer, or the vendor for it, allows in a repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial, reduce
from pathlib import Path
from typing import Any

from ..clock import EPOCH
from ..cooldown import cooldown
from ..exceptions import ConfigFileError, InvalidRequestError, Mistake
from ..files.yaml_nodes import compose, data, mistake, read_text
from ..printable import printable
from ..repository.package import SCRIPTS
from ..specs import CREDENTIALS, parse_spec
from .exceptions import PolicyError
from .licenses import ACTIONS, DENY, WARN, LicenseRules, policy_license

#: What adds up where a label has a policy besides that of all labels.
ADDED = ("exceptions", "not_affected")
KINDS: dict[Any, str] = {dict: "a mapping", list: "a list", str: "a text"}


@dataclass(frozen=True)
class PolicyException:
    """What may be shipped though the rules say otherwise, until the end of a day in UTC; `package`
    is a MatchSpec, or a project of PyPI.
    """

    package: str
    reason: str
    approved_by: str
    until: date


@dataclass(frozen=True)
class NotAffected:
    """A note that an advisory, by its ID or an alias, does not concern a package as it is used
    (VEX): as in an exception, or empty for whatever the advisory names.
    """

    id: str
    reason: str
    package: str = ""


@dataclass(frozen=True)
class Policy:
    """The rules of a policy, as the schema of `offline-repo.yml` describes them; one that is empty
    allows everything. `allow` and `deny` are about packages.
    """

    licenses: LicenseRules | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    exclude_newer: str = ""
    scripts: tuple[str, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    not_affected: tuple[NotAffected, ...] = ()


def parse_policy(stated: Mapping[str, Any], place: object = "offline-repo.yml") -> Policy:
    """Return the policy in a mapping as YAML has it, which stands at a place.

    Raises:
        PolicyError: It has mistakes.
        LicensesMissingError: It has rules on licences, and license-expression is not installed.
    """
    problems: list[str] = []
    read = _read(stated, SHAPE, "policy", problems)
    licenses = read.get("licenses", {})
    if both := sorted({*licenses.get("allow", ())} & {*licenses.get("deny", ())} - {None}):
        problems.append(f"policy.licenses allows and denies {', '.join(both)}.")
    if problems:
        raise PolicyError(place, problems)
    usual = DENY if LicenseRules(**licenses).is_list else WARN
    return Policy(
        LicenseRules(**{"unknown": usual, "missing": usual, **licenses}) if licenses else None,
        **read.get("packages", {}),
        channels=read.get("channels", ()),
        exclude_newer=getattr(read.get("exclude_newer"), "text", ""),
        scripts=read.get("scripts", {}).get("deny", ()),
        exceptions=tuple(PolicyException(**each) for each in read.get("exceptions", ())),
        not_affected=tuple(NotAffected(**each) for each in read.get("not_affected", ())),
    )


def read_policy(path: Path, label: str) -> Policy:
    """Return the policy that a YAML file states for a label; see `put_over`.

    Raises:
        ConfigFileError: It cannot be read, is not such YAML, or has no policy.
        PolicyError, LicensesMissingError: As `parse_policy`.
    """
    mistakes: list[Mistake] = []
    node = compose(read_text(path), path)
    content = data(node, lambda *wrong: mistakes.append(mistake(*wrong))) if node else None
    labels = content.get("labels") if isinstance(content, dict) else None
    both = (content, labels.get(label) if isinstance(labels, dict) else None)
    policies = [part["policy"] for part in both if isinstance(part, dict) and "policy" in part]
    if not policies:
        mistakes.append(Mistake(1, 1, f"There is no key 'policy' at its top or in {label!r}."))
    if mistakes:
        raise ConfigFileError(path, mistakes)
    for policy in policies:
        parse_policy(policy, path)
    return parse_policy(reduce(put_over, policies), path)


def put_over(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy of a label, as stated, from that of all labels and its own."""
    added = {key: [*common.get(key, ()), *own.get(key, ())] for key in ADDED}
    return {**common, **own, **{key: values for key, values in added.items() if values}}


def _read(value: Any, shape: Any, path: str, problems: list[str]) -> Any:
    """Return a value of YAML that has a shape: a mapping, which may come with the keys that it
    needs, a list, or what reads a text. What is wrong is added to the problems.
    """
    shape, needed = shape if isinstance(shape, tuple) else (shape, ())
    kind: Any = str if callable(shape) else type(shape)
    if not isinstance(value, kind) or not str(value).strip():
        problems.append(f"{path} has to be {KINDS[kind]}.")
        return {}
    if isinstance(shape, list):
        return tuple(_read(v, shape[0], f"{path}[{n}]", problems) for n, v in enumerate(value))
    if isinstance(shape, dict):
        wrong = (key for key in value if key not in shape)
        problems += (f"{path} has no key {key!r}. {advice(key, shape)}" for key in wrong)
        problems += (f"{path} lacks {key!r}." for key in sorted(needed) if key not in value)
        known = [key for key in shape if key in value]
        return {key: _read(value[key], shape[key], f"{path}.{key}", problems) for key in known}
    try:
        return shape(" ".join(value.split()))
    except (InvalidRequestError, ValueError) as error:
        problems.append(f"{path}: {getattr(error, 'message', error)}")
        return None


def advice(word: object, right: Iterable[str]) -> str:
    """Return a sentence with the nearest right word, or with all of them."""
    near = get_close_matches(str(word).lower(), right, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(right)}."


def _among(right: tuple[str, ...], text: str) -> str:
    if text not in right:
        raise ValueError(f"{text!r} is not known. {advice(text, right)}")
    return text


def _channel(text: str) -> str:
    if CREDENTIALS.search(text):
        raise ValueError("a channel stands here with a password or a token: name it without.")
    return text


def day(text: str) -> date:
    """Return the day in a text; a ValueError says that it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day: write YYYY-MM-DD.") from None


NOTE = {"package": parse_spec, "reason": printable, "id": printable}
EXCEPTION = {"package": parse_spec, "reason": printable, "approved_by": printable, "until": day}
#: The keys of a policy, and what reads their texts.
SHAPE = {
    "licenses": {
        "allow": [policy_license],
        "deny": [partial(policy_license, denied=True)],
        **dict.fromkeys(("unknown", "missing"), partial(_among, ACTIONS)),
    },
    "packages": {"allow": [parse_spec], "deny": [parse_spec]},
    "channels": [_channel],
    "exclude_newer": partial(cooldown, now=EPOCH),
    "scripts": {"deny": [partial(_among, SCRIPTS)]},
    "exceptions": [(EXCEPTION, EXCEPTION)],
    "not_affected": [(NOTE, ("id", "reason"))],
}
