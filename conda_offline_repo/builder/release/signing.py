"""Signatures of a release, made by ssh-keygen with the vendor's OpenSSH keys."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ...exceptions import VendorMissingError
from ...repository.names import FINGERPRINT, SIGNATURES_PACKAGE
from ...repository.sshsig import NAMESPACE, parse
from ..exceptions import SigningError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PROGRAM = "ssh-keygen"
TYPE = "(ED25519)"


@dataclass(frozen=True)
class Key:
    """A key that signs.

    Attributes:
        path: The private key; or the public one, if ssh-agent holds the private.
        fingerprint: As OpenSSH shows it.
    """

    path: Path
    fingerprint: str


@dataclass(frozen=True)
class Signer:
    """Signs with some keys, each content once.

    Attributes:
        keys: At least one.
    """

    keys: tuple[Key, ...]
    _made: dict[bytes, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Those of the keys, sorted."""
        return tuple(sorted(key.fingerprint for key in self.keys))

    def sign(self, content: bytes) -> bytes:
        """Return the signatures of these bytes, one a key, as one text.

        Raises:
            SigningError: A key cannot be used.
        """
        if content not in self._made:
            self._made[content] = b"".join(_sign(key, content) for key in self.keys)
        return self._made[content]


def signer(paths: Iterable[Path]) -> Signer | None:
    """Return what signs with the keys of these files; None for no files.

    Raises:
        SigningError: One is not an ed25519 key of OpenSSH, or ssh-keygen is missing.
        VendorMissingError: What checks signatures is not installed.
    """
    keys = {key.fingerprint: key for key in map(_key, paths)}
    if not keys:
        return None
    if find_spec(SIGNATURES_PACKAGE) is None:
        raise VendorMissingError(SIGNATURES_PACKAGE)
    return Signer(tuple(keys[name] for name in sorted(keys)))


def _key(path: Path) -> Key:
    path = path.absolute()
    if not path.is_file():
        raise SigningError(path, "it is no file")
    done = _run(path, "-l", "-f", str(path))
    words = done.stdout.decode("utf-8", "replace").split()
    if done.returncode or len(words) < 3 or not FINGERPRINT.fullmatch(words[1]):
        raise SigningError(path, f"it is no key of OpenSSH: {_said(done)}")
    if words[-1] != TYPE:
        raise SigningError(path, f"it is of type {words[-1].strip('()')}, not ed25519")
    return Key(path, words[1])


def _sign(key: Key, content: bytes) -> bytes:
    # from standard input: given a file, it asks whether an old signature may be overwritten
    done = _run(key.path, "-Y", "sign", "-f", str(key.path), "-n", NAMESPACE, "-", given=content)
    if done.returncode:
        raise SigningError(key.path, _said(done))
    try:
        (made,) = parse(done.stdout)
    except ValueError as error:
        raise SigningError(key.path, f"{PROGRAM} made no signature: {error}") from error
    if made.fingerprint != key.fingerprint or not made.is_of(content):
        raise SigningError(key.path, f"{PROGRAM} made a signature that is not right")
    return made.armored


def _run(path: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise SigningError(path, f"{PROGRAM} is not installed; it comes with OpenSSH 8.1 or newer")
    try:
        # a passphrase is asked for on the terminal, which is not one of its pipes
        return subprocess.run([program, *arguments], input=given, capture_output=True, check=False)
    except OSError as error:
        raise SigningError(path, f"{PROGRAM} does not start: {error.strerror}") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    text = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
    return " ".join(text.split()) or f"{PROGRAM} ended with status {done.returncode}"
