"""The lines of a file of allowed signers, as OpenSSH reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.customer import allowed_signers
from conda_offline_repo.customer.allowed_signers import allowed
from conda_offline_repo.customer.exceptions import AllowedSignersError
from tests.support.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VENDOR, OTHER = SigningKey("vendor"), SigningKey("other")


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the machine a file with these lines."""

    def configure(text: str) -> None:
        path = tmp_path / "allowed"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(allowed_signers, "allowed_signers_file", lambda: str(path))

    return configure


def test_no_file() -> None:
    assert allowed("bank") is None


@pytest.mark.parametrize(
    "line",
    [
        f"bank {VENDOR.line}",
        f"* {VENDOR.line}",
        f"mill,bank {VENDOR.line}",
        f"b?nk {VENDOR.line}",
        f"*,!mill {VENDOR.line}",
        f'"bank" {VENDOR.line}',
        f'bank namespaces="git,conda-offline-*" {VENDOR.line}',
        f"bank namespaces=conda-offline-repo {VENDOR.line}",
        f'bank valid-after="20200101",valid-before="22000101Z" {VENDOR.line}',
        f'bank valid-after="202001011200" {VENDOR.line}',
        f"bank\t{VENDOR.line}",
        f"# bank {OTHER.line}\n\n  \nbank {VENDOR.line}\nmill {OTHER.line}\n",
        f"\N{ZERO WIDTH NO-BREAK SPACE}bank {VENDOR.line}\r\n",
    ],
)
def test_vendor_may_sign(configure: Callable[[str], None], line: str) -> None:
    configure(line)
    assert allowed("bank") == (VENDOR.fingerprint,)


@pytest.mark.parametrize(
    "line",
    [
        f"bank cert-authority {VENDOR.line}",
        f'bank namespaces="git" {VENDOR.line}',
        f'bank namespaces="*,!conda-offline-repo" {VENDOR.line}',
        f'bank valid-before="20200101" {VENDOR.line}',
        f'bank valid-after="22000101" {VENDOR.line}',
        "bank ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC8",
    ],
)
def test_label_is_named_and_nobody_may_sign(configure: Callable[[str], None], line: str) -> None:
    configure(line)
    assert allowed("bank") == ()


@pytest.mark.parametrize("labels", ["mill", "ban", "bank2", "*,!bank", "!bank,*", "BANK", "b.nk"])
def test_label_is_not_named(configure: Callable[[str], None], labels: str) -> None:
    configure(f"{labels} {VENDOR.line}")
    assert allowed("bank") is None


def test_several_may_sign(configure: Callable[[str], None]) -> None:
    configure(f"bank {VENDOR.line}\n* {OTHER.line}\n")
    assert allowed("bank") == tuple(sorted((VENDOR.fingerprint, OTHER.fingerprint)))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bank", "line 1"),
        (VENDOR.line, "line 1"),
        ("bank ssh-ed25519 %%%", "base64"),
        (f"bank {VENDOR.line[:60]}", "line 1"),
        (f'bank valid-after="soon" {VENDOR.line}', "soon"),
        (f'bank name"spaces="x" {VENDOR.line}', "line 1"),
        (f"# ours\nbank {VENDOR.line}\n-----BEGIN\n", "line 3"),
        ("\0" * 2_000_000, "larger"),
    ],
)
def test_file_that_cannot_be_read(configure: Callable[[str], None], line: str, words: str) -> None:
    configure(line)
    with pytest.raises(AllowedSignersError, match=words):
        allowed("bank")
