"""The base environment, brought to what a release installs: conda and the plugin stay there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.transactions import installed, read_again
from conda_offline_repo.builder.options import EnvironmentSpec
from tests.support.delivering import files
from tests.support.inside import Inside, inside
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM
from tests.support.proposals import split
from tests.support.running import Conda
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.running import Finished

NO_PIP = {"CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY": "false"}
VENDOR = SigningKey("vendor")
#: What the plugin is, and needs.
PLUGIN = {"conda-offline-repo-base": "0.9", "securesystemslib": "1.3", "checker": "1.0"}


def released(folder: Path, **packages: str) -> tuple[Path, BuildOutcome]:
    """Release an environment `base` with these packages, by version."""
    channel = TinyChannel(folder / "new")
    needs = {"conda": ("python >=3.10", "lib"), "python": ("lib",)}
    for name, version in {**packages, "lib": "2.0", "pip": "24.0"}.items():
        channel.add(name, version, depends=needs.get(name, ()))
    channel.write()
    with inside(folder / "me") as me:
        engineer = Inside(me.conda, folder / "repositories")
        options = engineer.options(channels=(channel.folder.as_uri(),), platforms=(PLATFORM,))
        spec = EnvironmentSpec("base", tuple(packages))
        outcome = engineer.build(replace(options, environments=(spec,)))
    return folder / "repositories" / "bank", outcome


@pytest.fixture
def me(tmp_path: Path) -> Conda:
    """An administrator whose base has conda, the plugin, and a tool that nothing needs."""
    base = tmp_path / "miniforge"
    me = Conda(tmp_path / "administrator", CONDA_ROOT_DIR=str(base), **NO_PIP)
    channel = TinyChannel(tmp_path / "old")
    channel.add("lib", "1.0")
    channel.add("python", "3.10", depends=["lib"])
    channel.add("conda", "99.1", depends=["python", "lib", "solver"])
    channel.add("conda-offline-repo-base", "0.9", depends=["conda >=99.1", "python <3.13"])
    channel.add("securesystemslib", "1.3", depends=["checker"])
    for name in ("checker", "solver", "tool"):
        channel.add(name)
    channel.write()
    names = ("conda", "conda-offline-repo-base", "securesystemslib", "tool")
    here = ("--override-channels", "-c", channel.folder.as_uri())
    Conda(tmp_path / "maker", **NO_PIP).run("create", "--yes", "-p", base, *here, *names)
    return me


def versions(folder: Path) -> dict[str, str]:
    """The versions of what base has, by name."""
    read_again(folder / "miniforge")
    return {r.name: r.version for r in installed(folder / "miniforge").values()}


def use(me: Conda, bank: Path, *options: object) -> Finished:
    return me.use(bank, "-n", "base", "--environment", "base", "--yes", *options)


def test_conda_and_the_plugin_stay_in_base(me: Conda, tmp_path: Path) -> None:
    bank, _ = released(tmp_path, app="1.0", conda="99.2", python="3.12")
    sign(bank, VENDOR)
    told = use(me, bank, "--trust", VENDOR.fingerprint)
    new = {"app": "1.0", "conda": "99.2", "python": "3.12", "lib": "2.0", "pip": "24.0"}
    assert versions(tmp_path) == {**PLUGIN, **new}
    stay = ", ".join(f"{name} {version}" for name, version in sorted(PLUGIN.items()))
    assert stay in told.stderr
    assert "counts for every environment of this conda" in told.stderr
    assert not use(me, bank, "--json").json["changed"]
    # what has to stay is no reason, and to ask needs no --yes
    assert "has release 1" in me.use("--check", bank, "-n", "base").stdout
    asked = ("offline-repo", "use", "--check", bank, "-n", "base", "--environment", "base")
    me.run("remove", "-n", "base", "--yes", "--force", "app", "pip")
    answer = me.execute(*asked, "--json")
    assert (answer.status, answer.json["why"][0]["text"]) == (3, "Not installed: app, pip")
    me.run(*split(answer.json["next"][0])[1:])
    assert me.execute(*asked).status == 0
    me.use(bank, "-n", "rating", "app", "--yes", "--trust", VENDOR.fingerprint)
    # in no other environment
    told = me.use(bank, "-n", "rating", "--environment", "base", "--yes")
    assert "stay in base" not in told.output


def test_conda_stays_where_the_release_has_none(me: Conda, tmp_path: Path) -> None:
    bank, outcome = released(tmp_path, app="1.0")
    use(me, bank)
    staying = {**PLUGIN, "conda": "99.1", "python": "3.10", "solver": "1.0"}
    assert versions(tmp_path) == {**staying, "app": "1.0", "lib": "1.0"}
    (warning,) = outcome.warnings
    assert "does not have conda, conda-offline-repo-base." in warning.text


def test_release_that_does_not_fit_what_stays(me: Conda, tmp_path: Path) -> None:
    bank, _ = released(tmp_path, conda="99.2", python="3.13")
    before = files(tmp_path / "miniforge")
    arguments = ("offline-repo", "use", bank, "-n", "base", "--environment", "base", "--yes")
    told = me.fail(*arguments).stderr
    assert "BaseMisfitError" in told
    assert "conda-offline-repo-base 0.9 needs python <3.13, not python 3.13" in told
    assert files(tmp_path / "miniforge") == before


def test_use_is_undone_as_the_warning_says(me: Conda, tmp_path: Path) -> None:
    bank, _ = released(tmp_path, app="1.0")
    (tmp_path / "miniforge" / ".condarc").write_text("channels: [conda-forge]\n")
    told = me.use(bank, "-n", "base", "--yes").stderr
    assert "`conda offline-repo use --undo -n base` takes it back" in told
    me.use("--undo", "-n", "base")
    assert me.run("config", "--show", "offline").stdout == "offline: False\n"


def test_link_to_base_is_base(me: Conda, tmp_path: Path) -> None:
    bank, _ = released(tmp_path, app="1.0")
    (tmp_path / "link").symlink_to(tmp_path / "miniforge", target_is_directory=True)
    told = me.fail("offline-repo", "use", bank, "-p", tmp_path / "link").stderr
    assert "give --yes if you mean base" in told
