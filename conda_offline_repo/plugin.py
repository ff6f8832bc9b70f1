"""The hooks that conda calls.

conda imports this module at every start, so at module level it imports only what conda has already
imported.
"""

from conda.plugins import hookimpl, types

#: conda's commands that change an environment.
CHANGING = {"env_update", "install", "remove", "update"}
#: Those that look at the channels, which conda refuses to list if one of them is not allowed.
LOOKING = {"config", "doctor", "env_export", "export", "info", "notices", "search"}
#: Those that take names of archives.
INSTALLING = {"create", "install", "update"}
#: Those that copy an environment.
COPYING = {"create", "rename"}


@hookimpl
def conda_subcommands() -> object:
    """The command `conda offline-repo`."""
    from .cli import SUMMARY, configure_parser, execute

    yield types.CondaSubcommand(
        name="offline-repo", summary=SUMMARY, action=execute, configure_parser=configure_parser
    )


@hookimpl
def conda_settings() -> object:
    """The settings `plugins.offline_repo_*`."""
    from .settings import settings

    yield from settings()


@hookimpl
def conda_pre_commands() -> object:
    """Leave out the channels that are configured besides an environment's repository, check the
    archives that a command names, and remember what a copy of an environment has to know.
    """

    def leave_out(command: str) -> None:
        from conda.base.context import context

        if command in CHANGING or context.allowlist_channels:
            from .customer.hooks.channels import leave_out_others

            leave_out_others(solving=command in CHANGING)

    def remember(_: str) -> None:
        from ._conda.commands import original

        if prefix := original():
            from .customer.hooks.channels import leave_out_others
            from .customer.hooks.copies import remember_state

            leave_out_others()
            remember_state(prefix)

    def check(_: str) -> None:
        from ._conda.commands import named_archives

        if archives := named_archives():
            from .customer.hooks.named import check_archives_of

            check_archives_of(archives)

    either = CHANGING | LOOKING
    yield types.CondaPreCommand(name="offline-repo-channels", action=leave_out, run_for=either)
    yield types.CondaPreCommand(name="offline-repo-files", action=check, run_for=INSTALLING)
    yield types.CondaPreCommand(name="offline-repo-copy", action=remember, run_for=COPYING)


@hookimpl
def conda_pre_solves() -> object:
    """Check and refresh the index of offline repositories before a solve."""
    from .customer.hooks.guard import prepare_solve

    yield types.CondaPreSolve(name="offline-repo-index", action=prepare_solve)


@hookimpl
def conda_post_solves() -> object:
    """Refuse to link what differs from its record."""
    from .customer.hooks.guard import check_solution

    yield types.CondaPostSolve(name="offline-repo-archives", action=check_solution)


@hookimpl(optionalhook=True)
def conda_pre_transaction_actions() -> object:
    """Refuse the same for what conda links without solving (conda 25.5 and newer)."""
    from .customer.hooks.explicit import CheckLinks

    yield types.CondaPreTransactionAction(name="offline-repo-archives", action=CheckLinks)


@hookimpl
def conda_post_commands() -> object:
    """Remember the release that an environment was installed from; end `conda_pre_commands`."""

    def finish(command: str) -> None:
        from conda.base.context import context

        if command in CHANGING - {"remove"}:
            from .customer.hooks.history_check import remember_release

            remember_release()
        if command in CHANGING or context.allowlist_channels:
            from .customer.hooks.channels import restore

            restore()

    def carry(_: str) -> None:
        from ._conda.commands import copy, original

        if original() and (prefix := copy()):
            from .customer.hooks.channels import restore
            from .customer.hooks.copies import carry_state

            restore()
            carry_state(prefix)

    either = CHANGING | LOOKING
    yield types.CondaPostCommand(name="offline-repo-release", action=finish, run_for=either)
    yield types.CondaPostCommand(name="offline-repo-copy", action=carry, run_for=COPYING)


@hookimpl
def conda_health_checks() -> object:
    """Let `conda doctor` check an environment that uses an offline repository."""
    from .cli.doctor import check

    yield types.CondaHealthCheck(name="offline-repo", action=check)
