"""A bank's policy, from the build of real dependencies to the customer's own look at them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.audit.conda_forge import RECORDS, closure
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.running import Conda

pytest.importorskip("license_expression", reason="license-expression is not installed")

#: At noon of August 20, 2026, and of September 10 and 11.
THEN, LAST_DAY, LATER = 1_787_227_200, 1_789_041_600, 1_789_128_000
YOUNG = ("icu", "liblzma", "ncurses", "setuptools", "zstd")
GCC = ("libgcc", "libgcc-ng", "libgomp", "libstdcxx", "libstdcxx-ng")
GPL3 = ("ld_impl_linux-64", "readline")


def exception(package: str, until: str = "2999-12-31") -> dict[str, str]:
    return {"package": package, "reason": "seen", "approved_by": "legal 2026-114", "until": until}


def channel_of(folder: Path, *names: str) -> TinyChannel:
    """Small archives under real names, with the licences, dependencies and times of real ones."""
    channel = TinyChannel(folder)
    for archive in closure("linux-64", *names).values():
        record = RECORDS[archive]
        channel.add(
            record["name"],
            record["version"],
            build=record["build"],
            number=record["build_number"],
            subdir=archive.partition("/")[0],
            depends=record["depends"],
            record={"license": record["license"], "timestamp": record["timestamp"]},
        )
    channel.write()
    return channel


def test_from_the_build_to_the_customer(conda: Conda, root: Path, tmp_path: Path) -> None:
    channel = channel_of(tmp_path / "conda-forge", "gmpy2", "pip")
    policy: dict[str, Any] = {
        "licenses": {"deny": ["GPL-3.0-or-later"], "unknown": "warn"},
        "exclude_newer": "14d",
    }
    vendor = {
        "root": str(root),
        "channels": [channel.folder.as_uri()],
        "label_channel": False,
        "policy": policy,
        "labels": {"bank": {"packages": ["gmpy2"], "platforms": ["linux-64"]}},
    }
    file = conda.work / "offline-repo.yml"

    def build(*exceptions: dict[str, str], now: int = THEN, status: int = 0) -> Any:
        file.write_text(json.dumps({**vendor, "policy": {**policy, "exceptions": exceptions}}))
        done = conda.execute("offline-repo", "build", "--json", SOURCE_DATE_EPOCH=str(now))
        assert done.status == status, done
        return done

    # every package that breaks it is named, with who needs it, and nothing is published
    refused = build(status=1)
    for name in (*GCC, *GPL3, *YOUNG):
        assert f"/{name}-" in refused.output
    assert "needed by gmpy2" in refused.output
    assert "/gmp-" not in refused.output  # there is the LGPL to choose
    assert not (root / "bank").exists()

    allowed = [*map(exception, (*GCC, *GPL3[:1], *YOUNG)), exception("readline >=8", "2026-09-10")]
    built = build(*allowed)
    (label,) = built.json["labels"]
    ends = [w["text"] for w in label["warnings"] if w["kind"] == "exception-ends"]
    assert len(ends) == 1
    assert "readline" in ends[0]
    assert "2026-09-10" in ends[0]
    manifest = json.loads((root / "bank" / "offline-repo.json").read_text())
    decided = {d["archive"].rpartition("/")[2].rsplit("-", 2)[0]: d for d in manifest["decisions"]}
    assert set(decided) == {*GCC, *GPL3, *YOUNG, "tzdata"}
    assert decided["readline"] == {
        "archive": "linux-64/readline-8.3-h853b02a_0.conda",
        "rule": "licenses",
        "problem": decided["readline"]["problem"],
        "reason": "seen",
        "approved_by": "legal 2026-114",
        "until": "2026-09-10",
    }
    assert "until" not in decided["tzdata"]  # its licence is its own, and only warned of

    # nothing changes on the exception's last day, and nothing may stay a day later
    build(*allowed, now=LAST_DAY)
    ended = build(*allowed, now=LATER, status=1).output
    assert "linux-64/readline-8.3-h853b02a_0.conda" in ended
    assert "2026-09-10" in ended
    assert not any(f"/{name}-" in ended for name in (*GCC, *YOUNG))
    assert json.loads((root / "bank" / "offline-repo.json").read_text()) == manifest

    # the customer looks with its own rules
    own = tmp_path / "ours.yml"
    own.write_text(json.dumps({"policy": {"packages": {"deny": ["mpfr <5", "mpc >=2"]}}}))
    broken = conda.execute("offline-repo", "verify", root / "bank", "--policy", own)
    assert broken.status == 1
    assert "linux-64/mpfr-4.2.2-he0a73b1_0.conda (needed by gmpy2)" in broken.output
    assert "/mpc-" not in broken.output
    own.write_text(json.dumps({"policy": {"packages": {"deny": ["mpfr <4"]}}}))
    assert conda.execute("offline-repo", "verify", root / "bank", "--policy", own).status == 0
