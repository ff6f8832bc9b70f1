#!/usr/bin/env bash
# ruamel.yaml's default safe reader refuses a URL between brackets that its Python reader takes.
#
# `channels: [https://HOST/CHANNEL]` is YAML: inside brackets, a colon ends a key only before a space
# or the end. `YAML(typ="safe")` takes the reader in C of ruamel.yaml.clib, if that is installed, and
# it stops at the colon. With `pure=True` the same line is read, and PyYAML reads it in C, too. So the
# same file can be read on one machine and not on another, which has ruamel.yaml.clib.
#
# Seen with ruamel.yaml 0.18.17 with ruamel.yaml.clib 0.2.15, and PyYAML 6.0.3.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: ruamel.yaml==0.18.17 ruamel.yaml.clib==0.2.15 PyYAML==6.0.3
"$folder/venv/bin/python" - <<'PY'
import sys

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

LINE = "channels: [https://conda.example.com/stable]"
RIGHT = {"channels": ["https://conda.example.com/stable"]}
pure = YAML(typ="safe", pure=True).load(LINE)
in_c = yaml.load(LINE, yaml.CSafeLoader)
try:
    default = YAML(typ="safe").load(LINE)
except YAMLError as error:
    default = error.problem
print("ruamel.yaml, in Python:", pure)
print("PyYAML, in C:          ", in_c)
print("ruamel.yaml, in C:     ", default)
sys.exit((pure, in_c, default) != (RIGHT, RIGHT, "found unexpected ':'"))
PY
