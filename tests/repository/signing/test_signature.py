"""Signatures that are right, and those that are not: `signature`, and `sshsig` beneath it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.exceptions import ManifestError, SignatureError, UnreadableError
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.manifest_json import read
from conda_offline_repo.repository.signing.signature import LARGEST, SIGNATURE_NAME
from conda_offline_repo.repository.signing.sshsig import parse
from tests.support.keys import SigningKey, armored, sign, text
from tests.support.mirror import no_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

VENDOR, OTHER = SigningKey("vendor"), SigningKey("other")
SSH_KEYGEN = shutil.which("ssh-keygen")
needs_openssh = pytest.mark.skipif(not SSH_KEYGEN, reason="OpenSSH is not installed")


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    """A repository that the vendor signed."""
    stick = mirror.copy(1, tmp_path / "stick" / "bank")
    sign(stick, VENDOR)
    return stick


def content(stick: Path) -> bytes:
    return (stick / MANIFEST_NAME).read_bytes()


def put(stick: Path, signature: bytes) -> None:
    (stick / SIGNATURE_NAME).write_bytes(signature)


@pytest.mark.parametrize("hash_name", [b"sha256", b"sha512"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_right_signature(stick: Path, hash_name: bytes, newline: bytes) -> None:
    put(stick, VENDOR.sign(content(stick), hash_name=hash_name).replace(b"\n", newline))
    assert locate_one(stick).signers == (VENDOR.fingerprint,)


def test_signature_says_who_made_it() -> None:
    (signature,) = parse(VENDOR.sign(b"hello"))
    assert signature.fingerprint == VENDOR.fingerprint
    assert signature.armored == VENDOR.sign(b"hello")
    assert signature.is_of(b"hello")
    assert not signature.is_of(b"Hello")


#: What is wrong with a signature of some content, and the words that say so.
BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "other content": (lambda c: VENDOR.sign(c + b" "), "not the signature of this manifest"),
    "other key": (OTHER.sign, "whom the manifest names"),
    "key swapped": (lambda c: VENDOR.sign(c, key=OTHER.blob), "not the signature of this manifest"),
    "bit": (lambda c: flip(VENDOR.sign(c)), "not the signature of this manifest"),
    "mail": (lambda c: VENDOR.sign(c, namespace=b"email"), "made for b'email'"),
    "no purpose": (lambda c: VENDOR.sign(c, namespace=b""), "made for b''"),
    "magic": (lambda c: VENDOR.sign(c, magic=b"SSHSIC"), "not a signature of OpenSSH"),
    "version": (lambda c: VENDOR.sign(c, version=2), "version 2"),
    "hash": (lambda c: VENDOR.sign(c, hash_name=b"sha1"), "hash b'sha1'"),
    "key type": (
        lambda c: VENDOR.sign(c, key=text(b"ssh-rsa", VENDOR.public)),
        "type b'ssh-rsa'",
    ),
    "key length": (
        lambda c: VENDOR.sign(c, key=text(b"ssh-ed25519", VENDOR.public[:31])),
        "key has the wrong length",
    ),
    "no key": (lambda c: VENDOR.sign(c, key=b""), "a part of a signature is empty"),
    "algorithm": (lambda c: VENDOR.sign(c, algorithm=b"ssh-rsa"), "b'ssh-rsa' of its signature"),
    "short": (lambda c: VENDOR.sign(c, cut=63), "a signature in it has the wrong length"),
    "more": (lambda c: VENDOR.sign(c, more=text(b"x")), "too many or too few parts"),
    "cut blob": (lambda _: armored(b"SSHSIG\0\0\0\1" + text(b"a")[:-1]), "cut off"),
    "length of gigabytes": (lambda _: armored(b"SSHSIG\0\0\0\1\xff\xff\xff\xffa"), "cut off"),
    "nothing in it": (lambda _: armored(b""), "not a signature of OpenSSH"),
    "cut": (lambda c: VENDOR.sign(c)[:200], "the last line of a signature is missing"),
    "line": (lambda c: b"hello\n" + VENDOR.sign(c), "a line that belongs to no signature"),
    "base64": (lambda c: VENDOR.sign(c).replace(b"\nU", b"\n%", 1), "not in base64"),
    "space": (lambda c: VENDOR.sign(c).replace(b"\nU", b"\n U", 1), "not in base64"),
    "empty": (lambda _: b"", "it is empty"),
    "blank": (lambda _: b"\n\n", "it is empty"),
    "UTF-16": (lambda c: VENDOR.sign(c).decode().encode("utf-16"), "not the text"),
    "public key": (lambda _: VENDOR.line.encode(), "a public key"),
    "private key": (lambda _: b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "a private key"),
    "PGP": (lambda _: b"-----BEGIN PGP SIGNATURE-----\n", "PGP"),
    "giant": (lambda c: VENDOR.sign(c) + b"\n" * LARGEST, "larger than"),
    "second broken": (lambda c: VENDOR.sign(c) + VENDOR.sign(c, version=3), "version 3"),
}


def flip(signature: bytes) -> bytes:
    """Change a bit of the last bytes that count."""
    (parsed,) = parse(signature)
    value = bytes([parsed.value[0] ^ 1]) + parsed.value[1:]
    head = b"SSHSIG\0\0\0\1" + text(VENDOR.blob, b"conda-offline-repo", b"", b"sha512")
    return armored(head + text(text(b"ssh-ed25519", value)))


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_signature_is_refused_with_the_reason(stick: Path, kind: str) -> None:
    make, words = BROKEN[kind]
    put(stick, make(content(stick)))
    with pytest.raises(SignatureError, match=SIGNATURE_NAME) as caught:
        locate_one(stick)
    assert words in str(caught.value)


def test_each_reason_is_another() -> None:
    words = [why for _, why in BROKEN.values()]
    assert len({*words}) >= 20


def test_missing_signature(stick: Path) -> None:
    (stick / SIGNATURE_NAME).unlink()
    with pytest.raises(SignatureError, match="missing") as caught:
        locate_one(stick)
    assert VENDOR.fingerprint in str(caught.value)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_signature_that_is_no_file(stick: Path, tmp_path: Path, kind: str) -> None:
    no_file(stick / SIGNATURE_NAME, kind, tmp_path / "moved")
    with pytest.raises((SignatureError, UnreadableError), match=SIGNATURE_NAME):
        locate_one(stick)


def test_unsigned_repository(mirror: Mirror, tmp_path: Path) -> None:
    assert locate_one(mirror.copy(1, tmp_path / "bank")).signers == ()


def test_signed_by_hand(mirror: Mirror, tmp_path: Path) -> None:
    stick = mirror.copy(1, tmp_path / "bank")
    sign(stick, VENDOR, OTHER, named=())
    assert {*locate_one(stick).signers} == {VENDOR.fingerprint, OTHER.fingerprint}


def test_who_adds_a_signature_is_nobody(stick: Path) -> None:
    put(stick, OTHER.sign(content(stick)) + VENDOR.sign(content(stick)))
    assert locate_one(stick).signers == (VENDOR.fingerprint,)


def test_all_whom_the_manifest_names_have_signed(stick: Path) -> None:
    sign(stick, VENDOR, OTHER)
    assert {*locate_one(stick).signers} == {VENDOR.fingerprint, OTHER.fingerprint}
    put(stick, VENDOR.sign(content(stick)))
    with pytest.raises(SignatureError, match="is not in it") as caught:
        locate_one(stick)
    assert OTHER.fingerprint in str(caught.value)


def test_signers_that_are_none(stick: Path) -> None:
    path = stick / MANIFEST_NAME
    path.write_bytes(content(stick).replace(VENDOR.fingerprint.encode(), b"me"))
    put(stick, VENDOR.sign(content(stick)))
    with pytest.raises(ManifestError, match="not the fingerprint of a key"):
        read(stick)


def test_signatures_of_two_manifests_while_one_takes_the_place_of_the_other(stick: Path) -> None:
    before = content(stick)
    put(stick, VENDOR.sign(before) + VENDOR.sign(b"the next one"))
    assert locate_one(stick).signers == (VENDOR.fingerprint,)
    put(stick, VENDOR.sign(b"the last one") + VENDOR.sign(before))
    assert locate_one(stick).signers == (VENDOR.fingerprint,)


def test_commands_say_who_signed(customer: Conda, stick: Path, mirror: Mirror) -> None:
    for verb in ("verify", "show"):
        told = customer.run("offline-repo", verb, stick).stdout
        assert VENDOR.fingerprint in told
        report = customer.run("offline-repo", verb, stick, "--json").json["repositories"]
        (repository,) = report.values() if isinstance(report, dict) else report
        assert repository["signers"] == [VENDOR.fingerprint]
        told = customer.run("offline-repo", verb, mirror.builds[1]).stdout
        assert "origin is unknown" in told


def test_verify_refuses_a_broken_signature(customer: Conda, stick: Path) -> None:
    put(stick, VENDOR.sign(b"another"))
    told = customer.fail("offline-repo", "verify", stick)
    assert "SignatureError" in told.stderr


@needs_openssh
def test_openssh_and_we_take_each_other(stick: Path, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.write_text(f'bank namespaces="conda-offline-repo" {VENDOR.line}\n')
    command = [
        *("ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "bank"),
        *("-n", "conda-offline-repo", "-s", str(stick / SIGNATURE_NAME)),
    ]
    subprocess.run(command, input=content(stick), check=True)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    for hash_name in ("sha256", "sha512"):
        made = subprocess.run(
            [
                *("ssh-keygen", "-Y", "sign", "-f", key, "-n", "conda-offline-repo"),
                *("-O", f"hashalg={hash_name}", "-"),
            ],
            input=content(stick),
            capture_output=True,
            check=True,
        )
        (signature,) = parse(made.stdout)
        assert signature.hash_name == hash_name
        assert signature.is_of(content(stick))
        assert not signature.is_of(content(stick) + b"\n")
