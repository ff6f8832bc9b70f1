"""The errors at the customer, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda import __version__
from conda.base.context import context
from conda.common.io import dashlist

from ..exceptions import OfflineRepoError
from ..printable import quoted, withdrawal
from ..repository.manifest import NEEDED, Manifest
from ..repository.names import DEFAULT

if TYPE_CHECKING:
    from .._conda.machine import Unmet
    from ..files.web import Place

#: The virtual packages that a variable of the environment changes, `__win` since conda 25.
OVERRIDABLE = ("__archspec", "__cuda", "__glibc", "__linux", "__osx", "__win")


class ReleaseNotKeptError(OfflineRepoError):
    """A release that the repository does not have, or no longer has."""

    def __init__(self, repository: Place, release: int, manifest: Manifest) -> None:
        reason = manifest.withdrawn.get(release)
        older = (
            "For an older one, ask your vendor: "
            "`build --keep` keeps more, and an older copy can be used with --allow-older."
        )
        kept = ", ".join(map(str, sorted(manifest.installable)))
        super().__init__(
            f"{repository} does not have release {release}; it has {kept}.",
            older if reason is None else withdrawal(release, reason),
            f"`conda offline-repo show {quoted(repository)} --releases` lists them.",
        )


class NewerFormatError(OfflineRepoError):
    """A release with packages that this conda, or its solver, does not see in the index."""

    def __init__(self, repository: Place, names: Iterable[str]) -> None:
        super().__init__(
            f"{repository} has packages that only {NEEDED} installs:{dashlist(names)}\n"
            f"This is conda {__version__} with the solver {context.solver}. Nothing was changed.",
            "If this conda is new enough, choose that solver: --solver rattler, or for good the "
            "setting solver: rattler. Else update conda, or ask your vendor for a build without "
            "--index-version 3.",
        )


class EnvironmentMissingError(OfflineRepoError):
    """An environment that a release does not have, or none named where it has several."""

    def __init__(self, repository: Place, name: str | None, environments: Iterable[str]) -> None:
        names = [name for name in environments if name]
        problem = f"The release in {repository} has one environment, without a name, not {name!r}."
        advice = f"For just what it installs: --environment {DEFAULT}"
        if names:
            listed = ", ".join(names) + (f", not {name!r}" if name else "")
            problem = f"The release in {repository} has the environments {listed}."
            advice = f"Choose one of them: --environment {names[0]}"
        super().__init__(problem, advice)


class MachineMisfitError(OfflineRepoError):
    """A release with packages that this machine cannot have.

    Attributes:
        demands: What they demand of it.
        assumed: The virtual packages that the release was built for: `VERSION` or `VERSION=BUILD`,
            by name.
    """

    def __init__(self, demands: Sequence[Unmet], assumed: Mapping[str, str]) -> None:
        names = sorted({demand.virtual_package for demand in demands})
        variables = [
            f"CONDA_OVERRIDE_{name[2:].upper()}={assumed.get(name, '').split('=')[-1] or 'VERSION'}"
            for name in names
            if name in OVERRIDABLE
        ]
        advice = "Nothing was changed. Ask your vendor for a build for this machine."
        if variables:
            advice += (
                " If the environment is for another machine, say what that one has, and repeat "
                f"this command: set {' and '.join(variables)} in the process environment."
            )
        super().__init__(
            f"This release cannot be installed on this machine:{dashlist(demands)}", advice
        )


class CooldownError(OfflineRepoError):
    """A release that conda does not install because of its age."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, f"Nothing was changed. What to do: {remedy}")


class RepositoryDamagedError(OfflineRepoError):
    """Files of a repository that are `missing`, `changed` or `unreadable`, by that word."""

    def __init__(self, path: Place, **problems: Iterable[str]) -> None:
        lines = [f"{word}: {name}" for word, names in problems.items() for name in names]
        problem = f"The offline repository {path} is damaged or its copy is incomplete:"
        advice = "Copy the repository again from its source"
        if all(line.startswith("unreadable:") for line in lines):
            problem = f"The offline repository {path} cannot be read:"
            advice = "Plug in its disk or mount it again, or ask its owner for permission"
        super().__init__(
            f"{problem}{dashlist(lines)}",
            f"Nothing was installed or configured. {advice}, then repeat this command.",
        )


class SiblingIndexError(OfflineRepoError):
    """Files beside the index of a repository that conda may read in its place."""

    def __init__(self, path: Place, names: Iterable[str]) -> None:
        super().__init__(
            f"The offline repository {path} has files that conda may read instead of its index:"
            f"{dashlist(names)}",
            "They are not part of it and are not checked. Nothing was installed or configured. "
            "Remove them from the folder, then repeat this command.",
        )


class BaseMisfitError(OfflineRepoError):
    """Packages that do not go together with those that have to stay in base."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__(
            "conda, its plugins and what they need stay in base, and the release does not fit "
            f"them:{dashlist(problems)}",
            "Nothing was changed. Ask your vendor for an environment that has these packages as "
            "well, or use another environment than base.",
        )


class PackageCacheError(OfflineRepoError):
    """A package cache that this user cannot read, or none that this user can write."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(
            f"conda cannot use its package cache: {reason}",
            "The environment was not changed. Ask who administers this machine for permission, or "
            "name folders of your own: the variable CONDA_PKGS_DIRS, or pkgs_dirs in a .condarc.",
        )


class PlatformMissingError(OfflineRepoError):
    """A repository that has nothing for this machine's platform."""

    def __init__(self, path: Place, platform: str, available: Iterable[str]) -> None:
        super().__init__(
            f"The offline repository {path} is not for {platform}; it is for "
            f"{', '.join(sorted(available))}.",
            f"Ask your vendor for a build with --platform {platform}.",
        )


class OtherPlatformError(OfflineRepoError):
    """An environment of another platform than the one that packages are to be installed for."""

    def __init__(self, prefix: Path, platform: str, other: str) -> None:
        super().__init__(
            f"{prefix} is an environment for {platform}; packages for {other} do not work in it.",
            f"Add --platform {platform}, or give another environment with -n or -p.",
        )


class OlderBuildError(OfflineRepoError):
    """A repository with an older release than the environment has used."""

    def __init__(self, path: Place, release: int, last: int, use: str) -> None:
        super().__init__(
            f"{path} has release {release}, but this environment has used release {last}.",
            "This may be the wrong stick or an old copy: look at it with "
            f"`conda offline-repo show`. If you mean it, give --allow-older: {use}",
        )


class OtherContentError(OfflineRepoError):
    """A repository with the release that an environment has used, and other content."""

    def __init__(self, path: Place, release: int, use: str) -> None:
        super().__init__(
            f"{path} has release {release} with other content than this environment has used.",
            "Either somebody has changed it, or your vendor has begun the repository anew: ask "
            f"which. If you mean it, give --allow-older: {use}",
        )


class OtherLabelError(OfflineRepoError):
    """A repository of another label than the one that the environment uses."""

    def __init__(self, path: Place, label: str, last: str, prefix: Path) -> None:
        super().__init__(
            f"{path} is the repository of {label!r}, but this environment uses that of {last!r}.",
            "Give another environment with -n or -p, or make one. If you mean it, give "
            f"--other-label: conda offline-repo use {quoted(path)} "
            f"-p {quoted(prefix)} --other-label",
        )


class FrozenEnvironmentError(OfflineRepoError):
    """A frozen environment (CEP 22), where conda has no error for it."""

    def __init__(self, prefix: Path, message: str) -> None:
        reason = f" Reason:\n\n    {message}\n" if message else ""
        super().__init__(
            f"Cannot modify '{prefix}'. The environment is marked as frozen.{reason}",
            "Give another environment with -n or -p. Newer versions of conda have the flag "
            "--override-frozen to bypass this protection; this one does not.",
        )


class NotUsedError(OfflineRepoError):
    """An environment that uses no offline repository, so that nothing can be taken back."""

    def __init__(self, prefix: Path) -> None:
        super().__init__(
            f"{prefix} uses no offline repository: there is nothing to take back.",
            "Name the environment with -n or -p.",
        )


class StateUnreadableError(OfflineRepoError):
    """An environment's state that cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}, which says whose repository this environment uses, cannot be read: {reason}. "
            "Nothing was changed.",
            "Restore the file from a backup, or make it readable. If you are sure which repository "
            "the environment uses, remove the file instead and run `conda offline-repo use PATH "
            f"-p {quoted(path.parent.parent)}` again, which checks the signature "
            "anew.",
        )


class TargetError(OfflineRepoError):
    """An environment that cannot be used or made."""
