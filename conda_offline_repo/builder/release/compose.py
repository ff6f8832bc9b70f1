"""All that a repository holds besides archives: index, plain conda, page, checksums, manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...clock import utc
from ...cooldown import due_day
from ...files.hashing import hash_file, read_regular
from ...files.workers import run_all
from ...repository.index import bridge
from ...repository.manifest import VERSION_3, Manifest
from ...repository.package import Attestations, Attester, File, Package
from ...repository.writing import joined
from ..archives.facts import facts_of
from ..request.request import remember
from .draft import Draft
from .html.render import PAGE_NAME
from .plain_conda import plain_conda_files
from .plain_conda.authenticode import POWERSHELL, with_signature

if TYPE_CHECKING:
    from ..archives.archive import Archive
    from ..archives.attestations import Collected
    from ..archives.facts import Known
    from .plan import BuildPlan

CHECKSUMS_NAME = "SHA256SUMS"


@dataclass(frozen=True)
class Release:
    """What a repository is to become: all that one publication brings.

    Attributes:
        manifest: Describes the rest.
        archives: Verified, in the repository or staged; their attestations and installers, too.
        files: Every other file, by path.
    """

    manifest: Manifest
    archives: tuple[Archive, ...]
    files: Mapping[str, Draft]


def compose(
    plan: BuildPlan,
    archives: tuple[Archive, ...],
    attestations: Collected,
    verified: Mapping[str, tuple[Attester, ...]],
    installers: tuple[Archive, ...],
) -> Release:
    """Return the release that a repository is to become, without page and checksums.

    Its number is one more than the last one's. See `completed` for page and checksums, `with_facts`
    for what is not known of archives yet.

    Args:
        plan: What it is to hold.
        archives: All of the plan.
        attestations: Theirs.
        verified: Whose of these are verified, by archive.
        installers: Those that go along.
    """
    request, last = plan.request, plan.last
    entries = {entry.name: entry for entry in plan.all_entries}
    described = {
        name: Attestations(file.sha256, file.size, verified[name])
        for name, file in attestations.files.items()
    }
    packages = {}
    for archive in archives:
        entry, before = entries[archive.name], last and last.packages.get(archive.name)
        same = before if before and before.sha256 == archive.sha256 else None
        packages[archive.name] = Package(
            archive.sha256,
            archive.md5,
            archive.size,
            entry.public_url,
            entry.wheel,
            described.get(archive.name),
            entry.index_version,
            same.scripts if same else None,
            same.pypi if same else {},
        )
    index = {**plan.index, **plan.plugin_index}
    names = [installer.name for installer in installers]
    newer = any(entry.index_version == VERSION_3 for entry in plan.entries)
    plain = plain_conda_files(
        request, names, packages, plan.pip, signed=bool(plan.signers), newer=newer
    )
    if POWERSHELL in plain:
        plain[POWERSHELL] = with_signature(plain[POWERSHELL], plan.repository)
    files = {**index, **{name: Draft([content]) for name, content in plain.items()}}
    others = {installer.name: File(installer.sha256, installer.size) for installer in installers}
    described_files = {**{name: draft.described for name, draft in files.items()}, **others}
    bridges = _bridges(plan.repository, index, last) if last else {}
    manifest = manifest_of(plan, packages, described_files, bridges)
    return Release(manifest, (*archives, *attestations.files.values(), *installers), files)


def manifest_of(
    plan: BuildPlan,
    packages: Mapping[str, Package],
    files: Mapping[str, File],
    bridges: Mapping[str, File],
) -> Manifest:
    """Return the manifest of the release that is planned, whose number is one more."""
    request = plan.request
    return Manifest(
        label=request.label,
        release=plan.last.release + 1 if plan.last else 1,
        created=utc(request.time),
        request=remember(request),
        solutions=plan.installs,
        pip=plan.pip,
        packages=packages,
        files=files,
        built_with=plan.built_with,
        proved_with=plan.proof.by,
        signers=plan.signers,
        cutoff=request.cooldown.cutoff if request.cooldown else "",
        releases=plan.kept.releases,
        due=due_day(request.next_due, request.time),
        withdrawn=request.withdrawn,
        bridges=bridges,
        decisions=plan.decisions,
    )


def with_facts(release: Release, plan: BuildPlan, known: Known) -> Release:
    """Return a release with what its packages run, also those of which the last manifest does not
    say it; of a dry run, without what new ones do.

    Args:
        known: The facts of archives; gets more.
    """
    packages, records = dict(release.manifest.packages), plan.records
    archives = (archive for archive in release.archives if archive.name in packages)
    unknown = [archive for archive in archives if packages[archive.name].scripts is None]
    facts = run_all(lambda archive: facts_of(archive, records, known), unknown)
    for name, own in zip((archive.name for archive in unknown), facts, strict=True):
        packages[name] = replace(packages[name], scripts=own.scripts, pypi=own.pypi)
    return replace(release, manifest=replace(release.manifest, packages=packages))


def completed(release: Release, page: Draft | File | None) -> Release:
    """Return a release with the checksums of all its files, and with its page, if it has one: a new
    one, or that which is published.
    """
    new = {PAGE_NAME: page} if isinstance(page, Draft) else {}
    described = {PAGE_NAME: page} if isinstance(page, File) else {}
    described |= {name: draft.described for name, draft in new.items()}
    named = {**release.manifest.everything, **described}
    lines = (f"{named[name].sha256} *{name}\n" for name in sorted(named))
    new[CHECKSUMS_NAME] = Draft(joined(lines))
    described[CHECKSUMS_NAME] = new[CHECKSUMS_NAME].described
    manifest = replace(release.manifest, files={**release.manifest.files, **described})
    return replace(release, manifest=manifest, files={**release.files, **new})


def published_page(last: Manifest, repository: Path) -> File | None:
    """Return the page that a repository has; None if its release has none.

    A page names its release, and differs between versions of this plugin: whether there is anything
    to publish depends on the rest alone.
    """
    stated = last.files.get(PAGE_NAME)
    if stated is None:
        return None
    try:
        digests = hash_file(repository / PAGE_NAME, limit=stated.size)
    except OSError:
        return File("", 0)
    return File(digests.sha256, digests.size)


def _bridges(repository: Path, index: Mapping[str, Draft], last: Manifest) -> dict[str, File]:
    """Index files with the entries of the published state and the new one; see `bridge`."""
    bridges = {}
    for name, draft in index.items():
        try:
            path = repository / name
            published = read_regular(path, path.stat().st_size)
        except OSError:
            continue  # this subdir has no old state to bridge from
        before = File.of(published)
        is_known = before != draft.described and before.sha256 in last.allowed(name)
        if is_known and (both := bridge(published, draft.content)) is not None:
            bridges[name] = File.of(both)
    return bridges
