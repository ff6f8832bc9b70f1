"""`conda offline-repo show`: what it prints of environments, packages, reasons and many labels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import JOURNAL_NAME
from conda_offline_repo.repository.package import Decision, Package, as_json
from tests.cli.test_json import check
from tests.support.keys import SigningKey, sign
from tests.support.rewriting import from_elsewhere, from_wheel, put_index, rewrite
from tests.support.running import PATIENCE, Customer
from tests.support.suite import CLI, CORE, PYTHON, TOOL, with_environments

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.running import Conda, Finished

SECRET = "pa55-0f-the-vendor"


@pytest.fixture
def acme(published: Path, tmp_path: Path) -> Path:
    """The label with its environments."""
    folder = tmp_path / "root" / "acme"
    shutil.copytree(published, folder)
    with_environments(folder)
    return folder


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "administrator")


def show(customer: Conda, *arguments: object) -> Finished:
    return customer.run("offline-repo", "show", *arguments)


def shown(customer: Conda, *arguments: object) -> dict[str, Any]:
    (content,) = show(customer, *arguments, "--json").json["repositories"]
    assert isinstance(content, dict)
    return content


def row(result: Finished, name: str) -> list[str]:
    """The words of the line that begins with this one."""
    rows = [line.split() for line in result.stdout.splitlines()]
    (match,) = (words for words in rows if words[:1] == [name])
    return match


def test_environments_and_packages(customer: Conda, acme: Path) -> None:
    from_elsewhere(acme, CLI, f"https://me:{SECRET}@h.example/t/{SECRET}/x/{CLI}?key={SECRET}")
    result = show(customer, acme)
    for words in (
        ("environment runtime", "cli, python 3.11.*"),
        ("environment tools", "tool"),
        ("environment lock", "exact archives"),
        ("runtime on linux-64 installs", "5 packages, "),
        ("tools on linux-64 installs", "2 packages, "),
    ):
        assert any(all(w in line for w in words) for line in result.stdout.splitlines()), words
    assert row(result, "cli")[-2:] == ["BSD-3-Clause", "https://h.example/x"]
    assert row(result, "cli")[1:3] == ["1.0", "0"]
    assert row(result, "python")[2] == "h1_0"
    assert "yes" in row(result, "cli")
    assert "yes" not in row(result, "libz")
    assert SECRET not in result.output
    content = shown(customer, acme)
    assert content["environments"] == [
        {"name": "lock", "packages": [], "exact": True, "pip": []},
        {"name": "runtime", "packages": ["cli", "python 3.11.*"], "exact": False, "pip": []},
        {"name": "tools", "packages": ["tool"], "exact": False, "pip": []},
    ]
    assert content["pip"] == []
    assert [(s["environment"], s["platform"]) for s in content["solutions"]] == [
        ("lock", "linux-64"),
        ("runtime", "linux-64"),
        ("tools", "linux-64"),
    ]
    assert PYTHON in content["solutions"][0]["packages"]
    packages = {package["name"]: package for package in content["packages"]}
    assert packages["cli"]["channel"] == "https://h.example/x"
    assert packages["libz"]["channel"].startswith("file://")
    assert (packages["tool"]["asked_for"], packages["libz"]["asked_for"]) == (True, False)


def test_policy_and_what_it_let_pass(customer: Conda, acme: Path) -> None:
    assert "policy  " not in show(customer, acme).stdout
    assert shown(customer, acme)["decisions"] == []
    excepted = Decision(CLI, "licenses", "GPL is denied", "légal 7", "legal", "2027-03-31")
    warned = Decision(PYTHON, "exclude_newer", "its age is not known")
    policy = {"licenses": {"deny": ["GPL-3.0-only"]}, "channels": ["Köln", "pypi"]}
    request = replace(locate_one(acme).manifest.request, policy=policy)
    rewrite(acme, request=request, decisions=(excepted, warned))
    lines = [" ".join(line.split()) for line in show(customer, acme).stdout.splitlines()]
    at = lines.index('policy channels: ["Köln", "pypi"]')
    assert lines[at + 1] == 'licenses: {"deny": ["GPL-3.0-only"]}'
    at = lines.index("ARCHIVE RULE PROBLEM REASON APPROVED BY UNTIL")
    assert lines[at + 1] == f"{CLI} licenses GPL is denied légal 7 legal 2027-03-31"
    assert lines[at + 2] == f"{PYTHON} exclude_newer its age is not known"
    content = shown(customer, acme)
    assert content["request"]["policy"] == policy
    assert content["decisions"] == [as_json(excepted), as_json(warned)]


def test_customers_conda(customer: Conda, acme: Path) -> None:
    lines = [" ".join(line.split()) for line in show(customer, acme).stdout.splitlines()]
    assert "customer's conda >=24.7 with classic, libmamba, rattler" in lines
    content = shown(customer, acme)
    assert content["customer_conda"] == ">=24.7"
    assert context.solver in content["proved_with"]
    assert f"{context.solver} ({content['proved_with'][context.solver]})" in "".join(lines)
    request = replace(
        locate_one(acme).manifest.request, customer_conda="<25", customer_solvers=("classic",)
    )
    rewrite(acme, request=request, proved_with={})
    lines = [" ".join(line.split()) for line in show(customer, acme).stdout.splitlines()]
    assert {"customer's conda <25 with classic", "proved with not stated"} <= {*lines}
    content = shown(customer, acme)
    assert (content["customer_solvers"], content["proved_with"]) == (["classic"], {})


def test_wheels_and_requirements_of_pip(customer: Conda, acme: Path) -> None:
    wheel = "Core_Lib-2.0-py3-none-any.whl"
    from_wheel(acme, CORE, wheel)
    pip = {"runtime/linux-64": {"Core.Lib[x]>=2": "core >=2"}}
    environments = {"runtime": (), "tools": ("tool",)}
    request = replace(locate_one(acme).manifest.request, environments=environments, exact=())
    pip["tools/linux-64"] = {"tool": "tool", "z": "libz"}
    rewrite(acme, pip=pip, request=request)
    result = show(customer, acme)
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[3:6] == [
        "environment runtime none",
        f"asked of pip Core.Lib[x]>=2 -> core 2.0 from PyPI ({wheel})",
        "environment tools tool",
    ]
    assert lines[6].startswith("asked of pip tool -> tool 1.0 from ")
    assert lines[7].startswith("z -> libz 1.3 from ")
    assert row(result, "core")[-2:] == ["PyPI:", wheel]
    assert "yes" in row(result, "core")
    content = check("show", show(customer, acme, "--json"))["repositories"][0]
    assert [each["requirement"] for each in content["pip"]] == ["Core.Lib[x]>=2", "tool", "z"]
    packages = {package["name"]: package for package in content["packages"]}
    assert packages["core"]["wheel"] == {
        "index": "PyPI",
        "file": wheel,
        "url": f"https://files.pythonhosted.org/packages/py3/{wheel}",
        "sha256": "e" * 64,
        "purl": "pkg:pypi/core-lib@2.0",
    }
    assert packages["cli"]["wheel"] is None
    result = show(customer, acme, "--why", "core_lib")
    assert f"  from PyPI: {wheel}\n  asked for: yes, of pip as Core.Lib[x]>=2\n" in result.stdout
    content = check("show_why", show(customer, acme, "--why", "core_lib", "--json"))
    (reason,) = content["repositories"][0]["solutions"]
    assert (reason["name"], reason["wheel"]["file"]) == ("core", wheel)
    assert reason["requirements"] == ["Core.Lib[x]>=2"]


def test_one_environment_without_a_name(customer: Conda, published: Path) -> None:
    result = show(customer, published)
    assert "packages asked for" in result.stdout
    assert row(result, "linux-64")[1:3] == ["installs", "6"]
    assert shown(customer, published)["environments"][0]["name"] == ""


def test_a_line_for_each_label(customer: Conda, acme: Path) -> None:
    other = acme.with_name("bank")
    shutil.copytree(acme, other)
    rewrite(other, label="bank", release=12)
    sign(other, SigningKey("vendor"))
    (other / JOURNAL_NAME).write_text("{}")
    result = show(customer, acme.parent, "--brief")
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    manifest = locate_one(acme).manifest
    assert row(result, "acme")[:4] == ["acme", "1", manifest.created, "6"]
    assert lines[1].endswith("nobody")
    assert row(result, "bank")[1] == "12"
    assert row(result, "bank")[-2:] == [SigningKey("vendor").fingerprint, "unfinished"]
    brief = show(customer, acme.parent, "--brief", "--json").json["repositories"]
    assert [(label["label"], label["build"], label["unfinished"]) for label in brief] == [
        ("acme", 1, False),
        ("bank", 12, True),
    ]
    assert brief[0]["packages"] == 6
    assert brief[0]["bytes"] == manifest.size
    assert len(show(customer, acme.parent, "--brief", "--label", "bank").stdout.splitlines()) == 2


def test_the_configured_root_is_shown(customer: Conda, acme: Path, tmp_path: Path) -> None:
    here = customer.run("offline-repo", "show", "--brief", cwd=acme.parent)
    assert row(here, "acme")
    result = customer.fail("offline-repo", "show", "--brief", cwd=tmp_path / "administrator")
    assert "no offline repository" in result.stderr
    customer.configure(plugins={"offline_repo_root": str(acme.parent)})
    assert row(show(customer, "--brief"), "acme")
    assert "libz" in show(customer, "--why", "libz").stdout


def test_why(customer: Conda, acme: Path) -> None:
    result = show(customer, acme, "--why", "libz").stdout.splitlines()
    start = next(n for n, line in enumerate(result) if line.startswith("runtime on linux-64"))
    assert result[start : start + 12] == [
        "runtime on linux-64: libz 1.3 h1_0",
        "  asked for: no",
        "  needed directly by: core 2.0 (libz), python 3.11.0 (libz >=1.2,<2)",
        "  shortest way: python -> libz",
        "  all ways, from the package to what was asked for:",
        "    libz 1.3",
        "      core 2.0 (libz)",
        "        cli 1.0 (core), asked for",
        "      python 3.11.0 (libz >=1.2,<2), asked for",
        "        core 2.0 (python 3.11.*), continued elsewhere",
        "        pip 24.0 (python >=3)",
        "          python 3.11.0 (pip), asked for, continued elsewhere",
    ]
    content = shown(customer, acme.parent, "--why", "__glibc")
    assert (content["label"], content["build"]) == ("acme", 1)
    runtime = next(s for s in content["solutions"] if s["environment"] == "runtime")
    assert [(step["name"], step["specs"]) for step in runtime["directly"]] == [
        ("libz", ["__glibc >=2.17"]),
        ("python", ["__glibc >=2.17,<3"]),
    ]
    assert runtime["shortest"] == ["python", "__glibc"]
    assert runtime["ways"][0]["depth"] == 0
    assert show(customer, acme, "--why", "libz") == show(customer, acme, "--why", "libz")


def test_why_of_the_unknown(customer: Conda, acme: Path) -> None:
    result = customer.fail("offline-repo", "show", acme, "--why", "pyhton")
    assert "'pyhton'" in result.stderr
    assert "python" in result.stderr.replace("pyhton", "")
    result = customer.fail("offline-repo", "show", acme, "--why", "pyhton", "--json")
    assert result.json["exception_name"] == "PackageUnknownError"


@pytest.mark.parametrize(
    "options",
    [("--why", "x", "--brief"), ("--licenses", "--releases"), ("--brief", "--licenses")],
    ids=" ".join,
)
def test_one_thing_at_a_time(customer: Conda, acme: Path, options: tuple[str, ...]) -> None:
    result = customer.execute("offline-repo", "show", acme, *options)
    assert result.status == 2
    assert "not allowed with" in result.stderr


@pytest.mark.parametrize("options", [(), ("--json",), ("--why", "end")], ids=["", "json", "why"])
def test_the_reader_has_seen_enough(customer: Conda, acme: Path, options: tuple[str, ...]) -> None:
    """As with `| head -1`, where the rest is far more than a pipe takes."""
    names = [f"{number:0>50}" for number in range(3_000)]
    entries = {
        f"{name}-1-0.conda": {"name": name, "version": "1", "build": "0", "depends": ["end"]}
        for name in [*names, "end"]
    }
    put_index(acme, "noarch/repodata.json", entries)
    archives = [f"noarch/{file}" for file in entries]
    package = Package("0" * 64, "", 1, "")
    solutions = {"linux-64": tuple(archives)}
    rewrite(acme, packages=dict.fromkeys(archives, package), solutions=solutions)
    process = subprocess.Popen(
        [sys.executable, "-m", "conda", "offline-repo", "show", str(acme), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=customer.work,
        encoding="utf-8",
        env=customer.variables,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    result = process.stderr.read()
    assert process.wait(PATIENCE) == 0, result
    assert result == ""


def test_licences_to_ship(customer: Conda, acme: Path, tmp_path: Path) -> None:
    result = show(customer, acme, "--licenses")
    assert result.stdout.startswith("Licences of the packages of acme, release 1\n")
    assert row(result, "core") == ["core", "2.0", "BSD-3-Clause"]
    assert result.stdout.count("Do what you like.") == 1
    assert "cli 1.0: LICENSE\ntool 1.0: LICENSE\n" in result.stdout
    assert "python 3.11.0: LICENSE.txt\n" in result.stdout
    assert "The Python licence.\n" in result.stdout
    assert "Without a text: core 2.0, libz 1.3, pip 24.0\n" in result.stdout
    assert str(tmp_path) not in result.stdout
    assert "Reading" in result.stderr
    content = shown(customer, acme, "--licenses")
    packages = {package["name"]: package for package in content["packages"]}
    assert content["texts"][packages["tool"]["texts"]["LICENSE"]] == "Do what you like."
    assert content["without"] == ["core 2.0", "libz 1.3", "pip 24.0"]


def test_licences_of_a_damaged_archive(customer: Conda, acme: Path) -> None:
    (acme / TOOL).unlink()
    result = customer.fail("offline-repo", "show", acme, "--licenses")
    assert f"{acme / TOOL} cannot be used: it is missing" in result.stderr
    assert "offline-repo verify" in result.stderr
