"""What is to be solved: each environment of a request on each platform that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ...specs import PackageSpec
from ..upstream.ages import Ages
from ..upstream.repodata import load
from ..upstream.unavailable import explained
from .solution import Task

if TYPE_CHECKING:
    from ..request.request import Request


def tasks(request: Request) -> tuple[Task, ...]:
    """Return a task for each environment on each platform that it is for.

    Raises:
        ChannelUnavailableError: The label channel does not exist or cannot be read.
        InvalidRequestError: It publishes nothing for a platform, and no package is named.
    """
    label_names = {platform: _label_names(request, platform) for platform in request.platforms}
    tasks = []
    for environment in request.environments:
        for platform, names in label_names.items():
            archives = environment.exact.get(platform) or environment.exact.get("noarch", ())
            wheels = environment.wheels.get(platform, ())
            packages = () if environment.exact else environment.packages or names
            if archives or wheels or packages or environment.pip.requirements:
                pip = environment.pip
                tasks.append(Task(environment.name, platform, packages, archives, pip, wheels))
    return tuple(tasks)


def _label_names(request: Request, platform: str) -> tuple[PackageSpec, ...]:
    """Return the names of all packages that the label channel publishes, if there is one, less
    those of which all is too new.
    """
    source = request.label_source
    if source is None:
        return ()
    subdirs, ages = (platform, "noarch"), Ages(request)
    with explained(request, source):
        indexes = load(source, subdirs, all_names=True)
        names = sorted(set().union(*(index.names for index in indexes.values())))
        if ages and names:
            indexes = load(source, subdirs, names)
            names = sorted(
                {
                    str(record["name"])
                    for subdir, index in indexes.items()
                    for file, record in index.entries.items()
                    if not ages.reason_against(f"{source.url}/{subdir}", file, record)
                }
            )
    if not names and not all(e.packages or e.exact for e in request.environments):
        old_enough = " that is old enough for exclude_newer" if ages else ""
        raise InvalidRequestError(
            f"The label channel {source.url} publishes nothing{old_enough} for {platform}.",
            "Name the packages to ship, or another --platform.",
        )
    return tuple(map(PackageSpec, names))
