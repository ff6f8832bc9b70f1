#!/usr/bin/env bash
# conda with its classic solver crashes over a record without `size`, after it has solved.
#
# `size` is optional in an index, and conda reads the record, solves, and could install it. Before it
# does, it adds up what has to be downloaded, and asks the record for its size without looking
# whether it has one. With the rattler and libmamba solvers, whose records have a size of 0 then, the
# same package is installed.
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
export HOME=$folder CONDA_PKGS_DIRS=$folder/pkgs CONDA_SUBDIR=linux-64 CONDA_OVERRIDE_CUDA=
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
print("conda", __version__)
outcomes = {}
for size in (1, None):
    channel = Path(f"channel-{size}").absolute()
    record = {
        **{"name": "lib", "version": "1.0", "build": "0", "build_number": 0, "depends": []},
        **{"subdir": "linux-64", "md5": "0" * 32},
        **({"size": size} if size else {}),
    }
    for subdir, entries in {"linux-64": {"lib-1.0-0.conda": record}, "noarch": {}}.items():
        (channel / subdir).mkdir(parents=True)
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries}
        (channel / subdir / "repodata.json").write_text(json.dumps(index))
    solver = Solver(
        str(Path("env").absolute()),
        [Channel(channel.as_uri())],
        ("linux-64", "noarch"),
        specs_to_add=[MatchSpec("lib")],
    )
    with redirect_stdout(sys.stderr):
        transaction = solver.solve_for_transaction()
        try:
            transaction.print_transaction_summary()
            outcomes[size] = "listed"
        except AttributeError as error:
            outcomes[size] = f"{type(error).__name__}: {error}"
    print(f"size {size}:", outcomes[size])
sys.exit(outcomes != {1: "listed", None: "AttributeError: A value for size has not been set"})
PY
