#!/usr/bin/env bash
# license-expression's `validate` raises what it should report.
#
# `validate` is for expressions of which nobody knows whether they are right: it returns an object
# with their errors. Of those with a slash, a comma or a semicolon, of one that ends with an operator,
# and of empty parentheses it raises AttributeError or IndexError instead, about its own objects. Slashes
# and commas are in records of conda-forge, so who reads these has to catch every exception. `parse`
# raises its ExpressionError for them, as it says.
#
# Seen with license-expression 30.4.4:
#     MIT OR Apache-3.0   reported: Unknown license key(s): Apache-3.0
#     MIT OR              AttributeError: 'ExpressionError' object has no attribute 'token_string'
#     MIT/X11 Derivative  AttributeError: ...
#     MIT, BSD            AttributeError: ...
#     ()                  IndexError: list index out of range
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    license-expression==30.4.4 boolean.py==5.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from license_expression import ExpressionError, get_spdx_licensing

licensing = get_spdx_licensing()
EXPRESSIONS = {
    "MIT OR Apache-3.0": "reported",
    "MIT OR": "AttributeError",
    "MIT/X11 Derivative": "AttributeError",
    "MIT, BSD": "AttributeError",
    "()": "IndexError",
}
print("license-expression", version("license-expression"))
seen = {}
for text in EXPRESSIONS:
    try:
        result = "reported: " + " ".join(licensing.validate(text).errors)
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    print(f"{text:19} {result}")
    seen[text] = result.partition(":")[0]
for text in ("MIT OR", "MIT/X11 Derivative", "MIT, BSD"):
    try:
        sys.exit(f"parse takes {text}: {licensing.parse(text)}")
    except ExpressionError:
        pass
sys.exit(seen != EXPRESSIONS)
PY
