"""What is too new is not shipped: by the age of packages, or by a date."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.exceptions import PluginNotFoundError, TooNewError
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.solving.exceptions import SolveError
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.manifest_json import stated
from conda_offline_repo.repository.names import PLUGIN_PACKAGE
from tests.support.inside import inside
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside

OLD, YOUNG = "2026-11-01T12:00:00Z", "2026-11-20T12:00:00Z"


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path / "me") as me:
        yield me


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """`app` needs `lib`, of which each has an old and a young version."""
    channel = TinyChannel(tmp_path / "channel")
    for version, when in (("1.0", OLD), ("2.0", YOUNG)):
        channel.add("app", version, depends=["lib"], record=of(when))
        channel.add("lib", version, record=of(when))
    channel.write()
    return channel


def seconds(when: str) -> int:
    return int(datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp())


def of(when: str, key: str = "timestamp") -> dict[str, Any]:
    """What an entry of this time states, in milliseconds."""
    return {key: seconds(when) * 1000}


def at(patch: pytest.MonkeyPatch, when: str) -> None:
    """Build as at this time."""
    patch.setenv("SOURCE_DATE_EPOCH", str(seconds(when)))


def asked(
    me: Inside, channel: TinyChannel, *packages: str, newer: str | None = "14d", **more: Any
) -> Options:
    options = me.options(*packages, channels=(channel.folder.as_uri(),), **more)
    return replace(options, exclude_newer=newer)


def shipped(outcome: BuildOutcome) -> list[str]:
    return sorted(name.rpartition("/")[2] for name in outcome.manifest.packages)


OLD_ONES = ["app-1.0-0.conda", "lib-1.0-0.conda"]
YOUNG_ONES = ["app-2.0-0.conda", "lib-2.0-0.conda"]


def test_age_of_packages_is_counted_from_the_release(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    first = me.build(asked(me, channel, "app"))
    assert shipped(first) == OLD_ONES
    content = json.loads((first.path / "offline-repo.json").read_bytes())
    assert content["request"]["exclude_newer"] == "14d"
    assert content["cutoff"] == "2026-11-16T10:00:00Z"
    assert not first.warnings

    # remembered, and no new release where the moment alone has moved
    before = {path: path.stat().st_mtime_ns for path in first.path.rglob("*")}
    at(monkeypatch, "2026-12-04T11:59:59Z")
    again = me.build(asked(me, channel, newer=None))
    assert not again.changed
    assert {path: path.stat().st_mtime_ns for path in first.path.rglob("*")} == before
    assert stated(first.path).cutoff == "2026-11-16T10:00:00Z"

    at(monkeypatch, "2026-12-04T12:00:00Z")
    later = me.build(asked(me, channel, newer=None))
    assert (later.manifest.release, shipped(later)) == (2, YOUNG_ONES)
    assert later.manifest.cutoff == YOUNG
    assert later.request_changes == ()


def test_same_date_gives_the_same_bytes_of_a_channel_that_grew(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    first = me.build(asked(me, channel, "app", newer="2026-11-20"))
    assert shipped(first) == YOUNG_ONES
    assert first.manifest.cutoff == "2026-11-21T00:00:00Z"
    channel.add("app", "3.0", depends=["lib", "more"], record=of("2026-11-21T00:00:01Z"))
    channel.add("lib", "2.0", number=1, build="1", record=of("2026-11-22T00:00:00Z"))
    channel.add("more", record=of("2026-11-22T00:00:00Z"))
    channel.write()
    assert not me.build(asked(me, channel, newer=None)).changed
    monkeypatch.setattr(me, "root", me.root / "other")
    other = me.build(asked(me, channel, "app", newer="2026-11-20"))
    for path in (p for p in first.path.rglob("*") if p.is_file()):
        assert (other.path / path.relative_to(first.path)).read_bytes() == path.read_bytes()


def test_time_of_listing_counts_before_that_of_making(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    channel.add("app", "1.5", record={**of(OLD), **of(YOUNG, "indexed_timestamp")})
    channel.add("app", "1.2", record={**of(YOUNG), **of(OLD, "indexed_timestamp")})
    channel.write()
    assert shipped(me.build(asked(me, channel, "app"))) == ["app-1.2-0.conda"]


def test_what_only_something_too_new_satisfies_is_named(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    channel.add("app", "1.1", depends=["lib >=2"], record=of(OLD))
    channel.write()
    with pytest.raises(SolveError) as caught:
        me.build(asked(me, channel, "app >1"))
    text = str(caught.value)
    until = f"it is of {YOUNG}, too new for exclude_newer 14d until 2026-12-04T12:00:00Z"
    for file in ("app-2.0-0.conda", "lib-2.0-0.conda"):
        assert f"noarch/{file} of {channel.folder.as_uri()}: {until}" in text
    assert "--exclude-newer none" in text
    assert not (me.root / "bank").exists()

    with pytest.raises(SolveError, match=rf"lib-2\.0.*it is of {YOUNG}.*2026-11-10\n"):
        me.build(asked(me, channel, "lib 2.*", newer="2026-11-10"))
    with pytest.raises(SolveError) as caught:
        me.build(asked(me, channel, "nothing", "app"))
    assert "Too new" not in str(caught.value)


def test_it_is_said_and_shown(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    given = ("--label", "bank", "--root", me.root, "-c", channel.folder.as_uri())
    request = (*given, "--override-channels", "--no-label-channel", "--platform", "linux-64", "app")
    done = me.conda.build(*request, "--exclude-newer", "14d", SOURCE_DATE_EPOCH=str(seconds(YOUNG)))
    line = "2026-11-06T12:00:00Z (exclude_newer 14d)"
    assert f"Nothing in it is newer than {line}." in done.stdout
    assert "2026-11-06T12:00:00Z (14d)" in me.conda.run("offline-repo", "show", me.root).stdout
    shown = me.conda.run("offline-repo", "show", me.root / "bank", "--json").json["repositories"][0]
    assert (shown["cutoff"], shown["request"]["exclude_newer"]) == (line.split()[0], "14d")
    written = me.conda.build("--label", "bank", "--root", me.root, "--write-config")
    assert 'exclude_newer: "14d"' in (me.conda.work / "offline-repo.yml").read_text(), written


def test_none_takes_it_away(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    me.build(asked(me, channel, "app"))
    outcome = me.build(asked(me, channel, newer="none"))
    assert shipped(outcome) == YOUNG_ONES
    (change,) = outcome.request_changes
    assert (change.what, change.before, change.after) == ("exclude_newer", ("14d",), ())
    content = json.loads((outcome.path / "offline-repo.json").read_bytes())
    assert "exclude_newer" not in content["request"]
    assert "cutoff" not in content


def test_archive_of_a_list_that_is_too_new_is_refused(
    me: Inside, channel: TinyChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    urls = (channel.packages[f"noarch/lib-{v}-0.conda"].path.as_uri() for v in ("1.0", "2.0"))
    environments = []
    for name, url in zip(("old", "young"), urls, strict=True):
        file = tmp_path / f"{name}.txt"
        file.write_text(f"# platform: linux-64\n@EXPLICIT\n{url}\n", "utf-8")
        environments.append(EnvironmentSpec(name, file=file))
    options = replace(asked(me, channel), environments=tuple(environments))
    with pytest.raises(TooNewError) as caught:
        me.build(options)
    assert f"noarch/lib-2.0-0.conda: it is of {YOUNG}, too new for" in str(caught.value)
    assert "lib-1.0" not in str(caught.value)
    outcome = me.build(replace(options, environments=tuple(environments[:1])))
    assert shipped(outcome) == ["lib-1.0-0.conda"]


def test_all_of_a_label_is_what_is_old_enough(
    me: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    publisher = TinyChannel(tmp_path / "acme")
    publisher.write()
    label = TinyChannel(tmp_path / "acme" / "label" / "bank")
    label.add("app", record=of(OLD))
    label.add("new", record=of(YOUNG))
    label.write()
    options = asked(me, publisher, label_channel=True)
    assert shipped(me.build(options)) == ["app-1.0-0.conda"]
    with pytest.raises(InvalidRequestError, match="nothing that is old enough"):
        me.build(replace(options, exclude_newer="2026-10-01"))


def test_package_without_a_time_is_taken_and_told(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    channel.add("app", "3.0", depends=["lib"], record={"timestamp": 0})
    channel.write()
    outcome = me.build(asked(me, channel, "app"))
    assert shipped(outcome) == ["app-3.0-0.conda", "lib-1.0-0.conda"]
    (warning,) = outcome.warnings
    assert warning.kind == "undated"
    assert "noarch/app-3.0-0.conda" in warning.text


def test_plugin_has_to_be_old_enough(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-11-30T10:00:00Z")
    channel.add(PLUGIN_PACKAGE, "2.0", record=of(YOUNG))
    channel.write()
    options = replace(asked(me, channel, "app"), plugin=True)
    with pytest.raises(PluginNotFoundError, match="exclude_newer"):
        me.build(options)
    channel.add(PLUGIN_PACKAGE, "1.0", record=of(OLD))
    channel.write()
    assert f"{PLUGIN_PACKAGE}-1.0-0.conda" in shipped(me.build(options))


def test_wrong_duration_is_refused_before_anything_is_read(me: Inside, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="'soon'"):
        me.build(asked(me, TinyChannel(tmp_path / "nowhere"), "app", newer="soon"))
