"""What `use` proposes to type next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda_offline_repo.customer.request import UseRequest
from conda_offline_repo.customer.ways import next_commands
from conda_offline_repo.repository.locate import locate_one
from tests.support.mirror import PLATFORM

if TYPE_CHECKING:
    from pathlib import Path


def test_only_environments_of_this_machine_are_proposed(stick: Path, tmp_path: Path) -> None:
    repository = locate_one(stick)
    manifest = repository.manifest
    other = "win-64" if PLATFORM != "win-64" else "linux-64"
    (archives,) = manifest.solutions.values()
    manifest = replace(
        manifest,
        request=replace(manifest.request, environments={"app": ("app",), "web": ("app",)}),
        solutions={f"app/{other}": archives, f"web/{PLATFORM}": archives},
    )
    request = UseRequest(stick, tmp_path / "rating")
    (command,) = next_commands(request, replace(repository, manifest=manifest))
    assert command.endswith(" --environment web")
