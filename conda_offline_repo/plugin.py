"""The hooks that conda calls.

conda imports this module on every start, so it imports nothing at module level but `hookimpl`.
"""

from conda.plugins import hookimpl


@hookimpl
def conda_subcommands() -> object:
    """The command `conda offline-repo`."""
    from conda.plugins.types import CondaSubcommand

    from .cli import SUMMARY, configure_parser, execute

    yield CondaSubcommand(
        name="offline-repo", summary=SUMMARY, action=execute, configure_parser=configure_parser
    )


@hookimpl
def conda_settings() -> object:
    """The settings `plugins.offline_repo_*`."""
    from .settings import settings

    yield from settings()


@hookimpl
def conda_pre_solves() -> object:
    """Check and refresh the index of offline repositories before a solve."""
    from conda.plugins.types import CondaPreSolve

    from .customer.hooks.guard import prepare_solve

    yield CondaPreSolve(name="offline-repo-index", action=prepare_solve)


@hookimpl
def conda_post_solves() -> object:
    """Refuse to link what differs from its record."""
    from conda.plugins.types import CondaPostSolve

    from .customer.hooks.guard import check_solution

    yield CondaPostSolve(name="offline-repo-archives", action=check_solution)


@hookimpl(optionalhook=True)
def conda_pre_transaction_actions() -> object:
    """The same for what conda links without solving (conda 25.5 and newer)."""
    from conda.plugins.types import CondaPreTransactionAction

    from .customer.hooks.explicit import CheckLinks

    yield CondaPreTransactionAction(name="offline-repo-archives", action=CheckLinks)


@hookimpl
def conda_post_commands() -> object:
    """Remember the release that an environment was installed from."""
    from conda.plugins.types import CondaPostCommand

    def remember(_: str) -> None:
        from .customer.hooks.history_check import remember_release

        remember_release()

    yield CondaPostCommand(
        name="offline-repo-release", action=remember, run_for={"env_update", "install", "update"}
    )


@hookimpl
def conda_health_checks() -> object:
    """What `conda doctor` says of an environment that uses an offline repository."""
    from conda.plugins.types import CondaHealthCheck

    from .cli.doctor import check

    yield CondaHealthCheck(name="offline-repo", action=check)
