"""What the options that hints propose are called in the file, where a build is from a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Options with a value, and what stands in the file for them.
VALUES: dict[str, Callable[[list[str]], str]] = {
    "-c": lambda values: f"channels: [{', '.join(values)}]",
    "--platform": lambda values: f"platforms: [{', '.join(values)}]",
    "--only": lambda values: f"only: [{', '.join(values)}]",
    "--virtual-package": lambda values: (
        f"virtual_packages: {{PLATFORM: {{{', '.join(v.replace('=', ': ') for v in values)}}}}}"
    ),
    "--keep": lambda values: f"keep: {values[0]}",
    "--root": lambda values: f"root: {values[0]}",
    "--plugin-file": lambda values: f"with_plugin: {values[0]}",
}
#: Other texts, longest first.
TEXTS = {
    "--token or CONDA_OFFLINE_REPO_TOKEN": "token: ${VARIABLE}",
    "--no-label-channel": "label_channel: false",
    "--no-sign-key": "sign_key: []",
    "--without-installer": "installers: []",
    "--without-plugin": "with_plugin: false",
    "--installer": "installers",
    "--platform": "platforms",
    "--sign-key": "sign_key",
    "--token": "token",
    "--root": "root",
    "--only": "only",
    "-c": "channels",
}


def for_file(hint: str) -> str:
    """Return a hint that names the keys of the file in the place of options, which a build from a
    file refuses. What the customer is to type stays as it is.
    """
    if "conda install" in hint or "conda --no-plugins" in hint:
        return hint
    for option, written in VALUES.items():
        value = rf"{option} ([^\s,;]*[^\s,;.])"
        for match in reversed([*re.finditer(rf"(?<![\w`-]){value}(?: {value})*(?![\w-])", hint)]):
            text = written(re.findall(value, match[0]))
            hint = f"{hint[: match.start()]}`{text}`{hint[match.end() :]}"
    for option, key in TEXTS.items():
        hint = re.sub(rf"(?<![\w`-]){option}(?![\w-])", f"`{key}`", hint)
    return hint
