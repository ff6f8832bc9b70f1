"""A vendor whose customers want packages of PyPI: a channel with Python, and a folder of wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_offline_repo.builder.options import Options
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside

LINUX = ("linux-64",)


class PipVendor:
    """A vendor with a channel that has Python, and a folder of wheels."""

    def __init__(self, me: Inside, folder: Path) -> None:
        self.me = me
        self.channel = TinyChannel(folder / "channel")
        self.wheels = folder / "wheels"
        for platform in ("linux-64", "win-64"):
            self.add_python("3.12.4", platform)
        self.channel.add("pip", "25.0")
        self.wheels.mkdir()

    def add_python(self, version: str, platform: str) -> None:
        minor = ".".join(version.split(".")[:2])
        abi = f"cp{minor.replace('.', '')}"
        need = [f"python_abi {minor}.* *_{abi}"]
        self.channel.add("python", version, build=f"0_{abi}", subdir=platform, depends=need)
        self.channel.add("python_abi", minor, build=f"5_{abi}", subdir=platform)

    def add(self, name: str, version: str = "1.0", *needs: str) -> None:
        self.channel.add(name, version, depends=["python", *needs])

    def wheel(self, name: str, version: str = "1.0", *requires: str, tag: str = "") -> Path:
        return write_wheel(self.wheels, name, version, requires=requires, tag=tag or "py3-none-any")

    def options(
        self, *pip: str, packages: tuple[str, ...] = ("python",), **more: object
    ) -> Options:
        self.channel.write()
        lines = ("--no-index", f"--find-links {self.wheels}", *pip)
        settings = {
            "platforms": LINUX,
            "channels": (self.channel.folder.as_uri(),),
            "channels_named": True,
            "label_channel": False,
            "pip": lines,
            **more,
        }
        if "environments" not in more:
            settings["packages"] = packages
        return Options("bank", self.me.root, **settings)  # type: ignore[arg-type]

    def build(
        self, *pip: str, packages: tuple[str, ...] = ("python",), **more: object
    ) -> BuildOutcome:
        return self.me.build(self.options(*pip, packages=packages, **more))


def versions(outcome: BuildOutcome, key: str = "linux-64") -> dict[str, str]:
    """By name, the version and where from, of a solution."""
    found = {}
    for archive in outcome.manifest.solutions[key]:
        name, version, _ = archive.rpartition("/")[2].rsplit("-", 2)
        origin = "PyPI" if outcome.manifest.packages[archive].wheel else "conda"
        found[name] = f"{version} {origin}"
    for name in ("python", "python_abi", "pip"):
        found.pop(name, None)
    return found
