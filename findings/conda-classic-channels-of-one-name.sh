#!/usr/bin/env bash
# conda's classic solver takes two channels for one if the last folders of their paths, or their
# paths on two servers, are the same.
#
# It keeps the priorities of channels by `Channel.name` (`Resolve._make_channel_priorities`): of
# `/tested/main` and `/raw/main` that is `main`. So a newer package of the second is chosen though
# the first has the package, with the priority strict, too. `Channel.canonical_name` tells them
# apart. conda-libmamba-solver 26.6.0 goes by that, which is `pkgs` for every folder of this name,
# as `pkgs/main` is among conda's own channels; py-rattler 0.26.0 keeps the order.
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
export CONDA_CHANNEL_PRIORITY=strict
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


def channel(path, version):
    record = {
        **{"name": "x", "version": version, "build": "0", "build_number": 0, "depends": []},
        **{"subdir": "linux-64", "md5": "0" * 32, "size": 1},
    }
    for subdir, entries in {"linux-64": {f"x-{version}-0.conda": record}, "noarch": {}}.items():
        folder = Path(path).absolute() / subdir
        folder.mkdir(parents=True)
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries}
        (folder / "repodata.json").write_text(json.dumps(index))
    return Channel(Path(path).absolute().as_uri())


print("conda", __version__, "with the priority", context.channel_priority)
chosen = {}
for pair in (("tested/main", "raw/main"), ("tested", "raw")):
    channels = [channel(path, f"{number}") for number, path in enumerate(pair, 1)]
    solver = Solver(
        str(Path("env").absolute()),
        channels,
        ("linux-64", "noarch"),
        specs_to_add=[MatchSpec("x")],
        command="create",
    )
    with redirect_stdout(sys.stderr):
        (record,) = (r for r in solver.solve_final_state() if r.name == "x")
    chosen[pair] = record.version
    print(" and ".join(pair), "-> x", record.version)
sys.exit([*chosen.values()] != ["2", "1"])
PY
