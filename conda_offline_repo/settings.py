"""The plugin's settings in `.condarc`, below `plugins:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context
from conda.common.configuration import PrimitiveParameter
from conda.plugins.types import CondaSetting

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The environment variable that gives the publisher's token without showing it in a process list.
TOKEN_VARIABLE = "CONDA_OFFLINE_REPO_TOKEN"


def settings() -> Iterator[CondaSetting]:
    """Describe the settings to conda."""
    yield CondaSetting(
        name="offline_repo_root",
        description=(
            "The folder in which `conda offline-repo build` keeps the repositories, "
            "one folder a label. Default: the current folder."
        ),
        parameter=PrimitiveParameter("", element_type=str),
    )


def default_root() -> str:
    """Return the configured parent folder of the repositories, or the current folder."""
    return context.plugins.offline_repo_root or "."
