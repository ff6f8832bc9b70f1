"""Packages that channels have in version 3 of the index format alone: named, and never absent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.constants import ChannelPriority

from conda_offline_repo._conda import overrides
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.solving.exceptions import NewerEntryError
from conda_offline_repo.builder.solving.unsolved import in_newer_form, missing
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.specs import PackageSpec
from tests.support.sharded import READS_VERSION_3
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.request.request import Request
    from tests.support.inside import Inside

ARCHIVE = "in version 3 of the index format"
WHEEL = {"name": "idna", "version": "3.10", "build": "py3_none_any_0", "build_number": 0}


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "acme")
    channel.add("old", "1.0")
    channel.add("both", "1.0")
    channel.add("both", "2.0", newer=True)
    channel.add("both", "3.0", newer=True, format="tar.bz2")
    channel.add("new", "1.10", newer=True)
    channel.add("new", "1.9", subdir="linux-64", newer=True)
    channel.add("needy", depends=["both >=2"])
    channel.wheels["idna-3.10-py3_none_any_0"] = {**WHEEL, "url": "idna-3.10-py3-none-any.whl"}
    channel.write()
    return channel


@pytest.fixture
def request_(me: Inside, channel: TinyChannel) -> Request:
    return me.request(me.options("old", channels=(channel.folder.as_uri(),)))


def test_what_is_asked_for(request_: Request, channel: TinyChannel) -> None:
    url = channel.folder.as_uri()
    asked = ("new", "new=1.9", "new>=2", "both>=2", "both=4", "both", "old", "idna", "zzz")
    lines = missing(request_, {"linux-64": [*map(PackageSpec, asked)]})
    assert [*lines] == [
        f"new: in a newer form only: {url} has 1.10=0, 1.9=0 {ARCHIVE}",
        f"new=1.9: in a newer form only: {url} has 1.9=0 {ARCHIVE}",
        f"new>=2: no version satisfies; in a newer form only: {url} has 1.10=0, 1.9=0 {ARCHIVE}",
        f"both>=2: in a newer form only: {url} has 3.0=0, 2.0=0 {ARCHIVE}",
        "both=4: no version satisfies; the nearest is 1.0",
        f"idna: in a newer form only: {url} has 3.10 as a wheel",
        "zzz: no package has this name",
    ]


def test_what_is_needed(request_: Request, channel: TinyChannel) -> None:
    text = in_newer_form(request_, "linux-64", "nothing provides both >=2 needed by needy-1.0-0")
    assert text == f"\n  - both: {channel.folder.as_uri()} has 3.0=0, 2.0=0 {ARCHIVE}"
    assert not in_newer_form(request_, "linux-64", "nothing provides absent needed by old-1.0-0")


@pytest.mark.parametrize("packages", [("new",), ("needy",), ("old", "both>=2"), ()])
def test_refused_with_a_name(me: Inside, channel: TinyChannel, packages: tuple[str, ...]) -> None:
    """With no package named, all that the label channel publishes is asked for."""
    label = TinyChannel(channel.folder / "label" / "bank")
    label.add("new", newer=True)
    label.write()
    options = me.options(*packages, channels=(channel.folder.as_uri(),), label_channel=True)
    with pytest.raises(OfflineRepoError) as caught:
        me.build(options)
    text = str(caught.value)
    assert "version 3 of the index format" in text
    assert ("both" if "new" not in packages and packages else "new") in text
    assert channel.folder.as_uri() in text
    assert "no package has this name" not in text
    assert not me.root.exists()


def test_archive_that_is_named_exactly(me: Inside, channel: TinyChannel, tmp_path: Path) -> None:
    """As in an explicit list; with version 3 of the index format it is shipped."""
    new = channel.packages["noarch/new-1.10-0.conda"]
    listed = tmp_path / "list.txt"
    listed.write_text(f"@EXPLICIT\n{new.path.as_uri()}#{new.record['md5']}\n")
    options = replace(
        me.options(channels=(channel.folder.as_uri(),)),
        environments=(EnvironmentSpec(file=listed),),
    )
    with pytest.raises(NewerEntryError, match=r"noarch/new-1\.10-0\.conda.*version 3") as caught:
        me.build(options)
    assert "--index-version 3" in str(caught.value)
    if READS_VERSION_3:
        me.build(replace(options, index_version=3))
        index = json.loads((me.root / "bank" / "noarch" / "repodata.json").read_bytes())
        assert index["v3"] == {"conda": {"new-1.10-0": new.record}}


def test_not_in_the_way_of_what_can_do_without(me: Inside, channel: TinyChannel) -> None:
    options = me.options("old", channels=(channel.folder.as_uri(),))
    assert me.build(options).changed
    assert not me.build(replace(options, packages=())).changed


@pytest.mark.parametrize("priority", ["flexible", "strict"])
def test_name_that_a_later_channel_has_for_all_to_read(
    me: Inside, channel: TinyChannel, tmp_path: Path, priority: str
) -> None:
    public = TinyChannel(tmp_path / "public")
    public.add("new", "9")
    public.write()
    urls = (channel.folder.as_uri(), public.folder.as_uri())
    options = me.options("new", channels=urls)
    with overrides.settings(channel_priority=ChannelPriority(priority)):
        if priority == "strict":
            with pytest.raises(NewerEntryError, match=urls[0]):
                me.build(options)
            return
        outcome = me.build(options)
    assert "noarch/new-9-0.conda" in outcome.manifest.packages
    texts = [warning.text for warning in outcome.warnings if warning.kind == "unfit-entry"]
    assert any(urls[0] in text and f"new 9 of {urls[1]}" in text for text in texts)
    named = me.build(me.options(f"{urls[1]}::new", channels=urls, label="plant"))
    assert not [w for w in named.warnings if w.kind == "unfit-entry"]
