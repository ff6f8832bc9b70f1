"""A vendor who publishes one release after the other, in the process of the tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conda_offline_repo.repository.locate import locate_one

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.outcome import BuildOutcome
    from conda_offline_repo.repository.manifest import Manifest
    from tests.support.inside import Inside
    from tests.support.tiny import TinyChannel


@dataclass
class Releasing:
    """A vendor in this process.

    Attributes:
        me: builds.
        channel: whose `app` needs the `lib` of its version.
        bank: the repository.
    """

    me: Inside
    channel: TinyChannel
    bank: Path

    def release(self, number: int, *, keep: int | None = None, **more: Any) -> BuildOutcome:
        """Publish a version, and build."""
        self.channel.add("app", f"{number}.0", depends=[f"lib =={number}.0"])
        self.channel.add("lib", f"{number}.0", subdir="linux-64")
        return self.build(keep=keep, **more)

    def build(
        self,
        *packages: str,
        keep: int | None = None,
        dry_run: bool = False,
        **more: Any,
    ) -> BuildOutcome:
        """Build for these packages; for `app`, if none is named. `more` are fields of `Options`."""
        self.channel.write()
        url = self.channel.folder.as_uri()
        options = self.me.options(*(packages or ("app",)), channels=(url,), keep=keep)
        return self.me.build(replace(options, **more), dry_run=dry_run)

    @property
    def manifest(self) -> Manifest:
        return locate_one(self.bank).manifest

    @property
    def archives(self) -> list[str]:
        return sorted(path.stem for path in self.bank.glob("*/*.conda"))
