"""Thirty customers who share most packages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

LABELS = tuple(f"bank{number:02}" for number in range(30))


def for_many(folder: Path) -> TinyChannel:
    """A channel that has `base`, which all need, and a package for each label."""
    channel = TinyChannel(folder)
    channel.add("base", depends=["lib"])
    channel.add("lib", files={"share/lib.bin": os.urandom(100_000)})
    for label in LABELS:
        channel.add(label, depends=["base"])
    channel.write()
    return channel
