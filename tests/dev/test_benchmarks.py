"""The benchmarks run and report; how long anything takes is no matter of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.page import tables
from tests.support.running import PATIENCE

REPOSITORY = Path(__file__).resolve().parents[2]


def test_benchmarks_run_and_report(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [
        *(sys.executable, "-m", "tests.benchmarks", "--packages", "6", "--runs", "1"),
        *("--only", "floors", "update", "packing", "verify", "--work", str(tmp_path / "work")),
        *("--json", str(out), "--delays", "0", "0.01"),
    ]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", cwd=REPOSITORY, timeout=2 * PATIENCE
    )
    assert done.returncode == 0, done
    assert "does not work" not in done.stderr, done.stderr
    for title in ("`verify` / reading the files", "floor of that: decoding the archives alone"):
        assert f"| {title} " in done.stdout
    found = json.loads(out.read_bytes())
    rows = {row["title"]: row for row in found["ratios"]}
    updated = rows["one package updated: bytes written / (its archive + index files)"]
    assert updated["ratio"] == 1
    assert {row["upstream"] for row in found["ratios"]} == {"6", "6, 10 ms"}
    assert set(found["costs"]["6"]) == {"floors", "update", "packing", "verify"}
    assert set(found["costs"]["6, 10 ms"]) == {"floors"}
    assert updated["title"] not in tables([found])  # its aim is for another upstream
    usual = {**found, "ratios": [{**updated, "upstream": "200", "limit": 1.05, "met": True}]}
    assert f"| {updated['title']} | " in tables([found, usual])
