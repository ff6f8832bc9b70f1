"""The help of each verb: short, our options first, and conda's after them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from conda.cli.conda_argparse import ArgumentParser as CondaParser

from conda_offline_repo.cli import SUMMARY, VERBS, configure_parser
from conda_offline_repo.cli.parser import CONDA

if TYPE_CHECKING:
    from tests.support.running import Conda

WIDTH = 80
#: Lines that are read at a glance; what more there are options for goes by itself.
PAGE = 50
LONG = {"build": 135, "use": 54}
#: What each verb has to show of conda's options.
WANTED = {
    "build": ("--channel", "--override-channels", "--solver", "--offline", "--dry-run", "--yes"),
    "use": ("--name", "--prefix", "--solver", "--dry-run", "--yes"),
    **dict.fromkeys(("sync", "pack", "unpack", "sbom"), ("--dry-run",)),
}


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))


def whole() -> ArgumentParser:
    """The parser of the command, made as conda makes it."""
    command: ArgumentParser = CondaParser(prog="conda offline-repo", description=SUMMARY)
    configure_parser(command)
    return command


def parser(verb: str) -> ArgumentParser:
    """The parser of a verb, as whoever walks through all parsers of conda comes to it."""
    (verbs,) = (action for action in whole()._actions if action.dest == "offline_repo_verb")
    assert verbs.choices is not None
    verb_parser: ArgumentParser = dict(verbs.choices)[verb]
    assert type(verb_parser).__mro__[1] is CondaParser
    return verb_parser


def options(text: str) -> list[str]:
    """The long options that a help lists, in its order."""
    return re.findall(r"^  (?:-\w(?: [A-Z]+)?, )?(--[\w-]+)", text, re.MULTILINE)


@pytest.mark.parametrize("verb", VERBS)
def test_our_options_come_before_condas(verb: str) -> None:
    text = parser(verb).format_help()
    assert text.startswith(f"usage: conda offline-repo {verb} ")
    ours, title, rest = text.partition(f"\n{CONDA}:\n")
    condas, examples, shown = rest.partition("\nexample")
    assert title
    assert examples
    assert f"conda offline-repo {verb} " in shown
    assert "--help" not in ours
    assert "--label" in ours or verb == "unpack"
    assert {"--json", "--quiet", "--verbose", "--help", *WANTED.get(verb, ())} <= {*options(condas)}


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_listed_is_taken(verb: str) -> None:
    verb_parser = parser(verb)
    listed = options(verb_parser.format_help())
    accepted = options(ArgumentParser.format_help(verb_parser))
    assert len(listed) == len({*listed})
    assert {*listed} <= {*accepted}
    # what is left out is conda's and not needed here
    left_out = {*accepted} - {*listed}
    assert left_out <= {
        *("--use-local", "--repodata-fn", "--experimental", "--no-lock", "--repodata-use-zst"),
        *("--repodata-use-shards", "--use-index-cache", "--console"),
    }


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_page_is_short_and_fits(verb: str | None) -> None:
    text = (parser(verb) if verb else whole()).format_help()
    lines = text.splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []
    assert len(lines) <= LONG.get(verb or "", PAGE if verb else 24)


def test_conda_shows_the_page(conda: Conda) -> None:
    result = conda.run("offline-repo", "use", "--help", COLUMNS=str(WIDTH))
    assert result.stdout == parser("use").format_help()
    assert result.stderr == ""
    top = conda.run("offline-repo", "--help").stdout
    assert all(re.search(rf"^    {verb} ", top, re.MULTILINE) for verb in VERBS)


def test_wrong_use_shows_the_short_usage(conda: Conda) -> None:
    result = conda.execute("offline-repo", "build", "--keep", "x")
    assert result.status == 2
    *usage, error = result.stderr.splitlines()
    assert usage == [
        "usage: conda offline-repo build --label LABEL [PACKAGE ...] [options]",
        "       conda offline-repo build [--file FILE] [options]",
    ]
    assert " offline-repo build: error: argument --keep" in error


def test_version(conda: Conda) -> None:
    result = conda.run("offline-repo", "--version")
    assert result.stdout == f"conda-offline-repo {version('conda-offline-repo')}\n"
    assert result.stderr == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--help",), 0),
        (("build", "--help"), 0),
        (("--version",), 0),
        (("build", "--keep", "x"), 2),
    ],
)
def test_reader_that_is_gone_is_no_failure(
    conda: Conda, words: tuple[str, ...], status: int, unbuffered: str
) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "conda", "offline-repo", *words],
        stdout=theirs,
        stderr=theirs if status else subprocess.PIPE,
        env={**conda.variables, "PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr or b"") == (status, b"")
