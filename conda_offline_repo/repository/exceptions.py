"""What can be wrong with a repository, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from conda.common.io import dashlist

from ..exceptions import OfflineRepoError
from ..files.web import Place, WebFolder
from ..printable import quoted

#: Why a file counts for nothing, wherever it is compared with the manifest.
OTHER_FILE = "it is not the file that the manifest names"


class InvalidLabelError(OfflineRepoError):
    """A label that cannot name a folder on every system."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(
            f"The label {label!r} cannot be used: {reason}.",
            "A label names a folder: use letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit, at most 64 in all.",
        )


class FolderNameError(OfflineRepoError):
    """A folder where conda, or the configured solver, cannot read a channel."""

    def __init__(self, folder: Place | str, reader: str, reason: str, advice: str) -> None:
        super().__init__(f"{reader} cannot read a channel in {folder}: {reason}.", advice)


class RepositoryNotFoundError(OfflineRepoError):
    """A path at and below which, or a URL at which, there is no offline repository."""

    def __init__(self, path: Place, label: str | None, damaged: Iterable[Path] = ()) -> None:
        labelled = f"of label {label!r} " if label else ""
        advice = "Give the folder with offline-repo.json, or the folder above it. "
        if isinstance(path, WebFolder):
            where = f"{labelled}at {path}: the server has no offline-repo.json there."
            advice = (
                "Give the URL of the folder with offline-repo.json, or that of the folder above it "
                "and its name with --label: what else is in a folder, a web server does not tell."
            )
        elif not os.path.lexists(path):
            where = f"in {path}: it does not exist."
            advice += "If it is on a stick or a share, plug that in or mount it."
        else:
            unusable = dashlist(damaged)
            also = f" The manifests of these folders cannot be used:{unusable}" if unusable else ""
            where = f"{labelled}in {path}.{also}"
            advice += "If the file is missing there, the copy is incomplete: copy the folder again."
        super().__init__(f"There is no offline repository {where}", advice)


class PackedError(OfflineRepoError):
    """A zip file in the place of a repository; a `volume`, if `pack` has made it."""

    def __init__(self, path: Path, *, volume: bool) -> None:
        folder = quoted(path.name.split(".")[0] or "repository")
        command = f"conda offline-repo unpack {quoted(path)} {folder}"
        super().__init__(
            f"{path} is a zip file, not a folder.",
            f"Unpack it, with the release's other zip files if there are any: {command}"
            if volume
            else "`pack` has not made it: extract it with the program that did.",
            "Then give the folder.",
        )


class UnreadableError(OfflineRepoError):
    """A file or folder of a repository that exists, but cannot be read."""

    def __init__(self, path: Place, error: OSError) -> None:
        advice = (
            "Plug in its disk or mount it again, or ask its owner for permission to read all of "
            "it, then repeat this command."
        )
        if isinstance(path, WebFolder):
            advice = getattr(error, "hint", "") or "Run the same command again later."
        super().__init__(f"{path} cannot be read: {error.strerror or error}.", advice)


class AmbiguousRepositoryError(OfflineRepoError):
    """A root with several repositories and no label to choose by."""

    def __init__(self, path: Place, labels: Iterable[str]) -> None:
        super().__init__(
            f"{path} holds several offline repositories:{dashlist(labels)}",
            "Choose one with --label.",
        )


class OfflineError(OfflineRepoError):
    """A URL that conda must not read, as it is set to be offline by `source`."""

    def __init__(self, url: str, source: str) -> None:
        super().__init__(
            f"{url} cannot be read: conda is offline, by {source}.",
            "Take that setting away, or give the path of a folder.",
        )


class ManifestError(OfflineRepoError):
    """A manifest, its signature or an index, that cannot be read or believed.

    Attributes:
        halfway: Whether it may be right when a publication that is under way has ended.
        path: Where it is.
    """

    halfway = False

    def __init__(self, path: Place, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path} cannot be used: {reason}.",
            "Tell who publishes it there."
            if isinstance(path, WebFolder)
            else "Copy the repository again from its source; at the source, build it again.",
        )


class IndexMisfitError(ManifestError):
    """An index that is not the one that the manifest names."""

    halfway = True

    def __init__(self, path: Place) -> None:
        super().__init__(path, "it is missing or does not fit the manifest")


class ChangedError(ManifestError):
    """A manifest that became another while the files that it names were read."""

    halfway = True

    def __init__(self, path: Place) -> None:
        super().__init__(path, "it has changed while the repository was read")
        self.hints = ("Run the same command again.",)


class SignatureError(ManifestError):
    """A signature that is broken, missing, or another manifest's."""

    halfway = True


class HalfPublishedError(OfflineRepoError):
    """A repository on a web server that stays between two releases.

    Args:
        url: Of the repository.
        sign: What shows it.
        seconds: How long it was waited for.
    """

    def __init__(self, url: str, sign: ManifestError, seconds: float) -> None:
        anew = (
            "A server that makes indexes of its own, as repositories for conda in Artifactory and "
            "Nexus do, cannot serve it: it has to serve the files as they are."
        )
        super().__init__(
            f"{url} is between two releases, and still was after {seconds:g} s: {sign.message}",
            "Repeat this command when its publication has ended. If none is under way, it was "
            "interrupted, and has to be repeated where it was made.",
            *([anew] if isinstance(sign, IndexMisfitError) else ()),
        )


class CheckerMissingError(SignatureError):
    """A signature that cannot be checked, because the package for that is not installed.

    `channel` has the package, if the folder brings it along.
    """

    halfway = False

    def __init__(self, path: Place, package: str, channel: str | None) -> None:
        advice = (
            "Ask your vendor for a folder that brings it along, as build --with-plugin makes it."
        )
        if channel:
            # without plugins, as this one would refuse to install from what it cannot check
            advice = (
                "Install it from the folder: conda --no-plugins install -n base --solver classic "
                f"--override-channels -c {quoted(channel)} {package}"
            )
        self.path = path
        OfflineRepoError.__init__(
            self,
            f"{path} cannot be checked: that needs {package}, which is not installed.",
            advice,
        )
