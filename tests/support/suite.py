"""A label with several environments: what the tests ask and print of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda_offline_repo.repository.locate import locate_one
from tests.support.mirror import publish
from tests.support.rewriting import rewrite
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.repository.locate import Repository

CLI = "noarch/cli-1.0-0.conda"
CORE = "noarch/core-2.0-0.conda"
LIBZ = "linux-64/libz-1.3-h1_0.conda"
PIP = "noarch/pip-24.0-0.conda"
PYTHON = "linux-64/python-3.11.0-h1_0.conda"
TOOL = "noarch/tool-1.0-0.tar.bz2"
RUNTIME = (CLI, CORE, LIBZ, PIP, PYTHON)
LICENSE = "Do what you like.\n"


def suite(folder: Path) -> Path:
    """Publish a label with the packages above, which were all asked for, for linux-64.

    `python` and `pip` need each other; `tool` and `cli` have the same licence text.
    """
    channel = TinyChannel(folder / "channel")
    text = {"info/licenses/LICENSE": LICENSE}
    channel.add("libz", "1.3", build="h1_0", subdir="linux-64", depends=["__glibc >=2.17"])
    channel.add(
        "python",
        "3.11.0",
        build="h1_0",
        subdir="linux-64",
        depends=["libz >=1.2,<2", "pip", "__glibc >=2.17,<3"],
        files={"info/licenses/LICENSE.txt": "The Python licence.\r\n", "share/python": ""},
    )
    channel.add("pip", "24.0", depends=["python >=3"])
    channel.add("core", "2.0", depends=["python 3.11.*", "libz"])
    channel.add("cli", "1.0", depends=["core"], files={**text, "share/cli": ""})
    channel.add("tool", "1.0", depends=["libz"], files=text, format="tar.bz2")
    return publish(
        folder / "engineer",
        channel,
        *("cli", "tool", "core", "python", "pip", "libz"),
        root=folder / "repositories",
        label="acme",
        platforms=("linux-64",),
    )


def with_environments(folder: Path) -> Repository:
    """Let it have the environments runtime and tools, and the exact one lock."""
    request = replace(
        locate_one(folder).manifest.request,
        packages=(),
        environments={"runtime": ("cli", "python 3.11.*"), "tools": ("tool",), "lock": ()},
        exact=("lock",),
    )
    return rewrite(
        folder,
        request=request,
        solutions={
            "runtime/linux-64": RUNTIME,
            "tools/linux-64": (LIBZ, TOOL),
            "lock/linux-64": (LIBZ, PIP, PYTHON),
        },
    )
