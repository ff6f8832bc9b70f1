#!/usr/bin/env bash
# conda runs, for a package, a link script that another package brought.
#
# A package may have a script that conda runs after it is linked, `bin/.NAME-post-link.sh`. conda
# looks for the file of that name in the environment, whichever package it belongs to. A package
# without any script, installed together with one that has a file of its name, so runs that file;
# and whoever lists what a package runs has to look for the scripts of all names, not of its own.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and with two such packages that conda 24.7.1
# and 26.7.1 installed, on Linux.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    conda-lock==4.0.3 archspec==0.2.7 boltons==26.2.0 conda-package-handling==2.6.0 \
    frozendict==2.5.1 pluggy==1.7.0 pycosat==0.6.6 tqdm==4.70.1
cd "$folder"
export HOME=$folder CONDA_PKGS_DIRS=$folder/pkgs CONDA_SUBDIR=linux-64 CONDA_QUIET=1
"$folder/venv/bin/python" - <<'PY'
import sys
from contextlib import redirect_stdout
from pathlib import Path

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context
from conda_lock._vendor.conda.core.link import run_script
from conda_lock._vendor.conda.models.records import PackageRecord

context.__init__()
prefix = Path("env").absolute()
(prefix / "bin").mkdir(parents=True)
# as the package `other` brings it, which has no script of its own name
(prefix / "bin" / ".plain-post-link.sh").write_text('echo "$PKG_NAME" >> "$PREFIX/ran"\n')
for name in ("other", "plain"):
    package = {"name": name, "version": "1.0", "build": "0", "build_number": 0}
    record = PackageRecord(**package, subdir="noarch", fn=f"{name}-1.0-0.conda")
    with redirect_stdout(sys.stderr):  # what conda does once it has linked all packages
        run_script(str(prefix), record, "post-link")
ran = (prefix / "ran").read_text().split()
print("conda", __version__)
print("`other` brings bin/.plain-post-link.sh; conda ran it for:", *ran)
sys.exit(ran != ["plain"])
PY
