"""Make the recipe of conda-forge's feedstock from that of this repository.

    python3 dev/feedstock.py dist/conda_offline_repo-1.0.0.tar.gz feedstock/recipe/recipe.yaml

The second file is replaced by `recipe/recipe.yaml`, with the source distribution on PyPI for its
source; its maintainers, the part `extra`, stay. Only the standard library is used here.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path

RECIPE = Path(__file__).resolve().parent.parent / "recipe" / "recipe.yaml"
URL = (
    "https://pypi.org/packages/source/c/conda-offline-repo/conda_offline_repo-${{ version }}.tar.gz"
)
NAME = re.compile(r"conda_offline_repo-(?P<version>[0-9][^-]*)\.tar\.gz")


def feedstock_recipe(ours: str, theirs: str, version: str, sha256: str) -> str:
    """Return the text of the feedstock's recipe.

    Args:
        ours: The text of this repository's recipe.
        theirs: The text of the recipe that the feedstock has now.
        version: Of the release.
        sha256: Of its source distribution.

    Raises:
        ValueError: One of the recipes lacks what is to be replaced or kept.
    """
    text = re.sub(r"\A(#.*\n)+", "", ours)
    for pattern, replacement in (
        (r"(?m)^  version: .*env\.get.*$", f'  version: "{version}"'),
        (r"(?m)^source:\n  path: \.\.$", f"source:\n  url: {URL}\n  sha256: {sha256}"),
    ):
        matches = re.findall(pattern, text)
        if len(matches) != 1:
            raise ValueError(f"{len(matches)} places of our recipe match {pattern}, not one")
        text = text.replace(matches[0], replacement)
    extra = re.search(r"(?ms)^extra:\n(?:  .*\n?)+", theirs)
    if not extra:
        raise ValueError("the feedstock's recipe names no maintainers below `extra`")
    return f"{text}\n{extra[0]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sdist", type=Path, help="the source distribution that is on PyPI")
    parser.add_argument("recipe", type=Path, help="the feedstock's recipe.yaml, which is replaced")
    options = parser.parse_args()
    match = NAME.fullmatch(options.sdist.name)
    if not match:
        parser.error(f"{options.sdist.name} is not a source distribution of conda-offline-repo")
    digest = hashlib.sha256(options.sdist.read_bytes()).hexdigest()
    theirs = options.recipe.read_text("utf-8")
    text = feedstock_recipe(RECIPE.read_text("utf-8"), theirs, match["version"], digest)
    options.recipe.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
