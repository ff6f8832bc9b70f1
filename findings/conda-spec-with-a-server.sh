#!/usr/bin/env bash
# conda 24.7.1 looks for `https://HOST/CHANNEL::PACKAGE` on conda.anaconda.org.
#
# A MatchSpec may begin with the URL of a channel. conda 24.7.1 keeps the path of the URL and drops the server, without an error: the channel is
# the one of that path below `channel_alias`. `Channel(URL)` itself is right. conda 26.7.1 keeps the
# server.
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
from conda_lock._vendor.conda.models.match_spec import MatchSpec

context.__init__()
URL = "https://conda.example.com/team/stable"
channel, of_spec = Channel(URL), MatchSpec(f"{URL}::numpy").get_exact_value("channel")
print("conda", __version__)
print("the channel:        ", channel.base_url)
print("that of the package:", of_spec.base_url)
right = channel.base_url == URL
sys.exit(not (right and of_spec.base_url == "https://conda.anaconda.org/team/stable"))
PY
