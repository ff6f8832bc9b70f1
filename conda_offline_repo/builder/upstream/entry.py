"""The entry of an archive: the JSON object that stands for it in an index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...files.hashing import Digests
    from ...repository.package import Package, WheelOrigin

#: When a channel came to list an archive: CEP 47; Quetz (`quetz.repo_data`); other servers.
LISTED = frozenset({"indexed_timestamp", "time_modified", "created_at"})


@dataclass(frozen=True)
class Entry:
    """An archive that a solution needs.

    Attributes:
        record: The channel's own entry for it, key for key.
        public_url: Where it lies, without secrets.
        url: Where it is downloaded from, with the credentials of its channel.
        folder: The channel of the repository that it is for: empty for the repository itself, or
            `plugin/`.
        wheel: The wheel that it was made from, if it was; then the record is ours, the public URL
            that of the wheel, and the other where the archive lies on this machine.
        index_version: The version of the index format that it needs.
    """

    subdir: str
    file: str
    record: Mapping[str, Any] = field(repr=False)
    public_url: str
    url: str = field(repr=False)
    folder: str = ""
    wheel: WheelOrigin | None = None
    index_version: int = 1

    @property
    def name(self) -> str:
        """The archive's name in a repository: `subdir/file`, below the folder if it has one."""
        return f"{self.folder}{self.subdir}/{self.file}"

    @property
    def sha256(self) -> str | None:
        """The digest that the channel states, in lower case."""
        return stated_digest(self.record, "sha256")

    @property
    def md5(self) -> str | None:
        """The digest that the channel states, in lower case."""
        return stated_digest(self.record, "md5")

    @property
    def has_digest(self) -> bool:
        """Whether the channel states a digest, which its archive can be told by."""
        return bool(self.sha256 or self.md5)

    def has_bytes_of(self, other: Digests | Package) -> bool:
        """Return whether bytes are the archive, by the best digest that the channel states."""
        return other.sha256 == self.sha256 if self.sha256 else other.md5 == self.md5

    @property
    def size(self) -> int | None:
        """The bytes of the archive, if the channel states them."""
        size = self.record.get("size")
        return size if isinstance(size, int) else None


def as_published(entry: Entry, published: Mapping[str, Mapping[str, Any]]) -> Entry:
    """Return an entry as it is published already, if only the time of its listing is new.

    A channel that is made anew from the same archives lists them all anew, and nothing that matters
    to a customer has changed; by the earlier time, packages are not too new for him again.

    Args:
        entry: What its channel serves.
        published: The index entries of the release before, by `subdir/file`.
    """
    before = published.get(entry.name)
    if before is None or _lasting(before) != _lasting(entry.record):
        return entry
    return replace(entry, record=before)


def _lasting(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in LISTED}


def stated_digest(record: Mapping[str, Any], algorithm: str) -> str | None:
    """Return a digest of a record in lower case; None if it states none."""
    value = record.get(algorithm)
    return value.lower() if isinstance(value, str) and value else None
