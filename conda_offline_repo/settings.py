"""The plugin's settings in `.condarc`, below `plugins:`."""

from __future__ import annotations

import os
from collections.abc import Iterator

from conda.base.context import context
from conda.common.configuration import PrimitiveParameter
from conda.plugins.types import CondaSetting

#: The environment variable with the publisher's token; unlike options, no process list shows it.
TOKEN_VARIABLE = "CONDA_OFFLINE_REPO_TOKEN"


DESCRIPTIONS = {
    "offline_repo_root": (
        "The parent folder of the repositories, each of which is a folder named as its label: the "
        "default of --root in `conda offline-repo build` and of PATH in `conda offline-repo show`. "
        "Without it, the default is the current folder."
    ),
    "offline_repo_sign_key": (
        "The file of the OpenSSH ed25519 key with which `conda offline-repo build` signs "
        "repositories if --sign-key is not given; for a key in ssh-agent, its .pub file. Without "
        "it, they are not signed."
    ),
    "offline_repo_allowed_signers": (
        "A file in the format of OpenSSH's allowed_signers (see `man ssh-keygen`) that says whose "
        "signatures are trusted for which labels. For a label in it, every environment of this "
        "machine accepts only repositories with such a signature. Without it, "
        "`conda offline-repo use` asks once for each environment."
    ),
    "offline_repo_policy": (
        "A YAML file with a policy, as in offline-repo.yml. What it forbids of an offline "
        "repository, no environment of this machine installs."
    ),
}


def settings() -> Iterator[CondaSetting]:
    """Describe the settings to conda."""
    for name, description in DESCRIPTIONS.items():
        parameter = PrimitiveParameter("", element_type=str)
        yield CondaSetting(name=name, description=description, parameter=parameter)


def environment_token() -> str | None:
    """Return the publisher's token of the environment variable, if it is set."""
    return os.environ.get(TOKEN_VARIABLE) or None


def default_root() -> str:
    """Return the configured parent folder of the repositories, or the current folder."""
    return context.plugins.offline_repo_root or "."


def default_sign_keys() -> tuple[str, ...]:
    """Return the configured key to sign with, if any."""
    key = context.plugins.offline_repo_sign_key
    return (key,) if key else ()


def customers_file(name: str) -> str:
    """Return the file that the setting `offline_repo_NAME` names, or an empty text.

    Where conda's plugins were not loaded, it is empty, too.

    Raises:
        InvalidRequestError: It has a list or a mapping, which conda does not read.
    """
    setting = f"offline_repo_{name}"
    if setting not in context.plugins.parameter_names:
        return ""
    try:
        return getattr(context.plugins, setting) or ""
    except AttributeError:
        from .exceptions import InvalidRequestError  # most machines state it right

        problem = f"The setting plugins.{setting} is not the path of a file."
        raise InvalidRequestError(problem, "Write one path there, in .condarc.") from None
