"""Requests of a label: what is typed, what is remembered, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.remembered import Remembered

if TYPE_CHECKING:
    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.request.request import Request

ALIAS = "https://conda.example.com"
SECRET = "tk-secret"
LABEL, ACME, PUBLIC = (f"{ALIAS}/{name}" for name in ("acme/label/bank", "acme", "public"))


def last(**remembered: object) -> Manifest:
    """The manifest of a last build for two platforms."""
    request = Remembered(
        packages=("app", "tool"),
        channels=(LABEL, ACME, PUBLIC),
        platforms=("linux-64", "win-64"),
        virtual_packages={"linux-64": {"__glibc": "2.17"}, "win-64": {"__win": "11"}},
    )
    return Manifest("bank", 1, "", replace(request, **remembered), {}, {}, {}, {})  # type: ignore[arg-type]


def urls(request: Request) -> list[str]:
    return [source.url for source in request.sources]


def opened(request: Request) -> list[str]:
    """The channels that a token opens."""
    return [source.url for source in request.sources if source.channel.token == SECRET]


def again(options: Options) -> Options:
    """The options of a build that names nothing but the label."""
    return replace(options, packages=(), channels=(), channels_named=False, platforms=())
