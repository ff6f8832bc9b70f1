"""The old procedure; run as a script: `old.py URL FOLDER ENVIRONMENT CACHE SPEC …`.

A temporary environment is created, the archives of what is in it are copied from conda's package
cache, the copies are indexed and the environment is removed. Each step is kinder than the scripts
it stands for: one solve instead of two, and no other run of conda to find the cache.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path


def python(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", *map(str, arguments)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("environment", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("specs", nargs="+")
    options = parser.parse_args()
    channel = ("--override-channels", "-c", options.url)
    where = ("-p", options.environment)
    python("conda", "create", "--yes", "--quiet", *where, *channel, *options.specs)
    (options.folder / "noarch").mkdir(parents=True)
    for path in (options.environment / "conda-meta").glob("*.json"):
        record = json.loads(path.read_bytes())
        target = options.folder / record["subdir"]
        target.mkdir(exist_ok=True)
        shutil.copy(options.cache / record["fn"], target)
    python("conda_index", options.folder)
    python("conda", "env", "remove", "--yes", "--quiet", *where)


if __name__ == "__main__":
    main()
