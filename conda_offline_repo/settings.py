"""The plugin's settings in `.condarc`, below `plugins:`."""

from __future__ import annotations

import os
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
            "The folder above the repositories, which are one folder a label: the default of "
            "--root in `conda offline-repo build` and of PATH in `conda offline-repo show`. "
            "Without it, that is the current folder."
        ),
        parameter=PrimitiveParameter("", element_type=str),
    )

    yield CondaSetting(
        name="offline_repo_sign_key",
        description=(
            "The file of the ed25519 key of OpenSSH with which `conda offline-repo build` signs "
            "repositories where --sign-key names none; for a key that ssh-agent holds, its .pub "
            "file. Without it, they are not signed."
        ),
        parameter=PrimitiveParameter("", element_type=str),
    )
    yield CondaSetting(
        name="offline_repo_allowed_signers",
        description=(
            "A file in the format of OpenSSH's allowed_signers (see `man ssh-keygen`) that says "
            "whose signatures are trusted for which labels. For a label that it names, every "
            "environment of this machine takes repositories with such a signature alone. "
            "Without it, `conda offline-repo use` asks once for each environment."
        ),
        parameter=PrimitiveParameter("", element_type=str),
    )


def environment_token() -> str | None:
    """Return the publisher's token of the environment variable, if it is set."""
    return os.environ.get(TOKEN_VARIABLE) or None


def default_root() -> str:
    """Return the configured parent folder of the repositories, or the current folder."""
    return context.plugins.offline_repo_root or "."


def default_sign_keys() -> tuple[str, ...]:
    """Return the configured key that signs, or none."""
    key = context.plugins.offline_repo_sign_key
    return (key,) if key else ()


def allowed_signers_file() -> str:
    """Return the configured file that says whose signatures are trusted; empty if there is none.

    There is none, too, where conda's plugins were not loaded.
    """
    return getattr(context.plugins, "offline_repo_allowed_signers", None) or ""
