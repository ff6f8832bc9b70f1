"""The credentials in play, and how they are kept out of everything that is printed."""

from __future__ import annotations

import base64
import logging
import re
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

from conda import CondaError
from conda.base.context import context

from ._conda import errors
from .exceptions import CrashError, OfflineRepoError
from .printable import printable
from .streams import FilteredStream
from .urls import is_local

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


HIDDEN = "<hidden>"
#: Shorter texts would be found everywhere; no server gives such a token.
SHORTEST = 4
USERINFO = re.compile(r"(?<=://)[^/@\s'\"<>]+(?=@)")
#: conda's place for a token in a URL; a path like it elsewhere in it is hidden, too.
TOKEN = re.compile(r"(?<=/t/)[^/\s'\"<>]+(?=/)")
#: What may be a URL with a token, or the part of one that a server is asked for.
ADDRESS = re.compile(r"((?:GET|HEAD|url:) +)?([^\s'\"<>(=,]*/t/[^\s'\"<>]*)")
#: How a path of this machine begins, where `t` is a folder like any other.
PATH = re.compile(r"file:|~/|/(?!t/)|[A-Za-z]:[\\/]")
ESCAPE = re.compile(r"%[0-9A-F]{2}")
AUTHORIZATION = re.compile(r"(?i)(?<=authorization)(['\"]?\s*[:=]\s*['\"]?\w+ )[^\s'\",]+")
QUERY = re.compile(r"(?<=\?)[^\s'\"<>#]*=[^\s'\"<>#]+")
#: What in a query has a credential as its value, by its name; the others where it is no word.
CREDENTIAL = re.compile(
    r"(?i)(?:token|secret|passwo?r?d|signature|credential)s?$|(?<![a-z])(?:sig|pass|pwd|pw)$"
)
PERHAPS = re.compile(
    r"(?i)(?:key|(?<![a-z])(?:auth|authorization|access|jwt|sas|sid|session))(?:[-_]?id)?$"
)
#: What no word or version is: a token, whatever its name.
RANDOM = re.compile(
    r"(?i)(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{16,}|[a-f\d]{8}-(?:[a-f\d]{4}-){3}[a-f\d]{12}"
)
#: What is printed to.
STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")


@dataclass(frozen=True)
class Secrets:
    """Texts that must not leave.

    Attributes:
        values: Passwords, tokens and the like, in plain form.
        logins: Names of users, in plain form: not to be shown, but no secret if found somewhere.
    """

    values: frozenset[str]
    logins: frozenset[str] = frozenset()

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """All that is not to be shown, as it may be written; each line that is printed needs it."""
        return _forms(self.values | self.logins)

    def forms(self) -> tuple[str, ...]:
        """Return the secrets as they may be written: plain, quoted for URLs, in base64; longest
        first.
        """
        return _forms(self.values)

    def redact(self, text: str) -> str:
        """`text` without secrets, and without anything that looks like one in a URL."""
        for pattern in (USERINFO, QUERY):
            text = pattern.sub(HIDDEN, text)
        text = ADDRESS.sub(_without_token, text)
        text = AUTHORIZATION.sub(rf"\1{HIDDEN}", text)
        for form in self.hidden:
            text = text.replace(form, HIDDEN)
        return text


def _without_token(address: re.Match[str]) -> str:
    if not address[1] and PATH.match(address[2]):
        return address[0]
    return TOKEN.sub(HIDDEN, address[0])


def _forms(values: frozenset[str]) -> tuple[str, ...]:
    found = set()
    for value in values:
        quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
        found |= {value, *quoted, *(ESCAPE.sub(lambda m: m[0].lower(), q) for q in quoted)}
        found.add(base64.b64encode(value.encode()).decode().rstrip("="))
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def found_in(
    urls: Iterable[str],
    *,
    tokens: Iterable[str | None] = (),
    logins: Iterable[tuple[str, str]] = (),
) -> Secrets:
    """Return the credentials that stand in URLs, the tokens, and those of logins.

    Args:
        urls: Whatever may be one. What was typed may be none and still hold a password.
        tokens: The publisher's, from wherever; None for want of one.
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
        # the pair is what an HTTP header carries, in base64; a user alone may be a token
        plain = f"{unquote(user)}:{unquote(password)}"
        secrets |= {unquote(password), plain} if password else {unquote(user)}
        # with a password, it may be a token all the same; a word such as `build` is none
        if not unquote(user).isalpha():
            users.add(unquote(user))
    return Secrets(*(frozenset(v for v in some if len(v) >= SHORTEST) for some in (secrets, users)))


def _of_query(query: str) -> Iterator[str]:
    """Yield the values that are credentials; others may be any word, `main` in `?channel=main`."""
    for pair in query.split("&"):
        name, _, value = map(unquote, pair.partition("="))
        perhaps = PERHAPS.search(name) and not value.isalpha()
        if perhaps or CREDENTIAL.search(name) or RANDOM.search(value):
            yield value


def in_play(*tokens: str | None) -> Secrets:
    """Return the credentials that a run of conda can come to show: of options, and configured."""
    return found_in(_texts(dict(context.collect_all())), tokens=tokens)


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a configuration."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value.values()])
    elif isinstance(value, (list, tuple, set)):
        for part in value:
            yield from _texts(part)


@contextmanager
def confined(secrets: Secrets) -> Iterator[None]:
    """Keep the secrets out of logs, of what is printed, and of errors and crash reports.

    What is written to a file descriptor, as other processes and `os.write` do, comes by here not.
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
    for name, stream in streams.items():  # one that was closed before the start is None
        setattr(sys, name, redacting.get(stream))
    logging.setLogRecordFactory(redacted)
    try:
        yield
    except (CondaError, KeyboardInterrupt, SystemExit) as error:
        _redact_error(error, secrets)
        raise
    except Exception as error:  # all that is no error of conda's
        # conda's crash report would repeat the environment and the channels, with credentials
        logging.getLogger(__name__).debug("unexpected error", exc_info=error)
        raise CrashError(secrets.redact(f"{type(error).__name__}: {error}")) from None
    else:
        sys.argv[:] = arguments
    finally:
        for printed in redacting.values():
            printed.flush()
        logging.setLogRecordFactory(make_record)
        for name, stream in streams.items():
            setattr(sys, name, stream)


def _redact_error(error: BaseException, secrets: Secrets) -> None:
    """Redact an error in place, and cut off those that led to it: they may quote a URL."""
    error.args = tuple(secrets.redact(a) if isinstance(a, str) else a for a in error.args)
    if isinstance(error, OfflineRepoError):
        error.message = secrets.redact(str(error.message))
        error.hints = tuple(map(secrets.redact, error.hints))
    elif isinstance(error, CondaError):
        errors.change_texts(error, secrets.redact)
    error.__cause__ = None
    error.__context__ = None
    error.__suppress_context__ = True
