"""Each command that a message proposes, typed as it stands where the message is printed.

A message with a new command needs a situation below, or a reason why the tests cannot type it. The
situations are in folders whose paths have spaces.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.manifest import MANIFEST_NAME
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, publish
from tests.support.proposals import GAP, PLACEHOLDER, commands, misunderstood, places, split
from tests.support.running import Conda, Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Finished

    Situation = Callable[["World"], Finished]

FIRST, SECOND = SigningKey("first"), SigningKey("second")
#: Why a command is not typed here, by the class or function that proposes it.
NOT_TYPED = {
    ("HeldBack", "offline-repo use … -p … --no-exclude-newer"): "for conda 26.9",
    ("LicensesMissingError", "install -n base …license-expression"): "changes base",
    ("LockReaderMissingError", 'install -n base "py-rattler>=0.24"'): "changes base",
    ("PipToolsMissingError", "install -n base …"): "changes base",
    ("ProtocolError", "install -n base -c conda-forge …"): "changes base",
    ("SbomMissingError", 'install -n base "conda>=26.3" conda-sboms'): "changes base",
    ("SigstoreMissingError", 'install -n base "sigstore>=4.5"'): "changes base",
    ("SolverMissingError", "config --set solver NAME"): "for a solver that is not installed",
    ("VendorMissingError", "install -n base conda-offline-repo"): "changes base",
    ("_answered", "install -n base boto3"): "changes base",
    ("_astray", "config --set solver NAME"): "for libmamba",
    ("_differences", "install …"): "was tried and has no solution",
    ("_install", "install …"): "is in README.txt, for plain conda",
    ("_left_behind", "offline-repo use PATH --environment …"): "for several environments",
    ("_parsed", "update -n base py-rattler"): "changes base",
    ("_warnings", "offline-repo use … -p … --trust …"): "for a state that cannot be written",
    ("check", "offline-repo use …"): "tests/customer/test_check.py types it",
    ("configuration", "install -n NAME"): "names a kind of command",
    ("unreached", "install -n base pysocks"): "changes base",
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
        variables = {"CONDA_ROOT_DIR": str(self.base), "CONDA_ALWAYS_YES": "yes"}
        self.customer = Conda(folder / "the administrator", **variables)
        self.stick = folder / "my stick" / "bank"
        self.prefix = self.customer.envs / "e"
        self.meanings: dict[str, str] = {}
        self.deliver(1)

    @property
    def base(self) -> Path:
        """conda's own environment, which is not that of the tests."""
        return self.folder / "base"

    def build(self, channel: TinyChannel, *arguments: object) -> Finished:
        """Build in the place of the folder, whatever was there."""
        channel.write()
        root = self.stick.parent
        if not (root / "ours").exists():
            shutil.rmtree(root)
            (root / "ours").mkdir(parents=True)
        options = ("--label", "bank", "--root", root, "--override-channels", "--no-label-channel")
        return self.customer.build(*options, "-c", channel.folder, *arguments)

    def fill_the_cache(self, name: str) -> None:
        """Let conda's cache have a package of another channel, which solvers offer offline."""
        channel = TinyChannel(self.folder / "elsewhere")
        channel.add(name, "9.9", subdir=PLATFORM)
        channel.write()
        self.customer.run("create", "-n", "x", "--override-channels", "-c", channel.folder, name)
        shutil.rmtree(channel.folder)

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
        words = split(command)
        for placeholder, meaning in self.meanings.items():
            pattern, text = rf"(?<!\w){re.escape(placeholder)}", meaning.replace("\\", r"\\")
            words = [re.sub(pattern, text, word) for word in words]
        assert not any(PLACEHOLDER.fullmatch(word) for word in words), command
        if words[0] == "activate":
            self.customer.variables.update(self.customer.activated(words[1]))
            words = ["info"]
        return self.customer.run(*words)


def proposes(scope: str, *commands: str) -> Callable[[Situation], Situation]:
    """A situation whose message has these commands of a class or function, in this order."""

    def note(situation: Situation) -> Situation:
        SITUATIONS[situation] = tuple((scope, command) for command in commands)
        return situation

    return note


@proposes("next_commands", "activate …", "install …")
def first_use(world: World) -> Finished:
    return world.customer.use(world.stick, "-n", "e")


@proposes("next_commands", "activate …", "update …")
def next_release(world: World) -> Finished:
    world.use("app", "extra")
    world.deliver(3)
    return world.customer.use(world.stick, "-n", "e")


@proposes("next_commands", "activate …", "offline-repo use …")
def older_release_is_used(world: World) -> Finished:
    world.deliver(3)
    world.use("app", "extra")
    world.deliver(1)
    return world.use("--allow-older")


@proposes("check_release", "offline-repo use …… --allow-older")
def older_release(world: World) -> Finished:
    world.deliver(3)
    world.use("app")
    world.deliver(1)
    return world.refused("install", "tool")


@proposes("check_release", "offline-repo use …… --allow-older")
def history_that_began_anew(world: World) -> Finished:
    world.use("app")
    path = world.stick / MANIFEST_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), "created": "2026-01-01T00:00:00Z"}))
    return world.refused("install", "extra")


@proposes("OtherLabelError", "offline-repo use … -p … --other-label")
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


@proposes("ReleaseNotKeptError", "offline-repo show … --releases")
def release_that_is_not_kept(world: World) -> Finished:
    return world.customer.fail("offline-repo", "use", world.stick, "-n", "e", "--release", "7")


@proposes("notices", "offline-repo use …")
def packages_of_a_withdrawn_release(world: World) -> Finished:
    world.use("app")
    world.deliver(2)
    path = world.stick / MANIFEST_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), "withdrawn": {"1": "broken"}}))
    return world.customer.run("install", "-p", world.prefix, "extra")


@proposes("at", "offline-repo show … --releases")
def comparison_with_a_release_that_is_not_kept(world: World) -> Finished:
    return world.customer.fail("offline-repo", "diff", f"{world.stick}@7", world.stick)


@proposes("PackedError", "offline-repo unpack … …")
def zip_file_is_used(world: World) -> Finished:
    volume = world.folder / "the bank.zip"
    world.customer.run("offline-repo", "pack", world.stick, "-o", volume)
    return world.customer.fail("offline-repo", "use", volume, "-n", "e")


@proposes("_base", "offline-repo use --undo -n base")
def base_is_used(world: World) -> Finished:
    return world.customer.use(world.stick, "-n", "base")


@proposes("OtherSignerError", "offline-repo use … --trust …")
def missed_change_of_keys(world: World) -> Finished:
    sign(world.stick, FIRST)
    world.use("app", "--trust", FIRST.fingerprint)
    world.deliver(2)
    sign(world.stick, SECOND)
    return world.refused("update", "app")


@proposes("StateUnreadableError", "offline-repo use PATH -p …")
def unreadable_state(world: World) -> Finished:
    world.use("app")
    state = world.prefix / "conda-meta" / "offline-repo"
    state.write_text("{")
    refused = world.refused("install", "extra")
    state.unlink()
    world.meanings["PATH"] = str(world.stick)
    return refused


@proposes("RepositoryGoneError", "offline-repo use NEW_PATH -p …")
def moved_folder(world: World) -> Finished:
    world.use("app")
    world.meanings["NEW_PATH"] = str(world.stick.rename(world.folder / "another stick"))
    return world.refused("install", "extra")


@proposes("ForeignPackagesError", "offline-repo use … -p …")
def foreign_package(world: World) -> Finished:
    world.fill_the_cache("lib")
    world.use("app")
    return world.refused("install", "lib>1.5")


@proposes("_print", "offline-repo use …")
def doctor_after_a_delivery(world: World) -> Finished:
    world.use("app")
    world.deliver(2)
    return world.customer.run("doctor", "-p", world.prefix)


@proposes("_hiding", "offline-repo use … -p … PACKAGE")
def channels_that_are_final(world: World) -> Finished:
    with (world.customer.home / ".condarc").open("a") as condarc:
        condarc.write("channels: #!final\n  - http://127.0.0.1:9/main\n")
    world.meanings["PACKAGE"] = "app"
    return world.use()


@proposes("_history", "install …")
def request_with_a_channel(world: World) -> Finished:
    world.use("extra")
    with (world.prefix / "conda-meta" / "history").open("a") as history:
        history.write("# update specs: ['conda-forge::extra']\n")
    world.customer.variables.update(world.customer.activated("e"))
    return world.use()


@proposes("UnfinishedUseError", "offline-repo use … -p …", "offline-repo use --undo -p …")
def interrupted_use(world: World) -> Finished:
    world.use("app")
    meta = world.prefix / "conda-meta"
    change = {"origins": [], "state": json.loads((meta / "offline-repo").read_text())}
    (meta / "offline-repo.change").write_text(json.dumps(change))
    return world.refused("install", "extra")


@proposes("OtherChannelsError", "offline-repo use --undo -p …")
def other_channel(world: World) -> Finished:
    world.use("app")
    return world.refused("install", "-c", "http://127.0.0.1:9/main", "extra")


@proposes("OtherChannelsError", "install -p … …")
def request_for_a_channel(world: World) -> Finished:
    world.use("app")
    return world.refused("install", "http://127.0.0.1:9/main::extra")


@proposes("_write_config", "offline-repo build --file … --label …")
def file_of_labels(world: World) -> Finished:
    options = ("--label", "bank", "--root", world.folder / "the root", "--no-label-channel")
    channel = ("-c", world.mirror.channel.folder, "--override-channels")
    return world.customer.build(*options, *channel, "app", "--write-config")


@proposes("_lines", "offline-repo unpack … PATH/…")
def release_in_a_volume(world: World) -> Finished:
    world.meanings["PATH/bank"] = str(world.folder / "unpacked" / "bank")
    return world.customer.run("offline-repo", "pack", world.stick, "-o", "the release.zip")


@proposes("report", "offline-repo use PATH/… -n ENVIRONMENT")
def first_build(world: World) -> Finished:
    world.meanings |= {"PATH/": f"{world.stick.parent}/", "ENVIRONMENT": "e"}
    channel = ("-c", world.mirror.channel.folder, "--override-channels", "--no-label-channel")
    return world.customer.build("--label", "bank", "--root", "the root", *channel, "app")


@proposes("ForeignPackagesError", "offline-repo show …")
def package_of_elsewhere(world: World) -> Finished:
    world.fill_the_cache("other")
    world.use("app")
    return world.refused("install", "other")


@proposes("UnnamedPackagesError", "offline-repo show …")
def file_of_elsewhere(world: World) -> Finished:
    world.fill_the_cache("other")
    sign(world.stick, FIRST)
    world.use("app", "--trust", FIRST.fingerprint)
    (archive,) = world.customer.pkgs.glob("other-*.conda")
    return world.refused("install", archive)


@proposes("StateMissingError", "offline-repo use … -p …", "offline-repo use --undo -p …")
def environment_without_its_memory(world: World) -> Finished:
    world.use("app")
    (world.prefix / "conda-meta" / "offline-repo").unlink()
    return world.refused("install", "extra")


@proposes("_replaced", "offline-repo use PATH …")
def other_bytes_under_the_same_name(world: World) -> Finished:
    channel = TinyChannel(world.folder / "channel")
    channel.add("app", depends=["lib"])
    channel.add("lib")
    world.build(channel, "app")
    world.use("app")
    channel.add("lib", files={"share/lib.txt": "corrected"})
    world.meanings["PATH"] = str(world.stick)
    world.customer.variables.update(world.customer.activated("e"))
    return world.build(channel)


@proposes("_differences", "offline-repo use PATH …")
def renamed_package_that_excludes_the_old_one(world: World) -> Finished:
    channel = TinyChannel(world.folder / "channel")
    channel.add("ratingpro")
    world.build(channel, "ratingpro")
    world.use("ratingpro")
    channel.add("rating", constrains=["ratingpro <0"])
    world.meanings["PATH"] = str(world.stick)
    world.customer.variables.update(world.customer.activated("e"))
    return world.build(channel, "rating")


@proposes("_of_pip", "remove -p … --force …")
def package_that_pip_has_removed(world: World) -> Finished:
    site = "Lib/site-packages" if os.name == "nt" else "lib/python3.11/site-packages"
    channel = TinyChannel(world.folder / "channel")
    channel.add("pip")
    channel.add("python", "3.11.0", depends=["pip"])
    channel.add("app", depends=["python"], files={f"{site}/app-1.dist-info/METADATA": "x"})
    world.build(channel, "app")
    world.use("app")
    shutil.rmtree(world.prefix / site / "app-1.dist-info")
    return world.customer.execute("offline-repo", "use", "--check", world.stick, "-p", world.prefix)


@proposes("ways", "offline-repo use … -p …")
def next_minor_of_python(world: World) -> Finished:
    """The classic solver keeps the old one, and others find no solution."""
    channel = TinyChannel(world.folder / "channel")
    channel.add("pip", depends=["python"])
    for minor in ("3.11", "3.12"):
        channel.add("python", f"{minor}.0")
        channel.add("app", minor, depends=[f"python {minor}.*"])
        world.build(channel, "app")
        arguments = ("use", world.stick, "-p", world.prefix, "app")
        finished = world.customer.execute("offline-repo", *arguments)
    return finished


@proposes("ways", "offline-repo show …")
def package_that_the_repository_lacks(world: World) -> Finished:
    return world.customer.fail("offline-repo", "use", world.stick, "-p", world.prefix, "other")


#: What has to be typed.
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
    conda.run(*split(command), **conda.activated("e"))


def test_every_command_is_typed() -> None:
    typed = {place for situation in SITUATIONS.values() for place in situation}
    assert typed | NOT_TYPED.keys() == PLACES - LITERAL


def test_every_command_is_understood() -> None:
    text = "\n".join(f"`conda {command.replace(GAP, 'x')}`" for _, command in PLACES)
    assert misunderstood(text) == []


def test_quotes_are_such_as_every_shell_knows() -> None:
    """In single quotes, cmd.exe takes `>` for the name of a file to write to."""
    assert [place for place in places() if "'" in place[1]] == []
