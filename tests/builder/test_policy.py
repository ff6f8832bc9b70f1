"""What a policy lets a vendor publish."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.check import check
from conda_offline_repo.audit.exceptions import PolicyBreachedError, PolicyError
from conda_offline_repo.builder import policy
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.package import Decision, as_json
from tests.builder.test_cooldown import at, of
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside

GMP = "linux-64/gmp-6.0-0.conda"
EXCEPTION = {"package": "gmp", "reason": "why", "approved_by": "legal", "until": "2027-01-15"}
NO_GPL = {"licenses": {"deny": ["GPL-3.0-or-later"], "unknown": "warn"}}
EXCEPTED = {**NO_GPL, "exceptions": [EXCEPTION]}
OLD = of("2026-11-01T12:00:00Z")


class Vendor:
    """Who builds `app`, which needs `gmp`, which is GPL-3 and has a script."""

    def __init__(self, me: Inside, folder: Path) -> None:
        self.me, self.channel = me, TinyChannel(folder / "channel")
        self.add("1.0")
        script = {"bin/.gmp-post-link.sh": "echo\n"}
        entry = {"license": "GPL-3.0-only", **OLD}
        self.channel.add("gmp", "6.0", subdir="linux-64", files=script, record=entry)

    def add(self, version: str, license: str = "MIT", depends: str = "gmp") -> None:
        record = {"license": license, **OLD}
        self.channel.add("app", version, depends=[depends] if depends else [], record=record)

    def build(
        self, stated: Any = None, *, dry_run: bool = False, keep: int | None = None
    ) -> BuildOutcome:
        """Build with a policy, or with that which is remembered."""
        self.channel.write()
        options = self.me.options("app", channels=(self.channel.folder.as_uri(),), keep=keep)
        options = replace(options, policy=None if stated is None else json.dumps(stated))
        return self.me.build(options, dry_run=dry_run)

    def refused(self, stated: Any = None, **more: Any) -> dict[str, Any]:
        with pytest.raises(PolicyBreachedError) as raised:
            self.build(stated, **more)
        return {each["archive"]: each["problem"] for each in raised.value.breaches}


@pytest.fixture
def vendor(me: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    return Vendor(me, tmp_path)


def kinds(outcome: BuildOutcome) -> list[str]:
    return [warning.kind for warning in outcome.warnings]


@pytest.mark.parametrize("dry_run", [False, True])
def test_nothing_is_downloaded_for_what_breaks_the_policy(vendor: Vendor, dry_run: bool) -> None:
    vendor.channel.write()
    (vendor.channel.folder / GMP).unlink()
    with pytest.raises(PolicyBreachedError) as raised:
        vendor.build(NO_GPL, dry_run=dry_run)
    problem = "its licence GPL-3.0-only is denied"
    assert [*raised.value.breaches] == [
        {"archive": GMP, "rule": "licenses", "problem": problem, "needed_by": ("app",)}
    ]
    assert "The next release of bank breaks the policy" in str(raised.value)
    assert not vendor.me.root.exists() or not [*vendor.me.root.glob("*/offline-repo.json")]


def test_mistakes_are_found_before_anything_is_done(vendor: Vendor) -> None:
    with pytest.raises(PolicyError, match="has mistakes") as raised:
        vendor.build(
            {"licenses": {"allow": ["MIT"], "deny": ["mit"]}, "packages": {"deny": ["x<"]}}
        )
    assert len(raised.value.hints) == 2


def test_what_was_decided_is_remembered_and_stated(vendor: Vendor) -> None:
    first = vendor.build(EXCEPTED)
    decision = Decision(
        GMP, "licenses", "its licence GPL-3.0-only is denied", "why", "legal", "2027-01-15"
    )
    assert first.manifest.decisions == (decision,)
    assert first.manifest.request.policy == EXCEPTED
    published = locate_one(first.path).manifest
    assert (published.decisions, published.request.policy) == ((decision,), EXCEPTED)
    # the policy counts without being stated again, and its change is told
    assert not vendor.build().changed
    changed = vendor.build({**EXCEPTED, "channels": [vendor.channel.folder.as_uri()]})
    (change,) = changed.request_changes
    assert (change.what, change.before) == ("policy", ())
    assert change.after == (f"channels: [{vendor.channel.folder.as_uri()}]",)
    assert vendor.refused(NO_GPL) == {GMP: "its licence GPL-3.0-only is denied"}
    gone = vendor.build({})
    assert (gone.manifest.request.policy, gone.manifest.decisions) == ({}, ())


def test_ends_of_exceptions_count_where_nothing_changes(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "exception-ends" not in kinds(vendor.build(EXCEPTED))
    checked: list[object] = []

    def counted(*args: Any) -> Any:
        checked.append(args)
        return check(*args)

    monkeypatch.setattr(policy, "check", counted)
    at(monkeypatch, "2026-12-16T00:00:00Z")
    unchanged = vendor.build()
    assert (unchanged.changed, kinds(unchanged)) == (False, ["exception-ends"])
    assert "exception for gmp ends on 2027-01-15" in unchanged.warnings[0].text
    at(monkeypatch, "2027-01-15T23:59:59Z")
    assert not vendor.build().changed
    assert not checked
    at(monkeypatch, "2027-01-16T00:00:00Z")
    problem = "its licence GPL-3.0-only is denied; its exception ended on 2027-01-15"
    assert vendor.refused() == {GMP: problem}
    assert vendor.refused(dry_run=True) == {GMP: problem}
    assert vendor.build({**NO_GPL, "exceptions": [{**EXCEPTION, "until": "2028-01-01"}]}).changed


def test_what_runs_is_known_when_archives_are_there(vendor: Vendor) -> None:
    stated = {"scripts": {"deny": ["post-link"]}}
    assert vendor.build(stated, dry_run=True).changed
    problem = {GMP: "it has post-link: bin/.gmp-post-link.sh"}
    assert vendor.refused(stated) == problem
    vendor.build({})
    # what is known of a release is known before
    assert vendor.refused(stated, dry_run=True) == problem
    excepted = vendor.build({**stated, "exceptions": [EXCEPTION]})
    assert [decision.rule for decision in excepted.manifest.decisions] == ["scripts"]
    assert not vendor.build().changed


def test_names_on_pypi_are_known_when_archives_are_there(vendor: Vendor) -> None:
    metadata = "lib/python3.12/site-packages/acme_tool-1.0.dist-info/METADATA"
    vendor.channel.add("tool", files={metadata: ""}, record=OLD)
    vendor.add("2.0", depends="tool")
    assert [*vendor.refused({"packages": {"deny": ["acme-tool <2"]}})] == [
        "noarch/tool-1.0-0.conda"
    ]
    assert vendor.build({"packages": {"deny": ["acme-tool >=2"]}}).changed


def test_kept_releases_that_break_a_policy_are_not_kept(vendor: Vendor) -> None:
    vendor.build({}, keep=3)
    vendor.add("2.0", depends="")
    outcome = vendor.build(NO_GPL)
    assert kinds(outcome) == ["not-kept"]
    assert outcome.warnings[0].text == (
        f"Release 1 cannot be kept: {GMP} breaks the policy: its licence GPL-3.0-only is denied."
    )
    assert [*outcome.manifest.packages] == ["noarch/app-2.0-0.conda"]
    vendor.add("3.0", depends="")
    assert [*vendor.build().manifest.releases] == [2]


def test_kept_releases_need_their_exceptions(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.build(EXCEPTED, keep=3)
    vendor.add("2.0", depends="")
    second = vendor.build()
    assert [*second.manifest.releases] == [1]
    assert [decision.archive for decision in second.manifest.decisions] == [GMP]
    at(monkeypatch, "2027-01-16T00:00:00Z")
    third = vendor.build()
    assert third.manifest.releases == {}
    assert "its exception ended on 2027-01-15" in third.warnings[0].text


def test_what_is_only_warned_of_warns_each_time(vendor: Vendor) -> None:
    vendor.add("1.0", license="BSD")
    stated = {"licenses": {"unknown": "warn"}, "exclude_newer": "14d"}
    first = vendor.build(stated)
    assert [w.text for w in first.warnings] == [
        "The policy warns of app: its licence BSD is not of SPDX."
    ]
    again = vendor.build()
    assert (again.changed, again.warnings) == (False, first.warnings)
    assert [*map(as_json, again.manifest.decisions)] == [
        {
            "archive": "noarch/app-1.0-0.conda",
            "rule": "licenses",
            "problem": "its licence BSD is not of SPDX",
        }
    ]


def test_an_entry_that_is_repaired_is_judged_again(vendor: Vendor) -> None:
    vendor.build(EXCEPTED)
    vendor.add("1.0", license="GPL-3.0-or-later")
    problem = "its licence GPL-3.0-or-later is denied"
    assert vendor.refused() == {"noarch/app-1.0-0.conda": problem}


def test_each_platform_is_judged(vendor: Vendor) -> None:
    record = {"license": "GPL-3.0-only", **OLD}
    vendor.channel.add("gmp", "6.0", subdir="win-64", record=record)
    vendor.channel.write()
    url = vendor.channel.folder.as_uri()
    options = vendor.me.options("app", channels=(url,), platforms=("linux-64", "win-64"))
    with pytest.raises(PolicyBreachedError) as raised:
        vendor.me.build(replace(options, policy=json.dumps(NO_GPL)), dry_run=True)
    named = {each["archive"]: each["needed_by"] for each in raised.value.breaches}
    assert named == {GMP: ("app",), "win-64/gmp-6.0-0.conda": ("app",)}


def test_what_is_named_exactly_is_judged(vendor: Vendor) -> None:
    vendor.channel.write()
    packages = vendor.channel.packages.values()
    lines = [f"{package.path.as_uri()}#{package.record['md5']}" for package in packages]
    file = vendor.channel.folder / "exact.txt"
    file.write_text("\n".join(["@EXPLICIT", *lines]))
    options = vendor.me.options(channels=(vendor.channel.folder.as_uri(),))
    options = replace(options, environments=(EnvironmentSpec("prod", file=file),))
    with pytest.raises(PolicyBreachedError) as raised:
        vendor.me.build(replace(options, policy=json.dumps(NO_GPL)), dry_run=True)
    assert [each["needed_by"] for each in raised.value.breaches] == [("app",)]


def test_age_is_checked_and_not_wished_for(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "2026-11-10T10:00:00Z")
    with pytest.raises(PolicyBreachedError) as raised:
        vendor.build({"exclude_newer": "14d"})
    assert [*{each["rule"] for each in raised.value.breaches}] == ["exclude_newer"]
    assert "--exclude-newer" in str(raised.value)
    at(monkeypatch, "2026-11-16T10:00:00Z")
    assert vendor.build({"exclude_newer": "14d"}).changed
