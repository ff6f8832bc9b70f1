"""The licences of packages and their texts, for people, to ship along, and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import print_answers, release_json, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..queries.licenses import Licensed, Licenses
    from ..repository.locate import Repository

#: What sets texts apart.
RULE = "=" * 79


def report_licenses(read: Iterable[tuple[Repository, Licenses]]) -> None:
    """Print the licences of each repository; where it lies is not for others to know."""
    print_answers(read, _json, _lines)


def _json(repository: Repository, read: Licenses) -> dict[str, Any]:
    keys = ("name", "version", "build", "subdir", "file", "license")
    return {
        **release_json(repository),
        "packages": [
            {
                **{key: getattr(licensed.package, key) for key in keys},
                "texts": dict(licensed.texts),
                "left_out": dict(licensed.left_out),
            }
            for licensed in read.packages
        ],
        "texts": read.texts,
        "without": [*map(_name, read.without)],
    }


def _lines(repository: Repository, read: Licenses) -> Iterator[str]:
    manifest = repository.manifest
    yield f"Licences of the packages of {manifest.label}, release {manifest.release}\n"
    packages = [licensed.package for licensed in read.packages]
    rows = {(each.name, each.version, each.license or "not stated") for each in packages}
    yield from table([("NAME", "VERSION", "LICENCE"), *sorted(rows)])
    for text, names in zip(read.texts, _by_text(read), strict=True):
        yield f"\n{RULE}"
        for name, paths in names.items():
            yield f"{name}: {', '.join(paths)}"
        yield f"{RULE}\n"
        yield text
    yield f"\n{RULE}"
    without = ", ".join(sorted({*map(_name, read.without)}))
    yield f"Without a text: {without or 'none'}"
    yield from sorted(
        {
            f"Left out: {path} of {_name(licensed)}, because {reason}"
            for licensed in read.packages
            for path, reason in licensed.left_out.items()
        }
    )
    yield RULE


def _by_text(read: Licenses) -> list[dict[str, list[str]]]:
    """Return the packages that have each text, and by which names, once for all platforms."""
    texts: list[dict[str, list[str]]] = [{} for _ in read.texts]
    for licensed in read.packages:
        for path, number in licensed.texts.items():
            paths = texts[number].setdefault(_name(licensed), [])
            if path not in paths:
                paths.append(path)
    return texts


def _name(licensed: Licensed) -> str:
    return f"{licensed.package.name} {licensed.package.version}"
