"""An environment that installs and updates from one repository on a web server, and asks no other
host, with conda's own commands.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from dev.upstream.cable import Cable
from dev.upstream.server import ChannelServer
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, SOLVERS, another
from tests.support.running import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

VENDOR = SigningKey("vendor")
MANIFEST = ["bank/offline-repo.json", "bank/offline-repo.next.json"]
SIGNED = [*MANIFEST, "bank/offline-repo.json.sig"]
INDEXES = [f"bank/{PLATFORM}/repodata.json", "bank/noarch/repodata.json"]
EXTRA = "noarch/extra-1.0-0.conda"
BEFORE = {"app": "1.0", "lib": "1.0", "tool": "1.0"}


@pytest.fixture
def server(stick: Path) -> Iterator[ChannelServer]:
    """The web server of the bank, with the first build."""
    with ChannelServer(stick.parent) as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[dict[str, str]]:
    """The variables that send all that is not for this machine where it is counted."""
    with Cable() as trap:
        yield {**trap.proxies, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
        assert trap.refused == 0


def asked(server: ChannelServer) -> list[str]:
    """What was asked for since the last time, sorted, but for archives."""
    paths = [request.path.removeprefix("/") for request in server.requests]
    server.clear()
    return sorted(path for path in paths if not path.endswith((".conda", ".tar.bz2")))


@pytest.mark.parametrize("solver", SOLVERS)
def test_life_of_an_environment(
    tmp_path: Path,
    mirror: Mirror,
    stick: Path,
    server: ChannelServer,
    elsewhere: dict[str, str],
    solver: str,
) -> None:
    customer = Customer(tmp_path / "administrator", CONDA_SOLVER=solver, **elsewhere)
    customer.configure(
        channels=["conda-forge"],
        channel_alias="https://conda.example.com",
        report_errors=None,
        number_channel_notices=5,
        remote_max_retries=0,
    )
    sign(stick, VENDOR)
    url = f"{server.url}/bank"
    trusted = ("-n", "rating", "--trust", VENDOR.fingerprint, "--json")
    told = customer.use(f"{url}/", *trusted, "app", "--yes")
    assert asked(server) == sorted((*SIGNED, *INDEXES))
    assert (told.json["path"], told.json["channel"]) == (url, url)
    assert customer.installed("rating") == BEFORE
    shell = customer.activated("rating")

    info = customer.run("info", "--json", **shell).json
    assert {address.rpartition("/")[0] for address in info["channels"]} == {url}
    assert customer.run("config", "--show", "channels", "--json", **shell).json["channels"] == [url]
    customer.run("list", **shell)
    assert asked(server) == []
    assert "extra" in customer.run("search", "extra", "--json", **shell).json
    server.clear()
    told = customer.fail("install", "--yes", "-c", "bioconda", "lib", **shell)
    assert "conda must not ask these channels" in told.stderr
    assert asked(server) == []

    mirror.copy(2, stick)
    sign(stick, VENDOR)
    customer.run("update", "--yes", "app", **shell)
    assert customer.installed("rating") == {**BEFORE, "app": "2.0", "tool": "2.0"}
    assert asked(server) == sorted((*SIGNED, *INDEXES))
    state = json.loads((customer.envs / "rating" / "conda-meta" / "offline-repo").read_text())
    assert (state["build"], state["path"]) == (2, url)

    server.stop()
    told = customer.fail("install", "--yes", "extra", **shell)
    assert "refuses connections" in told.stderr
    customer.run("remove", "--yes", "app", **shell)
    assert "app" not in customer.installed("rating")


def test_moves_between_servers_and_folders(
    customer: Conda, mirror: Mirror, stick: Path, server: ChannelServer, tmp_path: Path
) -> None:
    """The packages follow, nothing is installed anew, and undo leaves what was there before."""
    other = mirror.copy(1, tmp_path / "other" / "bank")
    prefix = customer.envs / "rating"
    prefix.joinpath("conda-meta").mkdir(parents=True)
    prefix.joinpath("conda-meta", "history").touch()
    before = "# ours\nrepodata_fns: [mine.json]\noffline: false\n"
    (prefix / ".condarc").write_text(before)
    customer.use(other, "-n", "rating", "app", "--yes")
    assert "repodata_fns: [mine.json]" in (prefix / ".condarc").read_text()
    with ChannelServer(other.parent) as second:
        for place in (f"{server.url}/bank", f"{second.url}/bank", str(stick)):
            answer = customer.use(place, "-n", "rating", "app", "--yes", "--json").json
            assert (answer["changed"], answer["actions"]) == (True, {"LINK": [], "UNLINK": []})
            records = [*prefix.glob("conda-meta/*.json")]
            assert len(records) == len(BEFORE)
            for path in records:
                assert json.loads(path.read_text())["url"].startswith(answer["channel"])
            again = customer.use(place, "-n", "rating", "--json").json
            assert again["changed"] is False
            assert [r for r in (*server.requests, *second.requests) if "app-" in r.path] == []
    assert "repodata_fns: [mine.json]" in (prefix / ".condarc").read_text()
    customer.use("--undo", "-n", "rating")
    assert sorted((prefix / ".condarc").read_text().split()) == sorted(before.split())


def test_back_to_an_older_release(
    customer: Conda, mirror: Mirror, stick: Path, server: ChannelServer
) -> None:
    url = f"{server.url}/bank"
    mirror.copy(2, stick)
    customer.use(url, "-n", "rating", "app", "--yes")
    mirror.copy(1, stick)
    told = customer.fail("update", "--yes", "app", **customer.activated("rating"))
    assert f"offline-repo use {url} -p" in told.stderr
    assert "OlderBuildError" in customer.fail("offline-repo", "use", url, "-n", "rating").stderr
    customer.use(url, "-n", "rating", "app", "--allow-older", "--yes")
    assert customer.installed("rating") == BEFORE
    customer.use(url, "-n", "rating", "--release", "1", "--yes")
    assert customer.installed("rating") == {**BEFORE, "extra": "1.0"}


def test_other_archive_on_the_server(customer: Conda, stick: Path, server: ChannelServer) -> None:
    """conda compares what it downloads, and what it cannot compare is compared before it links."""
    url = f"{server.url}/bank"
    customer.use(url, "-n", "rating")
    shell = customer.activated("rating")
    (stick / EXTRA).write_bytes(another(stick / EXTRA))
    for package in ("extra", f"{url}/{EXTRA}"):
        told = customer.execute("install", "--yes", package, **shell)
        assert told.status == 1, str(told)
        assert re.search("ChecksumMismatch|ArchivesRefused|PoisonedCache", told.stderr), str(told)
        assert customer.installed("rating") == {}


def test_clone_and_doctor(customer: Conda, stick: Path, server: ChannelServer) -> None:
    url = f"{server.url}/bank"
    customer.use(url, "-n", "rating", "app", "--yes")
    customer.run("create", "--yes", "-n", "copy", "--clone", "rating")
    shell = customer.activated("copy")
    customer.run("install", "--yes", "extra", **shell)
    assert customer.installed("copy") == {**BEFORE, "extra": "1.0"}
    server.clear()
    with (customer.home / ".condarc").open("a", encoding="utf-8") as file:
        file.write("channels: [bioconda]\n")  # nothing asks it
    told = customer.run("doctor", "-n", "copy", **shell)
    assert "indexes fit together" in told.stdout
    assert "must not ask" not in told.stdout
    assert server.packages() == []
    shutil.rmtree(stick)
    assert "❌ There is no offline repository" in customer.run("doctor", **shell).stdout
