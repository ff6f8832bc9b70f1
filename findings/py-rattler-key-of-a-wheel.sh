#!/usr/bin/env bash
# py-rattler finds a wheel of a channel by its key in the index, and not by the name in its entry.
#
# In version 3 of the index format (CEP 48), the key of an entry is the file name of its artifact
# without the extension: `idna-3.10-py3-none-any` for a wheel. py-rattler cuts the last two parts
# off to get the name of the package, so it takes this wheel for one of `idna-3.10-py3`, and has
# none under the name `idna` that the entry states. Only a key as conda-index invents it, with
# underscores in the last part, is found.
#
# Seen with py-rattler 0.26.0 and 0.28.0:
#     idna-3.10-py3-none-any: idna has 0 records, names: idna-3.10-py3
#     idna-3.10-py3_none_any_0: idna has 1 records, names: idna
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: py-rattler==0.26.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json
import sys
from pathlib import Path

import rattler

entry = {
    "name": "idna",
    "version": "3.10",
    "build": "py3_none_any_0",
    "build_number": 0,
    "depends": [],
    "noarch": "python",
    "subdir": "noarch",
    "url": "idna-3.10-py3-none-any.whl",
}
print("py-rattler", rattler.__version__)
formats = rattler.PackageFormatSelection.PREFER_CONDA_WITH_WHL
seen = {}
for key in ("idna-3.10-py3-none-any", "idna-3.10-py3_none_any_0"):
    index = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}}
    index["v3"] = {"whl": {key: entry}}
    Path("repodata.json").write_text(json.dumps(index))
    channel = rattler.Channel("https://conda.example.com/wheels")
    data = rattler.SparseRepoData(channel, "noarch", "repodata.json")
    names, records = data.package_names(formats), data.load_records("idna", formats)
    seen[key] = len(records), names
    print(f"{key}: idna has {len(records)} records, names: {', '.join(names)}")
sys.exit(seen != {
    "idna-3.10-py3-none-any": (0, ["idna-3.10-py3"]),
    "idna-3.10-py3_none_any_0": (1, ["idna"]),
})
PY
