"""A release that is too young for conda's own cooldown (`exclude_newer`) at the customer."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from ruamel.yaml import YAML

from conda_offline_repo._conda import overrides
from conda_offline_repo.customer.cooldown import held_back
from conda_offline_repo.queries.contents import package_records
from conda_offline_repo.repository.locate import locate_one
from tests.support.inside import inside
from tests.support.running import Conda
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from typing import Any

    from tests.support.running import Finished

pytestmark = pytest.mark.skipif(
    not hasattr(context, "exclude_newer"), reason="this conda has no such setting"
)
DAY = 86_400


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two releases: in the second, `app` and `lib` are young."""
    folder = tmp_path_factory.mktemp("young")
    channel = TinyChannel(folder / "channel")
    now = int(time.time())

    def of(days: float) -> dict[str, int]:
        return {"timestamp": int(now - days * DAY) * 1000}

    with inside(folder / "vendor") as vendor:
        options = vendor.options("app", channels=(channel.folder.as_uri(),), keep=2)
        channel.add("app", "1.0", depends=["other"], record=of(30))
        channel.add("other", record=of(30))
        channel.write()
        vendor.build(options)
        channel.add("app", "2.0", depends=["lib", "other"], record=of(1))
        channel.add("lib", record=of(3))
        channel.write()
        return vendor.build(options).path


@pytest.fixture(params=["classic", "default"])
def customer(tmp_path: Path, request: pytest.FixtureRequest) -> Conda:
    solver = {"CONDA_SOLVER": "classic"} if request.param == "classic" else {}
    customer = Conda(tmp_path / "customer", **solver)
    customer.configure(exclude_newer="7d")
    return customer


def use(customer: Conda, stick: Path, *more: object) -> Finished:
    return customer.run("offline-repo", "use", stick, "-p", customer.envs / "e", *more)


def refused(customer: Conda, stick: Path, *more: object) -> Finished:
    return customer.fail("offline-repo", "use", stick, "-p", customer.envs / "e", *more)


def condarc(customer: Conda) -> str:
    path = customer.envs / "e" / ".condarc"
    return path.read_text() if path.exists() else ""


def minds(customer: Conda) -> bool:
    """Whether the solver knows the setting."""
    return customer.variables.get("CONDA_SOLVER") == "classic"


def exempts(customer: Conda, stick: Path) -> bool:
    """Whether the environment exempts the repository: its channel, if the solver knows of such
    settings, or else all.
    """
    content = YAML(typ="safe").load(condarc(customer))
    entry = {"channel": str(stick), "exclude_newer": False}
    one, everything = [entry] if minds(customer) else None, None if minds(customer) else ""
    return (content.get("channel_settings"), content.get("exclude_newer")) == (one, everything)


def packages(customer: Conda) -> set[str]:
    return {path.stem for path in (customer.envs / "e" / "conda-meta").glob("*.json")}


def test_setting_packages_and_dates_are_named(customer: Conda, stick: Path) -> None:
    done = use(customer, stick, "--json").json
    until = done["cooldown"]["packages"]
    assert {*until} == {"app 2.0", "lib 1.0"}
    assert until["lib 1.0"] < until["app 2.0"]
    file = customer.home / ".condarc"
    assert done["cooldown"]["settings"] == [f"exclude_newer in {file}"]
    assert (done["cooldown"]["exempted"], done["cooldown"]["needed"]) == (False, True)
    (warning,) = (w["text"] for w in done["warnings"] if w["source"] == str(file))
    for part in ("app 2.0, lib 1.0 of this release", until["app 2.0"], "--no-exclude-newer"):
        assert part in warning
    assert "exclude_newer" not in condarc(customer)


@pytest.mark.parametrize("answer", [(), ("--yes",), ("--json",)])
def test_nothing_is_installed_unless_somebody_exempts_it(
    customer: Conda, stick: Path, answer: tuple[str, ...]
) -> None:
    failed = refused(customer, stick, "--release", "2", *answer)
    assert "app 2.0, lib 1.0" in failed.output
    assert not (customer.envs / "e").exists()
    # what is old enough needs no exemption
    use(customer, stick, "--release", "1", "--yes")
    assert packages(customer) == {"app-1.0-0", "other-1.0-0"}


def test_exemption_is_asked_for_written_moved_and_undone(
    customer: Conda, stick: Path, tmp_path: Path
) -> None:
    dry = use(customer, stick, "app", "--dry-run", "--json").json
    assert (dry["cooldown"]["exempted"], dry["cooldown"]["needed"]) == (False, True)
    assert [name for name in dry["actions"]["LINK"] if "app-2.0" in name]
    assert not (customer.envs / "e").exists()

    (hint,) = (w["text"] for w in dry["warnings"] if "exclude_newer" in w["text"])
    assert f"use {stick} -p {customer.envs / 'e'} --no-exclude-newer" in hint
    done = use(customer, stick, "app", "--no-exclude-newer", "--json", "--yes").json
    assert (done["cooldown"]["exempted"], done["cooldown"]["needed"]) == (True, False)
    assert not [w for w in done["warnings"] if "exclude_newer" in w["text"]]
    assert packages(customer) == {"app-2.0-0", "lib-1.0-0", "other-1.0-0"}
    assert exempts(customer, stick)
    # conda's own commands in the environment go by that, too
    prefix = customer.envs / "e"
    customer.run("remove", "-p", prefix, "app", "lib", "--yes")
    customer.run("install", "-p", prefix, "app", "--yes")
    assert "app-2.0-0" in packages(customer)

    moved = tmp_path / "moved" / "bank"
    moved.parent.mkdir()
    stick.rename(moved)
    try:
        again = use(customer, moved, "--json").json
        assert "cooldown" not in again
        assert exempts(customer, moved)
    finally:
        moved.rename(stick)
    customer.run("offline-repo", "use", "--undo", "-p", prefix)
    assert condarc(customer) == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"exclude_newer_package": {"app": "7d"}}, "exclude_newer_package in"),
        ({"exclude_newer": "2020-01-01", "exclude_newer_package": {"lib": "7d"}}, "exclude_newer"),
    ],
)
def test_rule_that_cannot_be_overruled_is_told(
    customer: Conda, stick: Path, settings: dict[str, Any], words: str
) -> None:
    customer.configure(**settings)
    done = use(customer, stick, "--no-exclude-newer", "--json").json
    assert (done["cooldown"]["exempted"], done["cooldown"]["needed"]) == (False, False)
    (warning,) = (w["text"] for w in done["warnings"] if words in w["text"])
    assert "ask your administrator" in warning
    assert "exclude_newer" not in condarc(customer)
    refused(customer, stick, "--release", "2", "--no-exclude-newer", "--yes")


@pytest.mark.parametrize("how", ["final", "variable"])
def test_what_no_file_overrules_is_told(customer: Conda, stick: Path, how: str) -> None:
    """The exemption of a channel holds beside it, where the solver knows of that."""
    variables = {"CONDA_EXCLUDE_NEWER": "7d"} if how == "variable" else {}
    customer.configure()
    if how == "final":
        file = customer.home / ".condarc"
        file.write_text(f"{file.read_text()}exclude_newer: 7d #!final\n")
    customer.variables.update(variables)
    done = use(customer, stick, "app", "--dry-run", "--json") if minds(customer) else None
    assert done is None or done.json["actions"]["LINK"]
    cooldown = use(customer, stick, "--no-exclude-newer", "--json").json["cooldown"]
    assert (cooldown["exempted"], cooldown["needed"]) == (minds(customer), False)
    if minds(customer):
        use(customer, stick, "app", "--yes")
    else:
        refused(customer, stick, "app", "--no-exclude-newer", "--yes")


def test_date_is_never_reached(customer: Conda, stick: Path) -> None:
    customer.configure(exclude_newer="2020-01-01")
    done = use(customer, stick, "--json").json
    assert {*done["cooldown"]["packages"].values()} == {None}


def test_own_file_of_the_environment_is_left_alone(customer: Conda, stick: Path) -> None:
    own = customer.envs / "e" / ".condarc"
    (own.parent / "conda-meta").mkdir(parents=True)
    (own.parent / "conda-meta" / "history").touch()
    own.write_text("cooldown: 7d\n")
    done = use(customer, stick, "--no-exclude-newer", "--json").json
    assert done["cooldown"]["exempted"] is minds(customer)
    assert "cooldown: 7d" in own.read_text()


def test_of_base_the_channel_alone_can_be_exempted(stick: Path, tmp_path: Path) -> None:
    repository = locate_one(stick, None, None)
    shipped = (repository, repository.manifest.packages)
    exemptions = []
    with inside(tmp_path / "me") as me:
        me.configure(exclude_newer="7d")
        for solver in ("classic", "rattler"):
            for prefix in (me.conda.envs / "e", Path(context.root_prefix)):
                with overrides.settings(solver=solver):
                    held = held_back(repository, prefix, partial(package_records, *shipped))
                exemptions.append(held and held.exemption)
    assert exemptions == ["channel", "channel", "environment", None]
