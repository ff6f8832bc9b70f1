"""What `use` plans for an environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_offline_repo.customer import target
from conda_offline_repo.customer.request import UseRequest

if TYPE_CHECKING:
    from conda_offline_repo.repository.locate import Repository


def plan(repository: Repository, prefix: Path, **options: Any) -> target.Target:
    return target.plan(repository, UseRequest(repository.path, prefix, **options))
