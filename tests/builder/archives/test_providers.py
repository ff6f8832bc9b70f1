"""Modules that two packages have both, and what only looks like it."""

from __future__ import annotations

import pytest

from conda_offline_repo.builder.archives.contents import Contents
from conda_offline_repo.builder.archives.providers import modules_of, shared_modules
from conda_offline_repo.repository.package import File

SITE = "lib/python3.12/site-packages/"


def contents(*paths: str, site: str, size: int = 5000) -> Contents:
    """Of files of this size; one with a `-` at its end is small."""
    return Contents(
        {
            site + path.removesuffix("-"): File("", 9 if path.endswith("-") else size)
            for path in paths
        }
    )


@pytest.mark.parametrize("site", [SITE, "Lib/site-packages/", "lib/python3.13t/site-packages/"])
@pytest.mark.parametrize(
    ("wheel", "other", "shared"),
    [
        # opencv-python, and py-opencv as it was and as it is
        (["cv2/__init__.py", "cv2/cv2.abi3.so"], ["cv2.cpython-312-x86_64-linux-gnu.so"], ["cv2"]),
        (
            ["cv2/__init__.py", "cv2/gapi/__init__.py", "cv2/cv2.abi3.so"],
            ["cv2/__init__.py", "cv2/gapi/__init__.py", "cv2/python-3.12/cv2.abi3.so"],
            ["cv2"],
        ),
        (["six.py"], ["six/__init__.py"], ["six"]),
        (["_x.cp312-win_amd64.pyd", "b.py"], ["_x.pyd", "b.py"], ["_x", "b"]),
        # a namespace, with a package in it that both have, or that only one has
        (
            ["google/__init__.py-", "google/rpc/a.py", "google/b.py"],
            ["google/__init__.py-", "google/rpc/a.py", "google/c.py"],
            ["google.rpc.a"],
        ),
        (["google/__init__.py-", "google/b.py"], ["google/__init__.py-", "google/c.py"], []),
        (["google/b.py"], ["google/__init__.py-", "google/c.py"], []),
        (["m/__init__.py-"], ["m/__init__.py-"], ["m"]),
        # nobody imports these
        (["tests/__init__.py", "m.py"], ["tests/__init__.py", "n.py"], []),
        (
            ["m-1.dist-info/a.py", "a-b.py", "LICENSE"],
            ["m-1.dist-info/a.py", "a-b.py", "LICENSE"],
            [],
        ),
    ],
)
def test_shared(site: str, wheel: list[str], other: list[str], shared: list[str]) -> None:
    modules = modules_of(contents(*wheel, site="site-packages/"))
    assert shared_modules(modules, modules_of(contents(*other, site=site))) == tuple(shared)
    assert shared_modules(modules_of(contents(*other, site="share/")), modules) == ()
