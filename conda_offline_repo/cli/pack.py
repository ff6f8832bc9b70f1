"""`conda offline-repo pack`: a release, or what is new in it, as zip files."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from ..delivery.pack import Packed, pack, parse_size
from ..delivery.release_ref import Since, since
from ..delivery.source import Source, from_folder
from ..exceptions import InvalidRequestError
from ..files.typed import typed_place
from ..printable import counted, human, quoted
from ..repository.halfway import check_indexes
from ..repository.locate import Repository, enclosing, locate_one
from .output import chatter_to_stderr, numbered, print_result, signed_by
from .parser import LABEL, PATH, add_options, written_path
from .reading import warn_insecure, whole
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from ..files.web import Place

USAGE = "conda offline-repo pack PATH -o FILE [options]"
DESCRIPTION = """\
Pack the release of a repository into one or more zip files, each of which can
be checked on its own; `conda offline-repo unpack` takes them in any order. The
same release gives the same bytes."""
EPILOG = """\
examples:
  conda offline-repo pack G:\\repo\\halkbank -o halkbank.zip --volume-size 4GB
  conda offline-repo pack G:\\repo\\halkbank -o new.zip --since 3
  conda offline-repo pack G:\\repo\\halkbank -o - | send-to-diode
"""
CONDA = ("add_output_and_prompt_options",)
OUTPUT = {
    "-o --output FILE": """The zip file, which is replaced if it exists; several become
        FILE.1-of-2.zip and so on. `-` is the standard output."""
}
PART = {
    "--since RELEASE": """Pack only what is new since this release: the number of a kept one, its
        offline-repo.json, a volume of it, or a folder with it.""",
    "--volume-size SIZE": "Split the release into files of at most this size, such as 4GB.",
}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `pack`."""
    add_options(parser, PATH)
    add_options(parser, OUTPUT, required=True)
    add_options(parser, {**PART, **LABEL})


def execute(args: Namespace) -> int:
    """Pack a release, and print the names of the files."""
    label, base = args.offline_repo_label, args.offline_repo_since
    size = args.offline_repo_volume_size
    place = typed_place(args.offline_repo_path)
    repository = whole(partial(_repository, place, label), place)
    warn_insecure([repository])
    volume_size = parse_size(size) if size else None
    known = since(base, label, repository.manifest) if base else None
    output = args.offline_repo_output
    piped = output == "-"
    if piped and (size or context.json or os.isatty(1)):
        raise InvalidRequestError(
            "`-o -` writes one volume and nothing else, and not to a terminal.",
            "Leave out --volume-size and --json, and send the output to a pipe or a file.",
        )
    source = from_folder(repository)
    file = None if piped else _file(output, source.manifest.label)
    with chatter_to_stderr():
        to = file or os.fdopen(os.dup(1), "wb")
        packed = pack(source, to, known, volume_size, TerminalProgress(), dry_run=context.dry_run)
    stream = sys.stderr if piped else sys.stdout
    lines = [*_lines(source, known, packed)]
    print_result(_json(source, known, packed), lines, lines[:1], stream=stream)
    return 0


def _repository(place: Place, label: str | None) -> Repository:
    repository = locate_one(place, label)
    check_indexes(repository)
    return repository


def _file(text: str, label: str) -> Path:
    """Return the file to pack into, before all is packed; offers a name in the place of a folder.

    Raises:
        InvalidRequestError: It is a folder, in none, or no name for a file.
    """
    path = written_path(text)
    is_folder = path.is_dir() or not os.path.basename(text)
    folder = path if is_folder else path.parent
    if folder.is_dir() and not is_folder:
        return path
    problem = (
        "is a folder, not a file" if is_folder else f"cannot be written: {folder} does not exist"
    )
    around = enclosing(folder)
    example = (around.parent if around else folder) / f"{label}.zip"
    advice = f"Give a file, such as -o {quoted(example)}"
    if not folder.is_dir():
        advice = "Make that folder, or give a file in another one."
    raise InvalidRequestError(f"{path} {problem}. Nothing was written.", advice)


def _json(source: Source, since: Since | None, packed: Packed) -> dict[str, Any]:
    return {
        "label": source.manifest.label,
        **numbered(source.manifest.release),
        "since": since.base.release if since else None,
        "signers": source.signers,
        "volumes": [
            {"path": str(path), "files": names}
            for path, names in zip(packed.volumes, packed.names, strict=False)
        ],
        "bytes": packed.size,
    }


def _lines(source: Source, since: Since | None, packed: Packed) -> Iterator[str]:
    release = source.manifest
    new = f" since release {since.base.release}" if since else ""
    done = "would be packed" if context.dry_run else "is packed"
    yield f"Release {release.release} of label {release.label}{new} {done}: {human(packed.size)}."
    for path, names in zip(packed.volumes, packed.names, strict=False):
        yield f"  {path}: {counted(len(names), 'file')}"
    yield signed_by(source.signers)
    if not context.dry_run and packed.volumes:
        files = quoted(*(path.name for path in packed.volumes))
        command = f"conda offline-repo unpack {files} PATH/{release.label}"
        yield f"\nOn the customer's machine:\n\n    {command}\n"
