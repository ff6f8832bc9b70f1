"""Updates from earlier releases, tried before the new one is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

if TYPE_CHECKING:
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.releasing import Releasing


#: What this conda solves with; others find no update where this one goes on with what is there.
SOLVER: str = context.solver


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
    if SOLVER == "classic":
        assert told.endswith("comes to lib 2.0 0, and not to 1.5 0.")
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
