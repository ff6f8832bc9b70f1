"""Text from outside, made safe to print, and numbers for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conda_offline_repo
from conda_offline_repo.printable import counted, human, printable, quoted


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_250_000, "1.2 MB"),
        (3 * 10**9, "3.0 GB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_bytes_for_people(size: int, text: str) -> None:
    assert human(size) == text


def test_number_of_things() -> None:
    assert [counted(number, "package") for number in (0, 1, 2)] == [
        "0 packages",
        "1 package",
        "2 packages",
    ]


def test_printable_text_is_left_as_it_is() -> None:
    for text in ("", "a\nb", "a\u00a0b", "ş é \U0001f40d", "C:\\x"):
        assert printable(text) == text
    assert printable("a\tb\x1b\u202e\ud800") == "a\\tb\\x1b\\u202e\\ud800"


@pytest.mark.parametrize(
    ("argument", "posix", "windows"),
    [
        ("conda>=26.3", "'conda>=26.3'", '"conda>=26.3"'),
        ("X:\\my repo\\bank", "'X:\\my repo\\bank'", '"X:\\my repo\\bank"'),
        ("X:\\my repo\\", "'X:\\my repo\\'", '"X:\\my repo\\\\"'),
        ("X:\\repo", "'X:\\repo'", "X:\\repo"),
        ("a&b", "'a&b'", '"a&b"'),
        ("C:\\a(x86)", "'C:\\a(x86)'", '"C:\\a(x86)"'),
        ("it's", "'it'\"'\"'s'", '"it\'s"'),
        ('app[build="py*"]', "'app[build=\"py*\"]'", '"app[build=\\"py*\\"]"'),
        ("app=1.0", "app=1.0", "app=1.0"),
        ("a,b;c", "'a,b;c'", '"a,b;c"'),
        ("", "''", '""'),
    ],
)
def test_quoted(argument: str, posix: str, windows: str) -> None:
    assert quoted(argument, windows=False) == posix
    assert quoted(argument, windows=True) == windows
    assert quoted("app", argument, windows=True) == f"app {windows}"


def test_no_text_quotes_a_word_of_a_command_for_one_shell_alone() -> None:
    """In cmd.exe, single quotes are letters, and `>` writes a file."""
    for path in Path(conda_offline_repo.__file__).parent.rglob("*.py"):
        assert not re.search(r"--[a-z-]+[ =]'", path.read_text("utf-8")), path
