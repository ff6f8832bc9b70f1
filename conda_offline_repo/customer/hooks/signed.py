"""The manifests that count inside conda's own commands: signed, where a signature is expected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from ...repository import manifest_json, signature
from ...repository.transition import allowing, read_next
from ..environment.state import read_state
from ..trust import expected, require
from .history_check import expected_by_use

if TYPE_CHECKING:
    from ...repository.manifest import Manifest


def stated(repository: Path) -> Manifest:
    """Return the manifest of a repository for conda's target environment.

    Raises:
        ManifestError: There is none, or it, or its signature, cannot be used.
        NotSignedError, OtherSignerError: It has not the signature that is expected.
        AllowedSignersError: The machine's file of allowed signers cannot be read.
        UnreadableError: It cannot be read.
    """
    coming = read_next(repository)
    found = manifest_json.stated(repository)
    by_use = expected_by_use()
    known = read_state(Path(context.target_prefix))
    wanted = expected(repository, found.label, known) if by_use is None else by_use or None
    if wanted is None:
        return allowing(repository, found, coming)
    found, signers = signature.checked(repository, found)
    require(repository, signers, wanted)
    return allowing(repository, found, coming)
