"""The log of a command, for a support desk: what it was, did and met, as lines with their time."""

from __future__ import annotations

import logging
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from conda import CondaError
from conda import __version__ as conda_version
from conda.base.context import context

from .._conda.conda_errors import text_of
from .._conda.solver import solver_text
from ..exceptions import InvalidRequestError
from ..printable import quoted
from ..streams import FilteredStream

log = logging.getLogger(__name__)


class _Lines(logging.Formatter):
    """Begins each line of a record, be it from outside, with its time in UTC and the process."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        start = f"{moment:%Y-%m-%dT%H:%M:%SZ} {os.getpid()} "
        start += "warning: " if record.levelno >= logging.WARNING else ""
        return "\n".join(start + line for line in super().format(record).splitlines() if line)


def run_logged(command: Callable[[], int], path: Path) -> int:
    """Run a command with its log at the end of a file, and return its exit status.

    Secrets are kept out of the log by `redaction.confined`, in which this runs. A disk that is full
    ends the log and not the command.

    Raises:
        InvalidRequestError: The file cannot be written; the command did not run.
    """
    try:
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        problem = f"The log {path} cannot be written: {error.strerror}. Nothing was done."
        raise InvalidRequestError(problem, "Name another file with --log.") from error
    with stream, _handled(logging.StreamHandler(FilteredStream(stream, str))):
        system = f"Python {platform.python_version()}, {platform.platform()}"
        versions = f"conda {conda_version}, solver {solver_text(context.solver)}, {system}"
        log.info("conda %s", quoted(*sys.argv[1:]))
        log.info("conda-offline-repo %s, %s", version("conda-offline-repo"), versions)
        status: object = 1
        try:
            status = result = command()
        except CondaError as error:
            status = error.return_code
            log.info("%s: %s", type(error).__name__, text_of(error))
            raise
        except SystemExit as error:
            status = error.code
            raise
        except BaseException as error:
            log.info("%s", type(error).__name__, exc_info=error)
            raise
        finally:
            log.info("exit status %s", status or 0)
    return result


@contextmanager
def _handled(handler: logging.Handler) -> Iterator[None]:
    """Hand to a handler what this package tells, and what others warn of."""
    handler.setFormatter(_Lines())
    own, root, conda = map(logging.getLogger, (__name__.partition(".")[0], None, "conda"))
    level, loggers = own.level, [root] if conda.propagate else [root, conda]
    own.setLevel(min(logging.INFO, own.getEffectiveLevel()))
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        own.setLevel(level)
