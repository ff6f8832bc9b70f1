"""PipVendor that a lock file names exactly."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.pypi.exceptions import WheelHashError, WheelMisfitError
from tests.support.pip_vendor import versions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pip_vendor import PipVendor


def locked(vendor: PipVendor, folder: Path, *wheels: Path) -> tuple[EnvironmentSpec, ...]:
    """A list of the vendor's Python, pip and of wheels, as conda-lock writes it."""
    vendor.channel.write()
    lines = ["# platform: linux-64", "@EXPLICIT"]
    for package in vendor.channel.packages.values():
        if package.subdir != "win-64":
            url = f"{vendor.channel.folder.as_uri()}/{package.at}"
            lines.append(f"{url}#{package.record['md5']}")
    for wheel in wheels:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        name = wheel.name.partition("-")[0]
        lines.append(f"# pip {name} @ {wheel.as_uri()} --hash=sha256:{digest}")
    file = folder / "explicit.txt"
    file.write_text("\n".join(lines))
    return (EnvironmentSpec(file=file),)


def test_wheels_of_a_list_are_shipped_with_it(vendor: PipVendor, tmp_path: Path) -> None:
    wheels = (vendor.wheel("app", "1.0", "helper[fast]"), vendor.wheel("helper", "2.0"))
    vendor.wheel("app", "2.0")
    outcome = vendor.build(pip=(), environments=locked(vendor, tmp_path, *wheels))
    assert versions(outcome) == {"app": "1.0 PyPI", "helper": "2.0 PyPI"}
    assert not outcome.manifest.pip
    again = vendor.build(packages=(), pip=(), channels=(), channels_named=False, platforms=())
    assert not again.changed


def test_wheel_that_was_swapped_is_refused(vendor: PipVendor, tmp_path: Path) -> None:
    environments = locked(vendor, tmp_path, vendor.wheel("app", "1.0"))
    vendor.wheel("app", "1.0", "helper")
    with pytest.raises(WheelHashError, match="app-1.0-py3-none-any.whl"):
        vendor.build(pip=(), environments=environments)
    assert not (vendor.me.root / "bank").exists()


def test_what_a_list_lacks_is_named(vendor: PipVendor, tmp_path: Path) -> None:
    environments = locked(vendor, tmp_path, vendor.wheel("app", "1.0", "helper>=2", "other"))
    with pytest.raises(
        WheelMisfitError, match="app 1.0 needs helper >=2, and there is none\n.*app 1.0 needs other"
    ):
        vendor.build(pip=(), environments=environments)


def test_list_without_python_abi_needs_none(vendor: PipVendor, tmp_path: Path) -> None:
    vendor.channel.add("python", "3.12.5", build="0", subdir="linux-64")
    wheel = vendor.wheel("app", tag="cp312-cp312-manylinux_2_17_x86_64")
    environments = locked(vendor, tmp_path, wheel)
    file = tmp_path / "explicit.txt"
    left_out = ("/python_abi-", "/python-3.12.4-")
    lines = [x for x in file.read_text().splitlines() if not any(part in x for part in left_out)]
    file.write_text("\n".join(lines))
    assert versions(vendor.build(pip=(), environments=environments)) == {"app": "1.0 PyPI"}
