"""The credentials in play, kept out of everything that is printed."""

from __future__ import annotations

import base64
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from conda import CondaError
from conda.base.context import context

from ._conda import conda_errors
from .exceptions import CrashError, OfflineRepoError
from .printable import printable
from .streams import FilteredStream
from .urls import is_local

HIDDEN = "<hidden>"
#: Shorter texts occur everywhere, and no server issues such a token.
SHORTEST = 4
#: A user and a password of a URL, also where its scheme was forgotten, or where the password has an
#: `@` or `/` that should have been escaped: not the `/` after a number, which is that of a port.
USERINFO = re.compile(
    r"(?<=://)(?:[^/\s'\"<>]+|[^/@:\[\s'\"<>]+:(?!\d*/)[^@\s'\"<>]{1,200})(?=@)"
    r"|(?<![^\s'\"<>(=,])[^/\\@:\s'\"<>(=,]+:[^/\\:\s'\"<>]+(?=@[\w.-]+)"
)
#: conda's place for a token in a URL; the same elsewhere in the path is hidden, too.
TOKEN = re.compile(r"(?<=/t/)[^/\s'\"<>]+(?=/)")
#: What may be a URL with a token, or the path of a request.
ADDRESS = re.compile(r"((?:GET|HEAD|url:) +)?(?<![^\s'\"<>(=,])([^\s'\"<>(=,]*/t/[^\s'\"<>]*)")
#: The beginning of a path of this machine, where `t` is any folder.
PATH = re.compile(r"file:|~/|/(?!t/)|[A-Za-z]:[\\/]")
ESCAPE = re.compile(r"%[0-9A-F]{2}")
AUTHORIZATION = re.compile(r"(?i)(?<=authorization)(['\"]?\s*[:=]\s*['\"]?\w+ )[^\s'\",]+")
#: A header of a request or an answer as conda notes it with `-vvv`, whose value is a credential.
HEADER = re.compile(r"(?im)^([<>] [\w-]*(?:authorization|cookie|token|key|secret)[\w-]*: )[^\n]+")
#: What comes before a query, from the beginning of its word, where each is looked for once.
QUERY = re.compile(r"(?<![^\s'\"<>#])([^?\s'\"<>#]*\?)[^\s'\"<>#]*=[^\s'\"<>#]+")
#: The names in a query whose values are credentials, and those whose values are unless a word.
CREDENTIAL = re.compile(
    r"(?i)(?:token|secret|passwo?r?d|signature|credential)s?$|(?<![a-z])(?:sig|pass|pwd|pw)$"
)
PERHAPS = re.compile(
    r"(?i)(?:key|(?<![a-z])(?:auth|authorization|access|jwt|sas|sid|session))(?:[-_]?id)?$"
)
#: A value that is neither a word nor a version, so a token, whatever its name.
RANDOM = re.compile(
    r"(?i)(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{16,}|[a-f\d]{8}-(?:[a-f\d]{4}-){3}[a-f\d]{12}"
)
STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")


@dataclass(frozen=True)
class Secrets:
    """Texts that must not leave.

    Attributes:
        values: Passwords, tokens and the like, in plain form.
        logins: Names of users, in plain form: never shown, but harmless where they occur.
    """

    values: frozenset[str]
    logins: frozenset[str] = frozenset()

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(self.values | other.values, self.logins | other.logins)

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """All that is never shown, as it may be written; cached, as each printed line needs it."""
        return _forms(self.values | self.logins)

    def forms(self) -> tuple[str, ...]:
        """Return the secrets, longest first, as they may be written: plain, quoted, in base64."""
        return _forms(self.values)

    def redact(self, text: str) -> str:
        """Return a text without secrets, and without what looks like one in a URL."""
        text = QUERY.sub(rf"\1{HIDDEN}", USERINFO.sub(HIDDEN, text))
        text = ADDRESS.sub(_without_token, text)
        text = HEADER.sub(rf"\1{HIDDEN}", AUTHORIZATION.sub(rf"\1{HIDDEN}", text))
        for form in self.hidden:
            text = text.replace(form, HIDDEN)
        return text


def _without_token(address: re.Match[str]) -> str:
    is_path = not address[1] and PATH.match(address[2])
    return address[0] if is_path else TOKEN.sub(HIDDEN, address[0])


def _forms(values: frozenset[str]) -> tuple[str, ...]:
    forms = set()
    for value in values:
        quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
        forms |= {value, *quoted, *(ESCAPE.sub(lambda m: m[0].lower(), q) for q in quoted)}
        forms.add(base64.b64encode(value.encode()).decode().rstrip("="))
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def secrets_in(
    urls: Iterable[str],
    *,
    tokens: Iterable[str | None] = (),
    logins: Iterable[tuple[str, str]] = (),
) -> Secrets:
    """Return the credentials in URLs, the tokens, and those of logins.

    Args:
        urls: Texts that may be URLs; what was typed may hold a password without being one.
        tokens: The publisher's, from wherever; None is left out.
        logins: User and password.
    """
    secrets, users = {token for token in tokens if token}, set()
    pairs = list(logins)
    for url in urls:
        if not is_local(url):
            secrets.update(unquote(match[0]) for match in TOKEN.finditer(url))
        secrets.update(_of_query(url.partition("?")[2].partition("#")[0]))
        pairs += [match[0].partition(":")[::2] for match in USERINFO.finditer(url)]
    for user, password in pairs:
        # an HTTP header carries the pair in base64; a user alone may be a token
        plain = f"{unquote(user)}:{unquote(password)}"
        secrets |= {unquote(password), plain} if password else {unquote(user)}
        # with a password, it may be a token, too, but a word such as `build` is not
        if not unquote(user).isalpha():
            users.add(unquote(user))
    return Secrets(
        *(frozenset(t for t in texts if len(t) >= SHORTEST) for texts in (secrets, users))
    )


def _of_query(query: str) -> Iterator[str]:
    """Yield the values that are credentials, so not `main` in `?channel=main`."""
    for pair in query.split("&"):
        name, _, value = map(unquote, pair.partition("="))
        perhaps = PERHAPS.search(name) and not value.isalpha()
        if perhaps or CREDENTIAL.search(name) or RANDOM.search(value):
            yield value


def in_play(*tokens: str | None) -> Secrets:
    """Return the credentials that a run of conda may show: the tokens, and those configured."""
    return secrets_in(_texts(dict(context.collect_all())), tokens=tokens)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value.values()])
    elif isinstance(value, (list, tuple, set)):
        for part in value:
            yield from _texts(part)


@contextmanager
def confined(secrets: Secrets) -> Iterator[None]:
    """Keep the secrets out of logs, output, errors and crash reports.

    What other processes and `os.write` write to a file descriptor is not changed.
    """
    make_record = logging.getLogRecordFactory()

    def redacted(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        record.msg, record.args = printable(secrets.redact(record.getMessage())), None
        if record.exc_info:
            text = "".join(traceback.format_exception(*record.exc_info))
            record.exc_text = printable(secrets.redact(text))
        return record

    arguments = list(sys.argv)
    # conda's crash report repeats the command line
    sys.argv[:] = [secrets.redact(argument) for argument in arguments]
    streams = {name: getattr(sys, name) for name in STREAMS}
    redacting = {
        stream: FilteredStream(stream, secrets.redact) for stream in streams.values() if stream
    }
    for name, stream in streams.items():  # a stream that was closed before the start is None
        setattr(sys, name, redacting.get(stream))
    logging.setLogRecordFactory(redacted)
    try:
        yield
    except (CondaError, KeyboardInterrupt, SystemExit) as error:
        _redact_error(error, secrets)
        raise
    except Exception as error:
        # conda's crash report would repeat the environment and the channels, with credentials
        logging.getLogger(__name__).debug("unexpected error", exc_info=error)
        raise CrashError(secrets.redact(f"{type(error).__name__}: {error}")) from None
    else:
        sys.argv[:] = arguments
    finally:
        for redacted_stream in redacting.values():
            redacted_stream.flush()
        logging.setLogRecordFactory(make_record)
        for name, stream in streams.items():
            setattr(sys, name, stream)


def _redact_error(error: BaseException, secrets: Secrets) -> None:
    """Redact an error in place, and cut off its causes, which may quote a URL."""
    error.args = tuple(secrets.redact(a) if isinstance(a, str) else a for a in error.args)
    if isinstance(error, OfflineRepoError):
        error.message = secrets.redact(str(error.message))
        error.hints = tuple(map(secrets.redact, error.hints))
    elif isinstance(error, CondaError):
        conda_errors.change_texts(error, secrets.redact)
    error.__cause__ = error.__context__ = None
    error.__suppress_context__ = True
