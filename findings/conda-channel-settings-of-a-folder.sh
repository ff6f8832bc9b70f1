#!/usr/bin/env bash
# conda fails over every local channel once `channel_settings` names one of them by its URL.
#
# For each request, `conda.gateways.connection.session.get_session` compares the request's URL with
# the channels of the setting `channel_settings`. If the schemes are the same and the channels are
# not, it adds `netloc` and `path` of conda's own `Url`, whose `netloc` is None for `file:` URLs:
# TypeError, as soon as any other folder is asked for as a channel. The path of the folder in place
# of its URL has no scheme and is passed over, but not that of a Windows folder, `X:\repo`, whose
# colon is taken for that of a port: ValueError. So an exemption of one local channel from conda
# 26.9's `exclude_newer`, which belongs into `channel_settings`, stops the others.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, with conda 26.7.1 and conda's main (26.9).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    conda-lock==4.0.3 archspec==0.2.7 boltons==26.2.0 conda-package-handling==2.6.0 \
    frozendict==2.5.1 pluggy==1.7.0 pycosat==0.6.6 tqdm==4.70.1
cd "$folder"
export HOME=$folder CONDARC=$folder/condarc CONDA_PKGS_DIRS=$folder/pkgs
"$folder/venv/bin/python" - <<'PY'
import json
import sys
from pathlib import Path

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context, reset_context
from conda_lock._vendor.conda.gateways.connection.session import get_session

print("conda", __version__)
seen = {}
for channel in ("https://server/one", "file:///srv/one", "/srv/one", r"X:\one"):
    settings = {"channel_settings": [{"channel": channel, "auth": "any"}]}
    Path("condarc").write_text(json.dumps(settings))
    reset_context()
    assert context.channel_settings, settings
    try:
        seen[channel] = type(get_session(f"file:///srv/other{len(seen)}/noarch/x.json")).__name__
    except Exception as error:
        seen[channel] = f"{type(error).__name__}: {error}"
    print(f"with settings for {channel}, another folder: {seen[channel]}")
ends = [text.partition(":")[0] for text in seen.values()]
sys.exit(ends != ["CondaSession", "TypeError", "CondaSession", "ValueError"])
PY
