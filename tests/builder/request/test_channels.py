"""The channels of a request, their order, their label channel, and who is given the token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.request import resolve
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.urls import file_url
from tests.support.requesting import ACME, ALIAS, LABEL, PUBLIC, SECRET, again, last, opened, urls

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside


def test_without_label_channel(options: Options) -> None:
    request = resolve(replace(options, label_channel=False), None)
    assert urls(request) == [ACME, PUBLIC]
    assert request.label_source is None


def test_channel_that_is_named_twice_counts_once(options: Options) -> None:
    request = resolve(replace(options, channels=("acme", "public", "acme", LABEL)), None)
    assert urls(request) == [LABEL, ACME, PUBLIC]


def test_name_that_stands_for_several_channels(me: Inside, options: Options) -> None:
    me.configure(
        channel_alias=ALIAS, custom_multichannels={"all": [f"{ALIAS}/one", f"{ALIAS}/two"]}
    )
    request = resolve(replace(options, channels=("acme", "all")), None)
    assert urls(request)[2:] == [f"{ALIAS}/one", f"{ALIAS}/two"]


def test_label_channel_of_a_channel_with_a_path_and_a_port(options: Options) -> None:
    channel = "http://localhost:8080/get/acme"
    request = resolve(replace(options, channels=(channel,)), None)
    assert urls(request) == [f"{channel}/label/bank", channel]


def test_token_opens_the_publishers_channels_only(options: Options) -> None:
    other = f"{ALIAS}/acme-other"
    request = resolve(replace(options, token=SECRET, channels=("acme", "public", other)), None)
    assert urls(request) == [LABEL, ACME, PUBLIC, other]
    assert opened(request) == [LABEL, ACME]


@pytest.mark.parametrize(
    "channel",
    [
        f"https://conda.example.com/t/{SECRET}/acme",
        f"https://anna:{SECRET}@conda.example.com/acme",
        f"https://conda.example.com/acme?key={SECRET}",
    ],
)
def test_secrets_are_in_no_url_and_no_repr(options: Options, channel: str) -> None:
    request = resolve(replace(options, channels=(channel, "public"), token=None), None)
    assert urls(request) == [LABEL, ACME, PUBLIC]
    assert SECRET not in repr(request)
    assert SECRET not in repr(replace(options, token=SECRET))


@pytest.mark.parametrize("form", ["/t/tk-secret/acme", "anna:pass"])
def test_label_channel_has_the_credentials_of_the_publisher(options: Options, form: str) -> None:
    path = form if form.startswith("/") else "/acme"
    user = "" if form.startswith("/") else f"{form}@"
    request = resolve(
        replace(options, channels=(f"https://{user}conda.example.com{path}", "public")), None
    )
    label, publisher, public = (source.channel for source in request.sources)
    assert (label.token, label.auth) == (publisher.token, publisher.auth)
    assert label.token or label.auth
    assert (public.token, public.auth) == (None, None)


@pytest.mark.parametrize(
    ("channel", "folder"),
    [
        ("https://h/linux-64/chan", "linux-64"),
        (f"https://anna:{SECRET}@h/t/{SECRET}/noarch-2026/chan?x={SECRET}", "noarch-2026"),
        ("https://linux-64.example.com/chan", "linux-64.example.com"),
        ("noarch-2026", "noarch-2026"),
        ("/srv/linux-64-mirror/chan", "linux-64-mirror"),
        ("file:///srv/linux-64/chan", "linux-64"),
        ("/srv/chan.conda", "chan.conda"),
    ],
)
def test_channel_that_conda_misreads(options: Options, channel: str, folder: str) -> None:
    options = replace(options, channels=("public", channel), platforms=("linux-64",), token=None)
    with pytest.raises(InvalidRequestError, match="looks elsewhere") as caught:
        resolve(replace(options, label_channel=False), None)
    assert f"it takes {folder!r} for" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_platform_at_the_end_of_a_channel(options: Options, tmp_path: Path) -> None:
    """It restricts the channel, but a channel may lie in a folder of this name."""
    folder = tmp_path / "linux-64"
    options = replace(options, channels=(f"{ACME}/linux-64", str(folder)), label_channel=False)
    request = resolve(options, None)
    assert urls(request) == [ACME, file_url(tmp_path)]
    (folder / "noarch").mkdir(parents=True)
    with pytest.raises(InvalidRequestError, match="it takes 'linux-64' for a platform"):
        resolve(options, None)


def test_platforms_of_other_machines_are_no_obstacle(options: Options) -> None:
    channel = "https://h/win-64-mirror/chan"
    options = replace(options, channels=(channel,), label_channel=False)
    assert urls(resolve(replace(options, platforms=("linux-64",)), None)) == [channel]
    with pytest.raises(InvalidRequestError, match="it takes 'win-64-mirror' for a platform"):
        resolve(replace(options, platforms=("linux-64", "win-64")), None)


def test_configured_channels_are_not_added_to_the_remembered(options: Options) -> None:
    request = resolve(replace(again(options), channels=("elsewhere",)), last())
    assert urls(request) == [LABEL, ACME, PUBLIC]


def test_configured_channel_lends_its_credentials_to_the_remembered(options: Options) -> None:
    channels = (f"{ALIAS}/t/{SECRET}/acme", "public")
    request = resolve(replace(again(options), channels=channels), last())
    assert urls(request) == [LABEL, ACME, PUBLIC]
    assert opened(request) == [LABEL, ACME]


def test_remembered_label_channel_can_be_left_out(options: Options) -> None:
    request = resolve(replace(again(options), label_channel=False), last())
    assert urls(request) == [ACME, PUBLIC]
    assert request.label_source is None


def test_label_channel_that_is_named_itself(options: Options) -> None:
    request = resolve(replace(options, channels=("acme/label/bank", "public"), token=SECRET), None)
    assert urls(request) == [LABEL, PUBLIC]
    assert request.label_source == request.sources[0]
    assert opened(request) == [LABEL]
    remembered = last(channels=tuple(urls(request)))
    later = resolve(replace(again(options), token=SECRET), remembered)
    assert (urls(later), opened(later)) == ([LABEL, PUBLIC], [LABEL])


def test_publisher_stays_who_it_is_without_the_label_channel(options: Options) -> None:
    """The token is not sent to whoever comes next."""
    without = replace(again(options), label_channel=False, token=SECRET)
    request = resolve(without, last(channels=(LABEL, PUBLIC)))
    assert (urls(request), opened(request)) == ([PUBLIC], [])
    with pytest.raises(InvalidRequestError, match=ACME):
        resolve(without, last(channels=(LABEL,)))


def test_label_channel_behind_another_publisher(options: Options) -> None:
    misplaced = replace(options, channels=("public", "acme/label/bank"))
    with pytest.raises(InvalidRequestError) as caught:
        resolve(misplaced, None)
    assert f"-c {ACME} -c {PUBLIC}" in str(caught.value)
    as_it_is = resolve(replace(misplaced, label_channel=False), None)
    assert (urls(as_it_is), as_it_is.label_source) == ([PUBLIC, LABEL], None)
    first = replace(options, channels=("acme/label/bank", "public"), label_channel=False)
    assert urls(resolve(first, None)) == [LABEL, PUBLIC]
