"""Who attests that the packages of a release are theirs, verified with Sigstore's own library.

Each attestation is verified as CEP 27 says, without network: the signature and its entry in a log
against a trusted root, the statement against the archive. Who may attest what is not decided here.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...exceptions import InvalidRequestError
from ...repository import reading
from ...repository.package import Attester
from ...urls import public
from ..archives.attestations import Collected, read_bundles
from ..warnings import BuildWarning
from .exceptions import AttestationsError, SigstoreMissingError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from ...repository.manifest import Manifest
    from ..archives.archive import Archive
    from .plan import BuildPlan

STATEMENT = ("application/vnd.in-toto+json", "https://in-toto.io/Statement/v1")
PUBLISH = "https://schemas.conda.org/attestations-publish-1.schema.json"
#: Where Fulcio names the issuer of an identity: as a text of ASN.1, and earlier as bytes
#: (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
ISSUER, OLD_ISSUER = "1.3.6.1.4.1.57264.1.8", "1.3.6.1.4.1.57264.1.1"
#: A label of anaconda.org: it serves what is published to the channel.
LABEL = re.compile(r"/label/[^/]+$")
#: Characters of a reason; some libraries repeat what they were given.
LONGEST = 200


class Verifier:
    """Verifies attestations.

    Args:
        root: The file with a trusted root of Sigstore, `trusted_root.json`.

    Raises:
        SigstoreMissingError: Sigstore's library is not installed.
        InvalidRequestError: The file is not a trusted root, or cannot be read.
    """

    def __init__(self, root: Path) -> None:
        try:
            from cryptography.hazmat.asn1 import decode_der  # noqa: F401
            from sigstore.errors import Error
            from sigstore.models import TrustedRoot
            from sigstore.verify import Verifier as Sigstore
        except ImportError as error:
            raise SigstoreMissingError from error
        try:
            self._sigstore = Sigstore(trusted_root=TrustedRoot.from_file(str(root)))
        except (OSError, ValueError, Error) as error:
            raise InvalidRequestError(
                f"{root} cannot be used as a trusted root of Sigstore: {_reason(error)}.",
                "Give the trusted_root.json of the Sigstore that the packages are signed with.",
            ) from error

    def verify(self, bundle: Any, archive: Archive) -> tuple[Attester, str] | None:
        """Return who attests the publication of an archive, and the channel that is named for it,
        if any; None for an attestation of another kind.

        Raises:
            Exception: It is not valid, or of another archive.
        """
        from sigstore.models import Bundle

        parsed = Bundle.from_json(json.dumps(bundle))
        kind, payload = self._sigstore.verify_dsse(parsed, _Anybody())
        statement = reading.load(payload)
        try:
            if statement["predicateType"] != PUBLISH:
                return None
            (subject,) = statement["subject"]
            name, sha256 = subject["name"], subject["digest"]["sha256"]
            predicate = statement.get("predicate")
            channel = "" if predicate is None else predicate["targetChannel"]
            if (kind, statement["_type"]) != STATEMENT or (
                predicate and channel != public(channel)
            ):
                raise ValueError
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError("its statement is not one of CEP 27") from None
        if name != archive.name.rpartition("/")[2]:
            raise ValueError(f"it is of {name!r}")
        # the archives of a dry run may have none
        if archive.sha256 and sha256 != archive.sha256:
            raise ValueError(f"it is of an archive with the SHA-256 digest {sha256}")
        return _attester(parsed.signing_certificate), channel


class _Anybody:
    """A policy of Sigstore's library that allows all identities."""

    def verify(self, cert: Certificate) -> None:
        pass


def attesters(
    plan: BuildPlan, archives: Iterable[Archive], collected: Collected, verifier: Verifier | None
) -> tuple[dict[str, tuple[Attester, ...]], tuple[BuildWarning, ...]]:
    """Return whose attestations of the archives are verified, by archive, and warnings.

    What an earlier build has verified stays so as long as nothing of it changes.

    Args:
        plan: Of the release.
        archives: All that it has.
        collected: Their attestations.
        verifier: Verifies these; None to let them be.

    Raises:
        AttestationsError: Some are missing, or none of an archive's is right; names all.
    """
    verified: dict[str, tuple[Attester, ...]] = {}
    problems = dict(collected.missing)
    doubts: list[str] = []
    urls = {entry.name: entry.public_url for entry in plan.all_entries}
    for archive in archives:
        name = archive.name
        file = collected.files.get(name)
        if file is None:
            continue
        if verifier is None:
            verified[name] = _verified_before(archive, file, plan.last)
            continue
        valid, invalid = _verified(verifier, archive, file)
        verified[name] = tuple(dict.fromkeys(attester for attester, _ in valid))
        if not valid:
            problems[name] = "; ".join(invalid) or "none of them is of a publication (CEP 27)"
            continue
        doubts += [f"{name}: {reason}" for reason in invalid]
        own = LABEL.sub("", urls[name].rsplit("/", 2)[0])
        channels = {LABEL.sub("", channel) for _, channel in valid}
        if channels.isdisjoint((own, "")):
            doubts.append(f"{name}: it was published for {min(channels)}, and comes from {own}")
    if verifier and problems:
        raise AttestationsError(problems)
    if verifier and not verified:
        text = "No package of the release has attestations, so there are none to verify."
        return verified, (BuildWarning("no-attestations", text),)
    warnings = []
    if problems:
        text = (
            "The index states attestations of packages that cannot be had, so these are shipped "
            f"without: {_listed(problems)}. Ask the owner of the channel."
        )
        warnings.append(BuildWarning("no-attestations", text))
    if doubts:
        text = (
            "Not all of the attestations fit, though each package has one that is verified: "
            f"{'; '.join(doubts)}."
        )
        warnings.append(BuildWarning("doubtful-attestations", text))
    return verified, tuple(warnings)


def _verified(
    verifier: Verifier, archive: Archive, file: Archive
) -> tuple[list[tuple[Attester, str]], list[str]]:
    """Return what `Verifier.verify` says of the attestations of a file, and why others fail."""
    valid, invalid = [], []
    bundles = read_bundles(file.path)
    for number, bundle in enumerate(bundles, 1):
        try:
            result = verifier.verify(bundle, archive)
        except Exception as error:  # the libraries have many for what somebody made up
            of = f"attestation {number} of {len(bundles)}: " if len(bundles) > 1 else ""
            invalid.append(f"{of}{_reason(error)}")
        else:
            valid += [result] if result else []
    return valid, invalid


def _verified_before(
    archive: Archive, file: Archive, last: Manifest | None
) -> tuple[Attester, ...]:
    package = last.packages.get(archive.name) if last else None
    before = package.attestations if package and package.sha256 == archive.sha256 else None
    return before.verified if before and before.sha256 == file.sha256 else ()


def _attester(certificate: Certificate) -> Attester:
    """Return whom a certificate of Fulcio names.

    Raises:
        ValueError: It names nobody, or several.
    """
    from cryptography import x509
    from cryptography.hazmat.asn1 import decode_der

    values = {extension.oid.dotted_string: extension.value for extension in certificate.extensions}
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    try:
        (identity,) = (
            *names.get_values_for_type(x509.UniformResourceIdentifier),
            *names.get_values_for_type(x509.RFC822Name),
            *(decode_der(str, name.value) for name in names.get_values_for_type(x509.OtherName)),
        )
        new = values.get(ISSUER)
        issuer = decode_der(str, new.value) if new else values[OLD_ISSUER].value.decode()
        return Attester(reading.text(identity), reading.text(issuer))
    except (KeyError, ValueError):
        raise ValueError("its certificate does not say who signed it") from None


def _listed(reasons: Mapping[str, str]) -> str:
    """Return the archives by the reason, in one line."""
    names = defaultdict(list)
    for name, reason in sorted(reasons.items()):
        names[reason].append(name)
    return "; ".join(f"{', '.join(listed)} ({reason})" for reason, listed in names.items())


def _reason(error: Exception) -> str:
    """Return the beginning of what an error says, in one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
