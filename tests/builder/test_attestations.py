"""Attestations of packages: fetched, shipped, and verified against a trusted root."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives import attestations
from conda_offline_repo.builder.archives.archive import Archive
from conda_offline_repo.builder.archives.local import LocalArchives
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.release.attestations import Verifier
from conda_offline_repo.builder.release.exceptions import (
    AttestationsError,
    FailOnError,
    SigstoreMissingError,
)
from conda_offline_repo.builder.upstream.entry import Entry
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.package import Attestations, Attester
from conda_offline_repo.repository.verify import verify
from dev.upstream.server import ChannelServer
from tests.support.attesting import ISSUER, WORKFLOW, Sigstore, publish
from tests.support.delivering import whole
from tests.support.inside import inside
from tests.support.sharded import READS_VERSION_3
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.builder.outcome import BuildOutcome
    from conda_offline_repo.repository.manifest import Manifest
    from tests.support.inside import Inside
    from tests.support.tiny import TinyPackage

ACME = Attester(WORKFLOW, ISSUER)
SLSA = {"predicateType": "https://slsa.dev/provenance/v1"}
NOT_CEP_27 = "its statement is not one of CEP 27"
MISSING = "the server answers with HTTP 404, though the index lists it"


class Attesting:
    """A vendor whose channel has attestations.

    Attributes:
        channel: publishes `app`, which needs `lib`, and `plain`, which nobody attests.
        sigstore: signs for it.
        root: the file with its trusted root.
    """

    def __init__(self, me: Inside, server: ChannelServer, folder: Path) -> None:
        self.me, self.server = me, server
        self.channel = TinyChannel(folder / "served" / "acme")
        self.sigstore = Sigstore()
        self.root = self.sigstore.write_root(folder / "trusted_root.json")
        self.app = self.channel.add("app", depends=["_lib"])
        self.lib = self.channel.add("_lib", build="cu12+1", subdir="linux-64")
        self.channel.add("plain")
        self.url = f"{server.url}/acme"

    def attest(self, package: TinyPackage) -> Path:
        return publish(package, self.sigstore.attest(package, channel=self.url))

    def build(
        self,
        *,
        verify: bool = False,
        label: str = "bank",
        dry_run: bool = False,
        fail_on: tuple[str, ...] = (),
        keep: int | None = None,
    ) -> BuildOutcome:
        self.channel.write()
        options = self.me.options("app", "plain", channels=(self.url,), label=label, keep=keep)
        root = self.root if verify else None
        options = replace(options, verify_attestations=root, fail_on=fail_on)
        return self.me.build(options, dry_run=dry_run)

    @property
    def bank(self) -> Path:
        return self.me.root / "bank"

    @property
    def manifest(self) -> Manifest:
        return locate_one(self.bank).manifest

    def requested(self) -> list[str]:
        """The paths of the attestations that were asked for since the last time."""
        paths = [r.path for r in self.server.requests if ".sigs" in r.path]
        self.server.clear()
        return sorted(path.rpartition("/")[2] for path in paths)


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Attesting]:
    with inside(tmp_path / "me") as me, ChannelServer(tmp_path / "served") as server:
        yield Attesting(me, server, tmp_path)


def warnings(outcome: BuildOutcome) -> dict[str, str]:
    return {warning.kind: warning.text for warning in outcome.warnings}


def test_they_are_shipped_beside_their_archives(vendor: Attesting) -> None:
    files = {package.at: vendor.attest(package) for package in (vendor.app, vendor.lib)}
    outcome = vendor.build()
    assert not outcome.warnings
    for at, file in files.items():
        assert (vendor.bank / at).with_name(file.name).read_bytes() == file.read_bytes()
        sha256 = file.name.rpartition(".")[2]
        described = Attestations(sha256, file.stat().st_size, ())
        assert vendor.manifest.packages[at].attestations == described
        assert f"{sha256} *{at}.sigs.{sha256}\n" in (vendor.bank / "SHA256SUMS").read_text()
    assert vendor.manifest.packages["noarch/plain-1.0-0.conda"].attestations is None
    assert whole(vendor.bank)
    assert len(vendor.requested()) == 2
    assert not vendor.build().changed
    assert not vendor.requested()
    # another label has them from the first
    vendor.build(label="plant")
    assert not vendor.requested()
    file = next((vendor.me.root / "plant").glob("noarch/*.sigs.*"))
    assert file.samefile(vendor.bank / "noarch" / file.name)


def test_what_cannot_be_had_is_told_and_does_not_stop_a_build(vendor: Attesting) -> None:
    vendor.attest(vendor.app).unlink()
    file = vendor.attest(vendor.lib)
    file.write_bytes(file.read_bytes().replace(b"dsse", b"DSSE", 1))
    plain = vendor.channel.add("plain", record={"attestations_sha256": "A" * 64})
    (kind, text), *others = warnings(vendor.build(dry_run=True)).items()
    assert (kind, others) == ("no-attestations", [])
    assert f"{vendor.app.at} ({MISSING})" in text
    assert f"{vendor.lib.at} (its sha256 is " in text
    assert f"{plain.at} (its attestations_sha256 is wrong: " in text
    assert not vendor.bank.exists()
    assert warnings(vendor.build()) == {kind: text}
    assert not [*vendor.bank.glob("*/*.sigs*")]
    with pytest.raises(FailOnError, match="no-attestations"):
        vendor.build(label="plant", fail_on=("no-attestations",))
    # told each time, but nothing to publish
    again = vendor.build()
    assert (again.changed, warnings(again)) == (False, {kind: text})
    assert not vendor.build(dry_run=True).changed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>", "the server sends a web page in its place"),
        (b"[1" + b" " * attestations.LARGEST + b"]", "the server sends more than 4194304 bytes"),
        (b"[]", "it is not a list of attestations"),
    ],
)
def test_nonsense_in_their_place_is_told(vendor: Attesting, content: bytes, reason: str) -> None:
    vendor.app.attest(content)
    assert reason in warnings(vendor.build())["no-attestations"]
    assert not [*vendor.bank.glob("*/*.sigs*")]


@pytest.mark.parametrize("content", [b"{}", b'"x"', b"null", b"no json", b"[" * 100_000, b"\xff"])
def test_only_a_list_of_them_is_read(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"it is not (JSON: |a list of attestations)"):
        attestations.read_bundles(file)


def test_a_file_that_would_have_too_long_a_name_is_not_asked_for(tmp_path: Path) -> None:
    record, url = {"attestations_sha256": "a" * 64}, "https://127.0.0.1:1/noarch/app"
    entry = Entry("noarch", f"app-1.0-{'b' * 180}.conda", record, url, url)
    local = LocalArchives(tmp_path)
    collected = attestations.collect_attestations(
        [entry], tmp_path, tmp_path, Unwatched(), local, lambda archive: None
    )
    assert "more than 255 characters" in collected.missing[entry.name]


def test_a_server_that_refuses_them_alone_does_not_stop_a_build(vendor: Attesting) -> None:
    file = vendor.attest(vendor.app)
    vendor.server.fault(file.name, "status", status=403, times=1)
    assert "HTTP 403" in warnings(vendor.build())["no-attestations"]
    # and one that has them later makes a release of its own
    outcome = vendor.build()
    assert (outcome.changed, outcome.manifest.release, outcome.warnings) == (True, 2, ())
    assert (vendor.bank / "noarch" / file.name).is_file()


def test_they_come_and_go_with_their_archives(vendor: Attesting) -> None:
    old = vendor.attest(vendor.app)
    vendor.build(keep=2)
    # one more attestation of the same archive
    new = publish(vendor.app, vendor.sigstore.attest(vendor.app), *json.loads(old.read_text()))
    vendor.build(keep=2)
    assert {path.name for path in vendor.bank.glob("noarch/*.sigs.*")} == {new.name}
    vendor.app = vendor.channel.add("app", "2.0", depends=["_lib"])
    newest = vendor.attest(vendor.app)
    vendor.build(keep=2)
    assert {path.name for path in vendor.bank.glob("noarch/*.sigs.*")} == {new.name, newest.name}
    vendor.build(keep=1)
    assert {path.name for path in vendor.bank.glob("noarch/*.sigs.*")} == {newest.name}
    assert whole(vendor.bank)


def test_damage_is_found_and_mended(vendor: Attesting) -> None:
    file = vendor.bank / "noarch" / vendor.attest(vendor.app).name
    vendor.build()
    at = f"noarch/{file.name}"
    good = file.read_bytes()
    file.write_bytes(good.swapcase())
    assert verify(locate_one(vendor.bank), Unwatched()).changed == (at,)
    file.unlink()
    assert verify(locate_one(vendor.bank), Unwatched()).missing == (at,)
    vendor.build()
    assert file.read_bytes() == good


def test_verified_ones_are_remembered(vendor: Attesting) -> None:
    for package in (vendor.app, vendor.lib):
        vendor.attest(package)
    assert vendor.build().changed
    outcome = vendor.build(verify=True)
    assert not outcome.warnings
    assert outcome.changed
    for package in (vendor.app, vendor.lib):
        described = vendor.manifest.packages[package.at].attestations
        assert described
        assert described.verified == (ACME,)
    # the request is not remembered, and what was found is
    for again in (False, True):
        assert not vendor.build(verify=again).changed
    sha256 = vendor.app.record["sha256"]
    vendor.app = vendor.channel.add("app", depends=["_lib"], files={"share/app": "other"})
    assert vendor.app.record["sha256"] != sha256
    vendor.attest(vendor.app)
    vendor.build()
    described = vendor.manifest.packages[vendor.app.at].attestations
    assert described
    assert not described.verified


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"subject": [{"name": "app-1.0-0.conda", "digest": {"sha256": "0" * 64}}]}, "0" * 64),
        ({"subject": [{"name": "lib-1.0-0.conda", "digest": {"sha256": "0" * 64}}]}, "lib-1.0-0"),
        ({"subject": [{"name": "app-1.0-0.conda"}]}, NOT_CEP_27),
        ({"subject": []}, NOT_CEP_27),
        ({"subject": None}, NOT_CEP_27),
        ({"_type": "https://in-toto.io/Statement/v0.1"}, NOT_CEP_27),
        ({"predicate": {}}, NOT_CEP_27),
        ({"predicate": {"targetChannel": 5}}, NOT_CEP_27),
        ({"predicate": {"targetChannel": "https://example.com/acme/"}}, NOT_CEP_27),
    ],
)
def test_a_statement_of_something_else_is_refused(
    tmp_path: Path, wrong: dict[str, object], reason: str
) -> None:
    sigstore = Sigstore()
    verifier = Verifier(sigstore.write_root(tmp_path / "root.json"))
    package = TinyChannel(tmp_path).add("app")
    archive = Archive(package.at, package.path, True, package.record["sha256"], "", 0)
    signed = sigstore.attest(package, statement={"predicate": None})
    assert verifier.verify(signed, archive) == (ACME, "")
    with pytest.raises(ValueError, match=re.escape(reason)):
        verifier.verify(sigstore.attest(package, statement=wrong), archive)


@pytest.mark.parametrize("identity", [WORKFLOW, "me@example.com", "me!example.com", "\x1b[0m"])
def test_whoever_signs_is_named(tmp_path: Path, identity: str) -> None:
    sigstore = Sigstore()
    verifier = Verifier(sigstore.write_root(tmp_path / "root.json"))
    package = TinyChannel(tmp_path).add("app")
    archive = Archive(package.at, package.path, True, package.record["sha256"], "", 0)
    signed = sigstore.attest(package, identity=identity)
    if identity.isprintable():
        assert verifier.verify(signed, archive) == (Attester(identity, ISSUER), "")
    else:
        with pytest.raises(ValueError, match="does not say who signed it"):
            verifier.verify(signed, archive)


def test_all_that_cannot_be_verified_is_named_at_once(vendor: Attesting) -> None:
    publish(vendor.app, Sigstore().attest(vendor.app))
    vendor.attest(vendor.lib).unlink()
    plain = vendor.channel.add("plain")
    bundle = vendor.sigstore.attest(plain)
    bundle["dsseEnvelope"]["payload"] = vendor.sigstore.attest(vendor.app)["dsseEnvelope"][
        "payload"
    ]
    publish(plain, bundle)
    for dry_run in (True, False):
        with pytest.raises(AttestationsError) as error:
            vendor.build(verify=True, dry_run=dry_run)
        lines = str(error.value).splitlines()
        assert [line.split(":")[0] for line in lines if line.startswith("  - ")] == [
            f"  - {package.at}" for package in (vendor.lib, vendor.app, plain)
        ]
        assert MISSING in str(error.value)
        assert "DSSE: invalid signature" in str(error.value)
    assert not vendor.bank.exists()
    # without verification, only what is missing is told
    assert [*warnings(vendor.build())] == ["no-attestations"]


def test_one_of_several_is_enough_and_the_others_are_told(vendor: Attesting) -> None:
    other = vendor.sigstore.attest(vendor.app, identity="https://example.com/review")
    slsa = vendor.sigstore.attest(vendor.app, statement=SLSA)
    mine = vendor.sigstore.attest(vendor.app)
    publish(vendor.app, Sigstore().attest(vendor.app), slsa, {"odd": 1}, mine, other, mine)
    (kind, text), *others = warnings(vendor.build(verify=True)).items()
    assert (kind, others) == ("doubtful-attestations", [])
    assert "attestation 1 of 6: " in text
    assert "attestation 3 of 6: " in text
    assert "attestation 2" not in text
    described = vendor.manifest.packages[vendor.app.at].attestations
    assert described
    assert described.verified == (ACME, Attester("https://example.com/review", ISSUER))


def test_an_attestation_of_another_kind_is_not_enough(vendor: Attesting) -> None:
    slsa = vendor.sigstore.attest(vendor.app, statement=SLSA)
    publish(vendor.app, slsa)
    with pytest.raises(AttestationsError, match=re.escape("none of them is of a publication")):
        vendor.build(verify=True)


def test_a_package_of_another_channel_is_told(vendor: Attesting) -> None:
    elsewhere = "https://conda.example.com/other"
    publish(vendor.app, vendor.sigstore.attest(vendor.app, channel=elsewhere))
    text = warnings(vendor.build(verify=True))["doubtful-attestations"]
    assert f"{vendor.app.at}: it was published for {elsewhere}, and comes from {vendor.url}" in text


def test_a_label_of_the_channel_is_the_channel(vendor: Attesting) -> None:
    channel = TinyChannel(vendor.channel.folder / "label" / "bank")
    package = channel.add("app")
    publish(package, vendor.sigstore.attest(package, channel=vendor.url))
    channel.write()
    options = vendor.me.options("app", channels=(f"{vendor.url}/label/bank",))
    options = replace(options, verify_attestations=vendor.root)
    assert not vendor.me.build(options).warnings


def test_what_is_not_a_trusted_root_is_refused(vendor: Attesting) -> None:
    for content in (b"{}", b"nonsense", b'{"mediaType": "odd"}', None):
        vendor.root.write_bytes(content) if content else vendor.root.unlink()
        with pytest.raises(InvalidRequestError, match=r"trusted_root.json cannot be used"):
            vendor.build(verify=True)
    assert not vendor.server.requests


def test_without_the_library_there_is_advice(
    vendor: Attesting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sigstore.models", None)
    with pytest.raises(SigstoreMissingError, match="not installed or is older than 4.5"):
        vendor.build(verify=True)
    # what is not verified does not need it
    vendor.attest(vendor.app)
    assert vendor.build().changed


def test_that_there_are_none_to_verify_is_told(vendor: Attesting) -> None:
    assert "none to verify" in warnings(vendor.build(verify=True))["no-attestations"]
    assert not warnings(vendor.build())


def test_what_a_list_names_has_them_too(vendor: Attesting, tmp_path: Path) -> None:
    file = vendor.attest(vendor.app)
    vendor.channel.write()
    lines = (f"{vendor.url}/{p.at}#{p.record['md5']}" for p in (vendor.app, vendor.lib))
    (tmp_path / "list.txt").write_text("\n".join(("@EXPLICIT", *lines)))
    options = vendor.me.options(channels=(vendor.url,))
    environment = EnvironmentSpec(file=tmp_path / "list.txt")
    options = replace(options, environments=(environment,), verify_attestations=vendor.root)
    outcome = vendor.me.build(options)
    assert [*outcome.new_attesters.values()] == [("app",)]
    assert (vendor.bank / "noarch" / file.name).is_file()


def test_they_are_fetched_as_their_archives_are(tmp_path: Path) -> None:
    token = "tk-0f-acme"
    served = tmp_path / "served"
    channel = TinyChannel(served / "acme")
    file = channel.add("app").attest(b"[{}]")
    gone = channel.add("lib").attest(b"[{}, {}]")  # of the same bytes, one file would do
    gone.unlink()
    channel.write()
    with (
        inside(tmp_path / "me") as me,
        ChannelServer(served, private={"acme": token}, refusal=403) as server,
    ):
        url = f"{server.url}/acme"
        outcome = me.build(me.options("app", "lib", channels=(url,), token=token))
        assert (me.root / "bank" / "noarch" / file.name).is_file()
        assert MISSING in warnings(outcome)["no-attestations"]
        assert token not in warnings(outcome)["no-attestations"]


@pytest.mark.skipif(not READS_VERSION_3, reason="this conda does not read version 3")
def test_packages_of_version_3_have_them_too(vendor: Attesting) -> None:
    package = vendor.channel.add("app", "2.0", newer=True)
    file = vendor.attest(package)
    vendor.channel.write()
    options = vendor.me.options("app", channels=(vendor.url,))
    vendor.me.build(replace(options, index_version=3, verify_attestations=vendor.root))
    assert (vendor.bank / "noarch" / file.name).is_file()
    described = vendor.manifest.packages[package.at].attestations
    assert described
    assert described.verified == (ACME,)
