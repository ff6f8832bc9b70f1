"""The check of archives that a command names: of those on servers before conda asks for them, and
of all where conda has no hook for what it links without solving (before 25.5; later `explicit`).
"""

from __future__ import annotations

from collections.abc import Iterable

from conda.models.channel import Channel
from conda.models.records import PackageRecord

from ..._conda import commands
from ...files.web import WebFolder
from ...repository.manifest import stem
from ...urls import is_folder, public
from ..environment.confinement import in_force
from . import served
from .archives import LinkedArchive, check_archives, from_repositories
from .caches import check_caches, only_cached
from .exceptions import COMMAND_LINE, ArchivesRefusedError, OtherChannelsError
from .history_check import known_state
from .origin import check_origin


def check_archives_of(command: Iterable[tuple[str, str]]) -> None:
    """Check archives, given as URL and MD5 digest, before conda looks at them.

    Raises:
        OtherChannelsError: The environment's repository is on a server, and one is on another.
        OfflineRepoError: As `guard.check_solution`.
    """
    named = tuple(command)
    _check_servers([url for url, _ in named])
    if commands.checks_links():
        return
    records = []
    for url, md5 in named:
        folder, _, file = url.rpartition("/")
        parts = stem(file).rsplit("-", 2)
        if len(parts) == 3:  # or conda refuses it
            name, version, build = parts
            fields = {"name": name, "version": version, "build": build, "build_number": 0}
            place = {"url": url, "fn": file, "channel": Channel(folder)}
            stated = {"md5": md5} if md5 else {}
            records.append(PackageRecord(**fields, **place, **stated))
    archives = from_repositories(records)
    others = check_origin(records, frozenset(), archives, solved=False)
    check_archives([archive for archive in archives if not only_cached(archive)])
    _check_stated(archives)
    check_caches((*archives, *others))


def _check_servers(urls: Iterable[str]) -> None:
    """Refuse archives on other servers than that of the repository."""
    prefix, server = commands.target(), served.server()
    if server is None or not in_force(server.url):
        return
    others = [url for url in urls if not is_folder(url) and served.name_in(server, url) is None]
    if others and known_state(prefix):
        raise OtherChannelsError({public(u): [COMMAND_LINE] for u in others}, server.url, prefix)


def _check_stated(archives: Iterable[LinkedArchive]) -> None:
    """Refuse archives that conda downloads without a digest to compare them with."""
    unchecked = {}
    for archive in archives:
        if isinstance(archive.path, WebFolder):
            name = archive.path.url.removeprefix(f"{archive.repository}/")
            md5 = archive.manifest.packages[name].md5 if name in archive.manifest.packages else ""
            if not md5 or archive.md5 != md5:
                advice = f"name it as {archive.path}#{md5}" if md5 else "install it by its name"
                unchecked[str(archive.path)] = f"this conda does not check it: {advice}"
    if unchecked:
        raise ArchivesRefusedError(unchecked)
