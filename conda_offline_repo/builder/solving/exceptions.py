"""What a solver chose and cannot become a release; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context
from conda.common.io import dashlist

from ...repository.manifest import key_parts
from ..exceptions import UnfitEntryError
from ..request.machine import can_be

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..._conda.machine import Unmet


class MisfitError(UnfitEntryError):
    """Packages for an environment that need others than are there, or another machine.

    Args:
        key: What the manifest calls the environment and platform.
        demands: What is not met.
        archives: By `subdir/file`, of which packages a solver chose, and what of them is not met;
            none if the packages are named exactly.

    Attributes:
        archives: These.
    """

    def __init__(
        self, key: str, demands: Sequence[Unmet], archives: Mapping[str, str] | None = None
    ) -> None:
        self.archives = archives or {}
        names = sorted({demand.virtual_package for demand in demands} - {""})
        problem, hints = "do not go together", []
        if all(demand.virtual_package for demand in demands):
            problem = "cannot be installed on the customer's machine, as far as it is stated"
        if names:
            platform = key_parts(key)[1]
            options = " ".join(f"--virtual-package {name}=VERSION" for name in names)
            elsewhere = " or ".join(name for name in names if not can_be(platform, name))
            hints.append(
                f"No machine of {platform} has {elsewhere}."
                if elsewhere
                else f"If the machine has another {' and '.join(names)}, say so: {options}."
            )
        if archives:
            hints.append(
                f"The {context.solver} solver chose them all the same: it passes over such a "
                "demand, or reads it in another way than conda. Ask for other packages or "
                "versions, or choose another solver with --solver."
            )
        else:
            hints.append(
                "Make the list or lock file anew from a working environment of such a machine, or "
                "name the packages to have them solved."
            )
        super().__init__(
            f"These packages for {key} {problem}:{dashlist(demands)}",
            *hints,
            "Nothing was published.",
        )
