"""use.ps1 with the signature of Authenticode that a vendor has put under it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.plain_conda.authenticode import with_signature
from tests.support.nginx import OPENSSL
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside

OSSLSIGNCODE = shutil.which("osslsigncode")
needs_osslsigncode = pytest.mark.skipif(
    not (OSSLSIGNCODE and OPENSSL), reason="osslsigncode or openssl is not installed"
)
SCRIPT = b"Write-Output 1\r\n"
BLOCK = b"""\
# SIG # Begin signature block\r
# MIIFpQYJKoZIhvcNAQcCoIIFljCCBZICAQExDzANBglghkgBZQMEAgEFADB5Bgor\r
# BgEEAYI3AgEEoGswaTA0BgorBgEEAYI3AgEeMCYCAwEAAAQ=\r
# SIG # End signature block\r
"""


class Vendor:
    """Builds the repository of the bank.

    Attributes:
        script: its `use.ps1`.
    """

    def __init__(self, me: Inside, folder: Path) -> None:
        self.me = me
        channel = TinyChannel(folder / "published")
        channel.add("app")
        channel.write()
        self.channels = (channel.folder.as_uri(),)
        self.script = me.root / "bank" / "use.ps1"

    def build(self, *platforms: str) -> BuildOutcome:
        options = self.me.options("app", channels=self.channels, platforms=platforms or ("win-64",))
        return self.me.build(options)

    @property
    def stated(self) -> str | None:
        """The digest that the manifest and SHA256SUMS state; None for none."""
        manifest = json.loads((self.script.parent / "offline-repo.json").read_bytes())
        lines = (self.script.parent / "SHA256SUMS").read_text().splitlines()
        sums = {line[66:]: line[:64] for line in lines}
        stated: str | None = manifest["files"].get("use.ps1", {}).get("sha256")
        assert sums.get("use.ps1") == stated
        return stated


@pytest.fixture
def vendor(me: Inside, tmp_path: Path) -> Vendor:
    return Vendor(me, tmp_path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kinds(outcome: BuildOutcome) -> list[str]:
    return [warning.kind for warning in outcome.warnings]


def test_build_takes_a_signature_and_keeps_it(vendor: Vendor) -> None:
    vendor.build()
    script = vendor.script.read_bytes()
    assert vendor.stated == digest(vendor.script)
    vendor.script.write_bytes(script + BLOCK)
    signed = vendor.build()
    assert signed.changed
    assert "unsigned-script" not in kinds(signed)
    assert vendor.script.read_bytes() == script + BLOCK
    assert vendor.stated == digest(vendor.script)
    assert not vendor.build().changed
    vendor.build("win-64", "linux-64")
    assert vendor.script.read_bytes() == script + BLOCK

    # as an earlier version of the plugin has written it
    vendor.script.write_bytes(b"# earlier\r\n" + script + BLOCK)
    told = [each for each in vendor.build().warnings if each.kind == "unsigned-script"]
    assert [str(vendor.script) in each.text for each in told] == [True]
    assert vendor.script.read_bytes() == script
    assert "unsigned-script" not in kinds(vendor.build())

    vendor.script.write_bytes(script + BLOCK)
    vendor.build()
    assert "unsigned-script" not in kinds(vendor.build("linux-64"))
    assert not vendor.script.exists()
    assert vendor.stated is None


@pytest.mark.parametrize(
    ("published", "is_kept"),
    [
        (SCRIPT + BLOCK, True),
        (SCRIPT + b"\r\n" + BLOCK, True),
        (SCRIPT + BLOCK.replace(b"\r\n", b"\n"), True),
        (SCRIPT + BLOCK.rstrip(), True),
        (SCRIPT, False),
        (SCRIPT + b"# a remark\r\n" + BLOCK, False),
        (SCRIPT + BLOCK + b"Write-Output 2\r\n", False),
        (SCRIPT + BLOCK.replace(b"# MII", b"Write-Output MII"), False),
        (SCRIPT + BLOCK.replace(b"MII", b"; MII"), False),
        (SCRIPT + BLOCK + BLOCK, False),
        (SCRIPT.replace(b"1", b"2") + BLOCK, False),
        (BLOCK, False),
        (SCRIPT + BLOCK.replace(b"MII", b"MII" * 400_000), False),
    ],
)
def test_what_is_kept_of_a_script(tmp_path: Path, published: bytes, *, is_kept: bool) -> None:
    (tmp_path / "use.ps1").write_bytes(published)
    assert with_signature(SCRIPT, tmp_path) == (published if is_kept else SCRIPT)


@pytest.mark.parametrize("place", ["nothing", "a folder", "a link"])
def test_what_is_not_a_script(tmp_path: Path, place: str) -> None:
    if place == "a folder":
        (tmp_path / "use.ps1").mkdir()
    elif place == "a link":
        (tmp_path / "other").write_bytes(SCRIPT + BLOCK)
        (tmp_path / "use.ps1").symlink_to("other")
    assert with_signature(SCRIPT, tmp_path) == SCRIPT


@needs_osslsigncode
def test_signature_of_a_real_tool(vendor: Vendor, tmp_path: Path) -> None:
    key, certificate, signed = (tmp_path / name for name in ("key", "certificate", "signed.ps1"))
    run(OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Acme",
        "-addext", "extendedKeyUsage=codeSigning", "-keyout", key, "-out", certificate)  # fmt: skip
    vendor.build()
    run(OSSLSIGNCODE, "sign", "-certs", certificate, "-key", key, "-h", "sha256",
        "-in", vendor.script, "-out", signed)  # fmt: skip
    shutil.copy(signed, vendor.script)
    vendor.build()
    assert vendor.stated == digest(signed)
    run(OSSLSIGNCODE, "verify", "-CAfile", certificate, "-in", vendor.script)


def run(*command: object) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
