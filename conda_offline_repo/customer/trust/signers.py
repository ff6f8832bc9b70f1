"""Whose signature an environment expects: asked for once, then required, and moved with the keys.

Only the signature proves who made a repository. The administrator's answer, or the machine's file
of allowed signers, says whose is expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda.core.envs_manager import list_all_known_prefixes

from ...exceptions import InvalidRequestError
from ...repository.names import FINGERPRINT
from ...settings import customers_file
from ..environment.files import replace_all
from ..environment.state import State, dump, read_state, state_path
from .allowed_signers import allowed
from .exceptions import NotSignedError, OtherSignerError

if TYPE_CHECKING:
    from ...files.web import Place
    from ...repository.locate import Repository
    from ...repository.manifest import Manifest


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
    _check_fingerprints(given)
    manifest, signers = repository.manifest, repository.signers
    before = state.signers if state and state.label == manifest.label else ()
    by_file = allowed(manifest.label)
    wanted = given or before if by_file is None else by_file
    if by_file is None and not wanted:
        return Trust(signers, unknown=bool(signers))
    require(repository, wanted)
    require(repository, given or wanted)
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


def expected(repository: Place, label: str, state: State | None) -> tuple[str, ...] | None:
    """Return whose signature a repository needs to be installed from; None if it needs none.

    Args:
        repository: Where it is.
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


def require(
    repository: Repository, expected: tuple[str, ...], environment: Path | None = None
) -> None:
    """Refuse a repository that none of the expected signers has signed.

    Args:
        repository: The repository.
        expected: The fingerprints, of which one has to be among its signers.
        environment: The environment that expects them, if the present command has no `--trust`.

    Raises:
        NotSignedError: Nobody has signed it.
        OtherSignerError: Others have.
    """
    if not repository.signers:
        raise NotSignedError(repository.path, expected)
    if {*repository.signers}.isdisjoint(expected):
        by_file = allowed(repository.manifest.label) is not None
        file = customers_file("allowed_signers") if by_file else None
        raise OtherSignerError(repository.path, repository.signers, expected, environment, file)


def check_expected(repository: Repository) -> None:
    """Refuse a repository without the signature that this machine expects.

    The machine's file of allowed signers decides, else each of its environments that uses the
    repository.

    Raises:
        NotSignedError, OtherSignerError: It does not have the signature.
        AllowedSignersError: The machine's file of allowed signers cannot be read.
        StateUnreadableError: The state of one of the environments cannot be read.
    """
    by_file = allowed(repository.manifest.label)
    if by_file is not None:
        require(repository, by_file)
        return
    for prefix, state in _environments(repository.path):
        if state.signers:
            require(repository, state.signers, prefix)


def check_delivery(release: Repository, target: Path | None, given: tuple[str, ...]) -> bool:
    """Refuse a release that is not signed as this machine expects it in the folder `target`; None
    for a place that no environment of this machine uses.

    `given` are the fingerprints that the user says are the vendor's, whatever the environments that
    use the folder expect.

    Returns:
        Whether its origin is known, so that it may come in the place of what others have signed.

    Raises:
        InvalidRequestError: A given key is not a fingerprint.
        OfflineRepoError: As `check_expected`.
    """
    _check_fingerprints(given)
    by_file = allowed(release.manifest.label)
    if by_file is not None:
        require(release, by_file)
    if given:
        require(release, given)
    # all can be read, or nothing is written
    for _, state in _environments(target) if target else ():
        if state.signers and not given and by_file is None:
            require(release, state.signers)
    return bool(given) or by_file is not None


def expect_from_now_on(
    release: Repository, given: tuple[str, ...], *, dry_run: bool
) -> Iterator[tuple[Path, OSError | None]]:
    """Let the environments that use a folder expect the signature of the release in it.

    `given` are the fingerprints that the user says are the vendor's.

    Yields:
        Each environment that expected other signers, and why its state cannot be written, if so.
    """
    signers = following(release.manifest, release.signers, given)
    for prefix, state in _environments(release.path):
        if state.label == release.manifest.label and state.signers != signers:
            problem = None
            try:
                if not dry_run:
                    replace_all([(state_path(prefix), dump(replace(state, signers=signers)))])
            except OSError as error:
                problem = error
            yield prefix, problem


def _environments(folder: Place) -> Iterator[tuple[Path, State]]:
    """Yield the environments of this machine that use the repository in a folder."""
    for prefix in map(Path, list_all_known_prefixes()):
        state = read_state(prefix)
        if state and state.uses(folder):
            yield prefix, state


def _check_fingerprints(given: tuple[str, ...]) -> None:
    for key in given:
        if not FINGERPRINT.fullmatch(key):
            raise InvalidRequestError(
                f"--trust {key} is not the fingerprint of a key.",
                "Give the fingerprint from your vendor: SHA256: and 43 characters.",
            )
