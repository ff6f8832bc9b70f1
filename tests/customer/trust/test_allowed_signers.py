"""The lines of a file of allowed signers, as OpenSSH reads them."""

from __future__ import annotations

import calendar
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.customer.trust import allowed_signers
from conda_offline_repo.customer.trust.allowed_signers import allowed
from conda_offline_repo.customer.trust.exceptions import AllowedSignersError
from tests.support.keys import SSH_KEYGEN, SigningKey

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
        monkeypatch.setattr(allowed_signers, "customers_file", lambda _: str(path))

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
        f"# \N{FORM FEED}bank {VENDOR.line}\nbank cert-authority {VENDOR.line}",
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
        (f"bank namespaces=conda-offline-repo {VENDOR.line}", "options"),
        ("\0" * 2_000_000, "larger"),
    ],
)
def test_file_that_cannot_be_read(configure: Callable[[str], None], line: str, words: str) -> None:
    configure(line)
    with pytest.raises(AllowedSignersError, match=words):
        allowed("bank")


#: Principals and options, which OpenSSH takes or refuses.
LINES = [
    *("bank", "  bank  ", "\tbank\t", '"bank"', '"mill,bank" ', 'ba"nk"', "!mill,b*", "*,!b?nk"),
    *('bank namespaces="git,conda-*"', 'bank NameSpaces="conda*"', 'bank namespaces="*,!conda*"'),
    *('bank namespaces="git"', 'bank namespaces=""', "bank namespaces=conda-offline-repo"),
    *('bank namespace="git"', 'bank namespaces="x",namespaces="conda*"', 'bank namespaces="conda*'),
    *('bank namespaces="conda*" namespaces="x"', 'bank namespaces="x\\",conda*"'),
    *('bank ,namespaces="conda*"', 'bank namespaces="conda*",', "bank ,", 'bank "conda*"'),
    *('bank namespaces="conda*",,valid-after="20200101"', "bank no-touch-required", "bank x"),
    *("bank cert-authority", "bank Cert-Authority", "bank cert-authority,cert-authority"),
    *("bank cert-authorities", 'bank cert-authority="yes"', "bank cert-authority,x"),
    *('bank valid-after="20200101"', "bank valid-after=20200101", 'bank Valid-After="20200101z"'),
    *('bank valid-after="20200101UTC"', 'bank valid-before="20200101utc"', 'bank valid-after=""'),
    *('bank valid-after="20200101",valid-after="20200102"', 'bank valid-after="2020-01-01"'),
    *('bank valid-after="20200101",valid-before="20190101"', 'bank valid-after="19700101Z"'),
    *('bank valid-after="20200101",valid-before="20200101"', 'bank valid-before="19691231Z"'),
    *('bank valid-before="20260701120000Z"', 'bank valid-before="20260701115959Z"'),
    *('bank valid-after="20260701120000Z"', 'bank valid-after="20260701120001Z"'),
    *('bank valid-after="20260231"', 'bank valid-after="20260631Z"'),
    *('bank valid-before="20260630"', 'bank valid-before="20260631"'),
    *('bank valid-after="20260701120060Z"', 'bank valid-after="20250131235961"'),
    *('bank valid-after="20250101240000"', 'bank valid-after="20250101006000"'),
    *('bank valid-after="20251301"', 'bank valid-after="20250001"', 'bank valid-after="20250100"'),
    *('bank valid-after="2025010112"', 'bank valid-after="0x60000000"', 'bank valid-after="Z"'),
    *('bank valid-after="always"', 'bank valid-before="99991231"', 'bank valid-after="99991231"'),
]
#: Noon in UTC, in the summer of the north, and in that of the south.
MOMENTS = ("20260701120000Z", "20260101120000Z")
#: With the hours that their clocks are ahead of UTC.
ZONES = {
    "UTC": (0,),
    "Europe/Berlin": (1, 2),
    "America/St_Johns": (-3.5, -2.5),
    "Australia/Sydney": (10, 11),
    "Asia/Kathmandu": (5.75,),
}
IN_A_ZONE = """
import json, sys, time
from conda_offline_repo.customer.trust import allowed_signers
path, moment, *texts = json.load(sys.stdin)
allowed_signers.customers_file = lambda _: path
allowed_signers.time = type("Clock", (), {**vars(time), "time": lambda: moment})
for text in texts:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    try:
        print(bool(allowed_signers.allowed("bank")))
    except allowed_signers.AllowedSignersError:
        print(False)
"""


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file and its signature."""
    path = tmp_path_factory.mktemp("signed") / "file"
    path.write_bytes(b"content")
    path.with_name("file.sig").write_bytes(VENDOR.sign(b"content"))
    return path


def differing(signed: Path, moment: str, zone: str, texts: list[str]) -> dict[str, list[bool]]:
    """What OpenSSH and we take otherwise of these files, in a time zone."""
    path = signed.with_name("allowed")
    environment = {**os.environ, "TZ": zone}
    theirs = []
    for text in texts:
        path.write_text(text, encoding="utf-8", newline="")
        done = subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-I", "bank", "-n", "conda-offline-repo"]
            + ["-f", str(path), "-s", f"{signed}.sig", "-O", f"verify-time={moment}"],
            input=b"content",
            capture_output=True,
            env=environment,
        )
        theirs.append(done.returncode == 0)
    seconds = calendar.timegm(time.strptime(moment, "%Y%m%d%H%M%SZ"))
    done = subprocess.run(
        [sys.executable, "-c", IN_A_ZONE],
        input=json.dumps([str(path), seconds, *texts]).encode(),
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    ours = [line == "True" for line in done.stdout.decode().split()]
    assert len(ours) == len(texts)
    return {
        text: [their, our]
        for text, their, our in zip(texts, theirs, ours, strict=True)
        if their != our
    }


@pytest.mark.skipif(not SSH_KEYGEN, reason="there is no ssh-keygen")
def test_a_line_is_read_as_openssh_reads_it(signed: Path) -> None:
    key, comment = VENDOR.line.rsplit(" ", 1)
    texts = [f"{line} {VENDOR.line}\n" for line in LINES]
    texts += [f'"bank"{key}', f"bank {key}\t{comment}", f"bank\r{key}\r\n", f"bank  {key}\r\n"]
    texts += [f"bank {key.replace(' ', '  ')}", key, f"bank {key}=", f"bank {key[:-4]}", "bank"]
    texts += [f"# x\N{FORM FEED}bank {key}", f"# x\rbank {key}\n", f"\r\nbank {key}\r\n"]
    texts += [f"bank ed25519 {key.split()[1]}", f"bank ssh-rsa {key.split()[1]}"]
    assert differing(signed, MOMENTS[0], "UTC", texts) == {}


@pytest.mark.skipif(not SSH_KEYGEN, reason="there is no ssh-keygen")
@pytest.mark.skipif(os.name == "nt", reason="it has no names of time zones in TZ")
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("zone", ZONES)
def test_a_time_is_what_it_is_to_openssh(signed: Path, zone: str, moment: str) -> None:
    """To the second, with Z and without, whether it is summer there or not."""
    now = calendar.timegm(time.strptime(moment, "%Y%m%d%H%M%SZ"))
    texts = []
    for hours, suffix in ((0, "Z"), *((hours, "") for hours in ZONES[zone])):
        for option, seconds in (("valid-after", (0, 1)), ("valid-before", (-1, 0))):
            for more in seconds:
                stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(now + 3600 * hours + more))
                texts.append(f'bank {option}="{stamp}{suffix}" {VENDOR.line}\n')
    assert differing(signed, moment, zone, texts) == {}


@pytest.mark.skipif(os.name == "nt", reason="it has no names of time zones in TZ")
@pytest.mark.parametrize("zone", ZONES)
def test_utc_is_utc_in_any_zone(tmp_path: Path, zone: str) -> None:
    """Also where there is no ssh-keygen to ask."""
    begun = [f'bank valid-after="20260701{at}Z" {VENDOR.line}' for at in ("120000", "120001")]
    over = [f'bank valid-before="20260701{at}Z" {VENDOR.line}' for at in ("115959", "120000")]
    now = calendar.timegm((2026, 7, 1, 12, 0, 0))
    done = subprocess.run(
        [sys.executable, "-c", IN_A_ZONE],
        input=json.dumps([str(tmp_path / "allowed"), now, *begun, *over]).encode(),
        stdout=subprocess.PIPE,
        env={**os.environ, "TZ": zone},
        check=True,
    )
    assert done.stdout.split() == [b"True", b"False", b"False", b"True"]
