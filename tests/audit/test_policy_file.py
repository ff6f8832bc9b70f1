"""Policies in files: what is read, and every mistake with its place."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.exceptions import PolicyError
from conda_offline_repo.audit.policy import read_policy
from conda_offline_repo.exceptions import ConfigFileError
from conda_offline_repo.files import yaml_nodes

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.audit.policy import Policy

OWN = """\
policy:
  packages: {deny: ["openssl <3.0.15"]}
  channels: [acme, conda-forge]
  exclude_newer: 14d
  exceptions:
    - {package: gmp, reason: "linked dynamically, legal 2026-114", approved_by: legal,
       until: 2027-03-31}
"""
OF_LABELS = """\
root: repo
policy:
  packages: {deny: [gmp]}
  channels: [acme]
  exceptions: [{package: a, reason: b, approved_by: c, until: "2027-01-31"}]
labels:
  bank:
    packages: [app]
    policy:
      packages: {deny: [zlib]}
      exceptions: [{package: d, reason: e, approved_by: f, until: "2027-02-28"}]
  plant: {packages: [app]}
  ministry:
"""


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "my policy.yml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(tmp_path: Path, content: str | bytes, label: str = "bank") -> Policy:
    return read_policy(written(tmp_path, content), label)


def problems(tmp_path: Path, content: str | bytes, label: str = "bank") -> list[str]:
    path = written(tmp_path, content)
    with pytest.raises((ConfigFileError, PolicyError)) as caught:
        read_policy(path, label)
    head, *told = str(caught.value).splitlines()
    assert str(path) in head
    return [problem.removeprefix(f"{path}:") for problem in told]


@pytest.mark.parametrize(
    "content", [OWN, OWN.encode("utf-8-sig"), OWN.replace("\n", "\r\n")], ids=["", "bom", "crlf"]
)
def test_file_of_its_own(tmp_path: Path, content: str | bytes) -> None:
    policy = read(tmp_path, content)
    assert policy.deny == ("openssl <3.0.15",)
    assert policy.channels == ("acme", "conda-forge")
    assert policy.exclude_newer == "14d"
    (exception,) = policy.exceptions
    assert exception.reason == "linked dynamically, legal 2026-114"
    assert exception.until == date(2027, 3, 31)


def test_label_over_all_labels(tmp_path: Path) -> None:
    bank = read(tmp_path, OF_LABELS)
    assert (bank.deny, bank.channels) == (("zlib",), ("acme",))
    assert [exception.package for exception in bank.exceptions] == ["a", "d"]
    for label in ("plant", "ministry", "unknown"):
        other = read(tmp_path, OF_LABELS, label)
        assert (other.deny, other.channels) == (("gmp",), ("acme",))
        assert [exception.package for exception in other.exceptions] == ["a"]


def test_anchors_share_what_is_long(tmp_path: Path) -> None:
    content = "policy: {packages: {deny: &names [gmp, zlib], allow: *names}}"
    policy = read(tmp_path, content)
    assert policy.allow == policy.deny == ("gmp", "zlib")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "1:1: There is no key 'policy' at its top or in 'bank'."),
        ("# nothing\n", "1:1: There is no key 'policy' at its top or in 'bank'."),
        ("[policy]", "1:1: There is no key 'policy' at its top or in 'bank'."),
        ("packages: {deny: [gmp]}", "1:1: There is no key 'policy' at its top or in 'bank'."),
        ("labels: {plant: {policy: {}}}", "1:1: There is no key 'policy' at its top or in 'bank'."),
        ("labels: {bank: policy}", "1:1: There is no key 'policy' at its top or in 'bank'."),
        ("policy:\n  channels: [a]\n  channels: [b]", "3:3: The key 'channels' appears twice"),
        ("policy:\n\tchannels: [a]", "2:1: This is not YAML"),
        ("policy: {channels: [a}", "1:22: This is not YAML"),
        ("policy: {channels: [*all]}", "1:21: This is not YAML: nothing is named so"),
        ("policy: &all {packages: *all}", "1:9: Aliases (*name) repeat too much"),
        ("policy: !!python/name:os.system {}", "1:9: A tag (!...) is not allowed"),
        ("a: 1\npolicy: {<<: {}}", "2:10: << is not supported"),
        (b"policy: {channels: [\xff]}", "1:21: This is not text in UTF-8"),
        ("\nlabels:\n  bank:\n    policy: {channel: [a]}", "policy has no key 'channel'."),
    ],
)
def test_unusable(tmp_path: Path, content: str | bytes, problem: str) -> None:
    (told,) = problems(tmp_path, content)
    assert told.startswith(problem)


def test_all_mistakes_at_their_places(tmp_path: Path) -> None:
    content = """\
policy:
  channels: acme
  exclude_newer: soon
  packages:
    deny: [openssl, "=>=3"]
    allow: [3.10]
  exceptions:
    - package: gmp
      reason: 2026.5
      approved_by: legal
      until: tomorrow
    - {package: a, reason: b, until: 2027-01-01}
"""
    told = problems(tmp_path, content)
    places = {re.split("[: ]", problem)[0] for problem in told}
    assert places == {
        *("policy.channels", "policy.exclude_newer", "policy.packages.deny[1]"),
        *("policy.packages.allow[0]", "policy.exceptions[0].reason"),
        *("policy.exceptions[0].until", "policy.exceptions[1]"),
    }
    assert any("lacks 'approved_by'" in problem for problem in told)


def test_policy_that_is_no_mapping(tmp_path: Path) -> None:
    for value in ("", "deny", "[a]", "12", "2027-01-31"):
        (problem,) = problems(tmp_path, f"# a\npolicy: {value}")
        assert problem == "policy has to be a mapping."


def test_too_large(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, OWN + "#" * yaml_nodes.LARGEST)
    assert problem.startswith("1:1: The file cannot be read: it is larger")


def test_what_is_not_a_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.yml"):
        with pytest.raises(ConfigFileError, match=r":1:1: The file cannot be read") as caught:
            read_policy(path, "bank")
        assert "Traceback" not in str(caught.value)
