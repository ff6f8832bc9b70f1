"""Policies: what a customer, or the vendor for it, allows in a repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any


@dataclass(frozen=True)
class LicenseRules:
    """Rules on licences.

    Attributes:
        allow: SPDX licences, also with an exception (`WITH`); empty for all that are not denied.
        deny: The same.
        unknown: What to do about a licence that is not of SPDX: `allow`, `warn` or `deny`.
        missing: The same for a package that states none.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    unknown: str = "warn"
    missing: str = "warn"


@dataclass(frozen=True)
class PolicyException:
    """What may be shipped though the rules say otherwise.

    Attributes:
        package: A MatchSpec, or a project of PyPI.
        reason: Why.
        approved_by: Who says so.
        until: The last day on which it counts, in UTC.
    """

    package: str
    reason: str
    approved_by: str
    until: date


@dataclass(frozen=True)
class NotAffected:
    """A note that an advisory does not concern a package as it is used (VEX).

    Attributes:
        id: Of the advisory, or an alias of it.
        package: A MatchSpec, or a project of PyPI; empty for whatever the advisory names.
        reason: Why.
    """

    id: str
    package: str
    reason: str


@dataclass(frozen=True)
class Policy:
    """The rules of a policy; a rule that is empty allows everything.

    Attributes:
        licenses: Rules on licences.
        allow: MatchSpecs of the only packages that may be there.
        deny: MatchSpecs of packages that may not; a name may be that on PyPI.
        channels: Names or URLs of the only channels that packages may be of; `pypi` for PyPI.
        exclude_newer: A duration, date or moment that no package may be newer than.
        scripts: The kinds of `repository.package.SCRIPTS` that no package may have.
        exceptions: What is allowed all the same.
        not_affected: What advisories do not concern.
        stated: All of it as JSON, as it was stated.
    """

    licenses: LicenseRules | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    exclude_newer: str = ""
    scripts: tuple[str, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    not_affected: tuple[NotAffected, ...] = ()
    stated: Mapping[str, Any] = field(default_factory=dict)
