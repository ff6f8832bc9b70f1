#!/usr/bin/env bash
# conda 24.7.1 looks for the channel `/srv/linux-64-mirror/bank` in `/srv-mirror/bank`.
#
# Where a folder of a channel's path is called like a platform, or begins like one, conda cuts the
# platform's name out of the URL of a subdir at its first place instead of its last
# (`conda.common.url.split_platform`). The index of that subdir is not found, which conda takes for
# an empty subdir where it is not noarch; or, where the folder is just called `linux-64`, the
# channel itself is another. conda 26.7.1 and its main branch of August 2026 do the same.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check conda-lock==4.0.3
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PY'
import sys

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context
from conda_lock._vendor.conda.models.channel import Channel

context.__init__()
print("conda", __version__)
SUBDIRS, right = ("linux-64", "noarch"), True
for folder in ("linux-64-mirror", "noarch-2026", "linux-64"):
    channel = f"file:///srv/{folder}/bank"
    for url in Channel(channel).urls(subdirs=SUBDIRS):
        read = Channel(url).base_url
        print(f"{channel}: {url} is of {read}")
        right = right and read == channel
sys.exit(right)
PY
