"""An environment that conda has installed from a server, and what is read of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.pinned import PinnedArchive
from dev.upstream.server import ChannelServer
from tests.support.running import Conda
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.tiny import TinyPackage

TOKEN = "tk-5ecret0f4cme"
PLATFORM = "linux-64"
SITE_PACKAGES = "lib/python3.11/site-packages"


@dataclass(frozen=True)
class Laid:
    """A server with a channel, and environments of its packages: `mine`, and `opened` by a token.

    Attributes:
        conda: whose environment it is.
        server: it counts the requests.
        channel: acme, which needs no token and takes any; publishes `app`, which needs `lib`.
        url: of that channel, without the token.
        prefix: the environment that a token has opened, with `app` and `lib`.
    """

    conda: Conda
    server: ChannelServer
    channel: TinyChannel
    url: str
    prefix: Path

    @property
    def open_url(self) -> str:
        """The URL of the channel with its token."""
        return self.url.replace("/acme", f"/t/{TOKEN}/acme")

    def locked(self, *digests: str, url: str = "") -> tuple[PinnedArchive, ...]:
        """What is installed, with these digests.

        Args:
            digests: their names.
            url: of the channel, if it is not the plain one.
        """
        return tuple(
            PinnedArchive(
                f"{url or self.url}/{at}", **{name: package.record[name] for name in digests}
            )
            for at, package in sorted(self.channel.packages.items())
            if package.subdir in (PLATFORM, "noarch")
        )

    @property
    def by_subdir(self) -> dict[str, list[TinyPackage]]:
        """What the channel publishes."""
        found: dict[str, list[TinyPackage]] = {}
        for package in self.channel.packages.values():
            found.setdefault(package.subdir, []).append(package)
        return found


@pytest.fixture(scope="session")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laid]:
    folder = tmp_path_factory.mktemp("inputs")
    channel = TinyChannel(folder / "served" / "acme")
    dist = f"{SITE_PACKAGES}/lib-1.0.dist-info"
    channel.add("lib", files={f"{dist}/METADATA": "Name: lib\n", f"{dist}/doc/LICENSE": "free\n"})
    channel.add("app", "2.0", subdir=PLATFORM, depends=["lib"], format="tar.bz2")
    channel.add("app", "2.0", subdir="win-64", depends=["lib"])
    channel.write()
    with ChannelServer(folder / "served") as server:
        conda = Conda(folder / "engineer", CONDA_SUBDIR=PLATFORM)
        laid = Laid(conda, server, channel, f"{server.url}/acme", conda.envs / "opened")
        for name, url in (("mine", laid.url), ("opened", laid.open_url)):
            cache = {"CONDA_PKGS_DIRS": str(folder / name)}
            conda.run("create", "-n", name, "--override-channels", "-c", url, "app", **cache)
        yield laid


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write the text of a file, as it is, under a name that tells nothing."""

    def write(text: str) -> Path:
        path = tmp_path / "input"
        path.write_bytes(text.encode())
        return path

    return write
