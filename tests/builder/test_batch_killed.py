"""A build of several labels, killed at any of its steps, between two labels or inside one."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.verify import verify
from tests.support import bench as benches
from tests.support.bench import STRIDE, same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.warm import Struck, WarmConda

LABELS = ("bank", "plant")
#: Steps of a build that changes both labels; if there are fewer, the hook has gone blind.
FEWEST = 60


class Labels:
    """Two labels that share most archives, built by one command.

    Attributes:
        root: of the repositories.
        before: a copy of it as it was before the build.
        after: as it is after an undisturbed one.
    """

    def __init__(self, warm: WarmConda) -> None:
        self.warm = warm
        self.root = warm.folder / "root"
        self.before = warm.folder / "before"
        self.after = warm.folder / "after"
        self.file = warm.folder / "offline-repo.yml"
        channel = benches.published(warm.folder / "published")
        settings = {
            "root": str(self.root),
            "channels": [channel.folder.as_uri()],
            "platforms": [benches.PLATFORM],
            "label_channel": False,
            "labels": {label: {"packages": ["app"]} for label in LABELS},
        }
        self.file.write_text(json.dumps(settings))  # which is YAML as well
        self.root.mkdir()
        assert self.build().status == 0
        shutil.copytree(self.root, self.before)
        benches.release(channel)
        assert self.build().status == 0
        shutil.copytree(self.root, self.after)

    def build(self, number: int = 0) -> Struck:
        return self.warm.execute(
            *("offline-repo", "build", "--file", str(self.file), "-q"),
            folder=self.root,
            fault="kill" if number else "",
            number=number,
        )

    def restore(self) -> None:
        """Bring back what was there before, with equal archives on the disk once."""
        shutil.rmtree(self.root)
        shutil.copytree(self.before, self.root)
        for archive in self.root.glob("bank/*/*.conda"):
            twin = self.root / "plant" / archive.relative_to(self.root / "bank")
            twin.unlink()
            twin.hardlink_to(archive)

    def check(self) -> tuple[int, ...]:
        """See that each is whole, as before or as after; gives their releases."""
        releases = []
        for label in LABELS:
            repository = locate_one(self.root / label)
            report = verify(repository, Unwatched())
            assert report.good or (report.unfinished and not report.changed), (label, report)
            releases.append(repository.manifest.release)
        return tuple(releases)


def test_killed_at_any_step(warm: WarmConda, tell: Callable[[str], None]) -> None:
    labels = Labels(warm)
    seen = set()
    for number in range(1, 10_000, 5 * STRIDE):
        labels.restore()
        struck = labels.build(number)
        if not struck.struck:
            break
        seen.add(labels.check())
        assert labels.build().status == 0
        same(labels.root, labels.after)
    assert number > FEWEST
    # whether one of the struck steps is behind the last publication is chance
    assert {(1, 1), (2, 1)} <= seen <= {(1, 1), (2, 1), (2, 2)}
    tell(f"labels: killed at {number // (5 * STRIDE)} of {number} steps, all whole")


def test_equal_archives_are_linked(warm: WarmConda) -> None:
    labels = Labels(warm)
    first, second = (sorted(_archives(labels.root / label)) for label in LABELS)
    assert first == second
    assert len(first) == 4


def _archives(folder: Path) -> list[int]:
    return [path.stat().st_ino for path in folder.rglob("*.conda")]
