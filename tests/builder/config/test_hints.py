"""Hints in a build from a file: they name its keys, and no options that it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conda_offline_repo.builder
from conda_offline_repo.builder.config.hints import for_file
from conda_offline_repo.builder.config.schema import SCHEMA

BUILDER = Path(conda_offline_repo.builder.__file__).parent
#: The options that a build from a file takes, and those of other commands.
ALLOWED = {
    *(
        "--label",
        "--file",
        "--fail-on",
        "--try-install",
        "--verify-attestations",
        "--other-sign-key",
        "--withdraw",
        "--reason",
        "--solver",
        "--offline",
        "--json",
    ),
    *("--write-config", "--environment", "--release", "--trust", "--export", "--explicit"),
    *("--no-deps", "--hash", "--trusted-host", "--find-links", "--extra-index-url"),  # pip's own
    *("--md5", "--describe", "--set", "--show-sources", "--index-cache", "--yes", "--dry-run"),
}


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("Try -c https://a.b/c -c d.", "Try `channels: [https://a.b/c, d]`."),
        ("Name it with -c. Or not.", "Name it with `channels`. Or not."),
        ("Say --platform win-64 --platform osx-64.", "Say `platforms: [win-64, osx-64]`."),
        ("Add another with --platform.", "Add another with `platforms`."),
        ("Choose: --only prod.", "Choose: `only: [prod]`."),
        (
            "Say so: --virtual-package __glibc=2.17 --virtual-package __cuda=12. If",
            "Say so: `virtual_packages: {PLATFORM: {__glibc: 2.17, __cuda: 12}}`. If",
        ),
        ("state --customer-conda '>=24.7'", "state `customer_conda: '>=24.7'`"),
        ("Name them, --customer-solver, or", "Name them, `customer_solvers`, or"),
        ("(build with --exclude-newer AGE), or", "(build with `exclude_newer: AGE`), or"),
        ("give --keep 1 for it alone", "give `keep: 1` for it alone"),
        ("--token or CONDA_OFFLINE_REPO_TOKEN; a", "`token: ${VARIABLE}`; a"),
        ("see --token. Nothing", "see `token`. Nothing"),
        ("leave out --no-label-channel to", "leave out `label_channel: false` to"),
        ("with --sign-key; or --no-sign-key.", "with `sign_key`; or `sign_key: []`."),
        (
            "its archive: --plugin-file x-1.0.conda. Or",
            "its archive: `with_plugin: x-1.0.conda`. Or",
        ),
        ("Ship it: --with-plugin.", "Ship it: `with_plugin: true`."),
        ("`conda install -c acme app`", "`conda install -c acme app`"),
        ("check --label bank", "check --label bank"),
    ],
)
def test_options_become_keys(hint: str, expected: str) -> None:
    assert for_file(hint) == expected


def test_no_hint_of_a_build_keeps_an_option_that_the_file_refuses() -> None:
    """All texts of the builder, so also those that a message gets tomorrow."""
    texts = [
        text
        for path in BUILDER.rglob("*.py")
        if path.name not in ("hints.py", "environments.py")  # those are of the command line alone
        for text in re.findall(r"\"((?:[^\"\n])*--[a-z][^\"\n]*)\"", path.read_text("utf-8"))
        if not text.startswith("--") or " " in text
    ]
    assert len(texts) > 10
    left = {
        option
        for text in texts
        for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", for_file(text))
    }
    assert left <= ALLOWED


def test_keys_are_those_of_the_file() -> None:
    keys = {*SCHEMA["properties"], *SCHEMA["$defs"]["label"]["properties"]}
    hint = "-c a --platform b --only c --virtual-package d=1 --keep 2 --root e --plugin-file f"
    hint += " --customer-conda 25.* --customer-solver classic"
    hint += " --exclude-newer 14d"
    hint += (
        " --no-label-channel --no-sign-key --without-installer --installer --sign-key --token --pip"
    )
    named = re.findall(r"`(\w+)", for_file(hint))
    assert len(named) == 17
    assert {*named} <= keys
