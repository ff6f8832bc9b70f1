"""`conda offline-repo sbom`: what leaves in a bill of materials, and what does not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda import features
from conda_offline_repo.queries.sbom import FORMAT
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.package import Attestations, Attester
from tests.cli.test_json import check
from tests.support.rewriting import from_elsewhere, from_wheel, put_index, rewrite
from tests.support.running import Customer, snapshot, tree
from tests.support.suite import CORE, LIBZ, PYTHON, TOOL, with_environments

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.running import Conda, Finished

SECRET = "pa55-0f-the-vendor"
#: What is configured, and must not be found in any file.
INTERNAL = "conda.internal.example"
NAMES = ["acme-1-lock-linux-64", "acme-1-runtime-linux-64", "acme-1-tools-linux-64"]
FILES = [f"{name}.cdx.json" for name in NAMES]

needs_sboms = pytest.mark.skipif(
    features.exporter(FORMAT) is None, reason="conda-sboms is not installed, or conda is too old"
)


@pytest.fixture
def acme(published: Path, tmp_path: Path) -> Path:
    """The label with its environments; one package is from a public channel."""
    folder = tmp_path / "root" / "acme"
    shutil.copytree(published, folder)
    with_environments(folder)
    from_elsewhere(folder, CORE, f"https://conda.anaconda.org/conda-forge/{CORE}")
    return folder


@pytest.fixture
def engineer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "engineer")


def sbom(conda: Conda, *arguments: object, **variables: str) -> Finished:
    return conda.run("offline-repo", "sbom", *arguments, **variables)


def component(folder: Path, name: str, file: str = FILES[1]) -> dict[str, Any]:
    document = json.loads((folder / file).read_bytes())
    components = document["components"]
    (match,) = (entry for entry in components if entry["name"] == name)
    assert isinstance(match, dict)
    return match


@pytest.mark.skipif(features.exporter(FORMAT) is not None, reason="conda-sboms is installed")
def test_conda_that_makes_none(engineer: Conda, acme: Path, tmp_path: Path) -> None:
    result = engineer.fail("offline-repo", "sbom", acme, "-o", tmp_path / "bills")
    assert 'conda install -n base "conda>=26.3" conda-sboms' in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "bills").exists()
    result = engineer.fail("offline-repo", "sbom", acme, "--json")
    assert result.json["exception_name"] == "SbomMissingError"


def test_where_there_is_no_repository(engineer: Conda, tmp_path: Path) -> None:
    assert "no offline repo" in engineer.fail("offline-repo", "sbom", tmp_path / "x").stderr


@needs_sboms
def test_a_file_for_each_environment(engineer: Conda, acme: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "bills"
    before = snapshot(acme)
    result = sbom(engineer, acme.parent, "-o", folder)
    assert tree(folder) == FILES
    assert f"{folder / FILES[0]}: 3 packages, written" in result.stdout
    assert snapshot(acme) == before
    document = json.loads((folder / FILES[1]).read_bytes())
    assert document["bomFormat"] == "CycloneDX"
    assert [entry["name"] for entry in document["components"]] == [
        *("cli", "core", "libz", "pip", "python")
    ]
    manifest = locate_one(acme).manifest
    assert document["metadata"]["timestamp"].startswith(manifest.created.rstrip("Z"))
    product = document["metadata"]["component"]
    assert (product["name"], product["version"]) == ("acme-runtime", str(manifest.release))
    libz = component(folder, "libz")
    assert libz["version"] == "1.3"
    assert libz["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]
    digests = {digest["alg"]: digest["content"] for digest in libz["hashes"]}
    assert digests["SHA-256"] == manifest.packages[LIBZ].sha256
    needs = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    assert len(needs[document["metadata"]["component"]["bom-ref"]]) == 2
    assert needs[component(folder, "cli")["bom-ref"]] == [component(folder, "core")["bom-ref"]]


@needs_sboms
def test_one_environment_without_a_name(engineer: Conda, published: Path, tmp_path: Path) -> None:
    sbom(engineer, published, "-o", tmp_path / "bills")
    assert tree(tmp_path / "bills") == ["acme-1-linux-64.cdx.json"]


@needs_sboms
def test_the_same_release_gives_the_same_bytes(engineer: Conda, acme: Path, tmp_path: Path) -> None:
    """Whoever makes it, wherever, whatever that conda is configured to call channels."""
    sbom(engineer, acme, "-o", tmp_path / "bills")
    before = snapshot(tmp_path / "bills")
    result = sbom(engineer, acme, "-o", tmp_path / "bills")
    assert result.stdout.count(", unchanged") == 3
    assert snapshot(tmp_path / "bills") == before
    other = Customer(tmp_path / "other")
    internal = f"https://me:{SECRET}@{INTERNAL}"
    other.configure(
        channel_alias=f"{internal}/t/{SECRET}-token",
        migrated_channel_aliases=["https://conda.anaconda.org"],
        custom_channels={"conda-forge": internal, "x": internal},
        custom_multichannels={INTERNAL: ["https://conda.anaconda.org/conda-forge"]},
        channels=[f"{internal}/acme"],
    )
    moved = tmp_path / "elsewhere" / "acme"
    shutil.copytree(acme, moved)
    sbom(other, moved, "-o", tmp_path / "more")
    for file in FILES:
        assert (tmp_path / "more" / file).read_bytes() == (tmp_path / "bills" / file).read_bytes()
    dated = sbom(engineer, acme, "-o", tmp_path / "bills", SOURCE_DATE_EPOCH="1000000000")
    assert "unchanged" not in dated.stdout
    assert "2001-09-09T01:46:40" in (tmp_path / "bills" / FILES[0]).read_text()


@needs_sboms
@pytest.mark.parametrize(
    "url",
    [
        "https://conda.internal.example/acme/{}",
        "https://me:{secret}@conda.internal.example/t/{secret}/acme/{}?key={secret}",
        "https://conda.anaconda.org:8443/acme/{}",
        "https://conda.anaconda.org.internal.example/acme/{}",
        "https://conda.anaconda.org@conda.internal.example/acme/{}",
        "s3://conda.internal.example/acme/{}",
        "file:///srv/conda.internal.example/acme/{}",
        "file://conda.internal.example/share/acme/{}",
        "https://10.0.0.7/conda.internal.example/{}",
        "https://[bad/conda.internal.example/{}",
        "conda.internal.example",
    ],
)
def test_nothing_internal_leaves(engineer: Conda, acme: Path, tmp_path: Path, url: str) -> None:
    for name in locate_one(acme).manifest.packages:
        from_elsewhere(acme, name, url.format(name, secret=SECRET))
    sbom(engineer, acme, "-o", tmp_path / "bills")
    for file in FILES:
        text = (tmp_path / "bills" / file).read_text()
        for word in (
            SECRET,
            INTERNAL,
            "internal",
            "10.0.0.7",
            "8443",
            "file:",
            "/acme/",
            "%2Facme",
        ):
            assert word not in text, word
    python = component(tmp_path / "bills", "python")
    assert "externalReferences" not in python
    assert python["purl"] == "pkg:conda/python@3.11.0?build=h1_0&subdir=linux-64&type=conda"


@needs_sboms
@pytest.mark.parametrize(
    ("url", "channel", "address"),
    [
        ("https://conda.anaconda.org/conda-forge/{}", "conda-forge", ""),
        ("https://repo.anaconda.com/pkgs/main/{}", "pkgs/main", ""),
        ("https://prefix.dev/conda-forge/{}", "https://prefix.dev/conda-forge", ""),
        (
            f"https://me:{SECRET}@conda.anaconda.org/t/{SECRET}/acme/label/bank/{{}}?k={SECRET}",
            "acme/label/bank",
            "https://conda.anaconda.org/acme/label/bank/{}",
        ),
    ],
)
def test_public_channels_are_named(
    engineer: Conda, acme: Path, tmp_path: Path, url: str, channel: str, address: str
) -> None:
    from_elsewhere(acme, PYTHON, url.format(PYTHON))
    sbom(engineer, acme, "-o", tmp_path / "bills")
    python = component(tmp_path / "bills", "python")
    properties = {entry["name"]: entry["value"] for entry in python["properties"]}
    assert properties["conda:package:channel"] == channel
    (reference,) = python["externalReferences"]
    assert reference["url"] == (address or url).format(PYTHON)
    assert SECRET not in (tmp_path / "bills" / FILES[1]).read_text()


@needs_sboms
def test_licence_that_is_an_address(engineer: Conda, acme: Path, tmp_path: Path) -> None:
    entry = {"name": "tool", "version": "1.0", "build": "0", "depends": [7, "libz ]["]}
    licence = f"Ours, see https://me:{SECRET}@{INTERNAL}/licence (and https://[x)"
    entries = {"tool-1.0-0.tar.bz2": {**entry, "license": licence, "url": f"https://{INTERNAL}"}}
    put_index(acme, "noarch/repodata.json", entries)
    rewrite(acme, solutions={"tools/linux-64": (LIBZ, TOOL)})
    sbom(engineer, acme, "-o", tmp_path / "bills")
    tool = component(tmp_path / "bills", "tool", FILES[2])
    assert tool["licenses"] == [{"license": {"name": "Ours, see ... (and ...)"}}]
    assert INTERNAL not in (tmp_path / "bills" / FILES[2]).read_text()


@needs_sboms
def test_settings_of_conda_sboms_count(engineer: Conda, acme: Path, tmp_path: Path) -> None:
    engineer.configure(
        plugins={"conda_sboms_product_name": "Rating", "conda_sboms_product_version": "3"}
    )
    sbom(engineer, acme, "-o", tmp_path / "bills")
    document = json.loads((tmp_path / "bills" / FILES[0]).read_bytes())
    assert document["metadata"]["component"]["name"] == "Rating"
    engineer.configure(plugins={"conda_sboms_product_name": "Rating"})
    result = engineer.fail("offline-repo", "sbom", acme, "-o", tmp_path / "bills")
    assert "configured together" in result.stderr


@needs_sboms
def test_json_and_dry_run(engineer: Conda, acme: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bills"
    result = sbom(engineer, acme, "-o", folder, "--dry-run")
    assert result.stdout.count("would be written") == 3
    assert not folder.exists()
    files = check("sbom", sbom(engineer, acme, "-o", folder, "--json"))["files"]
    assert [file["path"] for file in files] == [str(folder / file) for file in FILES]
    assert {file["changed"] for file in files} == {True}
    assert (files[1]["environment"], files[1]["platform"]) == ("runtime", "linux-64")
    assert (files[1]["label"], files[1]["build"], files[1]["packages"]) == ("acme", 1, 5)
    files = sbom(engineer, acme, "-o", folder, "--json").json["files"]
    assert {file["changed"] for file in files} == {False}
    assert sbom(engineer, acme, "-o", folder, "--quiet").stdout == ""
    (folder / FILES[0]).unlink()
    (line,) = sbom(engineer, acme, "-o", folder, "--quiet").stdout.splitlines()
    assert line.startswith(f"{folder / FILES[0]}: ")


@needs_sboms
def test_not_into_a_repository(engineer: Conda, acme: Path) -> None:
    result = engineer.fail("offline-repo", "sbom", ".", cwd=acme)
    assert "another folder" in result.stderr
    assert sorted(acme.glob("*.cdx.json*")) == []


@needs_sboms
@pytest.mark.parametrize(
    ("index", "public"),
    [("https://files.pythonhosted.org/packages/ab", True), (f"https://{INTERNAL}/simple", False)],
)
def test_packages_from_wheels_are_known_as_of_pypi(
    engineer: Conda, acme: Path, tmp_path: Path, index: str, public: bool
) -> None:
    file = "Core_Lib-2.0+cpu-py3-none-any.whl"
    manifest = from_wheel(acme, CORE, file, index).manifest
    sbom(engineer, acme, "-o", tmp_path / "bills")
    core = component(tmp_path / "bills", "core")
    checksum = f"checksum=sha256:{'e' * 64}"
    name = "core-lib@2.0%2Bcpu"
    assert core["purl"] == f"pkg:pypi/{name}?{checksum}&file_name={file.replace('+', '%2B')}"
    digests = {digest["alg"]: digest["content"] for digest in core["hashes"]}
    assert digests["SHA-256"] == manifest.packages[CORE].sha256
    reference = {
        "type": "distribution",
        "url": f"{index}/{file}",
        "hashes": [{"alg": "SHA-256", "content": "e" * 64}],
    }
    assert core.get("externalReferences", []) == ([reference] if public else [])
    assert INTERNAL not in (tmp_path / "bills" / FILES[1]).read_text()
    assert component(tmp_path / "bills", "cli")["purl"].startswith("pkg:conda/cli@1.0?")


@needs_sboms
def test_attestations_are_named(engineer: Conda, acme: Path, tmp_path: Path) -> None:
    packages = locate_one(acme).manifest.packages
    attester = Attester("https://github.com/acme/x/.github/workflows/y.yml@main", "https://issuer")
    both = {PYTHON: Attestations("a" * 64, 5, (attester,)), CORE: Attestations("b" * 64, 5, ())}
    described = {name: replace(packages[name], attestations=both[name]) for name in both}
    rewrite(acme, packages={**packages, **described})
    sbom(engineer, acme, "-o", tmp_path / "bills")
    *_, python = component(tmp_path / "bills", "python")["externalReferences"]
    assert python == {
        "type": "attestation",
        "url": f"{PYTHON}.sigs.{'a' * 64}",
        "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
        "comment": f"Verified when the release was built: by {attester}",
    }
    *_, core = component(tmp_path / "bills", "core")["externalReferences"]
    assert core["comment"] == "Not verified"
