"""How an environment's own `.condarc` exempts its repository from what other files say is too new
(`exclude_newer`, conda 26.9).
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Literal

from ...urls import file_path, is_folder

#: What is exempted: the channel, or all in the environment, for a solver that refuses settings of
#: single channels.
Exemption = Literal["channel", "environment"]
OF_ALL = {"exclude_newer": ""}
SETTING = "channel_settings"


def with_exemption(
    content: Any, before: str | None, channel: str, *, exempt: bool
) -> dict[str, Any]:
    """Return the setting `channel_settings` with an exemption of a channel, if that is wanted or
    there was one of the channel before.

    Args:
        content: Of the `.condarc`.
        before: The URL of the repository's channel until now.
    """
    entries = _others(content, [before] if before else [])
    if isinstance(entries, list) and (exempt or entries != (content.get(SETTING) or [])):
        # by its path: over a `file:` URL here, conda fails for every other local channel
        entries.append(_exemption(channel))
    return _setting(content, entries)


def without_exemption(content: Any, channels: Iterable[str]) -> dict[str, Any]:
    """Return the setting `channel_settings` without our exemptions of channels."""
    return _setting(content, _others(content, channels))


def _others(content: Any, channels: Iterable[str]) -> Any:
    entries = deepcopy(content.get(SETTING) or [])
    exemptions = [_exemption(channel) for channel in channels]
    for number in reversed(range(len(entries) if isinstance(entries, list) else 0)):
        if entries[number] in exemptions:
            del entries[number]
    return entries


def _setting(content: Any, entries: Any) -> dict[str, Any]:
    if entries:
        return {SETTING: entries}
    return {SETTING: content[SETTING]} if SETTING in content and not content[SETTING] else {}


def _exemption(channel: str) -> dict[str, Any]:
    return {
        "channel": file_path(channel) if is_folder(channel) else channel,
        "exclude_newer": False,
    }
