"""The whole chain as a machine that takes random steps, with real conda, and is checked after each.

A vendor releases, keeps releases, publishes other bytes under a name, withdraws, changes the
request, signs from some release on, and changes keys. Releases come to the customer by sync, in
volumes, of which some are lost, or as copies that are complete, cut off, mixed of two releases,
older, of another label, tampered with, or forged as a whole; and deliveries are killed on their
way. The customer has several environments, of which some trust a key of the vendor's, and one
package cache for all.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.signature import SIGNATURE_NAME
from tests.support.delivering import files, packed
from tests.support.keys import SigningKey, forge, sign
from tests.support.mirror import PLATFORM, SOLVERS, another, publish
from tests.support.running import Conda
from tests.support.tiny import TinyChannel
from tests.support.warm import IN_MEMORY

if TYPE_CHECKING:
    from typing import Any, ClassVar

    from tests.support.warm import Struck, WarmConda

LABEL, OTHER_LABEL = "bank", "plant"
ENVIRONMENTS = ("one", "two")
PACKAGES = ("app", "extra", "lib", "tool")
#: What the customer's configuration holds and nobody may ever see.
SECRET = "pa55-0f-the-administrator"
CRASHES = re.compile(r"ERROR REPORT|Traceback|unexpected error|failed unexpectedly", re.I)
#: A refusal names a file, what to type, or packages.
HELPFUL = re.compile(r"/[\w.-]+|`conda |--\w+|^  - \w|no such revision", re.M)
STATE = Path("conda-meta", "offline-repo")
#: Bytes besides the manifest: so few that a release needs several volumes.
VOLUME_SIZE = 8_000

#: The vendor's first key and the one after it, and somebody else's.
FIRST, SECOND, NOBODYS = SigningKey("first"), SigningKey("second"), SigningKey("nobody's")
VENDORS = {FIRST.fingerprint, SECOND.fingerprint}

environments = st.sampled_from(ENVIRONMENTS)
packages = st.sampled_from(PACKAGES)
solvers = st.sampled_from(SOLVERS)


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
        self.channel = TinyChannel(self.folder / "channel")
        self.versions = dict.fromkeys(PACKAGES, 1)
        self.withdrawn: list[str] = []
        self.requested: tuple[str, ...] = ("app", "extra")
        self.releases: list[Path] = []
        self.builds = 0
        #: By `subdir/file`: the digests that any release named, and the texts that these install.
        self.named: dict[str, set[str]] = defaultdict(set)
        self.texts: dict[str, set[str]] = defaultdict(set)
        #: The files with digests that each release names, by label and number.
        self.of_release: dict[tuple[str, int], set[tuple[str, str]]] = {}
        self.stick = self.folder / "stick" / LABEL
        self.customer = Conda(self.folder / "customer")
        self.customer.configure(
            custom_channels={"vendor": f"https://me:{SECRET}@vendor.example"}, channels=[]
        )
        self.used: dict[str, int] = {}
        self.keep = 1
        self.signing: tuple[SigningKey, ...] = ()
        #: Whether what lies at the customer is forged as a whole, and who has installed from that,
        #: or may have, without expecting a signature.
        self.forged = False
        self.deceived: set[str] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        tempfile.tempdir = None

    # --- the vendor --------------------------------------------------------------------------

    @initialize()
    def first_release(self) -> None:
        for name in PACKAGES:
            self._add(name)
        self._build()
        other = TinyChannel(self.folder / "other")
        other.add("plant", depends=["lib"])
        other.add("lib", "0.5")
        built = publish(
            self.folder / "engineer-other",
            other,
            "plant",
            root=self.folder / "r",
            label=OTHER_LABEL,
        )
        self.other = self._keep(built)
        foreign = TinyChannel(self.folder / "foreign")
        for name in PACKAGES:
            foreign.add(name, "99.0", subdir=PLATFORM if name == "tool" else "noarch")
        foreign.write()
        self.foreign = foreign
        self.deliver_whole(-1)

    @rule(name=packages)
    def release_newer(self, name: str) -> None:
        self.versions[name] += 1
        self._add(name)
        self._build()

    @rule(name=packages, content=st.integers(0, 3))
    def release_other_bytes(self, name: str, content: int) -> None:
        """The same name, version and build, with other content."""
        self._add(name, content)
        self._build()

    @rule(name=st.sampled_from(["extra", "lib"]))
    def withdraw(self, name: str) -> None:
        mine = [p for p in self.channel.packages.values() if p.record["name"] == name]
        if len(mine) > 1:
            self.channel.remove(mine[-1])
            self._build()

    @rule(requested=st.sampled_from([("app",), ("app", "extra"), ("extra", "tool")]))
    def change_the_request(self, requested: tuple[str, ...]) -> None:
        self.requested = requested
        self._build()

    @rule(keep=st.sampled_from([1, 2, 4]), name=packages)
    def keep_from_now_on(self, keep: int, name: str) -> None:
        self.keep = keep
        self.release_newer(name)

    @rule(keys=st.sampled_from([(FIRST,), (FIRST, SECOND), (SECOND,)]), name=packages)
    def sign_from_now_on(self, keys: tuple[SigningKey, ...], name: str) -> None:
        self.signing = keys
        self.release_newer(name)

    def _add(self, name: str, content: int = 0) -> None:
        version = f"{self.versions[name]}.0"
        text = f"{name} {version}, content {content}\n"
        package = self.channel.add(
            name,
            version,
            subdir=PLATFORM if name == "tool" else "noarch",
            depends=("lib", "tool") if name == "app" else (),
            files={f"share/{name}.txt": text},
            # a channel may leave out the one or the other; conda's cache compares md5 alone
            record={"md5": None} if name == "lib" else None,
        )
        self.texts[package.at].add(text)

    def _build(self) -> None:
        self.builds += 1
        built = publish(
            self.folder / f"engineer{self.builds}",
            self.channel,
            *self.requested,
            root=self.folder / "repositories",
            label=LABEL,
            keep=self.keep,
        )
        kept = self._keep(built)
        if not self.releases or kept != self.releases[-1]:
            self.releases.append(kept)

    def _keep(self, built: Path) -> Path:
        manifest = json.loads((built / MANIFEST_NAME).read_bytes())
        key = (manifest["label"], manifest["build"])
        kept = self.folder / "kept" / f"{key[0]}-{key[1]}"
        if not kept.exists():
            shutil.copytree(built, kept)
            if self.signing and manifest["label"] == LABEL:
                sign(kept, *self.signing)
            self.of_release[key] = {(n, p["sha256"]) for n, p in manifest["packages"].items()}
            for name, package in manifest["packages"].items():
                self.named[name].add(package["sha256"])
        return kept

    # --- the way -----------------------------------------------------------------------------

    @rule(which=st.integers(-3, -1))
    def deliver_whole(self, which: int) -> None:
        self._replace(self.releases[max(which, -len(self.releases))])

    @rule(
        which=st.integers(-2, -1), order=st.randoms(use_true_random=False), part=st.integers(1, 9)
    )
    def deliver_part(self, which: int, order: Any, part: int) -> None:
        """A copy that is cut off; what was there stays, and the order is anybody's."""
        release = self.releases[max(which, -len(self.releases))]
        files = sorted(p.relative_to(release) for p in release.rglob("*") if p.is_file())
        order.shuffle(files)
        for file in files[: part * len(files) // 10]:
            (self.stick / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(release / file, self.stick / file)

    @rule(which=st.integers(-3, -1), older=st.booleans())
    def sync(self, which: int, older: bool) -> None:
        release = self.releases[max(which, -len(self.releases))]
        options = ("--allow-older",) * older
        self._arrive(release, "offline-repo", "sync", release, self.stick, *options)

    @rule(which=st.integers(-3, -1), older=st.booleans(), step=st.integers(1, 60))
    def sync_that_is_killed(self, which: int, older: bool, step: int) -> None:
        release = self.releases[max(which, -len(self.releases))]
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
        release = self.releases[max(which, -len(self.releases))]
        other = self.releases[max(since, -len(self.releases))]
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
        self._replace(self.other)

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
        release = self.releases[max(which, -len(self.releases))]
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
        for key in trusted:
            options += ("--trust", key.fingerprint)
        prefix = ("-p", self._prefix(name))
        self._step(
            name,
            *("offline-repo", "use", self.stick, *prefix, "--yes", "--solver", solver),
            *(*options, *wanted),
            older=older,
        )

    @rule(name=environments, back=st.integers(0, 3), older=st.booleans(), solver=solvers)
    def use_release(self, name: str, back: int, older: bool, solver: str) -> None:
        number = max(len(self.releases) - back, 1)
        self._step(
            name,
            *("offline-repo", "use", self.stick, "-p", self._prefix(name), "--yes"),
            *("--release", number, "--solver", solver, *("--allow-older",) * older),
            older=older,
        )

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
    @rule(name=environments)
    def clone(self, name: str) -> None:
        shutil.rmtree(self._prefix("clone"), ignore_errors=True)
        if name in self.used:
            self._run("create", "--yes", "-p", self._prefix("clone"), "--clone", self._prefix(name))
            if name not in self.deceived:
                self._check("clone", None)
        shutil.rmtree(self._prefix("clone"), ignore_errors=True)

    def _conda(self, name: str, verb: str, *arguments: object, history: bool = False) -> None:
        if name not in self.used:
            (name, *_) = self.used
        prefix = ("-p", self._prefix(name), "--yes")
        self._step(name, verb, *prefix, *arguments, history=history)

    def _step(
        self, name: str, *arguments: object, older: bool = False, history: bool = False
    ) -> None:
        """Run conda on an environment, and see what that has changed there."""
        before, build = self._records(name), self.used.get(name, 0)
        trusted = (self._state(name) or {}).get("signers")
        self._run(*arguments)
        state = self._state(name)
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
                for (label, number), packages in self.of_release.items()
                if number >= state["build"] and label == state["label"]
                for named in packages
            }
            for record in fresh.values():
                archive = (f"{record['subdir']}/{record['fn']}", record["sha256"])
                assert archive in allowed, f"{archive} is of no release from {state['build']} on"

    def _run(self, *arguments: object, kill_at: int = 0) -> Struck:
        """Run conda, and see it end well or with an error that helps; or killed at a step that it
        takes at the folder that the vendor's releases come to.
        """
        fault = "kill" if kill_at else ""
        done = self.warm.execute(
            *map(str, arguments),
            folder=self.stick.parent if kill_at else None,
            fault=fault,
            number=kill_at,
            variables=self.customer.variables,
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
            self._check(name, self._state(name))

    def _check(self, name: str, state: dict[str, Any] | None) -> None:
        for record in self._records(name).values():
            file = f"{record['subdir']}/{record['fn']}"
            assert record.get("sha256") in self.named[file], f"{file} in {name} is of no release"
            content = (self._prefix(name) / f"share/{record['name']}.txt").read_text()
            if not file.endswith("lib-0.5-0.conda") and record["name"] != "plant":
                assert content in self.texts[file], f"{file} in {name} holds {content!r}"

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
