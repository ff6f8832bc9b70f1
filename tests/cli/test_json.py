"""What `--json` prints and what the manifest holds, as the schemas in `schema/` say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import jsonschema
import pytest

from conda_offline_repo.builder.warnings import Early, Late
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.manifest_json import parse
from tests.conftest import TOKEN
from tests.repository.test_manifest import FROM_PYPI, MANIFEST
from tests.support.mirror import PLATFORM

if TYPE_CHECKING:
    from typing import Any

    from tests.conftest import Vendor
    from tests.support.running import Conda, Finished

SCHEMAS = Path(__file__).parents[2] / "schema"


def closed(schema: Any) -> Any:
    """A schema that knows of no other keys; the files allow them to those who come later."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {**more, **{key: closed(value) for key, value in schema.items()}}


def load(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / name).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


OUTPUT, OF_MANIFEST = load("output.schema.json"), load("manifest.schema.json")


def check_manifest(manifest: Any) -> None:
    jsonschema.validate(manifest, closed(OF_MANIFEST))


def check(kind: str, result: Finished) -> Any:
    """See that what was printed is of a kind; returns it."""
    schema = OUTPUT if kind == "error" else closed(OUTPUT)  # an error says what else it knows
    jsonschema.validate(result.json, {"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
    return result.json


def check_report(report: Any) -> None:
    schema = {"$ref": "#/$defs/audit_report", "$defs": closed(OUTPUT)["$defs"]}
    jsonschema.validate(report, schema)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    return tmp_path / "stick" / "bank"


def test_a_release_and_its_delivery(
    conda: Conda, customer: Conda, vendor: Vendor, root: Path, stick: Path, tmp_path: Path
) -> None:
    def of(kind: str, *arguments: object, by: Conda = conda, status: int = 0) -> Any:
        result = by.execute("offline-repo", *arguments, "--json", CONDA_ALWAYS_YES="true")
        assert result.status == status, str(result)
        return check(kind, result)

    bank = root / "bank"
    build = ("build", *vendor.request, "--root", root, "--platform", PLATFORM, "--keep", 2)
    check_manifest(of("build", *build, "app", "--verbose")["manifest"])
    of("sync", "sync", bank, stick)
    of("use", "use", stick, "-n", "mine", "app", by=customer)
    vendor.label.add("app", "3.0", depends=["tool"])
    vendor.label.write()
    assert of("build", *build, "app", "tool")["updated"]
    manifest = json.loads((bank / MANIFEST_NAME).read_text("utf-8"))
    assert manifest["releases"]
    check_manifest(manifest)
    assert of("diff", "diff", stick, bank)["new_licenses"] is not None
    assert of("diff", "diff", bank / MANIFEST_NAME, bank)["new_licenses"] is None
    assert of("pack", "pack", bank, "-o", tmp_path / "all.zip")["since"] is None
    assert of("pack", "pack", bank, "-o", tmp_path / "new.zip", "--since", stick)["volumes"]
    assert of("unpack", "unpack", tmp_path / "new.zip", stick)["build_before"] == 1
    of("use_check", "use", "--check", stick, "-n", "mine", by=customer, status=3)
    of("use", "use", stick, "-n", "mine", "--release", 1, by=customer)
    of("use_undo", "use", "--undo", "-n", "mine", by=customer)
    shown = of("show", "show", root, "--verbose")["repositories"][0]
    assert shown["environments"]
    check_manifest(shown["manifest"])
    of("show", "show", root)
    of("show_brief", "show", root, "--brief")
    assert of("show_releases", "show", root, "--releases")["repositories"][0]["releases"]
    assert of("show_why", "show", root, "--why", "tool")["repositories"][0]["solutions"]
    assert of("show_licenses", "show", root, "--licenses")["repositories"][0]["without"]
    report = tmp_path / "report.json"
    assert of("show_report", "show", root, "--report", report)["changed"]
    check_report(json.loads(report.read_text("utf-8")))
    assert of("verify", "verify", root)["success"]
    (stick / "noarch" / "more.txt").write_text("more")
    report = of("verify", "verify", stick, status=1)
    assert not report["success"]
    assert of("error", "sync", tmp_path, stick, status=1)["exception_name"]


def test_labels_of_a_file(conda: Conda, vendor: Vendor, root: Path) -> None:
    settings = {
        "root": str(root),
        "channels": [vendor.url(vendor.publisher), vendor.url(vendor.public)],
        "token": "${TOKEN}",
        "labels": {"bank": {"packages": ["app"]}, "plant": {"packages": ["none"]}},
    }
    (conda.work / "offline-repo.yml").write_text(json.dumps(settings))
    result = check("build_labels", conda.execute("offline-repo", "build", "--json", TOKEN=TOKEN))
    assert [label["success"] for label in result["labels"]] == [True, False]


def test_manifest_with_all_that_it_can_hold() -> None:
    full = json.loads(FROM_PYPI.content)
    digest = "a" * 64
    more = {
        "on_the_way": {"SHA256SUMS": {digest: 3}},
        "signers": [f"SHA256:{'A' * 43}"],
        "proved_with": {"classic": "conda 24.7.1"},
        "bridges": {"noarch/repodata.json": {"sha256": digest, "size": 3}},
        "releases": {"1": {"created": "x", "manifest_sha256": digest, "solutions": {}}},
        "due": "2027-02-28",
        "withdrawn": {"2": "its lib is broken"},
        "decisions": [{"archive": "noarch/a-1-0.conda", "rule": "licenses", "problem": "x"}],
    }
    full["request"] |= {"next_due": "90d", "policy": {"exclude_newer": "14d"}}
    full["request"] |= {"plugin": True, "keep": 2, "environments": {"a": []}, "exact": ["a"]}
    full["request"] |= {"publisher_named": False, "pip_as_conda": False, "index_version": 3}
    full["request"] |= {"customer_conda": ">=26.7", "customer_solvers": ["rattler"]}
    full["request"]["exclude_newer"], full["cutoff"] = "14d", "2026-11-16T10:00:00Z"
    package = next(p for p in full["packages"].values() if "wheel" not in p)
    package["index_version"] = 3
    full["needs"] = {"conda": ">=26.7", "solvers": ["rattler"]}
    full["request"]["pip"] = {
        "a": {"requirements": ["six"], "constraints": ["six<2"], "index": ["--no-index"]}
    }
    verified = [{"identity": "me@example.com", "issuer": "https://example.com"}]
    attestations = {"sha256": digest, "size": 3, "verified": verified}
    next(iter(full["packages"].values()))["attestations"] = attestations
    full = {**full, **more}
    check_manifest(full)
    assert json.loads(parse(full).content) == full, "there is more, or the schema has more"
    assert {*OF_MANIFEST["properties"]} == {*full}
    assert {*OF_MANIFEST["properties"]["request"]["properties"]} == {*full["request"]}


@pytest.mark.parametrize("key", sorted(OF_MANIFEST["required"]))
def test_manifest_that_lacks_something(key: str) -> None:
    content = json.loads(MANIFEST.content)
    del content[key]
    with pytest.raises(jsonschema.ValidationError):
        check_manifest(content)


def test_kinds_of_warnings_are_documented() -> None:
    page = (SCHEMAS.parent / "docs" / "reference" / "json.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert rows == [*get_args(Early), *get_args(Late)]
