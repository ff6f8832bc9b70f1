#!/usr/bin/env bash
# py-rattler's index fails for good on a channel that conda-index has indexed before, if one package
# has a conditional dependency.
#
# conda-index writes such a package among the usual entries of repodata.json. py-rattler would put it
# into its section of version 3; but it first reads the index that is there, for the packages that it
# need not open again, and stops: "legacy repodata cannot represent MatchSpec in depends". Nothing is
# written, and the old index stays. After `repodata.json` was removed, it succeeds.
#
# Seen with py-rattler 0.28.0; 0.26.0 does the same for packages with `flags`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check py-rattler==0.28.0
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PY'
import asyncio
import bz2
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

from rattler.index import index_fs

package = {
    **{"name": "app", "version": "1.0", "build": "0", "build_number": 0, "subdir": "noarch"},
    **{"noarch": "generic", "depends": ['lib[when="__linux"]']},
}
paths = json.dumps({"paths": [], "paths_version": 1})
buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w") as tar:
    for name, text in {"index.json": json.dumps(package), "paths.json": paths}.items():
        member = tarfile.TarInfo(f"info/{name}")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text.encode()))
content = bz2.compress(buffer.getvalue())
folder = Path("channel/noarch")
folder.mkdir(parents=True)
(folder / "app-1.0-0.tar.bz2").write_bytes(content)
# what conda-index 0.13.0 writes
record = {**package, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
index = {"info": {"subdir": "noarch"}, "packages": {"app-1.0-0.tar.bz2": record}}
path = folder / "repodata.json"
path.write_text(json.dumps({**index, "packages.conda": {}, "repodata_version": 1}))
before = path.read_bytes()


def indexed():
    try:
        asyncio.run(index_fs("channel", write_shards=False, write_zst=False))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "indexed"


first = indexed()
print("over the index of conda-index:", first)
kept = path.read_bytes() == before
path.unlink()
again = indexed()
sections = json.loads(path.read_bytes())
print("without it:", again, {"usual": [*sections["packages"]], "v3": sections.get("v3")})
refused = 'legacy repodata cannot represent MatchSpec in depends: \'lib[when="__linux"]\''
sys.exit(not (refused in first and kept and again == "indexed" and sections["v3"]))
PY
