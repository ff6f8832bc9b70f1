"""The scripts and instructions in a repository, with plain conda: this plugin is not loaded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from conda_offline_repo.builder.release.plain_conda import plain_conda_files
from conda_offline_repo.builder.request.inputs.pinned import Environment
from conda_offline_repo.builder.request.request import Request
from conda_offline_repo.clock import EPOCH
from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.repository.manifest import NEEDED
from conda_offline_repo.specs import PackageSpec
from tests.support.guarded import APP
from tests.support.launcher import launcher
from tests.support.mirror import PLATFORM, another, entries
from tests.support.proposals import split
from tests.support.rewriting import put_newer
from tests.support.running import Customer, plain_url, snapshot, tree
from tests.support.scripts import run_script
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dev.upstream.cable import Cable
    from tests.support.mirror import Mirror
    from tests.support.running import Conda

APP_1 = {"app": "1.0", "tool": "1.0", "lib": "1.0"}
APP_2 = {"app": "2.0", "tool": "2.0", "lib": "1.0"}
SHELLS = [path for path in map(shutil.which, ("sh", "dash", "bash", "busybox")) if path]
#: What the libmamba solver reads when it is offline: the cached indexes of the environment.
CACHED_INDEXES = """\
import json
from conda.base.context import context, reset_context
from conda.core.subdir_data import SubdirData
from conda.models.channel import Channel, all_channel_urls
reset_context()
assert context.offline
found = []
for url in all_channel_urls(context.channels, subdirs=context.subdirs):
    index = json.loads(SubdirData(Channel(url)).repo_fetch.cache_path_json.read_text())
    found += [*index["packages"], *index["packages.conda"]]
print(json.dumps(sorted(found)))
"""


@pytest.fixture(scope="module")
def ready() -> Iterator[str]:
    """The command of a conda that is ready at once."""
    with launcher() as command:
        yield command


@pytest.fixture
def customer(tmp_path: Path, trap: Cable, ready: str) -> Conda:
    """The administrator of a machine with plain conda, and with a channel of the company."""
    plain = {"CONDA_NO_PLUGINS": "true", "CONDA_SOLVER": "classic"}
    customer = Customer(tmp_path / "administrator", **plain, **trap.proxies)
    programs = tmp_path / "programs"
    programs.mkdir()
    customer.variables["PATH"] = f"{programs}{os.pathsep}{customer.variables['PATH']}"
    provide(customer, programs / "conda", ready)
    customer.configure(channels=["https://conda.example.com/main"])
    return customer


def provide(customer: Conda, path: Path, command: str) -> None:
    """Let scripts find a command as conda, and its calls be written down."""
    calls = customer.scratch / "calls"
    path.write_text(f'#!/bin/sh\necho "$*" >>"{calls}"\nexec {command} "$@"\n')
    path.chmod(0o755)


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    """The folder that builds are copied to, with much in its name; it has the first."""
    return mirror.copy(1, tmp_path / "X Y & bänk's" / "bank")


def use(
    customer: Conda, stick: Path, *arguments: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the script of a repository."""
    return run_script(customer, ["sh", stick / "use.sh", *arguments], status, errors="strict")


def cached(customer: Conda, name: str) -> list[str]:
    """The archives that the libmamba solver would know of in the environment."""
    done = subprocess.run(
        [sys.executable, "-c", CACHED_INDEXES],
        capture_output=True,
        cwd=customer.work,
        env={**customer.variables, **customer.activated(name)},
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def configured(customer: Conda) -> dict[str, object]:
    """What the environment's own `.condarc` says."""
    content = YAML(typ="safe").load((customer.envs / "rating" / ".condarc").read_text())
    assert isinstance(content, dict)
    return content


def in_index(stick: Path) -> list[str]:
    return sorted([*entries(stick), *entries(stick, PLATFORM)])


def test_script_configures_as_it_says(customer: Conda, stick: Path, mirror: Mirror) -> None:
    customer.configure()
    of_the_user = (customer.home / ".condarc").read_bytes()
    use(customer, stick, "rating")
    assert customer.installed("rating") == {}
    shell = customer.activated("rating")
    here = str(stick)
    expected = {"channels": [here], "default_channels": [here], "offline": True}
    assert configured(customer) == expected
    assert cached(customer, "rating") == in_index(stick)
    customer.run("install", "--yes", "app", **shell)
    assert customer.installed("rating") == APP_1

    condarc = customer.envs / "rating" / ".condarc"
    condarc.write_text("channels: [https://conda.example.com]\nalways_yes: true\n")
    mirror.copy(2, stick)
    use(customer, stick, "rating")
    assert configured(customer) == {**expected, "always_yes": True}
    assert (customer.home / ".condarc").read_bytes() == of_the_user
    # what the libmamba solver reads
    assert cached(customer, "rating") == in_index(stick)
    customer.run("update", "--yes", "app", **shell)
    assert customer.installed("rating") == APP_2


def test_script_installs_and_does_no_more_than_documented(customer: Conda, stick: Path) -> None:
    before = snapshot(stick)
    told = use(customer, stick, "rating", "app", "extra>=1.0")
    assert customer.installed("rating") == {**APP_1, "extra": "1.0"}
    assert "conda activate rating" in told.stdout
    assert snapshot(stick) == before

    calls = (customer.scratch / "calls").read_text().splitlines()
    verbs = ("search", "env list", "create", "config", "install")
    assert {next(verb for verb in verbs if call.startswith(verb)) for call in calls} == {*verbs}
    for call in calls:
        if call.startswith(("create", "install")):
            assert "--offline --override-channels" in call
        if call.startswith("config"):
            assert call.startswith(f"config --file {customer.envs / 'rating' / '.condarc'} ")

    state = snapshot(customer.envs / "rating" / "conda-meta"), configured(customer)
    use(customer, stick, "rating", "app")
    assert (snapshot(customer.envs / "rating" / "conda-meta"), configured(customer)) == state


def test_script_follows_a_moved_folder(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path
) -> None:
    use(customer, stick, "rating", "app")
    moved = mirror.copy(2, tmp_path / "ä b" / "bank")
    shutil.rmtree(stick)
    use(customer, moved, "rating", "app=2")
    assert customer.installed("rating") == APP_2
    assert configured(customer)["channels"] == [str(moved)]
    assert configured(customer)["default_channels"] == [str(moved)]


@pytest.mark.parametrize("damage", ["changed", "missing", "with busybox"])
def test_script_refuses_a_damaged_copy(
    customer: Conda, stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    if damage == "with busybox":
        if not (busybox := shutil.which("busybox")):
            pytest.skip("busybox is not there")
        (tmp_path / "sha256sum").symlink_to(busybox)
        monkeypatch.setitem(customer.variables, "PATH", f"{tmp_path}:{customer.variables['PATH']}")
        assert use(customer, stick, "rating").stderr == ""
        shutil.rmtree(customer.envs)
        (customer.scratch / "calls").unlink()
    archive = stick / "noarch" / "app-1.0-0.conda"
    if damage == "missing":
        archive.unlink()
    else:
        archive.write_bytes(another(archive))
    told = use(customer, stick, "rating", "app", status=1)
    assert "app-1.0-0.conda" in told.stdout + told.stderr
    assert "damaged" in told.stderr
    assert "copy the folder again" in told.stderr
    assert not (customer.scratch / "calls").exists()
    assert not customer.envs.exists()


def test_script_refuses_folders_that_conda_cannot_read(
    customer: Conda, mirror: Mirror, tmp_path: Path
) -> None:
    for number, name in enumerate(("50%", "#1", f"{PLATFORM}-1", "noarch")):
        told = use(customer, mirror.copy(1, tmp_path / name), f"rating{number}", status=1)
        assert name in told.stderr
        assert "rename" in told.stderr
    assert not customer.envs.exists()


def test_script_refuses_a_solver_that_does_not_see_the_packages(
    customer: Conda, stick: Path
) -> None:
    put_newer(stick, APP)
    index = hash_file(stick / "noarch" / "repodata.json").sha256
    sums = (stick / "SHA256SUMS").read_text().splitlines()
    changed = [f"{index} *{s[66:]}" if s.endswith("*noarch/repodata.json") else s for s in sums]
    (stick / "SHA256SUMS").write_text("\n".join((*changed, "")))
    told = use(customer, stick, "rating", "app", status=1)
    assert NEEDED.partition(" with")[0] in told.stderr
    assert "conda config --set solver rattler" in told.stderr
    assert not customer.envs.exists()


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-n", "rating")])
def test_script_says_how_it_is_used(
    customer: Conda, stick: Path, arguments: tuple[str, ...]
) -> None:
    told = use(customer, stick, *arguments, status=2)
    assert told.stderr == "usage: sh use.sh ENVIRONMENT [PACKAGE ...]\n"
    assert not (customer.scratch / "calls").exists()


def test_script_reports_a_package_that_is_not_there(customer: Conda, stick: Path) -> None:
    told = use(customer, stick, "rating", "nosuch", status=1)
    assert "nosuch" in told.stdout + told.stderr
    assert "Next:" not in told.stdout


@pytest.mark.parametrize("shell", SHELLS, ids=[os.path.basename(shell) for shell in SHELLS])
def test_script_is_for_every_shell(stick: Path, shell: str) -> None:
    command = [shell, "sh"] if shell.endswith("busybox") else [shell]
    subprocess.run([*command, "-n", stick / "use.sh"], check=True)
    assert b"\r" not in (stick / "use.sh").read_bytes()


def test_checksums_are_those_of_the_usual_tools(stick: Path) -> None:
    tool = ["sha256sum"] if shutil.which("sha256sum") else ["shasum", "-a", "256"]
    done = subprocess.run(
        [*tool, "-c", "SHA256SUMS"], cwd=stick, capture_output=True, text=True, check=True
    )
    checked = [line.removesuffix(": OK") for line in done.stdout.splitlines()]
    others = {"SHA256SUMS", "offline-repo.json"}
    assert sorted(checked) == [name for name in tree(stick) if name not in others]


def batch() -> list[str]:
    """The lines of use.cmd."""
    content = plain_conda_files(request("bank"), ())["use.cmd"]
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    return content.decode("ascii").split("\r\n")[:-1]


def request(label: str, *packages: str, platforms: tuple[str, ...] = ("win-64",)) -> Request:
    return Request(
        label,
        (Environment(packages=tuple(map(PackageSpec, packages))),),
        (),
        None,
        platforms,
        {},
        EPOCH,
    )


def test_batch_file_can_be_read_at_a_glance() -> None:
    lines = batch()
    assert len(lines) <= 131
    assert max(map(len, lines)) <= 120
    assert not any("\t" in line or line != line.rstrip() for line in lines)


def test_batch_file_begins_safely() -> None:
    lines = batch()
    assert lines[0] == "@echo off"
    assert "setlocal EnableExtensions DisableDelayedExpansion" in lines[:6]
    assert not any("!" in line for line in lines)
    assert sum("%~dp0" in line for line in lines) == 1


def test_batch_file_gives_conda_urls_alone() -> None:
    for line in batch():
        if re.search(r"\bconda (?!activate)", line.removeprefix("rem ")) and " -c " in line:
            assert "%here%" not in line, line
            assert line.count(" -c ") == line.count(' -c "%url%'), line


def test_channel_as_the_batch_file_writes_it(
    customer: Conda, mirror: Mirror, tmp_path: Path
) -> None:
    """A URL with spaces and other letters as they are: a batch file cannot escape them."""
    stick = mirror.copy(1, tmp_path / "X Y & (1)!" / "bank")
    url = plain_url(stick)
    customer.run("search", "--override-channels", "-c", url, "*")
    customer.run(
        "create", "-q", "-y", "--offline", "--override-channels", "-c", url, "-n", "rating"
    )
    condarc = customer.envs / "rating" / ".condarc"
    condarc.touch()
    for key in ("channels", "default_channels"):
        customer.run("config", "--file", condarc, "--add", key, url)
    customer.execute("config", "--file", condarc, "--remove", "channels", "defaults")
    customer.run("config", "--file", condarc, "--set", "offline", "true")
    shell = customer.activated("rating")
    customer.run("install", "-y", "app", **shell)
    assert customer.installed("rating") == APP_1
    mirror.copy(2, stick)
    customer.run("search", "--override-channels", "-c", url, "*")
    customer.run("update", "-y", "app", **shell)
    assert customer.installed("rating") == APP_2


def test_batch_file_comes_back_from_conda() -> None:
    # conda is a batch file itself: without `call`, ours would end where it ends
    for line in batch():
        if line.startswith(("rem ", "echo ", "@echo")):
            continue
        for found in re.finditer(r"\bconda\b(?!\.)", line):
            before = line[: found.start()]
            assert before.endswith("call ") or before.endswith("in ('"), line


def test_batch_file_has_the_labels_that_it_goes_to() -> None:
    text = "\n".join(batch())
    labels = re.findall(r"^:(\w+)$", text, re.MULTILINE)
    assert len(labels) == len(set(labels))
    goals = re.findall(r"\bgoto :?(\w+)", text) + re.findall(r"\bcall :(\w+)", text)
    assert set(goals) == set(labels)


def test_batch_file_quotes_what_may_hold_spaces() -> None:
    for line in batch():
        for found in re.finditer(r"%(here|url|prefix|file|name)[%:]|%~[12dp]|%%[~fi]*[hi]\b", line):
            if line.startswith("rem ") or line[found.end() :].startswith(" in ("):
                continue
            assert line[: found.start()].count('"') % 2 == 1, line


def test_batch_file_stops_where_conda_fails() -> None:
    lines = batch()
    for number, line in enumerate(lines):
        if "call conda" in line and "--remove" not in line and "--help" not in line:
            or_newer = "if not defined newer " if "conda search" in line else ""
            assert lines[number + 1] == f"if %errorlevel% neq 0 {or_newer}exit /b 1", line


def test_batch_file_tells_its_outcome() -> None:
    lines = batch()
    # nothing behind the last line of the job can make a failure of it
    done = lines[lines.index(":done") : lines.index(":check") - 1]
    assert done[-1] == "exit /b 0"
    assert not any("exit /b 1" in line for line in done)
    assert lines[lines.index(":damaged") + 2] == "exit /b 1"
    assert lines[lines.index(":usage") + 2] == "exit /b 2"
    assert lines[lines.index(":unreadable") + 2] == "exit /b 1"
    for name in (":damaged", ":unreadable", ":usage"):
        assert lines[lines.index(name) + 1].endswith(" 1>&2")


def test_instructions_name_what_is_needed() -> None:
    content = plain_conda_files(request("halkbank", "ratingpro", "pytho"), ())["README.txt"]
    assert content.count(b"\n") == content.count(b"\r\n")
    text = content.decode()
    for words in (
        *("halkbank", "win-64", "ratingpro pytho"),
        *("conda offline-repo use", "sha256sum -c SHA256SUMS", "shasum -a 256", "certutil"),
        *("sh use.sh ENVIRONMENT", "use.cmd ENVIRONMENT", "libmamba", "envs_dirs"),
        *("rsync", "robocopy", "conda activate", "conda install", "conda update"),
    ):
        assert words in text
    assert "-File use.ps1 ENVIRONMENT" in text
    assert "$" not in text
    assert max(map(len, text.splitlines())) <= 79


def test_instructions_name_what_stands_for_requirements_of_pip() -> None:
    asked = request("bank", "python", platforms=("linux-64", "win-64"))
    both = {"Flask": "flask", "opencv-python>=4": "opencv >=4", "python": "python"}
    same = plain_conda_files(asked, (), pip={"linux-64": both, "win-64": both})["README.txt"]
    assert b'    conda install python flask "opencv >=4"\r\n' in same
    pip = {"linux-64": {"flask": "flask"}, "win-64": {"flask": "flask", "pywin32": "pywin32"}}
    text = plain_conda_files(asked, (), pip=pip)["README.txt"]
    assert b"    on linux-64: conda install python flask\r\n" in text
    assert b"    on win-64: conda install python flask pywin32\r\n" in text


def test_instructions_without_packages() -> None:
    text = plain_conda_files(request("bank"), ())["README.txt"].decode()
    assert "conda install PACKAGE" in text


def test_script_offers_the_plugin_of_the_folder(
    conda: Conda, customer: Conda, tmp_path: Path
) -> None:
    channel = TinyChannel(tmp_path / "published")
    for name in ("app", "conda-offline-repo-base"):
        channel.add(name)
    channel.write()
    channels = ("--no-label-channel", "-c", channel.folder.as_uri(), "--override-channels")
    request = ("--label", "bank", *channels, "app")
    conda.build(*request, "--root", conda.work)
    bank = tmp_path / "X Y & bänk's" / "bank"
    shutil.copytree(conda.work / "bank", bank)
    assert "conda-offline-repo-base" not in use(customer, bank, "rating").stdout
    conda.build(*request, "--root", conda.work, "--with-plugin")
    shutil.rmtree(bank)
    shutil.copytree(conda.work / "bank", bank)
    (bank / "plugin" / "noarch" / "securesystemslib-1.3.1-0.conda").touch()
    told = use(customer, bank, "rating").stdout.splitlines()[-1]
    line = ("conda", "install", "-n", "base", "--override-channels", "-c")
    names = ("conda-offline-repo-base", "securesystemslib")
    assert split(told) == [*line, str(bank / "plugin"), *names]
    named = told.replace("-n base", "-n rating").partition(" ")[2].removesuffix(names[1])
    customer.run(*split(named), "--yes")
    assert customer.installed("rating")["conda-offline-repo-base"] == "1.0"
    # the plugin is there: CONDA_NO_PLUGINS is what hides it
    customer.variables.pop("CONDA_NO_PLUGINS")
    assert "conda-offline-repo-base" not in use(customer, bank, "rating").stdout


def test_nothing_of_the_request_gets_into_the_scripts() -> None:
    plain = plain_conda_files(request("bank"), ())
    packages = ("app >=1.0", "tool[build='a b']")
    other = plain_conda_files(request("other", *packages, platforms=("linux-64",)), ())
    assert other.keys() == plain.keys() - {"use.ps1"}
    for name in ("use.sh", "use.cmd"):
        assert other[name] == plain[name]
    assert b"use.ps1" not in other["README.txt"]
    both = plain_conda_files(request("x", *packages, platforms=("linux-64", "win-arm64")), ())
    assert both["use.ps1"] == plain["use.ps1"]
