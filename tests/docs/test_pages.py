"""The commands of the documentation: every page from its beginning to its end."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, Fence, pages, read
from tests.docs.shell import POSSIBLE
from tests.docs.world import new_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.markdown import Remark
    from tests.docs.world import World

#: What a page may say of its next fence.
OF_A_FENCE = ("not run", "fails", "fails 1", "fails 2", "shows", "needs")
WITH_COMMANDS = [page for page in pages() if "```console" in page.read_text("utf-8")]


@pytest.mark.skipif(not POSSIBLE, reason="the commands are for a POSIX system with bash")
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda p: p.relative_to(DOCS).as_posix())
def test_commands_of_a_page(page: Path) -> None:
    with new_world() as world:
        remarks: list[Remark] = []
        for part in read(page.read_text("utf-8")):
            if isinstance(part, Fence):
                run(world, part, remarks)
                remarks = []
            elif part.word == "world":
                world.act(part.text)
            elif part.word in OF_A_FENCE:
                remarks.append(part)
            else:
                raise AssertionError(f"line {part.line}: what does `{part.word}` mean?")
        assert not remarks, f"line {remarks[0].line}: there is no fence below"
        assert world.cable.refused == 0, "a machine without network has asked the network"


def run(world: World, fence: Fence, remarks: list[Remark]) -> None:
    """Type the commands of a fence, and see them do what its remarks say; or write its file."""
    said = [(remark.word, world.meant(remark.text)) for remark in remarks]
    if any(
        word == "not run" or (word == "needs" and not shutil.which(text)) for word, text in said
    ):
        return
    if fence.caption:
        world.write(fence)
    if fence.language != "console":
        return
    failures = [(word, text) for word, text in said if word.startswith("fails")]
    output = ""
    for command in fence.typed:
        done = world.type(command)
        output += done.output
        told = f"line {fence.line}: $ {done.command}\nstatus {done.status}\n{done.output}"
        for word, text in failures:
            assert done.status not in (0, 126, 127), told
            assert word == "fails" or str(done.status) == word.split()[1], told
            assert text in done.output, f"no {text!r} in\n{told}"
        assert failures or done.status == 0, told
    for word, text in said:
        assert word != "shows" or text in output, f"line {fence.line}: no {text!r} in\n{output}"
