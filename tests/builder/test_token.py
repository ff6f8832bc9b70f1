"""A token goes to the channel that was named as the publisher's, and to nobody else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from dev.upstream.server import ChannelServer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import Conda, Finished

TOKEN = "tk-f0r-4cme-alone"
GIVEN = {"CONDA_OFFLINE_REPO_TOKEN": TOKEN, "CONDA_REMOTE_MAX_RETRIES": "0"}


@dataclass(frozen=True)
class Sites:
    """Two servers, one with the private channels of acme, and one with a public channel."""

    acme: ChannelServer
    forge: ChannelServer

    @property
    def urls(self) -> tuple[str, str]:
        return f"{self.acme.url}/acme", f"{self.forge.url}/forge"

    def told(self) -> set[str]:
        """Who was sent the token, in whatever form."""
        servers = {"acme": self.acme, "forge": self.forge}
        return {
            name
            for name, server in servers.items()
            if any(TOKEN in f"{r.path} {r.headers}" for r in server.requests)
        }


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    acme, label, forge = (
        TinyChannel(tmp_path / name)
        for name in ("private/acme", "private/acme/label/bank", "public/forge")
    )
    acme.add("app", depends=["lib"])
    label.add("tool")
    forge.add("lib")
    for channel in (acme, label, forge):
        channel.write()
    with (
        ChannelServer(tmp_path / "private", private={"acme": TOKEN}) as private,
        ChannelServer(tmp_path / "public") as public,
    ):
        yield Sites(private, public)


@pytest.fixture
def vendor(conda: Conda, root: Path) -> Vendor:
    return Vendor(conda, root)


@dataclass(frozen=True)
class Vendor:
    conda: Conda
    root: Path

    def build(self, *arguments: object, **variables: str) -> Finished:
        command = ("offline-repo", "build", "--label", "bank", "--root", self.root)
        return self.conda.execute(*command, *arguments, **{**GIVEN, **variables})

    def built(self, *arguments: object, **variables: str) -> Finished:
        result = self.build(*arguments, **variables)
        assert result.status == 0, str(result)
        return result

    def channels_of(self, sites: Sites) -> list[str]:
        manifest = json.loads((self.root / "bank" / "offline-repo.json").read_bytes())
        by_url = dict(zip(sites.urls, ("acme", "forge"), strict=True))
        return [by_url.get(url, "label") for url in manifest["request"]["channels"]]

    def environment(self, *channels: str) -> Path:
        path = self.root.parent / "environment.yml"
        path.write_text(json.dumps({"channels": channels, "dependencies": ["app"]}))
        return path


@pytest.mark.parametrize("way", ["named", "remembered", "environment.yml", "file"])
def test_publisher_that_is_named(vendor: Vendor, sites: Sites, way: str) -> None:
    acme, forge = sites.urls
    named: tuple[object, ...] = ("-c", acme, "-c", forge, "--override-channels")
    if way == "environment.yml":
        vendor.built("-c", acme, "--environment-file", vendor.environment(forge))
    elif way == "file":
        label = {"channels": [acme, forge], "packages": ["app"], "token": "${ACME_TOKEN}"}
        content = {"root": str(vendor.root), "labels": {"bank": label}}
        path = vendor.root.parent / "offline-repo.yml"
        path.write_text(json.dumps(content))
        vendor.conda.build("--file", path, ACME_TOKEN=TOKEN)
        sites.acme.clear()
        vendor.built("--dry-run")
    else:
        vendor.built(*named, "app")
    if way == "remembered":
        sites.acme.clear()
        assert "The token" not in vendor.built("--add", "tool").output
    assert vendor.channels_of(sites) == ["label", "acme", "forge"]
    assert sites.told() == {"acme"}


@pytest.mark.parametrize("way", ["configured", "environment.yml", "explicit list"])
def test_channel_that_merely_is_first(vendor: Vendor, sites: Sites, way: str) -> None:
    """It is not sent the token, and the command that the message proposes sends it to acme."""
    acme, forge = sites.urls
    request: tuple[object, ...] = ("app",)
    if way == "configured":
        vendor.conda.configure(channels=[forge, acme])
    elif way == "environment.yml":
        request = ("--environment-file", vendor.environment(forge, acme))
    elif way == "explicit list":
        path = vendor.root.parent / "list.txt"
        path.write_text(
            f"@EXPLICIT\n{forge}/noarch/lib-1.0-0.conda\n{acme}/noarch/app-1.0-0.conda\n"
        )
        request = ("--environment-file", path)
    result = vendor.build(*request, "--no-label-channel")
    assert result.status == 1
    assert "the token was sent to no channel, because no publisher is named" in result.stderr
    assert sites.told() == set()
    _, _, advice = result.stderr.partition("name it first: ")
    options = advice.partition(".\n")[0].split()
    assert options[:2] == ["-c", acme]
    vendor.built(*request, *options)
    assert sites.told() == {"acme"}


def test_channel_that_wants_a_token_and_has_none(vendor: Vendor, sites: Sites) -> None:
    acme, forge = sites.urls
    vendor.conda.configure(channels=[forge, acme])
    request = ("app", "--no-label-channel")
    result = vendor.build(*request, CONDA_OFFLINE_REPO_TOKEN="")
    assert "give its token with --token or CONDA_OFFLINE_REPO_TOKEN, and name it" in result.stderr
    _, _, advice = result.stderr.partition("name it first: ")
    vendor.built("app", *advice.partition(".\n")[0].split())
    assert sites.told() == {"acme"}


def test_file_without_channels(vendor: Vendor, sites: Sites) -> None:
    acme, forge = sites.urls
    vendor.conda.configure(channels=[forge, acme])
    said = {"label_channel": False, "packages": ["app"], "token": "${ACME_TOKEN}"}
    content = {"root": str(vendor.root), "labels": {"bank": said}}
    path = vendor.root.parent / "offline-repo.yml"
    path.write_text(json.dumps(content))
    command = ("offline-repo", "build", "--file", path)
    result = vendor.conda.fail(*command, ACME_TOKEN=TOKEN)
    assert f"write {acme} first under `channels` of offline-repo.yml" in result.stderr
    assert sites.told() == set()
    path.write_text(json.dumps({"channels": [acme, forge], **content}))
    vendor.conda.run(*command, ACME_TOKEN=TOKEN)
    assert sites.told() == {"acme"}


def test_file_that_is_written(vendor: Vendor, sites: Sites) -> None:
    """It names no token that would go to a channel which nobody has named."""
    acme, forge = sites.urls
    vendor.conda.configure(channels=[forge])
    path = vendor.root.parent / "offline-repo.yml"
    write = ("lib", "--no-label-channel", "--file", path, "--write-config")
    assert "The token" in vendor.built(*write).stderr
    assert "token" not in path.read_text()
    path.unlink()
    vendor.built("-c", acme, *write)
    assert "token" in path.read_text()


@pytest.mark.parametrize("way", ["configured", "environment.yml"])
def test_token_that_nobody_needs_is_told(vendor: Vendor, sites: Sites, way: str) -> None:
    """Also in later builds, which remember that no publisher was named."""
    acme, forge = sites.urls
    request: tuple[object, ...] = ("lib",)
    vendor.conda.configure(channels=[forge])
    if way == "environment.yml":
        path = vendor.environment(forge)
        path.write_text(path.read_text().replace("app", "lib"))
        request = ("--environment-file", path)
    for arguments in ((*request, "--no-label-channel"), ()):
        result = vendor.built(*arguments)
        assert f"If the token is for {forge}, name it first: -c {forge}" in result.stderr
    (warning,) = vendor.built("--json").json["warnings"]
    assert warning["kind"] == "unsent-token"
    assert sites.told() == set()
    # who is named gets it, and is remembered
    named = vendor.built("-c", forge, "--override-channels", "--no-label-channel")
    assert "publisher named: no -> yes" in named.stdout
    assert sites.told() == {"forge"}
    sites.forge.clear()
    assert "no publisher" not in vendor.built("--no-label-channel").stderr
    assert sites.told() == {"forge"}


def test_publisher_behind_another_channel(vendor: Vendor, sites: Sites) -> None:
    """The message says where the token went, not that one is missing."""
    acme, forge = sites.urls
    named = ("-c", forge, "-c", acme, "--override-channels", "--no-label-channel")
    result = vendor.build(*named, "app")
    assert (
        f"the token was sent to {forge} alone, which is named as the publisher's" in result.stderr
    )
    assert f"name it first: -c {acme} -c {forge}" in result.stderr
    assert sites.told() == {"forge"}


def test_channels_beside_the_publishers(vendor: Vendor, sites: Sites, tmp_path: Path) -> None:
    """A name that stands for several channels, and a channel below the publisher's."""
    acme, forge = sites.urls
    other = TinyChannel(tmp_path / "public" / "forge" / "other")
    other.add("extra")
    other.write()
    vendor.conda.configure(custom_multichannels={"all": [acme]})
    named = ("-c", forge, "-c", f"{forge}/other", "-c", "all", "--override-channels")
    assert vendor.build(*named, "--no-label-channel", "lib", "extra").status == 1
    paths = [request.path for request in sites.forge.requests if TOKEN in request.path]
    assert paths
    assert not [path for path in paths if "/other/" in path]
    assert sites.told() == {"forge"}


@pytest.mark.parametrize("what", ["index", "archive", "base_url"])
def test_another_server_that_the_publisher_leads_to(
    vendor: Vendor, sites: Sites, tmp_path: Path, what: str
) -> None:
    acme, forge = sites.urls
    channel = TinyChannel(tmp_path / "private" / "acme")
    copy = TinyChannel(tmp_path / "public" / "forge")
    for each in (channel, copy):
        each.add("app")
        each.write()
    if what == "base_url":
        channel.info["base_url"] = f"{forge}/noarch/"
        channel.write()
    else:
        file = "noarch/repodata.json" if what == "index" else "noarch/app-1.0-0.conda"
        headers = {"Location": f"{forge}/{file}"}
        sites.acme.fault(f"/{file}", "status", status=302, headers=headers)
    vendor.built("-c", acme, "--override-channels", "--no-label-channel", "app")
    assert sites.forge.requests
    assert sites.told() == {"acme"}
