"""What is hidden of a text, what is not, and where texts go while a command is confined.

They go through `streams`.
"""

from __future__ import annotations

import base64
import io
import logging
import re
import string
import sys
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conda_offline_repo.builder.credentials import credentials
from conda_offline_repo.builder.options import Options
from conda_offline_repo.redaction import HIDDEN, Secrets, confined, secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

properties = settings(deadline=None, max_examples=150, derandomize=True, database=None)

#: No server's secret, and so in no other part of a text by chance.
MARK = "Zq9"
SECRETS = st.text(
    string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@/?#[]% \"<>|é", max_size=20
).map(lambda text: f"{MARK}{text}{MARK}")
#: What conda takes for a token in a URL.
TOKENS = st.text(string.ascii_letters + string.digits + "-", max_size=30).map(
    lambda text: f"{MARK}{text}{MARK}"
)
#: The last of them is no host that conda can read.
HOSTS = ["127.0.0.1:8080", "repo.acme.example", "LOCALHOST", "[::1]:80"]
SCHEMES = st.sampled_from(["http", "https"])
PATHS = st.sampled_from(["acme", "acme/label/bank", "a/b/c", "pkgs/main"])


def lower(text: str) -> str:
    """Percent-encoded with small letters, which is as good as with capitals."""
    encoded = quote(text, safe="")
    head, *rest = encoded.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


ENCODINGS = st.sampled_from([lambda text: quote(text, safe=""), lower])


@st.composite
def addresses(draw: st.DrawFn, hosts: list[str] = HOSTS) -> tuple[str, tuple[str, ...]]:
    """A channel's URL, and the secrets in it in plain form."""
    encode = draw(ENCODINGS)
    secrets = []
    userinfo = token = query = ""
    shapes = draw(st.sets(st.sampled_from(["password", "user", "token", "query"]), min_size=1))
    if "user" in shapes:
        secrets.append(draw(SECRETS))
        userinfo = f"{encode(secrets[-1])}@"
    if "password" in shapes:
        secrets.append(draw(SECRETS))
        userinfo = f"{userinfo.rstrip('@') or 'anna'}:{encode(secrets[-1])}@"
    if "token" in shapes:
        secrets.append(draw(TOKENS))
        token = f"/t/{secrets[-1]}"
    if "query" in shapes:
        secrets.append(draw(SECRETS))
        query = f"?expires=1&sig={encode(secrets[-1])}"
    url = f"{draw(SCHEMES)}://{userinfo}{draw(st.sampled_from(hosts))}{token}/{draw(PATHS)}{query}"
    return url, tuple(secrets)


def forms(secret: str) -> set[str]:
    """A secret as it may be met."""
    encoded = base64.b64encode(secret.encode()).decode()
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        lower(secret),
        encoded.rstrip("="),
    }


@given(
    addresses(),
    st.sets(st.integers(0, 3)),
    st.sampled_from(["{}", "GET {} failed.", "'{}'", '{{"url": "{}"}}', "<{}>", "{0} {0}"]),
)
@properties
def test_any_url_is_cleared_of_credentials(
    address: tuple[str, tuple[str, ...]], indices: set[int], around: str
) -> None:
    """Whether they are known or not, or some of them are."""
    url, values = address
    secrets = Secrets(frozenset(value for i, value in enumerate(values) if i in indices))
    text = secrets.redact(around.format(url))
    assert MARK not in text, text


@given(addresses(HOSTS[:-1]))
@properties
def test_what_is_known_of_a_channel_is_hidden_in_any_form(
    address: tuple[str, tuple[str, ...]],
) -> None:
    url, values = address
    secrets = credentials(Options(label="bank", root=Path(), channels=(url,)))
    for value in values:
        for form in forms(value):
            assert MARK not in secrets.redact(f"of no URL: {form}."), (value, form)


@given(SECRETS)
@properties
def test_token_is_hidden_in_any_form(token: str) -> None:
    secrets = credentials(Options(label="bank", root=Path(), token=token))
    for form in forms(token):
        assert form not in secrets.redact(f"the token is {form}, it says")


@given(SECRETS, SECRETS)
@properties
def test_basic_authorization_is_hidden(user: str, password: str) -> None:
    url = f"http://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1/acme"
    secrets = credentials(Options(label="bank", root=Path(), channels=(url,)))
    header = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert header.rstrip("=") not in secrets.redact(f"Authorization: Basic {header}")


@given(st.text(string.printable, max_size=60))
@properties
def test_other_text_stays_as_it_is(text: str) -> None:
    assume(not any(mark in text for mark in ("@", "/t/", "?")))
    assert Secrets(frozenset({f"{MARK}{MARK}"})).redact(text) == text


@given(st.text("?=#&a' ", max_size=12))
@properties
def test_query_with_a_value_is_hidden_from_the_first_question_mark_on(text: str) -> None:
    shown = re.sub(r"(?<=\?)[^\s'#]*=[^\s'#]+", HIDDEN, text)
    assert Secrets(frozenset()).redact(text) == shown


@pytest.mark.parametrize(
    "text", ["?", "=", "?=", "://", "a:", "://a:b", "/t/", "GET ", "authorization:"]
)
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    """An expression that starts anew at each character would take minutes."""
    start = process_time()
    Secrets(frozenset()).redact(text * 100_000)
    assert process_time() - start < 10


@pytest.mark.parametrize(("user", "hidden"), [("build", False), ("tk-4n4ry", True)])
def test_names_of_users_that_are_words_are_shown(user: str, hidden: bool) -> None:
    secrets = secrets_in(["https://vendor.example"], logins=[(user, "p4ss-w0rd")])
    text = f"bank is now {user} 1, by p4ss-w0rd"
    shown = text.replace("p4ss-w0rd", HIDDEN)
    assert secrets.redact(text) == (shown.replace(user, HIDDEN) if hidden else shown)


def test_a_folder_that_looks_like_a_token_is_shown() -> None:
    text = "/srv/t/deliveries/bank and file:///srv/t/deliveries/bank are up to date"
    assert Secrets(frozenset()).redact(text) == text


UUID = "7f3e1c9a-52d4-4b1e-9c0f-5a6b7c8d9e0f"
RANDOM = "c4n4ryc4n4ryc4n4ry0"


@pytest.mark.parametrize(
    ("query", "secret"),
    [
        ("channel=main", None),
        ("channel=main&platform=linux-64&expires=1", None),
        ("label=conda-forge/label/python-3.11-builds&version=2026.11.29.1", None),
        ("author=anna&keyword=main&design=dark", None),
        ("access=public&auth=basic&key=main", None),
        ("token=main", "main"),
        ("session_id=s3same", "s3same"),
        ("x=1&access_token=s3same#main", "s3same"),
        ("api_key=s3same", "s3same"),
        ("apikey=s3same", "s3same"),
        ("AWSAccessKeyId=s3same", "s3same"),
        ("X-Amz-Signature=s3same", "s3same"),
        ("X-Amz-Credential=s3same%2Feu", "s3same/eu"),
        ("sv=2026&sig=s3same", "s3same"),
        ("Password=s3same", "s3same"),
        ("client_secret=s3same", "s3same"),
        ("auth=s3same", "s3same"),
        ("p=" + RANDOM, RANDOM),
        ("p=" + UUID, UUID),
    ],
)
def test_of_a_query_only_credentials_are_secret(query: str, secret: str | None) -> None:
    """Everywhere, that is; in its place no query is shown."""
    url = f"https://vendor.example/main?{query}"
    secrets = secrets_in([url])
    assert secrets.values == ({secret} if secret else frozenset())
    assert secrets.redact(f"see {url.partition('#')[0]}!") == (
        f"see https://vendor.example/{HIDDEN if secret == 'main' else 'main'}?{HIDDEN}"
    )
    text = "main, anna and 2026.11.29.1 of linux-64"
    assert secret == "main" or secrets.redact(text) == text


SECRET = "tk-5ecret0f4cme"
WAYS: dict[str, Callable[[Any], object]] = {
    "print": lambda stream: print("it is", SECRET, file=stream),
    "write": lambda stream: stream.write(f"it is {SECRET}\n"),
    "writelines": lambda stream: stream.writelines(["it is ", SECRET[:5], f"{SECRET[5:]}\n"]),
    "buffer": lambda stream: stream.buffer.write(f"it is {SECRET}\n".encode()),
    "view": lambda stream: stream.buffer.write(memoryview(f"it is {SECRET}\n".encode())),
    "lines of bytes": lambda stream: stream.buffer.writelines(
        [b"it is ", SECRET[:5].encode(), f"{SECRET[5:]}\n".encode()]
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["stdout", "stderr", "__stdout__", "__stderr__"])
def test_streams_show_no_secret(monkeypatch: pytest.MonkeyPatch, name: str, way: str) -> None:
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, "utf-8", newline="\n")
    monkeypatch.setattr(sys, name, stream)
    with confined(Secrets(frozenset({SECRET}))):
        assert getattr(sys, name) is not stream
        WAYS[way](getattr(sys, name))
    assert getattr(sys, name) is stream
    assert content.getvalue().decode() == f"it is {HIDDEN}\n"


def test_other_bytes_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, "utf-8"))
    every = bytes(range(256))
    with confined(Secrets(frozenset({SECRET}))):
        assert sys.stdout.buffer.write(every) == 256
        sys.stdout.buffer.flush()
        assert content.getvalue() == every


def test_a_stream_without_bytes_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with confined(Secrets(frozenset())):
        assert not hasattr(sys.stdout, "buffer")


def test_a_stream_that_was_closed_stays_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with confined(Secrets(frozenset())):
        print("to nobody")  # noqa: T201
        assert sys.stdout is None


def test_a_handler_that_was_made_before_logs_no_secret() -> None:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logger = logging.getLogger("somebody.else")
    logger.addHandler(handler)
    try:
        with confined(Secrets(frozenset({SECRET}))):
            logger.error("it is %s", SECRET)
            try:
                raise ValueError(SECRET)
            except ValueError:
                logger.exception("it failed")
    finally:
        logger.removeHandler(handler)
    assert SECRET not in text.getvalue()
    assert f"it is {HIDDEN}\nit failed\n" in text.getvalue()
    assert f"ValueError: {HIDDEN}" in text.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("anna:pa55w0rd@host/acme", "<hidden>@host/acme"),
        ("channel 'anna:pa55w0rd@host:80/acme'", "channel '<hidden>@host:80/acme'"),
        ("C:\\Users\\a@b", "C:\\Users\\a@b"),
        ("git@host:acme/x", "git@host:acme/x"),
        ("conda-forge::app@host", "conda-forge::app@host"),
    ],
)
def test_login_without_a_scheme(text: str, shown: str) -> None:
    assert Secrets(frozenset()).redact(text) == shown
    assert ("pa55w0rd" in text) == ("pa55w0rd" in secrets_in([text]).values)


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("https://anna:s3cr@tpw@host/acme", "https://<hidden>@host/acme", "s3cr@tpw"),
        ("anna:s3cr@tpw@host/acme", "<hidden>@host/acme", "s3cr@tpw"),
        ("https://anna:s3cr/tpw@host/acme", "https://<hidden>@host/acme", "s3cr/tpw"),
        ("https://anna:s3cret@host/acme@1", "https://<hidden>@host/acme@1", "s3cret"),
        ("https://host:8080/acme@1", "https://host:8080/acme@1", None),
        ("https://host/acme@1", "https://host/acme@1", None),
    ],
)
def test_passwords_that_are_not_escaped(url: str, shown: str, password: str | None) -> None:
    assert Secrets(frozenset()).redact(f"read {url}, then") == f"read {shown}, then"
    assert (password in secrets_in([url]).values) == (password is not None)


def test_headers_with_credentials() -> None:
    """As conda notes them with -vvv."""
    lines = ("> Cookie: a=5e", "< Set-Cookie: b=5e; Path=/", "> X-Auth-Token: 5e", "< ETag: 5e")
    *hidden, tag = Secrets(frozenset()).redact("\n".join(lines)).split("\n")
    assert hidden == [f"{line.partition(': ')[0]}: <hidden>" for line in lines[:-1]]
    assert tag == lines[-1]


def test_long_word_is_read_once() -> None:
    """As a script of a package has it; else it takes minutes."""
    text = "#" * 200_000
    assert Secrets(frozenset()).redact(text) == text
