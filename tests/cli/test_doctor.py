"""What `conda doctor` says of an environment that uses an offline repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.mirror import another
from tests.support.running import Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

GOOD, BAD = "✅", "❌"
APP = "noarch/app-1.0-0.conda"


@pytest.fixture
def customer(tmp_path: Path, stick: Path) -> Conda:
    """The administrator, whose environment `rating` uses the stick."""
    customer = Customer(tmp_path / "administrator")
    # conda has its environments there by itself, and then reads their configuration by name, too
    customer.envs = customer.home / ".conda" / "envs"
    del customer.variables["CONDA_ENVS_DIRS"]
    customer.use(stick, "-p", customer.envs / "rating")
    return customer


def doctor(customer: Conda, *options: str) -> list[str]:
    """The lines of our part of the report."""
    result = customer.run("doctor", "-p", customer.envs / "rating", *options)
    assert "Error running health check" not in result.output
    assert "Traceback" not in result.output
    _, title, rest = result.stdout.partition("Offline repository ")
    return [f"{title}{line}" if not n else line for n, line in enumerate(rest.splitlines())]


def marked(lines: list[str], mark: str) -> list[str]:
    """The lines under our heading, up to the next check, that have a mark."""
    body = lines[2:]
    body = body[: body.index("")] if "" in body else body
    return [line.removeprefix(mark).strip() for line in body if line.startswith(mark)]


def test_whole_repository(customer: Conda, stick: Path) -> None:
    lines = doctor(customer)
    assert lines[0] == f"Offline repository {stick} (label bank, release 1):"
    (good,) = marked(lines, GOOD)
    assert "unchanged" in good
    assert marked(lines, BAD) == []
    assert "It is for" not in "".join(lines)
    assert "It is for" in "".join(doctor(customer, "--verbose"))


def test_damage(customer: Conda, stick: Path) -> None:
    (stick / APP).write_bytes(another(stick / APP))
    (stick / "noarch" / "extra-1.0-0.conda").unlink()
    (stick / "noarch" / "evil-1.0-0.conda").write_bytes(b"")
    lines = doctor(customer)
    assert marked(lines, BAD) == [
        "missing: noarch/extra-1.0-0.conda",
        f"changed: {APP}",
        "extra: noarch/evil-1.0-0.conda",
    ]
    assert marked(lines, GOOD) == []


def test_newer_build(customer: Conda, mirror: Mirror, stick: Path) -> None:
    mirror.copy(2, stick)
    (text,) = marked(doctor(customer), BAD)
    assert "release 2" in text
    assert f"conda offline-repo use {stick} -p {customer.envs / 'rating'}" in text
    customer.use(stick, "-p", customer.envs / "rating")
    assert marked(doctor(customer), BAD) == []


def test_packages_that_no_release_names(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path
) -> None:
    rating = customer.envs / "rating"
    channel = TinyChannel(tmp_path / "channel")
    other = channel.add("other", "9.9")
    foreign = channel.add("lib", "1.0").path  # the repository has another of this name
    customer.run("install", "--yes", "-p", rating, "app", "extra")
    assert marked(doctor(customer), BAD) == []
    customer.run("install", "--yes", "-p", rating, other.path, foreign)
    assert [line for line in marked(doctor(customer), BAD) if " in release " in line] == [
        f"Other content than in release 1: lib 1.0 0 ({foreign.as_uri()})",
        f"Not in release 1: other 9.9 0 ({other.path.as_uri()})",
    ]
    mirror.copy(2, stick)
    lines = doctor(customer)
    assert f"Not in release 2: app 1.0 0 ({stick.as_uri()}/{APP})" in marked(lines, BAD)
    command = f"use {stick} -p {rating} --release 2"
    assert any(f"`conda offline-repo {command}`" in line for line in lines)
    customer.run("offline-repo", *command.split(), "--yes")
    lines = doctor(customer)
    assert not any(" in release " in line or "leaves just" in line for line in lines)


def test_copy_without_a_state(customer: Conda) -> None:
    (customer.envs / "rating" / "conda-meta" / "offline-repo").unlink()
    told = customer.run("doctor", "-p", customer.envs / "rating")
    assert f"conda offline-repo use --undo -p {customer.envs / 'rating'}" in told.stdout


@pytest.mark.parametrize("change", ["removed", "offline: false\nchannels: [tools]\n"])
def test_file_that_confines_nothing_any_more(customer: Conda, change: str) -> None:
    own = customer.envs / "rating" / ".condarc"
    own.unlink()
    if change != "removed":
        own.write_text(change)
    texts = marked(doctor(customer), BAD)
    assert any(
        text.startswith(f"{own} does not confine") and "conda offline-repo use " in text
        for text in texts
    )


def test_repository_that_is_gone(customer: Conda, stick: Path) -> None:
    stick.rename(stick.with_name("away"))
    (text,) = marked(doctor(customer), BAD)
    assert str(stick) in text


def test_repository_that_cannot_be_read(customer: Conda, stick: Path) -> None:
    (stick / "offline-repo.json").write_text("{")
    (text,) = marked(doctor(customer), BAD)
    assert str(stick / "offline-repo.json") in text


def test_publication_that_was_interrupted(customer: Conda, stick: Path) -> None:
    (stick / "offline-repo.journal.json").write_text("{")
    result = doctor(customer)
    (text,) = marked(result, BAD)
    assert "publication" in text


def test_what_interferes(customer: Conda, stick: Path) -> None:
    customer.configure(allowlist_channels=["https://conda.example.com/main"])
    lines = doctor(customer)
    (text,) = marked(lines, BAD)
    assert text.startswith(f"{customer.home / '.condarc'} sets allowlist_channels (")
    (remedy,) = (line for line in lines if line.startswith("  What to do: "))
    assert stick.as_uri() in remedy


def test_environments_without_a_repository(customer: Conda) -> None:
    other = customer.envs / "other"
    customer.run("create", "--yes", "--offline", "-p", other)
    result = customer.run("doctor", "-p", other)
    assert "Offline repository" not in result.stdout
    assert "Error running health check" not in result.output
