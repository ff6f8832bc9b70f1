#!/usr/bin/env bash
# conda's classic solver installs a package whose `constrains` excludes the machine's glibc.
#
# A package may say in `constrains` which versions of another one it goes together with, if that is
# there. A virtual package such as `__glibc` is always there, and the same demand in `depends` is
# obeyed. In `constrains`, the classic solver passes it over, as it looks only at the constraints on
# packages of the channels; the rattler and libmamba solvers obey it. The package is installed on a
# machine on which it cannot run.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and with the classic solver of conda 26.7.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    conda-lock==4.0.3 archspec==0.2.7 boltons==26.2.0 conda-package-handling==2.6.0 \
    frozendict==2.5.1 pluggy==1.7.0 pycosat==0.6.6 tqdm==4.70.1
cd "$folder"
export HOME=$folder CONDA_PKGS_DIRS=$folder/pkgs CONDA_SUBDIR=linux-64 CONDA_QUIET=1
export CONDA_OVERRIDE_GLIBC=2.28 CONDA_OVERRIDE_CUDA=
"$folder/venv/bin/python" - <<'PY'
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context
from conda_lock._vendor.conda.core.solve import Solver
from conda_lock._vendor.conda.models.channel import Channel
from conda_lock._vendor.conda.models.match_spec import MatchSpec

context.__init__()
channel = Path("channel").absolute()


def record(name, version, **demands):
    return {
        **{"name": name, "version": version, "build": "0", "build_number": 0, "depends": []},
        **{"subdir": "linux-64", "md5": "0" * 32, "size": 1},
        **demands,
    }


packages = {
    "needs-1.0-0.conda": record("needs", "1.0"),
    "needs-2.0-0.conda": record("needs", "2.0", depends=["__glibc >=2.34"]),
    "allows-1.0-0.conda": record("allows", "1.0"),
    "allows-2.0-0.conda": record("allows", "2.0", constrains=["__glibc >=2.34"]),
}
for subdir, entries in {"linux-64": packages, "noarch": {}}.items():
    (channel / subdir).mkdir(parents=True)
    index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries}
    (channel / subdir / "repodata.json").write_text(json.dumps(index))
print("conda", __version__, "with glibc 2.28")
versions = {}
for name in ("needs", "allows"):
    solver = Solver(
        str(Path("env").absolute()),
        [Channel(channel.as_uri())],
        ("linux-64", "noarch"),
        specs_to_add=[MatchSpec(name)],
    )
    with redirect_stdout(sys.stderr):
        (package,) = solver.solve_final_state()
    versions[name] = package.version
print("depends __glibc >=2.34:    version", versions["needs"])
print("constrains __glibc >=2.34: version", versions["allows"])
sys.exit(versions != {"needs": "1.0", "allows": "2.0"})
PY
