"""Who breaks a policy, what it lets pass, and who needs that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.check import check, matches, remarks
from conda_offline_repo.audit.exceptions import Breach, PolicyBreachedError
from conda_offline_repo.audit.policy import parse_policy
from conda_offline_repo.repository.manifest import Kept, Manifest
from conda_offline_repo.repository.package import Decision, Package, WheelOrigin
from conda_offline_repo.repository.remembered import Remembered
from tests.audit.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
FORGE = "https://conda.anaconda.org/conda-forge"
PLACE = Path("repository")


class Folder:
    """A repository that is only said to be."""

    def __init__(self, **changes: Any) -> None:
        self.packages: dict[str, Package] = {}
        self.records: dict[str, dict[str, Any]] = {}
        self.changes = changes

    def add(
        self,
        name: str,
        version: str = "1.0",
        *,
        at: str = "noarch",
        channel: str = FORGE,
        package: Mapping[str, Any] | None = None,
        **entry: Any,
    ) -> str:
        archive = f"{at}/{name}-{version}-0.conda"
        known = {"scripts": {}, **(package or {})}
        url = f"{channel}/{archive.removeprefix('plugin/')}"
        self.packages[archive] = Package("", "", 1, url, **known)
        old = int((NOW - timedelta(days=100)).timestamp() * 1000)
        described = {"name": name, "version": version, "build": "0", "build_number": 0}
        usual = {"subdir": at.rpartition("/")[2], "license": "MIT", "timestamp": old, "depends": []}
        self.records[archive] = {**described, **usual, **entry}
        return archive

    def verdict(self, now: datetime = NOW, **stated: Any) -> Verdict:
        names = tuple(name for name in self.packages if not name.startswith("plugin/"))
        manifest = Manifest(
            label="acme",
            release=2,
            created="",
            request=Remembered(packages=("app",)),
            solutions={"linux-64": names},
            packages=self.packages,
            files={},
            built_with={},
        )
        manifest = replace(manifest, **self.changes)
        return Verdict(*check(parse_policy(stated), manifest, self.records, PLACE, now), now)

    def broken(self, **stated: Any) -> dict[str, str]:
        """What breaks a policy, by the name of the package."""
        breaches = self.verdict(**stated).breaches
        return {b.archive.split("/")[-1].rsplit("-", 2)[0]: b.problem for b in breaches}


def exception(package: str, until: str) -> dict[str, str]:
    return {"package": package, "reason": "why", "approved_by": "legal", "until": until}


def test_nothing_is_wrong_without_rules() -> None:
    folder = Folder()
    folder.add("app", license=None)
    verdict = folder.verdict()
    assert verdict[:2] == ([], ())


def test_a_breach_says_who_needs_the_package() -> None:
    folder = Folder()
    folder.add("app", depends=["lib"])
    folder.add("lib", depends=["gmp >=6"])
    archive = folder.add("gmp", "6.3", at="linux-64", license="GPL-3.0-only")
    (breach,) = folder.verdict(licenses={"deny": ["GPL-3.0-or-later"]}).breaches
    assert breach == Breach(archive, "licenses", "its licence GPL-3.0-only is denied", ("app",))
    error = PolicyBreachedError(PLACE, [breach])
    line = "linux-64/gmp-6.3-0.conda (needed by app): licenses: its licence GPL-3.0-only is denied"
    assert line in str(error)
    assert error.dump_map()["breaches"][0]["needed_by"] == ("app",)


def test_what_only_an_earlier_release_or_the_plugin_has_counts_too() -> None:
    archive = "noarch/old-1.0-0.conda"
    folder = Folder(
        solutions={"linux-64": ()}, releases={1: Kept("", "", {"linux-64": (archive,)})}
    )
    assert folder.add("old", license="ISC") == archive
    folder.add("tool", at="plugin/noarch", license="ISC")
    breaches = folder.verdict(licenses={"deny": ["ISC"]}).breaches
    assert {b.archive: b.needed_by for b in breaches} == {
        archive: ("release 1",),
        "plugin/noarch/tool-1.0-0.conda": ("plugin",),
    }


def test_packages_and_ranges_are_denied() -> None:
    folder = Folder()
    folder.add("openssl", "3.0.14", at="linux-64")
    folder.add("zlib", "1.3")
    problem = "openssl <3.0.15 is denied"
    assert folder.broken(packages={"deny": ["openssl <3.0.15"]}) == {"openssl": problem}
    for spec in ("openssl >=3.0.15", "openssl[build_number=1]", "acme::openssl", "ssl"):
        assert folder.broken(packages={"deny": [spec]}) == {}
    for spec in ("OpenSSL", "conda-forge::openssl", f"{FORGE}::openssl", "openssl 3.0.14 0"):
        assert folder.broken(packages={"deny": [spec]}) == {"openssl": f"{spec} is denied"}


def test_what_is_not_listed_is_not_allowed() -> None:
    folder = Folder()
    folder.add("app")
    folder.add("lib", "2.0")
    problem = "it is not an allowed package"
    assert folder.broken(packages={"allow": ["app", "lib <2"]}) == {"lib": problem}
    assert folder.broken(packages={"allow": ["app", "lib"]}) == {}


def test_packages_are_known_by_their_names_on_pypi() -> None:
    folder = Folder()
    folder.add("pytorch", "2.1.0", package={"pypi": {"torch": "2.1.0"}}, depends=["python"])
    folder.add("ruamel_yaml", "0.17", depends=["python >=3.8"])
    folder.add("graphviz", "9.0")
    wheel = WheelOrigin("acme-tool", "1.0", "acme_tool-1.0-py3-none-any.whl", "0" * 64)
    folder.add("acmetool", package={"wheel": wheel}, depends=["python"])
    assert [*folder.broken(packages={"deny": ["torch <2.2"]})] == ["pytorch"]
    assert [*folder.broken(packages={"deny": ["Ruamel.YAML"]})] == ["ruamel_yaml"]
    assert [*folder.broken(packages={"deny": ["acme_tool"]})] == ["acmetool"]
    # what is known of an archive counts, and a name on PyPI is none of a program
    assert folder.broken(packages={"deny": ["torch >=2.2", "Graph.viz"]}) == {}
    # a list of allowed packages names those of conda
    assert "pytorch" in folder.broken(packages={"allow": ["torch"]})


def test_channels() -> None:
    folder = Folder()
    folder.add("app", channel="https://conda.anaconda.org/acme/label/bank")
    folder.add("lib", channel="https://conda.anaconda.org/acme-other")
    folder.add("own", channel="https://conda.example.com/own")
    folder.add("odd", channel="")
    wheel = WheelOrigin("tool", "1.0", "tool-1.0-py3-none-any.whl", "0" * 64)
    pypi = "https://files.pythonhosted.org/packages"
    folder.add("tool", channel=pypi, package={"wheel": wheel})
    assert folder.broken(channels=["acme"]) == {
        "lib": "it is from https://conda.anaconda.org/acme-other",
        "own": "it is from https://conda.example.com/own",
        "odd": "it is from an unknown place",
        "tool": "it is from PyPI",
    }
    channels = ["acme", "acme-other", "https://conda.example.com/own/", "pypi"]
    assert [*folder.broken(channels=channels)] == ["odd"]


def test_age() -> None:
    folder = Folder()
    folder.add(
        "old", timestamp=int(datetime(2026, 11, 16, 11, 59, tzinfo=timezone.utc).timestamp())
    )
    folder.add("new", timestamp=int(datetime(2026, 11, 16, 12, 1, tzinfo=timezone.utc).timestamp()))
    undated = folder.add("undated", timestamp=None)
    verdict = folder.verdict(exclude_newer="14d")
    (breach,) = verdict.breaches
    assert (breach.archive, breach.rule) == ("noarch/new-1.0-0.conda", "exclude_newer")
    assert breach.problem == (
        "it is of 2026-11-16T12:01:00Z, too new for exclude_newer 14d until 2026-11-30T12:01:00Z"
    )
    unknown = Decision(undated, "exclude_newer", "its age is not known")
    assert verdict.decisions == (unknown,)
    assert [*folder.broken(exclude_newer="2026-11-15")] == ["new", "old"]
    assert folder.broken(exclude_newer="none") == {}


def test_wheels_are_as_old_as_the_release_had_them() -> None:
    wheel = WheelOrigin("tool", "1.0", "tool-1.0-py3-none-any.whl", "0" * 64)
    for cutoff, known in (("2026-11-16T12:00:00Z", True), ("2026-11-17T12:00:00Z", False)):
        folder = Folder(cutoff=cutoff)
        folder.add("tool", package={"wheel": wheel}, timestamp=None)
        assert (folder.verdict(exclude_newer="14d").decisions == ()) is known


def test_scripts() -> None:
    folder = Folder()
    scripts = {"native": ("a.so",), "post-link": ("bin/.x-post-link.sh",), "activation": ("x.sh",)}
    folder.add("lib", package={"scripts": scripts})
    folder.add("older", package={"scripts": None})
    verdict = folder.verdict(scripts={"deny": ["native", "post-link", "menu"]})
    assert [(b.archive[7:10], b.rule, b.problem) for b in verdict.breaches] == [
        ("lib", "scripts", "it has post-link: bin/.x-post-link.sh"),
        ("lib", "scripts", "it has native: a.so"),
        ("old", "scripts", "what it runs is not known"),
    ]


@pytest.mark.parametrize(
    ("until", "excepted", "ends"),
    [
        ("2026-11-29", False, False),
        ("2026-11-30", True, True),
        ("2026-12-30", True, True),
        ("2026-12-31", True, False),
    ],
)
def test_exceptions_and_their_ends(until: str, excepted: bool, ends: bool) -> None:
    folder = Folder()
    archive = folder.add("gmp", "6.3", license="ISC", channel="https://conda.example.com/x")
    folder.add("zlib")
    stated: Any = {"licenses": {"deny": ["ISC"]}, "channels": ["conda-forge"]}
    verdict = folder.verdict(**stated, exceptions=[exception("gmp <7", until)])
    decisions = [
        Decision(archive, "licenses", "its licence ISC is denied", "why", "legal", until),
        Decision(
            *(archive, "channels", "it is from https://conda.example.com/x"),
            *("why", "legal", until),
        ),
    ]
    assert [*verdict.decisions] == (decisions if excepted else [])
    assert verdict.ending == (decisions if ends else [])
    assert len(verdict.breaches) == (0 if excepted else 2)
    assert all("its exception ended on 2026-11-29" in b.problem for b in verdict.breaches)


def test_an_exception_is_for_its_package_and_the_last_one_counts() -> None:
    folder = Folder()
    folder.add("gmp", license="ISC")
    denied: Any = {"licenses": {"deny": ["ISC"]}}
    assert folder.broken(**denied, exceptions=[exception("gmp >1", "2027-01-01")])
    both = [exception("gmp", "2026-01-01"), exception("gmp", "2027-01-01")]
    assert folder.broken(**denied, exceptions=both) == {}


def test_what_is_only_warned_of_is_a_decision_without_reason() -> None:
    folder = Folder()
    archive = folder.add("lib", license="BSD")
    missing = folder.add("none", license="")
    verdict = folder.verdict(licenses={"unknown": "warn", "missing": "warn"})
    assert verdict.decisions == (
        Decision(archive, "licenses", "its licence BSD is not of SPDX"),
        Decision(missing, "licenses", "it states no licence"),
    )
    assert verdict.ending == []


def test_an_exception_ends_a_warning_too() -> None:
    folder = Folder()
    folder.add("lib", license="BSD")
    rules: Any = {"licenses": {"unknown": "warn"}}
    (decision,) = folder.verdict(**rules, exceptions=[exception("lib", "2027-01-01")]).decisions
    assert (decision.reason, decision.until) == ("why", "2027-01-01")
    assert [*remarks([decision], NOW)] == []
    (decision,) = folder.verdict(**rules, exceptions=[exception("lib", "2026-01-01")]).decisions
    assert [kind for kind, _ in remarks([decision], NOW)] == ["policy"]


def test_entries_that_are_odd_match_nothing_else() -> None:
    package = Package("", "", 1, "", pypi={"odd": "not a version"})
    entry = {"name": "Odd", "version": "1.0", "build": "0", "depends": None}
    assert matches("odd 1.0", package, entry)
    assert not matches("odd 2.0", package, entry)
    assert not matches("odd 2.0", replace(package, pypi={}), {**entry, "depends": [3]})
