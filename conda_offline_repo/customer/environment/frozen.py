"""Environments that are not to be changed: `conda-meta/frozen` (CEP 22)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..._conda import features
from ..exceptions import FrozenEnvironmentError
from .files import read_text

if TYPE_CHECKING:
    from pathlib import Path


def check_not_frozen(prefix: Path) -> None:
    """Refuse to change a frozen environment, unless conda was told to.

    Raises:
        CondaError: It is frozen; conda's own error, where this conda has it.
    """
    path = prefix / "conda-meta" / "frozen"
    if not features.protects_frozen() or not (path.is_symlink() or path.exists()):
        return
    try:
        message = json.loads(read_text(path))["message"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        message = ""
    own = features.frozen_error(prefix, message if isinstance(message, str) else "")
    raise own or FrozenEnvironmentError(prefix, message)
