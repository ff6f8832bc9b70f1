"""Whose signature an environment expects: asked for once, then required, and moved with the keys.

Only the signature proves who made a repository. The administrator's answer, or the machine's file
of allowed signers, says whose is expected.
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
        signers: Fingerprints; empty if it expects no signature.
        unknown: Whether somebody has to confirm that these are the vendor's.
        before: The fingerprints that it expected until now.
    """

    signers: tuple[str, ...] = ()
    unknown: bool = False
    before: tuple[str, ...] = ()


def decide(repository: Repository, state: State | None, given: tuple[str, ...]) -> Trust:
    """Find out whose signature an environment is to expect from now on.

    Args:
        repository: The repository that it is to use.
        state: The environment's state.
        given: The fingerprints that the user says are the vendor's.

    Raises:
        NotSignedError: The repository is not signed, though it has to be.
        OtherSignerError: It is signed by others than those who are expected.
        InvalidRequestError: A given key is not a fingerprint.
        AllowedSignersError: The machine's file of allowed signers cannot be read.
    """
    for key in given:
        if not FINGERPRINT.fullmatch(key):
            raise InvalidRequestError(
                f"--trust {key} is not the fingerprint of a key.",
                "Give the fingerprint from your vendor: SHA256: and 43 characters.",
            )
    manifest, signers = repository.manifest, repository.signers
    before = state.signers if state and state.label == manifest.label else ()
    by_file = allowed(manifest.label)
    wanted = given or before if by_file is None else by_file
    if by_file is None and not wanted:
        return Trust(signers, unknown=bool(signers))
    require(repository.path, signers, wanted)
    require(repository.path, signers, given or wanted)
    if before and state and manifest.release < state.release and not given:
        return Trust(before, before=before)
    return Trust(following(manifest, signers, wanted), before=before)


def following(
    manifest: Manifest, signers: tuple[str, ...], expected: tuple[str, ...]
) -> tuple[str, ...]:
    """Return whose signature to expect after a release that is signed as expected.

    Whom its manifest names is named by who signed it. Others sign for themselves alone.
    """
    return manifest.signers or tuple(sorted({*signers} & {*expected}))


def expected(repository: Path, label: str, state: State | None) -> tuple[str, ...] | None:
    """Return whose signature a repository needs to be installed from; None if it needs none.

    Args:
        repository: The folder.
        label: Its label, as its manifest says.
        state: The state of the environment to install into.

    Raises:
        AllowedSignersError: The machine's file of allowed signers cannot be read.
    """
    by_file = allowed(label)
    if by_file is not None:
        return by_file
    if state and state.signers and (state.label == label or state.uses(repository)):
        return state.signers
    return None


def require(repository: Path, signers: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Refuse a repository that none of the expected signers has signed.

    Raises:
        NotSignedError: Nobody has signed it.
        OtherSignerError: Others have.
    """
    if not signers:
        raise NotSignedError(repository, expected)
    if {*signers}.isdisjoint(expected):
        raise OtherSignerError(repository, signers, expected)


def check_expected(repository: Repository) -> None:
    """Refuse a repository without the signature that this machine expects.

    The machine's file of allowed signers decides, else each of its environments that uses the
    repository.

    Raises:
        NotSignedError, OtherSignerError: It does not have the signature.
        AllowedSignersError: The machine's file of allowed signers cannot be read.
        StateUnreadableError: The state of one of the environments cannot be read.
    """
    states = map(read_state, map(Path, list_all_known_prefixes()))
    for state in (None, *(state for state in states if state and state.uses(repository.path))):
        signers = expected(repository.path, repository.manifest.label, state)
        if signers is not None:
            require(repository.path, repository.signers, signers)
