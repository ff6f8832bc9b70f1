"""What must not become a release, one class a reason; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda import __version__
from conda.base.context import context
from conda.common.io import dashlist

from ...exceptions import OfflineRepoError
from ...repository.manifest import stem

if TYPE_CHECKING:
    from ..._conda.machine import Unmet
    from ..._conda.solver_settings import Configured
    from ..warnings import BuildWarning


class OlderBuilderError(OfflineRepoError):
    """A build for version 3 of the index format, by a conda or a solver that does not read it."""

    def __init__(self) -> None:
        super().__init__(
            "Packages in version 3 of the index format are to go along (--index-version 3), which "
            f"conda 26.7 or newer reads with the solver rattler. This is conda {__version__} with "
            f"the solver {context.solver}. Nothing was built.",
            "If this conda is new enough: --solver rattler. To do without such packages: "
            "--index-version 1",
        )


class ProofError(OfflineRepoError):
    """A repository that alone does not give what was solved from the channels."""

    def __init__(
        self,
        key: str,
        solver: str,
        *,
        missing: tuple[str, ...],
        other: tuple[str, ...],
        ignored: Sequence[Unmet] = (),
    ) -> None:
        self.key = key
        self.solver = solver
        self.other = other
        cause = "the order of the channels that its packages come from does not count there"
        if not {*map(stem, missing)}.isdisjoint(map(stem, other)):
            cause = "conda takes the .conda where there are two archives of one build"
        elif ignored:
            cause = f"the solver may choose what is for another platform: {ignored[0]}, which the "
            cause += f"{solver} solver ignores"
        lines = (
            *(f"solved from the channels, but not from the repository: {name}" for name in missing),
            *(f"solved from the repository only: {name}" for name in other),
        )
        super().__init__(
            f"The repository alone does not install the same for {key} ({solver} solver):"
            f"{dashlist(lines)}",
            f"Nothing was published. The repository is one channel, so {cause}. Name the version "
            "that is meant, leave a channel out, or make a label for each platform.",
        )


class OtherSolverError(OfflineRepoError):
    """A repository that another solver than the building one cannot install from.

    Args:
        key: Of the solution.
        solver: Its name.
        problem: Why not.
        rest: The other solvers that the customer's conda may have.
        other: What it chooses instead, as `subdir/file`.
    """

    def __init__(
        self,
        key: str,
        solver: str,
        problem: str,
        *,
        rest: Iterable[str],
        other: tuple[str, ...] = (),
    ) -> None:
        self.key = key
        self.solver = solver
        self.other = other
        options = " ".join(f"--customer-solver {name}" for name in rest)
        super().__init__(
            f"The {solver} solver, which the customer's conda may have, does not install the same "
            f"request for {key} from the repository alone:\n{problem.strip()}",
            f"Nothing was published. Build with it, --solver {solver}, so that it chooses what it "
            "can install, name other versions, or make a label for each platform.",
            *([f"If no customer has it, say so: {options}."] if options else []),
        )


class ForbiddenError(OfflineRepoError):
    """Packages that a rule of the administrator keeps out."""

    def __init__(self, rule: Configured, names: Iterable[str], *, kept: bool) -> None:
        earlier = " --keep 1 leaves out the earlier releases that have them." if kept else ""
        super().__init__(
            f"The setting {rule} does not allow these packages:{dashlist(names)}",
            f"Ask for packages that do without them, or have the setting changed.{earlier} "
            "Nothing was published.",
        )


class SameNameError(OfflineRepoError):
    """Projects of PyPI that are the same conda package, and are to be installed together."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__(
            f"These projects have the same modules, and are one package in conda:{dashlist(lines)}",
            "Ask for only one of them. If others need both, name the conda package, where a "
            "channel has it: it stands for all of them. Nothing was published.",
        )


class WithoutPythonError(OfflineRepoError):
    """Packages of modules for any Python, for an environment that has none.

    Args:
        packages: Their archives, by the key of the solution.
    """

    def __init__(self, packages: Mapping[str, Iterable[str]]) -> None:
        lines = (f"for {key}: {', '.join(names)}" for key, names in packages.items())
        super().__init__(
            f"conda cannot install these noarch packages without python, and no package that is "
            f"asked for depends on it:{dashlist(lines)}",
            "Ask for python as well. Nothing was published.",
        )


class UnfitArchivesError(OfflineRepoError):
    """Archives that conda cannot link, or whose compiled files are for other machines.

    Args:
        compiled: The noarch packages that have such files, with where they were to be installed.
        entry_points: By archive, those that conda cannot link.
    """

    def __init__(self, compiled: Sequence[str], entry_points: Mapping[str, Iterable[str]]) -> None:
        texts, hints = [], []
        if compiled:
            texts.append(
                "These packages are noarch, and their compiled files are for other machines or "
                f"another Python:{dashlist(compiled)}"
            )
            hints.append(
                "Ask for versions that have a package for each platform. If PyPI has wheels of the "
                "project, name it as a requirement of pip: they become such packages."
            )
        if entry_points:
            lines = (f"{name}: {', '.join(points)}" for name, points in entry_points.items())
            texts.append(
                f"These packages have entry points that conda cannot link:{dashlist(lines)}"
            )
            hints.append("An entry point has to be `command = module:function`, without extras.")
        end = "Nothing was published. Tell the owner of the channel."
        super().__init__("\n".join(texts), *hints, end)


class AttestationsError(OfflineRepoError):
    """Packages whose attestations are missing, or are not right, where they are verified.

    Args:
        problems: What is the matter, by archive.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        lines = (f"{name}: {problem}" for name, problem in sorted(problems.items()))
        super().__init__(
            f"The attestations of these packages cannot be verified:{dashlist(lines)}",
            "Nothing was published. Ask the owner of the channel, and check that the trusted root "
            "is that of the Sigstore that the packages are signed with. To publish all the same, "
            "leave out --verify-attestations, or verify_attestations in the file.",
        )


class SigstoreMissingError(OfflineRepoError):
    """Attestations are to be verified, and what verifies them is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Attestations are verified with the package sigstore, which is not installed or is "
            "older than 4.5.",
            'Install it beside conda: conda install -n base "sigstore>=4.5"',
        )


class TryInstallError(OfflineRepoError):
    """A release that `--try-install` could not install, or not use.

    Args:
        failures: What failed, with the last lines of the message.
    """

    def __init__(self, failures: Iterable[str]) -> None:
        lines = (failure.replace("\n", "\n    ") for failure in failures)
        super().__init__(
            f"The release does not work on this machine:{dashlist(lines)}",
            "Nothing was published. To publish all the same, leave out --try-install, or "
            "try_install in the file.",
        )


class FailOnError(OfflineRepoError):
    """A release that has warnings of a kind that `--fail-on` names.

    Attributes:
        warnings: Those of that kind.
    """

    def __init__(self, warnings: Iterable[BuildWarning]) -> None:
        self.warnings = tuple(warnings)
        lines = dashlist(f"{warning.kind}: {warning.text}" for warning in self.warnings)
        super().__init__(
            f"Nothing is published, because of warnings that --fail-on or fail_on names:{lines}",
            "Mend their causes. To publish all the same, leave out --fail-on, or fail_on "
            "in the file.",
        )

    def dump_map(self) -> dict[str, Any]:
        """Return conda's JSON object of the error, with the warnings."""
        return {**super().dump_map(), "warnings": [*map(vars, self.warnings)]}


class SigningError(OfflineRepoError):
    """A key that cannot sign."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot sign: {reason}. Nothing was published.",
            "Give an ed25519 key of OpenSSH with --sign-key, as `ssh-keygen -t ed25519` makes it; "
            "for a key that ssh-agent holds, its public file.",
        )
