"""The licences of packages and their texts, for people, to ship along, and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import printable
from .output import named, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..queries.licenses import Licensed, Licenses
    from ..repository.locate import Repository

WIDTH = 79
RULE = "=" * WIDTH


def report_licenses(read: Sequence[tuple[Repository, Licenses]]) -> None:
    """Print the licences of each repository; where it lies is not for others to know."""
    if context.json:
        print_json(
            repositories=[
                {
                    **named(repository),
                    "packages": [_as_dict(one) for one in found.packages],
                    "texts": found.texts,
                    "without": [_name(one) for one in found.without],
                }
                for repository, found in read
            ]
        )
        return
    for repository, found in read:
        manifest = repository.manifest
        print(f"Licences of the packages of {manifest.label}, release {manifest.build}\n")
        _print_text(found)


def _as_dict(one: Licensed) -> dict[str, object]:
    return {
        "name": one.package.name,
        "version": one.package.version,
        "build": one.package.build,
        "subdir": one.package.subdir,
        "file": one.package.file,
        "license": one.package.license,
        "texts": dict(one.texts),
        "left_out": dict(one.left_out),
    }


def _print_text(found: Licenses) -> None:
    rows = {
        (one.package.name, one.package.version, one.package.license or "not stated")
        for one in found.packages
    }
    print_table([("NAME", "VERSION", "LICENCE"), *sorted(rows)])
    for text, names in zip(found.texts, _by_text(found), strict=True):
        print(f"\n{RULE}")
        for name, paths in names.items():
            print(printable(f"{name}: {', '.join(paths)}"))
        print(f"{RULE}\n")
        for line in text.split("\n"):
            print(printable(line))
    print(f"\n{RULE}")
    without = sorted({_name(one) for one in found.without})
    print(printable(f"Without a text: {', '.join(without) or 'none'}"))
    left_out = {
        f"Left out: {path} of {_name(one)}, because {reason}"
        for one in found.packages
        for path, reason in one.left_out.items()
    }
    for line in sorted(left_out):
        print(printable(line))
    print(RULE)


def _by_text(found: Licenses) -> list[dict[str, list[str]]]:
    """Return the packages that have each text, and by which names, once for all platforms."""
    texts: list[dict[str, list[str]]] = [{} for _ in found.texts]
    for one in found.packages:
        for path, number in one.texts.items():
            paths = texts[number].setdefault(_name(one), [])
            if path not in paths:
                paths.append(path)
    return texts


def _name(one: Licensed) -> str:
    return f"{one.package.name} {one.package.version}"
