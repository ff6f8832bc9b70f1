"""The conda packages that the recipe makes, built and installed for real.

The channel that they are built from and installed from has this machine's Python, and conda and the
others as they are installed beside it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda import __version__ as conda_version
from conda import exceptions

from conda_offline_repo.repository.locate import locate_one
from dev.upstream.channels import index
from dev.upstream.installed import package
from tests.support.bare import TERMS, isolation, make_bare, make_installer, run_bare
from tests.support.keys import SSH_KEYGEN, new_key
from tests.support.mirror import another, entries
from tests.support.running import Conda, Installed, snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BASE, VENDOR = "conda-offline-repo-base", "conda-offline-repo"
VERSION = "1.2.3"
#: Whether this conda protects environments (CEP 22).
FREEZES = hasattr(exceptions, "EnvironmentIsFrozenError")

#: What runs a command without a network, in another root; None for want of it.
ISOLATION = isolation()

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the channel is made of this machine's Python, on Linux alone"
)


@dataclass(frozen=True)
class Field:
    """Where the packages are tried.

    Attributes:
        folder: for environments and users.
        channel: has both packages and all that they need.
        base: the archive of the customer's side.
    """

    folder: Path
    channel: Path
    base: Path

    @property
    def here(self) -> tuple[str, ...]:
        """The options that name the channel and no other."""
        return ("--override-channels", "-c", self.channel.as_uri())

    def environment(self, name: str, *packages: str) -> Path:
        """Make an environment with the conda of the tests."""
        conda = Conda(self.folder / f"maker of {name}")
        prefix = self.folder / name
        conda.run("create", "--yes", "-p", prefix, *self.here, *packages)
        return prefix


@pytest.fixture(scope="module")
def field(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """The channel, with both packages as the recipe makes them and its own tests see them."""
    from rattler_build import Stage0Recipe, ToolConfiguration, VariantConfig
    from rattler_build.progress import SimpleProgressCallback

    folder = tmp_path_factory.mktemp("field")
    channel = folder / "channel"
    (channel / "linux-64").mkdir(parents=True)
    for archive in (packages / "public" / "linux-64").glob("python*"):
        shutil.copy2(archive, channel / "linux-64")
    package(
        (
            "conda",
            "conda-index",
            "hatchling",
            "hatch-vcs",
            "jsonschema",
            "license-expression",
            "msgspec",
            "pip",
            "securesystemslib",
        ),
        channel,
        ("python",),
    )
    index(channel)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERSION", VERSION)
        # packages of the same names, from other runs, are in the cache of the user
        patch.setenv("RATTLER_CACHE_DIR", str(folder / "cache"))
        results = Stage0Recipe.from_file(REPOSITORY / "recipe" / "recipe.yaml").run_build(
            variant_config=VariantConfig.from_yaml(f'python_min: ["{PYTHON}"]'),
            tool_config=ToolConfiguration(test_strategy="native"),
            channels=[channel.as_uri()],
            output_dir=folder / "built",
            progress_callback=SimpleProgressCallback(),
            no_build_id=True,
        )
    archives = {result.name: result.packages[0] for result in results}
    assert {*archives} == {BASE, VENDOR}
    for archive in archives.values():
        shutil.copy2(archive, channel / "noarch")
    index(channel)
    yield Field(folder, channel, channel / "noarch" / archives[BASE].name)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def engineer(field: Field) -> Installed:
    """A vendor, who has installed the plugin as the README says."""
    prefix = field.environment("vendor", "conda")
    engineer = Installed(field.folder / "engineer", prefix, CONDA_SOLVER="classic")
    engineer.run("install", "--yes", "-n", "base", *field.here, VENDOR)
    return engineer


@pytest.fixture(scope="module")
def plain(field: Field) -> Path:
    """An environment with conda and no more, as installers make it."""
    return field.environment("customer", "conda")


@pytest.fixture(scope="module")
def bank(field: Field, engineer: Installed, plain: Path) -> Path:
    """A repository with a program, the plugin, and an installer of conda with a frozen base."""
    programs = TinyChannel(field.folder / "programs")
    programs.add("ratingpro", files={"bin/ratingpro": "#!/bin/sh\necho ratingpro 1.0 runs\n"})
    programs.write()
    channels = ("-c", programs.folder.as_uri(), "-c", field.channel.as_uri())
    frozen = plain / "conda-meta" / "frozen"
    frozen.touch()
    installer = make_installer(plain, field.folder / "Plain-Linux.sh", terms=TERMS)
    frozen.unlink()
    engineer.build(
        *("--label", "bank", "--root", engineer.work, "--no-label-channel", "--override-channels"),
        *(*channels, "--with-plugin", "ratingpro"),
        *("--installer", installer),
    )
    return engineer.work / "bank"


def test_vendor_has_both_packages_and_conda_index(engineer: Installed) -> None:
    assert {engineer.base[name] for name in (BASE, VENDOR)} == {VERSION}
    assert engineer.base["conda"] == conda_version
    assert "conda-index" in engineer.base
    assert engineer.run("info", "--json").json["root_prefix"] == str(engineer.prefix)


def test_vendor_has_the_templates_of_the_pages(bank: Path) -> None:
    for page in (bank / "index.html", bank.parent / "index.html"):
        assert b"<table" in page.read_bytes()


@pytest.mark.skipif(not ISOLATION, reason="`unshare`, or the right to use it, is missing")
def test_machine_with_nothing_goes_from_the_folder_alone_to_the_running_program(
    bank: Path, plain: Path, tmp_path: Path
) -> None:
    """It has neither conda nor Python nor a network, and the folder cannot be written to."""
    root = make_bare(tmp_path / "root", [plain / "bin" / "python", *plain.rglob("*.so*")])
    shutil.copytree(bank, root / "media" / "stick" / "bank")
    line = "sh /media/stick/bank/install.sh /opt/rating rating"
    refused = run_bare(root, line)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--accept-license" in refused.stderr
    assert not (root / "opt").exists()
    # what a run leaves that is cut off, in which nothing works yet
    prefix = root / "opt" / "rating"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "conda").touch()
    (prefix / ".installing-conda").write_text(f"{os.uname().nodename} {2**22 + 1}\n")
    done = run_bare(root, f"{line} --accept-license && /opt/rating/envs/rating/bin/ratingpro")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("ratingpro 1.0 runs\n")
    assert "conda activate rating" in done.stdout
    assert not [*prefix.glob(".installing*")]
    assert [*(prefix / "conda-meta").glob(f"{BASE}-{VERSION}-*.json")]


def test_customer_goes_from_the_folder_alone_to_the_running_program(
    bank: Path, plain: Path, tmp_path: Path
) -> None:
    """The administrator has plain conda and the folder, and no network."""
    folder = shutil.copytree(bank, tmp_path / "X Y" / "bank")
    me = Installed(tmp_path / "administrator", plain, CONDA_SOLVER="classic")
    assert me.execute("offline-repo", "--help").status != 0
    before = me.base
    line = ("-n", "base", "--override-channels", "-c", (folder / "plugin").as_uri())
    assert f"conda install {' '.join(line[:-1])} " in (folder / "README.txt").read_text()
    me.run("install", "--yes", *line, BASE)
    assert me.base == {**before, BASE: VERSION}
    assert "complete and unchanged" in me.run("offline-repo", "verify", folder).stdout
    me.use(folder, "-n", "rating", "ratingpro", "--yes")
    done = subprocess.run(
        [me.envs / "rating" / "bin" / "ratingpro"], capture_output=True, text=True
    )
    assert done.stdout == "ratingpro 1.0 runs\n"
    # what only a vendor needs is not there
    refused = me.fail("offline-repo", "build", "--label", "bank", "-c", "x", "app", "--json").json
    assert refused["exception_name"] == "VendorMissingError"
    assert "conda install -n base conda-offline-repo" in refused["hints"][0]
    # and the plugin is at work in conda's own commands
    archive = next(folder.glob("noarch/ratingpro-*"))
    archive.write_bytes(another(archive))
    me.run("clean", "--yes", "--packages", "--tarballs")
    told = me.fail(
        "create", "--yes", "-n", "other", "--override-channels", "-c", str(folder), "ratingpro"
    )
    assert str(archive) in told.stderr


@pytest.mark.skipif(not SSH_KEYGEN, reason="OpenSSH is not installed")
def test_conda_itself_comes_from_a_signed_folder(
    field: Field, engineer: Installed, tmp_path: Path
) -> None:
    """The plugin and what it needs stay in base, and what is lost of that can be put back."""
    newer = TinyChannel(tmp_path / "newer")
    (conda,) = field.channel.glob("linux-64/conda-[0-9]*.conda")
    depends = entries(field.channel, "linux-64")[conda.name]["depends"]
    newer.add("conda", "99.1", subdir="linux-64", depends=depends, files=modules("conda"))
    newer.add("securesystemslib", "99.1", files=modules("securesystemslib"))
    newer.write()
    key = new_key(tmp_path / "key")
    label = {"label_channel": False, "environments": {"base": ["conda"]}}
    more = {"with_plugin": True, "sign_key": str(key), "labels": {"bank": label}}
    channels = [newer.folder.as_uri(), field.channel.as_uri()]
    (tmp_path / "offline-repo.yml").write_text(
        json.dumps({"root": str(tmp_path), "channels": channels, **more})
    )
    engineer.build(cwd=tmp_path)
    bank, plugin = tmp_path / "bank", (BASE, "securesystemslib")
    (signer,) = locate_one(bank).signers
    prefix = field.environment("owner", "conda")
    me = Installed(tmp_path / "administrator", prefix, CONDA_SOLVER="classic")
    here = ("--override-channels", "-c", (bank / "plugin").as_uri())
    me.run("install", "--yes", "-n", "base", *here, *plugin)
    told = me.use(bank, "-n", "base", "--environment", "base", "--yes", "--trust", signer)
    assert f"{BASE} {VERSION}, securesystemslib 99.1" in told.stderr
    assert {name: me.base[name] for name in ("conda", *plugin)} == {
        "conda": "99.1",
        BASE: VERSION,
        "securesystemslib": "99.1",
    }
    me.run("offline-repo", "verify", bank)
    plain = ("--no-plugins", "remove", "--yes", "-n", "base", "--solver", "classic")
    me.run(*plain, "securesystemslib")
    told = me.fail("offline-repo", "verify", bank)
    (remedy,) = re.findall("Install it from the folder: conda (.*)", told.stderr)
    me.run(*remedy.split(), "--yes")
    me.run("offline-repo", "verify", bank)


def modules(name: str) -> dict[str, str | bytes]:
    """The files of a package of Python that is installed here, as a conda package has them."""
    (folder,) = map(Path, import_module(name).__path__)
    return {
        f"lib/python{PYTHON}/site-packages/{name}/{path.relative_to(folder).as_posix()}": content
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and (content := path.read_bytes())
    }


@pytest.mark.skipif(not FREEZES, reason="this conda knows no frozen environments")
def test_frozen_base_takes_the_plugin_as_the_instructions_say(
    field: Field, bank: Path, tmp_path: Path
) -> None:
    prefix = field.environment("frozen", "conda")
    (prefix / "conda-meta" / "frozen").touch()
    me = Installed(tmp_path / "administrator", prefix, CONDA_SOLVER="classic")
    line = ("-n", "base", "--override-channels", "-c", (bank / "plugin").as_uri(), BASE)
    refused = me.fail("install", "--yes", *line, "--json").json
    assert refused["exception_name"] == "EnvironmentIsFrozenError"
    assert "add --override-frozen" in (bank / "README.txt").read_text()
    me.run("install", "--yes", "--override-frozen", *line)
    assert "complete and unchanged" in me.run("offline-repo", "verify", bank).stdout


def test_base_goes_into_an_environment_of_another_python(
    field: Field, bank: Path, tmp_path: Path
) -> None:
    """The Python of this environment, and the conda in it, are there for the solver alone."""
    other = TinyChannel(tmp_path / "other")
    python = {"bin/python3.13": "#!/bin/sh\n"}
    other.add("python", "3.13.1", build="0_cp313", subdir="linux-64", files=python)
    for name, version in (("conda", "99.1"), ("pluggy", "1.5")):
        other.add(name, version, build="py313_0", subdir="linux-64", depends=["python 3.13.*"])
    other.write()
    conda = Conda(tmp_path / "me", CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY="false")
    prefix = conda.envs / "customer"
    there = ("--override-channels", "-c", other.folder.as_uri())
    conda.run("create", "--yes", "-p", prefix, *there, "conda", "pluggy", "python")
    before = snapshot(prefix / "conda-meta")
    here = ("--offline", "--override-channels", "-c", (bank / "plugin").as_uri())
    done = conda.run("install", "--yes", "--json", "-p", prefix, *here, BASE).json
    assert [one["name"] for one in done["actions"]["LINK"]] == [BASE]
    assert not done["actions"].get("UNLINK")
    kept = {name: content for name, content in before.items() if name.endswith(".json")}
    assert kept.items() <= snapshot(prefix / "conda-meta").items()
    modules = prefix / "lib" / "python3.13" / "site-packages" / "conda_offline_repo"
    assert (modules / "plugin.py").is_file()


def test_base_needs_nothing_but_what_every_conda_has(field: Field) -> None:
    record = json.loads((field.channel / "noarch" / "repodata.json").read_bytes())
    entry = record["packages.conda"][field.base.name]
    assert sorted(one.split()[0] for one in entry["depends"]) == ["conda", "pluggy", "python"]
    assert entry["noarch"] == "python"
