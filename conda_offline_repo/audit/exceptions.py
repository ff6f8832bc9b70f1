"""Errors of what an auditor asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from conda.common.io import dashlist

from ..exceptions import OfflineRepoError
from ..printable import quoted


@dataclass(frozen=True)
class Breach:
    """A package that breaks a policy: its archive as `subdir/file`, the key of the policy that it
    breaks, how, and because of what it is there: requested packages, `release N`, or `plugin`.
    """

    archive: str
    rule: str
    problem: str
    needed_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        by = f" (needed by {', '.join(self.needed_by)})" if self.needed_by else ""
        return f"{self.archive}{by}: {self.rule}: {self.problem}"


class PolicyError(OfflineRepoError):
    """A policy has mistakes."""

    def __init__(self, place: object, problems: Sequence[str]) -> None:
        super().__init__(f"The policy in {place} has mistakes.", *problems)


class AdvisoriesError(OfflineRepoError):
    """A file without a record of OSV that can be read."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__(
            f"{path} has no advisory that can be read.",
            *problems[:5],
            "Give a record of OSV as JSON, or a folder or a zip file of such: "
            "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip has those of PyPI.",
        )


class LicensesMissingError(OfflineRepoError):
    """A policy has rules on licences, and what reads licences is not installed."""

    def __init__(self, channel: str | None = None) -> None:
        """`channel` has the package, if the folder brings it along."""
        place = f"--override-channels -c {quoted(channel)} " if channel else ""
        super().__init__(
            "Rules on licences need a package that is not installed: license-expression.",
            f"Install it beside conda: conda install -n base {place}license-expression",
        )


class PolicyBreachedError(OfflineRepoError):
    """Packages break a policy; `breaches` has them as objects."""

    def __init__(self, place: object, breaches: Sequence[Breach]) -> None:
        self.breaches = [asdict(breach) for breach in breaches]
        super().__init__(
            f"{place} breaks the policy:{dashlist(breaches)}",
            "Ship other packages or versions (for older ones, build with --exclude-newer AGE), or "
            "let the policy except a package: exceptions: "
            "[{package: NAME, reason: TEXT, approved_by: WHO, until: YYYY-MM-DD}]",
        )
