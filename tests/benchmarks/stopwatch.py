"""Run one command and tell what it cost; run as a script, a job as JSON on stdin.

It is a small process of its own because Linux counts the memory of whoever starts a process as
memory of that process, until it has become another program.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    job = json.load(sys.stdin)
    os.chdir(job["cwd"])
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0o600),
        (os.POSIX_SPAWN_OPEN, 1, job["stdout"], writing, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, job["stderr"], writing, 0o600),
    ]
    os.sync()
    start = time.perf_counter()
    child = os.posix_spawnp(job["command"][0], job["command"], job["variables"], file_actions=files)
    # the child and all that it waited for: times are sums, memory is of the largest process
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    cost = {
        "status": os.waitstatus_to_exitcode(status),
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "written": usage.ru_oublock * 512,
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main()
