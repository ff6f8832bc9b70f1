"""A wheel that is replaced by another of the same name: refused where its digest is stated, told
where it is not.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.exceptions import DownloadError
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.pypi.exceptions import WheelHashError
from tests.support.index import served
from tests.support.pip_vendor import versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.index import Index
    from tests.support.pip_vendor import PipVendor

FILE = "app-1.0-py3-none-any.whl"


@pytest.fixture
def index(vendor: PipVendor) -> Iterator[Index]:
    vendor.wheel("app")
    with served(vendor.wheels) as index:
        yield index


def stated(way: str, index: Index, vendor: PipVendor, folder: Path) -> dict[str, object]:
    """What names the wheel of the index with its digest."""
    digest = hashlib.sha256((index.folder / FILE).read_bytes()).hexdigest()
    url, option = f"{index.server}/packages/{FILE}", f"--index-url {index.url}"
    if way == "hash":
        return {"pip": (option, f"app==1.0 --hash=sha256:{digest}")}
    if way == "url":
        return {"pip": (option, f"app @ {url}#sha256={digest}")}
    vendor.channel.write()
    lines = ["# platform: linux-64", "@EXPLICIT"]
    for package in vendor.channel.packages.values():
        if package.subdir != "win-64":
            lines.append(f"{package.path.as_uri()}#{package.record['md5']}")
    file = folder / "explicit.txt"
    file.write_text("\n".join((*lines, f"# pip app @ {url} --hash=sha256:{digest}")))
    return {"pip": (), "environments": (EnvironmentSpec(file=file),)}


@pytest.mark.parametrize("way", ["hash", "url", "list"])
def test_another_wheel_than_the_stated_one_is_refused(
    vendor: PipVendor, index: Index, tmp_path: Path, way: str
) -> None:
    request = stated(way, index, vendor, tmp_path)
    vendor.wheel("app", "1.0", "evil")
    vendor.wheel("evil")
    with pytest.raises((DownloadError, WheelHashError)) as raised:
        vendor.build(**request)  # type: ignore[arg-type]
    assert re.search(r"app[ -]1.0", str(raised.value))
    assert not (vendor.me.root / "bank").exists()


@pytest.mark.parametrize("way", ["hash", "url", "list"])
def test_stated_wheel_is_taken_from_the_cache_though_it_was_swapped(
    vendor: PipVendor, index: Index, tmp_path: Path, way: str
) -> None:
    """What was built before is known by its digest."""
    request = stated(way, index, vendor, tmp_path)
    first = vendor.build(**request)  # type: ignore[arg-type]
    assert versions(first) == {"app": "1.0 PyPI"}
    assert not vendor.build(**request).changed  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", [1, 2])
def test_another_wheel_of_the_same_version(vendor: PipVendor, index: Index, keep: int) -> None:
    """uv has read the first, and knows it by its name."""
    pip = (f"--index-url {index.url}", "app")
    first = vendor.build(pip=pip, keep=keep)
    vendor.wheel("helper")
    vendor.wheel("app", "1.0", "helper")
    second = vendor.build(pip=pip, keep=keep)
    assert versions(second) == {"app": "1.0 PyPI", "helper": "1.0 PyPI"}
    (before,) = [name for name in first.manifest.packages if "/app-" in name]
    assert before not in second.manifest.solutions["linux-64"]
    # where the solver would take the older one of the two, it is not kept, so `update` works
    assert {w.kind for w in second.warnings} <= {"not-kept"}
