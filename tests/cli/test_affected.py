"""`conda offline-repo show --affected`: whom advisories affect, and its exit status."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.locate import locate_one
from tests.cli.test_json import check
from tests.support.mirror import PLATFORM
from tests.support.rewriting import rewrite
from tests.support.running import Customer
from tests.support.suite import CORE, with_environments
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.running import Conda, Finished

FORMULA = '=HYPERLINK("http://evil.example")'
NOTE = "Only trusted files are read."


def record(project: str, fixed: str = "2.1", **more: Any) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    package = {"ecosystem": "PyPI", "name": project}
    return {
        "id": "PYSEC-1",
        "aliases": ["CVE-1", "GHSA-1"],
        "database_specific": {"severity": FORMULA},
        "affected": [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
        **more,
    }


@pytest.fixture
def root(published: Path, tmp_path: Path) -> Path:
    """Above the label with its environments, whose package `core` is `core-lib` on PyPI."""
    folder = tmp_path / "root" / "acme"
    shutil.copytree(published, folder)
    with_environments(folder)
    packages = {**locate_one(folder).manifest.packages}
    packages[CORE] = replace(packages[CORE], pypi={"core-lib": "2.0"}, scripts={})
    rewrite(folder, packages=packages)
    return folder.parent


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "administrator")


def asked(customer: Conda, root: Path, *arguments: object, **records: object) -> Finished:
    folder = root.parent / "osv"
    folder.mkdir(exist_ok=True)
    for name, value in records.items():
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / f"{name}.json").write_text(text)
    return customer.execute("offline-repo", "show", root, "--affected", folder, *arguments)


def test_the_table(customer: Conda, root: Path) -> None:
    result = asked(customer, root, a=record("Core_Lib"), bad="{")
    assert result.status == 3
    heads, row = ([*filter(None, line.split("  "))] for line in result.stdout.splitlines())
    assert dict(zip(map(str.strip, heads), map(str.strip, row), strict=True)) == {
        "LABEL": "acme",
        "RELEASE": "1",
        "ENVIRONMENT": "runtime",
        "PLATFORM": "linux-64",
        "PACKAGE": "core",
        "VERSION": "2.0",
        "ADVISORY": "PYSEC-1",
        "ALIASES": "CVE-1, GHSA-1",
        "FIXED IN": "2.1",
    }
    assert "bad.json" in result.stderr
    assert "not known: conda's cache has no index of it" in result.stderr


def test_json(customer: Conda, root: Path) -> None:
    result = asked(customer, root, "--json", a=record("core-lib"), bad="{")
    assert (result.status, result.stderr) == (3, "")
    content = check("show_affected", result)
    (hit,) = content["affected"]
    (channel,) = locate_one(root).manifest.request.channels
    assert hit == {
        "label": "acme",
        "release": 1,
        "environment": "runtime",
        "platform": "linux-64",
        "package": "core",
        "version": "2.0",
        "pypi": {"core-lib": "2.0"},
        "advisory": "PYSEC-1",
        "aliases": ["CVE-1", "GHSA-1"],
        "severity": FORMULA,
        "fixed": ["2.1"],
        "available": {channel: ""},
        "note": "",
    }
    assert ["bad.json" in problem for problem in content["unreadable"]] == [True]
    result = asked(customer, root, "--json", a=record("core-lib", "2.0"))
    assert (result.status, check("show_affected", result)["affected"]) == (0, [])


def test_csv(customer: Conda, root: Path) -> None:
    result = asked(customer, root, "--format", "csv", a=record("core-lib"))
    assert result.status == 3
    (row,) = csv.DictReader(StringIO(result.stdout))
    assert (row["label"], row["package"], row["pypi"]) == ("acme", "core", "core-lib 2.0")
    assert (row["aliases"], row["fixed"], row["available"]) == ("CVE-1, GHSA-1", "2.1", "")
    assert row["severity"] == f"'{FORMULA}"  # a spreadsheet runs it else
    result = asked(customer, root, "--format", "csv", a=record("core-lib", "2.0"))
    assert result.status == 0
    assert [*csv.DictReader(StringIO(result.stdout))] == []


def test_notes(customer: Conda, root: Path) -> None:
    """Of the manifest, and of a file, which may also be for one label."""
    note = {"id": "CVE-1", "package": "core-lib", "reason": NOTE}
    policy = root.parent / "policy.yml"
    policy.write_text(json.dumps({"labels": {"acme": {"policy": {"not_affected": [note]}}}}))
    result = asked(customer, root, "--policy", policy, a=record("core-lib"))
    assert result.status == 0
    assert result.stdout.splitlines()[1].endswith(NOTE)
    request = locate_one(root).manifest.request
    rewrite(root / "acme", request=replace(request, policy={"not_affected": [note]}))
    result = asked(customer, root, "--json")
    assert (result.status, result.json["affected"][0]["note"]) == (0, NOTE)
    # a copy of another release of the label has none
    shutil.copytree(root / "acme", root / "older")
    rewrite(root / "older", request=request)
    result = asked(customer, root, "--json")
    assert (result.status, [hit["note"] for hit in result.json["affected"]]) == (3, [NOTE, ""])
    shutil.rmtree(root / "older")
    # another one has none
    result = asked(customer, root, b=record("pip", "25", id="PYSEC-2", aliases=[]))
    assert result.status == 3
    environments = [line.split()[2] for line in result.stdout.splitlines()[1:]]
    assert environments == ["lock", "runtime", "runtime"]
    policy.write_text("policy: {not_affected: [{id: 1}]}\n")
    result = asked(customer, root, "--policy", policy)
    assert result.status == 1
    assert "policy.yml" in result.stderr


def test_nobody(customer: Conda, root: Path) -> None:
    result = asked(customer, root, a=record("other"))
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout == "No package is affected.\n"
    result = asked(customer, root, a="{}")
    assert result.status == 1
    assert "osv-vulnerabilities" in result.stderr


@pytest.mark.parametrize("damaged", ["noarch/repodata.json", "offline-repo.json"])
def test_a_damaged_repository(customer: Conda, root: Path, damaged: str) -> None:
    """It is named, with the status of an error; the others are asked, before and after it."""
    for name in ("abel", "zoe"):
        shutil.copytree(root / "acme", root / name)
        rewrite(root / name, label=name)
    (root / "acme" / damaged).write_text("{")
    result = asked(customer, root, a=record("core-lib"))
    assert result.status == 1
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["LABEL", "abel", "zoe"]
    assert f"{root / 'acme'} failed: {root / 'acme' / damaged} cannot be used" in result.stderr
    result = asked(customer, root, "--format", "csv")
    assert (result.status, len(result.stdout.splitlines())) == (1, 3)
    result = asked(customer, root, "--json")
    content = check("show_affected", result)
    assert (result.status, content["success"]) == (1, False)
    assert [hit["label"] for hit in content["affected"]] == ["abel", "zoe"]
    assert [problem["path"] for problem in content["damaged"]] == [str(root / "acme")]
    # where none of those that can be asked is affected, that does not hold for all
    result = asked(customer, root, a=record("core-lib", "2.0"))
    assert (result.status, result.stdout) == (1, "")
    result = asked(customer, root, "--label", "zoe")
    assert (result.status, result.stderr) == (0, "")
    result = asked(customer, root, "--label", "acme")
    assert (result.status, "[damaged]" in result.stderr) == (1, False)


def test_options_that_say_nothing_without_it(customer: Conda, root: Path) -> None:
    for options in (("--policy", "x.yml"), ("--format", "csv", "--brief")):
        result = customer.fail("offline-repo", "show", root, *options)
        assert "are for --affected" in result.stderr


def test_an_environment(customer: Conda, tmp_path: Path) -> None:
    """What conda and pip have installed, by the names that Python finds."""
    channel = TinyChannel(tmp_path / "channel")
    site = "lib/python3.11/site-packages"
    metadata = "Metadata-Version: 2.1\nName: Core.Lib\nVersion: 2.0\n"
    channel.add(
        "core", "2.0", files={f"{site}/core_lib-2.0.dist-info/METADATA": metadata}, subdir=PLATFORM
    )
    channel.write()
    prefix = tmp_path / "runtime"
    place = ("-p", prefix, "--override-channels", "-c", channel.folder)
    customer.run("create", "-y", *place, "core")
    of_pip = prefix / site / "piped-1.0.dist-info"
    of_pip.mkdir()
    (of_pip / "METADATA").write_bytes(b"Name: piped\nVersion: 1.0\nAuthor: Andr\xe9\n")  # Latin-1
    for name in ("half-1.0.dist-info", "~iped-0.9.dist-info"):  # what was interrupted leaves
        (prefix / site / name).mkdir()
    (prefix / site / "half-1.0.dist-info" / "METADATA").write_text("Version: 1.0\n")
    result = asked(
        customer,
        prefix,
        "--json",
        a=record("core-lib"),
        b=record("piped", id="PYSEC-2", aliases=[]),
        c=record("core", id="PYSEC-3", aliases=[]),
    )
    assert result.status == 3
    hits = check("show_affected", result)["affected"]
    assert [(h["advisory"], h["package"], h["version"], h["pypi"]) for h in hits] == [
        ("PYSEC-1", "Core.Lib", "2.0", {"core-lib": "2.0"}),
        ("PYSEC-2", "piped", "1.0", {"piped": "1.0"}),
    ]
    for hit in hits:
        assert (hit["label"], hit["release"]) == ("", 0)
        assert (hit["environment"], hit["platform"]) == ("runtime", PLATFORM)
    result = asked(customer, prefix)
    assert result.stdout.split()[0] == "ENVIRONMENT"
