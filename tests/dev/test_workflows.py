"""The workflows of the project's host, which run elsewhere: their form, and what they call."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rattler_build import Stage0Recipe
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
SDIST = "conda_offline_repo-1.2.3.tar.gz"
MAINTAINERS = "extra:\n  recipe-maintainers:\n    - someone\n"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_has_its_schemas_form(workflow: Path) -> None:
    schema = "--builtin-schema=vendor.github-workflows"
    command = [sys.executable, "-m", "check_jsonschema", schema, str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_takes_actions_by_their_commit(workflow: Path) -> None:
    actions = re.findall(r"uses: (\S+)( # v[\d.]+)?\n", workflow.read_text("utf-8"))
    assert actions
    assert all(re.search(r"@[0-9a-f]{40}$", action) and said for action, said in actions)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_schedules_that_a_workflow_asks_for_are_its_own(workflow: Path) -> None:
    text = workflow.read_text("utf-8")
    asked = re.findall(r"github\.event\.schedule [=!]= '([^']*)'", text)
    assert {*asked} <= {*re.findall(r'cron: "([^"]*)"', text)}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_files_that_a_workflow_runs_are_there(workflow: Path) -> None:
    jobs = YAML(typ="safe").load(workflow)["jobs"].values()
    lines = " ".join(step.get("run", "") for job in jobs for step in job["steps"])
    named = re.findall(r"\S*\b(?:dev|\.ci)/\S+", lines)
    assert named
    assert all((REPOSITORY / name).is_file() for name in named)


def recipe_for(folder: Path, theirs: str, sdist: str = SDIST) -> subprocess.CompletedProcess[str]:
    (folder / sdist).write_bytes(b"source")
    (folder / "recipe.yaml").write_text(theirs)
    script = REPOSITORY / "dev" / "feedstock.py"
    command = [sys.executable, str(script), str(folder / sdist), str(folder / "recipe.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_recipe_for_the_feedstock(tmp_path: Path) -> None:
    done = recipe_for(tmp_path, f"context:\n  version: 1.0.0\n{MAINTAINERS}")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "recipe.yaml").read_text()
    made = YAML(typ="safe").load(text)
    ours = YAML(typ="safe").load(REPOSITORY / "recipe" / "recipe.yaml")
    assert made["context"]["version"] == "1.2.3"
    assert made["source"]["url"].endswith("/conda_offline_repo-${{ version }}.tar.gz")
    assert made["source"]["sha256"] == (
        "41cf6794ba4200b839c53531555f0f3998df4cbb01a4d5cb0b94e3ca5e23947d"
    )
    assert made["extra"] == {"recipe-maintainers": ["someone"]}
    assert made["outputs"] == ours["outputs"]
    Stage0Recipe.from_yaml(text)


@pytest.mark.parametrize(
    ("theirs", "sdist", "says"),
    [
        ("context: {}\n", SDIST, "names no maintainers"),
        (MAINTAINERS, "other-1.2.3.tar.gz", "is not a source distribution"),
    ],
    ids=["no maintainers", "another project"],
)
def test_recipe_that_cannot_be_made(tmp_path: Path, theirs: str, sdist: str, says: str) -> None:
    done = recipe_for(tmp_path, theirs, sdist)
    assert done.returncode
    assert says in done.stderr
    assert (tmp_path / "recipe.yaml").read_text() == theirs
