#!/usr/bin/env bash
# py-rattler cannot use a package whose index entry has an odd number or an empty digest; conda can.
#
# A channel's index may have a timestamp with a fraction, as a program writes it that divides, or one
# in microseconds, an empty text for a digest that is not known, or a version with a dash. conda takes
# each. rattler reads an entry when it needs the package, and then the whole solve fails, though a
# neighbour in the channel would do; over the dash it says that there is no such package.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and py-rattler 0.26.0 and 0.28.0:
#     timestamp 1700000000000.5      conda: app 2  rattler: GatewayError
#     timestamp 1700000000000000     conda: app 2  rattler: GatewayError
#     md5 ''                         conda: app 2  rattler: GatewayError
#     version 2-1                    conda: app 2-1  rattler: app 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null CONDARC=$folder/none
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    conda-lock==4.0.3 archspec==0.2.7 boltons==26.2.0 conda-package-handling==2.6.0 \
    frozendict==2.5.1 pluggy==1.7.0 pycosat==0.6.6 tqdm==4.70.1 py-rattler==0.26.0
cd "$folder"
export CONDA_PKGS_DIRS=$folder/pkgs CONDA_SUBDIR=linux-64 CONDA_QUIET=1 CONDA_OVERRIDE_CUDA=
cat >try.py <<'PY'
import asyncio
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import rattler
from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context
from conda_lock._vendor.conda.core.solve import Solver
from conda_lock._vendor.conda.models.channel import Channel
from conda_lock._vendor.conda.models.match_spec import MatchSpec

context.__init__()
#: What the newer of two packages has, and what rattler makes of them.
ENTRIES = [
    ({"timestamp": 1_700_000_000_000}, "app 2"),
    ({"timestamp": 1_700_000_000_000.5}, "GatewayError"),
    ({"timestamp": 1_700_000_000_000_000}, "GatewayError"),
    ({"md5": ""}, "GatewayError"),
    ({"build_number": -1}, "GatewayError"),
    ({"version": "2-1"}, "app 1"),
]


def record(**more):
    return {
        **{"name": "app", "version": "1", "build": "0", "build_number": 0, "depends": []},
        **{"subdir": "noarch", "noarch": "generic", "md5": "0" * 32, "size": 1, **more},
    }


def by_conda(channel):
    asked = {"specs_to_add": [MatchSpec("app")]}
    subdirs = ("linux-64", "noarch")
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        solver = Solver("/nonexistent", [Channel(channel.as_uri())], subdirs, **asked)
        (package,) = solver.solve_final_state()
    return f"app {package.version}"


def by_rattler(channel):
    solving = rattler.solve(
        [rattler.Channel(channel.as_uri())], ["app"], platforms=["linux-64", "noarch"],
        gateway=rattler.Gateway(cache_dir=Path(f"gateway-{rattler.__version__}")),
    )
    try:
        (package,) = asyncio.run(solving)
    except Exception as error:
        return type(error).__name__
    return f"app {package.version}"


print("conda", __version__, "and py-rattler", rattler.__version__)
wrong = False
for number, (more, expected) in enumerate(ENTRIES):
    channel = Path(f"{rattler.__version__}-{number}").absolute()
    new = record(**{"version": "2", **more})
    for subdir in ("linux-64", "noarch"):
        (channel / subdir).mkdir(parents=True)
        entries = {f"app-{r['version']}-0.conda": r for r in (record(), new)}
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}}
        index["packages.conda"] = entries if subdir == "noarch" else {}
        (channel / subdir / "repodata.json").write_text(json.dumps(index))
    seen = by_conda(channel), by_rattler(channel)
    print(f"{json.dumps(more):32} conda: {seen[0]:8} rattler: {seen[1]}")
    wrong |= seen != (f"app {new['version']}", expected)
sys.exit(wrong)
PY
"$folder/venv/bin/python" try.py
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check py-rattler==0.28.0
"$folder/venv/bin/python" try.py
