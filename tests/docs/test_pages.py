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
#: What differs from machine to machine in what is printed.
DIFFERING = {
    r"\b[0-9]+(\.[0-9])? (B|[kMG]B)\b": "SIZE",
    r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]+Z)?": "DATE",
    r"SHA256:[A-Za-z0-9+/]{43}": "FINGERPRINT",
}
WITH_COMMANDS = [page for page in pages() if "```bash" in page.read_text("utf-8")]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda p: p.relative_to(DOCS).as_posix())
def test_commands_of_a_page(page: Path) -> None:
    """The first is with the configuration of Miniforge, whose conda-forge nobody reaches."""
    miniforge = page == DOCS / "tutorial" / "first-delivery.md"
    play(page.read_text("utf-8"), channels=["conda-forge"] if miniforge else None)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("```bash\nfalse\n```\n", "status 1"),
        ("```bash\ntrue\necho a; exit\n```\n", "ended the shell: a"),
        ("```bash\n$ true\n```\n", "a prompt"),
        ("```console\n$ true\n```\n", "a prompt for readers to leave out"),
        ("<!-- shows: two -->\n\n```bash\necho one\n```\n", "no 'two'"),
        ("<!-- fails: one -->\n\n```bash\necho one\n```\n", "status 0"),
        ("<!-- fails: two -->\n\n```bash\necho one; false\n```\n", "no 'two'"),
        ("<!-- fails 2: one -->\n\n```bash\necho one; false\n```\n", "status 1"),
        ("<!-- shows: one -->\n", "there is no fence below"),
        ("<!-- show: one -->\n\n```bash\necho one\n```\n", "what does `show` mean"),
        ("<!-- world: pubish app 1.1 -->\n", "there is no action"),
        ("```bash\necho one\n```\n\n```text\ntwo\n```\n", "'two' is not printed:\n  one"),
        (
            "```bash\necho 8 packages, 7.6 kB\n```\n\n```text\n9 packages, 7.6 kB\n```\n",
            "9 packages",
        ),
        (
            "<!-- world: customer -->\n\n```bash\nconda search -c conda-forge app || true\n```\n",
            "network",
        ),
    ],
)
def test_wrong_pages_fail(page: str, why: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(why)):
        play(page)


def test_what_a_page_may_say() -> None:
    play(
        "`/srv/a/b.yml`:\n\n```yaml\nroot: /srv\n```\n\n"
        "<!-- shows: /vendor/srv -->\n\n```bash\ncat \\\n    /srv/a/b.yml\n```\n\n"
        "```text\nroot: /srv\n```\n\n"
        "<!-- not run: it is false -->\n\n```bash\nfalse\n```\n\n```text\nnothing\n```\n\n"
        "<!-- fails 3: three -->\n\n```bash\n(echo three; exit 3)\n```\n\n"
        "<!-- world: mkdir /media/stick/a -->\n\n"
        "```bash\ncd /media/stick/a\nhere=$(pwd)\n```\n\n"
        "<!-- world: customer -->\n\n<!-- shows: none -->\n\n"
        "```bash\nls -d /media/stick/a && echo ${here:-none}\n"
        "echo 1.0 kB in   7, and so on\n```\n\n"
        "```text\n2.5 MB\nin 7, …\n```\n\n"
        "Text that stands by itself:\n\n```text\nanything\n```\n\n"
        "<!-- world: vendor -->\n\n```bash\ntest $here = $(pwd)\n```\n"
    )


def play(text: str, channels: list[str] | None = None) -> None:
    """Do what a page says, in a new world, and see that it comes out as it says.

    Args:
        text: the page.
        channels: what conda's own installation has in its configuration, and nobody may ask.
    """
    with new_world(channels) as world:
        remarks: list[Remark] = []
        output: str | None = None
        for part in read(text):
            if isinstance(part, Fence):
                if part.printed and output is not None:
                    compare(world, part, output)
                output = run(world, part, remarks)
                remarks = []
            elif part.word == "world":
                world.act(part.text)
            elif OF_A_FENCE.fullmatch(part.word):
                remarks.append(part)
            else:
                raise AssertionError(f"line {part.line}: what does `{part.word}` mean?")
        assert not remarks, f"line {remarks[0].line}: there is no fence below"
        assert world.cable.refused == 0, "a machine without network has asked the network"


def run(world: World, fence: Fence, remarks: list[Remark]) -> str | None:
    """Type the commands of a fence, and see them do what its remarks say; or write its file.

    Returns:
        What they print, if they are typed.
    """
    assert fence.language != "console", f"line {fence.line}: a prompt for readers to leave out"
    meanings = [(remark.word, world.meant(remark.text)) for remark in remarks]
    if any(
        word == "not run" or (word == "needs" and not shutil.which(text)) for word, text in meanings
    ):
        return None
    if fence.caption:
        world.write(fence)
    if fence.language != "bash":
        return None
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
    return output


def compare(world: World, fence: Fence, output: str) -> None:
    """See that each line of a fence was printed, but for what differs from machine to machine."""
    printed = plain(output)
    for line in world.meant(fence.content).splitlines():
        pattern = ".*".join(map(re.escape, map(plain, line.split("…"))))
        assert re.search(pattern, printed), f"line {fence.line}: {line!r} is not printed:\n{output}"


def plain(text: str) -> str:
    """A text without sizes, dates, fingerprints and the widths of columns."""
    for pattern, word in DIFFERING.items():
        text = re.sub(pattern, word, text)
    return " ".join(text.split())
