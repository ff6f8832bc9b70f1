"""conda's errors of several parts, as `use` tells them: in lines, and as one JSON object."""

from __future__ import annotations

import json
import shutil
import sys
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda, Finished
    from tests.support.warm import WarmConda

SCRIPT = """\
echo 50% done of 100%s
echo told as an error >&2
echo the licence server is not there >> $PREFIX/.messages.txt
exit 3
"""
ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="the link script is one of Unix")


@pytest.fixture
def repository(conda: Conda, root: Path, tmp_path: Path) -> Path:
    channel = TinyChannel(tmp_path / "channel")
    for name in ("left", "right"):
        channel.add(name, files={"share/same.txt": name})
    channel.add("bad", subdir=context.subdir, files={"bin/.bad-post-link.sh": SCRIPT})
    channel.write()
    command = ("--label", "bank", "--root", root, "--no-label-channel", "--override-channels")
    conda.build(*command, "-c", channel.folder, "left", "right", "bad")
    return root / "bank"


def check(result: Finished, *texts: str) -> None:
    """All texts are there, each within a line."""
    lines = [line.strip() for line in result.stderr.splitlines()]
    assert not [pair for pair in pairwise(lines) if all(len(line) == 1 for line in pair)], result
    assert not [text for text in texts if not any(text in line for line in lines)], str(result)
    assert "CondaError: ()" not in lines


def messages(result: Finished) -> str:
    """What the one JSON object of a failed command says."""
    told = json.loads(result.stdout)
    errors = told.get("errors", [told])
    assert len(errors) <= 2
    return "\n".join(error["message"] for error in errors)


@pytest.mark.parametrize(
    ("settings", "packages", "texts"),
    [
        pytest.param(
            {},
            ("bad",),
            (
                "post-link script failed for package",
                "the licence server is not there",
                "50% done of 100%s",
                "told as an error",
                "return code: 3",
            ),
            id="link script",
            marks=ON_UNIX,
        ),
        pytest.param(
            {"path_conflict": "prevent"},
            ("left", "right"),
            ("incompatible packages due to a shared path", "path: 'share/same.txt'"),
            id="clobber",
        ),
        pytest.param(
            {"disallowed_packages": ["left", "right"]},
            ("left", "right"),
            ("noarch::left-1.0-0' is disallowed", "noarch::right-1.0-0' is disallowed"),
            id="disallowed",
        ),
    ],
)
def test_use(
    customer: Conda,
    repository: Path,
    settings: dict[str, object],
    packages: tuple[str, ...],
    texts: tuple[str, ...],
) -> None:
    customer.configure(**settings)
    command = ("offline-repo", "use", repository, "-n", "app", "--yes", *packages)
    check(customer.fail(*command), *texts)
    told = messages(customer.fail(*command, "--json"))
    assert not [text for text in texts if text not in told]


def test_full_disk_while_linking(warm: WarmConda, repository: Path) -> None:
    command = ("offline-repo", "use", repository, "-p", warm.folder / "app", "--yes", "left")
    full = "No space left"
    seen = set()
    for number in count(1, 3):
        for more in ((), ("--json",)):
            shutil.rmtree(warm.folder / "app", ignore_errors=True)
            struck = warm.execute(
                *command, *more, folder=warm.folder / "app", fault="ENOSPC", number=number
            )
            if struck.status == 1:
                check(struck)
                seen.add((more, full in (messages(struck) if more else struck.stderr)))
        if {((), True), (("--json",), True)} <= seen:
            break
        assert struck.struck, "it never failed for want of space"
