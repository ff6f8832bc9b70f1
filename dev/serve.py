"""The vendor's server of the tutorial, for as long as it runs.

    python3 dev/bootstrap.py serve [--port PORT]

It serves real packages: a public channel, and the private ones of the publisher prometeia, whose
label halkbank publishes a new release each time that Enter is pressed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path

from dev.bootstrap import material
from dev.upstream.channels import add, arrange
from dev.upstream.packages import make_program
from dev.upstream.server import ChannelServer

PORT = 8765
TOKEN = "tk-tutorial"
LABEL = "prometeia/label/halkbank"
#: The version that is there at first; the next ones count up.
FIRST = 2


def main() -> int:
    """Serve until the standard input ends or Ctrl-C is pressed; returns the exit status."""
    parser = argparse.ArgumentParser(prog="dev/bootstrap.py serve", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT)
    port = parser.parse_args().port
    packages = Path(os.environ.get("OFFLINE_REPO_MATERIAL") or material(Path(sys.executable)))
    with tempfile.TemporaryDirectory(prefix="channels-") as name:
        folder = Path(name)
        try:
            server = ChannelServer(folder, private={"prometeia": TOKEN}, port=port)
        except OSError as error:
            print(f"Port {port} cannot be used ({error.strerror}): give another with --port.")
            return 1
        with server, suppress(KeyboardInterrupt):
            arrange(packages / "packages", folder, ratingpro=f"1.{FIRST}")
            serve(server.url, folder)
    return 0


def serve(url: str, folder: Path) -> None:
    """Say what is there, and publish a release for each line of the standard input."""
    say(
        f"\nThe vendor's channels are there, until Ctrl-C: public, prometeia and {LABEL}.\n"
        "In another terminal, after `python3 dev/bootstrap.py shell`:\n\n"
        f"    export CONDA_CHANNEL_ALIAS={url}\n"
        f"    export CONDA_OFFLINE_REPO_TOKEN={TOKEN}\n\n"
        "Enter publishes the next release of ratingpro."
    )
    for number, _ in zip(count(FIRST + 1), sys.stdin, strict=False):
        archive = make_program(
            folder / "new", "ratingpro", f"1.{number}", ["requests >=2.28", "six"]
        )
        add(archive, folder / LABEL, "noarch")
        say(f"ratingpro 1.{number} is published in {LABEL}.")


def say(text: str) -> None:
    """Print at once, for those who read it through a pipe."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
