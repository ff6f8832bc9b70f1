"""The packages of a bill of materials, and what may be said of them in public."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from conda.models.channel import Channel
from conda.models.records import PackageRecord

from ..repository.names import attestations_name
from ..urls import NETWORK, public_or

if TYPE_CHECKING:
    from ..repository.package import Attestations, Package
    from .contents import ListedWheel
    from .dependencies import Solved

#: The servers whose channels are named, without tokens, and how conda begins those names.
PUBLIC_HOSTS = {
    "conda.anaconda.org": "",
    "repo.anaconda.com": "",
    "prefix.dev": "https://prefix.dev/",
    "files.pythonhosted.org": "",
}
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"')]*")


def state_wheel(component: dict[str, Any], wheel: ListedWheel) -> None:
    """Let a component of a bill be known as of PyPI, which scanners look it up in."""
    qualifiers = f"checksum=sha256:{wheel.sha256}&file_name={quote(wheel.file)}"
    component["purl"] = f"{wheel.purl}?{qualifiers}"
    if url := _public(wheel.url):
        hashes = [{"alg": "SHA-256", "content": wheel.sha256}]
        reference = {"type": "distribution", "url": url, "hashes": hashes}
        component.setdefault("externalReferences", []).append(reference)


def state_attestations(component: dict[str, Any], archive: str, attestations: Attestations) -> None:
    """Let a component of a bill say where its attestations are in the repository, and whose."""
    by = ", ".join(map(str, attestations.verified))
    reference = {
        "type": "attestation",
        "url": quote(attestations_name(archive, attestations.sha256)),
        "hashes": [{"alg": "SHA-256", "content": attestations.sha256}],
        "comment": f"Verified when the release was built: by {by}" if by else "Not verified",
    }
    component.setdefault("externalReferences", []).append(reference)


class _Channel(Channel):
    """A channel with its own name, however conda is configured."""

    @property
    def canonical_name(self) -> str:
        return self.name


def record_of(solution: Solved, name: str, package: Package) -> PackageRecord:
    """Return a package of a solution as conda-sboms is to see it."""
    archive, entry = solution.archives[name], solution.entries[name]
    subdir, _, file = archive.rpartition("/")
    license, number = entry.get("license"), entry.get("build_number")
    url, channel = _origin(archive, package.url)
    return PackageRecord(
        name=entry["name"],
        version=entry["version"],
        build=entry["build"],
        build_number=number if isinstance(number, int) else 0,
        subdir=subdir,
        fn=file,
        url=url,
        channel=_Channel(name=channel),
        sha256=package.sha256,
        size=package.size,
        depends=[other for other in solution.needs[name] if other in solution.archives],
        **({"md5": package.md5} if package.md5 else {}),
        **({"license": _without_addresses(str(license))} if license else {}),
    )


def _origin(archive: str, url: str) -> tuple[str, str]:
    """Return the URL of an archive and the name of its channel, if its server is public."""
    address = _public(url)
    parts = urlsplit(address)
    path = parts.path.strip("/")
    name = path.removesuffix(f"/{archive}")
    if name == path:  # not a URL, or not in a channel
        return "", "<unknown>"
    return address, PUBLIC_HOSTS[parts.netloc] + name


def _public(url: str) -> str:
    """Return an address without secrets; empty if its server is not public."""
    address = public_or(url)
    parts = urlsplit(address)
    return address if parts.scheme in NETWORK and parts.netloc in PUBLIC_HOSTS else ""


def _without_addresses(text: str) -> str:
    """Return a text without addresses of private servers."""
    return ADDRESS.sub(lambda match: _public(match[0]) or "...", text)
