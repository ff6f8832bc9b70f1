#!/usr/bin/env bash
# conda runs a link script for a package that has none, where another package brings it.
#
# A package's link scripts are files such as `bin/.NAME-pre-unlink.sh`, and conda's documentation
# describes them as a part of the package NAME. conda looks for such a file in the environment, and
# runs it whichever package installed it. So removing `lib` runs what `other` has, though the archive
# of `lib` has no script, and who looks at one archive at a time does not see it. A script to be run
# after the removal, which conda looks for as well, is run for such a package alone: that of a package
# itself is removed with it, before conda looks.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and with conda 26.7.1:
#     own pre-unlink
#     pre-unlink of lib, from other
#     post-unlink of lib, from other
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null CONDARC=$folder/none
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    conda-lock==4.0.3 archspec==0.2.7 boltons==26.2.0 conda-package-handling==2.6.0 \
    frozendict==2.5.1 pluggy==1.7.0 pycosat==0.6.6 tqdm==4.70.1
cd "$folder"
export CONDA_PKGS_DIRS=$folder/pkgs CONDA_SUBDIR=linux-64 CONDA_OVERRIDE_CUDA=
printf '#!/bin/sh\nexec "%s" -m conda_lock._vendor.conda "$@"\n' "$folder/venv/bin/python" > conda
chmod +x conda
export CONDA_EXE=$folder/conda RAN=$folder/ran
"$folder/venv/bin/python" - <<'PY'
import hashlib
import io
import json
import sys
import tarfile
from contextlib import redirect_stdout
from pathlib import Path

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context
from conda_lock._vendor.conda.core.solve import Solver
from conda_lock._vendor.conda.models.channel import Channel
from conda_lock._vendor.conda.models.match_spec import MatchSpec

context.__init__()
ran = Path("ran")
ran.write_text("")
SCRIPTS = {
    "lib": {},
    "own": {
        "bin/.own-pre-unlink.sh": "own pre-unlink",
        "bin/.own-post-unlink.sh": "own post-unlink",
    },
    "other": {
        "bin/.lib-pre-unlink.sh": "pre-unlink of lib, from other",
        "bin/.lib-post-unlink.sh": "post-unlink of lib, from other",
    },
}
entries = {}
for name, scripts in SCRIPTS.items():
    index = {
        **{"name": name, "version": "1.0", "build": "0", "build_number": 0, "depends": []},
        **{"subdir": "linux-64", "arch": None, "platform": None},
    }
    files = {path: f'echo "{line}" >> "$RAN"\n' for path, line in scripts.items()}
    files[f"share/{name}.txt"] = name
    paths = [
        {
            **{"_path": path, "path_type": "hardlink", "size_in_bytes": len(text)},
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        for path, text in files.items()
    ]
    files["info/index.json"] = json.dumps(index)
    files["info/files"] = "".join(f"{path['_path']}\n" for path in paths)
    files["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1})
    archive = Path("channel/linux-64") / f"{name}-1.0-0.tar.bz2"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:bz2") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    content = archive.read_bytes()
    digests = {kind: hashlib.new(kind, content).hexdigest() for kind in ("md5", "sha256")}
    entries[archive.name] = {**index, **digests, "size": len(content)}
for subdir, packages in {"linux-64": entries, "noarch": {}}.items():
    Path("channel", subdir).mkdir(exist_ok=True)
    content = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}}
    Path("channel", subdir, "repodata.json").write_text(json.dumps(content))


def change(**specs):
    channel = Channel(Path("channel").absolute().as_uri())
    asked = {kind: [MatchSpec(name) for name in names] for kind, names in specs.items()}
    with redirect_stdout(sys.stderr):
        solver = Solver(str(Path("env").absolute()), [channel], ("linux-64", "noarch"), **asked)
        solver.solve_for_transaction().execute()


change(specs_to_add=[*SCRIPTS])
change(specs_to_remove=["own"])
change(specs_to_remove=["lib"])
print("conda", __version__)
print(ran.read_text(), end="")
expected = ["own pre-unlink", *SCRIPTS["other"].values()]
sys.exit(ran.read_text().splitlines() != expected)
PY
