"""The examples beside the schema: what the validator says of them, and what the schema says.

The first lines of an invalid example say what is wrong with it: `# LINE:COLUMN: MESSAGE`.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import jsonschema
import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from conda_offline_repo.audit.policy import parse_policy
from conda_offline_repo.builder.config.read import read
from conda_offline_repo.builder.config.schema import SCHEMA
from conda_offline_repo.builder.config.values import changed
from conda_offline_repo.builder.options import EnvironmentSpec, Options
from conda_offline_repo.builder.warnings import Early
from conda_offline_repo.exceptions import ConfigFileError

if TYPE_CHECKING:
    from typing import Any

TOP = SCHEMA["properties"]
OF_LABEL = SCHEMA["$defs"]["label"]["properties"]
OF_ENVIRONMENT = SCHEMA["$defs"]["environment"]["properties"]
FOLDER = Path(__file__).resolve().parents[3] / "schema"
EXAMPLES = FOLDER / "examples"
#: What lies beside the examples because one names it.
NEEDED = "environment.yml"
DEFAULTS = Options("", Path(), channels=("conda-forge",), native_platform="linux-64")
VARIABLES = {
    "HALKBANK_TOKEN": "tk-0123-halkbank",
    "ACME_TOKEN": "tk-0123-acme",
    "EMPTY": "",
    "NOT_A_TOKEN": "tk 0123",
}
SECRETS = ("passw0rd", "tk-0123", "tk 0123", "12345678")
EXPECTED = re.compile(r"# ([0-9]+):([0-9]+): (.+)")


def examples(kind: str) -> list[Path]:
    found = sorted((EXAMPLES / kind).glob("*.yml"))
    assert found
    return [path for path in found if path.name != NEEDED]


def named(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", examples(kind), ids=lambda path: path.stem)


def options(name: str) -> tuple[Options, ...]:
    return read(EXAMPLES / "valid" / f"{name}.yml", DEFAULTS, VARIABLES)


def expected(path: Path) -> list[dict[str, Any]]:
    """What the first lines of an example say of it."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        match = EXPECTED.fullmatch(line)
        if not match:
            break
        found.append({"line": int(match[1]), "column": int(match[2]), "message": match[3]})
    return found


def schema_takes(path: Path) -> bool:
    content = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(content))


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_all_keys_are_in_an_example() -> None:
    text = (EXAMPLES / "valid" / "everything.yml").read_text("utf-8")
    for key in (*TOP, *OF_LABEL, *OF_ENVIRONMENT):
        assert f"{key}:" in text


@named("valid")
def test_valid(path: Path) -> None:
    assert read(path, DEFAULTS, VARIABLES)
    assert schema_takes(path)


@named("invalid")
def test_invalid(path: Path) -> None:
    check_invalid(path)
    assert not schema_takes(path)


@named("invalid-beyond-schema")
def test_invalid_beyond_the_schema(path: Path) -> None:
    check_invalid(path)
    with suppress(YAMLError):  # what is no YAML is nothing to the schema
        assert schema_takes(path)


def check_invalid(path: Path) -> None:
    with pytest.raises(ConfigFileError) as caught:
        read(path, DEFAULTS, VARIABLES)
    assert caught.value.mistakes == expected(path)
    for one in caught.value.mistakes:
        assert f"{path}:{one['line']}:{one['column']}: {one['message']}" in str(caught.value)
    for secret in SECRETS:
        assert secret not in str(caught.value)


def test_options_of_the_example_of_the_readme() -> None:
    bank, acme = options("readme")
    assert (bank.label, acme.label) == ("halkbank", "acme")
    assert bank.root == acme.root == Path("/srv/offline").absolute()
    assert bank.packages == ("ratingpro",)
    assert bank.channels == acme.channels == ("prometeia", "conda-forge")
    assert bank.channels_named
    assert bank.whole
    assert bank.label_channel
    assert (bank.token, acme.token) == ("tk-0123-halkbank", None)
    assert bank.platforms == ("win-64",)
    assert bank.keep == 1
    assert bank.plugin is False
    assert bank.installers == ()
    assert bank.environments == ()
    assert not acme.label_channel
    assert acme.platforms == ("win-64", "linux-64")
    assert acme.virtual_packages == ("linux-64:__glibc=2.17",)
    assert acme.keep == 2
    assert acme.packages == ()
    assert acme.environments == (
        EnvironmentSpec("runtime", ("core", "python 3.11.*")),
        EnvironmentSpec("tools", file=EXAMPLES / "valid" / NEEDED),
    )
    assert (bank.pip, bank.pip_as_conda) == ((), True)


def test_options_of_everything() -> None:
    folder = EXAMPLES / "valid"
    packages, file, prefix, several, year = options("everything")
    assert {one.root for one in options("everything")} == {folder / ".." / "offline"}
    assert packages.channels[1] == str(folder / "channel")
    assert packages.sign_keys == (folder / "keys" / "old", folder / "keys" / "new")
    assert packages.token == "tk-0123-halkbank"
    assert packages.keep == 3
    newer = (packages.exclude_newer, file.exclude_newer, prefix.exclude_newer)
    assert newer == ("2026-11-01", "none", "14d")
    assert (packages.next_due, file.next_due) == ("90d", "90d")
    assert (packages.fail_on, file.fail_on) == (("warning",), ())
    assert year.fail_on == ("no-update", "downgrade")
    assert packages.plugin is True
    assert packages.installers == (folder / "installers" / "Miniforge3-Linux-x86_64.sh",)
    assert packages.virtual_packages == (
        "linux-64:__glibc=2.17",
        "linux-64:__cuda=12.4",
        "linux-64:__archspec=1=x86_64_v3",
    )
    assert not packages.unsigned
    index = "--index-url https://${PYPI_USER}:${PYPI_KEY}@pypi.example.com/simple"
    assert packages.pip == ("flask>=3", index)
    assert (packages.pip_as_conda, file.pip_as_conda) == (True, False)
    assert (packages.index_version, file.index_version) == (3, 1)
    assert packages.folder == folder
    common, own = (json.loads(each.policy or "") for each in (packages, file))
    assert parse_policy(common).exclude_newer == "2026-11-01"
    assert (own["licenses"], own["channels"], own["scripts"]) == ({}, [], common["scripts"])
    assert [each["package"] for each in own["exceptions"]] == ["gmp", "mpfr"]
    assert parse_policy(own).licenses is None
    assert [one.pip for one in several.environments] == [(), ("flask",), (), (), ()]
    assert (file.sign_keys, file.unsigned, file.installers) == ((), True, ())
    assert file.environments == (EnvironmentSpec(file=folder / NEEDED),)
    assert prefix.plugin is True
    assert prefix.plugin_file == folder / "conda-offline-repo-base-1.0-0.conda"
    assert prefix.environments[0].prefix
    assert several.plugin is False
    assert (file.customer_conda, several.customer_conda) == (">=24.7,<26", "24.7")
    assert file.customer_solvers == ("classic", "libmamba")
    assert several.customer_solvers == ("classic",)
    assert several.channels == ("prometeia",)
    assert several.token == "tk-0123-acme"
    assert "linux-64:__cuda=" in several.virtual_packages
    assert "linux-64:__glibc=2.17" in several.virtual_packages
    assert [one.name for one in several.environments] == ["old", "new", "tools", "locked", "base"]
    assert (year.label, year.packages, year.environments) == ("2026", (), ())
    assert year.sign_keys == (folder / "keys" / "old",)


def test_kinds_of_warnings_are_those_of_builds() -> None:
    assert SCHEMA["$defs"]["fail_on"]["items"]["enum"] == [*get_args(Early), "warning"]


def test_every_setting_is_in_both_places() -> None:
    settings = set(TOP) & set(OF_LABEL)
    assert settings == set(TOP) - {"root", "labels"}
    path = EXAMPLES / "valid" / "everything.yml"
    content = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    for key in settings:
        said = {key: False if key == "label_channel" else content[key]}
        assert changed(DEFAULTS, said, path.parent) != DEFAULTS
