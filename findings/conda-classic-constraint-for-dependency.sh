#!/usr/bin/env bash
# conda's classic solver forgets a dependency on a package that `constrains` names as well.
#
# A package may need a version of another one and constrain it, too, as scikit-image 0.25 of
# conda-forge does: it depends on `numpy >=1.19,<3`, and constrains `numpy >=1.23`. Both hold for the
# rattler and libmamba solvers. `PackageRecord.combined_depends`, from which the classic solver makes
# its clauses, puts the constraint in the place of the dependency, and a numpy 3 is installed.
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
export CONDA_OVERRIDE_CUDA=
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
    **{f"numpy-{n}.0-0.conda": record("numpy", f"{n}.0") for n in (1, 2, 3)},
    "needs-1.0-0.conda": record("needs", "1.0", depends=["numpy <3"]),
    "both-1.0-0.conda": record("both", "1.0", depends=["numpy <3"], constrains=["numpy >=2"]),
}
for subdir, entries in {"linux-64": packages, "noarch": {}}.items():
    (channel / subdir).mkdir(parents=True)
    index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries}
    (channel / subdir / "repodata.json").write_text(json.dumps(index))
print("conda", __version__)
versions = {}
for name in ("needs", "both"):
    solver = Solver(
        str(Path("env").absolute()),
        [Channel(channel.as_uri())],
        ("linux-64", "noarch"),
        specs_to_add=[MatchSpec(name)],
    )
    with redirect_stdout(sys.stderr):
        chosen = {package.name: package.version for package in solver.solve_final_state()}
    versions[name] = chosen["numpy"]
print("depends numpy <3:                       numpy", versions["needs"])
print("depends numpy <3, constrains numpy >=2: numpy", versions["both"])
sys.exit(versions != {"needs": "2.0", "both": "3.0"})
PY
