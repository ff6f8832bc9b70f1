"""The check of what conda links without solving, as from an explicit list (conda 25.5 and newer).

A module of its own, because older conda does not have the class to build on.
"""

from __future__ import annotations

from conda.core.path_actions import Action

from .guard import check_unpacked


class CheckLinks(Action):
    """Checks the archives behind a transaction before anything in the environment is changed."""

    def verify(self) -> Exception | None:
        """Check them; raises as `guard.check_unpacked` does."""
        check_unpacked(tuple(self.link_precs or ()), self.unlink_precs or ())
        self._verified = True
        return None

    def execute(self) -> None:
        """Check them now, if conda was told to skip the verification of transactions."""
        if not self._verified:
            self.verify()

    def reverse(self) -> None:
        """Nothing was done."""

    def cleanup(self) -> None:
        """Nothing is left."""
