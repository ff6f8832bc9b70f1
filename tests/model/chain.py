"""The whole chain as a machine that takes random steps, with real conda, and is checked after each.

A vendor releases, keeps releases, publishes other bytes under a name and in another format,
withdraws, goes on to python's next minor, changes the request and conda's settings, signs from some
release on, and changes keys. Releases come to the customer by sync, in volumes, of which some are
lost, or as copies that are complete, cut off, mixed of two releases, older, of another label,
tampered with, or forged as a whole; and deliveries are killed on their way. The customer has
several environments, which are cloned and renamed, and of which some trust a key of the vendor's,
and one package cache for all. What conda's errors propose is typed, and new customers come, who
begin with a release and update to the next.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from tests.model.vendor import LABEL, PACKAGES, SETTINGS, Vendor, installs
from tests.support.delivering import files, packed
from tests.support.keys import SigningKey, forge
from tests.support.mirror import PLATFORM, SOLVERS, another, publish
from tests.support.proposals import commands, split
from tests.support.running import Conda
from tests.support.tiny import TinyChannel
from tests.support.warm import IN_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar

    from tests.support.tiny import Format
    from tests.support.warm import Struck, WarmConda

OTHER_LABEL = "plant"
ENVIRONMENTS = ("one", "two", "three")
#: What the customer's configuration holds and nobody may ever see.
SECRET = "pa55-0f-the-administrator"
CRASHES = re.compile(r"ERROR REPORT|Traceback|unexpected error|failed unexpectedly", re.I)
#: A refusal names a file, what to type, or packages.
HELPFUL = re.compile(r"/[\w.-]+|`conda |--\w+|^  - \w|no such revision", re.M)
#: Where an environment is made and removed within a step.
NEW = "new"
STATE = Path("conda-meta", "offline-repo")
#: Bytes besides the manifest: so few that a release needs several volumes.
VOLUME_SIZE = 8_000

#: The vendor's first key and the one after it, and somebody else's.
FIRST, SECOND, NOBODYS = SigningKey("first"), SigningKey("second"), SigningKey("nobody's")
VENDORS = {FIRST.fingerprint, SECOND.fingerprint}

environments = st.sampled_from(ENVIRONMENTS)
packages = st.sampled_from(PACKAGES)
solvers = st.sampled_from(SOLVERS)


def trust(fingerprints: Iterable[str]) -> tuple[str, ...]:
    """The options that say whose signature is expected."""
    return tuple(word for fingerprint in fingerprints for word in ("--trust", fingerprint))


class Chain(RuleBasedStateMachine):
    """See the module.

    Attributes:
        warm: runs conda; for all machines of this process.
        steps: how many steps all of them have taken.
        refused: how many of these conda refused.
    """

    warm: ClassVar[WarmConda]
    steps: ClassVar[int] = 0
    refused: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        parent = IN_MEMORY if Path(IN_MEMORY).is_dir() else None
        self.folder = Path(tempfile.mkdtemp(dir=parent))
        # Python keeps the first that it finds, which is gone with the machine before
        tempfile.tempdir = str(self.folder)
        self.vendor = Vendor(self.folder)
        self.stick = self.folder / "stick" / LABEL
        self.customer = Conda(self.folder / "customer")
        self.customer.configure(
            custom_channels={"vendor": f"https://me:{SECRET}@vendor.example"}, channels=[]
        )
        #: The environments, with the release that each has used; 0 where it is not known.
        self.used: dict[str, int] = {}
        #: Whether what lies at the customer is forged as a whole, and who has installed from that,
        #: or may have, without expecting a signature.
        self.forged = False
        self.deceived: set[str] = set()
        #: The environments that have lost their memory.
        self.unguarded: set[str] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        tempfile.tempdir = None

    # --- the vendor --------------------------------------------------------------------------

    @initialize()
    def first_release(self) -> None:
        self._build()
        other = TinyChannel(self.folder / "other")
        other.add("plant", depends=["lib"])
        other.add("lib", "0.5")
        for package in other.packages.values():
            name, version = package.record["name"], package.record["version"]
            self.vendor.texts[package.record["sha256"]] = f"{name} {version} 0 noarch\n"
        engineer, root = self.folder / "engineer-other", self.folder / "r"
        built = publish(engineer, other, "plant", root=root, label=OTHER_LABEL)
        self.other = self.vendor.keep_copy(built)
        foreign = TinyChannel(self.folder / "foreign")
        for name in PACKAGES:
            foreign.add(name, "99.0", subdir=PLATFORM if name == "tool" else "noarch")
        foreign.write()
        self.foreign = foreign
        self.deliver_whole(-1)

    @rule(name=packages)
    def release_newer(self, name: str) -> None:
        self.vendor.versions[name] += 1
        self.vendor.add(name)
        self._build()

    @rule(name=packages, content=st.integers(0, 3), format=st.sampled_from(["conda", "tar.bz2"]))
    def release_other_bytes(self, name: str, content: int, format: Format) -> None:
        """The same name, version and build, with other content or in another format."""
        self.vendor.add(name, content, format)
        self._build()

    @rule(name=packages)
    def withdraw(self, name: str) -> None:
        if self.vendor.withdraw(name):
            self._build()

    @rule()
    def release_for_the_next_python(self) -> None:
        self.vendor.python += 1
        self.vendor.add_python()
        self.release_newer("script")

    @rule(
        requested=st.sampled_from(
            [("app",), ("app", "extra"), ("extra", "tool"), ("script", "lib")]
        )
    )
    def change_the_request(self, requested: tuple[str, ...]) -> None:
        self.vendor.requested = requested
        self._build()

    @rule(settings=st.sampled_from(SETTINGS), name=packages)
    def change_the_settings(self, settings: dict[str, Any], name: str) -> None:
        self.vendor.settings = settings
        self.release_newer(name)

    @rule(keep=st.sampled_from([1, 2, 4]), name=packages)
    def keep_from_now_on(self, keep: int, name: str) -> None:
        self.vendor.keep = keep
        self.release_newer(name)

    @rule(keys=st.sampled_from([(FIRST,), (FIRST, SECOND), (SECOND,)]), name=packages)
    def sign_from_now_on(self, keys: tuple[SigningKey, ...], name: str) -> None:
        self.vendor.signing = keys
        self.release_newer(name)

    def _build(self) -> None:
        """Build; what conda's settings at the vendor's change is said."""
        vendor = self.vendor
        error = vendor.build()
        assert error is None or vendor.settings, error
        said = (str(error),) if error else vendor.releases[-1].said
        if not any(setting in text for setting in vendor.settings for text in said):
            assert error is None, f"{vendor.settings} are not named: {error}"
            if vendor.settings:
                assert vendor.releases[-1].installs() == vendor.plain(), vendor.settings

    # --- the way -----------------------------------------------------------------------------

    @rule(which=st.integers(-3, -1))
    def deliver_whole(self, which: int) -> None:
        self._replace(self.vendor.release(which).path)

    @rule(
        which=st.integers(-2, -1), order=st.randoms(use_true_random=False), part=st.integers(1, 9)
    )
    def deliver_part(self, which: int, order: Any, part: int) -> None:
        """A copy that is cut off; what was there stays, and the order is anybody's."""
        release = self.vendor.release(which).path
        files = sorted(p.relative_to(release) for p in release.rglob("*") if p.is_file())
        order.shuffle(files)
        for file in files[: part * len(files) // 10]:
            (self.stick / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(release / file, self.stick / file)

    @rule(which=st.integers(-3, -1), older=st.booleans())
    def sync(self, which: int, older: bool) -> None:
        release = self.vendor.release(which).path
        options = ("--allow-older",) * older
        self._arrive(release, "offline-repo", "sync", release, self.stick, *options)

    @rule(which=st.integers(-3, -1), older=st.booleans(), step=st.integers(1, 60))
    def sync_that_is_killed(self, which: int, older: bool, step: int) -> None:
        release = self.vendor.release(which).path
        options = ("--allow-older",) * older
        command = ("offline-repo", "sync", release, self.stick, *options)
        self._arrive(release, *command, kill_at=step)

    @rule(
        which=st.integers(-3, -1),
        since=st.integers(-4, -1),
        older=st.booleans(),
        order=st.randoms(use_true_random=False),
        lost=st.integers(0, 1),
        step=st.integers(0, 60),
    )
    def unpack(self, which: int, since: int, older: bool, order: Any, lost: int, step: int) -> None:
        """Volumes, in any order, of which one may be lost; of a whole release or of what is new."""
        release = self.vendor.release(which).path
        other = self.vendor.release(since).path
        base = None if other == release else other
        folder = self.folder / "volumes"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        volumes = [*packed(release, folder / "v.zip", since=base, size=VOLUME_SIZE)]
        order.shuffle(volumes)
        if lost and len(volumes) > 1:
            volumes.pop()
        options = ("--allow-older",) * older
        command = ("offline-repo", "unpack", *volumes, self.stick, *options)
        self._arrive(release, *command, kill_at=step)

    def _arrive(self, release: Path, *command: object, kill_at: int = 0) -> None:
        """Run what brings a release to the customer; if it ends well, all of it is there.

        What was there before, and is of the right size, is read by the next command alone.
        """
        done = self._run(*command, kill_at=kill_at)
        if done.status == 0:
            if files(self.stick) != files(release):
                assert {*files(self.stick)} == {*files(release)}
                assert self._run("offline-repo", "sync", release, self.stick).status == 0
            assert files(self.stick) == files(release)
            self.forged = False

    @rule()
    def deliver_other_label(self) -> None:
        self._replace(self.other.path)

    @rule(kind=st.sampled_from(["archive", "index", "sibling", "journal", "manifest", "extra"]))
    def tamper(self, kind: str) -> None:
        archives = sorted(self.stick.glob("*/*.conda"))
        indexes = sorted(self.stick.glob("*/repodata.json"))
        if kind in ("archive", "journal") and archives:
            swapped = another(archives[0])
            archives[0].write_bytes(swapped)
            if kind == "journal":
                self._forge_journal(archives[0], swapped)
        elif kind == "index" and indexes:
            text = indexes[-1].read_text()
            indexes[-1].write_text(text.replace('"lib"', '"bil"', 1))
        elif kind == "sibling" and indexes:
            shutil.copyfile(
                self.foreign.folder / "noarch" / "repodata.json",
                indexes[-1].with_name("current_repodata.json"),
            )
        elif kind == "manifest":
            (self.stick / MANIFEST_NAME).unlink(missing_ok=True)
        elif kind == "extra" and self.stick.exists():
            (self.stick / "noarch").mkdir(exist_ok=True)
            shutil.copyfile(
                self.foreign.folder / "noarch" / "app-99.0-0.conda",
                self.stick / "noarch" / "app-99.0-0.conda",
            )

    @precondition(lambda self: not self.forged)
    @rule(
        which=st.integers(-2, -1),
        how=st.sampled_from(["unsigned", "signed by nobody", "with the last signature"]),
    )
    def forge(self, which: int, how: str) -> None:
        """All of it is rewritten, consistently, by somebody without the vendor's key."""
        release = self.vendor.release(which).path
        self._replace(release)
        forge(self.stick, *((NOBODYS,) if how == "signed by nobody" else ()))
        signature = release / SIGNATURE_NAME
        if how == "with the last signature" and signature.exists():
            shutil.copyfile(signature, self.stick / SIGNATURE_NAME)
        self.forged = True

    def _forge_journal(self, archive: Path, content: bytes) -> None:
        name = archive.relative_to(self.stick).as_posix()
        moving = {name: [hashlib.sha256(content).hexdigest()]}
        (self.stick / "offline-repo.journal.json").write_text(
            json.dumps({"build": 1, "moving": moving})
        )

    def _replace(self, release: Path) -> None:
        if self.stick.exists():
            shutil.rmtree(self.stick)
        shutil.copytree(release, self.stick)
        self.forged = False

    # --- the customer ------------------------------------------------------------------------

    @rule(
        name=environments,
        wanted=st.lists(packages, max_size=2, unique=True),
        older=st.booleans(),
        verify=st.booleans(),
        trusted=st.sampled_from([(), (FIRST,), (SECOND,), (FIRST, SECOND)]),
        solver=solvers,
    )
    def use(
        self,
        name: str,
        wanted: list[str],
        older: bool,
        verify: bool,
        trusted: tuple[SigningKey, ...],
        solver: str,
    ) -> None:
        options = ("--allow-older",) * older + ("--no-verify",) * (not verify)
        options += trust(key.fingerprint for key in trusted)
        prefix = ("-p", self._prefix(name))
        self._step(
            name,
            *("offline-repo", "use", self.stick, *prefix, "--yes", "--solver", solver),
            *(*options, *wanted),
            older=older,
        )

    @rule(name=environments, back=st.integers(0, 3), older=st.booleans(), solver=solvers)
    def use_release(self, name: str, back: int, older: bool, solver: str) -> None:
        number = max(len(self.vendor.releases) - back, 1)
        done = self._step(
            name,
            *("offline-repo", "use", self.stick, "-p", self._prefix(name), "--yes"),
            *("--release", number, "--solver", solver, *("--allow-older",) * older),
            older=older,
        )
        if done.status == 0:
            assert self._archives(name) == installs(locate_one(self.stick).manifest, number)

    @precondition(lambda self: self.used)
    @rule(name=environments, wanted=packages, solver=solvers)
    def install(self, name: str, wanted: str, solver: str) -> None:
        self._conda(name, "install", "--solver", solver, wanted)

    @precondition(lambda self: self.used)
    @rule(name=environments, solver=solvers)
    def update(self, name: str, solver: str) -> None:
        self._conda(name, "update", "--solver", solver, "--all")

    @precondition(lambda self: self.used)
    @rule(name=environments, wanted=st.sampled_from(["extra", "app"]), solver=solvers)
    def remove(self, name: str, wanted: str, solver: str) -> None:
        self._conda(name, "remove", "--solver", solver, wanted)

    @precondition(lambda self: self.used)
    @rule(name=environments, number=st.integers(0, 3))
    def back_to_an_earlier_revision(self, name: str, number: int) -> None:
        self._conda(name, "install", "--revision", number, history=True)

    @rule(solver=solvers)
    def fill_the_cache_from_elsewhere(self, solver: str) -> None:
        """Another environment of the same user, from another channel, leaves newer packages."""
        self._run(
            *("create", "--yes", "-p", self._prefix("elsewhere"), "--override-channels"),
            *("-c", self.foreign.folder.as_uri(), "--solver", solver, "app", "lib"),
        )
        shutil.rmtree(self._prefix("elsewhere"), ignore_errors=True)

    @precondition(lambda self: self.used)
    @rule(name=environments, copy=environments)
    def clone(self, name: str, copy: str) -> None:
        name = self._used(name)
        if copy not in self.used:
            prefixes = ("-p", self._prefix(copy), "--clone", self._prefix(name))
            if self._run("create", "--yes", *prefixes).status == 0:
                self._is_copy(copy, name, self._state(name))

    @precondition(lambda self: self.used)
    @rule(name=environments, copy=environments)
    def rename(self, name: str, copy: str) -> None:
        name = self._used(name)
        if copy not in self.used:
            state = self._state(name)
            if self._run("rename", "-n", name, copy, CONDA_ALWAYS_YES="yes").status == 0:
                self._is_copy(copy, name, state)
                self._forget(name)

    @precondition(lambda self: self.used)
    @rule(name=environments)
    def lose_the_memory(self, name: str) -> None:
        """As a copy does that was made without conda."""
        name = self._used(name)
        (self._prefix(name) / STATE).unlink(missing_ok=True)
        self.used[name] = 0
        self.unguarded.add(name)

    @precondition(lambda self: self.used)
    @rule(name=environments)
    def remove_the_environment(self, name: str) -> None:
        name = self._used(name)
        self._run("env", "remove", "--yes", "-n", name)
        assert not self._records(name)
        self._forget(name)

    @rule(back=st.integers(-3, -1), on=st.integers(1, 2), how=st.sampled_from(["update", "use"]))
    def a_new_customer_updates(self, back: int, on: int, how: str) -> None:
        """Somebody begins with a release and gets the next, or the build said that it is not so."""
        releases = self.vendor.releases[back:]
        old, new = releases[0], releases[min(on, len(releases) - 1)]
        tried = on == 1 or old.manifest.release in new.manifest.releases
        if not tried or (old.signers and {*old.signers}.isdisjoint(new.signers)):
            return
        folder, prefix = self.folder / "customers" / LABEL, ("-p", self._prefix(NEW), "--yes")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(old.path, folder)
        command = ("offline-repo", "use", folder, *prefix)
        try:
            done = self._run(*command, *trust(old.signers), *old.manifest.request.packages)
            assert done.status == 0, str(done)
            assert self._archives(NEW) == old.installs()
            shutil.rmtree(folder)
            shutil.copytree(new.path, folder)
            if any(text.startswith(f"From release {old.manifest.release},") for text in new.said):
                return
            use = (*command, *(() if old.signers else trust(new.signers)))
            if how == "use":
                packages = new.manifest.request.packages
                done = self._run(*use, *packages)
            else:
                packages = ()
                absent = {*new.manifest.request.packages} - self.customer.installed(NEW).keys()
                if absent:  # as `use` proposes
                    self._run("install", *prefix, *sorted(absent))
                done = self._run("update", *prefix, "--all")
                if done.status:  # for what conda's cache has of a withdrawn package
                    assert "not from the offline repository" in done.output, str(done)
                    assert self._type_what_is_proposed(NEW, done), str(done)
                    return
                replaced = re.findall("`conda offline-repo use PATH ([^`]+)` does", str(new.said))
                if replaced:
                    done = self._run(*use, *replaced[0].split())
            assert done.status == 0, str(done)
            lacking = {file for file, _ in new.installs() - self._archives(NEW)}
            names = {file.rpartition("/")[2].rsplit("-", 2)[0] for file in lacking}
            assert names.isdisjoint(packages or names), f"no {lacking} after {done}"
        finally:
            shutil.rmtree(self._prefix(NEW), ignore_errors=True)

    def _used(self, name: str) -> str:
        return name if name in self.used else next(iter(self.used))

    def _forget(self, name: str) -> None:
        del self.used[name]
        self.unguarded.discard(name)
        self.deceived.discard(name)

    def _is_copy(self, copy: str, name: str, state: dict[str, Any] | None) -> None:
        """An environment that is a copy of another expects what that one, in its state, did."""
        assert self._state(copy) == state
        self.used[copy] = self.used[name]
        if name in self.unguarded:
            self.unguarded.add(copy)
        # conda takes what the folder has now
        if name in self.deceived or (self.forged and not (state or {}).get("signers")):
            self.deceived.add(copy)

    def _conda(self, name: str, verb: str, *arguments: object, history: bool = False) -> None:
        name = self._used(name)
        prefix = ("-p", self._prefix(name), "--yes")
        before = self._records(name)
        done = self._step(name, verb, *prefix, *arguments, history=history)
        if name in self.unguarded:
            assert {*self._records(name)} <= {*before}, "installed without a state"
        if done.status and not self.forged and self._whole():
            self._type_what_is_proposed(name, done)

    def _whole(self) -> bool:
        """Whether the stick has just what was published."""
        there = files(self.stick) if self.stick.exists() else {}
        return any(there == files(release.path) for release in self.vendor.releases)

    def _type_what_is_proposed(self, name: str, done: Struck, attempts: int = 2) -> bool:
        """Type the first command that an error proposes, if any; with a whole folder it works, or
        its own error proposes the one that does.
        """
        for command in commands(done.output):
            arguments = [*split(command), "--yes"]
            if arguments[:2] == ["offline-repo", "use"] and "--undo" not in arguments:
                older = "--allow-older" in arguments
                again = self._step(name, *arguments, older=older)
                if "which is not trusted yet" in again.output:  # it is the vendor's
                    key = self.vendor.signing[0].fingerprint
                    again = self._step(name, *arguments, "--trust", key, older=older)
                if again.status:
                    assert attempts > 1, f"{done}\n{again}"
                    assert self._type_what_is_proposed(name, again, attempts - 1), str(again)
                return True
        return False

    def _step(
        self, name: str, *arguments: object, older: bool = False, history: bool = False
    ) -> Struck:
        """Run conda on an environment, and see what that has changed there."""
        before, build = self._records(name), self.used.get(name, 0)
        trusted = (self._state(name) or {}).get("signers")
        done = self._run(*arguments)
        state = self._state(name)
        if state:
            self.unguarded.discard(name)
        if trusted and state:
            assert state.get("signers"), "the environment forgot whose signature it expects"
        if state:
            assert {*state.get("signers", ())} <= VENDORS, "a forger is trusted"
            if self.forged and not state.get("signers"):
                self.deceived.add(name)
        if state:
            assert older or state["build"] >= build, "an older release came in without a word"
            self.used[name] = state["build"]
        fresh = {key: record for key, record in self._records(name).items() if key not in before}
        if state and not history and name not in self.deceived:
            allowed = {
                named
                for (label, number), packages in self.vendor.of_release.items()
                if number >= state["build"] and label == state["label"]
                for named in packages
            }
            for record in fresh.values():
                archive = (f"{record['subdir']}/{record['fn']}", record["sha256"])
                assert archive in allowed, f"{archive} is of no release from {state['build']} on"
        return done

    def _run(self, *arguments: object, kill_at: int = 0, **variables: str) -> Struck:
        """Run conda, and see it end well or with an error that helps; or killed at a step that it
        takes at the folder that the vendor's releases come to.
        """
        fault = "kill" if kill_at else ""
        done = self.warm.execute(
            *map(str, arguments),
            folder=self.stick.parent if kill_at else None,
            fault=fault,
            number=kill_at,
            variables={**self.customer.variables, **variables},
        )
        output = done.output
        if done.struck and fault:
            return done
        Chain.steps += 1
        Chain.refused += done.status != 0
        assert done.status in (0, 1), str(done)
        assert not CRASHES.search(output), str(done)
        assert SECRET not in output, str(done)
        if done.status:
            assert HELPFUL.search(output), str(done)
        return done

    # --- what must hold ----------------------------------------------------------------------

    @invariant()
    def installed_is_what_a_release_named(self) -> None:
        for name in {*self.used} - self.deceived:
            for record in self._records(name).values():
                file = f"{record['subdir']}/{record['fn']}"
                digest = record.get("sha256")
                assert digest in self.vendor.named[file], f"{file} in {name} is of no release"
                content = (self._prefix(name) / f"share/{record['name']}.txt").read_text()
                assert content == self.vendor.texts[digest], f"{file} in {name} holds {content!r}"

    def _archives(self, name: str) -> set[tuple[str, str]]:
        """What an environment has, as file and digest."""
        records = self._records(name).values()
        return {(f"{r['subdir']}/{r['fn']}", r["sha256"]) for r in records}

    def _prefix(self, name: str) -> Path:
        return self.customer.envs / name

    def _state(self, name: str) -> dict[str, Any] | None:
        path = self._prefix(name) / STATE
        return json.loads(path.read_text()) if path.is_file() else None

    def _records(self, name: str) -> dict[tuple[str, str], dict[str, Any]]:
        records = {}
        for path in (self._prefix(name) / "conda-meta").glob("*.json"):
            record = json.loads(path.read_text())
            records[path.name, record.get("sha256", "")] = record
        return records
