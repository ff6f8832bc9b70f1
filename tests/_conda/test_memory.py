"""What glibc does with the memory of threads, in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

POOLS = """\
import ctypes, sys, threading
from conda_offline_repo._conda.solver import share_memory

if "shared" in sys.argv:
    share_memory()
together = threading.Barrier(4)

def work():
    kept = bytearray(50_000)
    together.wait()

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
stdout = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stdout)
libc.fflush(stdout)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs Linux with glibc")
@pytest.mark.parametrize(("arguments", "pools"), [((), 5), (("shared",), 1)])
def test_threads_share_memory(arguments: tuple[str, ...], pools: int) -> None:
    command = (sys.executable, "-c", POOLS, *arguments)
    assert subprocess.check_output(command, text=True).count("<heap ") == pools
