"""What `build` says of withdrawn releases, and of when the next one is due."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conda_offline_repo.repository.manifest_json import stated
from tests.conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda

GONE = "Release 1 is withdrawn: it is broken."
SAME = "warning: Release 1 is withdrawn, and the new one installs the same packages."
AT = {"SOURCE_DATE_EPOCH": "1796081400"}  # 2026-11-30T23:30:00Z
LATER = {"SOURCE_DATE_EPOCH": "1796900000"}


def test_by_options(conda: Conda, vendor: Vendor, root: Path) -> None:
    label = ("--label", "bank", "--root", root, "--token", TOKEN)
    first = conda.build(*vendor.request, "--root", root, "--next-due", "90d", "app", **AT)
    assert "The next release is due on 2027-02-28." in first.stdout

    withdraw = (*label, "--withdraw", "1", "--reason", "it is broken.")
    for options in (["--dry-run"], []):
        told = conda.build(*withdraw, *options, **AT)
        assert told.stdout.splitlines().count(GONE) == 1
        assert SAME in told.stderr
    told = conda.build(*label, **LATER)
    assert "Nothing is new; the next release stays due on 2027-02-28." in told.stdout.splitlines()
    assert "withdrawn" not in told.output
    content = conda.build(*label, "--json", **LATER).json
    assert (content["changed"], content["due"]) == (False, "2027-02-28")
    assert content["withdrawn"] == {"1": "it is broken."}
    told = conda.build(*label, "--next-due", "90d", **LATER)
    assert "The next release is due on 2027-03-10." in told.stdout
    assert "The request changed" not in told.stdout
    assert stated(root / "bank").release == 3

    for wrong, problem in (
        (("--withdraw", "4"), "bank never had release 4: its newest is 3."),
        (("--reason", "x"), "--reason is one line of text without passwords, and needs"),
        (("--withdraw", "2", "--reason", f"has {TOKEN}"), "holds a credential"),
        (
            ("--write-config", "--withdraw", "2"),
            "Leave out --dry-run and --withdraw, or --write-config.",
        ),
        (("--next-due", "2027-02-28"), "'2027-02-28', which is not a duration"),
    ):
        told = conda.fail("offline-repo", "build", *label, *wrong)
        assert problem in told.stderr
        assert TOKEN not in told.output
    assert conda.execute("offline-repo", "build", *label, "--withdraw", "x").status == 2
    assert stated(root / "bank").release == 3


def test_by_a_file(conda: Conda, vendor: Vendor, root: Path) -> None:
    label = {"packages": ["lib"], "label_channel": False}
    settings = {
        "root": str(root),
        "channels": [vendor.url(vendor.public)],
        "next_due": "90d",
        "labels": {"bank": label, "plant": {**label, "next_due": "none"}},
    }
    file = conda.work / "offline-repo.yml"
    file.write_text(json.dumps(settings))
    conda.build(**AT)
    assert [stated(root / name).due for name in ("bank", "plant")] == ["2027-02-28", ""]
    rows = [line for line in conda.build(**LATER).stdout.splitlines() if "up to date" in line]
    assert [row.split("  ")[-1].strip() for row in rows] == [
        "up to date, next due 2027-02-28",
        "up to date",
    ]

    told = conda.fail("offline-repo", "build", "--withdraw", "1")
    assert "--label LABEL" in told.stderr
    told = conda.fail("offline-repo", "build", "--file", file, "--next-due", "90d")
    assert "only the file says what to build, not --next-due" in told.stderr
    assert (
        conda.build("--label", "plant", "--withdraw", "1", "--dry-run").stdout.count("Release 1")
        == 1
    )
    told = conda.build(
        "--file", file, "--label", "bank", "--withdraw", "1", "--reason", "it is broken"
    )
    assert GONE in told.stdout
    assert SAME.replace("warning: ", "warning: bank: ") in told.stderr
    assert [stated(root / name).withdrawn for name in ("bank", "plant")] == [
        {1: "it is broken"},
        {},
    ]
    told = conda.fail("offline-repo", "build", "--label", "plant", "--withdraw", "2")
    assert "plant failed: plant never had release 2: its newest is 1." in told.stderr
    conda.build()
    assert [stated(root / name).release for name in ("bank", "plant")] == [2, 1]

    settings["labels"]["bank"]["next_due"] = "P91D"  # type: ignore[index]
    file.write_text(json.dumps(settings))
    assert "next due: 90d -> P91D" in conda.build("--label", "bank").stdout


def test_written_to_a_file(conda: Conda, vendor: Vendor, root: Path) -> None:
    conda.build(*vendor.request, "--root", root, "--next-due", "90d", "app")
    conda.build("--label", "bank", "--root", root, "--token", TOKEN, "--write-config")
    file = conda.work / "offline-repo.yml"
    assert 'next_due: "90d"' in file.read_text()
    told = conda.build("--label", "bank", CONDA_OFFLINE_REPO_TOKEN=TOKEN)
    assert "up to date, next due" in told.stdout
