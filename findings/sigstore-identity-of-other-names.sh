#!/usr/bin/env bash
# sigstore's policy for an identity never allows a name that Fulcio has in an OtherName.
#
# For issuers of user names, Fulcio makes identities such as `alice!example.com` and puts them into the
# certificate as an OtherName of type 1.3.6.1.4.1.57264.1.7, a UTF8String. cryptography gives the value
# of an OtherName as DER, that is with tag and length before the text. `policy.Identity` decodes it as
# it is, so it compares what is asked for with "\x0c\x11alice!example.com": only who writes these two
# characters before the name finds it. For URLs and e-mail addresses, which cryptography gives as
# texts, it does what it says.
#
# Seen with sigstore 4.5.1, cryptography 50.0.2:
#     alice@example.com: allowed
#     alice!example.com: Certificate's SANs do not match ...; actual SANs: {'\x0c\x11alice!example.com'}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: sigstore==4.5.1 cryptography==50.0.2
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import sys
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sigstore.errors import VerificationError
from sigstore.verify import policy

KIND = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


def answer(identity, name):
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .sign(key, hashes.SHA256())
    )
    try:
        policy.Identity(identity=identity).verify(certificate)
    except VerificationError as error:
        return str(error)
    return "allowed"


address, user = "alice@example.com", "alice!example.com"
seen = {
    address: answer(address, x509.RFC822Name(address)),
    user: answer(user, x509.OtherName(KIND, asn1.encode_der(user))),
}
for identity, text in seen.items():
    print(f"{identity}: {text}")
sys.exit(seen[address] != "allowed" or repr(f"\x0c\x11{user}") not in seen[user])
PY
