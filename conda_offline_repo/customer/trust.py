"""Whose signature an environment expects: asked for once, then required, and moved with the keys.

Nothing but the signature tells who made a repository. What an environment expects is what the
administrator has answered, or what the machine's file of allowed signers says of the label.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda.core.envs_manager import list_all_known_prefixes

from ..exceptions import InvalidRequestError
from ..repository.names import FINGERPRINT
from .allowed_signers import allowed
from .environment.state import read_state
from .exceptions import NotSignedError, OtherSignerError

if TYPE_CHECKING:
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest
    from .environment.state import State


@dataclass(frozen=True)
class Trust:
    """Whose signatures an environment is to expect.

    Attributes:
        signers: Fingerprints; none if it expects no signature.
        unknown: Whether nothing says yet that these are the vendor's, so that somebody has to.
        before: What it expected until now.
    """

    signers: tuple[str, ...] = ()
    unknown: bool = False
    before: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether other keys are expected from now on than before."""
        return bool(self.before) and self.signers != self.before


def decide(repository: Repository, known: State | None, given: tuple[str, ...]) -> Trust:
    """Find out whose signature an environment is to expect from now on.

    Args:
        repository: What it is to use.
        known: What it remembers.
        given: The fingerprints that the user says are the vendor's.

    Raises:
        NotSignedError: It is not signed, though it has to be.
        OtherSignerError: It is signed by others than those who are expected.
        InvalidRequestError: What is given is no fingerprint.
        AllowedSignersError: The machine's file of allowed signers cannot be read.
    """
    for key in given:
        if not FINGERPRINT.fullmatch(key):
            raise InvalidRequestError(
                f"--trust {key} names no key.",
                "Give the fingerprint that your vendor told you: SHA256: and 43 characters.",
            )
    label, build = repository.manifest.label, repository.manifest.release
    before = known.signers if known and known.label == label else ()
    by_file = allowed(label)
    signers = repository.signers
    wanted = given or before if by_file is None else by_file
    if by_file is None and not wanted:
        return Trust(signers, unknown=bool(signers))
    require(repository.path, signers, wanted)
    if given:
        require(repository.path, signers, given)
    if before and known and build < known.build and not given:
        return Trust(before, before=before)
    return Trust(following(repository.manifest, signers, wanted), before=before)


def following(
    manifest: Manifest, signers: tuple[str, ...], wanted: tuple[str, ...]
) -> tuple[str, ...]:
    """Return whose signature to expect after a release that was signed by whom was expected.

    Whom its manifest names is named by him who signed it. Others sign for themselves alone.
    """
    return manifest.signers or tuple(sorted({*signers} & {*wanted}))


def expected(repository: Path, label: str, known: State | None) -> tuple[str, ...] | None:
    """Return whose signature a repository must have to install from it; None if it need have none.

    Args:
        repository: The folder.
        label: What it says it is.
        known: What the environment remembers that is to be installed into.

    Raises:
        AllowedSignersError: The machine's file of allowed signers cannot be read.
    """
    by_file = allowed(label)
    if by_file is not None:
        return by_file
    if known and known.signers and (known.label == label or known.uses(repository)):
        return known.signers
    return None


def require(repository: Path, signers: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    """Refuse a repository that nobody signed of those who are expected.

    Raises:
        NotSignedError, OtherSignerError: That is so.
    """
    if not signers:
        raise NotSignedError(repository, wanted)
    if {*signers}.isdisjoint(wanted):
        raise OtherSignerError(repository, signers, wanted)


def check_expected(repository: Repository) -> None:
    """Refuse a repository that has not the signature which this machine expects.

    That is what its file of allowed signers says, else what each of its environments expects that
    uses the repository.

    Raises:
        NotSignedError, OtherSignerError: It has not.
        AllowedSignersError: The machine's file of allowed signers cannot be read.
        StateUnreadableError: What one of its environments remembers cannot be read.
    """
    states = map(read_state, map(Path, list_all_known_prefixes()))
    for state in (None, *(state for state in states if state and state.uses(repository.path))):
        wanted = expected(repository.path, repository.manifest.label, state)
        if wanted is not None:
            require(repository.path, repository.signers, wanted)
