"""Attestations from the vendor's channel to the customer: verified, shown, delivered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from ruamel.yaml import YAML

from dev.upstream.server import ChannelServer
from tests.cli.test_json import check
from tests.support.attesting import ISSUER, WORKFLOW, Sigstore, publish
from tests.support.running import tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import Conda
    from tests.support.tiny import TinyPackage

ACME = {"identity": WORKFLOW, "issuer": ISSUER}


class Served:
    """A channel whose package `app` is attested, and needs `lib`, which is not.

    Attributes:
        options: of a build from it.
        root: the file with the trusted root.
    """

    def __init__(self, folder: Path, server: ChannelServer) -> None:
        self.channel = TinyChannel(folder / "served" / "acme")
        self.lib = self.channel.add("lib")
        self.sigstore = Sigstore()
        self.root = self.sigstore.write_root(folder / "trusted_root.json")
        self.url = f"{server.url}/acme"
        self.options = ("--no-label-channel", "--override-channels", "-c", self.url)
        self.release("1.0")

    def release(self, version: str, *attested: TinyPackage) -> list[str]:
        """Publish a version of `app`, with attestations of it and of other packages, and return
        the names of their files in a repository.
        """
        app = self.channel.add("app", version, depends=["lib"])
        files = []
        for package in (app, *attested):
            file = publish(package, self.sigstore.attest(package, channel=self.url))
            files.append(f"noarch/{file.name}")
        self.channel.write()
        return files


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with ChannelServer(tmp_path / "served") as server:
        yield Served(tmp_path, server)


def test_from_the_channel_to_the_customer(
    conda: Conda, customer: Conda, served: Served, root: Path, tmp_path: Path
) -> None:
    build = ("--label", "bank", "--root", root, *served.options, "app")
    verified = (*build, "--verify-attestations", served.root)
    result = check("build", conda.build(*verified, "--json"))
    assert result["new_attesters"] == [{**ACME, "packages": ["app"]}]
    assert not result["warnings"]

    shown = conda.run("offline-repo", "show", root / "bank").stdout
    (row,) = (line for line in shown.splitlines() if line.startswith("app "))
    assert row.endswith(f"  {WORKFLOW} ({ISSUER})")
    shown = check("show", conda.run("offline-repo", "show", root / "bank", "--json"))
    app, lib = shown["repositories"][0]["packages"]
    assert app["attestations"]["verified"] == [ACME]
    assert lib["attestations"] is None
    assert f"attested by {WORKFLOW} ({ISSUER})" in (root / "bank" / "index.html").read_text()

    copy = tmp_path / "copy" / "bank"
    customer.run("offline-repo", "sync", root / "bank", copy)
    assert tree(copy) == tree(root / "bank")
    customer.use(copy, "-n", "e", "app")

    newer = served.release("2.0", served.lib)
    built = conda.build(*verified).stdout
    assert f"Newly attested by {WORKFLOW} ({ISSUER}): lib\n" in built
    assert "New attestations of what was there: noarch/lib-1.0-0.conda\n" in built
    assert "Attestations of 2 of 2 packages are verified.\n" in built
    diff = conda.run("offline-repo", "diff", copy, root / "bank", "--json")
    assert check("diff", diff)["new_attesters"] == [{**ACME, "packages": ["lib"]}]
    volume = tmp_path / "new.zip"
    conda.run("offline-repo", "pack", root / "bank", "-o", volume, "--since", copy)
    with ZipFile(volume) as packed:
        assert [name for name in packed.namelist() if ".sigs." in name] == sorted(newer)
    customer.run("offline-repo", "unpack", volume, copy)
    assert tree(copy) == tree(root / "bank")
    customer.use(copy, "-n", "e", "app")


def test_of_a_file(conda: Conda, served: Served, root: Path) -> None:
    content = {
        "root": str(root),
        "channels": [served.url],
        "label_channel": False,
        "labels": {"bank": {"packages": ["app"], "verify_attestations": "../root.json"}},
    }
    (conda.work / "offline-repo.yml").write_text(json.dumps(content))
    assert "'../root.json' does not exist" in conda.fail("offline-repo", "build").stderr
    Sigstore().write_root(conda.work.parent / "root.json")
    result = conda.fail("offline-repo", "build")
    assert "The attestations of these packages cannot be verified" in result.stderr
    # what is typed goes before what the file says
    conda.build("--verify-attestations", served.root)
    written = conda.work / "written.yml"
    plain = ("--label", "bank", "--root", root, "--verify-attestations", served.root)
    conda.build(*plain, "--write-config", "--file", written)
    label = YAML(typ="safe").load(written.read_text())["labels"]["bank"]
    assert label["verify_attestations"] == str(served.root)


def test_a_variable_that_is_not_set_does_not_switch_it_off(
    conda: Conda, served: Served, root: Path
) -> None:
    options = ("--label", "bank", "--root", root, "-c", served.channel.folder, "app")
    error = conda.fail("offline-repo", "build", *options, "--verify-attestations", "").stderr
    assert "cannot be used as a trusted root" in error
    assert not root.exists()
