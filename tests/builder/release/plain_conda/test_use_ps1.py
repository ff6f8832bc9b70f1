"""use.ps1: what a parser sees of it everywhere, and what it does where there is a PowerShell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from conda_offline_repo.builder.release.plain_conda import plain_conda_files
from conda_offline_repo.builder.request.inputs.pinned import Environment
from conda_offline_repo.builder.request.request import Request
from conda_offline_repo.clock import EPOCH
from tests.support.launcher import launcher
from tests.support.mirror import another
from tests.support.running import Customer, plain_url
from tests.support.scripts import run_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from dev.upstream.cable import Cable
    from tests.support.mirror import Mirror
    from tests.support.running import Conda

CONTENT = plain_conda_files(
    Request("bank", (Environment(),), (), None, ("win-64",), {}, EPOCH), ()
)["use.ps1"]
TEXT = CONTENT.decode("ascii").replace("\r\n", "\n")
SHELLS = [path for path in map(shutil.which, ("powershell", "pwsh")) if path]
needs_powershell = pytest.mark.skipif(
    not SHELLS, reason="neither powershell nor pwsh is installed, which run use.ps1"
)
#: The types that the constrained language mode has, as far as the script needs them.
TYPES = {"CmdletBinding", "Parameter", "string", "int", "switch"}
#: Cmdlets that run no text as code, with what Windows PowerShell 5.1 knows of their parameters.
CMDLETS: dict[str, set[str]] = {
    "ConvertFrom-Json": set(),
    "ForEach-Object": set(),
    "Get-ChildItem": {"LiteralPath", "Directory", "Filter"},
    "Get-Command": {"Name", "CommandType", "All"},
    "Get-Content": {"LiteralPath", "Encoding"},
    "Get-FileHash": {"LiteralPath", "Algorithm"},
    "Select-Object": {"First"},
    "Select-String": {"LiteralPath", "Pattern", "Quiet"},
    "Set-Content": {"LiteralPath", "Value"},
    "Set-StrictMode": {"Off"},
    "Split-Path": set(),
    "Test-Path": {"LiteralPath", "PathType"},
    "Where-Object": set(),
    "Write-Error": {"Message"},
    "Write-Output": set(),
}
#: Variables that PowerShell sets or reads.
AUTOMATIC = {
    *("_", "args", "false", "lastexitcode", "null", "psscriptroot", "true"),
    *("env:conda_exe", "env:localappdata", "env:programdata", "env:systemdrive"),
    "env:userprofile",
}


def test_any_editor_and_powershell_can_read_it() -> None:
    assert CONTENT.isascii()  # Windows PowerShell takes what has no mark for the code page's
    assert CONTENT.endswith(b"\r\n")
    assert CONTENT.count(b"\n") == CONTENT.count(b"\r\n") == CONTENT.count(b"\r")
    lines = TEXT.split("\n")
    assert max(map(len, lines)) <= 100
    assert not any("\t" in line or line != line.rstrip() for line in lines)


def parsed(text: str) -> Node:
    """The tree of a script."""
    powershell = pytest.importorskip("tree_sitter_powershell", reason="the parser is not here")
    tree_sitter = pytest.importorskip("tree_sitter", reason="the parser is not here")
    language = tree_sitter.Language(powershell.language())
    root: Node = tree_sitter.Parser(language).parse(text.encode()).root_node
    return root


def below(node: Node, *kinds: str) -> Iterator[Node]:
    """The nodes of these kinds."""
    if node.type in kinds:
        yield node
    for child in node.children:
        yield from below(child, *kinds)


def nodes(node: Node, *kinds: str) -> Iterator[str]:
    """The text of the nodes of these kinds."""
    for each in below(node, *kinds):
        assert each.text is not None
        yield each.text.decode()


def unconstrained(text: str) -> set[str]:
    """What of a script the constrained language mode does not let run, or may not."""
    root = parsed(text)
    assert not root.has_error
    known = {name.casefold() for name in (*CMDLETS, *nodes(root, "function_name"))}
    assigned = nodes(root, "left_assignment_expression")
    return {
        *nodes(root, "invokation_expression"),
        *(name for name in nodes(root, "type_identifier") if name not in TYPES),
        *(name for name in nodes(root, "command_name") if name.casefold() not in known),
        *(name for name in nodes(root, "command_name_expr") if name not in ("$conda", *known)),
        *(sign for sign in nodes(root, "command_invokation_operator") if sign != "&"),
        *(target for target in assigned if not re.fullmatch(r"\$\w+(, \$\w+)*", target)),
    }


def test_it_runs_where_the_language_is_constrained() -> None:
    assert not unconstrained(TEXT)


@pytest.mark.parametrize(
    "line",
    [
        *("[Console]::Error.WriteLine('x')", "$name.Trim()", "[Math]::PI", "$x = [uri] $url"),
        *("New-Object Net.WebClient", "Add-Type -Path x", "Invoke-Expression $x", "iex $x"),
        *(". .\\other.ps1", "& $other x", "& { 1 }", "$Env:PATH = 'x'", "$read.Hash = 'x'"),
        *("certutil x", 'Write-Output "$($x.Trim())"', "if (conda info) { 1 }"),
    ],
)
def test_what_is_not_constrained_would_be_noticed(line: str) -> None:
    assert unconstrained(TEXT.replace("try {\n", f"{line}\ntry {{\n"))


def names(node: Node) -> set[str]:
    """The variables below a node."""
    texts = nodes(node, "variable", "braced_variable")
    return {text.strip("$@{}").casefold() for text in texts}


def test_each_variable_is_one_that_is_set() -> None:
    root = parsed(TEXT)
    written = set()
    for place in below(root, "left_assignment_expression"):
        written |= names(place)
    for place in below(root, "script_parameter", "foreach_statement"):
        written |= {next(iter(names(each))) for each in place.children if each.type == "variable"}
    assert {"here", "packages", "check", "key"} <= written
    assert names(root) <= written | AUTOMATIC


def test_each_parameter_is_one_that_the_cmdlet_has() -> None:
    used: dict[str, set[str]] = {}
    for command in below(parsed(TEXT), "command"):
        name = next(nodes(command, "command_name"), "")
        if name in CMDLETS:
            elements = (each for each in command.children if each.type == "command_elements")
            given = {
                text
                for each in elements
                for parameter in each.children
                if parameter.type == "command_parameter"
                for text in nodes(parameter, "command_parameter")
            }
            used[name] = used.get(name, set()) | given
    assert used.keys() == CMDLETS.keys()
    for name, given in used.items():
        assert given <= {f"-{each}" for each in (*CMDLETS[name], "ErrorAction")}


def test_errors_are_handled_as_every_powershell_can() -> None:
    # Ignore is an error of its own in functions of Windows PowerShell, as Get-FileHash is one
    values = {*re.findall(r"-ErrorAction (\w+)", TEXT)}
    assert values == {"Continue", "SilentlyContinue", "Stop"}


def pattern(operator: str, begin: str) -> re.Pattern[str]:
    """A regular expression of the script, which Python reads as .NET does."""
    written = re.findall(rf"-{operator} '({re.escape(begin)}[^']+)'", TEXT)
    return re.compile(written[0])


def test_packages_are_separated_by_commas() -> None:
    comma = pattern("split", ",")
    for text, parts in {
        "a,b": ["a", "b"],
        "a": ["a"],
        "a>=1,<2,b": ["a>=1,<2", "b"],
        "a >=1, <2": ["a >=1, <2"],
        "a!=1,!=2,b=1.*": ["a!=1,!=2", "b=1.*"],
        "a[version='>=1,<2',build=x],b": ["a[version='>=1,<2',build=x]", "b"],
        "a,b[build=x]": ["a", "b[build=x]"],
    }.items():
        assert comma.split(text) == parts


def test_no_path_ends_in_a_separator_but_a_root() -> None:
    end = pattern("replace", "(?<=")
    for path, cut in {
        "X:\\re po\\": "X:\\re po",
        "X:\\": "X:\\",
        "\\\\server\\share\\": "\\\\server\\share",
        "C:/envs//": "C:/envs",
        "/": "/",
    }.items():
        assert end.sub("", path) == cut


@pytest.fixture(scope="module")
def ready() -> Iterator[str]:
    """The command of a conda that is ready at once."""
    with launcher() as command:
        yield command


@pytest.fixture
def customer(tmp_path: Path, trap: Cable, request: pytest.FixtureRequest) -> Conda:
    """An administrator, whose conda is the one that the tests run with."""
    customer = Customer(tmp_path / "administrator", CONDA_SOLVER="classic", **trap.proxies)
    exe = Path(sys.prefix, "Scripts", "conda.exe")
    if os.name != "nt":
        exe = tmp_path / "conda"
        exe.write_text(f'#!/bin/sh\nexec {request.getfixturevalue("ready")} "$@"\n')
        exe.chmod(0o755)
    customer.variables["CONDA_EXE"] = str(exe)
    return customer


@pytest.fixture
def stick(mirror: Mirror, tmp_path: Path) -> Path:
    """The folder that builds are copied to, with much in its name; it has the first."""
    stick = mirror.copy(1, tmp_path / "X Y & [b\u00e4nk]'s" / "bank")
    (stick / "use.ps1").write_bytes(CONTENT)
    return stick


def use(
    shell: str, customer: Conda, stick: Path, *arguments: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the script of a repository as management tools do."""
    how = ("-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File")
    return run_script(customer, [shell, *how, stick / "use.ps1", *arguments], status)


def unwrapped(text: str) -> str:
    """A text without spaces: Windows PowerShell breaks errors at the width of a console."""
    return "".join(text.split())


@needs_powershell
@pytest.mark.parametrize("shell", SHELLS)
def test_with_plain_conda(customer: Conda, stick: Path, mirror: Mirror, shell: str) -> None:
    customer.variables["CONDA_NO_PLUGINS"] = "true"
    assert "usage:" in use(shell, customer, stick, status=2).stderr
    use(shell, customer, stick, "rating", "app>=1,<2,tool")
    assert customer.installed("rating") == {"app": "1.0", "tool": "1.0", "lib": "1.0"}
    written = YAML(typ="safe").load((customer.envs / "rating" / ".condarc").read_text("utf-8"))
    own = [plain_url(stick)]
    assert written == {"channels": own, "default_channels": own, "offline": True}
    assert not use(shell, customer, stick, "-Environment", "rating", "-Quiet").stdout
    told = use(shell, customer, stick, "rating", "-Check", status=1)
    assert unwrapped("need the plugin; this folder does not have it") in unwrapped(told.stderr)
    prefix = customer.envs / "by-path"
    use(shell, customer, stick, "-Prefix", f"{prefix}{os.sep}", "-Package", "tool")
    assert customer.installed("by-path") == {"tool": "1.0"}
    archive = next(stick.glob("*/app-1.0-0.conda"))
    other = another(archive)
    archive.unlink()
    archive.write_bytes(other)
    told = use(shell, customer, stick, "new", status=1)
    changed = f"changed or missing: {archive.parent.name}/{archive.name}"
    assert unwrapped(changed) in unwrapped(told.stderr)
    assert not (customer.envs / "new").exists()


@needs_powershell
@pytest.mark.parametrize("shell", SHELLS)
def test_with_the_plugin(customer: Conda, stick: Path, shell: str) -> None:
    assert not use(shell, customer, stick, "rating", "app", "-Check", "-Quiet", status=3).stdout
    assert not (customer.envs / "rating").exists()
    log = customer.scratch / "a log.txt"
    use(shell, customer, stick, "rating", "app", "-Quiet", "-Log", str(log))
    assert customer.installed("rating")["app"] == "1.0"
    assert "offline-repo use" in log.read_text("utf-8")
    use(shell, customer, stick, "rating", "app", "-Check")
    use(shell, customer, stick, "rating", "-Release", "none", status=2)
    use(shell, customer, stick, "rating", "-Release", "7", status=1)


@needs_powershell
@pytest.mark.parametrize("shell", SHELLS)
def test_in_constrained_language(customer: Conda, stick: Path, shell: str) -> None:
    # before, as its functions are trusted where a policy constrains the language
    load = "Import-Module Microsoft.PowerShell.Utility"
    mode = f"{load}; $ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"
    script = str(stick / "use.ps1").replace("'", "''")
    done = subprocess.run(
        [shell, "-NoProfile", "-Command", f"{mode}; & '{script}' rating; exit $LASTEXITCODE"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=customer.work,
        env={**customer.variables, "CONDA_NO_PLUGINS": "true"},
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout!r}\n{done.stderr!r}"
    assert (customer.envs / "rating" / ".condarc").is_file()
