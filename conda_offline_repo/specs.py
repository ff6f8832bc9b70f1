"""What a person types as a package, at the vendor and at the customer."""

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


#: What opens a channel, in its URL: a user, conda's sign of a token, a query.
CREDENTIALS = re.compile(r"(?<!file)://\S*(?:@|/t/[^/]|\?)")


class PackageSpec(str):
    """A package as it was typed, with the MatchSpec that conda makes of that.

    Attributes:
        match: The MatchSpec.
    """

    __slots__ = ("match",)

    def __init__(self, text: str) -> None:
        self.match = MatchSpec(text)

    @property
    def unqualified(self) -> PackageSpec:
        """As the customer types it: without its channel, which conda would look for online."""
        if self.match.get_raw_value("channel") is None:
            return self
        fields = (field for field in MatchSpec.FIELD_NAMES if field not in ("channel", "subdir"))
        parts = {field: self.match.get_raw_value(field) for field in fields}
        given = {field: value for field, value in parts.items() if value is not None}
        return PackageSpec(str(MatchSpec(**given)))


def parse_spec(package: str) -> PackageSpec:
    """Return a package that is named as conda names packages.

    Raises:
        InvalidRequestError: It is not, or its channel stands there with credentials.
    """
    if CREDENTIALS.search(package):
        raise InvalidRequestError(
            "A package names its channel together with a password or a token, which would be "
            "remembered and shown.",
            "Name the channel without it, and give the channel with -c as well, where it is kept "
            "out of everything.",
        )
    if not package.isprintable():
        raise InvalidRequestError(
            f"{package!r} has a character that cannot be seen, so it names no package.",
            "Type the name by hand; such characters come along when text is copied.",
        )
    try:
        spec = PackageSpec(package)
    except (InvalidMatchSpec, ValueError, IndexError) as error:
        raise InvalidRequestError(
            f"{package!r} is not a package specification: {error}",
            "Write a name, optionally with a version: ratingpro, 'ratingpro>=2', ratingpro=2.1.",
        ) from error
    if not package.strip() or spec.match.name == "*":
        raise InvalidRequestError(
            f"{package!r} names no package.", "Write the names of the packages to ship or install."
        )
    if package in context.known_subdirs:
        raise InvalidRequestError(
            f"{package!r} is a platform, not a package.",
            "Give each platform an option of its own: --platform win-64 --platform linux-64.",
        )
    if spec.match.get("url") or spec.match.get("fn"):
        raise InvalidRequestError(
            f"{package!r} names a file, not a package of a channel.",
            "Put the file into a channel and name the package.",
        )
    return spec


def check_together(packages: Iterable[PackageSpec]) -> None:
    """Check that packages do not ask for two of the same name, as conda would merge them.

    Raises:
        InvalidRequestError: They do.
    """
    by_name = defaultdict(list)
    for package in packages:
        by_name[package.match.name].append(package)
    for name, same in by_name.items():
        try:
            MatchSpec.merge(package.match for package in same)
        except ValueError as error:
            raise InvalidRequestError(
                f"{name} is asked for in ways that exclude each other: "
                f"{', '.join(map(repr, same))}.",
                "One environment has one package of a name: leave all but one out.",
            ) from error
