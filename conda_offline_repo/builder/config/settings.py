"""What can be said of all labels, and of one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from conda.base.context import context

from ...exceptions import InvalidRequestError
from ...repository.names import check_platform
from ...urls import is_local
from ..archives.installers import check_installers
from ..exceptions import InstallerError
from ..request import channels as channel_list
from ..request.machine import PLACES, VIRTUAL_PACKAGE_NAME, parse_virtual_package
from ..request.request import TOKEN
from . import places
from .words import advice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from ...exceptions import OfflineRepoError
    from .reader import Reader
    from .value import Value

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
#: What opens a channel: a user, conda's sign of a token, a query.
CREDENTIALS = re.compile(r"@|\?|(?:^|/)t/[^/]")
#: The same for a folder, in whose name all of these may be.
CREDENTIALS_OF_SHARE = re.compile(r"(?i)file:/*[^/]*@")


@dataclass(frozen=True)
class Settings:
    """What the file says of a label, or of all, in its own keys; None for what it does not say.

    Attributes:
        channels: conda's channels, highest priority first.
        platforms: conda subdirs.
        virtual_packages: By platform and name: `VERSION` or `VERSION=BUILD`; empty for none.
        sign_key: OpenSSH keys; none to publish without a signature.
        keep: How many releases are to be installable.
        with_plugin: Whether the plugin goes along, or the archive to take for it.
        installers: conda's installers that go along.
        label_channel: Whether the publisher's label channel goes first.
        token: The variable that has the publisher's token.
    """

    channels: tuple[str, ...] | None = None
    platforms: tuple[str, ...] | None = None
    virtual_packages: Mapping[tuple[str, str], str] = field(default_factory=dict)
    sign_key: tuple[Path, ...] | None = None
    keep: int | None = None
    with_plugin: bool | Path | None = None
    installers: tuple[Path, ...] | None = None
    label_channel: bool | None = None
    token: str | None = None

    def over(self, others: Settings) -> Settings:
        """Return what is said here, and of the rest what is said there."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        merged = {**others.virtual_packages, **self.virtual_packages}
        return replace(others, **{**said, "virtual_packages": merged})


def read(reader: Reader, entries: Iterable[Value]) -> Settings:
    """Return what entries say whose keys are all settings."""
    found = {value.name: READERS[value.name](reader, value) for value in entries}
    return Settings(**{name: value for name, value in found.items() if value is not None})


def reason(error: OfflineRepoError) -> str:
    """Return what was wrong, without what is to be done about it on the command line."""
    return " ".join(str(error.message).split())


def _channels(reader: Reader, value: Value) -> tuple[str, ...] | None:
    items = reader.items(value, or_none="leave it out for the configured channels")
    if items is None:
        return None
    found = tuple(text for item in items if (text := _channel(reader, item)))
    return found if len(found) == len(items) else ()


def _channel(reader: Reader, value: Value) -> str | None:
    text = reader.text(value)
    if text is None:
        return None
    local = is_local(text)
    if (CREDENTIALS_OF_SHARE.match if local else CREDENTIALS.search)(text):
        reader.say(
            value.node,
            "A channel stands here with a password or a token, which does not belong in this "
            "file: name it without, and give the token in 'token', or let conda log in.",
        )
        return None
    if local and not text.startswith("file:"):
        text = str(places.path(reader, text))
    try:
        channel_list.sources((text,), None, label="", label_channel=False, token=None)
    except InvalidRequestError as error:
        reader.say(value.node, reason(error))
        return None
    return text


def _platforms(reader: Reader, value: Value) -> tuple[str, ...] | None:
    items = reader.items(value, or_none="leave it out for the platform of this machine")
    if items is None:
        return None
    return tuple(text for item in items if (text := _platform(reader, item, reader.text(item))))


def _platform(reader: Reader, value: Value, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return check_platform(text)
    except InvalidRequestError as error:
        known = sorted(set(context.known_subdirs) - {"noarch"})
        reader.say(value.top, f"{reason(error)} {advice(text, known)}")
        return None


def _virtual_packages(reader: Reader, value: Value) -> dict[tuple[str, str], str]:
    form = 'write PLATFORM: {NAME: "VERSION"}'
    found = {}
    for machine in reader.entries(value, form):
        platform = _platform(reader, machine, machine.name)
        for package in reader.entries(machine, 'write NAME: "VERSION"'):
            name = package.name
            if not VIRTUAL_PACKAGE_NAME.fullmatch(name):
                right = (*PLACES, "__archspec")
                what = f"{name!r} is not a virtual package."
                reader.say(package.top, f"{what} {advice(name, right)}")
                continue
            if package.is_nothing:
                reader.say(package.top, f'{name!r} has no value: write "" to take it away.')
                continue
            version = reader.text(package, may_be_empty=True)
            if version is None or platform is None:
                continue
            try:
                parse_virtual_package(f"{platform}:{name}={version}")
            except InvalidRequestError as error:
                reader.say(package.node, reason(error))
            else:
                found[platform, name] = version
    return found


def _sign_key(reader: Reader, value: Value) -> tuple[Path, ...] | None:
    items = reader.items(value) if value.is_list else [value]
    if items is None:
        return None
    return tuple(path for item in items if (path := places.file(reader, item)))


def _with_plugin(reader: Reader, value: Value) -> bool | Path | None:
    if value.is_flag:
        return reader.flag(value)
    return places.file(reader, value)


def _installers(reader: Reader, value: Value) -> tuple[Path, ...] | None:
    found: list[Path] = []
    for item in reader.items(value) or ():
        path = places.file(reader, item)
        if path is None:
            continue
        try:
            check_installers((*found, path))
        except InstallerError as error:
            reader.say(item.node, reason(error).replace(str(path), repr(item.scalar)))
        else:
            found.append(path)
    return tuple(found)


def _token(reader: Reader, value: Value) -> str | None:
    """Return the name of a variable; what stands there else may be a secret."""
    match = VARIABLE.fullmatch(value.scalar)
    if not match:
        reader.say(
            value.place,
            "A token does not belong in this file: write ${VARIABLE}, and set that variable.",
        )
        return None
    name = match[1]
    token = reader.environ.get(name) if reader.environ is not None else None
    if reader.environ is not None and not token:
        reader.say(value.node, f"The environment variable {name} is not set, or empty.")
    elif token and not TOKEN.fullmatch(token):
        what = f"The environment variable {name} has a character that no token has"
        reader.say(value.node, f"{what}: tokens are of letters, digits and '-'.")
    elif token:
        reader.secrets.add(token)
    return name


READERS: Mapping[str, Callable[[Reader, Value], Any]] = MappingProxyType(
    {
        "channels": _channels,
        "platforms": _platforms,
        "virtual_packages": _virtual_packages,
        "sign_key": _sign_key,
        "keep": lambda reader, value: reader.number(value, 1),
        "with_plugin": _with_plugin,
        "installers": _installers,
        "label_channel": lambda reader, value: reader.flag(value),
        "token": _token,
    }
)
