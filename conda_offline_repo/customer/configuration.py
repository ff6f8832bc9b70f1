"""What conda's configuration at the customer hides or forbids of a repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.constants import REPODATA_FN
from conda.base.context import Context, context
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec

from .._conda import configuration
from .._conda.configuration import CHANNELS, Setting
from .._conda.features import channel_lists
from ..printable import quoted
from ..repository.manifest import on_platform
from ..urls import TOKEN, is_folder, public_or
from .environment.condarc import CONDARC, configured, read_condarc
from .source import records as indexed

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..repository.locate import Repository

#: Settings that interfere with every repository: what they do, and the remedy.
INTERFERING = {
    "envs_dirs": (
        "with these, `conda install -n NAME` does not read the environment's own .condarc",
        "activate the environment and leave out -n, or give its path: -p {prefix}",
    ),
    "use_only_tar_bz2": (
        "conda does not see packages of the .conda format, which the repository has",
        "remove it there",
    ),
    "repodata_fns": (
        "conda looks for these index files, and the repository has repodata.json alone",
        "remove it there, or put repodata.json first",
    ),
}
#: Those that the plugin overrules in an environment that uses a server.
HANDLED = ("envs_dirs", "repodata_fns")
#: Settings under all their names.
ALLOWED = ("allowlist_channels", "whitelist_channels")
DISALLOWED = ("disallowed_packages", "disallow")
PINS = Path("conda-meta", "pinned")


@dataclass(frozen=True)
class Finding:
    """Something to know before installing.

    Attributes:
        source: The file, variable or virtual package that causes it.
        text: What it means, and what to do.
    """

    source: str
    text: str


def interfering(repository: Repository, prefix: Path) -> Iterator[Finding]:
    """Yield what interferes in an environment, made or not, that uses the repository.

    Raises:
        TargetError: The environment's `.condarc` cannot be read.
    """
    settings = [s for s in configuration.settings() if s.source != "cmd_line"]
    # where conda finds an environment's `.condarc` by the name of the environment, too
    default_folders = (Path(context.root_prefix, "envs"), Path.home() / ".conda" / "envs")
    for setting in settings:
        if setting.name not in INTERFERING or not setting.value:
            continue
        if setting.name == "repodata_fns" and setting.value[0] == REPODATA_FN:
            continue
        if setting.name in HANDLED and not is_folder(repository.channel):
            continue
        if setting.name != "envs_dirs" or prefix.parent not in default_folders:
            meaning, remedy = INTERFERING[setting.name]
            yield _finding(setting, meaning, remedy.format(prefix=quoted(prefix)))
    own = prefix / CONDARC
    seen = configuration.merged(prefix, configured(read_condarc(own), repository.channel, own))
    others = [setting for setting in settings if setting.source != str(own)]
    yield from _hiding(others, seen, repository, prefix)
    yield from _forbidding(settings, seen, repository)
    yield from pinning(repository, prefix)


def _hiding(
    settings: list[Setting], seen: Context, repository: Repository, prefix: Path
) -> Iterator[Finding]:
    """Yield what has precedence over the `.condarc` of the environment."""
    channel = repository.channel
    for setting in settings:
        if setting.name in CHANNELS and setting.final and channel not in seen._channels:
            path, folder = (quoted(path) for path in (repository.path, prefix))
            yield _finding(
                setting,
                "conda does not see the repository, whatever the environment's own .condarc says",
                "remove #!final there, or install and update with `conda offline-repo use "
                f"{path} -p {folder} PACKAGE`",
            )
        elif setting.name == "offline" and not setting.value and not seen.offline:
            yield _finding(setting, "conda asks the network in this environment", "remove it there")


def _forbidding(
    settings: list[Setting], seen: Context, repository: Repository
) -> Iterator[Finding]:
    """Yield what makes conda refuse the repository, or packages of its release."""
    channel = repository.channel
    denied, allowed = (
        {url for name in names for url in Channel(name).base_urls} for names in channel_lists(seen)
    )
    own = str(Channel(channel).base_url)
    meaning = "conda refuses the repository as a channel"
    for setting in settings:
        if setting.name in ALLOWED and allowed and own not in allowed:
            yield _finding(setting, meaning, f"add {channel} there, or ask your administrator to")
        elif setting.name == "denylist_channels" and own in denied:
            yield _finding(setting, meaning, f"remove {channel} there")
    if not seen.disallowed_packages:
        return
    records = _records(repository)
    for setting in settings:
        if setting.name in DISALLOWED:
            specs = list(map(MatchSpec, setting.value))
            names = {r["name"] for r in records if any(spec.match(r) for spec in specs)}
            if names:
                forbidden = f"conda does not install {', '.join(sorted(names))} of this release"
                yield _finding(setting, forbidden, "remove them there")


def pinning(repository: Repository, prefix: Path) -> Iterator[Finding]:
    """Yield the pins of an environment, made or not, that exclude packages of the release."""
    try:
        lines = (prefix / PINS).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    own = tuple(line.strip() for line in lines if line.strip() and not line.strip().startswith("#"))
    settings = [s for s in configuration.settings() if s.name == "pinned_packages" and s.value]
    settings += [Setting(str(prefix / PINS), "a pin", own, final=False)] if own else []
    if not settings:
        return
    versions = defaultdict(set)
    records = _records(repository)
    for record in records:
        versions[record["name"]].add(record["version"])
    for setting in settings:
        for pin in setting.value:
            try:
                spec = MatchSpec(pin)
            except (CondaError, ValueError):
                continue  # conda says so itself
            if spec.name in versions and not any(spec.match(record) for record in records):
                has = ", ".join(sorted(versions[spec.name]))
                excluded = f"it excludes {spec.name} {has} of this release"
                remedy = "remove it there, or choose another version"
                yield _finding(replace(setting, value=(pin,)), excluded, remedy)


def _records(repository: Repository) -> Collection[PackageRecord]:
    """Return what the release installs on this platform."""
    solutions = on_platform(repository.manifest.solutions, context.subdir)
    return indexed(repository, chain.from_iterable(solutions.values())).values()


def _finding(setting: Setting, meaning: str, remedy: str) -> Finding:
    final = " #!final" if setting.final else ""
    values = setting.value if isinstance(setting.value, (list, tuple)) else (setting.value,)
    value = ", ".join(shown(str(value)) for value in values)
    problem = f"{setting.source} sets {setting.name}{final} ({value}): {meaning}."
    return Finding(setting.source, f"{problem}\n  What to do: {remedy}.")


def shown(text: str) -> str:
    """Return a channel's name or URL as it may be shown."""
    if "://" in text:
        return public_or(text, "a URL that cannot be read")
    return TOKEN.sub("", f"/{text}")[1:] if "@" not in text else text.rpartition("@")[2]
