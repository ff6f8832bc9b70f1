#!/usr/bin/env bash
# whl2conda turns `~=1.4.2` into a demand that no version meets.
#
# A wheel that requires `other~=1.4.2` asks for 1.4.2 or a later 1.4. The package that whl2conda makes
# of it depends on `other >=1.4.2,==1.4.*`. Beside another condition, conda and rattler read `==1.4.*`
# as `==1.4`, which is version 1.4 alone and below 1.4.2. whl2conda says nothing, and the package
# cannot be installed; conda warns when it comes to it that it leaves out the `.*`. Both programs know
# `~=1.4.2`, and `>=1.4.2,1.4.*` is what the wheel says, too.
#
# Seen with whl2conda 26.7.2, py-rattler 0.26.0, and conda 24.7.1 as conda-lock 4.0.3 carries it:
#     whl2conda makes of other~=1.4.2: other >=1.4.2,==1.4.*
#     other >=1.4.2,==1.4.*: conda [], rattler []
#     other >=1.4.2,1.4.*:   conda ['1.4.2', '1.4.9'], rattler ['1.4.2', '1.4.9']
#     other ~=1.4.2:         conda ['1.4.2', '1.4.9'], rattler ['1.4.2', '1.4.9']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    whl2conda==26.7.2 py-rattler==0.26.0 conda-lock==4.0.3
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import rattler
from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.models.match_spec import MatchSpec
from wheel.wheelfile import WheelFile

with WheelFile("demo-1-py3-none-any.whl", "w") as wheel:
    metadata = "Metadata-Version: 2.1\nName: demo\nVersion: 1\nRequires-Dist: other~=1.4.2\n"
    wheel.writestr("demo.py", "")
    wheel.writestr("demo-1.dist-info/METADATA", metadata)
    about = "Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    wheel.writestr("demo-1.dist-info/WHEEL", about)
options = ["--batch", "--format", "tree", "--out-dir", "packages"]
command = [Path(sys.executable).parent / "whl2conda", "convert", "demo-1-py3-none-any.whl", *options]
said = subprocess.run(command, check=True, capture_output=True, text=True)
(index,) = Path("packages").glob("*/info/index.json")
(spec,) = [each for each in json.loads(index.read_text())["depends"] if each.startswith("other")]
warned = "1.4" in said.stdout + said.stderr


def matching(spec):
    versions = "1.4", "1.4.2", "1.4.9", "1.5"
    records = [{"name": "other", "version": one, "build": "0", "build_number": 0} for one in versions]
    of_rattler = rattler.VersionSpec(spec.partition(" ")[2])
    return (
        [record["version"] for record in records if MatchSpec(spec).match(record)],
        [one for one in versions if of_rattler.matches(rattler.Version(one))],
    )


print("whl2conda", version("whl2conda"), "conda", __version__, "rattler", rattler.__version__)
print("whl2conda makes of other~=1.4.2:", f"{spec}{' (with a warning)' * warned}")
specs = [spec, "other >=1.4.2,1.4.*", "other ~=1.4.2"]
seen = {each: matching(each) for each in specs}
for each, (by_conda, by_rattler) in seen.items():
    print(f"{each}: conda {by_conda}, rattler {by_rattler}")
right = ["1.4.2", "1.4.9"]
same = spec == "other >=1.4.2,==1.4.*" and not warned
sys.exit(not same or [*seen.values()] != [([], []), (right, right), (right, right)])
PY
