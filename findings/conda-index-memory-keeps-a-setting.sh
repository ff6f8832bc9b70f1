#!/usr/bin/env bash
# conda keeps the records of a folder in memory with the settings under which they were first read.
#
# With `add_pip_as_python_dependency`, conda adds pip to what python depends on while it reads an
# index. Its memory of indexes goes by the channel's URL and, for a folder, by the time of the file.
# Whoever reads the same folder under the other setting in the same process gets the old answer, both
# ways, until `SubdirData.clear_cached_local_channel_data()` is called.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and in conda 26.7.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    conda-lock==4.0.3 conda-package-handling==2.6.0 pycosat==0.6.6 tqdm==4.70.1
cd "$folder"
HOME=$folder CONDA_PKGS_DIRS=$folder/pkgs "$folder/venv/bin/python" - <<'PY'
import json
import os
import sys
from pathlib import Path

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context, reset_context
from conda_lock._vendor.conda.core.subdir_data import SubdirData
from conda_lock._vendor.conda.models.channel import Channel

context.__init__()
channel = Path("channel").absolute()
python = {
    **{"name": "python", "version": "3.11.0", "build": "0", "build_number": 0, "depends": []},
    **{"subdir": "linux-64", "md5": "0" * 32, "size": 1},
}
for subdir, entries in {"linux-64": {"python-3.11.0-0.conda": python}, "noarch": {}}.items():
    (channel / subdir).mkdir(parents=True)
    index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries}
    (channel / subdir / "repodata.json").write_text(json.dumps(index))


def depends(with_pip):
    os.environ["CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY"] = with_pip
    reset_context(())
    channels = [Channel(channel.as_uri())]
    (record,) = SubdirData.query_all("python", channels=channels, subdirs=("linux-64",))
    return [*record.depends]


seen = [depends("true"), depends("false")]
SubdirData.clear_cached_local_channel_data()
seen += [depends("false"), depends("true")]
print("conda", __version__)
print("with pip, then without:                   ", *seen[:2])
print("memory cleared, without pip, then with it:", *seen[2:])
sys.exit(seen != [["pip"], ["pip"], [], []])
PY
