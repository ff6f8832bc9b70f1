"""A line of pip, as its requirements files have them: variables, options, and the requirement, a
name with versions, or a wheel by its path or URL.
"""

from __future__ import annotations

import os
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote, urldefrag, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from ....repository.reading import SHA256
from ....urls import NETWORK, local_path, public
from .pinned import PinnedWheel, RefusedError, absolute_url

if TYPE_CHECKING:
    from argparse import Namespace

COMMENT = re.compile(r"(?:^|\s+)#.*$")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}", re.ASCII)
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]+")
#: A digest that pip takes.
HASH = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
#: What no name of a project begins with or is: a path, a URL, or a file.
PLACE = re.compile(
    r"[.~]|[\w.-]*[\\/]|[A-Za-z]:[\\/]|[A-Za-z][A-Za-z0-9+.-]+:(?!:)|git@"
    r"|[\w.+!-]+\.(?:whl|egg|zip|tar|tar\.\w+|tgz|tbz2?|txz|tlz)(?![\w.-])"
)
#: What stands behind a path or a URL.
BEHIND = re.compile(r"(?P<place>.+?)(?P<extras>\s*\[[^\[\]]*\])?(?:\s*;(?P<marker>.+))?")
#: An address of a version control system, as pip takes it.
REPOSITORY = re.compile(r"(?:git|hg|svn|bzr)[+:@]|ssh:|.*\.git(?:@|$)", re.IGNORECASE)
ARCHIVE = re.compile(r".*\.(?:zip|tar|tar\.\w+|tgz|tbz2?|txz|tlz)", re.IGNORECASE)


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized"):  # it would quote a variable's value
            message = "pip knows no such option here; each requirement and option has its own line"
        raise ValueError(message)


def _parser() -> _Parser:
    """Return the parser of the options of a line, as pip documents them for requirements files."""
    parser = _Parser(add_help=False, prog="pip")
    for names in (
        *(("-r", "--requirement"), ("-c", "--constraint"), ("-f", "--find-links")),
        *(("-i", "--index-url", "--pypi-url"), ("--extra-index-url",), ("--trusted-host",)),
        *(("-e", "--editable"), ("-C", "--config-settings", "--config-setting"), ("--hash",)),
        *(("--only-binary",), ("--no-binary",), ("--use-feature",)),
        *(("--global-option",), ("--install-option",), ("--build-option",)),
    ):
        parser.add_argument(*names, action="append", default=[])
    for name in ("--no-index", "--pre", "--prefer-binary", "--require-hashes"):
        parser.add_argument(name, action="store_true")
    return parser


PARSER = _parser()


def lines_of(text: str) -> Iterator[str]:
    """Yield lines without comments; those that end with a backslash go on, as pip has it."""
    parts: list[str] = []
    for line in text.splitlines():
        is_comment = COMMENT.match(line)
        if line.endswith("\\") and not is_comment:
            parts.append(line.strip("\\"))
            continue
        parts.append(f" {line}" if is_comment else line)
        joined, parts = "".join(parts), []
        if content := COMMENT.sub("", joined).strip():
            yield content
    if content := COMMENT.sub("", "".join(parts)).strip():
        yield content


def expanded(line: str) -> str:
    """Return a line with the variables that are set, as pip fills them in."""
    return VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), line)


def parsed(line: str) -> tuple[str, Namespace]:
    """Return the requirement of a line, and its options."""
    words = line.split(" ")
    count = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    lexer = shlex.shlex(" ".join(words[count:]), posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""  # \ is in Windows' paths
    return " ".join(words[:count]).strip(), PARSER.parse_args([*lexer])


def unset_variables(line: str) -> list[str]:
    """Return the variables of a line that the environment does not have."""
    return [match[0] for match in VARIABLE.finditer(line) if match[1] not in os.environ]


def urls_in(line: str) -> Iterator[str]:
    """Yield the URLs of a line, with its variables filled in as far as they are set."""
    return (match[0] for match in URL.finditer(expanded(line)))


def read_requirement(text: str, hashes: Iterable[str], folder: Path) -> tuple[str, str, str]:
    """Return a requirement in its usual form without credentials; and, if it is a wheel by path or
    URL, the URL there, and the whole URL.

    Args:
        hashes: The digests that it is stated with, as `sha256:…`.
        folder: Where relative paths begin.

    Raises:
        RefusedError: It names what is not a wheel.
        ValueError: It is not a requirement.
    """
    digests = sorted({digest.lower() for digest in hashes})
    if not all(map(HASH.fullmatch, digests)):
        raise ValueError("what should be a digest is not one of SHA-256, SHA-384 or SHA-512")
    if digests and not any(digest.startswith("sha256:") for digest in digests):
        raise ValueError("it states no SHA-256 digest, by which indexes know their wheels")
    if PLACE.match(text):
        parts = BEHIND.fullmatch(text)
        assert parts  # it matches any text
        url, file = _wheel(parts["place"].strip(), folder)
        named = f"{_project(file)}{parts['extras'] or ''}"
        requirement = _requirement(f"{named} ; {parts['marker']}" if parts["marker"] else named)
    else:
        requirement = _requirement(text)
        if not requirement.url:
            return " ".join((str(requirement), *(f"--hash={text}" for text in digests))), "", ""
        url, file = _wheel(requirement.url, folder)
        if canonicalize_name(requirement.name) != (project := _project(file)):
            raise ValueError(f"it is a wheel of {project}")
    url, fragment = urldefrag(url)
    digest = _digest(fragment, digests)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    own = f"{public(url)}{digest}"
    return f"{requirement.name}{extras} @ {own}{marker}", own, f"{url}{digest}"


def exact_wheel(place: str, hashes: Iterable[str], folder: Path) -> PinnedWheel:
    """Return a wheel that is named exactly.

    Args:
        place: Its path or URL.
        hashes: The digests that are stated besides one in the URL, as `sha256:…`.
        folder: Where relative paths begin.

    Raises:
        RefusedError: It is not a wheel, or no SHA-256 digest is stated.
        ValueError: It is nothing.
    """
    url, file = _wheel(place, folder)
    _project(file)
    url, fragment = urldefrag(url)
    digest = _digest(fragment, hashes).removeprefix("#sha256=")
    if not digest:
        raise RefusedError("a wheel without its SHA-256 digest")
    return PinnedWheel(url, digest)


def file_name(url: str) -> str:
    """Return the name of the file at a URL."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _requirement(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        if re.match(r"[\w.-]+(?:\[[^\]]*\])?\s*=[^=]", text):
            reason = "pip writes == before a version"
        if "::" in text:
            reason = "packages of conda's channels are named beside those of pip's"
        raise ValueError(f"it is not a requirement of pip's: {reason}") from None


def _wheel(place: str, folder: Path) -> tuple[str, str]:
    """Return the URL of a wheel, and its file name."""
    if REPOSITORY.match(place):
        raise RefusedError("sources in version control")
    if place.startswith("file:") and not place.startswith("file://"):
        place = place.removeprefix("file:")
    try:
        url = absolute_url(place, folder)
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        path = local_path(urldefrag(url)[0])
    except ValueError:
        raise ValueError("its URL is damaged") from None
    if parts.scheme not in (*NETWORK, "file") or (parts.scheme in NETWORK and not host):
        raise ValueError("it has no URL of http, https or file, and is not a path")
    if not url.isprintable() or not {*url}.isdisjoint(' \\<>"'):
        raise ValueError("its URL has a character that no URL has")
    file = file_name(url)
    if ARCHIVE.fullmatch(file):
        raise RefusedError("an archive of sources")
    if not file.endswith(".whl"):
        raise RefusedError("a folder of sources" if path else "not a wheel")
    if path and not path.is_file():
        raise ValueError("the file does not exist")
    return url, file


def _project(file: str) -> str:
    try:
        return parse_wheel_filename(file)[0]
    except InvalidWheelFilename:
        raise ValueError("its file name is not that of a wheel") from None


def _digest(fragment: str, digests: Iterable[str]) -> str:
    """Return the fragment of a URL for the only digest of its file, if one is stated."""
    parts = {part for part in fragment.split("&") if part and not part.startswith("egg=")}
    parts |= {digest.replace(":", "=") for digest in digests}
    if not parts:
        return ""
    name, _, value = min(parts).lower().partition("=")
    if len(parts) > 1 or name != "sha256" or not SHA256.fullmatch(value):
        raise ValueError("a wheel by its URL has one digest, its SHA-256, in the form #sha256=…")
    return f"#sha256={value}"
