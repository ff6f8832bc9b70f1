"""What `use` is asked for, and how it talks with who asks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..exceptions import InvalidRequestError

if TYPE_CHECKING:
    from ..files.web import Place
    from ..repository.locate import Repository
    from ..specs import PackageSpec
    from .configuration import Finding
    from .cooldown import HeldBack


@dataclass(frozen=True)
class UseRequest:
    """What `use` is to do; an InvalidRequestError if that contradicts itself.

    Attributes:
        path: The repository, in a folder or on a web server, or the folder above it.
        prefix: The environment, made or not.
        name: The environment's name or path as the user gave it; None for the active one.
        label: The repository's label, if the folder holds several.
        packages: The packages to install, or to update where they are installed.
        release: Bring the environment to just what this release installs.
        environment: Bring it to just what this environment of the label installs.
        trusted: Fingerprints of keys that are the vendor's.
        allow_older: Take an older release than the last one, or its number with other content.
        other_label: Take another label's repository than the last one.
        exempt: Exempt the repository from conda's settings `exclude_newer`.
        verify: Read and check every file of the repository; of one on a server, the indexes.
        policy: The file of a policy that nothing installed may break; None for the machine's alone.
        dry_run: Change nothing.
    """

    path: Place
    prefix: Path
    name: str | None = None
    label: str | None = None
    packages: tuple[PackageSpec, ...] = ()
    release: int | None = None
    environment: str | None = None
    trusted: tuple[str, ...] = ()
    allow_older: bool = False
    other_label: bool = False
    exempt: bool = False
    verify: bool = True
    policy: str | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.exact and self.packages:
            raise InvalidRequestError(
                "--release and --environment take no packages: the repository says which to "
                "install.",
                "Leave them out.",
            )
        for package in self.packages:
            if package != package.unqualified:
                raise InvalidRequestError(
                    f"{package!r} names a channel, but all comes from the repository.",
                    f"Give the package without it: {package.unqualified}",
                )

    @property
    def exact(self) -> bool:
        """Whether the environment is to have just the packages of a release."""
        return self.release is not None or self.environment is not None


class Dialog(Protocol):
    """Talks with the user while `use` works."""

    def warn(self, findings: tuple[Finding, ...]) -> None:
        """Show the findings, before anything is installed."""

    def wait(self, holder: str) -> None:
        """Say who works on the environment, so that `use` has to wait."""

    def trusts(self, repository: Repository) -> bool:
        """Ask whether the repository's key is the vendor's; `--yes` does not answer that."""

    def exempts(self, held_back: HeldBack) -> bool:
        """Ask whether the environment is to be exempted from conda's settings on the age of
        packages; `--yes` does not answer that.
        """

    def agree(self, transaction: Any) -> None:
        """Show conda's transaction, and ask whether to go on; raises what conda raises if not."""
