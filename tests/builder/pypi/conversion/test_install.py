"""Packages of wheels in an environment that the real conda makes, as pip sees them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from dev.upstream.packages import ABI, PYTHON
from tests.support.wheels import target, write_channel, write_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda

#: Prints each file that RECORD describes otherwise than it is, and what pip would like to know.
AUDIT = """\
import base64, hashlib, importlib.metadata as metadata, json
wrong, installers = [], []
for distribution in metadata.distributions():
    if not distribution.name.lower().startswith("demo"):
        continue
    installers.append(distribution.read_text("INSTALLER"))
    for file in distribution.files:
        if file.hash is None:
            wrong += [] if file.name == "RECORD" else [str(file)]
            continue
        content = file.locate().read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        if (file.hash.value, file.size) != (digest, len(content)):
            wrong.append(str(file))
print(json.dumps([wrong, installers]))
"""
MAIN = "import sys\ndef main() -> None:\n    print('{0} from', sys.prefix)\n"


@pytest.fixture
def prefix(conda: Conda, upstream: Path, tmp_path: Path) -> Path:
    """An environment with packages of wheels of each kind: pure, binary, stable ABI, by extras."""
    machine = target(python=f"{PYTHON}.0")
    folder = tmp_path / "wheels"
    wheels = [
        write_wheel(
            folder,
            "demo-pure",
            "1.0+local.1",
            requires=["demo_native==2.*", "six>=1", 'absent; sys_platform == "zos"'],
            requires_python=">=3.8,<4",
            entry_points=(
                "[console_scripts]\ndemo-pure = demo_pure:main [colour]\n"
                "[gui_scripts]\ndemo-window = demo_pure:main\n"
            ),
            files={
                "demo_pure.py": MAIN.format("pure"),
                "{dist}.data/scripts/demo-script": "#!python\n"
                + MAIN.format("script")
                + "main()\n",
                "{dist}.data/data/share/demo/data.txt": "data",
            },
        ),
        write_wheel(
            folder,
            "demo_native",
            "2.1",
            tag=f"{ABI}-{ABI}-manylinux_2_17_x86_64",
            requires=["demo.stable<3,>=1", "demo-pure<=1.0"],
            files={
                "demo_native/__init__.py": "",
                "{dist}.data/scripts/demo-program": "#!/bin/sh\necho program\n",
                "{dist}.data/data/share/demo/native.txt": "native",
                "{dist}.data/headers/native.h": "#define NATIVE\n",
            },
        ),
        write_wheel(
            folder,
            "Demo.Stable",
            "1.5rc1",
            tag="cp38-abi3-manylinux1_x86_64",
            requires=['six; sys_platform == "linux" and python_version >= "3.5"'],
            files={"demo_stable.py": ""},
        ),
    ]
    url = write_channel(tmp_path / "channel", wheels, machine)
    channels = ("-c", url, "-c", (upstream / "public").as_uri(), "--override-channels")
    conda.run("create", "-y", "-n", "demo", "--offline", *channels, "demo-pure", "pip")
    return conda.envs / "demo"


def test_environment_is_as_pip_would_have_it(prefix: Path) -> None:
    def printed(*command: str | Path) -> str:
        run = [prefix / "bin" / command[0], *command[1:]]
        return subprocess.run(run, check=True, capture_output=True, text=True, cwd=prefix).stdout

    for command in ("demo-pure", "demo-window", "demo-script"):
        assert printed(command) == f"{command.split('-')[1]} from {prefix}\n".replace(
            "window", "pure"
        )
    assert printed("demo-program") == "program\n"
    assert "No broken requirements" in printed("python", "-m", "pip", "check")
    versions = {
        package["name"]: package["version"]
        for package in json.loads(printed("python", "-m", "pip", "list", "--format", "json"))
    }
    assert versions["demo-pure"] == "1.0+local.1"
    assert {"demo_native", "Demo.Stable"} <= versions.keys()
    assert json.loads(printed("python", "-c", AUDIT)) == [[], ["conda\n"] * 3]
    for path in ("share/demo/data.txt", f"include/python{PYTHON}/demo_native/native.h"):
        assert (prefix / path).is_file()
