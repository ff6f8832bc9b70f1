"""Repositories that are signed, with the keys and the program that vendors have: `signing`, and
`sealing` of manifest and signatures.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from tests.support.keys import SSH_KEYGEN, new_key
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import Conda, Finished

pytestmark = pytest.mark.skipif(not SSH_KEYGEN, reason="OpenSSH is not installed")


class Vendor:
    """Builds the repository of the bank, signed or not.

    Attributes:
        channel: publishes `app` and `tool`.
        key: signs.
        bank: the repository.
    """

    def __init__(self, conda: Conda, folder: Path) -> None:
        self.conda = conda
        self.channel = TinyChannel(folder / "published")
        for name in ("app", "tool"):
            self.channel.add(name)
        self.channel.write()
        self.key = new_key(folder / "-key of acme")
        self.bank = folder / "root" / "bank"

    def command(self, *options: object) -> tuple[object, ...]:
        source = ("--no-label-channel", "--override-channels", "-c", self.channel.folder.as_uri())
        return (
            "offline-repo",
            "build",
            "--label",
            "bank",
            *source,
            "--root",
            self.bank.parent,
            *options,
        )

    def build(self, *options: object, **variables: str) -> Finished:
        return self.conda.run(*self.command(*options), **variables)

    def refuse(self, error: str, *options: object, **variables: str) -> Finished:
        """See a build refused with an error, and nothing published."""
        before = snapshot(self.bank)
        told = self.conda.fail(*self.command(*options), **variables)
        assert f"{error}: " in told.stderr
        assert "ERROR REPORT" not in told.output
        assert snapshot(self.bank) == before
        return told

    @property
    def signers(self) -> tuple[str, ...]:
        return locate_one(self.bank).signers

    @property
    def number(self) -> int:
        return int(json.loads((self.bank / "offline-repo.json").read_bytes())["build"])


@pytest.fixture
def vendor(conda: Conda, tmp_path: Path) -> Vendor:
    return Vendor(conda, tmp_path)


def fingerprint(key: Path) -> str:
    done = subprocess.run(
        ["ssh-keygen", "-l", "-f", key], capture_output=True, check=True, text=True
    )
    return done.stdout.split()[1]


def test_signed_build(vendor: Vendor) -> None:
    told = vendor.build("--sign-key", vendor.key, "app")
    assert fingerprint(vendor.key) in told.stdout
    assert vendor.signers == (fingerprint(vendor.key),)
    before = snapshot(vendor.bank)
    vendor.build("--sign-key", vendor.key)
    assert snapshot(vendor.bank) == before
    told = vendor.build("--sign-key", vendor.key, "--add", "tool")
    assert vendor.signers == (fingerprint(vendor.key),)
    assert vendor.number == 2
    vendor.conda.run("offline-repo", "verify", vendor.bank)


def test_dry_run_signs_nothing(vendor: Vendor) -> None:
    vendor.build("--sign-key", vendor.key, "app", "--dry-run")
    assert not vendor.bank.exists()


def test_key_of_the_settings(vendor: Vendor) -> None:
    vendor.conda.configure(plugins={"offline_repo_sign_key": str(vendor.key)})
    vendor.build("app")
    assert vendor.signers == (fingerprint(vendor.key),)
    vendor.build("--no-sign-key", "app")
    assert not vendor.signers
    assert not (vendor.bank / SIGNATURE_NAME).exists()


def test_signed_repository_is_not_left_unsigned_by_oversight(vendor: Vendor) -> None:
    vendor.build("--sign-key", vendor.key, "app")
    told = vendor.refuse("KeyMissingError", "--add", "tool")
    assert fingerprint(vendor.key) in told.stderr
    assert "--no-sign-key" in told.stderr


def test_unsigned_repository_is_signed_from_now_on(vendor: Vendor) -> None:
    assert "origin is unknown" in vendor.build("app").stdout
    vendor.build("--sign-key", vendor.key)
    assert vendor.signers == (fingerprint(vendor.key),)
    assert vendor.number == 2


def test_keys_change(vendor: Vendor, tmp_path: Path) -> None:
    new = new_key(tmp_path / "new")
    vendor.build("--sign-key", vendor.key, "app")
    vendor.build("--sign-key", vendor.key, "--sign-key", new)
    assert vendor.signers == tuple(sorted(map(fingerprint, (vendor.key, new))))
    vendor.build("--sign-key", new)
    assert vendor.signers == (fingerprint(new),)


def test_wholly_other_key_has_to_be_meant(vendor: Vendor, tmp_path: Path) -> None:
    """Which customers would refuse; by options and by a file, and only until it is published."""
    new = new_key(tmp_path / "new")
    vendor.build("--sign-key", vendor.key, "app")
    for more in ((), ("--dry-run",)):
        told = vendor.refuse("OtherKeyError", "--sign-key", new, *more).stderr
        assert fingerprint(vendor.key) in told
        assert fingerprint(new) in told
        assert "--other-sign-key" in told
    channels = [vendor.channel.folder.as_uri()]
    label = {"label_channel": False, "packages": ["app"], "sign_key": str(new)}
    file = {"root": str(vendor.bank.parent), "channels": channels, "labels": {"bank": label}}
    (vendor.conda.work / "offline-repo.yml").write_text(json.dumps(file))
    build = ("offline-repo", "build")
    assert "--other-sign-key" in vendor.conda.fail(*build).output
    result = vendor.conda.run(*build, "--other-sign-key", "--json").json
    assert vendor.signers == (fingerprint(new),)
    (warning,) = result["labels"][0]["warnings"]
    assert fingerprint(vendor.key) in warning["text"]
    assert "--trust" in warning["text"]
    assert vendor.conda.run(*build, "--json").json["labels"][0]["warnings"] == []


@pytest.mark.parametrize("damage", ["lost", "cut", "another"])
def test_lost_signature_is_made_again_without_a_new_release(vendor: Vendor, damage: str) -> None:
    vendor.build("--sign-key", vendor.key, "app")
    path = vendor.bank / SIGNATURE_NAME
    before = path.read_bytes()
    if damage == "lost":
        path.unlink()
    else:
        path.write_bytes(before[:100] if damage == "cut" else b"another")
    vendor.build("--sign-key", vendor.key)
    assert path.read_bytes() == before
    assert vendor.number == 1


def test_what_is_signed_goes_to_the_customer_with_the_checker(vendor: Vendor) -> None:
    vendor.channel.add("conda-offline-repo-base")
    vendor.channel.write()
    told = vendor.build("--sign-key", vendor.key, "--with-plugin", "app")
    assert "securesystemslib" in told.stderr
    vendor.channel.add("securesystemslib", "1.3.1", depends=["python >=3.8"])
    vendor.channel.write()
    told = vendor.build("--sign-key", vendor.key)
    assert "securesystemslib" not in told.stderr
    assert (vendor.bank / "plugin" / "noarch" / "securesystemslib-1.3.1-0.conda").exists()
    line = "plugin conda-offline-repo-base securesystemslib"
    readme = (vendor.bank / "README.txt").read_text()
    assert line in readme
    assert "ssh-keygen -Y verify" in readme


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("absent", "it is not a file"),
        ("folder", "it is not a file"),
        ("text", "not an OpenSSH key"),
        ("empty", "not an OpenSSH key"),
        ("ecdsa", "not ed25519"),
        ("of another user", "cannot sign"),
        ("passphrase", "cannot sign"),
        ("public part alone", "cannot sign"),
    ],
)
def test_key_that_cannot_sign(vendor: Vendor, tmp_path: Path, kind: str, words: str) -> None:
    path = tmp_path / "bad"
    if kind == "folder":
        path.mkdir()
    elif kind in ("text", "empty"):
        path.write_text("hello\n" if kind == "text" else "")
    elif kind == "ecdsa":
        new_key(path, "-t", "ecdsa", "-N", "")
    elif kind == "of another user":
        new_key(path).chmod(0o644)
    elif kind == "passphrase":
        new_key(path, "-t", "ed25519", "-N", "secret words")
    elif kind == "public part alone":
        path = new_key(path).with_suffix(".pub")
        path.with_suffix("").unlink()
    vendor.build("app")
    told = vendor.refuse("SigningError", "--sign-key", path, "--add", "tool")
    assert words in told.stderr
    assert str(path) in told.stderr


def test_without_openssh(vendor: Vendor, tmp_path: Path) -> None:
    told = vendor.refuse("SigningError", "--sign-key", vendor.key, "app", PATH=str(tmp_path))
    assert "ssh-keygen is not installed" in told.stderr


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An ssh-agent; the variables that lead to it."""
    if not shutil.which("ssh-agent"):
        pytest.skip("there is no ssh-agent")
    socket = tmp_path / "agent"
    with subprocess.Popen(
        ["ssh-agent", "-D", "-a", socket], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        while not socket.exists():
            assert process.poll() is None
        yield {"SSH_AUTH_SOCK": str(socket)}
        process.terminate()


def test_key_that_only_the_agent_holds(vendor: Vendor, agent: dict[str, str]) -> None:
    subprocess.run(["ssh-add", "-q", vendor.key], env={**os.environ, **agent}, check=True)
    public = vendor.key.with_name(f"{vendor.key.name}.pub")
    expected = fingerprint(public)
    vendor.key.unlink()
    vendor.build("--sign-key", public, "app", **agent)
    assert vendor.signers == (expected,)
