"""What on the customer's machine does not fit a repository or would interfere with it."""

from __future__ import annotations

import os
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import Channel
from conda.models.version import VersionOrder

from .._conda import features
from .._conda.transactions import requested
from ..repository.transition import unfinished, unfinished_text
from ..urls import TOKEN, file_url, public

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..repository.locate import Repository

#: Settings of conda that change what an environment with a repository does, and what to do.
INTERFERING = {
    "channels": (
        "conda asks these channels as well as the repository",
        "remove them there, or add `--override-channels -c {channel}` to conda's commands",
    ),
    "mirrored_channels": (
        "conda asks these mirrors",
        "remove them there, or check that none of them stands for the repository's channel",
    ),
    "envs_dirs": (
        "with these, `conda install -n` does not read the environment's own .condarc",
        "activate the environment and leave out -n, or give its path: -p {prefix}",
    ),
    "use_only_tar_bz2": (
        "conda does not see packages of the .conda format, which the repository has",
        "remove it there",
    ),
}
PIP_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")
PIP_OPTIONS = ("index-url", "extra-index-url", "find-links")


@dataclass(frozen=True)
class Finding:
    """Something to know before installing.

    Attributes:
        source: The file, variable or virtual package that says it.
        text: What it means, and what to do.
    """

    source: str
    text: str


def survey(repository: Repository, prefix: Path) -> tuple[Finding, ...]:
    """Look for what would surprise in an environment that is to use the repository.

    Args:
        repository: The repository.
        prefix: The environment, made or not.
    """
    return (
        *_publication(repository),
        *_machine(repository),
        *_configuration(repository, prefix),
        *_pip(prefix),
        *_history(prefix, file_url(repository.path)),
    )


def _publication(repository: Repository) -> Iterator[Finding]:
    if unfinished(repository.path, repository.manifest):
        yield Finding(str(repository.path), unfinished_text(repository.path))


def _machine(repository: Repository) -> Iterator[Finding]:
    """Compare the virtual packages of this machine with those that the build took for granted."""
    stated = repository.manifest.request.virtual_packages.get(context.subdir, {})
    found = features.own_virtual_packages()
    for name, value in sorted(stated.items()):
        version, _, build = value.partition("=")
        if name not in found:
            yield Finding(
                name,
                f"This machine has no {name}; the repository was built for one with {name} "
                f"{version}. Packages that need it cannot be installed: ask your vendor for a "
                f"build with --virtual-package {name}= .",
            )
            continue
        own_version, own_build = found[name]
        if name == "__archspec":
            if not _runs(own_build, build):
                yield Finding(
                    name,
                    f"This machine's processor ({own_build}) is not at least {build}, which the "
                    "repository was built for. Programs of it may not run: ask your vendor for a "
                    f"build with --virtual-package __archspec=1={own_build}.",
                )
        elif own_version != "0" and VersionOrder(own_version) < VersionOrder(version):
            yield Finding(
                name,
                f"{name} {own_version} of this machine is older than {name} {version}, which the "
                "repository was built for. Packages that need the newer one cannot be installed: "
                f"ask your vendor for a build with --virtual-package {name}={own_version}.",
            )


def _runs(own: str, wanted: str) -> bool:
    """Return whether a processor of this name runs programs for the other one."""
    if own == wanted:
        return True
    try:
        from archspec.cpu import TARGETS
    except ImportError:
        return True
    if own not in TARGETS or wanted not in TARGETS:
        return True
    return bool(TARGETS[own] >= TARGETS[wanted])


def _configuration(repository: Repository, prefix: Path) -> Iterator[Finding]:
    channel = file_url(repository.path)
    own = {str(prefix / name) for name in (".condarc", "condarc")}
    for source, values in context.collect_all().items():
        if str(source) in own or str(source) == "cmd_line":
            continue
        for key, (meaning, remedy) in INTERFERING.items():
            value = values.get(key)
            if not value or (key == "channels" and _texts(value) == [channel]):
                continue
            if key == "envs_dirs" and prefix.parent in _default_envs_dirs():
                continue
            shown = ", ".join(_texts(value))
            yield Finding(
                str(source),
                f"{source} sets {key} ({shown}): {meaning}.\n  What to do: "
                + remedy.format(channel=channel, prefix=prefix)
                + ".",
            )


def _default_envs_dirs() -> tuple[Path, ...]:
    """Return where conda finds an environment's `.condarc` by the name of the environment, too."""
    return Path(context.root_prefix, "envs"), Path.home() / ".conda" / "envs"


def _texts(value: Any) -> list[str]:
    """Return what a setting says, one text a value, without secrets."""
    if isinstance(value, (list, tuple)):
        return [text for part in value for text in _texts(part)]
    if isinstance(value, dict):
        return [f"{_shown(str(key))}: {', '.join(_texts(part))}" for key, part in value.items()]
    return [_shown(str(value))]


def _shown(text: str) -> str:
    """Return a channel's name or URL as it may be shown."""
    if "://" in text:
        try:
            return public(text)
        except ValueError:
            return "a URL that cannot be read"
    return TOKEN.sub("", f"/{text}")[1:] if "@" not in text else text.rpartition("@")[2]


def _pip(prefix: Path) -> Iterator[Finding]:
    """Yield where pip is told to take packages from; the repository does not cover pip."""
    advice = "pip installs from there, not from the repository; it has no part in it."
    for name in PIP_VARIABLES:
        if os.environ.get(name):
            yield Finding(name, f"The environment variable {name} is set: {advice}")
    for path in dict.fromkeys(_pip_files(prefix)):
        config = ConfigParser(interpolation=None)
        try:
            config.read(path, encoding="utf-8")
        except (ConfigParserError, OSError, UnicodeDecodeError):
            continue
        if any(option in config[section] for section in config for option in PIP_OPTIONS):
            yield Finding(str(path), f"{path} configures pip: {advice}")


def _pip_files(prefix: Path) -> Iterator[Path]:
    """https://pip.pypa.io/en/stable/topics/configuration/#location"""
    if os.environ.get("PIP_CONFIG_FILE"):
        yield Path(os.environ["PIP_CONFIG_FILE"])
    if os.name == "nt":
        for variable in ("PROGRAMDATA", "APPDATA"):
            if os.environ.get(variable):
                yield Path(os.environ[variable], "pip", "pip.ini")
        yield Path.home() / "pip" / "pip.ini"
        yield prefix / "pip.ini"
        return
    if os.environ.get("XDG_CONFIG_HOME"):
        yield Path(os.environ["XDG_CONFIG_HOME"], "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    yield Path.home() / ".pip" / "pip.conf"
    yield Path.home() / ".config" / "pip" / "pip.conf"
    yield prefix / "pip.conf"


def _history(prefix: Path, own: str) -> Iterator[Finding]:
    """Specifications with a channel, which conda would ask again at the next solve."""
    path = prefix / "conda-meta" / "history"
    if not path.is_file():
        return
    for name, spec in sorted(requested(prefix).items()):
        channel = spec.get("channel")
        if channel and own not in _base_urls(str(channel)):
            yield Finding(
                str(path),
                f"{path} remembers that {name} was asked for from the channel "
                f"{_shown(str(channel))}: conda looks for it there at every solve and does not "
                "find it offline.\n  What to do: "
                f"`conda install {name}` once, without the channel.",
            )


def _base_urls(channel: str) -> list[str]:
    """Return the channels that a name stands for."""
    urls = Channel(channel).urls(with_credentials=False, subdirs=("noarch",))
    return [url.rpartition("/")[0] for url in urls]
