#!/usr/bin/env bash
# conda cannot read the URLs that it records of packages from a channel with a token.
#
# In the record of an installed package, conda masks the token of its URL: `/t/<TOKEN>/`. When it
# reads that URL again, as `conda create --clone` does with each record, it takes the token for
# `/t/` alone: `<TOKEN>` becomes a part of the server's name, or of its port, which is then not a
# number. So an environment from such a channel cannot be cloned.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and with conda 26.7.1.
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
from conda_lock._vendor.conda.common.url import mask_anaconda_token
from conda_lock._vendor.conda.models.channel import Channel

context.__init__()
print("conda", __version__)
outcomes = {}
for server in ("conda.example.com", "conda.example.com:8443"):
    url = f"https://{server}/t/tk-1234/bank/noarch/lib-1.0-0.conda"
    for form in (url, mask_anaconda_token(url)):
        try:
            outcomes[form] = str(Channel(form).base_url)
        except ValueError as error:
            outcomes[form] = f"{type(error).__name__}: {error}"
        print(f"{form}\n    {outcomes[form]}")
right, other, right_too, wrong = outcomes.values()
expected = right == "https://conda.example.com/bank"
expected = expected and right_too == "https://conda.example.com:8443/bank"
masked = other == "https://conda.example.com<token>/bank"
sys.exit(not (expected and masked and wrong.startswith("ValueError: Port")))
PY
