"""What to type after `use`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.utils import quote_for_shell

from .._conda.transactions import installed
from ..repository.names import DEFAULT
from ..specs import PackageSpec
from .installed import superseded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..repository.locate import Repository


def next_commands(
    repository: Repository,
    prefix: Path,
    name: str | None,
    *,
    exact: bool,
    named: bool,
    allow_older: bool,
) -> Iterator[str]:
    """Yield what to type next: activate, then install and update the packages of the request.

    After the environment was brought to just what a release installs, nothing is left to install.

    Args:
        repository: The repository that was used.
        prefix: The environment.
        name: Its name or path as the user gave it; None for the active one.
        exact: Whether it was brought to just what a release installs.
        named: Whether packages were named.
        allow_older: Whether an older release was taken.
    """
    use_again = f"conda offline-repo use {quote_for_shell(str(repository.path))}"
    if name:
        yield f"conda activate {quote_for_shell(name)}"
    built = repository.manifest.request
    if exact:
        return
    if built.environments or built.exact:
        environment = min(built.environments, default=DEFAULT)
        where = quote_for_shell(str(prefix))
        yield f"{use_again} -p {where} --environment {environment}"
        return
    current = installed(prefix)
    packages = dict.fromkeys(PackageSpec(package).unqualified for package in built.packages)
    absent = [
        p
        for p in packages
        if p.match.name in repository.manifest.names and p.match.name not in current
    ]
    # `conda update` takes names alone
    names = [*dict.fromkeys(p.match.name for p in packages if p.match.name in current)]
    if absent or not packages:
        yield f"conda install {' '.join(map(quote_for_shell, absent)) or 'PACKAGE'}"
    updates = " ".join(names)
    if allow_older and superseded(repository.manifest, prefix, names):
        yield f"{use_again} --allow-older {updates}"
    elif names and not named:
        yield f"conda update {updates}"
