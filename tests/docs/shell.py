"""A terminal: one bash that stays, whose `conda` is a fork of one that is ready at once."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import TYPE_CHECKING

import conda

from tests.docs.markdown import REPOSITORY
from tests.support import forks

if TYPE_CHECKING:
    from typing import Any

#: Lets `conda activate` work.
FUNCTIONS = REPOSITORY / "dev" / "shell.sh"
#: What becomes of a `conda` that conda itself has started, because there is one fork at a time.
#: conda starts it for its shell functions, which a conda from PyPI is without.
NESTED = (
    'os.execv(sys.executable, [sys.executable, "-m", "conda", *sys.argv[1:]])'
    if (Path(conda.__file__).parent / "shell" / "etc").exists()
    else "sys.exit(1)"
)
#: The program `conda`: asks the process of the tests for a fork.
CLIENT = """\
#!{python} -I
import json, os, socket, sys
if "INSIDE_CONDA" in os.environ:
    {nested}
variables = {{**os.environ, "INSIDE_CONDA": "yes"}}
with socket.create_connection(("127.0.0.1", {port})) as line:
    line.sendall(json.dumps([sys.argv[1:], os.getcwd(), variables]).encode() + b"\\n")
    reply = json.loads(line.makefile("rb").readline())
sys.stdout.buffer.write(reply["stdout"].encode())
sys.stdout.flush()
sys.stderr.buffer.write(reply["stderr"].encode())
sys.exit(reply["status"])
"""


@dataclass(frozen=True)
class Typed:
    """A command that was typed, and what came of it."""

    command: str
    status: int
    output: str


class CondaPrograms(ThreadingTCPServer):
    """Lets programs named `conda` ask this process for runs.

    Attributes:
        folder: has the program, for `PATH`.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bin"
        self.folder.mkdir(parents=True)
        super().__init__(("127.0.0.1", 0), _Run)
        program = self.folder / "conda"
        program.write_text(
            CLIENT.format(python=sys.executable, nested=NESTED, port=self.server_address[1])
        )
        program.chmod(0o755)
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __exit__(self, *error: Any) -> None:
        self.shutdown()
        super().__exit__(*error)


class _Run(StreamRequestHandler):
    def handle(self) -> None:
        arguments, cwd, variables = json.loads(self.rfile.readline())
        reply = forks.run(arguments, cwd, variables)
        with suppress(BrokenPipeError):
            self.wfile.write(json.dumps(reply).encode() + b"\n")


class Shell:
    """One bash, without a terminal: nobody answers what is asked there.

    Args:
        cwd: its current folder at the beginning.
        variables: its environment.
        scratch: a folder for what the commands print.
    """

    def __init__(self, cwd: Path, variables: dict[str, str], scratch: Path) -> None:
        self._output = scratch / "output"
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=cwd,
            env={**variables, **forks.FIXED},
            encoding="utf-8",
            start_new_session=True,
        )
        self.type(FUNCTIONS.read_text())

    def type(self, command: str) -> Typed:
        """Run a command to its end.

        Raises:
            AssertionError: it ended the shell.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = f"eval {shlex.quote(command)} </dev/null >{shlex.quote(str(self._output))} 2>&1"
        self._process.stdin.write(f"{line}\nprintf '%s %s\\n' $? \"$PWD\"\n")
        self._process.stdin.flush()
        status, _, cwd = self._process.stdout.readline().rstrip("\n").partition(" ")
        output = self._output.read_text("utf-8", "replace")
        assert status, f"{command!r} ended the shell: {output}"
        self.cwd = cwd
        return Typed(command, int(status), output)

    def close(self) -> None:
        """End the shell."""
        self._process.communicate()
