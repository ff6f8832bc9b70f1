"""What this machine's policy, and one that a command names, forbid of a repository."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from ...audit.check import check, remarks
from ...audit.exceptions import LicensesMissingError, PolicyBreachedError
from ...audit.policy import read_policy
from ...queries.contents import read_records
from ...repository.names import LICENSES_PACKAGE
from ...repository.signing.signature import channel_with
from ...settings import customers_file

if TYPE_CHECKING:
    from ...repository.locate import Repository


def check_policies(
    repository: Repository,
    stated: str | None = None,
    archives: Collection[str] | None = None,
    read: Callable[[str, int], bytes] | None = None,
) -> list[str]:
    """Return what the policies of this machine and of a file warn of.

    Args:
        stated: The file; None for none.
        archives: The packages that count, as `subdir/file`; None for all.
        read: As for `read_records`.

    Raises:
        PolicyBreachedError: The policies forbid some of them; all are named.
        ConfigFileError, PolicyError: A policy cannot be read, or has mistakes.
        LicensesMissingError: What reads licences is not installed.
    """
    files = dict.fromkeys(f for f in (customers_file("policy") or None, stated) if f is not None)
    manifest, place, now = repository.manifest, repository.path, datetime.now(timezone.utc)
    packages = {n: p for n, p in manifest.packages.items() if archives is None or n in archives}
    if not (files and packages):
        return []
    records = read_records(manifest, place, read, damaged=True)
    counting = replace(manifest, packages=packages)
    try:
        policies = [read_policy(Path(file).expanduser(), manifest.label) for file in files]
        checked = [check(policy, counting, records, place, now) for policy in policies]
    except LicensesMissingError:
        raise LicensesMissingError(channel_with(LICENSES_PACKAGE, manifest, place)) from None
    if breaches := [breach for broken, _ in checked for breach in broken]:
        raise PolicyBreachedError(place, breaches)
    passed = [decision for _, decisions in checked for decision in decisions]
    return [text for _, text in remarks(passed, now)]
