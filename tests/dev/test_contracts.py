"""What may import what; the contracts are in `pyproject.toml`."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = "conda_offline_repo"
#: What a base environment of conda's has, besides Python: conda, what plugins are made with, and
#: five of conda's own dependencies, one of which brings urllib3. What checks signatures comes with
#: the repository.
AT_THE_CUSTOMER = {
    *("archspec", "conda", "conda_package_streaming", "packaging", "pluggy", "requests"),
    *("ruamel", "securesystemslib", "urllib3"),
}
#: What only a target that is a URL needs, by where it is imported.
AT_A_STORE = {"delivery/remote": {"fsspec", "smbclient", "sshfs"}}
#: What must not be imported: where, how, and the contract that says so.
FORBIDDEN = {
    "customer knows builder": (
        "customer/hooks/guard.py",
        "from ...builder.request import machine",
        "The wings stand on what they share",
    ),
    "builder knows customer": (
        "builder/build.py",
        "from ..customer import diagnostics",
        "The wings stand on what they share",
    ),
    "repository knows builder": (
        "repository/verify.py",
        "from ..builder.request.request import Request",
        "The wings stand on what they share",
    ),
    "repository knows customer": (
        "repository/manifest.py",
        "from ..customer.environment.state import State",
        "The wings stand on what they share",
    ),
    "the top knows a wing": (
        "_conda/solver.py",
        "from ..repository import names",
        "The wings stand on what they share",
    ),
    "a room that no contract knows": ("odd.py", "", "The wings stand on what they share"),
    "a work module knows the command line": (
        "builder/build.py",
        "from ..cli import output",
        "Nothing imports the command line",
    ),
    "a circle between modules": (
        "repository/manifest.py",
        "from . import verify",
        "There is no circle",
    ),
    "a circle between folders": (
        "builder/archives/collect.py",
        "from ..release import compose",
        "There is no circle",
    ),
    "customer needs conda-index": (
        "customer/target.py",
        "import conda_index",
        "What only a vendor needs",
    ),
    "repository needs zstd": (
        "queries/contents.py",
        "from backports import zstd",
        "What only a vendor needs",
    ),
    "what both use needs requests": ("specs.py", "import requests", "What speaks to servers"),
    "a delivery to a folder needs fsspec": (
        "delivery/deliver.py",
        "def more() -> None:\n    import fsspec",
        "Only a target that is a URL",
    ),
    "a delivery knows of stores": (
        "delivery/plan.py",
        "from .remote import store",
        "Nothing in delivery knows of stores",
    ),
    "the command line needs conda-index": (
        "cli/build.py",
        "def more() -> None:\n    import conda_index",
        "The command line leaves",
    ),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the package in a folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
    )


def test_contracts_are_kept() -> None:
    done = lint(REPOSITORY)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(("file", "line", "contract"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_import(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    shutil.copytree(REPOSITORY / PACKAGE, tmp_path / PACKAGE)
    with (tmp_path / PACKAGE / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    broken = [row for row in done.stdout.splitlines() if " BROKEN" in row]
    assert any(row.startswith(contract) for row in broken), done.stdout
    if not line:
        assert "odd" in done.stdout


@pytest.mark.parametrize(
    "place", ["customer", "delivery", "repository", "queries", "files", "_conda", "."]
)
def test_needs_nothing_but_conda(place: str) -> None:
    folder = REPOSITORY / PACKAGE / place
    for path in folder.rglob("*.py") if place != "." else folder.glob("*.py"):
        imported = {
            name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            for name in names(node)
        }
        inside = path.parent.relative_to(REPOSITORY / PACKAGE).as_posix()
        allowed = AT_THE_CUSTOMER | AT_A_STORE.get(inside, set())
        assert imported - {*sys.stdlib_module_names} <= allowed, path


def names(node: ast.AST) -> list[str]:
    """The modules that a statement imports from elsewhere."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [str(node.module)]
    return []
