"""Signatures of a release, made by ssh-keygen with the vendor's OpenSSH keys."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ...exceptions import VendorMissingError
from ...repository.names import FINGERPRINT, SIGNATURES_PACKAGE
from ...repository.signing.sshsig import NAMESPACE, parse
from .exceptions import SigningError

PROGRAM = "ssh-keygen"
TYPE = "(ED25519)"


@dataclass(frozen=True)
class Signer:
    """Signs each content once.

    Attributes:
        keys: By fingerprint, sorted: the private key, or the public one if ssh-agent holds it.
    """

    keys: dict[str, Path]
    _signatures: dict[bytes, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of the keys, as OpenSSH shows them, sorted."""
        return tuple(self.keys)

    def sign(self, content: bytes) -> bytes:
        """Return the signatures of these bytes, one a key, as one text.

        Raises:
            SigningError: A key cannot be used.
        """
        if content not in self._signatures:
            signatures = (_sign(path, name, content) for name, path in self.keys.items())
            self._signatures[content] = b"".join(signatures)
        return self._signatures[content]


def signer(paths: Iterable[Path]) -> Signer | None:
    """Return what signs with the keys of these files; None for no files.

    Raises:
        SigningError: One is not an ed25519 key of OpenSSH, or ssh-keygen is missing.
        VendorMissingError: What checks signatures is not installed.
    """
    keys = {_fingerprint(path): path.absolute() for path in paths}
    if not keys:
        return None
    if find_spec(SIGNATURES_PACKAGE) is None:
        raise VendorMissingError(SIGNATURES_PACKAGE)
    return Signer(dict(sorted(keys.items())))


def _fingerprint(path: Path) -> str:
    path = path.absolute()
    if not path.is_file():
        raise SigningError(path, "it is not a file")
    process = _run(path, "-l", "-f", str(path))
    words = process.stdout.decode("utf-8", "replace").split()
    if process.returncode or len(words) < 3 or not FINGERPRINT.fullmatch(words[1]):
        raise SigningError(path, f"it is not an OpenSSH key: {_output(process)}")
    if words[-1] != TYPE:
        raise SigningError(path, f"it is of type {words[-1].strip('()')}, not ed25519")
    return words[1]


def _sign(path: Path, fingerprint: str, content: bytes) -> bytes:
    # from standard input: given a file, it asks whether an old signature may be overwritten
    process = _run(path, "-Y", "sign", "-f", str(path), "-n", NAMESPACE, "-", stdin=content)
    if process.returncode:
        raise SigningError(path, _output(process))
    try:
        (signature,) = parse(process.stdout)
    except ValueError as error:
        raise SigningError(path, f"{PROGRAM} made no signature: {error}") from error
    if signature.fingerprint != fingerprint or not signature.is_of(content):
        raise SigningError(path, f"{PROGRAM} made a signature that is not right")
    return signature.armored


def _run(path: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise SigningError(path, f"{PROGRAM} is not installed; it comes with OpenSSH 8.1 or newer")
    try:
        # a passphrase is asked for on the terminal, which is not one of its pipes
        return subprocess.run([program, *arguments], input=stdin, capture_output=True, check=False)
    except OSError as error:
        raise SigningError(path, f"{PROGRAM} does not start: {error.strerror}") from error


def _output(process: subprocess.CompletedProcess[bytes]) -> str:
    text = (process.stderr or process.stdout).decode("utf-8", "replace")
    return " ".join(text.split()) or f"{PROGRAM} ended with status {process.returncode}"
