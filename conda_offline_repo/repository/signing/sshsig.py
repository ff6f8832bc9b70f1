"""OpenSSH's signatures, read and checked without ssh-keygen, which older Windows does not have.

https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig describes them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: The purpose of the signatures; those of mails or commits do not count.
NAMESPACE = "conda-offline-repo"
KEY_TYPE = "ssh-ed25519"
HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
MAGIC = b"SSHSIG"
#: Files that people mistake for a signature, by their beginning.
MISTAKEN = {
    "ssh-": "it is a public key, not a signature",
    "ecdsa-": "it is a public key, not a signature",
    "-----BEGIN OPENSSH PRIVATE KEY": "it is a private key, which has no place in a repository",
    "-----BEGIN PGP": "it is a signature of PGP; ssh-keygen makes those that are read here",
}


@dataclass(frozen=True)
class Signature:
    """One signature.

    Attributes:
        public_key: The signer's ed25519 key, 32 bytes.
        hash_name: The hash of the signed bytes.
        value: 64 bytes.
        armored: Its text in the file.
    """

    public_key: bytes
    hash_name: str
    value: bytes
    armored: bytes

    @property
    def fingerprint(self) -> str:
        """The key as OpenSSH shows it: `SHA256:` and 43 characters."""
        return fingerprint(self.public_key)

    def is_of(self, content: bytes) -> bool:
        """Return whether this is the signature of these bytes.

        Raises:
            ModuleNotFoundError: securesystemslib is not installed.
        """
        digest = HASHES[self.hash_name](content).digest()
        texts = (NAMESPACE.encode(), b"", self.hash_name.encode(), digest)
        signed = MAGIC + b"".join(map(_text, texts))
        return _is_right(self.public_key, self.value, signed)


@lru_cache(maxsize=64)
def _is_right(public_key: bytes, value: bytes, signed: bytes) -> bool:
    """Return whether an ed25519 signature is right; cached for one command of conda."""
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature as Checked
    from securesystemslib.signer import SSlibKey

    key = SSlibKey("key", "ed25519", "ed25519", {"public": public_key.hex()})
    try:
        key.verify_signature(Checked("key", value.hex()), signed)
    except UnverifiedSignatureError:  # also the base of all other errors
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    """Return an ed25519 key of 32 bytes as OpenSSH shows it."""
    digest = hashlib.sha256(_text(KEY_TYPE.encode()) + _text(public_key)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def parse(content: bytes) -> tuple[Signature, ...]:
    """Return the signatures of a file, one at least.

    Raises:
        ValueError: The file has something else, or signatures that cannot be checked; says why.
    """
    try:
        text = content.decode("ascii").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ValueError("it is not the text that ssh-keygen writes") from None
    for beginning, why in MISTAKEN.items():
        if text.startswith(beginning):
            raise ValueError(why)
    if not text.strip():
        raise ValueError("it is empty")
    return tuple(_signatures(text))


def parsed(content: bytes) -> tuple[Signature, ...]:
    """Return the signatures of a file as `parse`, but none where that raises."""
    try:
        return parse(content)
    except ValueError:
        return ()


def _signatures(text: str) -> Iterator[Signature]:
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        if line != BEGIN:
            raise ValueError(f"it has a line that belongs to no signature: {line[:40]!r}")
        body = []
        for inner in lines:
            if inner == END:
                break
            body.append(inner)
        else:
            raise ValueError("it is cut off: the last line of a signature is missing")
        try:
            blob = base64.b64decode("".join(body), validate=True)
        except binascii.Error:
            blob = b""
        if base64.b64encode(blob).decode() != "".join(body):
            raise ValueError("it is damaged: a signature in it is not in base64")
        armored = "\n".join((BEGIN, *body, END, "")).encode()
        yield _signature(blob, armored)


def _signature(blob: bytes, armored: bytes) -> Signature:
    """Return the signature in the bytes of PROTOCOL.sshsig."""
    if not blob.startswith(MAGIC):
        raise ValueError("it is not a signature of OpenSSH")
    (version,) = struct.unpack(">I", blob[6:10].ljust(4, b"\0"))
    if version != 1:
        raise ValueError(f"it has version {version} of OpenSSH's signatures; version 1 is known")
    key, namespace, _, hash_name, signature = _texts(blob[10:], 5)
    if namespace != NAMESPACE.encode():
        raise ValueError(f"it was made for {namespace!r}, not for {NAMESPACE!r}")
    if hash_name.decode("latin-1") not in HASHES:
        raise ValueError(f"it is made with the hash {hash_name!r}; known are sha256 and sha512")
    key_type, *rest = _texts(key)
    if key_type != KEY_TYPE.encode():
        raise ValueError(f"it is of a key of type {key_type!r}; {KEY_TYPE} is the one that is read")
    if [len(text) for text in rest] != [32]:
        raise ValueError("it is damaged: its key has the wrong length")
    algorithm, *values = _texts(signature)
    if algorithm != KEY_TYPE.encode():
        raise ValueError(f"it says {algorithm!r} of its signature, and {KEY_TYPE} of its key")
    if [len(text) for text in values] != [64]:
        raise ValueError("it is damaged: a signature in it has the wrong length")
    return Signature(rest[0], hash_name.decode(), values[0], armored)


def _texts(blob: bytes, number: int | None = None) -> list[bytes]:
    """Split bytes into texts, each of which follows its length."""
    texts = []
    while blob:
        (length,) = struct.unpack(">I", blob[:4].rjust(4, b"\xff"))
        if len(blob) < 4 + length:
            raise ValueError("it is damaged: a part of a signature is cut off")
        texts.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    if number is not None and len(texts) != number:
        raise ValueError("it is damaged: a signature in it has too many or too few parts")
    if not texts:
        raise ValueError("it is damaged: a part of a signature is empty")
    return texts


def _text(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content
