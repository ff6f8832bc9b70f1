"""`conda offline-repo use`, and conda's own commands in the environment that it configured.

How packages come in is of `install`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dev.upstream.channels import add
from dev.upstream.packages import make_program
from dev.upstream.server import ChannelServer
from tests.conftest import TOKEN
from tests.support.mirror import PLATFORM, publish
from tests.support.proposals import split
from tests.support.running import Cold, snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Vendor
    from tests.support.running import Conda

APP = {"app": "2.0", "lib": "1.1"}


@pytest.fixture
def used(customer: Conda, copy: Path) -> dict[str, str]:
    """The variables of a shell in which an environment that uses the copy is active."""
    customer.use(copy, "-n", "rating")
    return customer.activated("rating")


@pytest.fixture
def deliver(conda: Conda, vendor: Vendor, root: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Publish another version of app and bring the customer's copy up to date; tells its path."""

    def deliver(version: str) -> Path:
        vendor.label.add("app", version, depends=["lib"])
        vendor.label.write()
        conda.build(*vendor.request, "--root", root, "app")
        shutil.rmtree(tmp_path / "stick", ignore_errors=True)
        return Path(shutil.copytree(root, tmp_path / "stick")) / "bank"

    return deliver


def test_makes_an_environment_that_installs_from_the_repository_alone(
    copy: Path, tmp_path: Path
) -> None:
    customer = Cold(tmp_path / "administrator")  # who starts conda as everybody does
    told = customer.use(copy, "-n", "rating")
    prefix = customer.envs / "rating"
    assert {".condarc", "conda-meta/history"} <= set(tree(prefix))
    assert customer.installed("rating") == {}
    for text in (str(prefix), str(copy), "conda activate rating", "conda install app"):
        assert text in told.stdout
    shell = customer.activated("rating")
    info = customer.run("info", "--json", **shell).json
    assert info["offline"] is True
    assert {url.rpartition("/")[0] for url in info["channels"]} == {copy.as_uri()}
    assert str(prefix) in customer.run("env", "list", "--json").json["envs"]

    customer.run("install", "--yes", "app", **shell)
    assert customer.installed("rating") == APP
    assert (prefix / "share" / "app.txt").read_text() == "app 2.0 0 noarch\n"


def test_next_command_is_the_one_to_type(customer: Conda, copy: Path) -> None:
    told = customer.use(copy, "-n", "rating", "--json")
    activate, install = told.json["next"]
    assert activate == "conda activate rating"
    program, *arguments = split(install)
    assert program == "conda"
    customer.run(*arguments, "--yes", **customer.activated("rating"))
    assert customer.installed("rating") == APP


def test_next_commands_of_a_request_with_versions(customer: Conda, tmp_path: Path) -> None:
    """`conda update` takes names alone; `conda install` does not."""
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    channel.add("lib")
    request = ("app=1.0", "lib >=1", "lib <2")
    bank = publish(tmp_path / "engineer", channel, *request, root=tmp_path / "repositories")
    shell = customer.activated("rating")
    for verb in ("install", "update"):
        command = customer.use(bank, "-n", "rating", "--json").json["next"][-1]
        program, *arguments = split(command)
        assert (program, arguments[0]) == ("conda", verb)
        customer.run(*arguments, "--yes", **shell)
        assert customer.installed("rating") == {"app": "1.0", "lib": "1.0"}
    assert arguments == ["update", "app", "lib"]


@pytest.mark.parametrize("how", ["option", "variable"])
def test_environment_for_another_platform(customer: Conda, tmp_path: Path, how: str) -> None:
    other = "linux-32" if PLATFORM != "linux-32" else "linux-64"
    channel = TinyChannel(tmp_path / "channel")
    for name in ("app", "tool"):
        channel.add(name, subdir=PLATFORM)
        channel.add(name, subdir=other)
    bank = publish(
        *(tmp_path / "engineer", channel, "app", "tool"),
        root=tmp_path / "repositories",
        platforms=(PLATFORM, other),
    )
    options = ("--platform", other) if how == "option" else ()
    variables = {"CONDA_SUBDIR": other} if how == "variable" else {}
    customer.use(bank, "-n", "rating", "--yes", "app", *options, **variables)
    customer.run("install", "--yes", "tool", **customer.activated("rating"))
    meta = customer.envs / "rating" / "conda-meta"
    records = [json.loads(path.read_text()) for path in meta.glob("*.json")]
    assert {record["name"]: record["subdir"] for record in records} == {"app": other, "tool": other}
    told = customer.fail("offline-repo", "use", bank, "-n", "rating", CONDA_SUBDIR=PLATFORM)
    assert "OtherPlatformError" in told.stderr
    assert f"--platform {other}" in told.stderr


def test_conda_calls_the_folder_by_its_name(
    customer: Conda, copy: Path, used: dict[str, str]
) -> None:
    """Not `defaults`, which leads nowhere then, also where the user's own file names it."""
    told = [customer.run(*asked, **used) for asked in (("install", "--yes", "app"), ("list",))]
    told.append(customer.run("env", "export", **used))
    assert "bank/noarch::app-2.0-0" in told[0].stdout
    assert told[1].stdout.count(copy.as_uri()) == len(APP)
    assert "defaults" not in "".join(result.output for result in told)

    condarc = customer.home / ".condarc"
    lines = condarc.read_text().splitlines(keepends=True)
    without = "".join(line for line in lines if not line.startswith("default_channels"))
    condarc.write_text(f"{without}channels: [defaults]\n")
    info = customer.run("info", "--json", **used).json
    assert {url.rpartition("/")[0] for url in info["channels"]} == {copy.as_uri()}
    assert customer.run("update", "--yes", "--all", "--json", **used).json["success"]


def test_updates_after_the_folder_was_copied_anew(
    customer: Conda, deliver: Callable[[str], Path]
) -> None:
    customer.use(deliver("2.0"), "-n", "rating")
    shell = customer.activated("rating")
    customer.run("install", "--yes", "app", **shell)
    deliver("2.1")
    customer.run("update", "--yes", "app", **shell)
    assert customer.installed("rating") == {**APP, "app": "2.1"}


def test_installs_and_updates_the_packages_that_are_named(
    customer: Conda, deliver: Callable[[str], Path]
) -> None:
    answer = customer.use(deliver("2.0"), "-n", "rating", "app", "--yes", "--json").json
    assert customer.installed("rating") == APP
    names = sorted(_file(text).partition("-")[0] for text in answer["actions"]["LINK"])
    assert names == ["app", "lib"]
    assert answer["created"] is True
    answer = customer.use(deliver("2.1"), "app", "-n", "rating", "--yes", "--json").json
    assert customer.installed("rating") == {**APP, "app": "2.1"}
    assert (answer["created"], answer["build"]) == (False, 2)


def _file(text: str) -> str:
    return text.rpartition("::")[2].rpartition("/")[2]


def test_says_all_of_it_in_one_json_object(customer: Conda, copy: Path) -> None:
    answer = customer.use(copy, "-n", "rating", "--json").json
    for key, value in {
        "success": True,
        "label": "bank",
        "path": str(copy),
        "build": 1,
        "channel": copy.as_uri(),
        "prefix": str(customer.envs / "rating"),
        "created": True,
        "verified": True,
    }.items():
        assert answer[key] == value


@pytest.mark.parametrize("packages", [(), ("app",)], ids=["configure", "install"])
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_dry_run_does_nothing(
    customer: Conda, copy: Path, packages: tuple[str, ...], options: tuple[str, ...]
) -> None:
    before = snapshot(copy)
    told = customer.use(copy, "-n", "rating", "--dry-run", *options, *packages)
    assert not (customer.envs / "rating").exists()
    assert not (customer.home / ".conda" / "environments.txt").exists()
    assert snapshot(copy) == before
    if packages:
        # conda's own table says it, and nothing says it again
        assert told.stdout.count("lib-1.1-0") == 1
    if options:
        assert told.json["prefix"] == str(customer.envs / "rating")


def test_again_changes_nothing(customer: Conda, copy: Path, used: dict[str, str]) -> None:
    customer.run("install", "--yes", "app", **used)
    prefix = customer.envs / "rating"
    before = snapshot(prefix)
    answer = customer.use(copy, "-n", "rating", "--json").json
    assert snapshot(prefix) == before
    assert (answer["created"], answer["changed"]) == (False, False)


def test_reaches_no_server_even_if_one_is_configured_and_answers(
    vendor: Vendor, repository: Path, customer: Conda
) -> None:
    configured = [vendor.url(vendor.public), f"{vendor.server.url}/t/{TOKEN}/acme"]
    customer.configure(channels=configured, channel_alias=vendor.server.url)
    vendor.server.clear()
    customer.use(repository, "-n", "rating", "app", "--yes")
    assert customer.installed("rating") == APP
    shell = customer.activated("rating")
    assert customer.run("info", "--json", **shell).json["offline"] is True
    here = ("--override-channels", "-c", repository.as_uri())
    customer.run("update", "--yes", "app", *here, **shell)
    assert vendor.server.requests == ()


@pytest.mark.parametrize("form", ["label's folder", "root", "relative", "below home"])
def test_finds_the_repository(customer: Conda, copy: Path, form: str) -> None:
    target = customer.home / "repo" / "bank"
    shutil.copytree(copy, target)
    path, here = {
        "label's folder": (str(target), None),
        "root": (str(target.parent), None),
        "relative": ("repo", customer.home),
        "below home": ("~/repo", None),
    }[form]
    answer = customer.use(path, "-n", "rating", "--json", cwd=here).json
    assert (answer["path"], answer["channel"]) == (str(target), target.as_uri())


def test_label_chooses_among_several(customer: Conda, copy: Path) -> None:
    other = copy.with_name("plant")
    shutil.copytree(copy, other)
    manifest = other / "offline-repo.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**content, "label": "plant"}))
    told = customer.fail("offline-repo", "use", copy.parent, "-n", "rating")
    assert "--label" in told.stderr
    assert "plant" in told.stderr
    answer = customer.use(copy.parent, "--label", "plant", "-n", "rating", "--json").json
    assert answer["path"] == str(other)


def test_paths_with_spaces_and_letters_of_other_alphabets(
    customer: Conda, copy: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "X Y" / "bänk"
    moved.parent.mkdir()
    copy.rename(moved)
    prefix = tmp_path / "die Umgebung" / "è"
    customer.use(moved, "-p", prefix)
    shell = {"CONDA_PREFIX": str(prefix), "CONDA_SHLVL": "1"}
    if customer.run("config", "--show", "solver", "--json").json["solver"] == "libmamba":
        told = customer.fail("install", "--yes", "app", **shell)
        assert f"The solver libmamba cannot read a channel in {moved}" in told.stderr
        shell["CONDA_SOLVER"] = "classic"
    customer.run("install", "--yes", "app", **shell)
    assert (prefix / "share" / "app.txt").exists()


def test_active_environment_without_a_name(customer: Conda, copy: Path) -> None:
    prefix = customer.envs / "mine"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    answer = customer.use(copy, "app", "--yes", "--json", **customer.activated("mine")).json
    assert (answer["prefix"], answer["created"]) == (str(prefix), False)
    assert customer.installed("mine") == APP


def test_moved_folder_is_taken_over(
    customer: Conda, copy: Path, used: dict[str, str], tmp_path: Path
) -> None:
    customer.run("install", "--yes", "app", **used)
    moved = tmp_path / "share" / "bank"
    moved.parent.mkdir()
    copy.rename(moved)
    answer = customer.use(moved, "-n", "rating", "--json").json
    assert (answer["created"], answer["changed"]) == (False, True)
    info = customer.run("info", "--json", **used).json
    assert {url.rpartition("/")[0] for url in info["channels"]} == {moved.as_uri()}
    customer.run("update", "--yes", "--all", **used)
    assert customer.installed("rating") == APP


def test_condarc_keeps_what_is_not_ours(customer: Conda, copy: Path) -> None:
    prefix = customer.envs / "rating"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    condarc = prefix / ".condarc"
    condarc.write_text(
        "# of the operations team\n"
        "channels:\n"
        "- https://conda.example.com/main  # the old way\n"
        "always_yes: true   # nobody answers here\n"
        "envs_dirs: ['/opt/envs']\n"
        "offline: false\n"
    )
    customer.use(copy, "-n", "rating")
    text = condarc.read_text()
    for line in (
        "# of the operations team",
        "always_yes: true   # nobody answers here",
        "envs_dirs: ['/opt/envs']",
    ):
        assert line in text.splitlines()
    assert "conda.example.com" not in text
    assert "offline: true" in text
    info = customer.run("info", "--json", **customer.activated("rating")).json
    assert {url.rpartition("/")[0] for url in info["channels"]} == {copy.as_uri()}


def test_no_verify_says_so(customer: Conda, copy: Path) -> None:
    (copy / "SHA256SUMS").write_text("damaged")
    told = customer.use(copy, "-n", "rating", "--no-verify")
    assert "not checked" in told.output
    answer = customer.use(copy, "-n", "rating", "--no-verify", "--json").json
    assert answer["verified"] is False


def test_base_is_left_alone(customer: Conda, copy: Path) -> None:
    told = customer.fail("offline-repo", "use", copy, "--dry-run")
    assert "base" in told.stderr
    assert "--yes" in told.stderr


def test_repository_is_only_read(customer: Conda, copy: Path, used: dict[str, str]) -> None:
    before = snapshot(copy)
    customer.run("install", "--yes", "app", **used)
    assert snapshot(copy) == before


def test_real_programs_run_and_are_updated(
    conda: Conda,
    customer: Conda,
    upstream: Path,
    root: Path,
    tmp_path: Path,
) -> None:
    served = tmp_path / "served"
    shutil.copytree(upstream, served)
    server = ChannelServer(served, private={"prometeia": TOKEN})
    conda.configure(channel_alias=server.url, channels=["public"])
    conda.build(
        *("--label", "halkbank", "-c", "prometeia", "--token", TOKEN),
        *("--root", root, "ratingpro", "pytho"),
    )
    stick = tmp_path / "stick"
    shutil.copytree(root, stick)
    asked = server.requests
    customer.use(stick, "-n", "halkbank-test")
    shell = customer.activated("halkbank-test")
    customer.run("install", "--yes", "ratingpro", **shell)
    assert server.requests == asked
    server.stop()

    program = customer.envs / "halkbank-test" / "bin" / "ratingpro"

    def say() -> str:
        done = subprocess.run([program], capture_output=True, text=True, env={}, check=True)
        return done.stdout.strip()

    requests = customer.installed("halkbank-test")["requests"]
    assert say() == f"ratingpro 1.2 with requests {requests}"
    customer.run("install", "--yes", "pytho", **shell)

    label = served / "prometeia" / "label" / "halkbank"
    newer = make_program(tmp_path / "made", "ratingpro", "1.3", ["requests >=2.28", "six"])
    add(newer, label, "noarch")
    with ChannelServer(served, private={"prometeia": TOKEN}) as again:
        conda.configure(channel_alias=again.url, channels=["public"])
        conda.build(
            *("--label", "halkbank", "-c", "prometeia", "--token", TOKEN),
            *("--root", root, "ratingpro", "pytho"),
        )
        sent = [path.rpartition("/")[2] for path in again.packages()]
        assert sent == ["ratingpro-1.3-py_0.conda"]
    shutil.rmtree(stick)
    shutil.copytree(root, stick)
    customer.run("update", "--yes", "ratingpro", **shell)
    assert say() == f"ratingpro 1.3 with requests {requests}"
    assert customer.installed("halkbank-test")["pytho"] == "2.0"
