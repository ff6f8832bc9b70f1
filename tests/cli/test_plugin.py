"""What the plugin costs and adds, as conda sees it: `plugin.py`, `settings.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.plugins.hookspec import CondaSpecs

if TYPE_CHECKING:
    from tests.support.running import Conda

#: Whether `conda config` knows the settings of plugins (conda 25.5 and newer).
DESCRIBES = hasattr(CondaSpecs, "conda_environment_specifiers")
OURS = "[name for name in sys.modules if name.startswith('conda_offline_repo')]"
#: What conda needs to know the command, its options and the settings.
ON_EVERY_START = {
    "conda_offline_repo",
    "conda_offline_repo.cli",
    "conda_offline_repo.plugin",
    "conda_offline_repo.settings",
}


def fresh(conda: Conda, code: str) -> set[str]:
    """Our modules that a new interpreter has imported after `code`."""
    process = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}\nprint(json.dumps({OURS}))"],
        capture_output=True,
        cwd=conda.work,
        env=conda.variables,
        text=True,
        check=True,
    )
    return set(json.loads(process.stdout))


def test_module_of_the_hooks_imports_no_other_of_ours(conda: Conda) -> None:
    modules = fresh(conda, "import conda_offline_repo.plugin")
    assert modules == {"conda_offline_repo", "conda_offline_repo.plugin"}


def test_start_of_conda_imports_nothing_that_a_verb_needs(conda: Conda) -> None:
    code = (
        "from conda.base.context import context\n"
        "from conda.cli.conda_argparse import generate_parser\n"
        "context.__init__()\n"
        "generate_parser()\n"
        "assert context.plugins.offline_repo_root == ''"
    )
    modules = fresh(conda, code)
    assert {"conda_offline_repo.plugin", "conda_offline_repo.cli"} <= modules <= ON_EVERY_START


def test_conda_lists_the_command(conda: Conda) -> None:
    lines = conda.run("--help").stdout.splitlines()
    assert any(line.split()[:1] == ["offline-repo"] for line in lines)


@pytest.mark.parametrize("name", ["root", "sign_key", "allowed_signers"])
def test_conda_describes_the_settings(conda: Conda, name: str) -> None:
    if not DESCRIBES:
        pytest.skip("this conda shows no settings of plugins")
    result = conda.run("config", "--describe", f"plugins.offline_repo_{name}")
    # lines end at hyphens, too
    text = " ".join(result.stdout.replace("#", "").split()).replace("- ", "-")
    for words in (f"plugins.offline_repo_{name} (str)", "conda offline-repo", "Without it, "):
        assert words in text


def test_settings_are_read(conda: Conda) -> None:
    """Also where `conda config` does not show them, they work."""
    condarc = conda.home / ".condarc"
    with condarc.open("a") as file:
        file.write("plugins: {offline_repo_root: /nowhere}\n")
    assert str(Path("/nowhere")) in conda.fail("offline-repo", "show").stderr
    result = conda.fail("offline-repo", "show", CONDA_PLUGINS_OFFLINE_REPO_ROOT="/elsewhere")
    assert str(Path("/elsewhere")) in result.stderr


def test_without_verb(conda: Conda) -> None:
    assert conda.run("offline-repo").stdout == conda.run("offline-repo", "--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("bulid",),
        ("build", "--keep", "x"),
        ("build", "--label"),
        ("use",),
        ("build", "--lable", "x"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_as_conda_tells_it(conda: Conda, arguments: tuple[str, ...]) -> None:
    result = conda.execute("offline-repo", *arguments)
    assert result.status == 2
    assert "error: " in result.stderr
    assert "Traceback" not in result.output


def test_other_commands_do_not_fail_with_it(conda: Conda) -> None:
    assert conda.run("info", "--json").json["conda_version"]
    assert conda.run("list", "--json", "-p", sys.prefix).stdout.startswith("[")
