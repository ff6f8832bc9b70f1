"""Plugins of conda in the process of the tests, such as one that logs in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda import plugins
from conda.base.context import context
from conda.plugins.types import ChannelAuthBase, CondaAuthHandler

from tests.support.inside import forget

if TYPE_CHECKING:
    from collections.abc import Iterator


class Signing(ChannelAuthBase):  # type: ignore[misc]
    """A login that signs each address."""

    def __call__(self, request):  # type: ignore[no-untyped-def]
        request.headers["X-Signature"] = request.url[::-1]
        return request


class Login:
    """A plugin that has such a login, `signing`."""

    @plugins.hookimpl
    def conda_auth_handlers(self):  # type: ignore[no-untyped-def]
        yield CondaAuthHandler(name="signing", handler=Signing)


@contextmanager
def plugged(plugin: object) -> Iterator[None]:
    context.plugin_manager.register(plugin)
    forget()
    try:
        yield
    finally:
        context.plugin_manager.unregister(plugin)
        forget()
