#!/usr/bin/env bash
# py-rattler gives a locked package without hashes an object that has none and fails when asked.
#
# pixi locks a package of PyPI without a hash if the index states none. `package.hashes` is declared
# as optional, but is never None: for such a package it is an object like that of others, it is true,
# and its `sha256` and `md5`, which are declared as optional, too, raise AttributeError. With one of
# the two hashes in the file, the other one is None, as declared.
#
# Seen with py-rattler 0.26.0:
#     bare: hashes None? False, true? True, sha256: 'NoneType' object has no attribute 'sha256', ...
#     hashed: hashes None? False, true? True, sha256: 32 bytes, md5: None
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: py-rattler==0.26.0
cd "$folder"
cat >pixi.lock <<'YAML'
version: 6
environments:
  default:
    channels:
    - url: https://conda.example.com/stable/
    indexes:
    - https://pypi.example.com/simple
    packages:
      linux-64:
      - pypi: https://pypi.example.com/bare-1-py3-none-any.whl
      - pypi: https://pypi.example.com/hashed-1-py3-none-any.whl
packages:
- pypi: https://pypi.example.com/bare-1-py3-none-any.whl
  name: bare
  version: '1'
- pypi: https://pypi.example.com/hashed-1-py3-none-any.whl
  name: hashed
  version: '1'
  sha256: 8a5edab282632443219e051e4ade2d1d5bbc671c781051bf1437897cbdfea0f1
YAML
"$folder/venv/bin/python" - <<'PY'
import sys
from pathlib import Path

import rattler


def value(hashes, kind):
    try:
        found = getattr(hashes, kind)
    except AttributeError as error:
        return str(error)
    return found and f"{len(found)} bytes"


print("py-rattler", rattler.__version__)
environment = rattler.LockFile.from_path(Path("pixi.lock")).default_environment()
(packages,) = environment.pypi_packages().values()
seen = {}
for package in packages:
    hashes = package.hashes
    seen[package.name] = hashes is None, bool(hashes), value(hashes, "sha256"), value(hashes, "md5")
    none, true, sha256, md5 = seen[package.name]
    print(f"{package.name}: hashes None? {none}, true? {true}, sha256: {sha256}, md5: {md5}")
error = "'NoneType' object has no attribute '{}'"
sys.exit(
    seen
    != {
        "bare": (False, True, error.format("sha256"), error.format("md5")),
        "hashed": (False, True, "32 bytes", None),
    }
)
PY
