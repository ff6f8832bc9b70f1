"""What was asked of pip, and packages that come from wheels, at the customer: as all others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.history import History

from conda_offline_repo.printable import quoted
from tests.support.mirror import PLATFORM
from tests.support.proposals import split
from tests.support.rewriting import from_wheel, rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.repository.locate import Repository
    from tests.support.mirror import Mirror
    from tests.support.running import Conda


def asked_of_pip(folder: Path, **more: object) -> Repository:
    """Let only `app` be asked of conda, and `extra`, which comes from PyPI, of pip."""
    archive = next(folder.glob("noarch/extra-*")).name
    version = archive.split("-")[1]
    repository = from_wheel(folder, f"noarch/{archive}", f"Extra_Pkg-{version}-py3-none-any.whl")
    request = replace(repository.manifest.request, packages=("app",))
    pip = {PLATFORM: {"Extra-Pkg<3": "extra <3", "App": "app"}}
    return rewrite(folder, request=request, pip=pip, **more)


def test_installed_and_updated_without_being_named(
    customer: Conda, mirror: Mirror, stick: Path
) -> None:
    asked_of_pip(stick)
    told = customer.use(stick, "-n", "rating", "--yes", "--json").json
    assert told["next"][-1] == quoted("conda", "install", "app", "extra <3")
    shell = customer.activated("rating")
    customer.run(*split(told["next"][-1])[1:], "--yes", **shell)
    assert customer.installed("rating")["extra"] == "1.0"
    asked_of_pip(mirror.copy(3, stick))
    told = customer.use(stick, "-n", "rating", "--yes", "--json").json
    assert told["next"][-1] == "conda update app extra"
    customer.run(*split(told["next"][-1])[1:], "--yes", **shell)
    installed = customer.installed("rating")
    assert (installed["app"], installed["extra"]) == ("2.0", "2.0")


def test_just_what_a_release_installs(customer: Conda, stick: Path) -> None:
    asked_of_pip(stick)
    customer.use(stick, "-n", "rating", "--yes", "--release", 1)
    assert customer.installed("rating")["extra"] == "1.0"
    requested = History(str(customer.envs / "rating")).get_requested_specs_map()
    assert {*requested} == {"app", "extra"}
    assert "no release" not in customer.run("doctor", "-n", "rating").output
    content = customer.use(stick, "-n", "rating", "--json").json
    assert content["environment_release"] == 1
    assert customer.use("--check", stick, "-n", "rating", "--release", 1, "--json").json["current"]


def test_just_what_an_environment_installs(customer: Conda, stick: Path) -> None:
    manifest = asked_of_pip(stick).manifest
    key = f"web/{PLATFORM}"
    rewrite(
        stick,
        request=replace(manifest.request, packages=(), environments={"web": ("app",)}),
        solutions={key: manifest.solutions[PLATFORM]},
        pip={key: {"Extra-Pkg": "extra"}},
    )
    customer.use(stick, "-n", "rating", "--yes", "--environment", "web")
    assert {*History(str(customer.envs / "rating")).get_requested_specs_map()} == {"app", "extra"}


@pytest.mark.parametrize("name", ["extra-pkg", "Extra_Pkg"])
def test_name_on_pypi(customer: Conda, stick: Path, name: str) -> None:
    asked_of_pip(stick)
    use = ("offline-repo", "use", stick, "-n", "rating", "--yes")
    text = customer.fail(*use, name).stderr
    (line,) = (line for line in text.splitlines() if "PyPI's" in line)
    says, _, command = line.strip().partition(": conda ")
    assert says == f"PyPI's {name.lower()} is the package extra here"
    customer.run(*split(command), "--yes")
    assert customer.installed("rating") == {"extra": "1.0"}
    assert "PyPI's" not in customer.fail(*use, "other").stderr


def test_swapped_archive_is_refused(customer: Conda, stick: Path) -> None:
    asked_of_pip(stick)
    customer.use(stick, "-n", "rating", "--yes", "app")
    (archive,) = stick.glob("noarch/extra-*")
    content = bytearray(archive.read_bytes())
    content[-1] ^= 1
    archive.write_bytes(content)
    told = customer.fail("install", "--yes", "extra", **customer.activated("rating"))
    assert archive.name in told.stderr
    assert "extra" not in customer.installed("rating")
