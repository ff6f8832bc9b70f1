"""The builds of one command: of one label, or of many, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conda import CondaError

from ..exceptions import CrashError, OfflineRepoError
from .build import build
from .config.hints import for_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..progress import Progress
    from .options import Options
    from .outcome import BuildOutcome
    from .run import Run


@dataclass(frozen=True)
class Result:
    """What became of a label: its outcome, or the error that left its repository as it was."""

    label: str
    outcome: BuildOutcome | None = None
    error: CondaError | None = None


def build_one(
    options: Options, progress: Progress, run: Run, *, dry_run: bool = False, more: bool = False
) -> BuildOutcome:
    """Build a label, and list it on the page of its root; see `build`.

    Args:
        more: Whether other builds of the command follow. If nothing has changed, the root's page is
            left to them.
    """
    outcome = build(options, progress, run, dry_run=dry_run)
    if dry_run or (more and not outcome.changed):
        return outcome
    warnings = run.overview.refresh(progress)
    return replace(outcome, warnings=(*outcome.warnings, *warnings))


def build_all(
    builds: Sequence[Options], progress: Progress, run: Run, *, dry_run: bool = False
) -> Iterator[Result]:
    """Build each label of a file as `build_one`, and yield its result; one that fails does not stop
    the others. Hints name the keys of the file.
    """
    for number, options in enumerate(builds, 1):
        more = number < len(builds)
        progress.step(f"Label {options.label}")
        try:
            outcome = build_one(options, progress, run, dry_run=dry_run, more=more)
            warnings = (replace(w, text=for_file(w.text)) for w in outcome.warnings)
            yield Result(options.label, replace(outcome, warnings=tuple(warnings)))
        except CondaError as error:
            if isinstance(error, OfflineRepoError):
                error.hints = tuple(map(for_file, error.hints))
            yield Result(options.label, error=error)
        except Exception as error:  # a fault of ours in one label is no reason to drop the others
            crash = CrashError(f"{type(error).__name__}: {error}")
            crash.__cause__ = error
            yield Result(options.label, error=crash)
