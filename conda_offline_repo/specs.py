"""Packages as a person types them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from conda.base.context import context
from conda.exceptions import InvalidMatchSpec
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec

from .exceptions import InvalidRequestError

#: The most characters of a specification: the time to read one grows with their square.
LONGEST = 1000
#: What in the URL of a channel may hold a credential: a user, conda's sign of a token, a query.
CREDENTIALS = re.compile(r"(?<!file)://\S*(?:@|/t/[^/]|\?)")
NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*", re.ASCII)
#: What conda reads of the inside of `[...]`, and leaves all else out.
PAIR = re.compile(r"([\w-]+)=(\"[^\"]+\"|'[^']+'|[^,\s'\"]+)(?=[,\s]|$)")
#: The keys that conda 24.7 and all solvers know, with those that name a file, refused elsewhere.
KEYS = {
    *("version", "build", "build_number", "channel", "subdir", "md5", "sha256", "name"),
    *("license", "license_family", "track_features", "url", "fn"),
}
#: What all solvers take for a part of a version: no wildcard but at its end, no regular expression.
VERSION = re.compile(
    r"\*(?:\.\*)*|(?:[<>]=?|[!=~]?=)?[^\W_](?:[\w.!+-]*\w)?(?:\.\*)*|(?:[!=]?=)?[^\W_][\w.!+-]*\*",
    re.ASCII,
)
COMPATIBLE = re.compile(r"~=[^.]*")
BUILD = re.compile(r"(?!.*\*\*)[\w.+*]+|\^.*\$", re.ASCII)
BUILD_NUMBER = re.compile(r"(?:[<>]=?|[!=]?=)?[0-9]+", re.ASCII)
#: What no channel has in its name or URL.
NO_CHANNEL = re.compile(r"[\s'\"<>|;*\[\]]")
DIGESTS = {"md5": 32, "sha256": 64}


class PackageSpec(str):
    """A package as it was typed, with its MatchSpec, `match`."""

    __slots__ = ("match",)

    def __init__(self, text: str) -> None:
        self.match = MatchSpec(text)
        channel = text.partition("#")[0].partition("[")[0].rpartition("::")[0].strip()
        url = Channel(channel).base_url if "://" in channel else None
        if url and str(self.match.get_raw_value("channel")) != url:
            # conda 24.7 takes the channel of this name on the server of its alias
            self.match = MatchSpec(self.match, channel=Channel(url))

    @property
    def unqualified(self) -> PackageSpec:
        """The same without its channel and subdir; conda would look for that channel online."""
        if self.match.get_raw_value("channel") is None:
            return self
        fields = {name: self.match.get_raw_value(name) for name in MatchSpec.FIELD_NAMES}
        fields |= {"channel": None, "subdir": None}
        return PackageSpec(str(MatchSpec(**{k: v for k, v in fields.items() if v is not None})))

    def allows(self, archive: str, channel: str) -> bool:
        """Return whether it may be a channel's archive `subdir/name-version-build.extension`, as
        far as its name says.
        """
        subdir, _, file = archive.rpartition("/")
        name, *rest = file.removesuffix(".conda").removesuffix(".tar.bz2").rsplit("-", 2)
        if name != self.match.name:
            return False
        version, build = rest
        named = {"name": name, "version": version, "build": build, "build_number": 0}
        where = {"channel": f"{channel}/{subdir}", "subdir": subdir, "fn": file}
        return bool(self.match.match({**named, **where}))


def parse_spec(package: str) -> PackageSpec:
    """Return a package with its MatchSpec.

    Raises:
        InvalidRequestError: It is not a package specification, or contains credentials.
    """
    if len(package) > LONGEST:
        raise InvalidRequestError(
            f"A package specification has {len(package)} characters; at most {LONGEST} are read.",
            "Name each package by itself.",
        )
    if CREDENTIALS.search(package):
        raise InvalidRequestError(
            "A package specifies its channel with a password or a token, which would be remembered "
            "and shown.",
            "Leave the password or the token out, and give the channel with it as -c, which is "
            "never shown.",
        )
    if not package.isprintable():
        raise InvalidRequestError(
            f"{package!r} is not a package specification: it contains an invisible character.",
            "Type the name; copied text may bring such characters along.",
        )
    problem = _bracket_problem(package)
    if not problem:
        try:
            spec = PackageSpec(package)
            problem = _problem(spec)
        except (InvalidMatchSpec, ValueError, IndexError, re.error) as error:
            # conda repeats the specification, once or twice
            problem = str(error).rpartition(f"Invalid spec '{package}': ")[2]
    if problem:
        raise InvalidRequestError(
            f"{package!r} is not a package specification: {problem}.",
            "Give a name, optionally with a version: ratingpro, 'ratingpro>=2', ratingpro=2.1.",
        )
    if not package.strip() or spec.match.name == "*":
        raise InvalidRequestError(
            f"{package!r} names no package.", "Give the names of the packages to ship or install."
        )
    if package in context.known_subdirs:
        raise InvalidRequestError(
            f"{package!r} is a platform, not a package.",
            "Repeat the option for each platform: --platform win-64 --platform linux-64.",
        )
    if spec.match.get("url") or spec.match.get("fn"):
        raise InvalidRequestError(
            f"{package!r} names a file, not a package of a channel.",
            "Put the file into a channel and give the name of the package.",
        )
    return spec


def _bracket_problem(text: str) -> str | None:
    """Return what is wrong with `[KEY=VALUE, ...]`; conda leaves out what it does not read."""
    start, bracket, rest = text.partition("[")
    inside, closed, end = rest.rpartition("]")
    if bool(bracket) != bool(closed) or "]" in start or "[" in end:
        return "its brackets are not balanced"
    keys = [key for key, _ in PAIR.findall(inside)]
    if unknown := sorted({*keys} - KEYS):
        return f"not every conda knows {', '.join(map(repr, unknown))} in brackets"
    if left_out := PAIR.sub("", inside).strip(" ,"):
        return f"{left_out!r} in its brackets is not KEY=VALUE; extras are not supported"
    if len({*keys}) < len(keys):
        return "a key is twice in its brackets"
    return None


def _problem(spec: PackageSpec) -> str | None:
    """Return what conda would leave out of a specification, or some solver would not understand."""
    match, text = spec.match, spec.partition("#")[0]
    if match.get("url") or match.get("fn") or match.name == "*":
        return None
    bare = re.sub(r"\[.*\]", "", text).rpartition("::")[2].strip()
    version = str(match.get_raw_value("version") or "")
    for sign in (" if ", "(", ":"):
        if sign in bare and sign not in version:
            return f"conda would leave out a part of it at {sign.strip()!r}"
    if wrong := re.search("=[<>]", bare):
        return f"{wrong[0]!r} is not an operator; write {wrong[0][::-1]!r}"
    if bare.endswith(tuple("=<>!~")):
        return "its version is missing"
    if not NAME.fullmatch(match.name):
        return f"a name has only letters, digits, '.', '_' and '-', unlike {match.name!r}"
    for part in re.split(r"[,|()]+", version):
        if part and not VERSION.fullmatch(part):
            return f"not all solvers read the version {part!r}; a * goes to its end"
        if COMPATIBLE.fullmatch(part):
            return f"{part!r} needs a version of two parts or more, such as ~=1.0"
    channel = str(match.get_raw_value("channel") or "")
    if NO_CHANNEL.search(channel):
        return f"{channel!r} is not a channel"
    for key, length in DIGESTS.items():
        digest = match.get_raw_value(key)
        if digest and not re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", digest):
            return f"its {key} is not a digest, which has {length} characters"
    for key, pattern in (("build", BUILD), ("build_number", BUILD_NUMBER)):
        value = match.get_raw_value(key)
        if value is not None and not pattern.fullmatch(str(value)):
            return f"{str(value)!r} is not a {key.replace('_', ' ')}"
    return None


def check_together(packages: Iterable[PackageSpec]) -> None:
    """Check packages of the same name, whose MatchSpecs conda would merge.

    Raises:
        InvalidRequestError: They exclude each other.
    """
    by_name = defaultdict(list)
    for package in packages:
        by_name[package.match.name].append(package)
    for name, same in by_name.items():
        try:
            MatchSpec.merge(package.match for package in same)
        except ValueError as error:
            raise InvalidRequestError(
                f"The requests for {name} exclude each other: {', '.join(map(repr, same))}.",
                "An environment has one package of each name: leave the others out.",
            ) from error
