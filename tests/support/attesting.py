"""A Sigstore of our own: an authority, a log of certificates and a log of signatures, without any
network, and who signs attestations there.

The formats are those of Sigstore's specifications (https://docs.sigstore.dev): bundles 0.3, and
entries `dsse` 0.0.1 of Rekor with a proof and a promise. Each log has a single entry.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from tests.support.tiny import TinyPackage

PUBLISH = "https://schemas.conda.org/attestations-publish-1.schema.json"
WORKFLOW = "https://github.com/acme/rating/.github/workflows/publish.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
#: When all is signed; the certificate is valid for ten minutes, the authority for years.
SIGNED_AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
BEGIN, END = SIGNED_AT - timedelta(days=365), SIGNED_AT + timedelta(days=3650)
#: Where Fulcio puts the issuer of an identity, and an identity that is neither a URL nor an e-mail
#: address (https://github.com/sigstore/fulcio, oid-info.md).
ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
OTHER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
P256 = "PKIX_ECDSA_P256_SHA_256"
ORIGIN = "rekor.example.com - 1"


class Sigstore:
    """An instance of Sigstore, as `trusted_root` describes it."""

    def __init__(self) -> None:
        self._ca_key, self._ct_key, self._rekor_key = (_key() for _ in range(3))
        name = _name("fulcio.example.com")
        self._ca = (
            _certificate(name, name, self._ca_key, BEGIN, END)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(_subject_key(self._ca_key), critical=False)
            .sign(self._ca_key, hashes.SHA256())
        )

    @property
    def trusted_root(self) -> dict[str, Any]:
        """What `trusted_root.json` has."""
        valid = {"start": _iso(BEGIN)}
        logs = {
            kind: {
                "baseUrl": f"https://{kind}.example.com",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {"rawBytes": _b64(_der(key)), "keyDetails": P256, "validFor": valid},
                "logId": {"keyId": _b64(_key_id(key))},
            }
            for kind, key in (("rekor", self._rekor_key), ("ctlog", self._ct_key))
        }
        authority = {
            "subject": {"organization": "example.com", "commonName": "fulcio.example.com"},
            "uri": "https://fulcio.example.com",
            "certChain": {
                "certificates": [{"rawBytes": _b64(self._ca.public_bytes(Encoding.DER))}]
            },
            "validFor": valid,
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [logs["rekor"]],
            "certificateAuthorities": [authority],
            "ctlogs": [logs["ctlog"]],
            "timestampAuthorities": [],
        }

    def write_root(self, path: Path) -> Path:
        """Write `trusted_root` to a file, and return its path."""
        path.write_text(json.dumps(self.trusted_root))
        return path

    def attest(
        self,
        package: TinyPackage,
        *,
        channel: str | None = None,
        identity: str = WORKFLOW,
        statement: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """A bundle with the publish attestation of a package (CEP 27).

        Args:
            package: its name and digest are the subject.
            channel: where it is published, if the attestation says so.
            identity: who signs it: a URL, an e-mail address, or for Fulcio's names of other kinds
                any text.
            statement: other and more keys of the statement.
        """
        content = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": package.file, "digest": {"sha256": package.record["sha256"]}}],
            "predicateType": PUBLISH,
            **({"predicate": {"targetChannel": channel}} if channel else {}),
            **(statement or {}),
        }
        return self.sign(json.dumps(content).encode(), identity)

    def sign(self, payload: bytes, identity: str = WORKFLOW) -> dict[str, Any]:
        """A bundle with a statement of in-toto, signed with a key that nobody keeps."""
        key = _key()
        certificate = self._signing_certificate(key, identity)
        kind = "application/vnd.in-toto+json"
        envelope = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        signature = _b64(key.sign(envelope, ec.ECDSA(hashes.SHA256())))
        signed = {"payload": _b64(payload), "payloadType": kind}
        signed["signatures"] = [{"sig": signature}]  # type: ignore[assignment]
        pem = certificate.public_bytes(Encoding.PEM)
        entry = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": _digest(json.dumps(signed).encode()),
                "payloadHash": _digest(payload),
                "signatures": [{"signature": signature, "verifier": _b64(pem)}],
            },
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": _raw(certificate),
                "tlogEntries": [self._log(_canonical(entry))],
            },
            "dsseEnvelope": signed,
        }

    def _signing_certificate(
        self, key: ec.EllipticCurvePrivateKey, identity: str
    ) -> x509.Certificate:
        """A certificate with the timestamp of the log of certificates in it (RFC 6962)."""
        end = SIGNED_AT + timedelta(minutes=10)
        builder = (
            _certificate(self._ca.subject, _name(""), key, SIGNED_AT, end)
            .add_extension(_usage(), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._ca_key.public_key()),
                critical=False,
            )
            .add_extension(_subject_key(key), critical=False)
            .add_extension(x509.SubjectAlternativeName([_named(identity)]), critical=True)
            .add_extension(
                x509.UnrecognizedExtension(ISSUER_OID, _element(0x0C, ISSUER.encode())),
                critical=False,
            )
        )
        when = int(SIGNED_AT.timestamp() * 1000)

        def with_timestamp(signature: bytes) -> x509.Certificate:
            timestamp = struct.pack("!B32sQH", 0, _key_id(self._ct_key), when, 0)
            timestamp += struct.pack("!BBH", 4, 3, len(signature)) + signature
            entries = struct.pack("!H", len(timestamp)) + timestamp
            content = _element(0x04, struct.pack("!H", len(entries)) + entries)
            oid = ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS
            extension = x509.UnrecognizedExtension(oid, content)
            return builder.add_extension(extension, critical=False).sign(
                self._ca_key, hashes.SHA256()
            )

        # what is signed is the certificate without the timestamp
        bare = with_timestamp(b"").tbs_precertificate_bytes
        what = struct.pack("!BBQH", 0, 0, when, 1) + _key_id(self._ca_key)
        what += struct.pack("!I", len(bare))[1:] + bare + struct.pack("!H", 0)
        return with_timestamp(self._ct_key.sign(what, ec.ECDSA(hashes.SHA256())))

    def _log(self, body: bytes) -> dict[str, Any]:
        """An entry of the log of signatures, with its proof and the promise of it."""
        key_id = _key_id(self._rekor_key)
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"{ORIGIN}\n1\n{_b64(root)}\n"
        sealed = _b64(key_id[:4] + self._sign(note.encode()))
        promise = {
            "body": _b64(body),
            "integratedTime": int(SIGNED_AT.timestamp()),
            "logID": key_id.hex(),
            "logIndex": 0,
        }
        return {
            "logIndex": "0",
            "logId": {"keyId": _b64(key_id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(promise["integratedTime"]),
            "inclusionPromise": {"signedEntryTimestamp": _b64(self._sign(_canonical(promise)))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n— {ORIGIN.split()[0]} {sealed}\n"},
            },
            "canonicalizedBody": _b64(body),
        }

    def _sign(self, content: bytes) -> bytes:
        return self._rekor_key.sign(content, ec.ECDSA(hashes.SHA256()))


def publish(package: TinyPackage, *bundles: dict[str, Any]) -> Path:
    """Let a channel have these attestations of a package, and return their file."""
    return package.attest(json.dumps([*bundles]).encode())


def _certificate(
    issuer: x509.Name,
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _usage(*, certificates: bool = False) -> x509.KeyUsage:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    none = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        **none,
    )


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _subject_key(key: ec.EllipticCurvePrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def _raw(certificate: x509.Certificate) -> dict[str, str]:
    return {"rawBytes": _b64(certificate.public_bytes(Encoding.DER))}


def _named(identity: str) -> x509.GeneralName:
    if "://" in identity:
        return x509.UniformResourceIdentifier(identity)
    if "@" in identity:
        return x509.RFC822Name(identity)
    return x509.OtherName(OTHER_OID, _element(0x0C, identity.encode()))


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_der(key)).digest()


def _element(tag: int, content: bytes) -> bytes:
    """An element of ASN.1 in DER."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _iso(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
