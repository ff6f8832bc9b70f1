"""Policies at the customer: what `use`, conda's own commands and `conda doctor` do about them."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit import licenses
from conda_offline_repo.audit.exceptions import LicensesMissingError
from conda_offline_repo.customer.hooks.policy import check_policies
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.names import PLUGIN_PACKAGE
from conda_offline_repo.urls import file_url
from dev.upstream.server import ChannelServer
from tests.support.inside import Inside, inside
from tests.support.mirror import PLATFORM, SOLVERS, publish
from tests.support.running import Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

BREACH = "noarch/lib-1.1-0.tar.bz2 (needed by app): packages: lib 1.1 is denied"


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "administrator")


def policy(tmp_path: Path, **rules: object) -> Path:
    path = tmp_path / "our policy.yml"
    path.write_text(json.dumps({"policy": rules}))
    return path


def denying(tmp_path: Path, *specs: str, **rules: object) -> Path:
    return policy(tmp_path, packages={"deny": specs}, **rules)


def on_the_machine(customer: Conda, path: Path) -> None:
    """Let the machine have a policy."""
    customer.configure(plugins={"offline_repo_policy": str(path)})


def test_nothing_is_configured_or_installed(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path
) -> None:
    mirror.copy(3, stick)
    path = denying(tmp_path, "lib 1.1", "nothing")
    use = ("offline-repo", "use", stick, "-n", "rating", "--policy", path)
    for more in ([], ["app", "--yes"], ["--release", "3"], ["--dry-run"], ["app", "--no-verify"]):
        told = customer.fail(*use, *more)
        assert BREACH in told.stderr
        assert f"PolicyBreachedError: {stick} breaks the policy" in told.stderr
        assert not (customer.envs / "rating").exists()
    told = customer.fail(*use, "--json", "--yes")
    assert told.json["exception_name"] == "PolicyBreachedError"
    (breach,) = told.json["breaches"]
    assert breach["archive"] == "noarch/lib-1.1-0.tar.bz2"
    assert breach["needed_by"] == ["app"]
    path = denying(tmp_path, "lib 1.0", "extra")
    assert "extra is denied" in customer.fail(*use).stderr
    customer.run(*use, "app", "--yes")
    assert customer.installed("rating")["lib"] == "1.1"
    assert "extra is denied" in customer.fail(*use, "extra", "--yes").stderr


@pytest.mark.parametrize("solver", SOLVERS)
def test_new_release_that_the_machines_policy_forbids(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path, solver: str
) -> None:
    customer.variables["CONDA_SOLVER"] = solver
    on_the_machine(customer, denying(tmp_path, "lib 1.1"))
    customer.use(stick, "-n", "rating", "app", "--yes")
    mirror.copy(3, stick)
    shell = customer.activated("rating")
    for command in (("update", "--all"), ("install", "lib=1.1"), ("update", "--all", "--dry-run")):
        assert BREACH in customer.fail(*command, "--yes", **shell).stderr
    assert customer.installed("rating") == {"app": "1.0", "lib": "1.0", "tool": "1.0"}
    assert BREACH in customer.fail("offline-repo", "use", stick, "-n", "rating").stderr
    assert "lib 1.1" in customer.fail("create", "-n", "x", "-c", stick, "lib", "--offline").stderr
    # what is not forbidden comes
    customer.run("install", "--yes", "extra", **shell)
    assert customer.installed("rating")["extra"] == "2.0"


def test_what_is_not_installed_anew_is_not_asked_about(
    customer: Conda, stick: Path, tmp_path: Path
) -> None:
    customer.use(stick, "-n", "rating", "app", "--yes")
    on_the_machine(customer, denying(tmp_path, "lib", "app"))
    shell = customer.activated("rating")
    for command in (("install", "app"), ("create", "-n", "copy", "--clone", "rating")):
        customer.run(*command, "--yes", **shell)
    assert customer.installed("copy") == customer.installed("rating")
    told = customer.run("doctor", "-p", customer.envs / "rating")
    for name in ("app", "lib"):
        assert f"{name} is denied" in told.stdout
    assert "tool is denied" not in told.stdout
    archive = stick / "noarch" / "lib-1.0-0.tar.bz2"
    assert "lib is denied" in customer.fail("create", "-n", "y", archive, "--offline").stderr
    customer.run("remove", "--yes", "app", **shell)
    assert "app is denied" in customer.fail("install", "--yes", "app", **shell).stderr


def test_policy_that_cannot_be_read(customer: Conda, stick: Path, tmp_path: Path) -> None:
    customer.use(stick, "-n", "rating", "tool", "--yes")
    shell = customer.activated("rating")
    customer.fail("offline-repo", "use", stick, "-n", "other", "--policy", "")
    for name in ("policy", "allowed_signers"):
        customer.configure(plugins={f"offline_repo_{name}": [str(tmp_path / "policy.yml")]})
        told = customer.fail("install", "--yes", "app", **shell)
        assert f"The setting plugins.offline_repo_{name} is not the path of a file." in told.stderr
    for path in (tmp_path / "missing.yml", tmp_path):
        on_the_machine(customer, path)
        for command in (
            ("install", "--yes", "app"),
            ("offline-repo", "use", stick, "-n", "other"),
            ("offline-repo", "verify", stick),
        ):
            told = customer.fail(*command, **shell)
            assert f"{path}:1:1: The file cannot be read" in told.stderr
        # what asks for nothing of it works
        customer.run("install", "--yes", "tool", **shell)
        customer.run("list", **shell)
    customer.run("offline-repo", "use", "--undo", "-n", "rating")
    assert not (customer.envs / "other").exists()


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two environments, which keeps an earlier release."""
    folder = tmp_path_factory.mktemp("vendor")
    channel = TinyChannel(folder / "channel")
    with inside(folder / "me") as me:
        engineer = Inside(me.conda, folder / "repositories")
        for version in ("1.0", "2.0"):
            channel.add("app", version, depends=[f"lib {version}"])
            channel.add("lib", version, subdir=PLATFORM)
            channel.add("tool", version)
            channel.write()
            url, platforms = channel.folder.as_uri(), (PLATFORM,)
            options = engineer.options("app", "tool", channels=(url,), platforms=platforms, keep=2)
            engineer.build(options)
    return folder / "repositories" / "bank"


def test_of_several_releases_the_one_that_is_installed_counts(
    customer: Conda, vendor: Path, tmp_path: Path
) -> None:
    old = denying(tmp_path, "lib <2")
    use = ("offline-repo", "use", vendor, "--yes", "--policy", old)
    customer.run(*use, "-n", "a", "app")
    assert customer.installed("a")["lib"] == "2.0"
    for wanted in (["--release", "1"], ["app=1.0"]):
        told = customer.fail(*use, "-n", "b", *wanted)
        assert (
            f"{PLATFORM}/lib-1.0-0.conda (needed by release 1): packages: lib <2 is denied"
            in told.stderr
        )
        assert not (customer.envs / "b").exists()
    use = ("offline-repo", "use", vendor, "--yes", "--policy", denying(tmp_path, "lib >=2"))
    customer.fail(*use, "-n", "c")
    customer.run(*use, "-n", "c", "--release", "1")
    assert customer.installed("c")["lib"] == "1.0"


def test_policy_of_this_machine_is_not_the_vendors(tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    channel.write()
    with inside(tmp_path / "me") as vendor:
        vendor.configure(plugins={"offline_repo_policy": str(denying(tmp_path, "app"))})
        vendor.build(vendor.options("app", channels=(channel.folder.as_uri(),)))
        outcome = vendor.build(vendor.options("app", channels=(channel.folder.as_uri(),)))
        assert not outcome.changed


def test_both_policies_count(customer: Conda, stick: Path, tmp_path: Path) -> None:
    on_the_machine(customer, denying(tmp_path, "lib"))
    other = (tmp_path / "other.yml", '{"policy": {"packages": {"deny": ["tool"]}}}')
    other[0].write_text(other[1])
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--policy", other[0])
    assert "lib is denied" in told.stderr
    assert "tool is denied" in told.stderr


def test_exception_that_ends_soon_is_told(customer: Conda, stick: Path, tmp_path: Path) -> None:
    def until(days: int) -> Path:
        day = date.today() + timedelta(days=days)
        allowed = {"package": "lib", "reason": "legal 7", "approved_by": "legal", "until": str(day)}
        return denying(tmp_path, "lib", exceptions=[allowed])

    on_the_machine(customer, until(20))
    day = str(date.today() + timedelta(days=20))
    told = customer.run("offline-repo", "use", stick, "-n", "rating", "app", "--yes")
    assert f"exception for lib ends on {day}" in told.stderr
    told = customer.run("offline-repo", "use", stick, "-n", "b", "--dry-run", "--json")
    assert "policy" in [w["source"] for w in told.json["warnings"]]
    told = customer.run("create", "-n", "c", "-c", stick, "--offline", "lib")
    assert f"exception for lib ends on {day}" in told.stderr
    assert (
        f"exception for lib ends on {day}" in customer.run("offline-repo", "verify", stick).stderr
    )
    assert f"exception for lib ends on {day}" in customer.run("doctor", "-n", "rating").stdout
    on_the_machine(customer, until(60))
    assert "policy" not in customer.run("offline-repo", "verify", stick).stderr
    on_the_machine(customer, until(-3))
    assert "lib is denied" in customer.fail("offline-repo", "verify", stick).stderr


def test_on_a_server(customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path) -> None:
    shutil.rmtree(stick)
    mirror.copy(3, stick)
    with ChannelServer(stick.parent) as server:
        url = f"{server.url}/bank"
        bad, good = denying(tmp_path / "..", "lib 1.1"), denying(tmp_path, "lib 1.0")
        use = ("offline-repo", "use", url, "-n", "rating", "app", "--yes")
        assert BREACH in customer.fail(*use, "--policy", bad).stderr
        assert BREACH in customer.fail("offline-repo", "verify", url, "--policy", bad).stderr
        on_the_machine(customer, good)
        customer.run(*use)
        customer.run("offline-repo", "verify", url)
        on_the_machine(customer, denying(tmp_path, "extra"))
        told = customer.fail("install", "--yes", "extra", **customer.activated("rating"))
        assert "extra is denied" in told.stderr


def test_licences(customer: Conda, stick: Path, tmp_path: Path) -> None:
    path = policy(tmp_path, licenses={"allow": ["MIT"]})
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--policy", path)
    assert "BSD-3-Clause is not among those that are allowed" in told.stderr
    path = policy(tmp_path, licenses={"allow": ["BSD-3-Clause"]})
    customer.use(stick, "-n", "rating", "--policy", path)
    # what is not forbidden may still be doubtful
    channel = TinyChannel(tmp_path / "channel")
    channel.add("odd", record={"license": "ours"})
    publish(tmp_path / "engineer", channel, "odd", root=tmp_path / "odd")
    path = policy(tmp_path, licenses={"deny": ["MIT"]})
    told = customer.use(tmp_path / "odd" / "bank", "-n", "odd", "odd", "--policy", path, "--yes")
    assert "The policy warns of odd: its licence" in told.stderr


def test_what_reads_licences_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    channel.add(PLUGIN_PACKAGE, depends=["python >=3.10", "conda >=24.7"])
    reading = {"plugin/noarch/license-expression-30.4.4-0.conda"}
    needed = {"plugin/noarch/boolean.py-4.0-0.conda"}
    path = policy(tmp_path, licenses={"deny": ["GPL-3.0-only"]})

    def built(**rules: object) -> set[str]:
        channel.write()
        options = vendor.options("app", channels=(channel.folder.as_uri(),))
        vendor.build(replace(options, plugin=True, policy=json.dumps(rules)))
        return {name for name in locate_one(bank).manifest.packages if "plugin/" in name}

    with inside(tmp_path / "me") as vendor:
        bank = vendor.root / "bank"
        rules = {"licenses": {"deny": ["GPL-3.0-only"]}}
        own = built(**rules)
        channel.add("license-expression", "30.4.4", depends=["python", "boolean.py >=4.0"])
        assert built(**rules) == own  # what it needs is not there
        channel.add("boolean.py", "4.0", depends=["python"])
        assert built(packages={"deny": ["gmp"]}) == own
        monkeypatch.setitem(sys.modules, "license_expression", None)
        licenses._licensing.cache_clear()
        with pytest.raises(LicensesMissingError, match="-n base license-expression"):
            check_policies(locate_one(bank), str(path))
        monkeypatch.undo()
        assert built(**rules) == own | reading | needed
        monkeypatch.setitem(sys.modules, "license_expression", None)
        licenses._licensing.cache_clear()
        with pytest.raises(LicensesMissingError) as caught:
            check_policies(locate_one(bank), str(path))
        command = f"-n base --override-channels -c {file_url(bank / 'plugin')} license-expression"
        assert command in str(caught.value)
        # rules on other things need nothing
        assert check_policies(locate_one(bank), str(denying(tmp_path, "gmp"))) == []
    licenses._licensing.cache_clear()
