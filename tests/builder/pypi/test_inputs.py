"""Packages of PyPI by every way into a request, to the published repository and the next build."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from conda_offline_repo.builder.options import EnvironmentSpec
from tests.support.pip_vendor import versions
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.pip_vendor import PipVendor


def again(vendor: PipVendor) -> BuildOutcome:
    """A build that names nothing but the label."""
    return vendor.build(packages=(), pip=(), channels=(), channels_named=False, platforms=())


def test_environment_that_pip_has_changed(vendor: PipVendor, tmp_path: Path) -> None:
    vendor.wheel("app", "1.0", "helper")
    vendor.wheel("app", "2.0")
    vendor.wheel("helper", "1.5")
    vendor.channel.write()
    prefix = tmp_path / "prefix"
    (prefix / "conda-meta").mkdir(parents=True)
    for at, package in vendor.channel.packages.items():
        if package.subdir != "win-64":
            record = {**package.record, "url": f"{vendor.channel.folder.as_uri()}/{at}"}
            (prefix / "conda-meta" / f"{at.rpartition('/')[2]}.json").write_text(json.dumps(record))
    for name, version in (("app", "1.0"), ("helper", "1.5")):
        info = prefix / f"lib/python3.12/site-packages/{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    where = ("--no-index", f"--find-links {vendor.wheels}")
    spec = EnvironmentSpec(prefix=prefix, pip=where)
    expected = {"app": "1.0 PyPI", "helper": "1.5 PyPI"}
    outcome = vendor.build(pip=(), environments=(spec,))
    assert versions(outcome) == expected
    shutil.rmtree(prefix)
    unchanged = again(vendor)
    assert (unchanged.changed, versions(unchanged)) == (False, expected)


def test_file_of_pip_alone(vendor: PipVendor, tmp_path: Path) -> None:
    wheel = vendor.wheel("app", "1.0", "helper")
    vendor.wheel("helper", "1.5")
    vendor.wheel("helper", "2.5")
    file = tmp_path / "environment.yml"
    (tmp_path / "base.txt").write_text(f"-c limits.txt\n./wheels/{wheel.name}\n")
    (tmp_path / "limits.txt").write_text("helper <2\n")
    lines = "-r base.txt, --no-index, -f ./wheels"
    file.write_text(f"dependencies: [{{pip: [{lines}]}}]\n")
    outcome = vendor.build(pip=(), environments=(EnvironmentSpec(file=file),))
    assert versions(outcome) == {"app": "1.0 PyPI", "helper": "1.5 PyPI"}
    file.unlink()
    assert not again(vendor).changed


def test_project_beside_its_lock_file(vendor: PipVendor, tmp_path: Path) -> None:
    vendor.channel.write()
    lines = ["version: 1", "metadata: {}", "package:"]
    for at, package in vendor.channel.packages.items():
        if package.subdir != "win-64":
            url = f"{vendor.channel.folder.as_uri()}/{at}"
            name, platform = package.record["name"], "linux-64"
            lines.append(f"- {{name: {name}, platform: {platform}, url: '{url}'}}")
    lines.append("- {name: app, manager: pip, platform: linux-64, url: ./src}")
    lock = tmp_path / "conda-lock.yml"
    lock.write_text("\n".join(lines))
    wheel = vendor.wheel("app", "1.0")
    outcome = vendor.build(pip=(), environments=(EnvironmentSpec(file=lock, pip=(str(wheel),)),))
    assert versions(outcome) == {"app": "1.0 PyPI"}
    wheel.unlink()  # the release has it
    assert not again(vendor).changed


def test_besides_all_that_the_label_channel_publishes(vendor: PipVendor) -> None:
    vendor.wheel("app", "1.0")
    label = TinyChannel(vendor.channel.folder / "label" / "bank")
    label.add("tool", depends=["python"])
    label.write()
    outcome = vendor.build(pip=(), packages=(), label_channel=True)
    assert versions(outcome) == {"tool": "1.0 conda"}
    named = {"channels": (), "channels_named": False, "platforms": (), "label_channel": True}
    outcome = vendor.build("app", packages=(), **named)
    assert versions(outcome) == {"app": "1.0 PyPI", "tool": "1.0 conda"}
    assert not vendor.build(packages=(), pip=(), **named).changed
