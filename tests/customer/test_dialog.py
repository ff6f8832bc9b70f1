"""`use` as a function: what it tells and asks, and when; it prints nothing of its own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.exceptions import CondaSystemExit

from conda_offline_repo.customer.hooks import caches
from conda_offline_repo.customer.request import UseRequest
from conda_offline_repo.customer.trust.exceptions import UnknownSignerError
from conda_offline_repo.customer.undo import undo
from conda_offline_repo.customer.use import use
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.specs import parse_spec
from tests.support.inside import inside
from tests.support.keys import SigningKey, sign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.customer.configuration import Finding
    from conda_offline_repo.customer.cooldown import HeldBack
    from conda_offline_repo.files.hashing import Digests
    from conda_offline_repo.repository.locate import Repository
    from tests.support.inside import Inside

VENDOR = SigningKey("vendor")
APP = (parse_spec("app"),)


class Person:
    """Answers as a test wants it, and sees that nothing was done before.

    Attributes:
        told: what was told and asked, in order.
    """

    def __init__(self, prefix: Path, *, trusts: bool = True, agrees: bool = True) -> None:
        self.prefix = prefix
        self.answers = trusts, agrees
        self.told: list[str] = []

    def hear(self, what: str) -> None:
        self.told.append(what)
        assert not (self.prefix / ".condarc").exists()

    def warn(self, findings: tuple[Finding, ...]) -> None:
        assert "PIP_INDEX_URL" in [finding.source for finding in findings]
        self.hear("warned")

    def wait(self, holder: str) -> None:
        raise AssertionError(holder)

    def trusts(self, repository: Repository) -> bool:
        self.hear(f"asked for {', '.join(repository.signers)}")
        return self.answers[0]

    def exempts(self, held_back: HeldBack) -> bool:
        raise AssertionError(held_back)

    def agree(self, transaction: Any) -> None:
        assert not transaction.nothing_to_do
        self.hear("shown a transaction")
        if not self.answers[1]:
            raise CondaSystemExit


@pytest.fixture(autouse=True)
def me(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    """The administrator, whose pip asks somewhere else."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example.com")
    with inside(tmp_path / "administrator") as me:
        yield me


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Where an environment is to be."""
    return tmp_path / "rating"


def test_warned_asked_and_shown_before_anything_is_done(
    prefix: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(stick, VENDOR)
    person = Person(prefix)
    request = UseRequest(stick.parent, prefix, name="rating", packages=APP)
    outcome = use(request, Unwatched(), person)
    assert person.told == [
        "warned",
        f"asked for {VENDOR.fingerprint}",
        "shown a transaction",
    ]
    assert "PIP_INDEX_URL" in [finding.source for finding in outcome.findings]
    linked = {text.rpartition("::")[2].rsplit("-", 2)[0] for text in outcome.linked}
    assert {"app", "lib"} <= linked
    assert outcome.unlinked == ()
    assert not outcome.target.exists
    assert outcome.repository.path == stick
    assert outcome.next[0] == "conda activate rating"
    assert (prefix / "share" / "app.txt").exists()
    # conda itself says what it downloads, and nobody else says anything
    printed = capsys.readouterr()
    assert VENDOR.fingerprint not in printed.out + printed.err
    assert "pip.example.com" not in printed.out + printed.err

    undone = undo(prefix, print)
    assert (undone.prefix, undone.path) == (prefix, stick)
    assert not (prefix / ".condarc").exists()


def test_dry_run_is_shown_and_not_asked(
    prefix: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(stick, VENDOR)
    person = Person(prefix)
    outcome = use(UseRequest(stick, prefix, packages=APP, dry_run=True), Unwatched(), person)
    assert person.told == ["warned", "shown a transaction"]
    assert outcome.linked
    assert not prefix.exists()
    assert "pip.example.com" not in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["trusts", "agrees"])
def test_no_leaves_nothing_behind(prefix: Path, stick: Path, answer: str) -> None:
    sign(stick, VENDOR)
    person = Person(prefix, **{answer: False})
    with pytest.raises(UnknownSignerError if answer == "trusts" else CondaSystemExit):
        use(UseRequest(stick, prefix, packages=APP), Unwatched(), person)
    assert not prefix.exists()


@pytest.mark.parametrize("exact", [{"release": 1}, {"environment": "default"}], ids=str)
def test_exact_takes_no_packages(prefix: Path, stick: Path, exact: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="take no packages"):
        use(UseRequest(stick, prefix, packages=APP, **exact), Unwatched(), Person(prefix))


@pytest.mark.parametrize("package", ["bank::app", "bank/noarch::app>=1", "file:///X:/bank::app"])
def test_package_names_a_channel(prefix: Path, stick: Path, package: str) -> None:
    with pytest.raises(InvalidRequestError, match="names a channel") as refused:
        UseRequest(stick, prefix, packages=(parse_spec(package),))
    assert package.rpartition("::")[2] in str(refused.value)


@pytest.mark.parametrize("more", [{"release": 1}, {"packages": APP}], ids=["exact", "solved"])
def test_caches_are_hashed_once(
    prefix: Path, stick: Path, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(UseRequest(stick, prefix, **more), Unwatched(), Person(prefix))
    hashed: Counter[str] = Counter()

    def counted(path: Path, **options: Any) -> Digests:
        hashed[path.name] += 1
        return hash_file(path, **options)

    monkeypatch.setattr(caches, "hash_file", counted)
    other = prefix.with_name("other")
    use(UseRequest(stick, other, **more, dry_run=True), Unwatched(), Person(other))
    assert "app-1.0-0.conda" in hashed
    assert set(hashed.values()) == {1}
    assert context.pkgs_dirs
