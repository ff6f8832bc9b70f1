"""What this machine's policy, and one that a command names, forbid of a repository."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from ...audit.check import check
from ...audit.exceptions import LicensesMissingError, PolicyBreachedError
from ...audit.policy_file import read_policy
from ...queries.contents import read_records
from ...repository.locate import Repository
from ...repository.manifest import key_parts, package_name
from ...repository.names import LICENSES_PACKAGE
from ...repository.signing.signature import channel_with
from ...settings import customers_file
from .history_check import warn
from .served import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ...repository.manifest import Manifest
    from .archives import LinkedArchive

    Solutions = Mapping[str, tuple[str, ...]]


def check_policies(
    repository: Repository,
    stated: str | None = None,
    archives: Collection[str] | None = None,
    read: Callable[[str, int], bytes] | None = None,
) -> list[str]:
    """Refuse packages that this machine's policy or a stated one forbids.

    Args:
        repository: That they are in.
        stated: The file of a policy; None for none.
        archives: Those, as `subdir/file`, that this machine gets; None for all of the repository.
        read: As for `read_records`.

    Returns:
        A warning of each exception that ends soon.

    Raises:
        PolicyBreachedError: There are such packages; all are named.
        PolicyError: A policy cannot be read.
        LicensesMissingError: What reads licences is not installed.
    """
    files = dict.fromkeys(filter(None, (customers_file("policy"), stated)))
    manifest, place, now = repository.manifest, repository.path, datetime.now(timezone.utc)
    if archives is not None:
        manifest, read = _of_this_machine(manifest), reader(place)
    packages = {n: p for n, p in manifest.packages.items() if archives is None or n in archives}
    if not (files and packages):
        return []
    records, manifest = read_records(manifest, place, read), replace(manifest, packages=packages)
    try:
        policies = [read_policy(Path(file).expanduser(), manifest.label) for file in files]
        verdicts = [check(policy, manifest, records, place, now) for policy in policies]
    except LicensesMissingError:
        channel = channel_with(LICENSES_PACKAGE, repository.manifest, place)
        raise LicensesMissingError(channel) from None
    if breaches := [breach for verdict in verdicts for breach in verdict.breaches]:
        raise PolicyBreachedError(place, breaches)
    ending = (decision for verdict in verdicts for decision in verdict.ending)
    texts = (f"The policy allows {package_name(d.archive)} until {d.until} alone." for d in ending)
    return [*dict.fromkeys(texts)]


def check_linked(archives: Sequence[LinkedArchive]) -> None:
    """Refuse archives that this machine's policy forbids, and warn; raises as `check_policies`."""
    for place, manifest in {archive.repository: archive.manifest for archive in archives}.items():
        own = [archive.path for archive in archives if archive.repository == place]
        names = {f"{path.parent.name}/{path.name}" for path in own}
        for text in check_policies(Repository(place, manifest), archives=names):
            warn(text)


def _of_this_machine(manifest: Manifest) -> Manifest:
    """Return what a manifest has for this machine; a server's other indexes are not at hand."""

    def own(solutions: Solutions) -> Solutions:
        return {k: names for k, names in solutions.items() if key_parts(k)[1] == context.subdir}

    packages = manifest.packages.items()
    return replace(
        manifest,
        packages={n: package for n, package in packages if n.split("/")[0] in context.subdirs},
        solutions=own(manifest.solutions),
        releases={n: replace(r, solutions=own(r.solutions)) for n, r in manifest.releases.items()},
    )
