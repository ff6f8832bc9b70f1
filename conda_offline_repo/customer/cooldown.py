"""What a cooldown of conda's (`exclude_newer`, conda 26.9) forbids of a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from .._conda.configuration import cooldown, merged
from .._conda.solver_settings import OF_COOLDOWN, sources
from .._conda.transactions import installed
from ..printable import quoted
from .base import is_base
from .configuration import Finding
from .environment.condarc import CONDARC, configured, read_condarc, states_cooldown

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..files.web import Place
    from ..repository.locate import Repository
    from .environment.exemption import Exemption


@dataclass(frozen=True)
class HeldBack:
    """What conda does not install of a release in an environment, because it is too new.

    Attributes:
        repository: The folder of the repository.
        prefix: The environment.
        packages: By `NAME VERSION`, from when on conda installs them, ISO 8601 in UTC; None for
            what it does not install as long as the setting stands.
        settings: Each that may be the reason, with the file or variable that sets it.
        unsupported: Whether conda's solver refuses everything while there is such a setting.
        exemption: What the environment's own `.condarc` can exempt from the settings; None if it
            cannot.
    """

    repository: Place
    prefix: Path
    packages: dict[str, str | None]
    settings: tuple[str, ...]
    unsupported: bool
    exemption: Exemption | None

    @property
    def free_from(self) -> str | None:
        """From when on none of them is too new; None if one always is, or there are none."""
        known = [when for when in self.packages.values() if when]
        return max(known) if known and len(known) == len(self.packages) else None

    @property
    def problem(self) -> str:
        """What conda does not do, and by which setting, as a sentence."""
        text = f"{' and '.join(self.settings)} holds back packages that are too new"
        if names := ", ".join(sorted(self.packages)):
            until = f" before {self.free_from}" if self.free_from else ""
            text += f": conda does not install {names} of this release{until}"
        if self.unsupported:
            text += (
                f". The {context.solver} solver does not support that, so conda refuses whatever "
                "has to be solved"
            )
        return f"{text}."

    @property
    def remedy(self) -> str:
        """What to do about it."""
        wait = "wait until then, or " if self.free_from and not self.unsupported else ""
        if self.exemption:
            path, prefix = (quoted(p) for p in (self.repository, self.prefix))
            return (
                f"{wait}exempt the repository in this environment: "
                f"conda offline-repo use {path} -p {prefix} --no-exclude-newer"
            )
        solver = "take a solver that supports it, or " if self.unsupported else ""
        return f"{wait}{solver}change that setting, or ask your administrator to"

    @property
    def finding(self) -> Finding:
        """What to know before installing."""
        source = self.settings[0].partition(" in ")[2] if self.settings else "exclude_newer"
        return Finding(source, f"{self.problem}\n  What to do: {self.remedy}")


def held_back(
    repository: Repository, prefix: Path, wanted: Callable[[], Mapping[str, PackageRecord]]
) -> HeldBack | None:
    """Return what conda does not install in an environment that uses a repository; None if it
    installs all.

    Args:
        prefix: The environment, made or not.
        wanted: Returns the packages of the release that may come, by any name; those that are
            installed do not matter.

    Raises:
        TargetError: The environment's `.condarc` cannot be read.
    """
    path, channel = prefix / CONDARC, repository.channel
    old = read_condarc(path)
    active = cooldown(merged(prefix, configured(old, channel, path)))
    if active is None:
        return None
    current = {name: (r.version, r.build) for name, r in installed(prefix).items()}
    records = [r for r in wanted().values() if current.get(r.name) != (r.version, r.build)]
    packages = {
        f"{record.name} {record.version}": active.free_from(record)
        for record in records
        if active.holds_back(record)
    }
    if not (packages or active.unsupported):
        return None
    candidates: list[Exemption] = []
    # conda takes the colon of a drive for that of a port, and of a URL it would take the exemption
    # in the place of the entry with its login
    if ":" not in str(repository.path):
        candidates.append("channel")
    # base's file counts for every environment
    if not (is_base(prefix) or states_cooldown(old, path)):
        candidates.append("environment")

    def helps(exemption: Exemption) -> bool:
        after = cooldown(merged(prefix, configured(old, channel, path, exempt=exemption)))
        return after is None or not (after.unsupported or any(map(after.holds_back, records)))

    by_setting = sources()
    if not active.of_channels:
        by_setting.pop("channel_settings", None)
    names = [name for name in OF_COOLDOWN if name in by_setting]
    return HeldBack(
        repository.path,
        prefix,
        packages,
        tuple(f"{name} in {by_setting[name]}" for name in names),
        active.unsupported,
        next((exemption for exemption in candidates if helps(exemption)), None),
    )
