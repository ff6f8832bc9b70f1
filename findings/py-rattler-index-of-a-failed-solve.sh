#!/usr/bin/env bash
# An index stays open after a solve of py-rattler that finds no solution, though nothing refers to it.
#
# `SparseRepoData` maps the file of an index. Where a solve has a solution, the file is closed with the
# last reference to the object. Where it has none, the error and the coroutine refer to each other, and
# with them to the index: it stays open until Python's garbage collector comes by, however short the
# object lived. On Windows nobody can replace or remove the file until then. conda-rattler-solver 0.2.0
# solves an update again, up to ten times, where it finds no solution at once: so an update that ends
# well leaves the cached index of its channels open, too.
#
# Seen with py-rattler 0.26.0:
#     lib: 1 package, open afterwards? False
#     lib >=2: SolverError, open afterwards? True, after gc.collect()? False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: py-rattler==0.26.0
cd "$folder"
cat >repodata.json <<'JSON'
{
  "info": {"subdir": "noarch"},
  "packages": {},
  "packages.conda": {
    "lib-1.0-0.conda": {
      "name": "lib", "version": "1.0", "build": "0", "build_number": 0,
      "depends": [], "subdir": "noarch", "size": 1
    }
  }
}
JSON
"$folder/venv/bin/python" - <<'PY'
import asyncio
import gc
import sys
from pathlib import Path

import rattler
from rattler.exceptions import SolverError

INDEX = Path("repodata.json").resolve()


def is_open():
    return str(INDEX) in Path("/proc/self/maps").read_text()


def solve(spec):
    index = rattler.SparseRepoData(rattler.Channel(INDEX.parent.as_uri()), "noarch", INDEX)
    solving = rattler.solve_with_sparse_repodata(
        specs=[rattler.MatchSpec(spec)], sparse_repodata=[index]
    )
    try:
        return f"{len(asyncio.run(solving))} package"
    except SolverError as error:
        return type(error).__name__


print("py-rattler", rattler.__version__)
gc.disable()
good = solve("lib"), is_open()
bad = solve("lib >=2"), is_open()
gc.collect()
late = is_open()
print(f"lib: {good[0]}, open afterwards? {good[1]}")
print(f"lib >=2: {bad[0]}, open afterwards? {bad[1]}, after gc.collect()? {late}")
sys.exit((good, bad, late) != (("1 package", False), ("SolverError", True), False))
PY
