"""What can be wrong with who signed a repository, one class a failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...exceptions import OfflineRepoError
from ...printable import quoted

if TYPE_CHECKING:
    from ...files.web import Place


class NotSignedError(OfflineRepoError):
    """A repository without a signature where one is expected."""

    def __init__(self, path: Place, expected: Iterable[str]) -> None:
        signers = " or ".join(expected) or "one of the allowed signers"
        super().__init__(
            f"{path} is not signed, but must be signed by {signers}. Nothing was changed.",
            "Ask your vendor for the signed repository, and copy it again whole, with "
            "offline-repo.json.sig.",
        )


class OtherSignerError(OfflineRepoError):
    """A repository that is signed by others than those who are expected.

    Who trusts them says so with `use` in the `environment`, or if that is None by repeating the
    present command, or else in the machine's `file` of allowed signers.
    """

    def __init__(
        self,
        path: Place,
        signers: Sequence[str],
        expected: Iterable[str],
        environment: Path | None = None,
        file: str | None = None,
    ) -> None:
        allowed = " or ".join(expected) or "a key that is allowed now"
        remedy = f"repeat this command with --trust {signers[0]}"
        if file:
            remedy = f"enter it in the machine's file of allowed signers, {file}"
        elif environment:
            where = f"{quoted(path)} -p {quoted(environment)}"
            remedy = f"conda offline-repo use {where} --trust {signers[0]}"
        super().__init__(
            f"{path} is signed by {', '.join(signers)}, not by {allowed}. Nothing was changed.",
            "Ask your vendor, by telephone for example, whether this is their key.",
            f"If it is: {remedy}",
        )


class UnknownSignerError(OfflineRepoError):
    """A repository that is signed by a key that nobody has confirmed to be the vendor's."""

    def __init__(self, path: Place, signers: Sequence[str]) -> None:
        super().__init__(
            f"{path} is signed by {', '.join(signers)}, which is not trusted yet. "
            "Nothing was changed.",
            "Compare it with the fingerprint that your vendor gave you separately. If they are "
            f"the same, repeat this command with --trust {signers[0]}",
        )


class AllowedSignersError(OfflineRepoError):
    """A file of allowed signers that cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The file of allowed signers, {path}, cannot be used: {reason}.",
            "Correct it, or the setting plugins.offline_repo_allowed_signers that names it.",
        )
