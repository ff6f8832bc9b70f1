"""Updates from earlier releases, tried before the new one is published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.builder.options import EnvironmentSpec

if TYPE_CHECKING:
    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.releasing import Releasing
    from tests.support.tiny import Format


#: A first release whose `old` stands in the way of a newer `lib`.
FIRST: tuple[tuple[str, str, list[str]], ...] = (
    ("app", "1.0", ["lib", "old"]),
    ("lib", "1.0", []),
    ("old", "1.0", ["lib <2"]),
)


def publish(
    releasing: Releasing, *packages: tuple[str, str, list[str]], keep: int = 3
) -> BuildOutcome:
    for name, version, depends in packages:
        releasing.channel.add(name, version, depends=depends)
    return releasing.build(keep=keep)


def texts(outcome: BuildOutcome) -> list[str]:
    return [warning.text for warning in outcome.warnings if warning.kind == "no-update"]


def test_update_that_leads_to_the_new_release_is_not_told(releasing: Releasing) -> None:
    publish(releasing, ("app", "1.0", ["lib", "old"]), ("lib", "1.0", []), ("old", "1.0", []))
    outcome = publish(releasing, ("app", "2.0", ["lib", "new"]), ("new", "1.0", []))
    assert outcome.warnings == ()
    outcome = publish(releasing, ("lib", "1.1", []), keep=1)
    assert outcome.warnings == ()


def test_downgrade_is_told_by_release_and_package(releasing: Releasing) -> None:
    publish(releasing, ("app", "1.0", ["lib"]), ("lib", "1.0", []))
    publish(releasing, ("lib", "2.0", []))
    releasing.channel.remove(releasing.channel.packages["noarch/lib-2.0-0.conda"])
    outcome = publish(releasing, ("lib", "1.5", []))
    (told,) = (text for text in texts(outcome) if text.startswith("From release"))
    assert told.startswith("From release 2, an update on linux-64 ")
    assert "lib" in told
    if context.solver in CLASSIC:  # the others find no update, it goes on with what is there
        assert "comes to lib 2.0 0, and not to 1.5 0." in told
    assert "`conda offline-repo use PATH --release 3` brings customers" in told
    assert releasing.manifest.release == 3


def test_what_cannot_be_updated_is_told(releasing: Releasing) -> None:
    """What is installed stands in the way: a package that is no longer needed and never goes."""
    publish(
        releasing, ("app", "1.0", ["lib", "old"]), ("lib", "1.0", []), ("old", "1.0", ["lib <2"])
    )
    outcome = publish(releasing, ("app", "2.0", ["lib >=2"]), ("lib", "2.0", []), keep=1)
    told = [text for text in texts(outcome) if text.startswith("From release 1")]
    assert all("linux-64" in text for text in told)
    if told:  # solvers differ in what they take away for an update
        assert any(name in " ".join(told) for name in ("app", "lib", "no solution"))
    assert releasing.archives == ["app-2.0-0", "lib-2.0-0"]


def test_each_kept_release_is_tried(releasing: Releasing) -> None:
    publish(releasing, *FIRST)
    publish(releasing, ("app", "1.1", ["lib", "old"]))
    outcome = publish(releasing, ("app", "2.0", ["lib >=2"]), ("lib", "2.0", []))
    assert sorted(releasing.manifest.releases) == [1, 2]
    told = {text[: text.index(",")] for text in texts(outcome)}
    # solvers differ in what they take away for an update, but not from release to release
    assert told in (set(), {"From release 1", "From release 2"})


def test_nothing_is_tried_without_need(releasing: Releasing) -> None:
    outcome = publish(releasing, ("app", "1.0", []))
    assert outcome.warnings == ()
    assert not publish(releasing).changed


def test_renamed_package_that_excludes_the_old_one_is_told(releasing: Releasing) -> None:
    """The history of a customer's environment still asks for the old one."""
    releasing.channel.add("ratingpro")
    releasing.channel.add("tool")
    releasing.build("ratingpro", "tool", keep=3)
    releasing.channel.add("tool", "2.0")
    releasing.build("ratingpro", "tool")
    releasing.channel.add("rating", "2.0", constrains=["ratingpro <0"])
    outcome = releasing.build("rating", "tool")
    first, second = texts(outcome)
    for number, text in enumerate((first, second), 1):
        begins = f"From release {number}, `conda install rating` on linux-64 has no solution. "
        assert text.startswith(f"{begins}`conda offline-repo use PATH --release 3` brings ")
        assert "The request cannot be met" not in text


def test_new_name_beside_the_old_one_is_not_told(releasing: Releasing) -> None:
    releasing.channel.add("ratingpro")
    releasing.build("ratingpro")
    releasing.channel.add("rating", "2.0", depends=["lib"])
    releasing.channel.add("lib")
    assert releasing.build("rating").warnings == ()


@pytest.mark.parametrize(
    ("before", "after"), [(("app=1",), ("app=2",)), (("app=1", "lib"), ("app=2",))]
)
def test_other_version_or_less_is_an_update(
    releasing: Releasing, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    for version in ("1.0", "2.0"):
        releasing.channel.add("app", version, depends=[f"lib >={version}"])
        releasing.channel.add("lib", version)
    releasing.build(*before)
    assert releasing.build(*after).warnings == ()
    assert "app-2.0-0" in releasing.archives


def test_next_minor_version_of_python_is_told(releasing: Releasing) -> None:
    """conda stays with an environment's minor version, and asks nobody."""
    for minor, app in ((11, "1.0"), (12, "2.0")):
        releasing.channel.add("python", f"3.{minor}.1")
        releasing.channel.add("app", app, depends=[f"python 3.{minor}.*"])
        releasing.channel.add("pip", "24.0", depends=["python"])
        outcome = releasing.build()
    told = texts(outcome)
    assert told
    assert all(text.startswith("From release 1, an update on linux-64 ") for text in told)


def environments(options: Options, *names: str) -> Options:
    return replace(
        options, packages=(), environments=tuple(EnvironmentSpec(name, ("app",)) for name in names)
    )


def test_environment_and_platform_that_are_left_out_are_told(releasing: Releasing) -> None:
    releasing.channel.add("app")
    releasing.channel.write()
    urls = (releasing.channel.folder.as_uri(),)
    options = releasing.me.options("app", channels=urls, platforms=("linux-64", "win-64"))
    releasing.me.build(environments(options, "desk"))
    fewer = replace(options, platforms=("linux-64",))
    desk, windows = texts(releasing.me.build(environments(fewer, "office", "server")))
    assert desk.startswith("Release 1 has the environment desk for linux-64, the new one does not")
    assert "`conda offline-repo use PATH --environment server`" in desk
    assert windows.startswith("Release 1 has packages for win-64, the new one does not")
    assert "use PATH" not in windows
    assert texts(releasing.me.build(environments(fewer, "office", "server"))) == []


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
def test_other_bytes_under_the_same_version_are_told(
    releasing: Releasing, format: Format, dry_run: bool
) -> None:
    releasing.channel.add("app", depends=["lib"])
    old = releasing.channel.add("lib", format=format)
    releasing.build()
    releasing.channel.remove(old)
    releasing.channel.add("lib", files={"share/lib.txt": "mended"})
    (told,) = releasing.build(dry_run=dry_run).warnings
    assert told.kind == "same-version"
    assert "linux-64, packages have other content" in told.text
    assert "lib 1.0 0. " in told.text
    assert "`conda offline-repo use PATH lib`" in told.text
