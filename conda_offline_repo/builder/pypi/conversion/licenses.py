"""The licence of a project as SPDX names it, if its metadata says so."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

#: SPDX names of PyPI's classifiers, and of what projects write in their place, in lower case.
SPDX = {
    **dict.fromkeys(("apache", "apache 2", "apache 2.0", "apache license"), "Apache-2.0"),
    **dict.fromkeys(("apache license 2.0", "apache license, version 2.0"), "Apache-2.0"),
    "apache software license": "Apache-2.0",
    "bsd 2-clause": "BSD-2-Clause",
    **dict.fromkeys(("bsd 3-clause", "3-clause bsd license", "new bsd"), "BSD-3-Clause"),
    "boost software license 1.0 (bsl-1.0)": "BSL-1.0",
    "cc0 1.0 universal (cc0 1.0) public domain dedication": "CC0-1.0",
    "eclipse public license 2.0 (epl-2.0)": "EPL-2.0",
    "european union public licence 1.2 (eupl 1.2)": "EUPL-1.2",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu lesser general public license v2 (lgplv2)": "LGPL-2.0-only",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.0-or-later",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
    **dict.fromkeys(("isc license", "isc license (iscl)"), "ISC"),
    **dict.fromkeys(("mit license", "the mit license", "the mit license (mit)"), "MIT"),
    "mit no attribution license (mit-0)": "MIT-0",
    "mozilla public license 1.1 (mpl 1.1)": "MPL-1.1",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    **dict.fromkeys(("psf license", "python software foundation license"), "PSF-2.0"),
    "the unlicense (unlicense)": "Unlicense",
    "universal permissive license (upl)": "UPL-1.0",
    "zlib/libpng license": "Zlib",
    "zope public license": "ZPL-2.1",
}
#: The beginning of the classifiers that are about licences.
CLASSIFIER = "License :: "
#: Letters; what is longer is a licence's text.
LONGEST_NAME = 100


def license_of(expression: str | None, name: str | None, classifiers: Iterable[str]) -> str | None:
    """Return the licence of a project, in SPDX's words if they are known, or None.

    Args:
        expression: Its metadata's `License-Expression`.
        name: Its `License`, which may be the whole text.
        classifiers: Its `Classifier` fields.
    """
    if expression:
        return expression
    short = (name or "").strip().strip('"')
    if not 0 < len(short) <= LONGEST_NAME or "\n" in short or short.lower() == "unknown":
        short = ""
    if known := _spdx(short):
        return known
    stated = [c.split(" :: ")[-1] for c in classifiers if c.startswith(CLASSIFIER)]
    stated = [name for name in stated if name != "OSI Approved"]
    names = [_spdx(name) for name in stated]
    if names and None not in names:
        return " OR ".join(sorted({name for name in names if name}))
    return short or ", ".join(stated) or None


def _spdx(name: str) -> str | None:
    if known := SPDX.get(name.lower()):
        return known
    with suppress(InvalidLicenseExpression):
        return str(canonicalize_license_expression(name)) if name else None
    return None
