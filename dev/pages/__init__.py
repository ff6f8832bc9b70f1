"""A Sphinx extension: reference pages that are made from the code and the schemas themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dev.pages.commands import CommandDirective
from dev.pages.errors import ErrorsDirective
from dev.pages.schemas import SchemaDirective

if TYPE_CHECKING:
    from typing import Any

    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Let pages say ``{command} VERB``, ``{errors}`` and ``{schema} FILE``."""
    app.add_directive("command", CommandDirective)
    app.add_directive("errors", ErrorsDirective)
    app.add_directive("schema", SchemaDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
