"""Each command that a message proposes, typed as it stands where the message is printed.

A message with a new command needs a situation below, or a reason why the tests cannot type it. The
situations are in folders whose paths have spaces.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.manifest import MANIFEST_NAME
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, publish
from tests.support.proposals import GAP, PLACEHOLDER, commands, misunderstood, places
from tests.support.running import Conda, Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Finished

    Situation = Callable[["World"], Finished]

FIRST, SECOND = SigningKey("first"), SigningKey("second")
EXCEPTIONS, HOOKS = "customer/exceptions.py", "customer/hooks/exceptions.py"
#: Why a command is not typed here, by its module.
NOT_TYPED = {
    ("builder/request/inputs/exceptions.py", "install -n base 'py-rattler>=0.24'"): "changes base",
    ("builder/request/inputs/lock_file.py", "update -n base py-rattler"): "changes base",
    ("cli/sync.py", "offline-repo use … -p … --trust …"): "for a state that cannot be written",
    ("customer/configuration.py", "install -n NAME"): "names a kind of command",
    (HOOKS, "config --set solver NAME"): "for libmamba",
    (HOOKS, "remove --force"): "names a kind of command",
    ("exceptions.py", "config --set solver NAME"): "for a solver that is not installed",
    ("exceptions.py", "install -n base conda-offline-repo"): "changes base",
    ("repository/exceptions.py", "install -n base 'conda>=26.3' conda-sboms"): "changes base",
}
#: Values, placeholders, and conda's own environment, which the tests do not change.
NOT_LITERAL = re.compile(rf"{GAP}|{PLACEHOLDER.pattern}|-n base")
SITUATIONS: dict[Situation, tuple[tuple[str, str], ...]] = {}


class World:
    """A customer with a folder and an environment, and a vendor beside them.

    Attributes:
        mirror: has releases 1 to 3.
        stick: the folder, with release 1.
        prefix: the environment.
        meanings: what the reader of a message puts in the place of its placeholders.
    """

    def __init__(self, folder: Path, mirror: Mirror) -> None:
        self.folder = folder
        self.mirror = mirror
        # what is typed never reaches the conda of the tests
        base = {"CONDA_ROOT_DIR": str(folder / "base"), "CONDA_ALWAYS_YES": "yes"}
        self.customer = Conda(folder / "the administrator", **base)
        self.stick = folder / "my stick" / "bank"
        self.prefix = self.customer.envs / "e"
        self.meanings: dict[str, str] = {}
        self.deliver(1)

    def deliver(self, number: int) -> None:
        """Bring the folder to a release."""
        self.mirror.copy(number, self.stick)

    def use(self, *arguments: object) -> Finished:
        """See `use` succeed."""
        return self.customer.use(self.stick, "-p", self.prefix, *arguments)

    def refused(self, verb: str, *arguments: object) -> Finished:
        """See a command of conda fail in the environment."""
        return self.customer.fail(verb, "-p", self.prefix, *arguments)

    def type(self, command: str) -> Finished:
        """Type a command, with its placeholders filled in, and see it succeed."""
        for placeholder, meaning in self.meanings.items():
            command = command.replace(placeholder, meaning.replace(" ", "\\ "))
        words = shlex.split(command)
        assert not any(PLACEHOLDER.fullmatch(word) for word in words), command
        if words[0] == "activate":
            self.customer.variables.update(self.customer.activated(words[1]))
            words = ["info"]
        return self.customer.run(*words)


def proposes(module: str, *commands: str) -> Callable[[Situation], Situation]:
    """A situation whose message has these commands of a module, in this order."""

    def note(situation: Situation) -> Situation:
        SITUATIONS[situation] = tuple((module, command) for command in commands)
        return situation

    return note


@proposes("customer/use.py", "activate …", "install …")
def first_use(world: World) -> Finished:
    return world.customer.use(world.stick, "-n", "e")


@proposes("customer/use.py", "activate …", "update …")
def next_release(world: World) -> Finished:
    world.use("app", "extra")
    world.deliver(3)
    return world.customer.use(world.stick, "-n", "e")


@proposes("customer/use.py", "activate …", "offline-repo use …")
def older_release_is_used(world: World) -> Finished:
    world.deliver(3)
    world.use("app", "extra")
    world.deliver(1)
    return world.use("--allow-older")


@proposes(EXCEPTIONS, "offline-repo use … -p …… --allow-older")
def older_release(world: World) -> Finished:
    world.deliver(3)
    world.use("app")
    world.deliver(1)
    return world.refused("install", "tool")


@proposes(EXCEPTIONS, "offline-repo use … -p …… --allow-older")
def history_that_began_anew(world: World) -> Finished:
    world.use("app")
    path = world.stick / MANIFEST_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), "created": "2026-01-01T00:00:00Z"}))
    return world.refused("install", "extra")


@proposes(EXCEPTIONS, "offline-repo use … -p … --other-label")
def other_label(world: World) -> Finished:
    world.use("app")
    channel = TinyChannel(world.folder / "channel")
    channel.add("plant")
    root = world.folder / "repositories"
    shutil.rmtree(world.stick)
    publish(world.folder / "engineer", channel, "plant", root=root, label="plant").rename(
        world.stick
    )
    return world.refused("install", "plant")


@proposes(EXCEPTIONS, "offline-repo show … --releases")
def release_that_is_not_kept(world: World) -> Finished:
    return world.customer.fail("offline-repo", "use", world.stick, "-n", "e", "--release", "7")


@proposes("delivery/release_ref.py", "offline-repo show … --releases")
def comparison_with_a_release_that_is_not_kept(world: World) -> Finished:
    return world.customer.fail("offline-repo", "diff", f"{world.stick}@7", world.stick)


@proposes("repository/exceptions.py", "offline-repo unpack … …")
def zip_file_is_used(world: World) -> Finished:
    volume = world.folder / "the bank.zip"
    world.customer.run("offline-repo", "pack", world.stick, "-o", volume)
    return world.customer.fail("offline-repo", "use", volume, "-n", "e")


@proposes("customer/diagnostics.py", "offline-repo use --undo -n base")
def base_is_used(world: World) -> Finished:
    return world.customer.use(world.stick, "-n", "base")


@proposes(EXCEPTIONS, "offline-repo use … --trust …")
def missed_change_of_keys(world: World) -> Finished:
    sign(world.stick, FIRST)
    world.use("app", "--trust", FIRST.fingerprint)
    world.deliver(2)
    sign(world.stick, SECOND)
    return world.refused("update", "app")


@proposes(EXCEPTIONS, "offline-repo use PATH -p …")
def unreadable_state(world: World) -> Finished:
    world.use("app")
    state = world.prefix / "conda-meta" / "offline-repo"
    state.write_text("{")
    refused = world.refused("install", "extra")
    state.unlink()
    world.meanings["PATH"] = str(world.stick)
    return refused


@proposes(HOOKS, "offline-repo use NEW_PATH -p …")
def moved_folder(world: World) -> Finished:
    world.use("app")
    world.meanings["NEW_PATH"] = str(world.stick.rename(world.folder / "another stick"))
    return world.refused("install", "extra")


@proposes(HOOKS, "offline-repo use … -p … …")
def foreign_package(world: World) -> Finished:
    """conda's cache has a newer one of another channel, which solvers offer offline."""
    channel = TinyChannel(world.folder / "channel")
    channel.add("lib", "9.9", subdir=PLATFORM)
    channel.write()
    world.customer.run("create", "-n", "x", "--override-channels", "-c", channel.folder, "lib")
    shutil.rmtree(channel.folder)
    world.use("app")
    return world.refused("install", "lib>1.5")


@proposes("cli/doctor.py", "offline-repo use …")
def doctor_after_a_delivery(world: World) -> Finished:
    world.use("app")
    world.deliver(2)
    return world.customer.run("doctor", "-p", world.prefix)


@proposes("customer/configuration.py", "offline-repo use … -p … PACKAGE")
def channels_that_are_final(world: World) -> Finished:
    with (world.customer.home / ".condarc").open("a") as condarc:
        condarc.write("channels: #!final\n  - http://127.0.0.1:9/main\n")
    world.meanings["PACKAGE"] = "app"
    return world.use()


@proposes("customer/diagnostics.py", "install …")
def request_with_a_channel(world: World) -> Finished:
    world.use("extra")
    with (world.prefix / "conda-meta" / "history").open("a") as history:
        history.write("# update specs: ['conda-forge::extra']\n")
    world.customer.variables.update(world.customer.activated("e"))
    return world.use()


@proposes(HOOKS, "offline-repo use … -p …", "offline-repo use --undo -p …")
def interrupted_use(world: World) -> Finished:
    world.use("app")
    meta = world.prefix / "conda-meta"
    change = {"origins": [], "state": json.loads((meta / "offline-repo").read_text())}
    (meta / "offline-repo.change").write_text(json.dumps(change))
    return world.refused("install", "extra")


@proposes(HOOKS, "offline-repo use --undo -p …")
def other_channel(world: World) -> Finished:
    world.use("app")
    return world.refused("install", "-c", "http://127.0.0.1:9/main", "extra")


@proposes(HOOKS, "install -p … …")
def request_for_a_channel(world: World) -> Finished:
    world.use("app")
    return world.refused("install", "http://127.0.0.1:9/main::extra")


@proposes("cli/build_run.py", "offline-repo build --file … --label …")
def file_of_labels(world: World) -> Finished:
    options = ("--label", "bank", "--root", world.folder / "the root", "--no-label-channel")
    channel = ("-c", world.mirror.channel.folder, "--override-channels")
    return world.customer.build(*options, *channel, "app", "--write-config")


@proposes("cli/pack.py", "offline-repo unpack … PATH/…")
def release_in_a_volume(world: World) -> Finished:
    world.meanings["PATH/bank"] = str(world.folder / "unpacked" / "bank")
    return world.customer.run("offline-repo", "pack", world.stick, "-o", "the release.zip")


@proposes("cli/build_report.py", "offline-repo use PATH/… -n ENVIRONMENT")
def first_build(world: World) -> Finished:
    world.meanings |= {"PATH/": f"{world.stick.parent}/", "ENVIRONMENT": "e"}
    channel = ("-c", world.mirror.channel.folder, "--override-channels", "--no-label-channel")
    return world.customer.build("--label", "bank", "--root", "the root", *channel, "app")


#: By module, what has to be typed.
PLACES = {*places()}
#: What needs no situation.
LITERAL = {place for place in PLACES if not NOT_LITERAL.search(place[1])} - NOT_TYPED.keys()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_command_is_typed(situation: Situation, tmp_path: Path, mirror: Mirror) -> None:
    world = World(tmp_path / "a b", mirror)
    finished = situation(world)
    output = finished.stderr + finished.stdout
    for _, template in SITUATIONS[situation]:
        pattern = re.compile(re.escape(template).replace(GAP, ".+"))
        others = {command for _, command in NOT_TYPED}
        proposed = [c for c in commands(output) if pattern.match(c) and c not in others]
        assert proposed, f"no {template!r} in\n{output}"
        world.type(proposed[0])


@pytest.mark.parametrize("command", sorted({command for _, command in LITERAL}))
def test_command_without_a_situation(command: str, tmp_path: Path) -> None:
    conda = Customer(tmp_path / "me", CONDA_ALWAYS_YES="yes")
    conda.cold = True
    conda.run("create", "-n", "e")
    conda.run(*shlex.split(command), **conda.activated("e"))


def test_every_command_is_typed() -> None:
    typed = {place for situation in SITUATIONS.values() for place in situation}
    assert typed | NOT_TYPED.keys() == PLACES - LITERAL


def test_every_command_is_understood() -> None:
    text = "\n".join(f"`conda {command.replace(GAP, 'x')}`" for _, command in PLACES)
    assert misunderstood(text) == []
