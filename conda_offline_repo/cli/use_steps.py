"""What `use` does one after the other, and asks in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    from ..customer.target import Target
    from ..repository.locate import Repository


def check(repository: Repository) -> None:
    """Read all of a repository, and refuse it if it is damaged."""
    from ..customer.exceptions import RepositoryDamagedError, SiblingIndexError
    from ..repository.verify import verify
    from .terminal import TerminalProgress

    report = verify(repository, TerminalProgress())
    if not report.good:
        raise RepositoryDamagedError(
            repository.path, report.missing, report.changed, report.unreadable
        )
    if report.misleading:
        raise SiblingIndexError(repository.path, report.misleading)


def ask(repository: Repository) -> None:
    """Ask whether the repository is signed by the vendor; `--yes` is no answer to that."""
    from conda.base.context import context
    from conda.exceptions import CondaSystemExit

    from .._conda import features
    from ..customer.exceptions import UnknownSignerError
    from ..printable import printable

    unknown = UnknownSignerError(repository.path, repository.signers)
    if context.json or context.always_yes:
        raise unknown
    print(printable(f"{repository.path} is signed by the key"))
    for signer in repository.signers:
        print(f"    {signer}")
    print("Compare it with what your vendor told you in another way than the repository came.")
    try:
        features.confirm(
            "Is this your vendor's key, so that it is trusted from now on", default="no"
        )
    except CondaSystemExit:
        raise unknown from None


def fill(target: Target, find: Callable[[Target], Any], results: TextIO) -> dict[str, list[str]]:
    """Configure the environment and install into it; returns what was linked and unlinked.

    Args:
        target: The environment.
        find: Finds conda's transaction for it, if there is to be one.
        results: Where conda's table of the transaction is printed.
    """
    from contextlib import redirect_stdout

    from conda.base.context import context

    from .._conda import features
    from ..customer.install import offline
    from ..customer.target import configure, unmake

    linked: dict[str, list[str]] = {"LINK": [], "UNLINK": []}
    with offline(target):
        change = find(target)
        if change is not None and change.nothing_to_do:
            change = None
        if change is not None:
            setup = change.prefix_setups[str(target.prefix)]
            linked["LINK"] = [record.dist_str() for record in setup.link_precs]
            linked["UNLINK"] = [record.dist_str() for record in setup.unlink_precs]
            if not context.json:
                with redirect_stdout(results):
                    change.print_transaction_summary()
        if context.dry_run:
            return linked
        if change is not None and not context.json:
            features.confirm("Proceed")
        try:
            if change is not None:
                change.download_and_extract()
            configure(target)
            if change is not None:
                change.execute()
        except BaseException:  # an interruption and conda's own exits, too, leave nothing behind
            unmake(target)
            raise
    return linked
