#!/usr/bin/env bash
# `conda list` deletes the record of a package that pip has replaced.
#
# To list what pip has installed beside conda's packages, conda reads `site-packages`. Where the
# metadata that a record names is gone, as after `pip install --upgrade`, it takes the package for
# replaced, leaves it out, and removes its record from `conda-meta`, in what is meant to be reading.
# The other files of the package stay, and no record knows of them any more.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and with conda 26.7.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check conda-lock==4.0.3
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PY'
import json
import sys
from pathlib import Path

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context
from conda_lock._vendor.conda.core.prefix_data import PrefixData

context.__init__()
print("conda", __version__)
prefix = Path("environment").absolute()
site = "Lib/site-packages" if sys.platform == "win32" else "lib/python3.11/site-packages"
(prefix / "conda-meta").mkdir(parents=True)
(prefix / "conda-meta" / "history").touch()
ours = f"{site}/demo-1.0.dist-info"
for name, version, depends, files in (
    ("python", "3.11.9", [], []),
    ("demo", "1.0", ["python"], [f"{ours}/METADATA", f"{ours}/RECORD", f"{site}/demo.py"]),
):
    record = {"name": name, "version": version, "build": "0", "build_number": 0}
    record |= {"channel": "https://conda.example.com/bank/noarch", "subdir": "noarch"}
    record |= {"fn": f"{name}-{version}-0.conda", "depends": depends, "files": files}
    (prefix / "conda-meta" / f"{name}-{version}-0.json").write_text(json.dumps(record))
theirs = prefix / site / "demo-2.0.dist-info"
theirs.mkdir(parents=True)
(theirs / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n")
(theirs / "RECORD").write_text("demo-2.0.dist-info/METADATA,,\n")
before = sorted(path.name for path in (prefix / "conda-meta").glob("*.json"))
data = PrefixData(str(prefix), pip_interop_enabled=True)
listed = sorted(f"{r.name} {r.version} {r.channel.canonical_name}" for r in data.iter_records())
after = sorted(path.name for path in (prefix / "conda-meta").glob("*.json"))
print("before:", *before)
print("listed:", *listed, sep="\n    ")
print("after:", *after)
sys.exit(len(before) != 2 or after != ["python-3.11.9-0.json"])
PY
