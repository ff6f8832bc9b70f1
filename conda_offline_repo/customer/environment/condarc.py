"""The environment's own `.condarc`, which tells conda to install from the repository alone."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from ...urls import SCHEME
from ..exceptions import TargetError
from .exemption import OF_ALL, SETTING, with_exemption, without_exemption
from .files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from .exemption import Exemption

CONDARC = ".condarc"
#: The settings of `use`. conda takes the second for the first, and refuses to have both.
KEYS = ("channels", "channel", "default_channels", "offline", "subdir", "exclude_newer")
#: Where `use` adds an entry that has its own name as its only channel; see `_names`.
NAMES = "custom_multichannels"
ADVICE = "Correct or remove the file."


def read_condarc(path: Path) -> str:
    """Return the text of a `.condarc`; empty if there is no file.

    Raises:
        TargetError: It cannot be read.
    """
    try:
        return read_text(path)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise TargetError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            "Correct or remove it, then repeat this command.",
        ) from error


def configured(
    old: str,
    channel: str,
    path: Path,
    platform: str | None = None,
    exempt: Exemption | None = None,
) -> str:
    """Return the text of a `.condarc` with our settings; all the rest of it stays, comments too.

    Args:
        old: The current text; empty where there is no file.
        channel: The URL of the repository.
        path: The file, for the error.
        platform: The platform of the environment, if it is not that of the machine; conda's own
            `create` writes it there, too, so that what is installed later is of the same.
        exempt: Of what no package is to be too new; what says so already stays.

    Raises:
        TargetError: The text is not a configuration of conda's.
    """
    content = _load(old, path)
    kept = {key: content[key] for key in ("subdir", *OF_ALL) if key in content}
    own = {**_settings(channel, platform), **(OF_ALL if exempt == "environment" else {})}
    exempted = with_exemption(content, _used(content), channel, exempt=exempt == "channel")
    part = {**kept, **own, **_names(content, channel), **exempted}
    return _with(content, part, old, path)


def platform_in(text: str, path: Path) -> str | None:
    """Return the platform that a `.condarc` sets; None if it sets none.

    Raises:
        TargetError: The text is not a configuration of conda's.
    """
    subdir = _load(text, path).get("subdir")
    return None if subdir is None else str(subdir)


def ours(text: str, path: Path) -> str:
    """Return the part of a `.condarc` that `configured` changes, as YAML; empty if it has none.

    What it has set itself is none.

    Raises:
        TargetError: The text is not a configuration of conda's.
    """
    content = _load(text, path)
    channel = _used(content)
    by_use = {**_settings(channel), **OF_ALL} if channel else {}
    keys = [key for key in KEYS if key in content]
    part = {k: content[k] for k in keys if k not in by_use or content[k] != by_use[k]}
    return _dump(part, "", path) if part else ""


def states_cooldown(text: str, path: Path) -> bool:
    """Return whether a `.condarc` says itself what is too new, under either name.

    Raises:
        TargetError: The text is not a configuration of conda's.
    """
    return not {*OF_ALL, "cooldown"}.isdisjoint(_load(text, path))


def used(text: str, path: Path) -> str | None:
    """Return the channel that `configured` has set in a `.condarc`; None if it has not.

    Raises:
        TargetError: The text is not a configuration of conda's.
    """
    return _used(_load(text, path))


def restored(
    text: str, channels: Iterable[str], before: str, path: Path, platform: str | None = None
) -> str:
    """Take back what `configured` has set; what somebody has changed since then stays.

    Args:
        text: The current text.
        channels: The URLs of the repositories that it may be set to.
        before: What `ours` returned of the text before.
        path: The file, for the error.
        platform: The platform that was set; None if it is the machine's.

    Raises:
        TargetError: The text is not a configuration of conda's.
    """
    content = _load(text, path)
    original = _load(before, path)
    used = [{**_settings(channel, platform), **OF_ALL} for channel in channels]
    part = {**_names(content, None), **without_exemption(content, channels)}
    for key in KEYS:
        by_use = any(content.get(key) == settings.get(key) for settings in used)
        source = original if by_use else content
        if key in source:
            part[key] = source[key]
    return _with(content, part, text, path)


def _used(content: Any) -> str | None:
    """Return the channel that `configured` has set; None if it has not.

    The scripts for plain conda, and people, set `channels` and `offline`, too, but no such name for
    the channel; where it has none, all three settings have to be ours.
    """
    channels, names = content.get("channels"), content.get(NAMES)
    if not isinstance(channels, list) or content.get("default_channels") != []:
        return None
    for channel in channels:
        if not isinstance(channel, str) or not channel.startswith(SCHEME):
            continue
        if not _may_be_one_of_several(channel):
            by_use = channels == [channel] and content.get("offline") is True
        else:
            by_use = isinstance(names, dict) and names.get(channel) == [channel]
        if by_use:
            return channel
    return None


def _settings(channel: str, platform: str | None = None) -> dict[str, Any]:
    """Return our settings for a repository and a platform; `channel` is not to be set.

    `defaults` leads nowhere: neither to the network nor, by another name, to the repository.
    """
    settings = {"channels": [channel], "default_channels": [], "offline": True}
    return {**settings, "subdir": platform} if platform else settings


def _with(content: Any, part: Mapping[str, Any], text: str, path: Path) -> str:
    """Return a text, which has this content, with other values of our settings."""
    keys = (*KEYS, NAMES, SETTING)
    if all(content.get(key) == part.get(key) for key in keys):
        return text
    for key in keys:
        if key not in part:
            content.pop(key, None)
        elif key not in content or content[key] != part[key]:
            content[key] = part[key]
    if not content:
        return "".join(line for line in text.splitlines(True) if line.startswith("#"))
    return _dump(content, text, path)


def _names(content: Any, channel: str | None) -> dict[str, Any]:
    """Return the setting `custom_multichannels` for a repository, or for none; empty if unset.

    conda takes the last part of a URL for the name of a channel, and goes by that name: packages
    that its caches have from another folder of this name would count as the repository's. As one
    of several channels, it goes by its whole path, and is called as these are: by the URL, here.
    """
    current = content.get(NAMES) or {}
    if not isinstance(current, dict):
        return {NAMES: current}
    names = {name: channels for name, channels in current.items() if channels != [name]}
    if channel and _may_be_one_of_several(channel):
        names[channel] = [channel]
    return {NAMES: names} if names else {}


def _may_be_one_of_several(channel: str) -> bool:
    """Return whether conda finds this channel as one of several.

    Current conda decodes the escapes in the URL of such a channel, so that `%` and `#` lead astray,
    and packages are recorded under another URL and installed anew. Without it, it decodes the last
    part alone, which leads astray if that has other escapes than those of spaces.
    """
    escaped = "%25" in channel or "%23" in channel
    last = channel.rpartition("/")[2].replace("%20", "")
    return not escaped and ("%" not in channel or "%" in last)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    return yaml


def _load(text: str, path: Path) -> Any:
    """Return the mapping in a text; empty for a text without content."""
    try:
        content = _yaml().load(text)
    except Exception as error:  # the parser has no base for what it raises
        raise TargetError(f"{path} is not valid YAML: {error}", ADVICE) from error
    if not isinstance(content, dict | None):
        raise TargetError(f"{path} is not a conda configuration file.", ADVICE)
    return {} if content is None else content


def _dump(content: Any, old: str, path: Path) -> str:
    stream = StringIO()
    try:
        _yaml().dump(content, stream)
        text = stream.getvalue()
        text.encode("utf-8")
    except Exception as error:  # neither has the emitter
        raise TargetError(f"{path} cannot be written back: {error}", ADVICE) from error
    if old.strip() and type(content) is dict:  # a file of comments only has nothing to hang them on
        return f"{old.rstrip()}\n{text}"
    return text
