"""Names from outside, checked before any of them becomes a path.

The rules are those of the strictest system that a repository may travel over: Windows reserves
device names, folds case and drops trailing dots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath, PureWindowsPath

from conda import CondaError
from conda.base.constants import KNOWN_SUBDIRS
from conda.base.context import context
from conda.models.version import VersionSpec

from ..exceptions import InvalidRequestError
from ..files.web import Place, channel_of
from ..urls import SCHEME, is_misread, misread_folders
from .exceptions import FolderNameError, InvalidLabelError

#: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", "conin$", "conout$")
    + tuple(f"com{digit}" for digit in "0123456789")
    + tuple(f"lpt{digit}" for digit in "0123456789")
)
#: What Windows, macOS, Linux and network storages put on volumes and into folders.
OF_SYSTEMS = re.compile(
    r"system volume information|\$recycle\.bin|recycler|found\.[0-9]{3}|desktop\.ini|thumbs\.db"
    r"|\._.*|\.(ds_store|spotlight-v100|trashes|fseventsd|temporaryitems|documentrevisions-v100)"
    r"|\.(apdisk|volumeicon\.icns|directory|trash(-[0-9]+)?|fuse_hidden.*|nfs[0-9a-f]+|snapshots?)"
    r"|lost\+found|@eadir|[@#]recycle",
    re.IGNORECASE,
)
OWN_MEANING = "conda gives this name a meaning of its own in channel URLs"
RESERVED = "Windows reserves this name for a device"
DROPPED = "Windows drops a space or a dot at the end of a name"
#: What Windows allows in no name.
FORBIDDEN = re.compile(r'[<>:"|?*]')
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: What CEP 26 allows in the name, version and build of an archive.
ARCHIVE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!-]{0,210}(?:\.conda|\.tar\.bz2)", re.ASCII)
#: A name of PyPI, normalized (PEP 503).
PROJECT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: A part of the versions of conda that a release is for, between `,` and `|`.
CONDA_VERSIONS = re.compile(r"(?:[<>=!~]=|[<>=])?[0-9][0-9A-Za-z._]*\*?|\*", re.ASCII)
#: The name of a solver of conda's.
SOLVER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
#: The name of a wheel's file, five or six parts (PEP 427).
WHEEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!]*(?:-[A-Za-z0-9_.+!]+){4,5}\.whl", re.ASCII)

#: The end of the name of the file with an archive's attestations (CEP 50).
ATTESTATIONS = re.compile(r"\.sigs\.[0-9a-f]{64}$")
SUBDIR = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)?")
#: The folder of the channel with the plugin itself, for the customer's base environment.
PLUGIN = "plugin"
#: The package with the customer's side of the plugin.
PLUGIN_PACKAGE = "conda-offline-repo-base"
#: The package that checks signatures, which conda does not bring.
SIGNATURES_PACKAGE = "securesystemslib"
#: The package that reads licences for policies, which conda does not bring.
LICENSES_PACKAGE = "license-expression"
#: The name for the unnamed environment of a label.
DEFAULT = "default"
#: The folder of conda's installers.
INSTALLER = "installer"
FILE = re.compile(
    rf"(?:{PLUGIN}/(?=[^/]+/))?(?:[a-z0-9_]+(?:-[a-z0-9_]+)?/)?[A-Za-z0-9][A-Za-z0-9._-]*"
)
#: How OpenSSH shows a key.
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def is_conda_versions(text: str) -> bool:
    """Return whether a text is versions of conda that every conda reads: no regular expressions."""
    try:
        VersionSpec(text)
    except (CondaError, ValueError, IndexError):
        return False
    return len(text) < 100 and all(map(CONDA_VERSIONS.fullmatch, re.split(r"[,|]", text)))


def check_label(label: str) -> str:
    """Return `label` if it can name a repository's folder everywhere.

    Raises:
        InvalidLabelError: Otherwise.
    """
    problem = label_problem(label)
    if not problem and is_misread(f"{SCHEME}/{label}", KNOWN_SUBDIRS):
        problem = OWN_MEANING
    if problem:
        raise InvalidLabelError(label, problem)
    return label


def check_folder(path: Place, subdirs: Iterable[str]) -> None:
    """Check that conda finds these subdirs of a channel in a folder; a path is absolute.

    Raises:
        FolderNameError: It looks for them somewhere else.
    """
    if problem := misread_problem(channel_of(path), {*subdirs, "noarch"}):
        raise FolderNameError(
            path,
            "conda",
            problem,
            "Rename the folder or choose another one, or give a path that does not lead through "
            "it, such as that of a link or a mapped drive."
            if isinstance(path, Path)
            else "Rename the folder on the server, or serve it at another address.",
        )


def misread_problem(url: str, subdirs: Iterable[str]) -> str | None:
    """Return why conda looks for these subdirs of a channel somewhere else; None if it does not."""
    taken = {folder: _taken_for(folder) for folder in misread_folders(url, subdirs)}
    parts = (f"{folder!r} for {kind}" for folder, kind in taken.items())
    return f"it takes {', '.join(parts)}, and looks elsewhere" if taken else None


def _taken_for(folder: str) -> str:
    if folder.lower().startswith(KNOWN_SUBDIRS):
        return "a platform"
    if folder == "t":
        return "a token"
    return "a file" if {*"%#?"}.isdisjoint(folder) else "another part of a URL"


def label_problem(name: str) -> str | None:
    """Return why `name` must not name a label or an environment, or None if it may."""
    if not name:
        return "it is empty"
    if not LABEL.fullmatch(name):
        return "it has a character or a length that is not allowed"
    if name.endswith("."):
        return "Windows drops a dot at the end"
    if is_device(name):
        return RESERVED
    if name.lower() in {*context.known_subdirs, "t"}:
        return OWN_MEANING
    return None


def is_device(name: str) -> bool:
    """Return whether Windows takes a file name for a device, whatever its extension."""
    return name.lower().partition(".")[0] in WINDOWS_DEVICES


def check_written(path: PurePath) -> None:
    """Check that an absolute path has no name which Windows changes; of a path of Windows, that it
    allows each name.

    Raises:
        InvalidRequestError: Otherwise; else a file would lie elsewhere, or in no file at all.
    """
    for name in path.parts[1:]:
        if name != ".." and name.endswith((" ", ".")):
            problem = DROPPED
        elif isinstance(path, PureWindowsPath) and is_device(name):
            problem = RESERVED
        elif isinstance(path, PureWindowsPath) and FORBIDDEN.search(name):
            problem = f"Windows allows none of {FORBIDDEN.pattern[1:-1]} in a name"
        else:
            continue
        raise InvalidRequestError(
            f"{path} cannot be written because of the name {name!r}: {problem}.",
            "Give another name.",
        )


def check_platform(platform: str) -> str:
    """Return `platform` if conda knows it as a platform that can be solved for.

    Raises:
        InvalidRequestError: Otherwise; names the known ones.
    """
    known = sorted(set(context.known_subdirs) - {"noarch"})
    if platform not in known:
        raise InvalidRequestError(
            f"The platform {platform!r} is unknown.", f"Known platforms: {', '.join(known)}."
        )
    return platform


def archive_problem(name: str) -> str | None:
    """Return why `name` must not name an archive of a repository, or None if it may (CEP 26)."""
    if not ARCHIVE.fullmatch(name):
        return "it is not a file name that conda packages may have"
    return RESERVED if is_device(name) else None


def package_problem(name: str) -> str | None:
    """Return why `name` must not be the path of an archive in a repository, or None if it may."""
    subdir, _, file = name.removeprefix(f"{PLUGIN}/").partition("/")
    if not SUBDIR.fullmatch(subdir) or is_device(subdir):
        return "not a conda subdir"
    return archive_problem(file)


def attestations_name(archive: str, sha256: str) -> str:
    """Return the name of the file with the attestations of an archive, by its digest (CEP 50)."""
    return f"{archive}.sigs.{sha256}"


def wheel_problem(file: str) -> str | None:
    """Return why `file` must not be the name of a wheel's file, or None if it may (PEP 427)."""
    if not WHEEL.fullmatch(file):
        return "it is not a file name that wheels have"
    return RESERVED if is_device(file) else None


def file_problem(name: str) -> bool:
    """Return whether `name` must not be the path of any other file in a repository."""
    return not FILE.fullmatch(name) or any(map(is_device, name.split("/"))) or name.endswith(".")


#: What conda asks a server for before an index, or in its place.
SIBLINGS = (
    *("repodata.json.zst", "repodata.json.bz2", "repodata.jlap", "repodata_shards.msgpack.zst"),
    *("current_repodata.json", "current_repodata.json.zst"),
)


def is_sibling(name: str) -> bool:
    """Return whether conda may read a file instead of the `repodata.json` in the same folder.

    That is the index in another format (`.zst`, `.bz2`, `.jlap`, shards), a smaller one
    (`current_repodata.json`), or one that the setting `repodata_fns` names.
    """
    file = ATTESTATIONS.sub("", name.rpartition("/")[2].lower())
    if file == "repodata.json" or file.endswith((".conda", ".tar.bz2")):
        return False
    configured = (fn.lower().removesuffix(".json") for fn in context.repodata_fns)
    return file.startswith(("repodata", "current_repodata", *configured))


def same_name_in_other_case(folder: Path, name: str) -> str | None:
    """Return the entry of `folder` that is the same as `name` on Windows, but for case."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return next((n for n in names if n != name and n.casefold() == name.casefold()), None)
