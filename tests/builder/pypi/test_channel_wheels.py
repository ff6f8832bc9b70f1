"""Channels of wheels, such as conda-pypi: what is a wheel alone is shipped as a package."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.solving.exceptions import SolveError
from conda_offline_repo.exceptions import OfflineRepoError
from dev.upstream.server import ChannelServer
from tests.support.pip_vendor import versions
from tests.support.sharded import READS_VERSION_3, shard_newer
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.pip_vendor import PipVendor


TOKEN = "tk-5ecret0f4pypi"


class Wheels:
    """A channel of wheels beside the vendor's, on a server, and an index that has newer ones."""

    def __init__(self, vendor: PipVendor, folder: Path) -> None:
        self.vendor = vendor
        self.channel = TinyChannel(folder / "served" / "conda-pypi")
        self.index = folder / "simple"
        self.server = ChannelServer(folder / "served", private={"private": TOKEN})

    @property
    def url(self) -> str:
        return f"{self.server.url}/{self.channel.folder.name}"

    def add(self, name: str, version: str, *requires: str, depends: tuple[str, ...] = ()) -> Path:
        path = write_wheel(self.channel.folder / "noarch", name, version, requires=requires)
        self.channel.wheels[f"{name}-{version}-py3_none_any_0"] = {
            **{"name": name, "version": version, "build": "py3_none_any_0", "build_number": 0},
            **{"subdir": "noarch", "noarch": "python", "depends": ["python >=3.8", *depends]},
            **{"url": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
            **{"size": path.stat().st_size, "timestamp": 1_700_000_000_000},
        }
        return path

    def elsewhere(self, name: str, version: str) -> None:
        """Let the index of uv have a wheel."""
        path = write_wheel(self.index / name, name, version)
        page = self.index / name / "index.html"
        known = page.read_text() if page.exists() else ""
        page.write_text(f'{known}<a href="{path.name}">{path.name}</a><br>')

    def build(
        self, *packages: str, sharded: bool = False, dry_run: bool = False, **more: Any
    ) -> BuildOutcome:
        self.channel.write()
        if sharded:
            shard_newer(self.channel, "noarch")
        options = self.vendor.options(packages=packages)
        urls = (*options.channels, self.url)
        settings = {"pip": (), "channels": urls, **more}
        options = replace(options, **settings)
        return self.vendor.me.build(options, dry_run=dry_run)


@pytest.fixture
def wheels(vendor: PipVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wheels]:
    wheels = Wheels(vendor, tmp_path)
    with wheels.server:
        monkeypatch.setenv("UV_DEFAULT_INDEX", wheels.index.as_uri())
        yield wheels


@pytest.mark.parametrize(
    "sharded",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.skipif(not READS_VERSION_3, reason="this conda reads no such shards"),
        ),
    ],
)
def test_shipped_as_packages(wheels: Wheels, sharded: bool) -> None:
    """Dependencies are conda's packages, wheels of the channel, and else of uv's index."""
    wheels.vendor.add("numpy", "2.1")
    wheels.add("numpy", "3.0")
    needs = ("numpy>=2", "helper", "other")
    wheel = wheels.add("app", "1.0", *needs, depends=("numpy", "helper", "other"))
    wheels.add("app", "2.0", *needs, depends=("numpy", "helper", "other"))
    wheels.add("helper", "1.0")
    for name in ("app", "helper", "other"):
        wheels.elsewhere(name, "9.0")
    outcome = wheels.build("app <2", "python 3.12.*", sharded=sharded)
    assert versions(outcome) == {
        **{"app": "1.0 PyPI", "helper": "1.0 PyPI"},
        **{"numpy": "2.1 conda", "other": "9.0 PyPI"},
    }
    manifest = outcome.manifest
    assert manifest.request.packages == ("app <2", "python 3.12.*")
    assert "app" not in manifest.pip.get("linux-64", {})
    (archive,) = (name for name in manifest.packages if "/app-" in name)
    assert manifest.packages[archive].url == f"{wheels.url}/noarch/{wheel.name}"
    told = [w.text for w in outcome.warnings if w.kind == "from-pypi"]
    assert f"app 1.0 is made from a wheel of {wheels.url} for linux-64." in told
    index = json.loads((wheels.vendor.me.root / "bank" / "noarch/repodata.json").read_bytes())
    assert "v3" not in index
    assert not wheels.build("app <2", "python 3.12.*", sharded=sharded).changed


def test_wheels_alone_bring_python(wheels: Wheels) -> None:
    wheels.add("app", "1.0")
    outcome = wheels.build("app")
    assert versions(outcome) == {"app": "1.0 PyPI"}
    assert any("/python-3.12" in name for name in outcome.manifest.packages)


def test_age_is_that_of_the_entry(wheels: Wheels) -> None:
    """uv is not told when a wheel of a channel was uploaded."""
    wheels.add("app", "1.0")
    wheels.add("app", "2.0")
    wheels.channel.wheels["app-2.0-py3_none_any_0"]["timestamp"] = 1_790_000_000_000
    outcome = wheels.build("app", exclude_newer="2026-08-01")
    assert versions(outcome) == {"app": "1.0 PyPI"}


def test_of_a_private_channel(wheels: Wheels) -> None:
    """The token reaches the server of the channel, and nothing that is published."""
    wheels.channel.folder = wheels.channel.folder.with_name("private")
    wheels.add("app", "1.0")
    local = wheels.vendor.channel.folder.as_uri()
    outcome = wheels.build("app", channels=(wheels.url, local), token=TOKEN)
    assert versions(outcome) == {"app": "1.0 PyPI"}
    assert any(TOKEN in request.path for request in wheels.server.requests)
    for path in (wheels.vendor.me.root / "bank").rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()


def test_dry_run(wheels: Wheels) -> None:
    wheels.add("app", "1.0")
    outcome = wheels.build("app", dry_run=True)
    assert versions(outcome) == {"app": "1.0 PyPI"}
    assert not (wheels.vendor.me.root / "bank").exists()


def test_no_version_fits(wheels: Wheels) -> None:
    wheels.add("app", "1.0")
    with pytest.raises(SolveError, match="has 1.0 as a wheel"):
        wheels.build("app >=2")


def test_conda_packages_that_need_wheels_are_refused_by_name(wheels: Wheels) -> None:
    wheels.vendor.add("tool", "1.0", "app")
    wheels.add("app", "1.0")
    with pytest.raises(SolveError, match=f"app: {wheels.url} has 1.0 as a wheel"):
        wheels.build("tool")


def test_swapped_wheel_is_refused(wheels: Wheels) -> None:
    path = wheels.add("app", "1.0")
    write_wheel(path.parent, "app", "1.0", files={"app.py": "evil = True"})
    with pytest.raises(OfflineRepoError, match=r"app-1\.0-py3-none-any\.whl"):
        wheels.build("app")
    assert not (wheels.vendor.me.root / "bank").exists()
