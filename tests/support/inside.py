"""conda in the process of the tests: configured for them, and with nothing left behind."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context, reset_context
from conda.core.package_cache_data import PackageCacheData
from conda.core.solve import Solver
from conda.core.subdir_data import SubdirData
from conda.gateways.connection.session import CondaSession, get_session
from conda.models.match_spec import MatchSpec

from conda_offline_repo.builder.build import build
from conda_offline_repo.builder.options import Options
from conda_offline_repo.builder.request import request as requests
from conda_offline_repo.builder.run import Run
from conda_offline_repo.progress import Unwatched
from tests.support.running import Conda

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from conda_offline_repo.builder.outcome import BuildOutcome
    from conda_offline_repo.builder.request.request import Request
    from conda_offline_repo.progress import Progress

#: Solvers whose conda installs what an index states no size of.
WITHOUT_SIZES = ("libmamba", "rattler")
#: A server that is patient with nobody and makes nobody wait.
HASTY = {
    "CONDA_REMOTE_READ_TIMEOUT_SECS": "1",
    "CONDA_REMOTE_BACKOFF_FACTOR": "0",
    "CONDA_LOCAL_REPODATA_TTL": "0",
}


class Counted(Unwatched):
    """Progress as it was told.

    Attributes:
        steps: what was said of each, and of each thing to be counted how and how much.
        done: bytes.
        packages: those that are done with.
    """

    def __init__(self) -> None:
        self.steps: list[str | tuple[str, int, int | None]] = []
        self.done = 0
        self.packages = 0
        self.lock = Lock()

    def step(self, text: str) -> None:
        self.steps.append(text)

    def doing(self, text: str) -> AbstractContextManager[object]:
        self.steps.append(text)
        return super().doing(text)

    def counting(
        self, doing: str, packages: int, size: int | None
    ) -> AbstractContextManager[object]:
        self.steps.append((doing, packages, size))
        self.done = self.packages = 0
        return super().counting(doing, packages, size)

    def advance(self, size: int, packages: int = 0) -> None:
        with self.lock:
            self.done += size
            self.packages += packages


class Inside:
    """Builds in this process, as the user whose configuration is in force.

    Attributes:
        conda: that user.
        root: where the repositories go.
    """

    def __init__(self, conda: Conda, root: Path) -> None:
        self.conda = conda
        self.root = root

    def options(
        self,
        *packages: str,
        channels: tuple[str, ...],
        label: str = "bank",
        label_channel: bool = False,
        token: str | None = None,
        platforms: tuple[str, ...] = ("linux-64",),
        virtual_packages: tuple[str, ...] = (),
        customer_solvers: tuple[str, ...] = (),
        keep: int | None = None,
    ) -> Options:
        """The options of a build; without a label channel, unless told."""
        return Options(
            label=label,
            root=self.root,
            packages=packages,
            channels=channels,
            channels_named=True,
            label_channel=label_channel,
            token=token,
            platforms=platforms,
            native_platform=context.subdir,
            virtual_packages=virtual_packages,
            customer_solvers=customer_solvers,
            keep=keep,
        )

    def build(
        self, options: Options, progress: Progress | None = None, *, dry_run: bool = False
    ) -> BuildOutcome:
        """Build, and forget what conda remembers of the channels."""
        try:
            return build(options, Run([options], progress or Unwatched(), dry_run=dry_run))
        finally:
            forget()

    def request(self, options: Options) -> Request:
        """The checked request of a first build with these options."""
        return requests.resolve(options, None)

    def configure(self, **settings: object) -> None:
        """Give the user these settings besides the usual ones, and let conda read them."""
        self.conda.configure(**settings)
        reset_context()


def forget() -> None:
    """Let conda forget what it knows of channels, caches and servers."""
    MatchSpec._MATCHER_CACHE.clear()  # it has channels as an earlier configuration had them
    SubdirData._cache_.clear()
    PackageCacheData.clear()
    get_session.cache_clear()
    CondaSession.cache_clear()


@contextmanager
def inside(folder: Path, **variables: str) -> Iterator[Inside]:
    """Let this process be that of a user whose files lie below `folder`.

    Args:
        folder: not there yet.
        variables: more of the process environment.
    """
    conda = Conda(folder, **{**HASTY, **variables})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in conda.variables.items():
            patch.setenv(name, value)
        forget()
        reset_context()
        try:
            yield Inside(conda, folder / "repositories")
        finally:
            forget()
    reset_context()


def live_solvers() -> list[Solver]:
    """The solvers of this process that Python has not collected yet."""
    return [solver for solver in gc.get_objects() if isinstance(solver, Solver)]
