"""Packages that channels have in version 3 of the index format alone, with `--index-version 3`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.exceptions import OlderBuilderError
from conda_offline_repo.builder.release.index import make_index
from conda_offline_repo.builder.request.changes import changes
from conda_offline_repo.builder.request.request import remember, resolve
from conda_offline_repo.builder.solving.exceptions import SolveError
from conda_offline_repo.builder.solving.view import Views
from conda_offline_repo.builder.upstream.entry import Entry
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.queries.contents import read_records
from conda_offline_repo.repository.index import bridge, entries
from conda_offline_repo.specs import PackageSpec
from tests.support.requesting import again, last
from tests.support.sharded import READS_VERSION_3, shard_newer

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside
    from tests.support.releasing import Releasing
    from tests.support.tiny import TinyChannel

only_newer = pytest.mark.skipif(not READS_VERSION_3, reason="this conda does not read version 3")
CONDITION = 'only-on-windows[when="__win"]'
EXTRA = {"extra_depends": {"fast": ["lib"]}, "indexed_timestamp": 1_773_851_561_010}


def index_of(folder: Path, subdir: str = "noarch") -> dict[str, Any]:
    index: dict[str, Any] = json.loads((folder / subdir / "repodata.json").read_bytes())
    return index


@pytest.fixture
def channel(releasing: Releasing) -> TinyChannel:
    channel = releasing.channel
    channel.add("lib", "1.0")
    channel.add("app", "1.0", depends=["lib"])
    channel.add("app", "2.0", depends=["lib", CONDITION], newer=True, record=EXTRA)
    channel.add("tool", subdir="linux-64", depends=["app >=2"], newer=True, format="tar.bz2")
    channel.write()
    return channel


def options(releasing: Releasing, *packages: str, **more: Any) -> Options:
    url = releasing.channel.folder.as_uri()
    return replace(releasing.me.options(*packages, channels=(url,)), **more)


@only_newer
def test_shipped_verbatim(releasing: Releasing, channel: TinyChannel) -> None:
    me, bank = releasing.me, releasing.bank
    first = me.build(options(releasing, "app"))
    assert releasing.archives == ["app-1.0-0", "lib-1.0-0"]
    assert "v3" not in index_of(bank)
    me.build(options(releasing, "tool", index_version=3), dry_run=True)
    assert releasing.manifest.release == 1
    asked = options(releasing, "app", "tool", index_version=3, keep=2)
    second = me.build(asked)
    assert second.changed
    assert [(c.what, c.before, c.after) for c in second.request_changes] == [
        ("packages", ("app",), ("app", "tool")),
        ("index_version", ("1",), ("3",)),
        ("customer_conda", (">=24.7",), (">=26.7",)),
        ("customer_solvers", ("classic", "libmamba", "rattler"), ("rattler",)),
        ("keep", ("1",), ("2",)),
    ]
    app, tool = (
        channel.packages[at] for at in ("noarch/app-2.0-0.conda", "linux-64/tool-1.0-0.tar.bz2")
    )
    assert index_of(bank)["v3"] == {"conda": {"app-2.0-0": app.record}}
    assert index_of(bank)["info"]["repodata_revisions"] == {"v3": {"n_packages": 1}}
    assert index_of(bank, "linux-64")["v3"] == {"tar.bz2": {"tool-1.0-0": tool.record}}
    assert {*index_of(bank)["packages.conda"]} == {"lib-1.0-0.conda", "app-1.0-0.conda"}
    manifest = releasing.manifest
    assert {*manifest.newer(manifest.packages)} == {app.at, tool.at}
    assert manifest.needs
    assert {*read_records(manifest, bank)} == {*manifest.packages}
    assert "conda config --set solver rattler" in (bank / "README.txt").read_text()
    same = me.build(again(asked))
    assert not same.changed
    third = me.build(replace(again(asked), packages=("app",), index_version=1))
    assert third.changed
    assert not releasing.manifest.needs
    (not_kept,) = (w.text for w in third.warnings if w.kind == "not-kept")
    assert "is in version 3 of the index format" in not_kept
    assert first.manifest.request.index_version == 1


@only_newer
def test_views_of_channels_have_them(
    releasing: Releasing, channel: TinyChannel, tmp_path: Path
) -> None:
    channel.add("app", "3.0", newer=True, record={"md5": "x"})
    channel.write()
    asked = options(releasing, "tool", index_version=3)
    views = Views(releasing.me.request(asked), tmp_path / "views")
    records = views.solve("linux-64", [PackageSpec("tool")])
    assert {record.fn for record in records} == {
        *("tool-1.0-0.tar.bz2", "app-2.0-0.conda", "lib-1.0-0.conda")
    }
    usual = Views(releasing.me.request(options(releasing, "tool")), tmp_path / "usual")
    with pytest.raises(SolveError):
        usual.solve("linux-64", [PackageSpec("tool")])


@only_newer
def test_from_shards(releasing: Releasing, channel: TinyChannel) -> None:
    for subdir in ("noarch", "linux-64"):
        shard_newer(channel, subdir)
    releasing.me.build(options(releasing, "tool", index_version=3))
    app = channel.packages["noarch/app-2.0-0.conda"]
    assert index_of(releasing.bank)["v3"] == {"conda": {"app-2.0-0": app.record}}


@pytest.mark.skipif(READS_VERSION_3, reason="this conda reads version 3")
def test_refused_where_the_builder_does_not_read_it(
    releasing: Releasing, channel: TinyChannel
) -> None:
    with pytest.raises(OlderBuilderError, match="with the solver"):
        releasing.me.build(options(releasing, "app", index_version=3))
    assert not releasing.bank.exists()


@only_newer
def test_wheels_are_not_shipped_even_so(releasing: Releasing, channel: TinyChannel) -> None:
    record = {"name": "idna", "version": "3.10", "build": "py3_none_any_0", "build_number": 0}
    more = {"depends": [], "subdir": "noarch", "noarch": "python", "url": "idna.whl"}
    channel.wheels["idna-3.10-py3_none_any_0"] = {**record, **more}
    channel.add("needy", depends=["idna"])
    channel.write()
    with pytest.raises(SolveError, match=r"has 3\.10 as a wheel"):
        releasing.me.build(options(releasing, "needy", index_version=3))


def test_remembered(me: Inside, tmp_path: Path) -> None:
    asked = me.options("app", channels=("https://conda.example.com/acme",))
    assert resolve(asked, None).index_version == 1
    newer = resolve(replace(asked, index_version=3), None)
    assert newer.index_version == 3
    before = last(index_version=3, customer_conda=">=26.7", customer_solvers=("rattler",))
    assert resolve(again(asked), before).index_version == 3
    assert resolve(replace(again(asked), index_version=1), before).index_version == 1
    assert {
        change.what: change.after
        for change in changes(remember(resolve(asked, None)), remember(newer))
    } == {
        "index_version": ("3",),
        "customer_conda": (">=26.7",),
        "customer_solvers": ("rattler",),
    }
    for number in (0, 2, 4, -3):
        with pytest.raises(InvalidRequestError, match=f"no version {number} "):
            resolve(replace(asked, index_version=number), None)


def test_indexes_between_two_releases(releasing: Releasing, channel: TinyChannel) -> None:
    known = [
        Entry(p.subdir, p.file, p.record, "", "", index_version=3 if p.at in channel.newer else 1)
        for p in channel.packages.values()
    ]
    usual = [entry for entry in known if entry.index_version == 1]
    newer = [entry for entry in known if entry.record["name"] != "lib"]
    old, new = (make_index(part, ())["noarch/repodata.json"].content for part in (usual, newer))
    files = {*entries(json.loads(old)), *entries(json.loads(new))}
    assert files == {"lib-1.0-0.conda", "app-1.0-0.conda", "app-2.0-0.conda"}
    for pair in ((old, new), (new, old)):
        both = bridge(*pair)
        assert both
        assert {*entries(json.loads(both))} == files
        assert [*json.loads(both)["v3"]["conda"]] == ["app-2.0-0"]


@only_newer
def test_conditions_in_usual_sections_count_as_version_3(releasing: Releasing) -> None:
    """conda-index has them there; older conda would skip the entry, or break over it."""
    channel, me = releasing.channel, releasing.me
    channel.add("app", "1.0")
    newer = channel.add("app", "2.0", depends=[CONDITION])
    channel.write()
    for solvers in ((), ("rattler",)):
        outcome = me.build(options(releasing, "app", customer_solvers=solvers))
        assert releasing.archives == ["app-1.0-0"]
        assert any("--index-version 3" in w.text for w in outcome.warnings)
    me.build(options(releasing, "app", index_version=3))
    assert index_of(releasing.bank)["v3"] == {"conda": {"app-2.0-0": newer.record}}
    assert releasing.manifest.needs


def test_newer_versions_that_are_left_out_are_told(
    releasing: Releasing, channel: TinyChannel
) -> None:
    outcome = releasing.me.build(options(releasing, "app"))
    (text,) = (w.text for w in outcome.warnings if w.kind == "unfit-entry")
    assert "app 2.0 (the release has 1.0)" in text
    assert "--index-version 3" in text
    again_ = releasing.me.build(options(releasing, "lib"))
    assert "unfit-entry" not in {warning.kind for warning in again_.warnings}
