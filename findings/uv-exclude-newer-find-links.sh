#!/usr/bin/env bash
# uv's `--exclude-newer` lets every wheel of `--find-links` in, whenever it was made.
#
# uv documents that a file without an upload time counts as unavailable, and so it is with an index
# that states none. The files of a folder, or of a page of links, have no upload time either, and
# are all taken. Whoever wants a bound has to look at the answer, which has the upload times where
# there are some.
#
# Seen with uv 0.13.9.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9
cd "$folder"
env -i HOME="$folder" PATH="$folder/venv/bin:/usr/bin:/bin" "$folder/venv/bin/python" - <<'PY'
import hashlib
import json
import subprocess
import sys
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

WHEEL = Path("wheels/thing-1.0-py3-none-any.whl")
WHEEL.parent.mkdir()
with zipfile.ZipFile(WHEEL, "w") as wheel:
    meta = "thing-1.0.dist-info"
    wheel.writestr(f"{meta}/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    wheel.writestr(f"{meta}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    wheel.writestr(f"{meta}/RECORD", "")


class Handler(SimpleHTTPRequestHandler):
    def guess_type(self, path):
        kind = "application/vnd.pypi.simple.v1+json"
        return kind if str(path).endswith("index.html") else "application/zip"

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory="."))
Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}"


def index(name, **more):
    file = {"filename": WHEEL.name, "url": f"{url}/{WHEEL}", **more}
    file["hashes"] = {"sha256": hashlib.sha256(WHEEL.read_bytes()).hexdigest()}
    page = {"meta": {"api-version": "1.1"}, "name": "thing", "files": [file], "versions": ["1.0"]}
    Path(name, "thing").mkdir(parents=True)
    Path(name, "thing", "index.html").write_text(json.dumps(page))
    return f"{url}/{name}"


undated, dated = index("undated"), index("dated", **{"upload-time": "2026-01-01T00:00:00Z"})
Path("requirements.in").write_text("thing\n")
ways = {
    "an index with upload times": ("--index-url", dated),
    "an index without": ("--index-url", undated),
    "a folder": ("--no-index", "--find-links", "wheels"),
}
command = ["uv", "pip", "compile", "requirements.in", "--no-header", "--no-cache", "--no-config"]
command += ["--quiet", "--python", sys.executable, "--exclude-newer", "2020-01-01T00:00:00Z"]
print(subprocess.run(["uv", "--version"], capture_output=True, text=True).stdout.strip())
taken = {}
for way, options in ways.items():
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    taken[way] = done.returncode == 0
    print(f"{way}: {(done.stdout or done.stderr).strip().splitlines()[0]}")
sys.exit([*taken.values()] != [False, False, True])
PY
