#!/usr/bin/env bash
# whl2conda writes long requirements over two lines, and pip cannot read them in the environment.
#
# whl2conda writes METADATA anew, and its requirements get at most 78 characters in a line, as headers
# of a mail: a long one goes on in the next line, or begins there. pip and packaging do not join the
# lines, and what they get is no requirement to them. The wheel itself is right. urllib3 2.8.0 has
# three such requirements, and in an environment with the converted package `pip check` fails, though
# nothing is amiss there.
#
# Seen with whl2conda 26.7.2, packaging 26.3 and pip 26.3:
#     urllib3 in the wheel: 5 requirements, 0 unreadable
#       pip check: No broken requirements found.
#     urllib3 converted:    5 requirements, 3 unreadable
#       pip check: WARNING: Error parsing dependencies of urllib3: Expected end of dependency specifier
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_NO_BINARY PIP_TARGET PIP_PREFIX PIP_USER
cd "$folder"
for name in tools wheel converted; do
    python3 -m venv $name
    $name/bin/python -m pip install --quiet pip==26.3
done
tools/bin/python -m pip install --quiet whl2conda==26.7.2 packaging==26.3
wheel/bin/python -m pip download --quiet --no-deps --only-binary :all: urllib3==2.8.0
wheel/bin/python -m pip install --quiet --no-deps ./urllib3-2.8.0-py3-none-any.whl
tools/bin/whl2conda convert --quiet urllib3-2.8.0-py3-none-any.whl \
    --batch --format tree --out-dir packages
cp -R packages/urllib3-2.8.0-py_0/site-packages/. \
    "$(converted/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
tools/bin/python - <<'PY'
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement

print("whl2conda", version("whl2conda"), "packaging", version("packaging"), "pip", version("pip"))


def readable(requirement):
    try:
        Requirement(requirement)
    except InvalidRequirement:
        return False
    return True


def requirements(environment):
    (path,) = Path(environment).glob("lib/python*/site-packages/urllib3-2.8.0.dist-info/METADATA")
    return parse_email(path.read_bytes())[0]["requires_dist"]


def check(environment):
    command = [f"{environment}/bin/python", "-m", "pip", "check"]
    ran = subprocess.run(command, capture_output=True, text=True)
    return ran.returncode, (ran.stdout + ran.stderr).splitlines()[0]


seen = []
for environment, label in {"wheel": "in the wheel:", "converted": "converted:   "}.items():
    every = requirements(environment)
    bad = [requirement for requirement in every if not readable(requirement)]
    code, line = check(environment)
    print("urllib3", label, len(every), "requirements,", len(bad), "unreadable")
    print("  pip check:", line)
    seen.append((len(every), len(bad), code, "Error parsing dependencies of urllib3" in line))
sys.exit(seen != [(5, 0, 0, False), (5, 3, 1, True)])
PY
