"""What came of a build, and what the vendor should know of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING

from .._conda.solver_settings import Configured, obeyed
from ..audit.check import remarks
from ..queries import compare, news
from ..queries.contents import list_packages, packages_of
from ..queries.pip import PipRequirement, pip_requirements
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.locate import Repository
from ..repository.manifest import Manifest, key_parts, package_name
from ..repository.names import PLUGIN, PLUGIN_PACKAGE, SIGNATURES_PACKAGE
from .archives.installers import shipped
from .plugin_channel import checks_signatures
from .release.exceptions import FailOnError
from .release.other_solvers import Proof
from .release.plain_conda.authenticode import unsigned
from .request.changes import RequestChange, changes
from .upstream.unfit import is_later
from .warnings import BuildWarning

if TYPE_CHECKING:
    from ..queries.compare import Difference
    from ..repository.package import Attester
    from .release.compose import Release
    from .release.plan import BuildPlan


@dataclass(frozen=True)
class BuildOutcome:
    """What a build did, or with a dry run would do.

    Attributes:
        path: The repository.
        manifest: Of its release.
        difference: From the release before.
        warnings: What the vendor should know.
        changed: Whether there is a new release.
        first: Whether it is the first.
        request_changes: From the request of the last build.
        settings: The settings of conda on this machine that the build obeys.
        changed_entries: The keys in which index entries of archives that were there differ now, by
            `subdir/file`.
        new_licenses: The licences that no package had before, with the packages that have them;
            None where that is not known.
        new_attestations: The archives of the release before that have other attestations now, or
            had none.
        new_attesters: Whose attestations are verified of packages that had none of theirs before,
            with the names of these.
        tried: What was tried of it on this machine, by the key of the solution.
        proof: Which solvers have proven it.
        pip: What stands for requirements of pip where the release before had something else.
    """

    path: Path
    manifest: Manifest
    difference: Difference
    warnings: tuple[BuildWarning, ...]
    changed: bool = True
    first: bool = False
    request_changes: tuple[RequestChange, ...] = ()
    settings: tuple[Configured, ...] = ()
    changed_entries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    new_licenses: Mapping[str, tuple[str, ...]] | None = None
    new_attestations: tuple[str, ...] = ()
    new_attesters: Mapping[Attester, tuple[str, ...]] = field(default_factory=dict)
    tried: Mapping[str, str] = field(default_factory=dict)
    proof: Proof = Proof()
    pip: tuple[PipRequirement, ...] = ()

    @property
    def machines(self) -> dict[str, Mapping[str, str]]:
        """The virtual packages of the machines that the release is for, by platform."""
        request = self.manifest.request
        return {platform: request.virtual_packages[platform] for platform in request.platforms}


def unchanged(plan: BuildPlan, last: Manifest, left: tuple[str, ...]) -> BuildOutcome:
    """Return the outcome of a build that makes no release, with the files of earlier ones that
    could not be deleted.
    """
    manifest = last if left else replace(last, on_the_way={})
    return BuildOutcome(
        path=plan.repository,
        manifest=manifest,
        difference=compare.difference(manifest, manifest),
        warnings=(
            *plan.warnings,
            *starmap(BuildWarning, remarks(manifest.decisions, plan.request.time)),
            *undeleted(left),
        ),
        changed=False,
        settings=obeyed(),
        proof=plan.proof,
        new_licenses={},
    )


def changed(plan: BuildPlan, release: Release, warnings: tuple[BuildWarning, ...]) -> BuildOutcome:
    """Return the outcome of a build that makes a release, with warnings of its archives, before it
    is published.
    """
    manifest, last = release.manifest, plan.last
    difference = compare.difference(last, manifest)
    known = {*pip_requirements(last)} if last else ()
    return BuildOutcome(
        path=plan.repository,
        manifest=manifest,
        difference=difference,
        warnings=(
            *plan.kept.warnings,
            *unsigned(release.files, plan.repository),
            *_downgrades(difference),
            *_replaced(difference),
            *plan.warnings,
            *starmap(BuildWarning, remarks(manifest.decisions, plan.request.time)),
            *warnings,
            *_unchecked(manifest),
            *_without_plugin(manifest),
            *_distrusted(last, manifest),
            *_base(manifest),
        ),
        first=last is None,
        request_changes=changes(last.request, manifest.request) if last else (),
        settings=obeyed(),
        changed_entries=compare.changed_entries(last, manifest, plan.published, plan.records),
        new_licenses=_new_licenses(plan, manifest),
        new_attestations=news.new_attestations(last, manifest) if last else (),
        new_attesters=news.new_attesters(last, manifest),
        proof=plan.proof,
        pip=tuple(each for each in pip_requirements(manifest) if each not in known),
    )


def check_warnings(outcome: BuildOutcome, fail_on: Collection[str]) -> None:
    """Check that a release that is not published yet has no warning of some kinds.

    Args:
        fail_on: The kinds; `warning` for any.

    Raises:
        FailOnError: It has.
    """
    named = [w for w in outcome.warnings if w.kind in fail_on or "warning" in fail_on]
    if named:
        raise FailOnError(named)


def _downgrades(difference: Difference) -> Iterator[BuildWarning]:
    """Yield a warning for each platform that gets an older version of a package."""
    for change in difference.platforms:
        updated = change.updated
        older = [f"{name} {old} -> {new}" for name, old, new in updated if is_later(old, new)]
        if older:
            text = f"For {change.platform}, the release has older versions: {', '.join(older)}."
            yield BuildWarning("downgrade", text)


def _replaced(difference: Difference) -> Iterator[BuildWarning]:
    """Yield a warning for each platform that gets packages which conda takes for the same."""
    for change in difference.platforms:
        updated = change.updated if change.platform != PLUGIN else ()
        same = {name: old for name, old, new in updated if new.endswith(compare.OTHER_CONTENT)}
        if same:
            packages = ", ".join(f"{name} {old}" for name, old in same.items())
            text = (
                f"For {change.platform}, packages have other content under the version and build "
                f"that customers have: {packages}. `conda update` does not bring it; "
                f"`conda offline-repo use PATH {' '.join(same)}` does."
            )
            yield BuildWarning("same-version", text)


def _new_licenses(plan: BuildPlan, manifest: Manifest) -> dict[str, tuple[str, ...]] | None:
    if not plan.last:
        return None
    with suppress(ManifestError, UnreadableError):
        old = list_packages(Repository(plan.repository, plan.last))
        return news.new_licenses(old, packages_of(manifest, plan.records, plan.repository))
    return None


def _unchecked(manifest: Manifest) -> Iterator[BuildWarning]:
    """Yield a warning if a repository is signed, and its plugin cannot check the signature."""
    unchecked = manifest.request.plugin and not checks_signatures(manifest.packages)
    if unchecked and manifest.signers:
        yield BuildWarning(
            "unchecked-signature",
            "No channel has the package securesystemslib, which the customer's conda needs to "
            "check the signature. Name a channel that has it, such as conda-forge.",
        )


def _without_plugin(manifest: Manifest) -> Iterator[BuildWarning]:
    """Yield a warning if machines without conda get it, and not the plugin."""
    if shipped(manifest) and not manifest.request.plugin:
        yield BuildWarning(
            "no-plugin",
            "The repository has an installer of conda and not the plugin, without which "
            "install.sh and install.cmd make no environment of the label and check no signature. "
            "Ship it as well: --with-plugin.",
        )


def _distrusted(last: Manifest | None, manifest: Manifest) -> Iterator[BuildWarning]:
    """Yield a warning if wholly other keys sign than those that customers trust."""
    old, new = last.signers if last else (), manifest.signers
    if old and new and {*old}.isdisjoint(new):
        yield BuildWarning(
            "other-signer",
            f"Customers who trust {', '.join(old)} refuse this release until they trust "
            f"{', '.join(new)}: with --trust, once for `sync`, `unpack` or `use`. Tell them the "
            "fingerprint by another channel than the folder.",
        )


def _base(manifest: Manifest) -> Iterator[BuildWarning]:
    """Yield a warning if an environment for the customer's base lacks what conda runs with."""
    wanted = {"conda", PLUGIN_PACKAGE, *([SIGNATURES_PACKAGE] if manifest.signers else [])}
    lacking: set[str] = set()
    for key, names in manifest.solutions.items():
        if key_parts(key)[0] == "base":
            lacking |= wanted - {*map(package_name, names)}
    if lacking:
        yield BuildWarning(
            "base",
            f"The environment base does not have {', '.join(sorted(lacking))}. In a base "
            "environment these stay as they are, and may not fit what you ship. Add them to the "
            "environment.",
        )


def undeleted(names: tuple[str, ...]) -> Iterator[BuildWarning]:
    """Yield a warning of files that could not be deleted, if there are any."""
    if names:
        yield BuildWarning(
            "undeleted",
            "The repository is published, but files of earlier releases could not be deleted: "
            f"{', '.join(names)}. Another program may have them open. Run the same command again; "
            "until then, readers see an unfinished publication.",
        )
