"""The commands of the documentation: every page from its beginning to its end."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, Fence, pages, read
from tests.docs.world import new_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.markdown import Remark
    from tests.docs.world import World

#: What a page may say of its next fence.
OF_A_FENCE = re.compile(r"not run|fails( \d+)?|shows|needs")
WITH_COMMANDS = [page for page in pages() if "```console" in page.read_text("utf-8")]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda p: p.relative_to(DOCS).as_posix())
def test_commands_of_a_page(page: Path) -> None:
    play(page.read_text("utf-8"))


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("```console\n$ false\n```\n", "status 1"),
        ("```console\n$ true\n$ echo a; exit\n```\n", "ended the shell: a"),
        ("```console\n$ true \\\nfalse\n```\n", "what continues"),
        ("% shows: two\n\n```console\n$ echo one\n```\n", "no 'two'"),
        ("% fails: one\n\n```console\n$ echo one\n```\n", "status 0"),
        ("% fails: two\n\n```console\n$ echo one; false\n```\n", "no 'two'"),
        ("% fails 2: one\n\n```console\n$ echo one; false\n```\n", "status 1"),
        ("% shows: one\n", "there is no fence below"),
        ("% show: one\n\n```console\n$ echo one\n```\n", "what does `show` mean"),
        ("% world: pubish app 1.1\n", "there is no action"),
        (
            "% world: customer\n\n```console\n$ conda search -c conda-forge app || true\n```\n",
            "network",
        ),
    ],
)
def test_wrong_pages_fail(page: str, why: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(why)):
        play(page)


def test_what_a_page_may_say() -> None:
    play(
        "```{code-block} yaml\n:caption: /srv/a/b.yml\n\nroot: /srv\n```\n\n"
        "% shows: /vendor/srv\n\n```console\n$ cat \\\n>     /srv/a/b.yml\n```\n\n"
        "% not run: it is false\n\n```console\n$ false\n```\n\n"
        "% fails 3: three\n\n```console\n$ (echo three; exit 3)\n```\n\n"
        "% world: mkdir /media/stick/a\n\n"
        "```console\n$ cd /media/stick/a\n$ here=$(pwd)\n```\n\n"
        "% world: customer\n\n% shows: none\n\n"
        "```console\n$ ls -d /media/stick/a && echo ${here:-none}\n```\n\n"
        "% world: vendor\n\n```console\n$ test $here = $(pwd)\n```\n"
    )


def play(text: str) -> None:
    """Do what a page says, in a new world, and see that it comes out as it says."""
    with new_world() as world:
        remarks: list[Remark] = []
        for part in read(text):
            if isinstance(part, Fence):
                run(world, part, remarks)
                remarks = []
            elif part.word == "world":
                world.act(part.text)
            elif OF_A_FENCE.fullmatch(part.word):
                remarks.append(part)
            else:
                raise AssertionError(f"line {part.line}: what does `{part.word}` mean?")
        assert not remarks, f"line {remarks[0].line}: there is no fence below"
        assert world.cable.refused == 0, "a machine without network has asked the network"


def run(world: World, fence: Fence, remarks: list[Remark]) -> None:
    """Type the commands of a fence, and see them do what its remarks say; or write its file."""
    meanings = [(remark.word, world.meant(remark.text)) for remark in remarks]
    if any(
        word == "not run" or (word == "needs" and not shutil.which(text)) for word, text in meanings
    ):
        return
    if fence.caption:
        world.write(fence)
    if fence.language != "console":
        return
    failures = [(word, text) for word, text in meanings if word.startswith("fails")]
    output = ""
    for command in fence.typed:
        done = world.type(command)
        output += done.output
        report = f"line {fence.line}: $ {done.command}\nstatus {done.status}\n{done.output}"
        for word, text in failures:
            assert done.status not in (0, 126, 127), report
            assert word == "fails" or str(done.status) == word.split()[1], report
            assert text in done.output, f"no {text!r} in\n{report}"
        assert failures or done.status == 0, report
    for word, text in meanings:
        assert word != "shows" or text in output, f"line {fence.line}: no {text!r} in\n{output}"
