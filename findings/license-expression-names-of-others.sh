#!/usr/bin/env bash
# license-expression takes names that SPDX does not have, and refuses expressions that it has.
#
# Its SPDX licensing comes with ScanCode's names. So `GPL`, which leaves the version open, is taken for
# GPL-1.0-or-later, and a `LicenseRef-`, whose meaning is that of the document it stands in, for a
# licence of ScanCode's, also for one of SPDX: LicenseRef-MIT-Discord is MIT. Every other `LicenseRef-`
# is refused. So are the deprecated names that include an exception, which it takes for exceptions
# alone, and a plus after a version, SPDX's "or any later", which it takes for a part of the name. packaging, which implements the same for metadata
# of PyPI, decides otherwise in each case. cyclonedx-python-lib asks license-expression, and so writes
# `GPL` into a bill of materials as an SPDX expression.
#
# Seen with license-expression 30.4.4, packaging 26.3, cyclonedx-python-lib 11.12.0:
#                                 license-expression                        packaging
#     GPL                         GPL-1.0-or-later                          refused
#     BSD-2                       BSD-2-Clause                              refused
#     LicenseRef-MIT-Discord      MIT                                       LicenseRef-MIT-Discord
#     LicenseRef-LICENSE          LicenseRef-scancode-proprietary-license   LicenseRef-LICENSE
#     Nunit                       zlib-acknowledgement                      Nunit
#     GPL-3.0-with-GCC-exception  refused                                   the same
#     Apache-2.0+                 refused                                   the same
#     LicenseRef-HDF5             refused                                   the same
#     cyclonedx of GPL: LicenseExpression
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    license-expression==30.4.4 boolean.py==5.0 packaging==26.3 cyclonedx-python-lib==11.12.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from cyclonedx.contrib.license.factories import LicenseFactory
from license_expression import get_spdx_licensing
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

licensing = get_spdx_licensing()
REFUSED = "refused"
SCANCODE = "LicenseRef-scancode-proprietary-license"
#: By text: what license-expression makes of it, and packaging.
TEXTS = {
    "GPL": ("GPL-1.0-or-later", REFUSED),
    "BSD-2": ("BSD-2-Clause", REFUSED),
    "LicenseRef-MIT-Discord": ("MIT", "LicenseRef-MIT-Discord"),
    "LicenseRef-LICENSE": (SCANCODE, "LicenseRef-LICENSE"),
    "Nunit": ("zlib-acknowledgement", "Nunit"),
    "GPL-3.0-with-GCC-exception": (REFUSED, "GPL-3.0-with-GCC-exception"),
    "Apache-2.0+": (REFUSED, "Apache-2.0+"),
    "LicenseRef-HDF5": (REFUSED, "LicenseRef-HDF5"),
    "GPL-2.0-or-later": ("GPL-2.0-or-later", "GPL-2.0-or-later"),
}


def by_packaging(text):
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return REFUSED


for name in ("license-expression", "packaging", "cyclonedx-python-lib"):
    print(name, version(name))
seen = {}
for text in TEXTS:
    result = licensing.validate(text)
    seen[text] = (REFUSED if result.errors else result.normalized_expression), by_packaging(text)
    print(f"{text:27} {seen[text][0]:41} {seen[text][1]}")
written = LicenseFactory().make_from_string("GPL")
print("cyclonedx of GPL:", type(written).__name__)
sys.exit(seen != TEXTS or type(written).__name__ != "LicenseExpression" or written.value != "GPL")
PY
