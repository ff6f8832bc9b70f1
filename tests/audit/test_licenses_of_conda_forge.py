"""Licences as records of conda-forge state them, the odd ones too, and what rules make of them."""

from __future__ import annotations

import pytest

from conda_offline_repo.audit.licenses import LicenseRules, judge_license
from tests.audit.conda_forge import RECORDS

pytest.importorskip("license_expression", reason="license-expression is not installed")

ALLOW, WARN, DENY = "allow", "warn", "deny"
#: In place of the names of SPDX.
UNKNOWN, MISSING = "unknown", "missing"
INTEL = "LicenseRef-IntelSimplifiedSoftwareOct2022"
UNRAR = "LicenseRef-LGPL-2.1-or-later-with-unRAR-restriction"
METIS = "GPL v2 (UMFPACK, RBIO, SPQR, GPUQRENGINE), Apache 2.0 (Metis)"
GCC = "GPL-3.0-only WITH GCC-exception-3.1"

#: A bank: no GPL-3, whatever else.
BANK = LicenseRules(deny=("AGPL-3.0-or-later", "GPL-3.0-or-later"), unknown=WARN, missing=WARN)
#: A ministry: these and no others.
MINISTRY = LicenseRules(
    allow=(
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "HPND", "ISC", "MIT", "MPL-2.0"),
        *("PSF-2.0", "Python-2.0", "Zlib", "LGPL-2.1-or-later", GCC, "LicenseRef-Public-Domain"),
    ),
    unknown=DENY,
    missing=DENY,
)

#: What a record states; the names of SPDX in it, or what it is instead; the outcome at the bank,
#: and at the ministry. By hand, after the list of SPDX.
LICENSES: tuple[tuple[str | None, str, str, str], ...] = (
    ("MIT", "MIT", ALLOW, ALLOW),
    ("HPND", "HPND", ALLOW, ALLOW),
    ("ISC", "ISC", ALLOW, ALLOW),
    ("0BSD", "0BSD", ALLOW, ALLOW),
    ("Python-2.0", "Python-2.0", ALLOW, ALLOW),
    ("ZLIB", "Zlib", ALLOW, ALLOW),
    ("Gnuplot", "gnuplot", ALLOW, DENY),
    ("TCL", "TCL", ALLOW, DENY),
    ("GD", "GD", ALLOW, DENY),
    ("Qhull", "Qhull", ALLOW, DENY),
    ("blessing", "blessing", ALLOW, DENY),
    ("curl", "curl", ALLOW, DENY),
    ("bzip2-1.0.6", "bzip2-1.0.6", ALLOW, DENY),
    ("zlib-acknowledgement", "zlib-acknowledgement", ALLOW, DENY),
    ("Linux-OpenIB", "Linux-OpenIB", ALLOW, DENY),
    ("JasPer-2.0", "JasPer-2.0", ALLOW, DENY),
    ("JasPer 2.0", UNKNOWN, WARN, DENY),
    # a licence with an exception is not the licence alone
    ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception", ALLOW, ALLOW),
    (GCC, GCC, DENY, ALLOW),
    (GCC.replace("only", "or-later"), GCC.replace("only", "or-later"), DENY, DENY),
    ("GPL-2.0-only WITH GCC-exception-2.0", "GPL-2.0-only WITH GCC-exception-2.0", ALLOW, DENY),
    (
        "GPL-2.0-or-later WITH Classpath-exception-2.0",
        "GPL-2.0-or-later WITH Classpath-exception-2.0",
        *(ALLOW, DENY),
    ),
    (
        "LGPL-2.0-or-later AND LGPL-2.0-or-later WITH exceptions AND GPL-2.0-or-later",
        *(UNKNOWN, WARN, DENY),
    ),
    # older and newer names of the same
    ("GPL-3.0-only", "GPL-3.0-only", DENY, DENY),
    ("GPL-3.0-or-later", "GPL-3.0-or-later", DENY, DENY),
    ("GPL-3.0", "GPL-3.0-only", DENY, DENY),
    ("GPL-3", UNKNOWN, WARN, DENY),
    ("AGPL-3.0-only", "AGPL-3.0-only", DENY, DENY),
    ("LGPL-3.0", "LGPL-3.0-only", ALLOW, DENY),
    ("GPL-2.0", "GPL-2.0-only", ALLOW, DENY),
    ("GPL-2.0-or-later", "GPL-2.0-or-later", ALLOW, DENY),
    ("LGPL-2.1 and GPL-2.0", "LGPL-2.1-only AND GPL-2.0-only", ALLOW, DENY),
    # of a GPL without a version, any may be chosen: so says its text
    ("GPL", "GPL-1.0-or-later", ALLOW, DENY),
    ("GPL-2.1-or-later AND LGPL-2.1-or-later AND MIT", UNKNOWN, WARN, DENY),
    # what there is to choose
    ("GPL-2.0-or-later OR LGPL-3.0-or-later", "GPL-2.0-or-later OR LGPL-3.0-or-later", ALLOW, DENY),
    ("GPL-3.0-only OR LGPL-3.0-only", "GPL-3.0-only OR LGPL-3.0-only", ALLOW, DENY),
    ("GPL-2.0 OR EPL-1.0", "GPL-2.0-only OR EPL-1.0", ALLOW, DENY),
    ("MPL-2.0 or MIT", "MPL-2.0 OR MIT", ALLOW, ALLOW),
    ("LGPL-2.1-only or MPL-1.1", "LGPL-2.1-only OR MPL-1.1", ALLOW, DENY),
    (
        "GPL-2.0-or-later OR GPL-3.0-or-later OR FreeImage",
        "GPL-2.0-or-later OR GPL-3.0-or-later OR FreeImage",
        *(ALLOW, DENY),
    ),
    (
        "BSD-3-Clause AND (GPL-2.0-only OR GPL-3.0-only)",
        "BSD-3-Clause AND GPL-2.0-only OR GPL-3.0-only",
        *(ALLOW, DENY),
    ),
    ("GPLv2 OR GPLv3 OR FreeImage", UNKNOWN, ALLOW, DENY),
    ("LicenseRef-Public-Domain OR MIT", UNKNOWN, ALLOW, ALLOW),
    ("LicenseRef-Commercial or GPL-3.0-only", UNKNOWN, WARN, DENY),
    # what there is not to choose
    ("MIT and PSF-2.0", "MIT AND PSF-2.0", ALLOW, ALLOW),
    ("BSD-3-Clause and MIT-CMU", "BSD-3-Clause AND MIT-CMU", ALLOW, DENY),
    ("MIT AND BSD-3-Clause-Clear", "MIT AND BSD-3-Clause-Clear", ALLOW, DENY),
    ("IJG AND BSD-3-Clause AND Zlib", "IJG AND BSD-3-Clause AND Zlib", ALLOW, DENY),
    (
        "LGPL-2.1-or-later AND GPL-3.0-or-later",
        "LGPL-2.1-or-later AND GPL-3.0-or-later",
        *(DENY, DENY),
    ),
    ("MIT AND LicenseRef-Public-Domain", UNKNOWN, WARN, ALLOW),
    (f"LGPL-2.1-or-later AND {UNRAR}", UNKNOWN, WARN, DENY),
    ("BSD-2-Clause and LicenseRef-Python-2.1.1 and GPL-3.0-or-later", UNKNOWN, DENY, DENY),
    ("BSD-3-Clause and GPL-2.0-only and ZPL-2.0 and LicenseRef-ElementTree", UNKNOWN, WARN, DENY),
    # licences of their own
    ("LicenseRef-Public-Domain", UNKNOWN, WARN, ALLOW),
    ("LicenseRef-Proprietary", UNKNOWN, WARN, DENY),
    (INTEL, UNKNOWN, WARN, DENY),
    ("LicenseRef-NVIDIA-End-User-License-Agreement", UNKNOWN, WARN, DENY),
    # what is not SPDX
    ("Apache 2.0", UNKNOWN, WARN, DENY),
    ("Apache  2.0", UNKNOWN, WARN, DENY),
    ("BSD", UNKNOWN, WARN, DENY),
    ("BSD 3-clause", UNKNOWN, WARN, DENY),
    ("Modified BSD", UNKNOWN, WARN, DENY),
    ("EPL v1.0", UNKNOWN, WARN, DENY),
    ("LGPL", UNKNOWN, WARN, DENY),
    ("LGPL3", UNKNOWN, WARN, DENY),
    ("GPL v2+", UNKNOWN, WARN, DENY),
    ("GPL and LGPL", UNKNOWN, WARN, DENY),
    ("GPL 2 and LGPL3", UNKNOWN, WARN, DENY),
    ("GNU Lesser General Public v2 or later (LGPLv2+)", UNKNOWN, WARN, DENY),
    ("SGI-2", UNKNOWN, WARN, DENY),
    ("PUBLIC-DOMAIN", UNKNOWN, WARN, DENY),
    ("Unlimited", UNKNOWN, WARN, DENY),
    ("custom", UNKNOWN, WARN, DENY),
    ("Non-free for commercial use", UNKNOWN, WARN, DENY),
    ("Ubuntu Font Licence Version 1.0", UNKNOWN, WARN, DENY),
    # signs that no expression has
    ("MIT/X11 Derivative", UNKNOWN, WARN, DENY),
    ("Public Domain/BSD 2-Clause", UNKNOWN, WARN, DENY),
    ("Tcl/Tk", UNKNOWN, WARN, DENY),
    ("MIT, BSD", UNKNOWN, WARN, DENY),
    ("Qwt, Version 1.0", UNKNOWN, WARN, DENY),
    ("GPL, LGPL, FDL, custom", UNKNOWN, WARN, DENY),
    ("LGPL2, documentation:GPL3", UNKNOWN, WARN, DENY),
    ("GPL3+, partial:GCCRLE, partial:LGPL2+", UNKNOWN, WARN, DENY),
    (f"LGPL v2 (AMD, BTF, etc), BSD 3-clause (UFget), {METIS}", UNKNOWN, WARN, DENY),
    # none at all
    ("None", MISSING, WARN, DENY),
    (None, MISSING, WARN, DENY),
)
#: What has a licence that is not of SPDX, and another to choose instead.
CHOSEN = (
    "GPLv2 OR GPLv3 OR FreeImage",
    "LicenseRef-Public-Domain OR MIT",
    "LicenseRef-Commercial or GPL-3.0-only",
)
CLASSES = {stated: names for stated, names, _, _ in LICENSES}


def test_at_least_sixty_are_looked_at() -> None:
    assert len(CLASSES) == len(LICENSES) >= 60


@pytest.mark.parametrize(("stated", "names", "bank", "ministry"), LICENSES)
def test_two_customers_decide(stated: str | None, names: str, bank: str, ministry: str) -> None:
    outcomes = judge_license(BANK, stated)[0], judge_license(MINISTRY, stated)[0]

    assert outcomes == (bank, ministry)


@pytest.mark.parametrize(("stated", "names"), CLASSES.items())
def test_it_is_of_spdx_unknown_or_missing(stated: str | None, names: str) -> None:
    """Each class has an outcome of its own, and no rule names a licence."""
    rules = LicenseRules(unknown=DENY, missing=WARN)
    expected = {UNKNOWN: DENY, MISSING: WARN}.get(names, ALLOW)
    if stated in CHOSEN:
        expected = ALLOW

    assert judge_license(rules, stated)[0] == expected


@pytest.mark.parametrize(
    ("stated", "names"),
    [pair for pair in CLASSES.items() if pair[1] not in (UNKNOWN, MISSING)],
)
def test_its_names_are_those_of_spdx(stated: str, names: str) -> None:
    """Who allows just these names allows it; who denies them all denies it."""
    each = tuple(names.replace(" OR ", " AND ").split(" AND "))

    assert judge_license(LicenseRules(allow=each, unknown=DENY), stated)[0] == ALLOW
    assert judge_license(LicenseRules(deny=each), stated)[0] == DENY


def test_the_records_at_hand_are_classified() -> None:
    """What the other tests' records state is decided without an error; few are not of SPDX."""
    stated = {record.get("license") for record in RECORDS.values()}
    rules = LicenseRules(unknown=DENY, missing=WARN)
    odd = {text for text in stated if judge_license(rules, text)[0] != ALLOW}

    assert odd == {
        *(None, "LicenseRef-Public-Domain", "LicenseRef-PIL", INTEL),
        "LicenseRef-MicrosoftWindowsSDK10",
        "LicenseRef-MicrosoftVisualCpp2015-2022Runtime",
    }
