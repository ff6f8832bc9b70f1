"""What on the customer's machine does not fit a repository or interferes with it.

Of conda's configuration, that is in `configuration`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from pathlib import Path
from typing import TYPE_CHECKING

from conda import __version__ as conda_version
from conda.base.context import context
from conda.models.channel import Channel
from conda.models.version import VersionOrder, VersionSpec

from .._conda import configuration, features
from .._conda.classic_solver import stated_name
from .._conda.solver import installed_solvers
from .._conda.transactions import requested
from ..printable import quoted
from ..repository.transition import unfinished_text
from ..urls import is_folder
from .base import is_base
from .configuration import Finding, interfering, shown
from .environment.condarc import CONDARC
from .installed import notices

if TYPE_CHECKING:
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest

PIP_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")
PIP_OPTIONS = ("index-url", "extra-index-url", "find-links")


def diagnose(repository: Repository, prefix: Path) -> tuple[Finding, ...]:
    """Look for what would surprise in an environment, made or not, that uses the repository.

    Raises:
        TargetError: The environment's `.condarc` cannot be read.
        StateUnreadableError: Its state cannot be read.
    """
    path, manifest = repository.path, repository.manifest
    return (
        *(Finding(str(path), text) for text in of_release(repository, prefix)),
        *_certificate(repository, prefix),
        *_base(repository, prefix),
        *_machine(repository),
        *_conda(manifest),
        *interfering(repository, prefix),
        *_pip(prefix),
        *_history(repository.channel, prefix),
    )


def of_release(repository: Repository, prefix: Path) -> Iterator[str]:
    """Yield what speaks against a release itself, wherever it is used."""
    path = repository.path
    yield from [unfinished_text(path)] if repository.unfinished else []
    yield from [repository.insecure] if repository.insecure else []
    yield from notices(path, repository.manifest, prefix)


def _certificate(repository: Repository, prefix: Path) -> Iterator[Finding]:
    """Tell of a server that is anybody, where nothing else says who made the repository."""
    if repository.signers or not repository.channel.startswith("https:"):
        return
    if configuration.merged(prefix, "").ssl_verify is False:
        text = (
            f"conda is set not to check who {repository.path} is (ssl_verify: false), and it is "
            "not signed: whoever can change what is on its way can change what is installed from "
            "it. Take that setting away, or name the file with the server's authority there."
        )
        yield Finding("ssl_verify", text)


def _base(repository: Repository, prefix: Path) -> Iterator[Finding]:
    if is_base(prefix):
        path = prefix / CONDARC
        effect = (
            "they are offline, too, and install from this repository, beside their own channels"
        )
        if not is_folder(repository.channel):
            effect = "they install from this repository, too, and conda refuses their own channels"
        text = (
            f"{path} counts for every environment of this conda: {effect} if they have any.\n"
            "  What to do: `conda offline-repo use --undo -n base` takes it back."
        )
        yield Finding(str(path), text)


def _machine(repository: Repository) -> Iterator[Finding]:
    """Compare the virtual packages of this machine with those that the build assumed."""
    assumed = repository.manifest.request.virtual_packages.get(context.subdir, {})
    own = features.own_virtual_packages()
    for name, value in sorted(assumed.items()):
        version, _, build = value.partition("=")
        own_version, own_build = own.get(name, ("", ""))
        if name not in own:
            override = f"{name}= "
            problem = (
                f"This machine has no {name}; the repository was built for {name} {version}. "
                "Packages that need it cannot be installed"
            )
        elif name == "__archspec" and not _runs(own_build, build):
            override = f"{name}=1={own_build}"
            problem = (
                f"This machine's processor ({own_build}) does not support {build}, which the "
                "repository was built for. Its programs may not run"
            )
        elif (
            name != "__archspec"
            and own_version != "0"
            and VersionOrder(own_version) < VersionOrder(version)
        ):
            override = f"{name}={own_version}"
            problem = (
                f"{name} {own_version} of this machine is older than {name} {version}, which the "
                "repository was built for. Packages that need the newer one cannot be installed"
            )
        else:
            continue
        remedy = f"ask your vendor for a build with --virtual-package {override}."
        yield Finding(name, f"{problem}: {remedy}")


def _conda(manifest: Manifest) -> Iterator[Finding]:
    """Compare this conda and its solver with those that the vendor has stated, and has tried."""
    versions, solvers = manifest.request.customer_conda, manifest.request.customer_solvers
    own = conda_version.partition("+")[0]
    if not VersionSpec(versions).match(own):
        text = (
            f"This machine has conda {own}; the release is for conda {versions}. It may not read "
            "all packages, or install them as they are meant: change to such a conda, or ask your "
            f"vendor for a build with {quoted('--customer-conda', f'{versions}|{own}')}."
        )
        yield Finding("conda", text)
    solver = stated_name(context.solver)
    tried = [*manifest.proved_with] or solvers
    if solver in solvers and solver in tried:
        return
    if solver in solvers:
        problem = f"is proved with {', '.join(tried)}, and was not tried with {solver}"
        remedy = "ask your vendor to build where it is installed"
    else:
        options = " ".join(f"--customer-solver {name}" for name in sorted({*solvers, solver}))
        problem = f"is for the solvers {', '.join(solvers)}, and not for {solver}"
        remedy = f"ask your vendor for a build with {options}"
    others = [name for name in installed_solvers() if stated_name(name) in {*solvers} & {*tried}]
    choice = f"choose {others[0]} with --solver, or " if others else ""
    yield Finding(
        "solver",
        f"The release {problem}, which this conda has. It may choose other packages, or find no "
        f"solution: {choice}{remedy}.",
    )


def _runs(own: str, required: str) -> bool:
    """Return whether a processor of this name runs programs for the other one."""
    try:
        from archspec.cpu import TARGETS
    except ImportError:
        return True
    known = own in TARGETS and required in TARGETS
    return not known or bool(TARGETS[own] >= TARGETS[required])


def _pip(prefix: Path) -> Iterator[Finding]:
    """Yield what configures pip, which the repository does not cover."""
    advice = "pip installs from there, not from the repository."
    for name in PIP_VARIABLES:
        if os.environ.get(name):
            yield Finding(name, f"The environment variable {name} is set: {advice}")
    for path in dict.fromkeys(_pip_files(prefix)):
        config = ConfigParser(interpolation=None)
        try:
            config.read(path, encoding="utf-8")
        except (ConfigParserError, OSError, UnicodeDecodeError):
            continue
        if any(option in section for section in config.values() for option in PIP_OPTIONS):
            yield Finding(str(path), f"{path} configures pip: {advice}")


def _pip_files(prefix: Path) -> list[Path]:
    """https://pip.pypa.io/en/stable/topics/configuration/#location"""
    home, windows = Path.home(), os.name == "nt"
    variables = ("PROGRAMDATA", "APPDATA") if windows else ("XDG_CONFIG_HOME",)
    folders = [Path(value, "pip") for name in variables if (value := os.environ.get(name))]
    folders += [home / "pip"] if windows else [Path("/etc"), home / ".pip", home / ".config/pip"]
    named = os.environ.get("PIP_CONFIG_FILE")
    files = [folder / ("pip.ini" if windows else "pip.conf") for folder in (*folders, prefix)]
    return [Path(named), *files] if named else files


def _history(own: str, prefix: Path) -> Iterator[Finding]:
    """Specifications with a channel, which conda would ask again at the next solve."""
    path = prefix / "conda-meta" / "history"
    if not path.is_file():
        return
    for name, spec in sorted(requested(prefix).items()):
        channel = str(spec.get("channel") or "")
        urls = channel and Channel(channel).urls(with_credentials=False, subdirs=("noarch",))
        if channel and f"{own}/noarch" not in urls:
            yield Finding(
                str(path),
                f"{path} remembers that {name} was requested from the channel {shown(channel)}: "
                "conda looks for it there at every solve and does not find it offline.\n"
                f"  What to do: `conda install {name}` once, without the channel.",
            )
