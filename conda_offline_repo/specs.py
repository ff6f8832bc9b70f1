"""Packages as a person types them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.exceptions import InvalidMatchSpec
from conda.models.match_spec import MatchSpec

from .exceptions import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What in the URL of a channel may hold a credential: a user, conda's sign of a token, a query.
CREDENTIALS = re.compile(r"(?<!file)://\S*(?:@|/t/[^/]|\?)")


class PackageSpec(str):
    """A package as it was typed, with its MatchSpec, `match`."""

    __slots__ = ("match",)

    def __init__(self, text: str) -> None:
        self.match = MatchSpec(text)

    @property
    def unqualified(self) -> PackageSpec:
        """The same without its channel and subdir; conda would look for that channel online."""
        if self.match.get_raw_value("channel") is None:
            return self
        fields = {name: self.match.get_raw_value(name) for name in MatchSpec.FIELD_NAMES}
        fields |= {"channel": None, "subdir": None}
        return PackageSpec(str(MatchSpec(**{k: v for k, v in fields.items() if v is not None})))


def parse_spec(package: str) -> PackageSpec:
    """Return a package with its MatchSpec.

    Raises:
        InvalidRequestError: It is not a package specification, or contains credentials.
    """
    if CREDENTIALS.search(package):
        raise InvalidRequestError(
            "A package specifies its channel with a password or a token, which would be remembered "
            "and shown.",
            "Leave the password or the token out, and give the channel with it as -c, which is "
            "never shown.",
        )
    if not package.isprintable():
        raise InvalidRequestError(
            f"{package!r} is not a package specification: it contains an invisible character.",
            "Type the name; copied text may bring such characters along.",
        )
    try:
        spec = PackageSpec(package)
    except (InvalidMatchSpec, ValueError, IndexError) as error:
        raise InvalidRequestError(
            f"{package!r} is not a package specification: {error}",
            "Give a name, optionally with a version: ratingpro, 'ratingpro>=2', ratingpro=2.1.",
        ) from error
    if not package.strip() or spec.match.name == "*":
        raise InvalidRequestError(
            f"{package!r} names no package.", "Give the names of the packages to ship or install."
        )
    if package in context.known_subdirs:
        raise InvalidRequestError(
            f"{package!r} is a platform, not a package.",
            "Repeat the option for each platform: --platform win-64 --platform linux-64.",
        )
    if spec.match.get("url") or spec.match.get("fn"):
        raise InvalidRequestError(
            f"{package!r} names a file, not a package of a channel.",
            "Put the file into a channel and give the name of the package.",
        )
    return spec


def check_together(packages: Iterable[PackageSpec]) -> None:
    """Check packages of the same name, whose MatchSpecs conda would merge.

    Raises:
        InvalidRequestError: They exclude each other.
    """
    by_name = defaultdict(list)
    for package in packages:
        by_name[package.match.name].append(package)
    for name, same in by_name.items():
        try:
            MatchSpec.merge(package.match for package in same)
        except ValueError as error:
            raise InvalidRequestError(
                f"The requests for {name} exclude each other: {', '.join(map(repr, same))}.",
                "An environment has one package of each name: leave the others out.",
            ) from error
