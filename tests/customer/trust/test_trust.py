"""Environments that expect a signature: asked once, and then not to be talked out of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from tests.support.keys import SigningKey, sign
from tests.support.mirror import SOLVERS, hand_over
from tests.support.running import PATIENCE, Cold, Customer, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

VENDOR, NEW, OTHER = SigningKey("vendor"), SigningKey("new"), SigningKey("other")
TRUST = ("--trust", VENDOR.fingerprint)


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "administrator")


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    """The first build, signed by the vendor."""
    stick = mirror.copy(1, tmp_path / "stick" / "bank")
    sign(stick, VENDOR)
    return stick


@pytest.fixture
def rating(customer: Conda, stick: Path) -> dict[str, str]:
    """The variables of a shell with an environment that trusts the vendor."""
    customer.use(stick, "-n", "rating", "app", *TRUST, "--yes")
    return customer.activated("rating")


def expected(customer: Conda, name: str = "rating") -> list[str]:
    """Whose signature an environment expects."""
    text = (customer.envs / name / "conda-meta" / "offline-repo").read_text()
    signers: list[str] = json.loads(text).get("signers", [])
    return signers


def answered(customer: Conda, answer: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run conda and answer its question."""
    return subprocess.run(
        [sys.executable, "-m", "conda", *map(str, arguments)],
        input=answer,
        capture_output=True,
        cwd=customer.work,
        encoding="utf-8",
        env=customer.variables,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("answer", ["", "n\n"])
def test_nothing_is_done_without_a_yes(customer: Conda, stick: Path, answer: str) -> None:
    told = answered(customer, answer, "offline-repo", "use", stick, "-n", "rating")
    assert told.returncode == 1
    assert "UnknownSignerError" in told.stderr
    assert f"--trust {VENDOR.fingerprint}" in told.stderr
    assert not (customer.envs / "rating").exists()


def test_the_question_shows_the_fingerprint(customer: Conda, stick: Path) -> None:
    told = answered(customer, "yes\n", "offline-repo", "use", stick, "-n", "rating")
    assert told.returncode == 0, told.stderr
    assert VENDOR.fingerprint in told.stdout + told.stderr
    assert expected(customer) == [VENDOR.fingerprint]
    assert "asked" not in customer.use(stick, "-n", "rating").output


@pytest.mark.parametrize("option", ["--yes", "--json"])
def test_scripts_have_to_name_the_key(customer: Conda, stick: Path, option: str) -> None:
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", option)
    assert VENDOR.fingerprint in told.output
    assert not (customer.envs / "rating").exists()
    if option == "--json":
        assert told.json["exception_name"] == "UnknownSignerError"
    customer.use(stick, "-n", "rating", option, *TRUST)
    assert expected(customer) == [VENDOR.fingerprint]


def test_dry_run_asks_nothing(customer: Conda, stick: Path) -> None:
    told = customer.use(stick, "-n", "rating", "--dry-run")
    assert "conda asks whether this is your vendor" in told.stdout
    assert not (customer.envs / "rating").exists()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (OTHER.fingerprint, "OtherSignerError"),
        ("SHA256:short", "InvalidRequestError"),
        (VENDOR.fingerprint.lower(), "InvalidRequestError"),
    ],
)
def test_key_that_is_not_the_signer(customer: Conda, stick: Path, given: str, error: str) -> None:
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--trust", given)
    assert error in told.stderr
    assert not (customer.envs / "rating").exists()


def test_unsigned_repository_works_and_says_so(
    customer: Conda, mirror: Mirror, tmp_path: Path
) -> None:
    plain = mirror.copy(1, tmp_path / "bank")
    told = customer.use(plain, "-n", "rating", "app", "--yes")
    assert "origin is unknown" in told.stdout
    assert expected(customer) == []
    told = customer.fail("offline-repo", "use", plain, "-n", "rating", *TRUST)
    assert "NotSignedError" in told.stderr


#: How the folder comes to hold another release, all of it consistent, and what is said of it.
FORGERIES = {
    "unsigned": "NotSignedError",
    "signed by another": "OtherSignerError",
    "signed by another and named the vendor": "SignatureError",
    "with the vendor's last signature": "SignatureError",
    "of another label": "OtherLabelError",
}


def forge(mirror: Mirror, stick: Path, kind: str) -> None:
    """Rewrite the folder as somebody would who has no key of the vendor's."""
    old = (stick / SIGNATURE_NAME).read_bytes()
    mirror.copy(2, stick)
    if kind == "signed by another":
        sign(stick, OTHER)
    elif kind == "signed by another and named the vendor":
        sign(stick, OTHER, named=(VENDOR, OTHER))
    elif kind == "with the vendor's last signature":
        (stick / SIGNATURE_NAME).write_bytes(old)
    elif kind == "of another label":
        path = stick / "offline-repo.json"
        path.write_text(path.read_text("utf-8").replace('"label": "bank"', '"label": "mill"'))


@pytest.mark.parametrize("kind", FORGERIES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_consistent_forgery_gets_nowhere(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str], solver: str, kind: str
) -> None:
    forge(mirror, stick, kind)
    before = snapshot(customer.envs)
    for arguments in (
        ("install", "--yes", "--solver", solver, "app=2.0"),
        ("update", "--yes", "--solver", solver, "--all"),
        ("offline-repo", "use", stick, "-n", "rating", "--yes", "--solver", solver, "app"),
        ("offline-repo", "use", stick, "-n", "rating", "--yes", "--allow-older", "--no-verify"),
    ):
        told = customer.fail(*arguments, **rating)
        assert FORGERIES[kind] in told.stderr, str(told)
        assert "ERROR REPORT" not in told.output
        assert snapshot(customer.envs) == before
    if kind != "of another label":
        assert FORGERIES[kind] in customer.fail("offline-repo", "verify", stick).stderr


def test_explicit_list_of_a_forgery(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str]
) -> None:
    forge(mirror, stick, "unsigned")
    listed = customer.work / "list.txt"
    listed.write_text(f"@EXPLICIT\n{(stick / 'noarch' / 'app-2.0-0.conda').as_uri()}\n")
    told = customer.fail("install", "--yes", "--file", listed, **rating)
    assert "NotSignedError" in told.stderr
    assert customer.installed("rating")["app"] == "1.0"


def test_new_key_is_trusted_when_the_old_one_signs_for_it(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str]
) -> None:
    mirror.copy(2, stick)
    sign(stick, VENDOR, NEW)
    told = customer.use(stick, "-n", "rating", "--yes")
    assert "expects" in told.stdout
    assert NEW.fingerprint in told.stdout
    assert {*expected(customer)} == {VENDOR.fingerprint, NEW.fingerprint}
    mirror.copy(3, stick)
    sign(stick, NEW)
    customer.run("update", "--yes", "--all", **rating)
    assert expected(customer) == [NEW.fingerprint]
    sign(stick, VENDOR)
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--yes", "--allow-older")
    assert "OtherSignerError" in told.stderr


def test_condas_own_update_moves_the_trust_and_says_so(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str]
) -> None:
    mirror.copy(2, stick)
    sign(stick, VENDOR, NEW)
    told = customer.run("update", "--yes", "--all", **rating)
    assert NEW.fingerprint in told.stderr
    assert {*expected(customer)} == {VENDOR.fingerprint, NEW.fingerprint}


def test_signature_that_somebody_adds_moves_nothing(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str]
) -> None:
    mirror.copy(2, stick)
    sign(stick, VENDOR)
    path = stick / SIGNATURE_NAME
    path.write_bytes(path.read_bytes() + OTHER.sign((stick / "offline-repo.json").read_bytes()))
    customer.use(stick, "-n", "rating", "--yes")
    customer.run("update", "--yes", "--all", **rating)
    assert expected(customer) == [VENDOR.fingerprint]


def test_lost_key(customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str]) -> None:
    mirror.copy(2, stick)
    sign(stick, NEW)
    assert "OtherSignerError" in customer.fail("update", "--yes", "--all", **rating).stderr
    customer.use(stick, "-n", "rating", "--yes", "--trust", NEW.fingerprint, "app")
    assert expected(customer) == [NEW.fingerprint]
    assert customer.installed("rating")["app"] == "2.0"
    customer.run("update", "--yes", "--all", **rating)


def test_back_to_an_older_release_the_newer_key_stays_trusted(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str]
) -> None:
    mirror.copy(2, stick)
    sign(stick, VENDOR, NEW)
    customer.use(stick, "-n", "rating", "--yes", "app")
    mirror.copy(1, stick)
    sign(stick, VENDOR)
    customer.use(stick, "-n", "rating", "--yes", "--allow-older", "app")
    assert {*expected(customer)} == {VENDOR.fingerprint, NEW.fingerprint}


def fleet(customer: Conda, *lines: str) -> Path:
    """Give the machine a file of allowed signers."""
    path = customer.folder / "allowed signers"
    path.write_text("".join(f"{line}\n" for line in lines))
    customer.configure(plugins={"offline_repo_allowed_signers": str(path)})
    return path


def test_allowed_signer_is_not_asked_for(customer: Conda, stick: Path) -> None:
    fleet(customer, "# ours", "", f"mill,b?nk {VENDOR.line}")
    customer.use(stick, "-n", "rating", "--yes")
    assert expected(customer) == [VENDOR.fingerprint]


def test_who_is_not_allowed_is_refused_whatever_is_answered(customer: Conda, stick: Path) -> None:
    fleet(customer, f"bank {OTHER.line}")
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--yes", *TRUST)
    assert "OtherSignerError" in told.stderr
    assert "OtherSignerError" in customer.fail("offline-repo", "verify", stick).stderr
    told = customer.fail("create", "--yes", "-n", "rating", "-c", stick, "--offline", "app")
    assert "OtherSignerError" in told.stderr


def test_nobody_is_allowed_any_more(customer: Conda, stick: Path) -> None:
    fleet(customer, f'bank valid-before="20200101" {VENDOR.line}')
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--yes", *TRUST)
    assert "OtherSignerError" in told.stderr
    told = customer.fail("create", "--yes", "-n", "rating", "-c", stick, "--offline", "app")
    assert "OtherSignerError" in told.stderr


def test_labels_that_the_file_does_not_name_are_asked_for(customer: Conda, stick: Path) -> None:
    fleet(customer, f"mill,!bank {OTHER.line}")
    customer.use(stick, "-n", "rating", "--yes", *TRUST)


def test_fleet_takes_nothing_unsigned(customer: Conda, mirror: Mirror, tmp_path: Path) -> None:
    plain = mirror.copy(1, tmp_path / "bank")
    customer.use(plain, "-n", "rating", "--yes")
    fleet(customer, f"* {VENDOR.line}")
    channel = ("--offline", "--override-channels", "-c", plain)
    for arguments in (
        ("offline-repo", "use", plain, "-n", "rating"),
        ("offline-repo", "verify", plain),
        ("install", "--yes", "-n", "rating", *channel, "app"),
        ("create", "--yes", "-n", "other", *channel, "app"),
    ):
        assert "NotSignedError" in customer.fail(*arguments).stderr


def test_file_that_cannot_be_read(customer: Conda, stick: Path) -> None:
    path = fleet(customer, "bank")
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", *TRUST)
    assert "AllowedSignersError" in told.stderr
    assert "line 1" in told.stderr
    path.unlink()
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", *TRUST)
    assert str(path) in told.stderr


def test_base_without_what_checks_signatures(tmp_path: Path, stick: Path) -> None:
    blind = "import sys; sys.modules['securesystemslib'] = None\n"
    (tmp_path / "blind").mkdir()
    (tmp_path / "blind" / "sitecustomize.py").write_text(blind)
    customer = Cold(tmp_path / "blind administrator", PYTHONPATH=str(tmp_path / "blind"))
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--yes", *TRUST)
    assert "securesystemslib" in told.stderr
    assert "not installed" in told.stderr
    assert not (customer.envs / "rating").exists()


def test_signature_that_arrives_before_the_manifest(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str], tmp_path: Path
) -> None:
    """A copying program has no order; what is half there is refused."""
    newer = mirror.copy(2, tmp_path / "newer")
    sign(newer, VENDOR)
    hand_over(newer, stick, SIGNATURE_NAME)
    told = customer.fail("install", "--yes", "lib", **rating)
    assert "SignatureError" in told.stderr
