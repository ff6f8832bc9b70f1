"""What pip is to install: lines as the requirements files of pip have them, and these files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ....urls import NETWORK, public
from .exceptions import InputFileError, Problems
from .pinned import SCHEME, PipPart, RefusedError, absolute_url
from .pip_line import expanded, lines_of, parsed, read_requirement, unset_variables
from .text import read_text

#: How many files may lead to each other.
DEEPEST = 32
#: Why a line is refused, by the option, as argparse names it.
REFUSED = {
    "editable": "an editable install",
    "no_binary": "a build from sources",
    **dict.fromkeys(
        ("config_settings", "global_option", "install_option", "build_option"),
        "an option of a build from sources",
    ),
}


def pip_part(
    where: Path | str, lines: Iterable[str], folder: Path, constraints: Iterable[str] = ()
) -> PipPart:
    """Return what lines ask for, and the files that they name.

    Args:
        where: What the lines are of, for messages.
        lines: As in a requirements file.
        folder: Where relative paths begin.
        constraints: Lines as in a constraints file.

    Raises:
        InputFileError: Something is wrong, with all of it.
        PipPartsError: Something is not a wheel, with all of it.
    """
    problems = Problems(where)
    part = read_pip(lines, folder, problems, constraints)
    problems.check()
    return part


def read_pip(
    lines: Iterable[str], folder: Path, problems: Problems, constraints: Iterable[str] = ()
) -> PipPart:
    """Return the same, and note what is wrong."""
    reader = _Reader(problems)
    reader.read("\n".join(lines), folder)
    reader.read("\n".join(constraints), folder, constraint=True)
    return PipPart(
        tuple(sorted(reader.requirements)),
        tuple(sorted(reader.constraints)),
        _options(reader.options),
        reader.urls,
    )


def both(part: PipPart, other: PipPart) -> PipPart:
    """Return what two parts ask for together."""
    return PipPart(
        tuple(sorted({*part.requirements, *other.requirements})),
        tuple(sorted({*part.constraints, *other.constraints})),
        _options((*part.options, *other.options)),
        {**part.urls, **other.urls},
    )


def remembered(part: PipPart) -> dict[str, tuple[str, ...]]:
    """Return what a manifest says of it, without credentials."""
    index = (option.partition(" ") for option in part.options)
    texts = {
        "requirements": part.requirements,
        "constraints": part.constraints,
        "index": tuple(f"{name}{gap}{_public(value)}" for name, gap, value in index),
    }
    return {kind: values for kind, values in texts.items() if values}


def recalled(texts: Mapping[str, tuple[str, ...]]) -> PipPart:
    """Return what a manifest remembers.

    Raises:
        OfflineRepoError: As `pip_part`.
    """
    lines = (*texts.get("index", ()), *texts.get("requirements", ()))
    where = "What pip installed in the last build"
    return pip_part(where, lines, Path(), texts.get("constraints", ()))


def _options(options: Iterable[str]) -> tuple[str, ...]:
    """Return options, each once; of several for the main index the last counts, as in pip."""
    by_name = {text if text[:8] != "--index-" else "--index-url": text for text in options}
    return tuple(by_name.values())


class _Reader:
    """Reads lines, and the files that they name."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.requirements: set[str] = set()
        self.constraints: set[str] = set()
        self.options: list[str] = []
        self.urls: dict[str, str] = {}
        self._read: set[tuple[str, bool]] = set()
        self._open: list[str] = []

    def read(self, text: str, folder: Path, *, constraint: bool = False, where: str = "") -> None:
        """Read lines.

        Args:
            text: Of a requirements file.
            folder: Where relative paths begin.
            constraint: Whether they are those of a constraints file.
            where: Put before each problem.
        """
        for line in lines_of(text):
            with self.problems.noting(f"{where}{line}: "):
                if unset := unset_variables(line):
                    names = ", ".join(unset)
                    raise ValueError(f"a variable is not set in the environment: {names}")
                self._line(expanded(line), folder, constraint=constraint)

    def _line(self, line: str, folder: Path, *, constraint: bool) -> None:
        text, given = parsed(line)
        if given.hash and not text:
            raise ValueError("it states a digest of nothing")
        for option, reason in REFUSED.items():
            if getattr(given, option):
                raise RefusedError(reason)
        if given.require_hashes:
            raise ValueError("leave it out, each `--hash` is checked anyway")
        for file in given.requirement:
            self._file(file, folder, constraint=constraint)
        for file in given.constraint:
            self._file(file, folder, constraint=True)
        for name in ("index-url", "extra-index-url", "find-links"):
            for address in getattr(given, name.replace("-", "_")):
                self.options.append(f"--{name} {_address(address, folder)}")
        self.options += ["--no-index"] * given.no_index + ["--pre"] * given.pre
        self.options += [f"--trusted-host {host}" for host in given.trusted_host]
        if text:
            requirement, own, url = read_requirement(text, given.hash, folder)
            if constraint and "[" in requirement.partition(";")[0].partition("@")[0]:
                raise ValueError("a constraint has no extras")
            (self.constraints if constraint else self.requirements).add(requirement)
            if own != url:
                self.urls[own] = url

    def _file(self, name: str, folder: Path, *, constraint: bool) -> None:
        if SCHEME.match(name):
            raise ValueError("download the file, and name it by its path")
        path = folder / os.path.expanduser(name)
        key = os.path.realpath(path)
        if key in self._open:
            raise ValueError("the file names itself, by way of the files that it names")
        if len(self._open) == DEEPEST:
            raise ValueError(f"files name each other in more than {DEEPEST} steps")
        if (key, constraint) in self._read:
            return
        self._read.add((key, constraint))
        try:
            text = read_text(path)
        except InputFileError as error:
            raise ValueError(error.problem) from None
        self._open.append(key)
        self.read(text, path.parent, constraint=constraint, where=f"{name}: ")
        self._open.pop()


def _address(address: str, folder: Path) -> str:
    """Return the URL of an index."""
    url = absolute_url(address, folder)
    if not url.startswith(tuple(f"{scheme}://" for scheme in (*NETWORK, "file"))):
        raise ValueError("it has no URL of http, https or file, and is not a path")
    public(url)  # a damaged one is refused
    return url


def _public(value: str) -> str:
    return public(value) if "://" in value else value
