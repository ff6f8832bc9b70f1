"""Each `conda offline-repo` that is written anywhere, as the command line itself reads it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo import cli
from conda_offline_repo.cli.parser import page_of
from tests.docs.markdown import DOCS, OURS, REPOSITORY, Fence, commands, inline, pages, read

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from pathlib import Path

PLACEHOLDERS = ("…", "...", " COMMAND")


@cache
def parser() -> ArgumentParser:
    from conda.cli.conda_argparse import ArgumentParser as CondaParser

    parser: ArgumentParser = CondaParser(prog="conda offline-repo")
    cli.configure_parser(parser)
    return parser


def wrong(fence: Fence) -> list[str]:
    """The commands of a fence that are not understood, with the reason."""
    problems = []
    for arguments in commands(fence):
        if "[options]" in arguments:  # a usage
            continue
        try:
            parser().parse_args(arguments)
        except SystemExit as error:
            if error.code:
                problems.append(f"line {fence.line}: {OURS}{' '.join(arguments)}")
    return problems


@pytest.mark.parametrize(
    "page",
    [*pages(), REPOSITORY / "README.md"],
    ids=lambda page: page.relative_to(REPOSITORY).as_posix(),
)
def test_commands_are_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = page.read_text("utf-8")
    fences = [fence for fence in read(text) if isinstance(fence, Fence)]
    for fence in inline(text):
        # within a sentence, a verb may stand alone, and a part be left out
        if len(fence.content.removeprefix(OURS).split()) > 1 and not any(
            mark in fence.content for mark in PLACEHOLDERS
        ):
            fences.append(fence)
    assert [line for fence in fences for line in wrong(fence)] == [], capsys.readouterr().err


@pytest.mark.parametrize("verb", [None, *cli.VERBS])
def test_examples_of_the_help_are_understood(
    verb: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (page_of(verb).epilog or "") if verb else cli.EPILOG
    fence = Fence(0, "text", None, text)
    assert list(commands(fence))
    assert wrong(fence) == [], capsys.readouterr().err


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_option_is_described(verb: str) -> None:
    for action in page_of(verb)._actions:
        assert action.help, f"{verb}: {action.option_strings or action.metavar} has no help"


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_a_page(verb: str) -> None:
    page = DOCS / "reference" / "commands" / f"{verb}.md"
    assert f"<!-- command {verb} -->\n" in page.read_text("utf-8")
