"""ed25519 keys of OpenSSH, and signatures with all that can be wrong with them."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

from securesystemslib._vendor.ed25519 import ed25519

from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from conda_offline_repo.repository.signing.sshsig import BEGIN, END, NAMESPACE
from tests.support.mirror import another

if TYPE_CHECKING:
    from pathlib import Path


SSH_KEYGEN = shutil.which("ssh-keygen")


def new_key(path: Path, *options: str) -> Path:
    """Make a key with OpenSSH; ed25519, unless told."""
    kind = options or ("-t", "ed25519", "-N", "")
    subprocess.run(["ssh-keygen", "-q", *kind, "-C", path.name, "-f", path], check=True)
    return path


def text(*contents: bytes) -> bytes:
    """Bytes as the protocol has them, each after its length."""
    return b"".join(struct.pack(">I", len(content)) + content for content in contents)


def armored(blob: bytes) -> bytes:
    """The bytes of a signature as ssh-keygen writes them."""
    lines = base64.b64encode(blob).decode()
    rows = [lines[start : start + 70] for start in range(0, len(lines), 70)]
    return "\n".join((BEGIN, *rows, END, "")).encode()


class SigningKey:
    """A key, made of its name.

    Attributes:
        public: 32 bytes.
        blob: the public key as OpenSSH has it.
        fingerprint: as OpenSSH shows it.
        line: the public key as in a `.pub` file.
    """

    def __init__(self, name: str) -> None:
        self.secret = hashlib.sha256(name.encode()).digest()
        self.public = ed25519.publickey_unsafe(self.secret)
        self.blob = text(b"ssh-ed25519", self.public)
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        self.fingerprint = f"SHA256:{digest.rstrip('=')}"
        self.line = f"ssh-ed25519 {base64.b64encode(self.blob).decode()} {name}"

    def sign(
        self,
        content: bytes,
        *,
        magic: bytes = b"SSHSIG",
        version: int = 1,
        namespace: bytes = NAMESPACE.encode(),
        hash_name: bytes = b"sha512",
        key: bytes | None = None,
        algorithm: bytes = b"ssh-ed25519",
        cut: int = 64,
        more: bytes = b"",
    ) -> bytes:
        """The signature of `content` as text, with parts that are not as they should be."""
        digest = hashlib.new(hash_name.decode(), content).digest()
        signed = b"SSHSIG" + text(namespace, b"", hash_name, digest)
        value = ed25519.signature_unsafe(signed, self.secret, self.public)[:cut]
        blob = magic + struct.pack(">I", version)
        blob += text(self.blob if key is None else key, namespace, b"", hash_name)
        return armored(blob + text(text(algorithm, value)) + more)


def sign(repository: Path, *keys: SigningKey, named: tuple[SigningKey, ...] | None = None) -> None:
    """Sign a repository, as its vendor does.

    Args:
        repository: what it is; its manifest is changed.
        keys: with these.
        named: whom the manifest names; those who sign, unless told.
    """
    path = repository / MANIFEST_NAME
    manifest = json.loads(path.read_bytes())
    names = sorted(key.fingerprint for key in (keys if named is None else named))
    manifest = {**manifest, "signers": names} if names else manifest
    content = f"{json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)}\n".encode()
    path.write_bytes(content)
    (repository / SIGNATURE_NAME).write_bytes(b"".join(key.sign(content) for key in keys))


def forge(repository: Path, *keys: SigningKey) -> None:
    """Swap an archive of a repository, with all that names it: the next release, as it seems.

    Args:
        repository: what it is; complete.
        keys: sign it; with none, it has no signature.
    """
    path = repository / MANIFEST_NAME
    manifest = json.loads(path.read_bytes())
    manifest.pop("signers", None)
    name = next(n for n in sorted(manifest["packages"]) if n.endswith(".conda"))
    content = another(repository / name)
    digests = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }
    (repository / name).write_bytes(content)
    manifest["packages"][name].update(digests)
    subdir, _, file = name.partition("/")
    index = repository / subdir / "repodata.json"
    repodata = json.loads(index.read_bytes())
    repodata["packages.conda"][file].update(digests)
    index.write_text(json.dumps(repodata))
    sums = repository / "SHA256SUMS"
    lines = [line.split(" *") for line in sums.read_text().splitlines()]
    for changed in (name, f"{subdir}/repodata.json"):
        digest = hashlib.sha256((repository / changed).read_bytes()).hexdigest()
        lines = [[digest, name] if name == changed else [old, name] for old, name in lines]
    sums.write_text("".join(f"{digest} *{name}\n" for digest, name in lines))
    for changed in (f"{subdir}/repodata.json", "SHA256SUMS"):
        whole = (repository / changed).read_bytes()
        digest = hashlib.sha256(whole).hexdigest()
        manifest["files"][changed] = {"sha256": digest, "size": len(whole)}
    manifest["build"] += 1
    path.write_text(json.dumps(manifest))
    (repository / SIGNATURE_NAME).unlink(missing_ok=True)
    if keys:
        sign(repository, *keys)
