"""PyPI and the vendor's own index, as far as the pages speak of their wheels."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tests.docs.server import BASIC
from tests.support.index import served
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPENCV = ("cp37-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp37-abi3-win_amd64")


@contextmanager
def indexes(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve both, and return their addresses; `BASIC` opens the second one."""
    public, private = folder / "public", folder / "private"
    socks = ("PySocks>=1.5.6; extra == 'socks'",)
    write_wheel(public, "requests", "2.32.3", requires=socks, metadata=("Provides-Extra: socks",))
    for tag in OPENCV:
        needs = ("numpy>=1.21.2",)
        write_wheel(public, "opencv-python", "4.10.0.84", tag=tag, requires=needs)
    write_wheel(private, "pricing-models", "2.1", requires=("numpy",))
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(served(public)),
            stack.enter_context(served(private, BASIC)),
        )
        yield one.url, other.server


def ratings(path: Path) -> None:
    """Write the wheel of the vendor's own program."""
    _, version, _ = path.name.split("-", 2)
    command = "[console_scripts]\nratings = ratings:main\n"
    write_wheel(path.parent, "ratings", version, requires=("requests",), entry_points=command)
