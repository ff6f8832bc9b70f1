"""Which of conda's settings confine an environment to a repository, in a folder or on a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conda.base.constants import REPODATA_FN
from conda.base.context import context

from ..._conda import configuration
from ...files.web import Place, WebFolder
from ...urls import NETWORK, file_path, is_folder

#: Of a repository on a server: with these, conda asks no other host, and for nothing that a
#: repository never has. Older conda passes over those that it does not know.
ON_SERVER = {
    "notify_outdated_conda": False,
    "number_channel_notices": 0,
    "repodata_fns": [REPODATA_FN],
    "repodata_use_shards": False,
    "repodata_use_zst": False,
    "report_errors": False,
}
#: Seconds, longer than any command.
FRESH = 1 << 20
#: The settings of `use`, and those of a repository on a server besides. conda takes `channel` for
#: `channels` and `whitelist_channels` for `allowlist_channels`, and refuses to have both.
KEYS = ("channels", "channel", "default_channels", "offline", "subdir", "exclude_newer")
SERVER_KEYS = ("allowlist_channels", "whitelist_channels", *ON_SERVER)
#: Where `use` adds an entry that has its own name as its only channel; see `with_name`.
NAMES = "custom_multichannels"


def keys(*channels: str) -> tuple[str, ...]:
    """Return the settings that `use` changes for these channels."""
    return KEYS if all(map(is_folder, channels)) else (*KEYS, *SERVER_KEYS)


def confining(channel: str, platform: str | None = None) -> dict[str, Any]:
    """Return our settings for a repository and a platform; `channel` is not to be set.

    `defaults` leads nowhere: neither to the network nor, by another name, to the repository.
    """
    settings: dict[str, Any] = {"channels": [channel], "default_channels": []}
    own = (
        {"offline": True} if is_folder(channel) else {"allowlist_channels": [channel], **ON_SERVER}
    )
    return {**settings, **own, **({"subdir": platform} if platform else {})}


def place_of(channel: str) -> Place:
    """Return where the repository of a channel URL is, which is without credentials."""
    return Path(file_path(channel)) if is_folder(channel) else WebFolder.at(channel)


def in_force(channel: str) -> bool:
    """Return whether conda is confined to a repository, as far as its configuration says so.

    Who takes `offline` or the list of allowed channels out of the environment's own file has
    decided otherwise.
    """
    return bool(context.offline if is_folder(channel) else channel in context.allowlist_channels)


def reading(channel: str) -> dict[str, Any]:
    """Return conda's settings, whatever it is configured to, while a solver reads the index of a
    server: the one that was just checked, and nothing else.
    """
    if is_folder(channel):
        return {}
    names = ("notify_outdated_conda", "repodata_use_shards", "repodata_use_zst")
    off = {name: ON_SERVER[name] for name in names if configuration.exists(name)}
    return {"local_repodata_ttl": FRESH, "repodata_fns": (REPODATA_FN,), **off}


def used_in(content: Any) -> str | None:
    """Return the channel that a `.condarc` with this content is confined to; None if it is not.

    The scripts for plain conda, and people, set `channels` and `offline`, too, but no such name for
    the channel; where it has none, the settings have to be ours.
    """
    channels, names = content.get("channels"), content.get(NAMES)
    if not isinstance(channels, list) or content.get("default_channels") != []:
        return None
    for channel in channels:
        if not isinstance(channel, str) or channel.partition(":")[0] not in ("file", *NETWORK):
            continue
        if not is_folder(channel):
            by_use = channels == [channel] == content.get("allowlist_channels")
        elif not _may_be_one_of_several(channel):
            by_use = channels == [channel] and content.get("offline") is True
        else:
            by_use = isinstance(names, dict) and names.get(channel) == [channel]
        if by_use:
            return channel
    return None


def with_name(content: Any, channel: str | None) -> dict[str, Any]:
    """Return the setting `custom_multichannels` for a repository, or for none; empty if unset.

    conda takes the last part of a folder's URL for the name of a channel, and goes by that name:
    packages that its caches have from another folder of this name would count as the repository's.
    As one of several channels, it goes by its whole path, and is called as these are: by the URL.
    """
    current = content.get(NAMES) or {}
    if not isinstance(current, dict):
        return {NAMES: current}
    names = {name: channels for name, channels in current.items() if channels != [name]}
    if channel and is_folder(channel) and _may_be_one_of_several(channel):
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
