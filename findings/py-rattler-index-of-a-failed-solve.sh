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
#     lib: 1 package; of the indexes of 10 solves, 0 are open
#     lib >=2: SolverError; of the indexes of 10 solves, 10 are open
#     after gc.collect(), 0 of those without a solution are open
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
import shutil
import sys
from pathlib import Path

import rattler
from rattler.exceptions import SolverError


def solve(spec, path):
    index = rattler.SparseRepoData(rattler.Channel(path.parent.as_uri()), "noarch", path)
    solving = rattler.solve_with_sparse_repodata(
        specs=[rattler.MatchSpec(spec)], sparse_repodata=[index]
    )
    try:
        return f"{len(asyncio.run(solving))} package"
    except SolverError as error:
        return type(error).__name__


def is_open(path):
    return str(path) in Path("/proc/self/maps").read_text()


print("py-rattler", rattler.__version__)
gc.disable()
seen = {}
for spec in ("lib", "lib >=2"):
    paths = [Path(f"{spec[3:]}{number}.json").resolve() for number in range(10)]
    outcomes = {solve(spec, shutil.copy("repodata.json", path)) for path in paths}
    seen[spec] = *outcomes, sum(map(is_open, paths))
    print(f"{spec}: {seen[spec][0]}; of the indexes of 10 solves, {seen[spec][1]} are open")
gc.collect()
print(f"after gc.collect(), {sum(map(is_open, paths))} of those without a solution are open")
good, bad = seen.values()
# a thread of py-rattler may be late to let go of a few
sys.exit(good[0] != "1 package" or good[1] > 5 or bad != ("SolverError", 10))
PY
