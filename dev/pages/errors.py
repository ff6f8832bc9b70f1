"""`errors`: the classes of the plugin's errors, by who raises them, as a part of a page."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

from dev.pages.texts import prose

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Modules with errors, and what they are about.
GROUPS = {
    "exceptions": "Anywhere",
    "builder": "At a build",
    "builder.solving": "Where packages are chosen",
    "builder.release": "Before a release is published",
    "_conda": "Where the index of a channel is read",
    "builder.request.inputs": "In files that a build is given",
    "builder.pypi": "Where packages of PyPI are taken",
    "repository": "Where a repository is read",
    "repository.publication": "Where a repository is written",
    "queries": "Where a repository is asked",
    "audit": "Where an auditor asks",
    "delivery": "On the way",
    "delivery.remote": "On the way to a store",
    "customer": "At the customer",
    "customer.trust": "Where the customer checks a signature",
    "customer.hooks": "In conda's own commands at the customer",
}


def classes() -> Iterator[tuple[str, list[type[Exception]]]]:
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


def errors() -> str:
    """Each error by the first sentence of what its class says of itself."""
    titles = [*GROUPS.values()]
    parts = []
    for title, own in sorted(classes(), key=lambda group: titles.index(group[0])):
        parts += [f"### {title}", "\n".join(map(_error, own))]
    return "\n\n".join(parts)


def _error(error: type[Exception]) -> str:
    text = (inspect.getdoc(error) or "").partition("\n\n")[0]
    return prose(f"`{error.__name__}`: {text}", start="- ")
