"""What can go wrong with packages of PyPI; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from conda.common.io import dashlist

from ...exceptions import OfflineRepoError
from ...printable import quoted


class PipToolsMissingError(OfflineRepoError):
    """Packages of PyPI are asked for, and what resolves or converts them is not installed."""

    def __init__(self, *packages: str) -> None:
        super().__init__(
            f"Packages of PyPI need what is not installed: {', '.join(packages)}.",
            f"Install it beside conda: conda install -n base {quoted(*packages)}",
        )


class PipPlatformError(OfflineRepoError):
    """Packages of PyPI are asked for, for a platform that uv does not resolve for."""

    def __init__(self, platform: str, known: Iterable[str]) -> None:
        super().__init__(
            f"Packages of PyPI cannot be resolved for {platform}; uv does so for "
            f"{', '.join(known)}.",
            "Name conda packages in their place for this platform.",
        )


class UnresolvedError(OfflineRepoError):
    """Requirements of pip have no solution beside the conda packages.

    Args:
        key: Of the solution.
        reasons: Those of uv.
        given: By project, the versions of conda's packages, which uv could not change.
    """

    def __init__(self, key: str, *reasons: str, given: Mapping[str, str] | None = None) -> None:
        text = "\n".join(reasons)
        indented = [reason.replace("\n", "\n    ") for reason in reasons]
        words = {*re.findall(r"[a-z0-9-]+", text)}
        fixed = [f"{name} {version}" for name, version in (given or {}).items() if name in words]
        beside = f" beside conda's {', '.join(fixed)}" if fixed else ""
        super().__init__(
            f"uv cannot resolve the requirements of pip for {key}{beside}:{dashlist(indented)}",
            *[*_hints(text)] or ("Name versions that go together, or another Python.",),
        )


def _hints(reason: str) -> Iterator[str]:
    """Yield what to do about a reason of uv."""
    if re.search(r"Request failed|Failed to fetch|401 Unauthorized|403 Forbidden", reason):
        yield "Check the address of the index, its login, and the proxy, in uv's or pip's settings."
    elif "network was disabled" in reason:
        yield "Leave out --offline, conda's setting `offline` and uv's variable UV_OFFLINE."
    elif "not found" in reason:
        yield (
            "Check the spelling of what was not found. If it is in another index, name that as pip "
            "does: --extra-index-url URL"
        )
    if re.search("invalid value|[Ff]ailed to (?:parse|read from file|initialize cache)", reason):
        yield "Correct this setting of uv, in its configuration file or its variables UV_*."
    if "exclude_newer" in reason:
        yield "Wait, or ask for an older version. To ship it all the same: --exclude-newer none"
    if "matching platform" in reason:
        yield (
            "If only some platforms need it, say so with a marker, such as: NAME ; sys_platform == "
            "'win32'"
        )
    if re.search("no usable wheels|no wheels", reason):
        yield (
            "Where no wheel is for this platform and Python, name a version or a Python that has "
            "one. Or make a wheel of the sources, for this platform if it is compiled, and name it "
            "by its path: pip wheel --no-deps SOURCE"
        )


class WheelHashError(OfflineRepoError):
    """A wheel of the index is none of those whose digests are stated."""

    def __init__(self, wheels: Iterable[str]) -> None:
        super().__init__(
            f"The index has other wheels than those whose digests are stated:{dashlist(wheels)}",
            "If the wheel was replaced: find out by whom, and why. Then state the new digest.",
        )


class WheelMisfitError(OfflineRepoError):
    """Packages of the solution are not what a wheel needs."""

    def __init__(self, key: str, misfits: Iterable[str]) -> None:
        super().__init__(
            f"For {key}, packages from PyPI do not go with the rest of the solution:"
            f"{dashlist(misfits)}",
            "Name versions that go together.",
        )


class UnconvertibleWheelError(OfflineRepoError):
    """Wheels that cannot become conda packages; names every reason.

    Args:
        wheels: By file name, the reasons.
    """

    def __init__(self, wheels: Mapping[str, Sequence[str]]) -> None:
        self.wheels = wheels
        texts = (
            f"{file} cannot become a conda package:{dashlist(reasons)}"
            for file, reasons in sorted(wheels.items())
        )
        hints = ["Name another version of it, or a channel that has it as a conda package."]
        if any("for every platform" in reason for reasons in wheels.values() for reason in reasons):
            hints.append(
                "If its libraries are for one platform, download it, give the file a name that "
                "says so, such as NAME-VERSION-py3-none-win_amd64.whl, and name it by its path."
            )
        super().__init__("\n".join(texts), *hints)


class DamagedWheelError(OfflineRepoError):
    """A file that is not a whole wheel."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            f"{file} is not a whole wheel: {reason}.",
            "Get it again. If that does not help, tell the owner of the index.",
        )
