"""What the options that hints propose are called in the file, where a build is from a file."""

from __future__ import annotations

import re

#: Options with a value, and their keys in the file.
KEYS = {
    "-c": "channels",
    "--platform": "platforms",
    "--only": "only",
    "--virtual-package": "virtual_packages",
    "--customer-conda": "customer_conda",
    "--customer-solver": "customer_solvers",
    "--index-version": "index_version",
    "--keep": "keep",
    "--exclude-newer": "exclude_newer",
    "--root": "root",
    "--plugin-file": "with_plugin",
}
LISTS = ("channels", "platforms", "only", "customer_solvers")
#: Other texts, the longest first, and those options without a value.
TEXTS = {
    "--token or CONDA_OFFLINE_REPO_TOKEN": "token: ${VARIABLE}",
    "--no-label-channel": "label_channel: false",
    "--no-sign-key": "sign_key: []",
    "--without-installer": "installers: []",
    "--without-plugin": "with_plugin: false",
    "--with-plugin": "with_plugin: true",
    "--installer": "installers",
    "--sign-key": "sign_key",
    "--token": "token",
    "--pip": "pip",
    **KEYS,
}


def for_file(hint: str) -> str:
    """Return a hint that names the keys of the file in the place of options, which a build from a
    file refuses. What the customer is to type stays as it is.
    """
    if "conda install" in hint or "conda --no-plugins" in hint:
        return hint
    for option, key in KEYS.items():
        value = rf"{option} ([^\s,;]*[^\s,;.)])"
        for match in reversed([*re.finditer(rf"(?<![\w`-]){value}(?: {value})*(?![\w-])", hint)]):
            text = f"{key}: {_value(key, re.findall(value, match[0]))}"
            hint = f"{hint[: match.start()]}`{text}`{hint[match.end() :]}"
    for option, text in TEXTS.items():
        hint = re.sub(rf"(?<![\w`-]){option}(?![\w-])", f"`{text}`", hint)
    return hint


def _value(key: str, values: list[str]) -> str:
    if key == "virtual_packages":
        return f"{{PLATFORM: {{{', '.join(value.replace('=', ': ') for value in values)}}}}}"
    return f"[{', '.join(values)}]" if key in LISTS else values[0]
