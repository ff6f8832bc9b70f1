"""The hooks that conda calls.

conda imports this module on every start, so it imports nothing at module level but `hookimpl`.
"""

from conda.plugins import hookimpl


@hookimpl
def conda_subcommands():  # type: ignore[no-untyped-def]
    """The command `conda offline-repo`."""
    from conda.plugins.types import CondaSubcommand

    from .cli import SUMMARY, configure_parser, execute

    yield CondaSubcommand(
        name="offline-repo", summary=SUMMARY, action=execute, configure_parser=configure_parser
    )


@hookimpl
def conda_settings():  # type: ignore[no-untyped-def]
    """The setting `plugins.offline_repo_root`."""
    from .settings import settings

    yield from settings()
