"""The environment's own `.condarc`, which tells conda to install from the repository alone.

What takes its text raises a TargetError where that is not a configuration of conda's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ...urls import is_folder
from ..exceptions import TargetError
from .confinement import KEYS, NAMES, SERVER_KEYS, confining, keys, used_in, with_name
from .exemption import OF_ALL, SETTING, Exemption, with_exemption, without_exemption
from .files import read_text

CONDARC = ".condarc"
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
    """
    content = _load(old, path)
    last = used_in(content)
    by_use = confining(last) if last else {}
    others = (k for k in SERVER_KEYS if k in content and content[k] != by_use.get(k))
    kept = {key: content[key] for key in ("subdir", *OF_ALL, *others) if key in content}
    own = {**confining(channel, platform), **(OF_ALL if exempt == "environment" else {})}
    exempted = with_exemption(content, last, channel, exempt=exempt == "channel")
    part = {**kept, **own, **with_name(content, channel), **exempted}
    if not is_folder(channel):
        part.pop("whitelist_channels", None)
    return _with(content, part, keys(channel, last or channel), old, path)


def platform_in(text: str, path: Path) -> str | None:
    """Return the platform that a `.condarc` sets; None if it sets none."""
    subdir = _load(text, path).get("subdir")
    return None if subdir is None else str(subdir)


def ours(text: str, path: Path) -> str:
    """Return the part of a `.condarc` that `configured` changes, as YAML; empty if it has none.

    What it has set itself is none.
    """
    content = _load(text, path)
    channel = used_in(content)
    by_use = {**confining(channel), **OF_ALL} if channel else {}
    own = [key for key in (*KEYS, *SERVER_KEYS) if key in content]
    part = {k: content[k] for k in own if k not in by_use or content[k] != by_use[k]}
    return _dump(part, "", path) if part else ""


def states_cooldown(text: str, path: Path) -> bool:
    """Return whether a `.condarc` says itself what is too new, under either name."""
    return not {*OF_ALL, "cooldown"}.isdisjoint(_load(text, path))


def exempted(text: str, former: Iterable[str], channel: str, path: Path) -> Exemption | None:
    """Return how a repository is to be exempted as one of these is by a `.condarc` until now.

    Of a server it is all in the environment: in the list of settings for single channels, conda
    would take our entry in the place of that with the server's login.
    """
    content = _load(text, path)
    of_channel = without_exemption(content, former).get(SETTING) != content.get(SETTING)
    if OF_ALL.items() <= content.items() or (of_channel and not is_folder(channel)):
        return "environment"
    return "channel" if of_channel else None


def used(text: str, path: Path) -> str | None:
    """Return the channel that `configured` has set in a `.condarc`; None if it has not."""
    return used_in(_load(text, path))


def restored(
    text: str, channels: Collection[str], before: str, path: Path, platform: str | None = None
) -> str:
    """Take back what `configured` has set; what somebody has changed since then stays.

    Args:
        text: The current text.
        channels: The URLs of the repositories that it may be set to.
        before: What `ours` returned of the text before.
        path: The file, for the error.
        platform: The platform that was set; None if it is the machine's.
    """
    content = _load(text, path)
    original = _load(before, path)
    used = [{**confining(channel, platform), **OF_ALL} for channel in channels]
    changed = keys(*channels)
    part = {**with_name(content, None), **without_exemption(content, channels)}
    for key in changed:
        by_use = any(content.get(key) == settings.get(key) for settings in used)
        source = original if by_use else content
        if key in source:
            part[key] = source[key]
    return _with(content, part, changed, text, path)


def _with(
    content: Any, part: Mapping[str, Any], changed: Iterable[str], text: str, path: Path
) -> str:
    """Return a text, which has this content, with other values of our settings."""
    changed = (*changed, NAMES, SETTING)
    if all(content.get(key) == part.get(key) for key in changed):
        return text
    for key in changed:
        if key not in part:
            content.pop(key, None)
        elif key not in content or content[key] != part[key]:
            content[key] = part[key]
    if not content:
        return "".join(line for line in text.splitlines(True) if line.startswith("#"))
    return _dump(content, text, path)


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
