"""What conda's other commands load of the plugin: next to nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.running import Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.running import Conda

#: What conda needs to know the command, its options and the settings.
ON_EVERY_START = re.compile(r"conda_offline_repo(\.plugin|\.settings|\.cli)?")
#: What a solve needs to find that there is nothing to do.
AT_A_SOLVE = {
    *("_conda", "_conda.commands", "_conda.indexes", "_conda.package_cache"),
    *("exceptions", "printable", "urls"),
    *("customer", "customer.exceptions", "customer.hooks", "customer.hooks.archives"),
    *("customer.hooks.exceptions", "customer.hooks.served"),
    *("customer.hooks.caches", "customer.hooks.guard"),
    *("customer.hooks.history_check", "customer.hooks.origin", "customer.environment"),
    *("customer.environment.files", "customer.environment.state"),
    *("files", "files.atomic", "files.hashing", "files.permissions", "files.web", "files.workers"),
    *("repository", "repository.exceptions", "repository.manifest", "repository.remembered"),
    *("repository.manifest_json", "repository.names", "repository.package"),
    "repository.reading",
}
#: What only conda 25.5 and newer asks for.
AT_A_TRANSACTION = {"customer.hooks.explicit"}
OBSERVED = """\
import json, os, sys
opened = []
def note(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes)):
        opened.append(os.fsdecode(arguments[0]))
sys.addaudithook(note)
from conda.cli import main
statuses = []
for command in json.loads(sys.argv[1]):
    try:
        statuses.append(main(*command))
    except SystemExit as error:
        statuses.append(error.code)
ours = sorted(name for name in sys.modules if name.startswith("conda_offline_repo"))
with open(os.environ["OBSERVED"], "w") as file:
    json.dump({"failed": any(statuses), "modules": ours, "opened": opened}, file)
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "me")


def observe(conda: Conda, *commands: Sequence[str]) -> tuple[set[str], list[str]]:
    """Our modules that conda has imported for commands, and the paths that it has opened or listed.

    They run one after the other in a process.
    """
    report = conda.scratch / "observed.json"
    process = subprocess.run(
        [sys.executable, "-c", OBSERVED, json.dumps(commands)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=conda.work,
        env={**conda.variables, "OBSERVED": str(report)},
        text=True,
    )
    observed = json.loads(report.read_text())
    assert not observed["failed"], f"{process.stdout}\n{process.stderr}"
    return set(observed["modules"]), observed["opened"]


def test_commands_that_do_not_solve(customer: Conda, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    channel.write()
    customer.configure(channels=[channel.folder.as_uri()])
    commands = ("--version", "info", "list", "config --show channels", "env list", "search app")
    modules, opened = observe(customer, *map(str.split, commands))
    assert [name for name in modules if not ON_EVERY_START.fullmatch(name)] == []
    assert [path for path in opened if "offline-repo" in path.rpartition("/")[2]] == []


@pytest.mark.parametrize("offline", [False, True])
def test_solve_without_an_offline_repository(
    customer: Conda, tmp_path: Path, offline: bool
) -> None:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    channel.write()
    policy = {"offline_repo_policy": "missing.yml"}
    customer.configure(channels=[channel.folder.as_uri()], offline=offline, plugins=policy)
    modules, opened = observe(customer, ("create", "--yes", "-n", "mine", "app"))
    assert "conda_offline_repo.customer.hooks.guard" in modules
    more = {
        name.removeprefix("conda_offline_repo.")
        for name in modules
        if not ON_EVERY_START.fullmatch(name)
    }
    assert more - AT_A_TRANSACTION <= AT_A_SOLVE
    installing, _ = observe(customer, ("install", "--yes", "-n", "mine", "app"))
    assert installing - modules == {"conda_offline_repo.customer.hooks.channels"}
    # whether the environment has used a repository is looked up, but none is looked into
    ours = ("offline-repo.json", "offline-repo.journal.json")
    assert [path for path in opened if path.rpartition("/")[2] in ours] == []
    assert (customer.envs / "mine" / "share" / "app.txt").exists()
