"""The scripts of a repository, run as the customer types them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.running import Conda


def run_script(
    customer: Conda,
    command: str | Sequence[str | Path],
    status: int,
    *,
    errors: Literal["strict", "replace"] = "replace",
    cwd: Path | str | None = None,
    timeout: int = 120,
) -> subprocess.CompletedProcess[str]:
    """Run it, with the customer's variables and nothing on standard input, and see how it ends.

    Args:
        errors: What becomes of output that is not UTF-8.
        timeout: Seconds.
    """
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=cwd or customer.work,
        encoding="utf-8",
        errors=errors,
        env=customer.variables,
        timeout=timeout,
    )
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    return done
