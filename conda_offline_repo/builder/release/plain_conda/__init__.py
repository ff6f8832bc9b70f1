"""What a repository carries for a machine that has plain conda only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import PurePosixPath
from string import Template
from typing import TYPE_CHECKING

from ....printable import withdrawal
from ....repository.manifest import stem
from ....repository.names import DEFAULT, PLUGIN, PLUGIN_PACKAGE, SIGNATURES_PACKAGE
from ....specs import PackageSpec
from ...plugin_channel import checks_signatures

if TYPE_CHECKING:
    from ...request.request import Request

#: The files, and the line ending that the system which reads each of them needs.
LINE_ENDINGS = {
    **dict.fromkeys(("README.txt", "use.cmd", "use.ps1", "install.cmd"), "\r\n"),
    **dict.fromkeys(("use.sh", "install.sh"), "\n"),
}
#: How the scripts are typed that run installers, by the extension of these.
INSTALL = {".sh": "sh install.sh", ".exe": "install.cmd"}


def plain_conda_files(
    request: Request,
    installers: Sequence[str],
    packages: Iterable[str] = (),
    pip: Mapping[str, Mapping[str, str]] | None = None,
    *,
    signed: bool = False,
    newer: bool = False,
) -> dict[str, bytes]:
    """Return README.txt and the scripts for the repository of this request, by name.

    Args:
        request: What the repository is for.
        installers: The paths of conda's installers in it.
        packages: The paths of its archives.
        pip: What stands for requirements of pip, as in its manifest.
        signed: Whether it is signed.
        newer: Whether packages of it are in version 3 of the index format.
    """
    extensions = {PurePosixPath(name).suffix for name in installers}
    install = [typed for extension, typed in INSTALL.items() if extension in extensions]
    commands = "\n".join(f"    {typed} PREFIX ENVIRONMENT" for typed in install)
    by_script = _part("install", commands=commands) if install else ""
    listed = "\n".join(f"    {name}" for name in installers)
    withdrawn = "\n".join(f"    {withdrawal(*each)}" for each in request.withdrawn.items())
    plugin = PLUGIN_PACKAGE
    if checks_signatures(packages):
        plugin = f"{PLUGIN_PACKAGE} {SIGNATURES_PACKAGE}"
    # with environments to choose from, nothing is installed by name
    environments = request.environments
    choice = [env.name or DEFAULT for env in environments if env.name or env.exact]
    on_windows = any(platform.startswith("win-") for platform in request.platforms)
    by_name = () if any(env.name for env in environments) else request.packages
    values = {
        "label": request.label,
        "platforms": ", ".join(request.platforms),
        "install": _install(by_name, request.platforms, pip or {}),
        "environments": _part("environments", names=", ".join(choice)) if choice else "",
        "newer": _part("newer") if newer else "",
        "withdrawn": _part("withdrawn", releases=withdrawn) if withdrawn else "",
        "installers": _part("installers", files=listed, by_script=by_script) if installers else "",
        "plugin": _part("plugin", label=request.label, names=plugin) if request.plugin else "",
        "powershell": _part("powershell") if on_windows else "",
        "origin": _part("signed" if signed else "unsigned", label=request.label),
        "known": " ".join(environment.name or DEFAULT for environment in environments),
        "programs": " ".join(
            PurePosixPath(name).name for name in installers if name.endswith(".exe")
        ),
        "needed": " ".join(sorted(_needed(n) for n in packages if n.startswith(f"{PLUGIN}/"))),
    }
    names = ["README.txt", "use.cmd", "use.sh", *(["use.ps1"] if on_windows else [])]
    return {name: _fill(name, values) for name in (*names, *(each.split()[-1] for each in install))}


def _part(name: str, **values: str) -> str:
    """Return a part of README.txt that not every repository has."""
    text = (files(__package__) / f"README-{name}.txt.in").read_text("utf-8")
    return Template(text).substitute(values)


def _install(
    packages: Iterable[PackageSpec],
    platforms: Iterable[str],
    pip: Mapping[str, Mapping[str, str]],
) -> str:
    """Return the command that installs what is asked for, or one for each platform."""
    commands = {}
    for platform in platforms:
        specs = (*packages, *map(PackageSpec, pip.get(platform, {}).values()))
        names = " ".join(dict.fromkeys(map(_typed, specs))) or "PACKAGE"
        commands[platform] = f"conda install {names}"
    if len({*commands.values()}) == 1:
        return f"    {[*commands.values()][0]}"
    return "\n".join(f"    on {platform}: {command}" for platform, command in commands.items())


def _needed(archive: str) -> str:
    """Return, quoted, the name of an archive's record in `conda-meta` and the spec to install."""
    record = stem(PurePosixPath(archive).name)
    name, version, _ = record.rsplit("-", 2)
    return f'"{record}:{name}>={version}"'


def _typed(package: PackageSpec) -> str:
    """Return a package as both shells, of Windows and of others, take it."""
    spec = package.unqualified
    return spec if re.fullmatch(r"[A-Za-z0-9._-]+", spec) else f'"{spec}"'


def _fill(name: str, values: dict[str, str]) -> bytes:
    text = (files(__package__) / f"{name}.in").read_text("utf-8")
    if name == "README.txt":
        text = Template(text).substitute(values)
    for key in ("known", "needed", "programs"):
        text = text.replace(f"@{key}@", values[key])
    return text.replace("\r\n", "\n").replace("\n", LINE_ENDINGS[name]).encode()
