"""What a text of the file has to be, by the names that the schema has for it as `format`."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from conda.base.context import context

from ...audit.licenses import policy_license
from ...audit.policy import advice, day
from ...clock import EPOCH
from ...cooldown import cooldown, due_day
from ...exceptions import InvalidRequestError
from ...repository.names import check_label, label_problem
from ...specs import check_together, parse_spec
from ..request.channels import sources
from ..request.customer import conda_versions, solver_name
from ..request.inputs.exceptions import Problems
from ..request.inputs.pip_line import unset_variables
from ..request.inputs.pip_part import read_pip
from ..request.machine import PLACES, VIRTUAL_PACKAGE_NAME
from .values import channel_of, path_of, prefix_of

#: One licence of SPDX.
LICENSE = re.compile(r"\S+(?: WITH \S+)?", re.IGNORECASE)


def checks(folder: Path) -> dict[str, Callable[[Any], object]]:
    """Return by format what raises an `OfflineRepoError` or a ValueError for a wrong value."""
    return {
        "label": check_label,
        "environment": _check_environment,
        "channel": partial(_check_channel, folder),
        "platform": _check_platform,
        "virtual-package": _check_virtual_package,
        "match-spec": parse_spec,
        "packages": _check_packages,
        "exclude-newer": partial(cooldown, now=EPOCH),
        "next-due": partial(due_day, time=EPOCH),
        "license": _check_license,
        "day": day,
        "pip": partial(_check_pip, folder),
        "folder": partial(_check_folder, folder),
        "file": partial(_check_file, folder),
        "conda-versions": conda_versions,
        "solver": solver_name,
        "prefix": partial(prefix_of, folder),
    }


def reason(error: Exception) -> str:
    """Return what was wrong, without what is to be done about it on the command line."""
    return " ".join(str(getattr(error, "message", error)).split())


def _check_folder(folder: Path, text: str) -> None:
    path = path_of(folder, text)
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(f"{text!r} is a file, not a folder.")


def _check_file(folder: Path, text: str) -> None:
    try:
        mode = path_of(folder, text).stat().st_mode
    except FileNotFoundError:
        relative = "" if os.path.isabs(text) else " Relative paths begin at the folder of this one."
        raise ValueError(f"The file {text!r} does not exist.{relative}") from None
    except OSError as error:
        raise ValueError(f"{text!r} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ValueError(f"{text!r} is {kind}, not a file.")


def _check_license(text: str) -> None:
    with suppress(ImportError, ValueError):
        from packaging.licenses import canonicalize_license_expression  # takes a tenth of the time

        if LICENSE.fullmatch(text) and canonicalize_license_expression(text):
            return
    policy_license(text)


def _check_channel(folder: Path, text: str) -> None:
    sources((channel_of(folder, text),), None, label="", label_channel=False, token=None)


def _check_environment(name: str) -> None:
    if problem := label_problem(name):
        raise ValueError(f"The environment {name!r} cannot be used: {problem}.")


def _check_platform(text: str) -> None:
    known = sorted(set(context.known_subdirs) - {"noarch"})
    if text not in known:
        raise ValueError(f"The platform {text!r} is unknown. {advice(text, known)}")


def _check_virtual_package(name: str) -> None:
    if not VIRTUAL_PACKAGE_NAME.fullmatch(name):
        hint = advice(name, (*PLACES, "__archspec"))
        raise ValueError(f"{name!r} is not a virtual package. {hint}")


def _check_pip(folder: Path, line: str) -> None:
    if not unset_variables(line):  # a label that is not built now need not have them
        problems = Problems(folder)
        read_pip((line,), folder, problems)
        if problems.texts:
            raise ValueError(f"{'; '.join(problems.texts)}.")


def _check_packages(texts: list[Any]) -> None:
    packages = []
    for text in texts:
        with suppress(InvalidRequestError, TypeError):  # noted for itself
            packages.append(parse_spec(text))
    check_together(packages)
