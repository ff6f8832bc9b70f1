"""``{errors}``: the classes of the plugin's errors, by who raises them, as a part of a page."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from dev.pages.texts import inline

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Modules with errors, and what they are about.
GROUPS = {
    "exceptions": "Anywhere",
    "builder": "At a build",
    "builder.release": "Before a release is published",
    "_conda": "Where the index of a channel is read",
    "builder.config": "In offline-repo.yml",
    "builder.request.inputs": "In files that a build is given",
    "repository": "Where a repository is read or written",
    "delivery": "On the way",
    "customer": "At the customer",
    "customer.hooks": "In conda's own commands at the customer",
}


def errors() -> Iterator[tuple[str, list[type[Exception]]]]:
    """The errors of each module that defines some, by what they are about."""
    import conda_offline_repo

    for info in pkgutil.walk_packages(conda_offline_repo.__path__, "conda_offline_repo."):
        if info.name.endswith(".exceptions"):
            module = importlib.import_module(info.name)
            own = [
                error
                for _, error in inspect.getmembers(module, inspect.isclass)
                if error.__module__ == info.name and issubclass(error, Exception)
            ]
            part = info.name.removeprefix("conda_offline_repo.").removesuffix(".exceptions")
            yield GROUPS[part], own


class ErrorsDirective(SphinxDirective):
    """Describes each error by the first sentence of what its class says of itself."""

    def run(self) -> list[nodes.Node]:
        shown: list[nodes.Node] = []
        titles = [*GROUPS.values()]
        for title, own in sorted(errors(), key=lambda group: titles.index(group[0])):
            shown += [nodes.rubric("", title), nodes.definition_list("", *map(_error, own))]
        return shown


def _error(error: type[Exception]) -> nodes.Node:
    text = (inspect.getdoc(error) or "").partition("\n\n")[0].replace("\n", " ")
    return nodes.definition_list_item(
        "",
        nodes.term("", "", nodes.literal("", error.__name__), ids=[error.__name__.lower()]),
        nodes.definition("", nodes.paragraph("", "", *inline(text))),
    )
