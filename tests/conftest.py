"""A vendor's server with tiny channels, the same with real packages, and users with conda."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context, reset_context

from dev.upstream.cable import Cable
from dev.upstream.channels import arrange
from dev.upstream.packages import why_not_here
from dev.upstream.server import ChannelServer
from tests.support.inside import inside
from tests.support.left_out import left_out
from tests.support.mirror import releases
from tests.support.running import Conda
from tests.support.suite import suite
from tests.support.systems import reason_to_skip
from tests.support.tiny import TinyChannel
from tests.support.warm import warm_conda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.inside import Inside
    from tests.support.mirror import Mirror
    from tests.support.warm import WarmConda

TOKEN = "tk-5ecret0f4cme"
#: Tests that a run begins with.
FIRST = tuple(f"tests/{name}" for name in ("dev/test_demo", "model/", "recipe/"))


@dataclass(frozen=True)
class Vendor:
    """A vendor's server: public packages, and the private channels of the publisher acme.

    Attributes:
        server: it counts the requests; acme's channels answer under their token alone.
        public: publishes `lib` 1.0 and 1.1, and `extra`.
        publisher: acme, publishes `app` 1.0.
        label: acme/label/bank, publishes `app` 2.0, which needs `lib`, and `tool`.
    """

    server: ChannelServer
    public: TinyChannel
    publisher: TinyChannel
    label: TinyChannel

    def url(self, channel: TinyChannel) -> str:
        """Where a channel of the server is, without a token."""
        path = channel.folder.relative_to(self.public.folder.parent).as_posix()
        return f"{self.server.url}/{path}"

    @property
    def channels(self) -> tuple[str, ...]:
        """The options that name acme and the public channel, and no other."""
        urls = (self.url(self.publisher), self.url(self.public))
        return ("-c", urls[0], "-c", urls[1], "--override-channels")

    @property
    def request(self) -> tuple[str, ...]:
        """The options of a first build for the bank, but for the packages and the root."""
        return ("--label", "bank", *self.channels, "--token", TOKEN)


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    """A user whose conda runs in this process."""
    with inside(tmp_path / "me") as me:
        yield me


@pytest.fixture
def conda(tmp_path: Path) -> Conda:
    """The release engineer at the vendor."""
    return Conda(tmp_path / "engineer")


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    """The system administrator at the customer."""
    return Conda(tmp_path / "administrator")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of the repositories, not there yet."""
    return tmp_path / "repositories"


@contextmanager
def vendor_at(served: Path) -> Iterator[Vendor]:
    """Lay out the tiny channels in a folder and serve them."""
    public = TinyChannel(served / "public")
    public.add("lib", "1.0")
    public.add("lib", "1.1", format="tar.bz2")
    public.add("extra", "3.0", depends=["lib"])
    publisher = TinyChannel(served / "acme")
    publisher.add("app", "1.0", depends=["lib"])
    label = TinyChannel(served / "acme" / "label" / "bank", zst=True)
    label.add("app", "2.0", depends=["lib >=1.0"])
    label.add("tool", "1.0")
    for channel in (public, publisher, label):
        channel.write()
    with ChannelServer(served, private={"acme": TOKEN}) as server:
        yield Vendor(server, public, publisher, label)


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    """The server with its tiny channels."""
    with vendor_at(tmp_path / "served") as vendor:
        yield vendor


@pytest.fixture
def repository(conda: Conda, vendor: Vendor, root: Path) -> Path:
    """The repository of the bank with `app` and what it needs, for this machine's platform."""
    conda.build(*vendor.request, "--root", root, "app")
    return root / "bank"


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a repository as it leaves the vendor; not to be changed."""
    folder = tmp_path_factory.mktemp("vendor")
    with vendor_at(folder / "served") as vendor:
        Conda(folder / "engineer").build(*vendor.request, "--root", folder, "app")
    return folder / "bank"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The label of `tests.support.suite`, built; not to be changed."""
    return suite(tmp_path_factory.mktemp("suite"))


@pytest.fixture
def copy(shipped: Path, tmp_path: Path) -> Path:
    """Such a repository as it arrives at the customer; the vendor's server is gone."""
    copy = tmp_path / "stick" / "bank"
    shutil.copytree(shipped, copy)
    return copy


@pytest.fixture(scope="session")
def packages() -> Path:
    """Real packages, as `dev/bootstrap.py` has made them; not to be changed."""
    material = os.environ.get("OFFLINE_REPO_MATERIAL")
    assert material, "run the tests with `python3 dev/bootstrap.py test`"
    packages = Path(material) / "packages"
    if (reason := why_not_here()) and not packages.exists():
        pytest.skip(reason)
    return packages


@pytest.fixture(scope="module")
def upstream(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Channels of the real packages, as they lie behind a server."""
    folder = tmp_path_factory.mktemp("upstream")
    arrange(packages, folder)
    return folder


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    """What the vendor has released, build after build."""
    return releases(tmp_path_factory.mktemp("vendor"))


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    """The folder that the vendor's builds are copied to; it has the first."""
    return mirror.copy(1, tmp_path / "stick" / "bank")


@pytest.fixture
def trap() -> Iterator[Cable]:
    """Where the customer's traffic ends; there is none."""
    with Cable() as trap:
        yield trap
        assert trap.refused == 0


@pytest.fixture
def warm() -> Iterator[WarmConda]:
    """A release engineer in a hurry."""
    with warm_conda() as warm:
        yield warm


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says how many steps were struck, at once and at the end of all tests."""

    def tell(line: str) -> None:
        sys.stdout.write(f"\n{line}\n")
        record_property("steps", line)

    return tell


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this system cannot do; begin with what shares most, so that one worker has it, and
    with what takes longest, so that none waits for it in the end.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
    for item in items:
        if reason := reason_to_skip(item.nodeid):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many steps the builds were killed at, and what a run of all tests left out."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "steps":
                terminalreporter.write_line(f"{report.nodeid}: {value}")
    if terminalreporter.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        skipped = terminalreporter.getreports("skipped")
        reasons = {report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)}
        reset_context()  # conda has read no configuration in this process
        terminalreporter.section("left out on this machine, and how to get it")
        for line in left_out(reasons, context.solver):
            terminalreporter.write_line(line)
