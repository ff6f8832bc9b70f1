"""Indexes that are not what an index is: refused in our words, and never a crash report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.builder.solving.exceptions import InvalidRecordError
from conda_offline_repo.exceptions import InvalidRequestError, OfflineRepoError, SolverMissingError
from dev.upstream.server import ChannelServer
from tests.support.inside import inside
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside
    from tests.support.running import Conda

DEEP = "[" * 100_000 + "]" * 100_000
#: What takes the place of a key's value in the entry of `app`, as JSON, or near it; what else it
#: must not be is tested in `test_readable.py`.
VALUES = (
    *(("size", '"12"'), ("size", "NaN"), ("depends", '{"lib": 1}'), ("constrains", '"lib"')),
    *(("name", "null"), ("version", "[1]"), ("build", "0"), ("build_number", '"x"')),
    *(("sha256", "true"), ("md5", "{}"), ("x", '"\\ud800"'), ("x", DEEP)),
)
#: What the index itself is.
WHOLE = (
    '{"info": []}',
    '{"info": 5}',
    '{"info": {"subdir": 5}}',
    '{"info": {"subdir": "noarch", "base_url": {"x": 1}}}',
    '{"packages": []}',
    '{"packages.conda": {"app-1.0-0.conda": null}}',
    '{"packages.conda": {"app-1.0-0.conda": "x"}}',
    '{"packages.conda": {"app-1.0-0.conda": [1]}}',
    '{"packages.conda": {"app-1.0-0.conda": {}}}',
    '{"repodata_version": 99, "packages.conda": {}}',
    DEEP,
    '{"packages": ' * 3000,
    '"app"',
    "",
    "\x00\xff",
)


class Site:
    def __init__(self, folder: Path, me: Inside) -> None:
        self.me = me
        self.channel = TinyChannel(folder / "served" / "public")
        self.app = self.channel.add("app", depends=["lib"])
        self.channel.add("lib")
        self.channel.write()
        self.index = self.channel.folder / "noarch" / "repodata.json"
        self.server = ChannelServer(folder / "served")

    @property
    def urls(self) -> tuple[str, str]:
        return f"{self.server.url}/public", self.channel.folder.as_uri()

    def change(self, key: str, value: str) -> None:
        """Write a value into the entry of `app`, as it is, valid or not."""
        content = json.loads(self.index.read_bytes())
        content["packages.conda"][self.app.file][key] = "@@"
        self.index.write_text(json.dumps(content).replace('"@@"', value))

    def build(self, url: str, package: str = "app") -> BuildOutcome:
        return self.me.build(self.me.options(package, channels=(url,)))

    def refused(self, url: str, package: str = "app") -> str:
        """The words in which a build is refused."""
        with pytest.raises(OfflineRepoError) as caught:
            self.build(url, package)
        assert not (self.me.root / "bank").exists()
        assert not self.server.packages()
        return str(caught.value)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with inside(tmp_path / "me") as me:
        site = Site(tmp_path, me)
        with site.server:
            yield site


@pytest.mark.parametrize(("key", "value"), VALUES, ids=lambda text: text[:12])
def test_entry_with_a_value_that_it_must_not_have(site: Site, key: str, value: str) -> None:
    site.change(key, value)
    for url in site.urls:
        text = site.refused(url)
        assert url in text or "noarch/app" in text or "app" in text


@pytest.mark.parametrize("content", WHOLE, ids=range(len(WHOLE)))
def test_index_that_is_none(site: Site, content: str) -> None:
    site.index.write_text(content, encoding="utf-8")
    for url in site.urls:
        assert url in site.refused(url)


def test_classic_solver_takes_numbers_for_versions_and_we_do_not(site: Site) -> None:
    site.change("version", "1.0")
    if context.solver in CLASSIC:
        with pytest.raises(InvalidRecordError, match="its version is not a text"):
            site.build(site.urls[0])
    else:
        assert "1.0" in site.refused(site.urls[0])


@pytest.mark.parametrize("section", ["whl", "conda", "tar.bz2"])
@pytest.mark.parametrize("package", ["lib", "app"])
def test_what_older_clients_cannot_read_is_refused_by_name(
    site: Site, section: str, package: str
) -> None:
    """Whether it is asked for, or what is asked for needs it."""
    content = json.loads(site.index.read_bytes())
    record = content["packages.conda"].pop("lib-1.0-0.conda")
    record["url"] = f"{site.urls[0]}/noarch/lib-1.0-py3-none-any.whl"
    content["info"]["repodata_revisions"] = {"v3": {}}
    content["v3"] = {"whl": {}, "conda": {}, "tar.bz2": {}, section: {"lib-1.0-0": record}}
    site.index.write_text(json.dumps(content))
    for url in site.urls:
        text = site.refused(url, package)
        assert "lib" in text
        assert url in text
        assert "no package has this name" not in text
        assert ("a wheel" if section == "whl" else "version 3 of the index format") in text


def test_unneeded_wheels_do_no_harm(site: Site) -> None:
    content = json.loads(site.index.read_bytes())
    record = {"name": "other", "version": "1", "build": "0", "build_number": 0, "url": "other.whl"}
    content["v3"] = {"whl": {"other-1-0": record}}
    site.index.write_text(json.dumps(content))
    site.build(site.urls[0])
    published = json.loads((site.me.root / "bank" / "noarch" / "repodata.json").read_bytes())
    assert "v3" not in published


@pytest.mark.parametrize("form", ["json", "zst"])
def test_relations_of_a_channel_are_dropped_and_told(site: Site, form: str) -> None:
    site.channel.zst = form == "zst"
    site.channel.info = {"channel_relations": {"base": "https://example.com/other"}}
    site.channel.write()
    url = site.urls[0]
    first = site.build(url)
    again = site.build(url)
    assert (first.changed, again.changed) == (True, False)
    for outcome in (first, again):
        (warning,) = outcome.warnings
        assert warning.kind == "channel-relations"
        assert url in warning.text
    for path in (site.me.root / "bank").rglob("*"):
        assert not path.is_file() or b"channel_relations" not in path.read_bytes()


def test_relations_are_told_by_the_command(conda: Conda, site: Site, root: Path) -> None:
    site.channel.info = {"channel_relations": {"base": "x"}}
    site.channel.write()
    command = ("--label", "bank", "--no-label-channel", "-c", site.urls[0], "--root", root, "app")
    for _ in range(2):
        told = conda.build(*command, "--override-channels")
        assert "warning: " in told.stderr
        assert "channel_relations" in told.stderr
        assert "channel_relations" not in told.stdout
    assert len(conda.build(*command, "--override-channels", "--json").json["warnings"]) == 1


def test_solver_that_is_not_installed_is_told_as_that(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_SOLVER", "quantum")
    site.me.configure()
    with pytest.raises(SolverMissingError) as caught:
        site.build(site.urls[0])
    text = str(caught.value)
    assert "The configured solver 'quantum' is not installed" in text
    assert "classic" in text
    assert "owner" not in text
    assert not site.me.root.exists()


@pytest.mark.parametrize(
    "epoch", ["²", "-5", str(10**30), "yesterday", "1.5", "0x10", "1e9", " 5", "253402300800"]
)
def test_odd_source_date_is_refused_before_anything_is_asked(
    site: Site, epoch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(InvalidRequestError, match="SOURCE_DATE_EPOCH is .* which is not a date"):
        site.build(site.urls[0])
    assert not site.server.requests
    assert not site.me.root.exists()


@pytest.mark.parametrize(
    ("epoch", "date"),
    [("0", "1970-01-01T00:00:00Z"), ("253402300799", "9999-12-31T23:59:59Z"), ("", "20")],
)
def test_source_date_is_taken(
    site: Site, epoch: str, date: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert site.build(site.urls[0]).manifest.created.startswith(date)


ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r"


def test_nothing_that_a_terminal_obeys_is_printed(
    conda: Conda, site: Site, root: Path, tmp_path: Path
) -> None:
    """Neither of what is refused, nor of what is asked for and not there."""
    site.change("depends", json.dumps([f"gone{ESCAPE} >=1"]))
    site.change("license", json.dumps(ESCAPE))
    command = ("--label", "bank", "--no-label-channel", "--root", root, "--override-channels")
    for url in (*site.urls, f"{site.urls[0]}/{ESCAPE}"):
        told = conda.execute("offline-repo", "build", *command, "-c", url, "app")
        assert told.status == 1
        for letter in set(ESCAPE) - set("]0;owned[2J31m"):
            assert letter not in told.output.replace("\r\n", "\n"), repr(told.output)
        assert "Traceback" not in told.output


def test_licence_is_shown_without_escapes(conda: Conda, site: Site, root: Path) -> None:
    site.change("license", json.dumps(f"MIT{ESCAPE}"))
    command = ("--label", "bank", "--no-label-channel", "--root", root, "--override-channels")
    conda.build(*command, "-c", site.urls[0], "app")
    told = conda.run("offline-repo", "show", root)
    assert "MIT\\x1b]0;owned" in told.stdout
    assert "\x1b" not in told.output
    shown = conda.run("offline-repo", "show", root, "--json").json["repositories"][0]["packages"]
    assert f"MIT{ESCAPE}" in {package["license"] for package in shown}
