"""The builds of one command: of one label, or of many, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from conda import CondaError

from ..exceptions import CrashError, OfflineRepoError
from .ahead import PlansAhead
from .build import build
from .config.hints import for_file

if TYPE_CHECKING:
    from ..repository.manifest import Manifest
    from .options import Options
    from .outcome import BuildOutcome
    from .release.plan import BuildPlan
    from .run import Run
    from .warnings import BuildWarning


@dataclass(frozen=True)
class Result:
    """What became of a label.

    Attributes:
        outcome: If it was built.
        error: Otherwise; its repository is as it was.
        warnings: Of the root's page, where they are not in the outcome.
    """

    label: str
    outcome: BuildOutcome | None = None
    error: CondaError | None = None
    warnings: tuple[BuildWarning, ...] = ()


def build_one(run: Run) -> BuildOutcome:
    """Build the only label of a command, and list it on the page of its root; see `build`."""
    outcome = build(run.builds[0], run)
    warnings = () if run.dry_run else run.overview.refresh(run.progress)
    return replace(outcome, warnings=(*outcome.warnings, *warnings))


def build_all(run: Run) -> Iterator[Result]:
    """Build each label of a file, and yield its result; one that fails does not stop the others.

    The page of the root lists them when the last one is built. Hints name the keys of the file.
    """
    with closing(PlansAhead(run)) as plans:
        for number, options in enumerate(run.builds):
            run.progress.step(f"Label {options.label}")
            plans.turn(number)
            result = _built(options, run, partial(plans.plan, number))
            if options is run.builds[-1] and not run.dry_run:
                warnings = run.overview.refresh(run.progress)
                if outcome := result.outcome:
                    outcome = replace(outcome, warnings=(*outcome.warnings, *warnings))
                    result = replace(result, outcome=outcome)
                else:
                    result = replace(result, warnings=warnings)
            yield result


def _built(
    options: Options, run: Run, ahead: Callable[[Manifest | None], BuildPlan | None]
) -> Result:
    try:
        outcome = build(options, run, ahead)
        warnings = (replace(w, text=for_file(w.text)) for w in outcome.warnings)
        return Result(options.label, replace(outcome, warnings=tuple(warnings)))
    except CondaError as error:
        if isinstance(error, OfflineRepoError):
            error.hints = tuple(map(for_file, error.hints))
        return Result(options.label, error=error)
    except Exception as error:  # a fault of ours in one label is no reason to drop the others
        crash = CrashError(f"{type(error).__name__}: {error}")
        crash.__cause__ = error
        return Result(options.label, error=crash)
