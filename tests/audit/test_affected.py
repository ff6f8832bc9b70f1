"""Whom advisories affect: over labels, kept releases and environments."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.advisories import Advisory, Affected
from conda_offline_repo.audit.affected import Holding, affected, held_by
from conda_offline_repo.audit.policy import NotAffected
from conda_offline_repo.repository.locate import locate
from conda_offline_repo.repository.package import Package, WheelOrigin
from tests.support.inside import Inside, inside
from tests.support.rewriting import rewrite
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.audit.affected import Hit


def advisory(
    name: str = "requests", purl: str = "", fixed: str = "2.31.0", id: str = "PYSEC-2023-74"
) -> Advisory:
    ecosystem = "PyPI" if name else "OSS-Fuzz"
    events = (("introduced", "0"), ("fixed", fixed))
    package = Affected(ecosystem, name, purl, (), (events,))
    return Advisory(id, ("CVE-2023-32681",), "MODERATE", (package,))


def add(channel: TinyChannel, version: str) -> None:
    """A package whose project has another name on PyPI, and of which another part is no project."""
    metadata = {f"site-packages/requests-{version}.dist-info/METADATA": ""}
    channel.add("py-http", version, depends=["python"], files=metadata)


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Inside, TinyChannel]]:
    """Who has built acme twice, keeping the first release, and bank once; conda is hers."""
    folder = tmp_path_factory.mktemp("vendor")
    channel = TinyChannel(folder / "channel")
    channel.add("python", "3.11.0", build="h1_0", subdir="linux-64", depends=["openssl"])
    channel.add(
        "openssl", "3.0.1", subdir="linux-64", record={"purls": ["pkg:generic/OpenSSL@3.0.1"]}
    )
    channel.add("pip", "24.0", depends=["python"])
    add(channel, "2.30.0")
    channel.write()
    channels = (channel.folder.as_uri(),)
    with inside(folder / "me") as me:
        engineer = Inside(me.conda, folder / "root")
        for label in ("acme", "bank"):
            engineer.build(engineer.options("py-http", label=label, channels=channels, keep=2))
        add(channel, "2.31.0")
        add(channel, "2.32.0")
        channel.write()
        engineer.build(engineer.options("py-http <2.32", label="acme", channels=channels))
        yield engineer, channel


def hits(root: Path, *advisories: Advisory, notes: tuple[NotAffected, ...] = ()) -> list[Hit]:
    repositories = locate(root)
    holdings = [holding for each in repositories for holding in held_by(each, notes)]
    return affected(holdings, advisories)


def where(found: list[Hit]) -> list[tuple[str, int, str]]:
    """Label, release and package of each."""
    helds = [hit.holding for hit in found]
    return [(held.label, held.release, held.entry["name"]) for held in helds]


def test_labels_and_kept_releases(vendor: tuple[Inside, TinyChannel]) -> None:
    engineer, channel = vendor
    url = channel.folder.as_uri()
    found = hits(engineer.root, advisory())
    assert where(found) == [("acme", 1, "py-http"), ("bank", 1, "py-http")]
    for hit in found:
        assert (hit.holding.platform, hit.holding.entry["version"]) == ("linux-64", "2.30.0")
        assert hit.holding.names == {"conda/py-http": "2.30.0", "pypi/requests": "2.30.0"}
        assert (hit.advisory, hit.fixed, hit.note) == (advisory(), ("2.31.0",), "")
        assert hit.available == {"acme": "2.31.0", url: "2.31.0"}


def test_what_is_not_affected_is_not_available_either(vendor: tuple[Inside, TinyChannel]) -> None:
    engineer, channel = vendor
    found = hits(engineer.root, advisory(fixed="2.31.5"))
    assert [each[:2] for each in where(found)] == [("acme", 2), ("acme", 1), ("bank", 1)]
    assert [hit.available for hit in found] == [{channel.folder.as_uri(): "2.32.0"}] * 3
    assert [hit.available for hit in hits(engineer.root, advisory(fixed="99"))] == [{}] * 3


def test_names_by_purl(vendor: tuple[Inside, TinyChannel]) -> None:
    engineer, _ = vendor
    for purl in ("pkg:conda/openssl", "pkg:generic/openssl"):
        found = hits(engineer.root, advisory("", purl, "3.0.15"))
        assert where(found) == [
            ("acme", 2, "openssl"),
            ("acme", 1, "openssl"),
            ("bank", 1, "openssl"),
        ]
    assert not hits(engineer.root, advisory("openssl", fixed="99"))  # PyPI has another one
    assert not hits(engineer.root, advisory("py-http", fixed="99"))
    assert not hits(engineer.root, advisory("", "pkg:conda/requests", "99"))


def test_older_manifests(vendor: tuple[Inside, TinyChannel], tmp_path: Path) -> None:
    """Without the projects of PyPI, what needs Python is known by conda's name."""
    folder = tmp_path / "root" / "bank"
    shutil.copytree(vendor[0].root / "bank", folder)
    packages = locate(folder)[0].manifest.packages
    rewrite(folder, packages={n: replace(p, pypi={}, scripts=None) for n, p in packages.items()})
    (hit,) = hits(tmp_path / "root", advisory("Py_HTTP", fixed="3"))
    assert where([hit]) == [("bank", 1, "py-http")]
    assert not hits(folder, advisory("openssl", fixed="99"))


def test_notes(vendor: tuple[Inside, TinyChannel]) -> None:
    root = vendor[0].root
    for id in ("PYSEC-2023-74", "CVE-2023-32681"):
        for package in ("", "requests", "py-http", "requests <2.31", "py-http 2.30.*"):
            found = hits(root, advisory(), notes=(NotAffected(id, "No proxy.", package),))
            assert [hit.note for hit in found] == ["No proxy."] * 2, (id, package)
    for note in (
        NotAffected("PYSEC-2023-7", "Another.", ""),
        NotAffected("PYSEC-2023-74", "Another.", "openssl"),
        NotAffected("PYSEC-2023-74", "Another.", "requests >=2.31"),
    ):
        assert [hit.note for hit in hits(root, advisory(), notes=(note,))] == ["", ""]


def test_without_a_cached_index(vendor: tuple[Inside, TinyChannel], tmp_path: Path) -> None:
    with inside(tmp_path / "customer"):
        (hit, _) = hits(vendor[0].root, advisory())
        assert hit.available == {vendor[1].folder.as_uri(): "", "acme": "2.31.0"}


def test_version_that_conda_does_not_read(vendor: tuple[Inside, TinyChannel]) -> None:
    """As an environment may have it of pip, beside a conda package of the same name."""
    origin = WheelOrigin("py-http", "1.0-a_b", "", "")
    entry = {"name": "py-http", "version": "1.0-a_b"}
    package = Package("", "", 0, "", origin)
    held = Holding("", 0, "x", "linux-64", (vendor[1].folder.as_uri(),), package, entry)
    (hit,) = affected([held], [advisory("py-http", fixed="2.30.1")])
    assert hit.available == {}
