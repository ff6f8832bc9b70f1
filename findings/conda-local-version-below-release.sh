#!/usr/bin/env bash
# Version 1.2+cpu is at least 1.2 for packages of PyPI, and below 1.2 for conda.
#
# A wheel's version may end in a local part, as torch's `2.9.0+cpu`. For PyPI's rules, which packaging
# implements, `1.2+cpu` is 1.2 or later: `==1.2` and `>=1.2` take it. conda compares letters after the
# plus as it does those of a pre-release: `1.2+cpu` comes before 1.2, and only `<1.2` takes it. With a
# number after the plus, as in `1.2+1`, the version comes after 1.2, and `>=1.2` takes it. rattler does
# as conda does. So a condition that is copied from a wheel to a conda package, with the version of what
# it is about, means something else there.
#
# Seen with packaging 26.3, py-rattler 0.26.0, and conda 24.7.1 as conda-lock 4.0.3 carries it:
#                        packaging  conda  rattler
#     1.2+cpu for ==1.2  True       False  False
#     1.2+cpu for >=1.2  True       False  False
#     1.2+cpu for <1.2   False      True   True
#     1.2+1   for ==1.2  True       False  False
#     1.2+1   for >=1.2  True       True   True
#     1.2+1   for <1.2   False      False  False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    packaging==26.3 py-rattler==0.26.0 conda-lock==4.0.3
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import sys

import packaging
import rattler
from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.models.version import VersionSpec
from packaging.specifiers import Specifier

programs = {
    "packaging": lambda spec, version: Specifier(spec).contains(version),
    "conda": lambda spec, version: VersionSpec(spec).match(version),
    "rattler": lambda spec, version: rattler.VersionSpec(spec).matches(rattler.Version(version)),
}
print("packaging", packaging.__version__, "conda", __version__, "rattler", rattler.__version__)
print(f"{'':18} {'packaging':10} {'conda':6} rattler")
seen = []
for version in ("1.2+cpu", "1.2+1"):
    for spec in ("==1.2", ">=1.2", "<1.2"):
        taken = [takes(spec, version) for takes in programs.values()]
        print(f"{version:7} for {spec:6}", f"{taken[0]!s:10} {taken[1]!s:6} {taken[2]}")
        seen.append(taken)
yes, no = True, False
letters = [[yes, no, no], [yes, no, no], [no, yes, yes]]
number = [[yes, no, no], [yes, yes, yes], [no, no, no]]
sys.exit(seen != letters + number)
PY
