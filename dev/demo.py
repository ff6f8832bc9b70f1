"""The main job as a demonstration: from a vendor's channels to a program that runs offline.

    python3 dev/bootstrap.py demo

Real packages, the real `conda`, a real server on this machine. Every command is printed before it
runs, and what the demonstration claims is checked: its exit status is 0 only if all of it is true.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dev.bootstrap import bin_folder, material
from dev.upstream.cable import Cable
from dev.upstream.channels import add, arrange
from dev.upstream.packages import make_program
from dev.upstream.server import ChannelServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LABEL = "halkbank"
#: By its path, because conda would put one with a name beside itself, outside of the demonstration.
ENVIRONMENT = "envs/halkbank-test"
OLD, NEW = "1.2", "1.3"
UNPACK = ("conda", "offline-repo", "unpack")
VOLUME_SIZE = "28kB"
WIDTH = 92


class DemonstrationError(Exception):
    """Something was not as the demonstration says."""


class Person:
    """Somebody at a machine: a home folder of their own, and a terminal in the folder above it."""

    def __init__(self, place: Path, variables: Mapping[str, str]) -> None:
        self.place = place
        self.home = place / "home"
        self.home.mkdir(parents=True)
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CONDA", "PIP_", "XDG_"))
            and not name.lower().endswith("_proxy")
        }
        self.environment = {
            **clean,
            "HOME": str(self.home),
            "PATH": f"{bin_folder(Path(sys.executable))}{os.pathsep}{os.environ.get('PATH', '')}",
            # below HOME as usual, and not beside the conda in use
            "CONDA_PKGS_DIRS": str(self.home / ".conda" / "pkgs"),
            "CONDA_REPORT_ERRORS": "false",
            # conda starts a process to look for it, with each command that solves
            "CONDA_OVERRIDE_CUDA": "",
            **variables,
        }
        self.seen = ""

    def types(
        self, *command: str, show: Callable[[str], bool] | None = None, status: int = 0
    ) -> str:
        """Print a command, run it, and print its output as it comes.

        Args:
            command: The program and its arguments.
            show: Which lines of the output to print; all, if None.
            status: The expected exit status.

        Returns:
            The whole output.

        Raises:
            DemonstrationError: The exit status is another.
        """
        say("\n$ " + wrapped(shlex.join(command)))
        output = ""
        with subprocess.Popen(
            command,
            executable=shutil.which(command[0], path=self.environment["PATH"]),
            cwd=self.place,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                output += line
                if show is None or show(line):
                    say(f"    {line}".rstrip())
        self.seen += output
        if process.returncode != status:
            raise DemonstrationError(f"`{shlex.join(command)}` ended with {process.returncode}")
        return output

    def activates(self, path: str) -> None:
        """Set what `conda activate` sets, which needs a shell."""
        prefix = self.place / path
        self.environment |= {
            "CONDA_PREFIX": str(prefix),
            "CONDA_DEFAULT_ENV": str(prefix),
            "CONDA_SHLVL": "1",
            "PATH": f"{prefix / 'bin'}{os.pathsep}{self.environment['PATH']}",
        }
        say(f"\n(As after `conda activate ./{path}`: CONDA_PREFIX and PATH are set.)")


def main() -> int:
    """Run the demonstration; returns the exit status."""
    started = time.monotonic()
    packages = Path(os.environ.get("OFFLINE_REPO_MATERIAL") or material(Path(sys.executable)))
    try:
        with tempfile.TemporaryDirectory(prefix="demo-") as folder, Cable() as cable:
            summary = demonstrate(Path(folder), packages / "packages", cable)
    except DemonstrationError as error:
        print(f"The demonstration failed: {error}", file=sys.stderr)
        return 1
    say(f"\n{summary} ({time.monotonic() - started:.0f} s)")
    return 0


def demonstrate(folder: Path, packages: Path, cable: Cable) -> str:
    """Play both days, twice each, below `folder`; returns a summary in one line."""
    if not (packages / "public").is_dir():
        raise DemonstrationError("its packages are not made yet; run python3 dev/bootstrap.py")
    token = secrets.token_hex(8)
    channels = folder / "channels"
    arrange(packages, channels, ratingpro=OLD)
    vendor = Person(folder / "vendor", {"CONDA_OFFLINE_REPO_TOKEN": token})
    # whatever conda could ask for over the network at the customer's would arrive at the cut cable
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), cable.url)
    customer = Person(
        folder / "customer", {**proxies, **{k.upper(): v for k, v in proxies.items()}}
    )
    shipped, received = vendor.place / "repo" / LABEL, customer.place / "repo" / LABEL

    heading("At the vendor: build the repository of the label halkbank")
    say(
        f"\n{cable.url} serves a public channel, and a private one, prometeia, that opens with\n"
        "a token only; its label channel publishes ratingpro and pytho for this customer.\n"
        "The token is in the environment variable CONDA_OFFLINE_REPO_TOKEN, and in no command."
    )
    with upstream(channels, token, cable) as server:
        vendor.types(
            *("conda", "offline-repo", "build", "--label", LABEL),
            *("-c", f"{cable.url}/prometeia", "-c", f"{cable.url}/public", "--override-channels"),
            *("--platform", "linux-64", "--platform", "win-64", "--root", "repo"),
            *("ratingpro", "pytho"),
        )
        first = server.packages()
    say("The folder is a complete conda channel for both platforms:\n")
    tree(shipped)
    check(
        sorted(path.rpartition("/")[2] for path in first)
        == sorted(path.name for path in archives(shipped)),
        f"the server sent {len(first)} packages, each of the repository once and no other",
    )

    heading("The folder goes to the customer, on a stick")
    vendor.types("conda", "offline-repo", "sync", f"repo/{LABEL}", f"../stick/{LABEL}")
    customer.types("conda", "offline-repo", "sync", f"../stick/{LABEL}", f"repo/{LABEL}")
    check(same(shipped, received), "what arrived is what was built, to the last byte")

    heading("At the customer: no network, a new home, an empty package cache")
    say("\nThe vendor's server is stopped. Any attempt to reach it, or a proxy, is counted.")
    customer.types("conda", "offline-repo", "use", "repo", "-p", ENVIRONMENT)
    customer.types("conda", "install", "-p", ENVIRONMENT, "-y", "ratingpro")
    customer.activates(ENVIRONMENT)
    info = customer.types("conda", "info", show=facts("active environment", "channel", "offline"))
    ran = customer.types("ratingpro")
    check("offline mode : True" in info, "conda is offline in this environment")
    check(received.as_uri() in info, "its channel is the folder")
    check(ran.startswith(f"ratingpro {OLD} with requests"), f"ratingpro {OLD} runs")
    check(not cable.refused, "nothing tried to reach the network")

    heading(f"Months later, at the vendor: ratingpro {NEW} is published, the label built again")
    archive = make_program(folder / "new", "ratingpro", NEW, ["requests >=2.28", "six"])
    add(archive, channels / "prometeia" / "label" / LABEL, "noarch")
    with upstream(channels, token, cable) as server:
        vendor.types("conda", "offline-repo", "build", "--label", LABEL, "--root", "repo")
        second = server.packages()
    check(
        [path.rpartition("/")[2] for path in second] == [archive.name],
        f"the server sent one package, {archive.name}",
    )

    heading("What is new goes to the customer, in two small volumes")
    vendor.types(
        *("conda", "offline-repo", "diff", f"../stick/{LABEL}", f"repo/{LABEL}"),
    )
    vendor.types(
        *("conda", "offline-repo", "pack", f"repo/{LABEL}", "-o", "../stick/new.zip"),
        *("--since", f"../stick/{LABEL}", "--volume-size", VOLUME_SIZE),
    )
    volumes = sorted((folder / "stick").glob("new.*.zip"))
    check(len(volumes) == 2, "there are two volumes")
    vendor.types(*("conda", "offline-repo", "pack", f"../stick/{LABEL}", "-o", "../stick/last.zip"))

    heading("At the customer: still no network")
    tampered = folder / "stick" / "tampered.zip"
    content = bytearray(volumes[1].read_bytes())
    content[len(content) // 2] ^= 1
    tampered.write_bytes(content)
    say("\nOne bit of the second volume is turned on the way; nothing of it is taken:")
    first_volume, second_volume = (f"../stick/{path.name}" for path in volumes)
    customer.types(*UNPACK, "../stick/tampered.zip", f"repo/{LABEL}", status=1)
    say("\nThe right one arrives before the first:")
    customer.types(*UNPACK, second_volume, f"repo/{LABEL}", status=1)
    customer.types(*UNPACK, first_volume, f"repo/{LABEL}")
    check(same(shipped, received), "the folder is as the vendor's, to the last byte")
    customer.types("conda", "offline-repo", "verify", "repo")
    customer.types("conda", "update", "-p", ENVIRONMENT, "-y", "ratingpro")
    ran = customer.types("ratingpro")
    check(ran.startswith(f"ratingpro {NEW} with requests"), f"ratingpro {NEW} runs")

    heading("It disappoints: back to the last release, and forward again")
    customer.types(*UNPACK, "../stick/last.zip", f"repo/{LABEL}", "--allow-older")
    customer.types(
        *("conda", "offline-repo", "use", "repo", "-p", ENVIRONMENT, "--allow-older"),
        *("-y", "ratingpro"),
    )
    ran = customer.types("ratingpro")
    check(ran.startswith(f"ratingpro {OLD} with requests"), f"ratingpro {OLD} runs again")
    customer.types(*UNPACK, first_volume, second_volume, f"repo/{LABEL}")
    customer.types("conda", "update", "-p", ENVIRONMENT, "-y", "ratingpro")
    ran = customer.types("ratingpro")
    check(ran.startswith(f"ratingpro {NEW} with requests"), f"ratingpro {NEW} runs")
    check(not cable.refused, "nothing tried to reach the network")
    check(
        token not in vendor.seen + customer.seen
        and not any(token.encode() in path.read_bytes() for path in files(customer.place)),
        "the token is nowhere in what was printed and in what the customer has",
    )
    return (
        f"Done: ratingpro {NEW} runs offline at the customer, installed and updated from the "
        "folder alone."
    )


@contextmanager
def upstream(channels: Path, token: str, cable: Cable) -> Iterator[ChannelServer]:
    """Serve the channels at the near end of the cable for a while; checks that all ends then."""
    with ChannelServer(channels, private={"prometeia": token}) as server, cable.to(server):
        yield server


def same(*folders: Path) -> bool:
    """Whether two folders hold the same files."""
    first, second = (
        {path.relative_to(folder): path.read_bytes() for path in files(folder)}
        for folder in folders
    )
    return first == second


def files(folder: Path) -> Iterator[Path]:
    """The files below a folder, in no order; none, if it is not there."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def archives(folder: Path) -> Iterator[Path]:
    """The conda packages below a folder."""
    return (path for path in files(folder) if path.name.endswith((".conda", ".tar.bz2")))


def tree(folder: Path, indent: str = "    ") -> None:
    """Print a folder's content with sizes, folders last."""
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if path.is_dir():
            say(f"{indent}{path.name}/")
            tree(path, f"{indent}    ")
        else:
            say(f"{indent}{path.name:<{WIDTH - 30 - len(indent)}} {path.stat().st_size:>10,}")


def facts(*names: str) -> Callable[[str], bool]:
    """Choose lines of `conda info` by the beginnings of their names, continued lines included."""
    shown = False

    def show(line: str) -> bool:
        nonlocal shown
        name, separator, _ = line.partition(" : ")
        if separator:
            shown = name.strip().startswith(names)
        return shown and bool(line.strip())

    return show


def wrapped(command: str) -> str:
    """Break a long command line as a shell understands it, not between an option and its value."""
    bound = re.sub(r"(?<= )(--?[\w-]+) (?!-)", "\\1\N{NO-BREAK SPACE}", command)
    lines = textwrap.wrap(bound, WIDTH, break_long_words=False, break_on_hyphens=False)
    return " \\\n      ".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def heading(text: str) -> None:
    """Begin a chapter."""
    say(f"\n\n== {text} ==")


def check(holds: bool, claim: str) -> None:
    """Print a claim that holds.

    Raises:
        DemonstrationError: It does not hold.
    """
    if not holds:
        raise DemonstrationError(f"it is not true that {claim}")
    say(f"[checked] {claim}")


def say(text: str) -> None:
    """Print at once, so that the order stays when the output is not a terminal."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
