"""What to type after `use`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context
from conda.utils import quote_for_shell

from .._conda.transactions import installed
from ..repository.manifest import on_platform
from ..repository.names import DEFAULT
from ..specs import PackageSpec
from .installed import superseded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..repository.locate import Repository
    from .request import UseRequest


def next_commands(request: UseRequest, repository: Repository) -> Iterator[str]:
    """Yield what to type after a request: activate, then install and update what was built for.

    After the environment was brought to just what a release installs, nothing is left to install.
    """
    manifest, prefix = repository.manifest, request.prefix
    built = manifest.request
    use_again = f"conda offline-repo use {quote_for_shell(str(repository.path))}"
    if request.name:
        yield f"conda activate {quote_for_shell(request.name)}"
    if request.exact:
        return
    if built.environments or built.exact:
        environment = min(on_platform(manifest.solutions, context.subdir)) or DEFAULT
        where = quote_for_shell(str(prefix))
        yield f"{use_again} -p {where} --environment {environment}"
        return
    current = installed(prefix)
    specs = manifest.specs("", context.subdir)
    packages = dict.fromkeys(PackageSpec(package).unqualified for package in specs)
    absent = [p for p in packages if p.match.name in manifest.names and p.match.name not in current]
    # `conda update` takes names alone
    names = [*dict.fromkeys(p.match.name for p in packages if p.match.name in current)]
    if absent or not packages:
        yield f"conda install {' '.join(map(quote_for_shell, absent)) or 'PACKAGE'}"
    updates = " ".join(names)
    if request.allow_older and superseded(manifest, prefix, names):
        yield f"{use_again} --allow-older {updates}"
    elif names and not request.packages:
        yield f"conda update {updates}"
