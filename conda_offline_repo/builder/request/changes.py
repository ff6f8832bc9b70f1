"""How a request differs from that of the last build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ...repository.names import PLUGIN_PACKAGE
from ...urls import public_or
from .inputs.exceptions import UNKNOWN

if TYPE_CHECKING:
    from ...repository.manifest import Manifest
    from ...repository.remembered import Remembered
    from ..options import Options


#: How environments that name no packages are shown.
ALL = "all that the label channel publishes"
EXACT = "exact archives"


@dataclass(frozen=True)
class RequestChange:
    """A part of the request that differs from that of the last build.

    Attributes:
        what: `packages` or `environments`, `pip`, `pip_as_conda`, `index_version`, `channels`,
            `publisher_named`, `platforms`, `virtual_packages`, `customer_conda`,
            `customer_solvers`, `plugin`, `keep`, `exclude_newer`, `next_due`, or `policy`.
        before: As it was. No packages stand for all that the label channel publishes. Of virtual
            packages just those that differ, each as `PLATFORM:NAME=VERSION[=BUILD]`, and of the
            policy the sections. The plugin by the name of its package.
        after: As it is now, in the same form.
    """

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def changes(before: Remembered, after: Remembered) -> tuple[RequestChange, ...]:
    """Return all that differs between two requests."""
    named = any(request.environments or request.exact for request in (before, after))
    old, new = _parts(before, named=named), _parts(after, named=named)
    for key in ("virtual_packages", "policy"):
        old[key], new[key] = (
            tuple(text for text in parts[key] if text not in others[key])
            for parts, others in ((old, new), (new, old))
        )
    return tuple(
        RequestChange(part, old[part], new[part]) for part in old if old[part] != new[part]
    )


def withdrawn(options: Options, last: Manifest | None) -> dict[int, str]:
    """Return the releases that are withdrawn, by number, with the reason: before and by options.

    Raises:
        InvalidRequestError: One of these never was, or the reason cannot be told.
    """
    newest, before = (last.release, last.withdrawn) if last else (0, {})
    reason, numbers = options.reason, options.withdraw
    hint = "Give --withdraw N for a release that customers may have, and --reason for all to read."
    if wrong := [number for number in numbers if not 0 < number <= newest]:
        problem = f"{options.label} never had release {wrong[0]}: its newest is"
        raise InvalidRequestError(f"{problem} {newest or 'to come'}.", hint)
    readable = reason and reason.strip() and reason.isprintable() and numbers
    if reason is not None and not (readable and UNKNOWN.redact(reason) == reason):
        problem = "--reason is one line of text without passwords, and needs --withdraw."
        raise InvalidRequestError(problem, hint)
    new = {number: reason or before.get(number, "") for number in numbers}
    return dict(sorted({**before, **new}.items()))


def _parts(request: Remembered, *, named: bool) -> dict[str, tuple[str, ...]]:
    packages = {"environments": _environments(request)} if named else {"packages": request.packages}
    return {
        **packages,
        "pip": tuple(_pip(request)),
        "pip_as_conda": ("yes" if request.pip_as_conda else "no",),
        "index_version": (str(request.index_version),),
        # somebody may have put secrets into a manifest
        "channels": tuple(public_or(url, "not a URL") for url in request.channels),
        "publisher_named": ("yes" if request.publisher_named else "no",),
        "platforms": request.platforms,
        "virtual_packages": tuple(
            f"{platform}:{name}={value}"
            for platform, machine in sorted(request.virtual_packages.items())
            for name, value in sorted(machine.items())
        ),
        "customer_conda": (request.customer_conda,),
        "customer_solvers": request.customer_solvers,
        "plugin": (PLUGIN_PACKAGE,) if request.plugin else (),
        "keep": (str(request.keep),),
        "exclude_newer": (request.exclude_newer,) if request.exclude_newer else (),
        "next_due": (request.next_due,) if request.next_due else (),
        "policy": tuple(
            UNKNOWN.redact(
                f"{key}: {json.dumps(value, ensure_ascii=False, sort_keys=True)}".replace('"', "")
            )
            for key, value in sorted(request.policy.items())
        ),
    }


def _environments(request: Remembered) -> tuple[str, ...]:
    texts = []
    for name, packages in sorted((request.environments or {"": request.packages}).items()):
        text = EXACT if name in request.exact else " ".join(packages) or ALL
        texts.append(f"{name}: {text}" if name else text)
    return tuple(texts)


def _pip(request: Remembered) -> Iterator[str]:
    for name, part in sorted(request.pip.items()):
        constraints = (f"constraint {text}" for text in part.get("constraints", ()))
        for text in (*part.get("requirements", ()), *constraints, *part.get("index", ())):
            yield UNKNOWN.redact(f"{name}: {text}" if name else text)
