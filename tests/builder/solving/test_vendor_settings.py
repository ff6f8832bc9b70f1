"""What the vendor has configured for himself: it does not decide what the customer gets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context, reset_context

from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.release.exceptions import ForbiddenError
from conda_offline_repo.builder.solving.exceptions import SolveError
from dev.upstream.server import ChannelServer
from tests.support.tiny import MADE_AT, TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside

#: What `app` comes to with conda's defaults.
EXPECTED = {"app-1.0-0", "lib-2.0-0", "pip-24.0-0", "python-3.11.0-0"}
SHAPING: dict[str, object] = {
    "add_pip_as_python_dependency": False,
    "create_default_packages": ["other"],
    "deps_modifier": "no_deps",
    "pinned_packages": ["lib <2"],
    "repodata_fns": ["mine.json", "repodata.json"],
    "track_features": ["mine"],
    "update_modifier": "freeze_installed",
    "use_only_tar_bz2": True,
}


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", depends=["python", "lib"], format="tar.bz2")
    channel.add("lib", "1.0", format="tar.bz2")
    channel.add("lib", "2.0")
    channel.add("python", "3.11.0", format="tar.bz2")
    channel.add("pip", "24.0", depends=["python"], format="tar.bz2")
    channel.add("other", format="tar.bz2")
    channel.write()
    return channel


def options(me: Inside, channel: TinyChannel, *packages: str) -> Options:
    return me.options(*packages, channels=(channel.folder.as_uri(),))


def shipped(outcome: BuildOutcome) -> set[str]:
    files = (name.partition("/")[2] for name in outcome.manifest.packages)
    return {file.removesuffix(".conda").removesuffix(".tar.bz2") for file in files}


def told(outcome: BuildOutcome) -> list[str]:
    return [warning.text for warning in outcome.warnings if warning.kind == "unused-setting"]


@pytest.mark.parametrize("name", SHAPING)
def test_setting_is_told_and_not_used(me: Inside, channel: TinyChannel, name: str) -> None:
    me.configure(**{name: SHAPING[name]})
    before = getattr(context, name)
    outcome = me.build(options(me, channel, "app"))
    assert shipped(outcome) == EXPECTED
    assert outcome.manifest.release == 1
    (text,) = told(outcome)
    assert f": {name} in " in text
    assert ".condarc" in text
    assert getattr(context, name) == before
    again = me.build(options(me, channel))
    assert not again.changed
    assert told(again) == [text]


def test_all_are_told_at_once_with_their_sources(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_PINNED_PACKAGES", "lib <2")
    me.configure(use_only_tar_bz2=True, always_copy=True, channel_priority="strict")
    reset_context()
    outcome = me.build(options(me, channel, "app"))
    assert shipped(outcome) == EXPECTED
    (text,) = told(outcome)
    assert f"pinned_packages in CONDA_PINNED_PACKAGES, use_only_tar_bz2 in {me.conda.home}" in text
    assert "always_copy" not in text
    assert [(s.name, s.value) for s in outcome.settings] == [("channel_priority", "strict")]


def test_all_files_of_a_list_are_told(
    me: Inside, channel: TinyChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "active"
    prefix.mkdir()
    (prefix / ".condarc").write_text("pinned_packages: [other >2]\nuse_only_tar_bz2: false\n")
    monkeypatch.setenv("CONDA_PREFIX", str(prefix))
    me.configure(pinned_packages=["lib <2"], use_only_tar_bz2=True)
    outcome = me.build(options(me, channel, "app"))
    assert shipped(outcome) == EXPECTED
    (text,) = told(outcome)
    files = text.partition("pinned_packages in ")[2].partition(". To ship")[0].split(" and ")
    assert str(prefix / ".condarc") in files
    assert len(files) == 2


def test_nothing_is_told_of_defaults(me: Inside, channel: TinyChannel) -> None:
    me.configure(pinned_packages=[], repodata_fns=["repodata.json"], use_only_tar_bz2=False)
    outcome = me.build(options(me, channel, "app"))
    assert outcome.warnings == ()
    assert outcome.settings == ()


def test_pip_goes_along_beside_what_is_named_without_it(
    me: Inside, channel: TinyChannel, tmp_path: Path
) -> None:
    """The proof of one environment does not shape that of the next."""
    url = channel.folder.as_uri()
    path = tmp_path / "list.txt"
    path.write_text(f"@EXPLICIT\n{url}/noarch/python-3.11.0-0.tar.bz2\n")
    exact = EnvironmentSpec("a", file=path)
    for other in ("b", "A"):  # proved after the exact one, and before it
        environments = (exact, EnvironmentSpec(other + "x", ("python",)))
        named = replace(options(me, channel), environments=environments, label=f"bank-{other}")
        outcome = me.build(named)
        sizes = {key: len(names) for key, names in outcome.manifest.solutions.items()}
        assert sizes == {"a/linux-64": 1, f"{other}x/linux-64": 2}


def listed(me: Inside, channel: TinyChannel) -> Options:
    path = channel.folder.parent / "list.txt"
    path.write_text(f"@EXPLICIT\n{channel.folder.as_uri()}/noarch/lib-2.0-0.conda\n")
    return replace(options(me, channel), environments=(EnvironmentSpec(file=path),))


@pytest.mark.parametrize("kind", ["solved", "listed"])
def test_forbidden_package_is_not_shipped(me: Inside, channel: TinyChannel, kind: str) -> None:
    me.configure(disallowed_packages=["other", "lib >=2"])
    with pytest.raises(ForbiddenError) as caught:
        me.build(options(me, channel, "app") if kind == "solved" else listed(me, channel))
    text = str(caught.value)
    assert "disallowed_packages in " in text
    assert ".condarc" in text
    assert "noarch/lib-2.0-0.conda" in text
    assert "app-1.0" not in text
    assert "--keep" not in text
    assert not me.root.exists()
    me.configure(disallowed_packages=["other", "lib >=3"])
    assert me.build(options(me, channel, "app")).settings[0].name == "disallowed_packages"


def test_forbidden_package_of_a_kept_release_is_told_as_such(
    me: Inside, channel: TinyChannel
) -> None:
    me.build(options(me, channel, "lib=1.0"))
    me.configure(disallowed_packages=["lib <2"])
    newer = replace(options(me, channel, "lib"), keep=2)
    with pytest.raises(ForbiddenError, match=r"lib-1\.0-0\.tar\.bz2") as caught:
        me.build(newer)
    assert "--keep 1" in str(caught.value)
    outcome = me.build(replace(newer, keep=1))
    assert shipped(outcome) == {"lib-2.0-0"}


@pytest.mark.skipif(not hasattr(context, "exclude_newer"), reason="this conda has no such setting")
class TestExcludeNewer:
    """The cooldown of conda 26.9 holds, and is not the customer's."""

    def test_too_young_package_is_not_taken(self, me: Inside, channel: TinyChannel) -> None:
        young = {"timestamp": (MADE_AT + 10 * 86400) * 1000}
        channel.add("lib", "3.0", record=young)
        channel.write()
        me.configure(exclude_newer="2023-11-20")
        outcome = me.build(options(me, channel, "app"))
        assert shipped(outcome) == EXPECTED
        assert [setting.name for setting in outcome.settings] == ["exclude_newer"]

    def test_setting_of_a_channel_or_a_package_counts(
        self, me: Inside, channel: TinyChannel
    ) -> None:
        young = {"timestamp": (MADE_AT + 10 * 86400) * 1000}
        channel.add("lib", "3.0", record=young)
        channel.write()
        me.configure(exclude_newer_package={"lib": "2023-11-20"})
        with pytest.raises(SolveError, match=r"lib-3\.0.*too new for exclude_newer_package in "):
            me.build(options(me, channel, "lib >2"))
        with ChannelServer(channel.folder.parent) as server:
            url = f"{server.url}/{channel.folder.name}"
            settings = [{"channel": url, "exclude_newer": "2023-11-20"}]
            me.configure(channel_settings=settings, exclude_newer_package={})
            outcome = me.build(replace(options(me, channel, "app"), channels=(url,)))
        assert shipped(outcome) == EXPECTED

    def test_too_young_package_of_a_list_is_refused(self, me: Inside, channel: TinyChannel) -> None:
        me.configure(exclude_newer="2020-01-01")
        with pytest.raises(ForbiddenError, match=r"exclude_newer in .*\n.*lib-2\.0"):
            me.build(listed(me, channel))
