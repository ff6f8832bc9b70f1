"""Channels as the vendor's server has them: public, the publisher's, and a customer's label."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from dev.upstream.packages import make_program

if TYPE_CHECKING:
    from pathlib import Path

SUBDIRS = ("noarch", "linux-64", "win-64")


def arrange(
    packages: Path, root: Path, *, ratingpro: str = "1.2", pytho: str = "2.0", old: str = "1.0"
) -> None:
    """Lay out the channels ``public``, ``prometeia`` and ``prometeia/label/halkbank``.

    The publisher's own channel has both programs in an older version than the label's, and
    nothing but them: what they require is public.

    Args:
        packages: a folder that `make_packages` has filled.
        root: where the channels go, as they lie behind a `ChannelServer`.
        ratingpro: the version that the label publishes; it requires requests and six.
        pytho: the version that the label publishes; it requires requests.
        old: the version of both in the publisher's channel.

    Raises:
        FileNotFoundError: there are no packages.
    """
    shutil.copytree(packages / "public", root / "public", dirs_exist_ok=True)
    publisher = root / "prometeia"
    label = publisher / "label" / "halkbank"
    for channel, versions in ((publisher, (old, old)), (label, (ratingpro, pytho))):
        make_program(channel, "ratingpro", versions[0], ["requests >=2.28", "six"])
        make_program(channel, "pytho", versions[1], ["requests"])
    for channel in (root / "public", publisher, label):
        index(channel)


def add(archive: Path, channel: Path, subdir: str) -> None:
    """Publish one more archive in a channel and index it anew.

    Args:
        archive: a conda package.
        channel: the folder of the channel.
        subdir: the part of the channel where the package belongs.

    Raises:
        FileNotFoundError: there is no such archive.
    """
    target = channel / subdir
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy2(archive, target)
    index(channel)


def index(channel: Path) -> None:
    """Write ``repodata.json`` and ``repodata.json.zst`` for every subdir, also an empty one.

    Args:
        channel: the folder of the channel; its subdirs are made if they are not there.
    """
    from conda_index.index import ChannelIndex

    for subdir in SUBDIRS:
        (channel / subdir).mkdir(parents=True, exist_ok=True)
    ChannelIndex(
        channel, None, subdirs=SUBDIRS, threads=1, write_zst=True, write_current_repodata=False
    ).index(None)
