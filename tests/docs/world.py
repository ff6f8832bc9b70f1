"""The world in which the commands of the pages run; README.md says what a page may ask of it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dev.upstream.cable import Cable
from dev.upstream.server import ChannelServer
from tests.docs.markdown import REPOSITORY
from tests.docs.pypi import indexes, ratings
from tests.docs.server import LABELS, TOKEN, PublicServer
from tests.docs.shell import CondaPrograms, Shell
from tests.support.running import Conda
from tests.support.warm import IN_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docs.markdown import Fence
    from tests.docs.shell import Typed

#: Folders of a machine, and those that the machines share.
OWN, SHARED = ("srv", "opt", "etc", "var"), ("media", "mnt")
ABSOLUTE = re.compile(
    rf"(?:(?<=file://)|(?<![\w.~/}}\\-]))/({'|'.join((*OWN, *SHARED))})(?![\w.-])"
)
SITES = ("https://conda.anaconda.org", "https://repo.example.com")
PRIVATE = "https://pypi.example.com"
SERVED = "http://127.0.0.1:8765"


class Machine:
    """A machine, and a terminal there.

    Attributes:
        folder: its files lie below it.
        shell: the terminal.
    """

    def __init__(
        self,
        folder: Path,
        programs: Path,
        server: PublicServer,
        variables: dict[str, str],
        condarc: str | None,
    ) -> None:
        self.folder = folder
        conda = Conda(folder, **variables)
        conda.configure(
            channel_alias=server.url,
            channels=[],
            always_yes=True,
            add_pip_as_python_dependency=False,
            auto_activate_base=False,
            remote_backoff_factor=0,
        )
        base = folder / "opt" / "conda"
        for path in (base / "conda-meta", folder / "srv", folder / "etc", folder / "var"):
            path.mkdir(parents=True)
        (base / "conda-meta" / "history").touch()
        (base / "bin").mkdir()
        (base / "bin" / "conda").symlink_to(programs / "conda")
        if condarc:
            # that of the tests' own installation may say so, and is not read then
            solver = conda.run("config", "--show", "solver", "--json").json["solver"]
            conda.variables["CONDA_SOLVER"] = solver
            (base / ".condarc").write_text(condarc)
            conda.variables["CONDA_ROOT"] = str(base)
        server.install(base, "conda", "python", "openssl", "pip", "pluggy")
        del conda.variables["CONDA_PKGS_DIRS"]
        conda.variables["CONDA_ROOT_DIR"] = str(base)
        # where conda finds an environment's settings by its name, too
        conda.variables["CONDA_ENVS_DIRS"] = str(conda.home / ".conda" / "envs")
        conda.variables["PATH"] = f"{programs}:{conda.variables['PATH']}"
        self.shell = Shell(conda.work, conda.variables, conda.scratch)


class World:
    """The server, the two machines, and what travels between them.

    Attributes:
        cable: where the calls of a machine without network arrive, which counts them.
    """

    def __init__(
        self,
        folder: Path,
        server: PublicServer,
        cable: Cable,
        programs: Path,
        channels: list[str] | None,
    ) -> None:
        self._condarc: str | None = None
        if channels:
            places = dict.fromkeys(channels, cable.url)
            self._condarc = json.dumps({"channels": channels, "custom_channels": places})
        self._folder = folder
        self._server = server
        self._programs = programs
        self._machines: dict[str, Machine] = {}
        self._at = "vendor"
        self._meanings = {site: server.url for site in SITES}
        self._meanings["machine repo.example.com"] = "machine 127.0.0.1"
        self._serving: subprocess.Popen[str] | None = None
        self._wheels = ExitStack()
        self._webs = ExitStack()
        self.cable = cable
        (folder / "media" / "stick").mkdir(parents=True)
        (folder / "mnt").mkdir()

    @property
    def machine(self) -> Machine:
        """The machine where commands are typed now."""
        if self._at not in self._machines:
            variables = self.cable.proxies
            if self._at == "vendor":
                names = ("CONDA_OFFLINE_REPO", *(label.upper() for label in LABELS))
                variables = {f"{name}_TOKEN": TOKEN for name in names}
            self._machines[self._at] = Machine(
                self._folder / self._at,
                self._programs,
                self._server,
                variables,
                self._condarc,
            )
        return self._machines[self._at]

    def type(self, command: str) -> Typed:
        """Run a command of a page."""
        return self.machine.shell.type(self.meant(command))

    def write(self, fence: Fence) -> None:
        """Write the file that a page shows."""
        assert fence.caption
        path = self._path(fence.caption)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.meant(fence.content))

    def act(self, action: str) -> None:
        """Do what a page asks for behind its readers' backs.

        Raises:
            AssertionError: there is no such action.
        """
        verb, *words = shlex.split(action)
        match verb, words:
            case "vendor" | "customer", []:
                self._at = verb
            case "publish", [name, version]:
                self._publish(name, version, "prometeia/label/halkbank")
            case "publish", [name, version, "to", channel]:
                self._publish(name, version, channel)
            case "withdraw", [name, version]:
                self._server.withdraw(name, version, "prometeia/label/halkbank")
            case "withdraw", [name, version, "from", channel]:
                self._server.withdraw(name, version, channel)
            case "mkdir", [path]:
                self._path(path).mkdir(parents=True, exist_ok=True)
            case "copy", [source, target]:
                _copy(self._path(source), self._path(target))
            case "delete", [path]:
                _delete(self._path(path))
            case "damage", [path]:
                self._damage(path)
            case "installer", [name]:
                self._path(name).write_text("#!/bin/sh\necho An installer of conda.\n")
            case "fingerprint", [text, "is", public_key]:
                self._meanings[text] = self._fingerprint(public_key)
            case "variable", [name, value]:
                self.machine.shell.type(f"export {name}={shlex.quote(self.meant(value))}")
            case "network", []:
                self.machine.shell.type(f"unset {' '.join(self.cable.proxies)}")
            case "no", ["network"]:
                settings = (f"{name}={value}" for name, value in self.cable.proxies.items())
                self.machine.shell.type(f"export {' '.join(settings)}")
            case "PyPI", []:
                self._serve_wheels()
            case "wheel", [path]:
                ratings(self._path(path))
            case "web", [path, "is", url]:
                server = ChannelServer(self._path(path))
                self._webs.callback(server.stop)
                self._meanings[url] = server.url
            case "serve", []:
                self._serve()
            case "Enter", []:
                self._enter()
            case _:
                raise AssertionError(f"there is no action {action!r}")

    def close(self) -> None:
        """End all that runs."""
        for machine in self._machines.values():
            machine.shell.close()
        if self._serving:
            self._serving.communicate()
        self._wheels.close()
        self._webs.close()

    def meant(self, text: str) -> str:
        """What a text of a page means in this world."""
        for quoted, meant in self._meanings.items():
            text = text.replace(quoted, meant)
        return ABSOLUTE.sub(lambda match: f"{self._place(match[1])}/{match[1]}", text)

    def _publish(self, name: str, version: str, channel: str) -> None:
        """Publish a package a good while after the last command: conda takes an index for up to
        date that it has read less than two seconds ago.
        """
        self._server.publish(name, version, channel)
        for machine in self._machines.values():
            for cache in [*machine.folder.glob("**/pkgs/cache")]:
                shutil.rmtree(cache)

    def _place(self, name: str) -> Path:
        return self._folder if name in SHARED else self.machine.folder

    def _path(self, text: str) -> Path:
        return Path(self.machine.shell.cwd, self.meant(text))

    def _damage(self, pattern: str) -> None:
        folder = self._path(pattern)
        while "*" in str(folder):
            folder = folder.parent
        relative = self._path(pattern).relative_to(folder)
        path = sorted(folder.glob(str(relative)))[0] if "*" in pattern else folder
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.unlink()  # it may be a hard link to another repository's
        path.write_bytes(content)

    def _fingerprint(self, public_key: str) -> str:
        done = subprocess.run(
            ["ssh-keygen", "-l", "-f", self._path(public_key)],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()[1]

    def _serve_wheels(self) -> None:
        folder = self._folder / "wheels"
        public, self._meanings[PRIVATE] = self._wheels.enter_context(indexes(folder))
        self.machine.shell.type(f"export UV_DEFAULT_INDEX={public}")
        self._meanings["machine pypi.example.com"] = "machine 127.0.0.1"

    def _serve(self) -> None:
        self._serving = subprocess.Popen(
            [sys.executable, "-m", "dev.serve", "--port", "0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=REPOSITORY,
            text=True,
        )
        self._meanings[SERVED] = self._said(r"http://127\.0\.0\.1:\d+")

    def _enter(self) -> None:
        assert self._serving
        assert self._serving.stdin
        self._serving.stdin.write("\n")
        self._serving.stdin.flush()
        self._said("is published")

    def _said(self, pattern: str) -> str:
        assert self._serving
        for line in self._serving.stdout or ():
            if match := re.search(pattern, line):
                return match[0]
        raise AssertionError(f"the server did not say {pattern}")


@contextmanager
def new_world(channels: list[str] | None = None) -> Iterator[World]:
    """A world that is gone afterwards.

    Args:
        channels: what each conda's own installation has in its configuration; they lead nowhere.
    """
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name:
        folder = Path(name)
        server = PublicServer(folder / "served")
        with Cable() as cable, CondaPrograms(folder / "programs") as programs:
            world = World(folder, server, cable, programs.folder, channels)
            try:
                yield world
            finally:
                world.close()
                server.stop()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
