"""A folder named `t` is a folder, though conda takes what follows it in a URL for a token."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.builder.credentials import credentials
from conda_offline_repo.builder.exceptions import ChannelUnavailableError
from conda_offline_repo.builder.options import Options
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.redaction import Secrets, confined
from conda_offline_repo.urls import file_path
from tests.support.mirror import PLATFORM
from tests.support.running import plain_url
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from tests.support.inside import Inside
    from tests.support.running import Conda

NAMES = ("x/t/plain/channel", "t/my_channels/t/a", "t/t/t/t.x")


def channel_at(folder: Path) -> TinyChannel:
    channel = TinyChannel(folder)
    channel.add("app", depends=["lib"])
    channel.add("lib", format="tar.bz2")
    channel.write()
    return channel


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["path", "URL", "relative path"])
def test_channel_below_it(
    me: Inside, tmp_path: Path, name: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = channel_at(tmp_path / name)
    url = {"path": str(channel.folder), "URL": plain_url(channel.folder)}.get(form, f"./{name}")
    monkeypatch.chdir(tmp_path)
    first = me.build(me.options("app", channels=(url,)))
    assert set(first.manifest.packages) == set(channel.packages)
    (remembered,) = first.manifest.request.channels
    assert Path(file_path(remembered)) == channel.folder
    for at, package in first.manifest.packages.items():
        assert Path(file_path(package.url)) == channel.folder / at
    again = Options("bank", me.root, channels=(), native_platform="linux-64")
    assert not me.build(again).changed


@pytest.mark.parametrize("name", ["x/t", "t/t", "t"])
def test_channel_in_it(me: Inside, tmp_path: Path, name: str) -> None:
    """Some versions of conda undo all that could be done for it."""
    channel = channel_at(tmp_path / name)
    for url in (str(channel.folder), f"{plain_url(channel.folder)}/"):
        with pytest.raises(
            InvalidRequestError, match="takes .t. for a token, .*\nRename the folder"
        ):
            me.build(me.options("app", channels=(url,)))


def test_path_that_is_not_ascii(me: Inside, tmp_path: Path) -> None:
    channel = channel_at(tmp_path / "şube kanalı")
    if context.solver == "libmamba":
        with pytest.raises(ChannelUnavailableError, match="Rename the folder"):
            me.build(me.options("app", channels=(str(channel.folder),)))
        return
    outcome = me.build(me.options("app", channels=(str(channel.folder),)))
    assert set(outcome.manifest.packages) == set(channel.packages)


def test_repository_below_it(conda: Conda, customer: Conda, tmp_path: Path) -> None:
    """Built and used from there, and what is printed says so."""
    channel = channel_at(tmp_path / "channel")
    root = tmp_path / "t" / "repositories" / "t"
    options = ("--label", "bank", "--no-label-channel", "-c", channel.folder, "--root", root)
    built = conda.build(*options, "--override-channels", "--platform", PLATFORM, "app")
    assert f"{root / 'bank'} is now release 1" in built.stdout
    customer.use(root / "bank", "-n", "rating")
    env = customer.activated("rating")
    customer.run("install", "--yes", "app", **env)
    assert customer.installed("rating") == {"app": "1.0", "lib": "1.0"}
    channel.add("app", "2.0", depends=["lib"])
    channel.write()
    conda.build("--label", "bank", "--root", root)
    customer.use(root / "bank", "-n", "rating")
    customer.run("update", "--yes", "app", **env)
    assert customer.installed("rating")["app"] == "2.0"


def test_folder_behind_it_is_no_secret(tmp_path: Path) -> None:
    for channel in ("/srv/t/bank/c", "file:///srv/t/bank/c", "C:\\t\\bank\\c", "~/t/bank/c"):
        secrets = credentials(Options(label="bank", root=tmp_path, channels=(channel,)))
        assert secrets == Secrets(frozenset())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/t/repo/bank is", None),
        ("in '/srv/t/repo/bank'", None),
        ("file:///srv/t/repo/bank", None),
        ("X:\\t\\repo", None),
        ("X:/t/repo/bank", None),
        ("~/t/repo/bank", None),
        ("http://h/t/tk-1/c", "http://h/t/<hidden>/c"),
        (
            "http://h/api/t/tk-1/c, file:///srv/t/x/c",
            "http://h/api/t/<hidden>/c, file:///srv/t/x/c",
        ),
        ('http://h:80 "GET /t/tk-1/c/noarch HTTP/1.1"', None),
        ("GET /api/t/tk-1/c/noarch", "GET /api/t/<hidden>/c/noarch"),
        ("with url: /srv/t/tk-1/c (", "with url: /srv/t/<hidden>/c ("),
        ("conda.example.com/t/tk-1/c", "conda.example.com/t/<hidden>/c"),
    ],
)
def test_what_is_hidden(text: str, shown: str | None) -> None:
    redacted = Secrets(frozenset()).redact(text)
    if "GET /t/" in text:
        assert "tk-1" not in redacted
    else:
        assert redacted == (shown or text)


def test_log_below_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with confined(Secrets(frozenset())), caplog.at_level(logging.INFO):
        logging.getLogger(__name__).info("wrote %s", "/srv/t/bank/x")
    assert "/srv/t/bank/x" in caplog.text
