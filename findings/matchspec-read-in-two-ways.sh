#!/usr/bin/env bash
# conda and rattler take the same text of a dependency for different versions, without an error.
#
# Both read what channels have in `depends`, as CEP 29 describes it. For some texts they agree that it
# is one, and not on what it says: a wildcard twice, after `>`, `<` or `!=`, or in the middle, three
# equal signs, a version in parentheses, and upper case in a build string, which CEP 29 says is of no
# matter. A package that is solved with one of them cannot be installed with the other, or is installed
# beside what it must not have.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and py-rattler 0.26.0, of each text the
# versions that fit:
#     lib 1.*.*      conda: 1.0.3          rattler: 1.0 1.0.3 1.5
#     lib >1.0.*     conda: 1.0.3 1.5 2.0  rattler: 1.0 1.0.3 1.5 2.0
#     lib !=1.0*     conda: all            rattler: 1.5 2.0 2.0a1 ...
#     lib (>=2)      conda: all            rattler: 2.0
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
"$folder/venv/bin/python" - <<'PY'
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
VERSIONS = ("1.0", "1.0.3", "1.5", "2.0a1", "2.0")
ALL = set(VERSIONS)
#: Text, what conda takes, what rattler takes.
TEXTS = {
    "lib >=1.0.3,<2": ({"1.0.3", "1.5", "2.0a1"},) * 2,
    "lib 1.*.*": ({"1.0.3"}, {"1.0", "1.0.3", "1.5"}),
    "lib *.0": ({"1.0", "2.0"}, set()),
    "lib >1.0.*": (ALL - {"1.0"}, ALL),
    "lib <2.0*": ({"1.0", "1.0.3", "1.5"}, ALL - {"2.0"}),
    "lib !=1.0*": (ALL, ALL - {"1.0", "1.0.3"}),
    "lib ===1.0": ({"1.0", "1.0.3"}, set()),
    "lib (>=2)": (ALL, {"2.0"}),
    "lib * PY_0": (set(), ALL),
}


def record(name, version, **more):
    return {
        **{"name": name, "version": version, "build": "py_0", "build_number": 0, "depends": []},
        **{"subdir": "noarch", "noarch": "generic", "md5": "0" * 32, "size": 1, **more},
    }


def by_conda(channel):
    asked = {"specs_to_add": [MatchSpec("app")]}
    subdirs = ("linux-64", "noarch")
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        solver = Solver("/nonexistent", [Channel(channel.as_uri())], subdirs, **asked)
        return {package.name for package in solver.solve_final_state()}


def by_rattler(channel):
    solved = rattler.solve(
        [rattler.Channel(channel.as_uri())], ["app"], platforms=["linux-64", "noarch"],
        gateway=rattler.Gateway(cache_dir=Path("gateway")),
    )
    return {package.name.normalized for package in asyncio.run(solved)}


def fitting(solve, text, kind):
    versions = set()
    for number, version in enumerate(VERSIONS):
        channel = Path(f"{kind}-{abs(hash(text))}-{number}").absolute()
        packages = [record("app", "1.0", depends=[text]), record("lib", version)]
        for subdir in ("linux-64", "noarch"):
            (channel / subdir).mkdir(parents=True)
            entries = {f"{p['name']}-{p['version']}-py_0.conda": p for p in packages}
            index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}}
            index["packages.conda"] = entries if subdir == "noarch" else {}
            (channel / subdir / "repodata.json").write_text(json.dumps(index))
        try:
            assert solve(channel) == {"app", "lib"}
            versions.add(version)
        except Exception as error:
            assert type(error).__name__ in ("ResolvePackageNotFound", "UnsatisfiableError", "SolverError")
    return versions


print("conda", __version__, "and py-rattler", rattler.__version__)
seen = {}
for text in TEXTS:
    seen[text] = fitting(by_conda, text, "conda"), fitting(by_rattler, text, "rattler")
    conda, other = (" ".join(sorted(versions)) or "none" for versions in seen[text])
    print(f"{text:15} conda: {conda:26} rattler: {other}")
sys.exit(seen != TEXTS)
PY
