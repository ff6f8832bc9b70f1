"""The pages as bytes, from the templates, the style and the script that lie beside."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ....printable import counted, human
from ....queries.compare import difference
from ....queries.dependencies import environments
from ....repository.manifest import key_parts
from ....specs import unqualified
from .content import installations, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from ....repository.manifest import Manifest

PAGE_NAME = "index.html"
#: What the page of a root begins with, and nothing of anybody else's.
OVERVIEW_MARK = '<meta name="generator" content="conda-offline-repo: labels">'


@dataclass(frozen=True)
class LabelRow:
    """A line of the page that lists a root's labels.

    Attributes:
        link: The URL, from the root, of its page; or of its folder, if it has none.
        name: The label.
        build: The number of its release.
        created: When that was published, as its manifest says it.
        packages: How many it has.
        size: Bytes of them.
        platforms: conda subdirs.
    """

    link: str
    name: str
    build: int
    created: str
    packages: int
    size: int
    platforms: tuple[str, ...]


def page(
    manifest: Manifest,
    records: Mapping[str, Mapping[str, Any]],
    last: Manifest | None,
    repository: Path,
) -> bytes:
    """Return the page of a release.

    Args:
        manifest: What it is.
        records: Its index entries, by `subdir/file`.
        last: The manifest of the release before, if there is one.
        repository: Where it is to be, for messages.

    Raises:
        ManifestError: An entry is missing, or is nonsense.
    """
    return _render(
        "page.html.j2",
        manifest=manifest,
        environments=environments(manifest),
        installations=installations(manifest),
        packages=rows(manifest, records, repository),
        last=last,
        changes=difference(last, manifest).platforms if last else (),
    )


def overview(labels: Iterable[LabelRow]) -> bytes:
    """Return the page of a root with these labels."""
    return _render("overview.html.j2", labels=tuple(labels), mark=Markup(OVERVIEW_MARK))


def _render(name: str, **values: Any) -> bytes:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_text),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "date": _date,
        "human": human,
        "key_parts": key_parts,
        "unqualified": unqualified,
    }
    environment.globals["counted"] = counted
    style, script = (_text(f"page.{kind}") for kind in ("css", "js"))
    return (
        environment.get_template(name)
        .render(
            **values,
            # they hold nothing from outside
            style=Markup(style),
            script=Markup(script),
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
        .encode()
    )


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    """Return the digest of a style or script as a Content-Security-Policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _date(created: str) -> str:
    """Return a time of a manifest as people write it."""
    return created.replace("T", " ").replace("Z", " UTC")
