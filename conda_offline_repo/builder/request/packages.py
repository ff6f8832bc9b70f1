"""The packages of a request: named for this build, or remembered and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.common.io import dashlist
from conda.models.match_spec import MatchSpec

from ...exceptions import InvalidRequestError
from ...specs import check_spec

if TYPE_CHECKING:
    from collections.abc import Iterable


def listed(
    named: Iterable[str],
    added: Iterable[str],
    removed: Iterable[str],
    remembered: Iterable[str] | None,
) -> tuple[str, ...]:
    """The packages that a build is for, as they were typed, sorted; none for all there are.

    Args:
        named: The whole list; replaces the remembered one.
        added: More packages; each replaces what is remembered of its name.
        removed: The names of remembered packages, or these as they were typed.
        remembered: The list of the last build; None if there was none.

    Raises:
        InvalidRequestError: These contradict each other, or what is to be removed is not there.
    """
    named, added, removed = tuple(named), tuple(added), tuple(removed)
    if named and (added or removed):
        raise InvalidRequestError(
            "PACKAGE replaces the list of packages, --add and --remove change it.",
            "Give the whole list, or only what is to be different in it.",
        )
    both = {_name(package) for package in added} & {_name(package) for package in removed}
    if both:
        raise InvalidRequestError(
            f"{', '.join(sorted(both))}: both added and removed.",
            "To change the version of a package, --add it alone.",
        )
    if named:
        return tuple(sorted(set(named)))
    last = tuple(remembered or ())
    for package in last:
        check_spec(package)
    if remembered is not None and not last and (added or removed):
        raise InvalidRequestError(
            "The last build was for all that the label channel publishes, which is no list that "
            "--add or --remove could change.",
            "Name all packages to ship.",
        )
    if not (added or removed):
        return tuple(sorted(set(last)))
    changed = (set(last) - _gone(last, removed) - _same_names(last, added)) | set(added)
    if not changed:
        raise InvalidRequestError(
            f"Without {', '.join(removed)} there would be no package to ship.",
            "Name the packages to ship instead.",
        )
    return tuple(sorted(changed))


def _gone(last: tuple[str, ...], removed: tuple[str, ...]) -> set[str]:
    gone = {text: {package for package in last if _means(text, package)} for text in removed}
    unknown = [text for text, packages in gone.items() if not packages]
    if unknown:
        raise InvalidRequestError(
            f"Not among the packages of the last build:{dashlist(map(repr, unknown))}",
            f"They are:{dashlist(last)}" if last else "There was no build of this label yet.",
        )
    return set().union(*gone.values())


def _means(text: str, package: str) -> bool:
    """Return whether a name, or a whole specification, is that of a package."""
    spec = MatchSpec(text)
    return spec == MatchSpec(package) or (
        spec.is_name_only_spec and spec.name == MatchSpec(package).name
    )


def _same_names(last: tuple[str, ...], added: tuple[str, ...]) -> set[str]:
    names = {_name(package) for package in added}
    return {package for package in last if _name(package) in names}


def _name(package: str) -> str:
    name: str = MatchSpec(package).name
    return name
