"""What the environment that is active, or a setting, hides from a build: the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import Channel

from ..._conda.configuration import channel_sources, settings
from ..._conda.solver_settings import sources
from ...urls import channel_url, is_local
from ..warnings import BuildWarning

if TYPE_CHECKING:
    from ..request.request import Request


def from_cache(request: Request) -> Iterator[BuildWarning]:
    """Yield a warning if a build is offline and would ask servers otherwise, or has channels of the
    active environment.
    """
    if text := " ".join(hints(request)):
        yield BuildWarning("offline", text)


def hints(request: Request) -> tuple[str, ...]:
    """Return why channels may have other packages than conda sees, and what to do."""
    remote = ", ".join(source.url for source in request.sources if not is_local(source.url))
    offline = sources().get("offline") if context.offline and remote else ""
    text = f"conda is offline, by {offline}, so it knows only its cached indexes of {remote}."
    texts = [text] if offline else []
    prefix = context.active_prefix
    files = dict.fromkeys(setting.source for setting in settings())
    for file in (file for file in files if prefix and Path(file).parent == Path(prefix)):
        names = [name for name, source in channel_sources() if source == file]
        urls = (url for name in names for url in Channel(name).base_urls if url)
        configured = {channel_url(Channel(url)) for url in urls}
        added = [source.url for source in request.sources if source.url in configured]
        if added:
            texts.append(f"{', '.join(added)} is among the channels because of {file}.")
        if Path(prefix) != Path(context.root_prefix) and (added or offline == file):
            texts.append("That environment is active: run `conda deactivate` first.")
    return tuple(texts)
