"""Wheels that channels have in version 3 of the index format (CEP 48), as conda-pypi does.

What is asked for and is there as a wheel alone becomes a requirement of pip. uv finds it, and the
wheels of the same channels that it needs, in an index on this machine that goes before all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from conda.models.channel import Channel
from conda.models.records import PackageRecord
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ...queries.dependencies import spec_name
from ...repository.names import wheel_problem
from ...specs import PackageSpec
from ...urls import NETWORK, file_url
from ..solving.solution import ChannelWheels
from ..upstream.ages import Ages
from ..upstream.entry import stated_digest
from ..upstream.repodata import load
from ..upstream.unavailable import explained
from ..warnings import BuildWarning

if TYPE_CHECKING:
    from ..request.channels import ChannelSource
    from ..request.request import Request
    from ..solving.solution import Solution, Task
    from ..upstream.repodata import Index
    from .index_settings import IndexSettings

#: What an environment of wheels alone needs.
PYTHON = (PackageSpec("python"),)


def indexed(wheels: ChannelWheels, settings: IndexSettings, folder: Path) -> IndexSettings:
    """Return the settings of a request with an index of these wheels, written to a folder."""
    for project, links in wheels.links.items():
        anchors = (f'<a href="{escape(url)}">{escape(n)}</a><br>' for n, url in links.items())
        page = folder / project / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"<!DOCTYPE html><html><body>{''.join(anchors)}</body></html>", "utf-8")
    urls = (url for links in wheels.links.values() for url in links.values())
    return replace(
        settings,
        lines=(f"--extra-index-url {file_url(folder)}", *settings.lines),
        urls=(*settings.urls, *urls),
        undated=tuple(sorted(wheels.links)),
    )


def made_from(wheels: ChannelWheels, solution: Solution) -> Iterator[BuildWarning]:
    """Yield a warning of each package of a solution that is made from one of these wheels."""
    for entry in solution.converted:
        if entry.wheel and entry.wheel.project in wheels.links:
            package = f"{entry.record['name']} {entry.record['version']}"
            channel = wheels.channels[entry.wheel.project]
            text = f"{package} is made from a wheel of {channel} for {solution.key}."
            yield BuildWarning("from-pypi", text)


def with_channel_wheels(request: Request, tasks: Sequence[Task]) -> tuple[Task, ...] | None:
    """Return tasks with what channels have as wheels alone in the part of pip; None if they are the
    same.

    Raises:
        ChannelUnavailableError: A channel cannot be read.
    """
    moved = tuple(task if task.archives else _moved(request, task) for task in tasks)
    return None if moved == tuple(tasks) else moved


def _moved(request: Request, task: Task) -> Task:
    wheels = _wheels(request, task)
    moved = {*wheels.packages.values()}
    if not moved:
        return task
    packages = tuple(spec for spec in task.packages if spec not in moved) or PYTHON
    requirements = tuple(sorted({*task.pip.requirements, *wheels.packages}))
    pip = replace(task.pip, requirements=requirements)
    return replace(task, packages=packages, pip=pip, channel_wheels=wheels)


def _wheels(request: Request, task: Task) -> ChannelWheels:
    """Return the wheels that a task asks for, and those of all that they need, as far as channels
    have no conda packages of these names; each project from one channel.
    """
    specs = {spec.match.name: spec for spec in task.packages}
    ages = Ages(request)
    links: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    channels: dict[str, str] = {}
    done: set[str] = set()
    pending = {*specs}
    while pending:
        indexes = [*_indexes(request, task.platform, pending)]
        usual = {
            record["name"]
            for _, _, index in indexes
            for record in index.known(request.index_version).values()
        }
        done |= pending
        needed: set[str] = set()
        for source, subdir, index in indexes:
            place = {"subdir": subdir, "channel": Channel(f"{source.url}/{subdir}")}
            wheels = ((key, e) for key, e in index.newer.items() if key.endswith(".whl"))
            for key, entry in wheels:
                name = str(entry.get("name"))
                link = None if name in usual or name not in pending else _link(index, entry)
                if link is None:
                    continue
                project, file, url = link
                record = PackageRecord.from_objects(entry, fn=key, **place)
                fits = name not in specs or specs[name].match.match(record)
                too_new = ages.reason_against(f"{source.url}/{subdir}", key, entry)
                if too_new or not fits:
                    continue
                if channels.setdefault(project, source.url) == source.url:
                    links.setdefault(project, {})[file] = url
                    names[project] = name
                    needed.update(map(spec_name, entry.get("depends") or ()))
        pending = {name for name in needed - done if not name.startswith("__")}
    packages = {project: specs[name] for project, name in names.items() if name in specs}
    return ChannelWheels(links, names, channels, packages)


def _indexes(
    request: Request, platform: str, names: Iterable[str]
) -> Iterable[tuple[ChannelSource, str, Index]]:
    for source in request.sources:
        with explained(request, source):
            indexes = load(source, (platform, "noarch"), sorted(names))
        for subdir, index in indexes.items():
            yield source, subdir, index


def _link(index: Index, entry: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return project, file name and URL of a wheel, with its digest; None if it is not one that
    can be had.
    """
    stated, sha256 = entry.get("url"), stated_digest(entry, "sha256")
    if not (isinstance(stated, str) and sha256):
        return None
    with suppress(ValueError, InvalidWheelFilename):
        url = urljoin(f"{index.base_url}/", stated.partition("#")[0])
        file = unquote(urlsplit(url).path.rpartition("/")[2])
        schemes = {*NETWORK, urlsplit(index.base_url).scheme}
        if urlsplit(url).scheme in schemes and not wheel_problem(file):
            return str(parse_wheel_filename(file)[0]), file, f"{url}#sha256={sha256}"
    return None
