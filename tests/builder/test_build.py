"""`conda offline-repo build` as its users run it, against a server that counts the requests.

Its options are those of `options.py`, what it prints is of `outcome.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo._conda.solver import installed_solvers
from conda_offline_repo.builder.request.machine import machines
from conda_offline_repo.repository.remembered import SOLVERS
from dev.upstream.server import ChannelServer
from tests.conftest import TOKEN
from tests.support.running import snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.conftest import Vendor
    from tests.support.running import Conda
    from tests.support.tiny import Format

PLATFORM: str = context.subdir
INDEXES = ["noarch/repodata.json", f"{PLATFORM}/repodata.json"]
SCRIPTS = ["use.cmd", *(["use.ps1"] if PLATFORM.startswith("win-") else []), "use.sh"]
HANDOUT = ["README.txt", "index.html", *SCRIPTS]
FIXED = sorted(["SHA256SUMS", "offline-repo.json", *INDEXES, *HANDOUT])
APP = ["noarch/app-2.0-0.conda", "noarch/lib-1.1-0.tar.bz2"]


def entries(repository: Path, subdir: str = "noarch") -> dict[str, Any]:
    repodata = json.loads((repository / subdir / "repodata.json").read_bytes())
    return {**repodata["packages"], **repodata["packages.conda"]}


def archives(repository: Path) -> list[str]:
    return [name for name in tree(repository) if name.endswith((".conda", ".tar.bz2"))]


def manifest(repository: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((repository / "offline-repo.json").read_bytes())
    return content


def test_holds_what_the_request_needs_and_no_more(conda: Conda, vendor: Vendor, root: Path) -> None:
    result = conda.build(*vendor.request, "--root", root, "app")
    repository = root / "bank"
    assert tree(root) == sorted(["index.html", *(f"bank/{name}" for name in (*FIXED, *APP))])
    assert list(entries(repository)) == ["lib-1.1-0.tar.bz2", "app-2.0-0.conda"]
    assert entries(repository, PLATFORM) == {}
    for package in (vendor.label.packages[APP[0]], vendor.public.packages[APP[1]]):
        assert (repository / package.at).read_bytes() == package.path.read_bytes()
    for line in ("+ app 2.0", "+ lib 1.1", str(repository), "release 1", "2 packages"):
        assert line in result.stdout
    assert "..." in result.stderr
    assert "..." not in result.stdout


def test_first_release_says_which_machines_it_is_for(
    vendor: Vendor, conda: Conda, root: Path
) -> None:
    command = (*vendor.request, "--root", root, "--platform", "linux-64", "app")
    first = conda.build(*command).stdout
    assert "It is for machines with:" in first
    assert "linux-64: __archspec 1=x86_64, __glibc 2.28, __linux 4.18, __unix 0\n" in first
    changed = conda.build(*command, "--virtual-package", "__glibc=2.17").stdout
    assert "linux-64:__glibc=2.28 -> linux-64:__glibc=2.17" in changed
    assert "It is for machines" not in changed


def test_says_all_of_it_in_one_json_object(conda: Conda, vendor: Vendor, root: Path) -> None:
    result = conda.build(*vendor.request, "--root", root, "app", "--json")
    repository = root / "bank"
    sizes = {name: (repository / name).stat().st_size for name in APP}
    assert result.json == {
        "success": True,
        "label": "bank",
        "path": str(repository),
        "changed": True,
        "first_build": True,
        "request_changes": [],
        "platforms": {PLATFORM: {"packages": 2, "bytes": sum(sizes.values())}},
        "packages": 2,
        "bytes": sum(sizes.values()),
        "transfer_bytes": sum((repository / name).stat().st_size for name in tree(repository)),
        "added": APP,
        "updated": [],
        "removed": [],
        "changes": {
            PLATFORM: {
                "updated": [],
                "added": [{"name": "app", "version": "2.0"}, {"name": "lib", "version": "1.1"}],
                "removed": [],
            }
        },
        "settings": [],
        "decisions": [],
        "machines": machines((PLATFORM,), {}, ()),
        "new_licenses": None,
        "tried": {},
        "pip": [],
        "warnings": [],
        "signers": [],
        "changed_entries": {},
        "new_attestations": [],
        "new_attesters": [],
        "customer_conda": ">=24.7",
        "customer_solvers": [*SOLVERS],
        "proved_with": manifest(repository)["proved_with"],
        "not_tried": {
            name: "not installed here" for name in SOLVERS if name not in installed_solvers()
        },
        "release": 1,
        **{key: manifest(repository)[key] for key in ("build", "created", "request")},
    }


def test_quiet_is_a_line_and_what_is_unchanged_none(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    build = (*vendor.request, "--root", root, "app", "--quiet")
    assert conda.build(*build, "--dry-run").output.startswith("bank: would be release 1, 2 pack")
    (line,) = conda.build(*build).output.splitlines()
    assert line.startswith("bank: release 1, 2 packages, ")
    assert not conda.build(*build).output


def test_manifest_describes_the_repository(repository: Path, vendor: Vendor) -> None:
    stated = manifest(repository)
    urls = [vendor.url(channel) for channel in (vendor.label, vendor.publisher, vendor.public)]
    (virtual_packages,) = stated["request"].pop("virtual_packages").values()
    name, version = ("__win", "10") if PLATFORM == "win-64" else ("__glibc", "2.28")
    assert virtual_packages[name] == version
    assert stated["request"] == {"packages": ["app"], "channels": urls, "platforms": [PLATFORM]}
    assert stated["solutions"] == {PLATFORM: APP}
    lib = vendor.public.packages[APP[1]]
    assert stated["packages"][APP[1]] == {
        **{key: lib.record[key] for key in ("md5", "sha256", "size")},
        "url": f"{urls[2]}/{APP[1]}",
        "scripts": {},
    }
    assert (stated["format"], stated["label"], stated["build"]) == (1, "bank", 1)
    solvers = {"conda-libmamba-solver", "libmambapy", "conda-rattler-solver", "py-rattler"}
    assert {*stated["built_with"]} - solvers == {"conda", "conda-offline-repo", "solver"}
    named = {**stated["packages"], **stated["files"]}
    assert sorted([*named, "offline-repo.json"]) == tree(repository)
    for name, file in named.items():
        content = (repository / name).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["size"])
    text = (repository / "offline-repo.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_checksums_are_those_of_the_files(repository: Path) -> None:
    lines = (repository / "SHA256SUMS").read_text().splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    assert {line[64:66] for line in lines} <= {"  ", " *"}
    assert sorted(sums) == sorted([*APP, *INDEXES, *HANDOUT])
    for name, digest in sums.items():
        assert hashlib.sha256((repository / name).read_bytes()).hexdigest() == digest


def test_from_one_machine_for_every_platform(conda: Conda, vendor: Vendor, root: Path) -> None:
    for subdir in ("linux-64", "win-64"):
        vendor.public.add("core", "1.0", subdir=subdir, files={"share/core": f"for {subdir}"})
    vendor.public.add("shell", subdir="win-64")
    vendor.label.add("client", depends=["core", "app"], subdir="linux-64")
    vendor.label.add("client", depends=["core", "shell", "app"], subdir="win-64")
    vendor.public.write()
    vendor.label.write()
    platforms = ("--platform", "win-64", "--platform", "linux-64")
    answer = conda.build(*vendor.request, "--root", root, "client", *platforms, "--json").json

    linux = ["linux-64/client-1.0-0.conda", "linux-64/core-1.0-0.conda"]
    windows = [*(name.replace("linux", "win") for name in linux), "win-64/shell-1.0-0.conda"]
    assert archives(root / "bank") == sorted([*linux, *APP, *windows])
    for name in (*linux, *windows):
        served = vendor.label.packages.get(name) or vendor.public.packages[name]
        assert (root / "bank" / name).read_bytes() == served.path.read_bytes()
    for subdir, names in (("linux-64", linux), ("win-64", windows)):
        assert sorted(entries(root / "bank", subdir)) == [name.partition("/")[2] for name in names]
        assert answer["platforms"][subdir]["packages"] == len(names) + len(APP)
        assert manifest(root / "bank")["solutions"][subdir] == sorted([*names, *APP])


def test_noarch_index_is_there_without_noarch_packages(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    vendor.public.add("core", "1.0", subdir="linux-64")
    vendor.public.write()
    conda.build(*vendor.request, "--root", root, "core", "--platform", "linux-64")
    assert entries(root / "bank") == {}
    assert list(entries(root / "bank", "linux-64")) == ["core-1.0-0.conda"]


def test_label_channel_comes_before_the_publishers(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    vendor.publisher.add("app", "3.0")
    vendor.publisher.write()
    conda.build(*vendor.request, "--root", root, "app")
    assert archives(root / "bank") == APP


def test_without_label_channel(conda: Conda, vendor: Vendor, root: Path) -> None:
    conda.build(*vendor.request, "--no-label-channel", "--root", root, "app")
    assert archives(root / "bank") == ["noarch/app-1.0-0.conda", APP[1]]
    assert all("/label/" not in request.path for request in vendor.server.requests)
    assert manifest(root / "bank")["request"]["channels"] == [
        vendor.url(vendor.publisher),
        vendor.url(vendor.public),
    ]


@pytest.mark.parametrize(
    ("order", "version"), [(("first", "second"), "1.0"), (("second", "first"), "2.0")]
)
def test_channels_keep_their_order(
    conda: Conda, vendor: Vendor, root: Path, order: tuple[str, ...], version: str
) -> None:
    served = vendor.public.folder.parent
    for name, published in (("first", "1.0"), ("second", "2.0")):
        channel = TinyChannel(served / name)
        channel.add("thing", published)
        channel.write()
    options = [part for name in order for part in ("-c", f"{vendor.server.url}/{name}")]
    conda.build(
        *("--label", "bank", *options, "--override-channels", "--no-label-channel"),
        *("--root", root, "thing"),
    )
    assert archives(root / "bank") == [f"noarch/thing-{version}-0.conda"]


@pytest.mark.parametrize("given", ["option", "variable"])
def test_token_opens_the_channels_and_stays_out_of_everything(
    conda: Conda, vendor: Vendor, root: Path, given: str
) -> None:
    variables = {"CONDA_OFFLINE_REPO_TOKEN": TOKEN} if given == "variable" else {}
    option = ("--token", TOKEN) if given == "option" else ()
    result = conda.build(
        *("--label", "bank", *vendor.channels, *option, "--root", root, "app", "-vv"), **variables
    )
    assert archives(root / "bank") == APP
    assert TOKEN not in result.stdout
    assert all(TOKEN.encode() not in path.read_bytes() for path in root.rglob("*.*"))
    for request in vendor.server.requests:
        assert request.path.startswith((f"/t/{TOKEN}/acme/", "/public/")), request.path


def test_user_and_password_of_a_channel_stay_out_of_everything(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    served = vendor.public.folder.parent
    with ChannelServer(served, basic={"acme": ("anna", "pa55w0rd")}) as server:
        address = server.url.replace("://", "://anna:pa55w0rd@")
        result = conda.build(
            *("--label", "bank", "-c", f"{address}/acme", "-c", f"{server.url}/public"),
            *("--override-channels", "--root", root, "app", "--json"),
        )
    assert archives(root / "bank") == APP
    assert "pa55w0rd" not in result.output
    assert all(b"pa55w0rd" not in path.read_bytes() for path in root.rglob("*.*"))


def test_publisher_by_name_and_the_configured_channels(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    conda.configure(channels=["public"], channel_alias=vendor.server.url)
    conda.build("--label", "bank", "-c", "acme", "--token", TOKEN, "--root", root, "app")
    assert archives(root / "bank") == APP
    assert manifest(root / "bank")["request"]["channels"] == [
        vendor.url(channel) for channel in (vendor.label, vendor.publisher, vendor.public)
    ]


def test_configured_channels_alone(conda: Conda, vendor: Vendor, root: Path) -> None:
    urls = [f"{vendor.server.url}/t/{TOKEN}/acme", vendor.url(vendor.public)]
    conda.configure(channels=urls)
    conda.build("--label", "bank", "--root", root, "app")
    assert archives(root / "bank") == APP
    assert TOKEN not in (root / "bank" / "offline-repo.json").read_text()


def test_configured_channels_are_left_out_when_overridden(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    # of two packages that lack the same, the classic solver says nothing
    vendor.publisher.remove(vendor.publisher.packages["noarch/app-1.0-0.conda"])
    vendor.publisher.write()
    conda.configure(channels=[vendor.url(vendor.public)])
    request = ("--label", "bank", "-c", vendor.url(vendor.publisher), "--token", TOKEN)
    result = conda.fail(
        "offline-repo", "build", *request, "--override-channels", "--root", root, "app"
    )
    assert re.search(r"\blib\b", result.stderr), result
    assert all(not request.path.startswith("/public") for request in vendor.server.requests)
    conda.build(*request, "--root", root, "app")
    assert archives(root / "bank") == APP


@pytest.mark.parametrize("given", ["option", "setting", "variable", "current folder"])
def test_root(conda: Conda, vendor: Vendor, root: Path, given: str) -> None:
    variables = {}
    options: tuple[str | Path, ...] = ()
    here = None
    if given == "option":
        options = ("--root", root)
    elif given == "setting":
        conda.configure(plugins={"offline_repo_root": str(root)})
    elif given == "variable":
        variables["CONDA_PLUGINS_OFFLINE_REPO_ROOT"] = str(root)
    else:
        here = root
        root.mkdir()
    result = conda.build(*vendor.request, *options, "app", "--json", cwd=here, **variables)
    assert result.json["path"] == str(root / "bank")
    assert archives(root / "bank") == APP
    assert not list(conda.work.iterdir())


def test_option_wins_over_the_configured_root(conda: Conda, vendor: Vendor, root: Path) -> None:
    other = conda.folder / "other"
    conda.configure(plugins={"offline_repo_root": str(other)})
    conda.build(*vendor.request, "--root", root, "app")
    assert archives(root / "bank") == APP
    assert not other.exists()


def test_all_that_the_label_publishes(conda: Conda, vendor: Vendor, root: Path) -> None:
    vendor.label.add("shell", subdir="win-64")
    vendor.label.write()
    conda.build(
        *(*vendor.request, "--root", root, "--platform", "win-64", "--platform", "linux-64")
    )
    everywhere = [*APP, "noarch/tool-1.0-0.conda"]
    assert manifest(root / "bank")["solutions"] == {
        "linux-64": everywhere,
        "win-64": [*everywhere, "win-64/shell-1.0-0.conda"],
    }
    assert manifest(root / "bank")["request"]["packages"] == []

    vendor.label.add("news")
    vendor.label.write()
    answer = conda.build("--label", "bank", "--token", TOKEN, "--root", root, "--json").json
    assert answer["added"] == ["noarch/news-1.0-0.conda"]


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_dry_run_shows_the_plan_and_does_nothing(
    conda: Conda, vendor: Vendor, root: Path, options: tuple[str, ...]
) -> None:
    result = conda.build(*vendor.request, "--root", root, "app", "--dry-run", *options)
    assert not root.exists()
    assert vendor.server.packages() == []
    for name in APP if options else ("+ app 2.0", "+ lib 1.1"):
        assert name in result.stdout
    if options:
        assert (result.json["added"], result.json["changed"]) == (APP, True)
        assert (result.json["packages"], result.json["build"]) == (2, 1)


def test_dry_run_of_a_later_build(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    newer = vendor.label.add("app", "2.1")
    vendor.label.write()
    vendor.server.clear()
    before = snapshot(root)
    answer = conda.build(
        *("--label", "bank", "--token", TOKEN, "--root", root, "--dry-run", "--json")
    ).json
    assert (answer["added"], answer["updated"], answer["removed"]) == ([], [newer.at], APP)
    assert snapshot(root) == before
    assert vendor.server.packages() == []


def test_asks_for_the_packages_of_the_solution_once(repository: Path, vendor: Vendor) -> None:
    served = [f"/t/{TOKEN}/acme/label/bank/{APP[0]}", f"/public/{APP[1]}"]
    assert sorted(vendor.server.packages()) == sorted(served)
    asked = [r.path for r in vendor.server.requests if "repodata" not in r.path]
    assert sorted(asked) == sorted(served)


def test_no_change_no_write(conda: Conda, vendor: Vendor, root: Path, repository: Path) -> None:
    vendor.server.clear()
    before = snapshot(root)
    answer = conda.build(*vendor.request, "--root", root, "app", "--json").json
    assert snapshot(root) == before
    assert vendor.server.packages() == []
    assert (answer["changed"], answer["transfer_bytes"]) == (False, 0)
    assert answer["added"] == answer["updated"] == answer["removed"] == []
    assert (answer["release"], answer["request"]) == (1, manifest(repository)["request"])


def test_label_and_token_are_enough_for_the_next_build(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    conda.build(
        *(*vendor.request, "--root", root, "app", "--platform", "win-64"),
        *("--virtual-package", "__cuda=12.4"),
    )
    request = manifest(root / "bank")["request"]
    assert request["virtual_packages"]["win-64"]["__cuda"] == "12.4"
    vendor.server.clear()
    result = conda.build("--label", "bank", "--token", TOKEN, "--root", root)
    assert "up to date" in result.stdout
    assert vendor.server.packages() == []

    newer = vendor.label.add("app", "2.1", depends=["lib", "__cuda >=12"])
    vendor.label.write()
    conda.build("--label", "bank", "--root", root, CONDA_OFFLINE_REPO_TOKEN=TOKEN)
    assert newer.at in archives(root / "bank")
    assert manifest(root / "bank")["request"] == request
    assert manifest(root / "bank")["build"] == 2


def test_secrets_are_not_remembered(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    before = snapshot(root)
    result = conda.fail("offline-repo", "build", "--label", "bank", "--root", root)
    assert "token" in result.stderr
    assert snapshot(root) == before


def test_newer_version_replaces_the_older(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    newer = vendor.label.add("app", "2.1", depends=["lib"])
    vendor.label.write()
    vendor.server.clear()
    stays = (repository / APP[1]).stat()
    answer = conda.build("--label", "bank", "--token", TOKEN, "--root", root, "--json").json
    assert (answer["added"], answer["updated"]) == ([], [newer.at])
    assert answer["removed"] == [APP[0]]
    assert archives(repository) == [newer.at, APP[1]]
    assert sorted(entries(repository)) == ["app-2.1-0.conda", "lib-1.1-0.tar.bz2"]
    assert vendor.server.packages() == [f"/t/{TOKEN}/acme/label/bank/{newer.at}"]
    assert (repository / APP[1]).stat().st_mtime_ns == stays.st_mtime_ns
    assert (manifest(repository)["build"], answer["changed"]) == (2, True)


def test_build_that_asks_no_server_says_so(
    conda: Conda, vendor: Vendor, root: Path, tmp_path: Path
) -> None:
    near = TinyChannel(tmp_path / "near")
    near.add("near")
    near.write()
    far = vendor.url(vendor.public)
    channels = ("-c", near.folder.as_uri(), "-c", far, "--override-channels", "--no-label-channel")
    options = ("--label", "bank", "--root", root, *channels, "near")
    assert "offline" not in conda.build(*options).stderr
    result = conda.build(*options, CONDA_OFFLINE="true")
    told = f"conda is offline, by CONDA_OFFLINE, so it knows only its cached indexes of {far}."
    assert told in result.stderr
    alone = (*options[:4], *channels[:2], *channels[4:], "near")
    assert "cached index" not in conda.build(*alone, CONDA_OFFLINE="true").stderr


def test_removed_requirement_is_gone(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    vendor.label.add("app", "2.1")
    vendor.label.write()
    answer = conda.build("--label", "bank", "--token", TOKEN, "--root", root, "--json").json
    assert answer["removed"] == APP
    assert archives(repository) == ["noarch/app-2.1-0.conda"]
    assert list(entries(repository)) == ["app-2.1-0.conda"]


def test_other_packages_than_last_time(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    answer = conda.build(
        *("--label", "bank", "--token", TOKEN, "--root", root, "tool", "extra", "--json")
    ).json
    assert archives(repository) == [
        "noarch/extra-3.0-0.conda",
        APP[1],
        "noarch/tool-1.0-0.conda",
    ]
    assert (answer["removed"], answer["updated"]) == ([APP[0]], [])
    assert manifest(repository)["request"]["packages"] == ["extra", "tool"]


def test_other_platforms_than_last_time(conda: Conda, vendor: Vendor, root: Path) -> None:
    for subdir in ("linux-64", "win-64"):
        vendor.public.add("core", subdir=subdir)
    vendor.public.write()
    again = ("--label", "bank", "--token", TOKEN, "--root", root)
    windows, linux = ("--platform", "win-64"), ("--platform", "linux-64")
    conda.build(*vendor.request, "--root", root, "core", *windows)
    repository = root / "bank"
    assert archives(repository) == ["win-64/core-1.0-0.conda"]
    conda.build(*again, *windows, *linux)
    assert archives(repository) == ["linux-64/core-1.0-0.conda", "win-64/core-1.0-0.conda"]
    conda.build(*again, *linux)
    assert archives(repository) == ["linux-64/core-1.0-0.conda"]
    assert sorted(path.name for path in repository.iterdir() if path.is_dir()) == [
        "linux-64",
        "noarch",
    ]


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
def test_entries_are_the_channels_word_for_word(
    conda: Conda, vendor: Vendor, root: Path, format: Format
) -> None:
    package = vendor.label.add(
        "fixed",
        depends=["lib <1.1", "missing"],
        format=format,
        record={
            "depends": ["lib >=1.0,<2"],
            "purls": ["pkg:pypi/fixed@1.0"],
            "x-unknown": {"b": [1, 2.5, None], "a": "é"},
            "license_family": "BSD",
            "timestamp": 1_600_000_000,
            "arch": None,
            "platform": None,
        },
    )
    del package.record["constrains"]
    vendor.label.info["base_url"] = vendor.url(vendor.label) + "/noarch/"
    vendor.label.info["x-more"] = 1
    vendor.label.write()
    conda.build(*vendor.request, "--root", root, "fixed")
    index = json.loads((root / "bank" / "noarch" / "repodata.json").read_bytes())
    section = "packages.conda" if format == "conda" else "packages"
    assert index[section][package.file] == package.record
    assert index["info"] == {"subdir": "noarch"}


def test_entry_without_any_digest(conda: Conda, vendor: Vendor, root: Path) -> None:
    package = vendor.label.add("bare", record={"md5": None, "sha256": None, "size": None})
    vendor.label.write()
    conda.build(*vendor.request, "--customer-solver", "rattler", "--root", root, "bare")
    assert entries(root / "bank") == {package.file: package.record}
    stated = manifest(root / "bank")["packages"][package.at]
    content = package.path.read_bytes()
    assert stated["sha256"] == hashlib.sha256(content).hexdigest()
    assert stated["md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert stated["size"] == len(content)
    before = snapshot(root)
    conda.build("--label", "bank", "--token", TOKEN, "--root", root)
    assert snapshot(root) == before


def test_takes_archives_from_condas_cache(conda: Conda, vendor: Vendor, root: Path) -> None:
    app, lib = vendor.label.packages[APP[0]], vendor.public.packages[APP[1]]
    conda.pkgs.mkdir()
    for package in (app, lib):
        (conda.pkgs / package.file).write_bytes(package.path.read_bytes())
    conda.build(*vendor.request, "--root", root, "app")
    assert vendor.server.packages() == []
    for package in (app, lib):
        assert (root / "bank" / package.at).read_bytes() == package.path.read_bytes()
        assert (conda.pkgs / package.file).read_bytes() == package.path.read_bytes()


@pytest.mark.parametrize("damage", ["other bytes", "cut", "empty"])
def test_leaves_a_damaged_archive_in_condas_cache(
    conda: Conda, vendor: Vendor, root: Path, damage: str
) -> None:
    app = vendor.label.packages[APP[0]]
    content = app.path.read_bytes()
    damaged = {
        "other bytes": content[:-1] + bytes([content[-1] ^ 1]),
        "cut": content[: len(content) // 2],
        "empty": b"",
    }[damage]
    conda.pkgs.mkdir()
    (conda.pkgs / app.file).write_bytes(damaged)
    conda.build(*vendor.request, "--root", root, "app")
    assert (root / "bank" / app.at).read_bytes() == content
    assert (conda.pkgs / app.file).read_bytes() == damaged


def test_mends_a_damaged_repository(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    app, lib = (repository / name for name in APP)
    good = app.read_bytes()
    app.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    lib.unlink()
    (repository / "noarch" / "repodata.json.zst").write_bytes(b"stale")
    (repository / "noarch" / "stranger-1.0-0.conda").write_bytes(b"stale")
    vendor.server.clear()
    conda.build("--label", "bank", "--token", TOKEN, "--root", root)
    assert tree(repository) == sorted([*FIXED, *APP])
    assert app.read_bytes() == good
    assert lib.read_bytes() == vendor.public.packages[APP[1]].path.read_bytes()
    assert len(vendor.server.packages()) == 2


@pytest.mark.parametrize(
    ("depends", "option", "fits"),
    [
        ("__glibc >=2.17", "", True),
        ("__glibc >=2.29", "", False),
        ("__glibc >=2.29", "__glibc=2.34", True),
        ("__glibc >=2.17", "__glibc=", False),
        ("__cuda", "", False),
        ("__cuda >=12", "__cuda=12.4", True),
        ("__archspec 1 x86_64", "", True),
        ("__archspec 1 zen4", "__archspec=1=zen4", True),
        ("__win", "", False),
        ("__unix", "", True),
    ],
)
def test_solves_for_the_customers_machine(
    conda: Conda,
    vendor: Vendor,
    root: Path,
    depends: str,
    option: str,
    fits: bool,
) -> None:
    vendor.label.add("picky", depends=[depends])
    vendor.label.write()
    options = ("--virtual-package", option) if option else ()
    result = conda.execute(
        *("offline-repo", "build", *vendor.request, "--platform", "linux-64"),
        *(*options, "--root", root, "picky"),
        CONDA_OVERRIDE_GLIBC="2.99",
        CONDA_OVERRIDE_CUDA="99.0",
    )
    assert result.status == (0 if fits else 1), str(result)
    assert root.exists() == fits
    if not fits:
        assert depends.partition(" ")[0] in result.stderr


def test_same_request_gives_the_same_bytes(conda: Conda, vendor: Vendor, root: Path) -> None:
    options = (*vendor.request, "app", "tool", "--platform", "win-64", "--platform", "linux-64")
    for folder in ("one", "two"):
        conda.build(*options, "--root", root / folder, SOURCE_DATE_EPOCH="1700000000")
    first, second = (snapshot(root / folder / "bank") for folder in ("one", "two"))
    assert {name: content for name, (_, content) in first.items()} == {
        name: content for name, (_, content) in second.items()
    }
    assert manifest(root / "one" / "bank")["created"] == "2023-11-14T22:13:20Z"


def test_labels_do_not_touch_each_other(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    before = snapshot(repository)
    other = ("--label", "plant", *vendor.channels, "--token", TOKEN, "--no-label-channel")
    conda.build(*other, "--root", root, "extra")
    assert snapshot(repository) == before
    assert archives(root / "plant") == ["noarch/extra-3.0-0.conda", APP[1]]
    assert {path.name for path in root.iterdir()} == {"bank", "plant", "index.html"}


def test_files_of_others_outside_the_subdirs_stay(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    (repository / "notes.txt").write_text("call on Monday")
    vendor.label.add("app", "2.1")
    vendor.label.write()
    conda.build("--label", "bank", "--token", TOKEN, "--root", root)
    assert (repository / "notes.txt").read_text() == "call on Monday"


@pytest.fixture
def real(upstream: Path) -> Iterator[ChannelServer]:
    """The server with the real packages."""
    with ChannelServer(upstream, private={"prometeia": TOKEN}) as server:
        yield server


def test_real_programs_for_two_platforms(
    conda: Conda, real: ChannelServer, upstream: Path, root: Path
) -> None:
    conda.configure(channel_alias=real.url, channels=["public"])
    request = ("--label", "halkbank", "-c", "prometeia", "--token", TOKEN, "--root", root)
    platforms = ("--platform", "win-64", "--platform", "linux-64")
    conda.build(*request, *platforms, "ratingpro", "pytho")
    repository = root / "halkbank"
    stated = manifest(repository)
    for platform, names in stated["solutions"].items():
        stems = {name.rpartition("/")[2].rsplit("-", 2)[0] for name in names}
        assert stems == {
            *("ratingpro", "pytho", "six", "python", "python_abi", "pip"),
            *("requests", "certifi", "charset-normalizer", "idna", "urllib3"),
        }
        assert {name.partition("/")[0] for name in names} == {"noarch", platform}
    upstreams = [upstream / "prometeia" / "label" / "halkbank", upstream / "public"]
    for subdir in ("noarch", "linux-64", "win-64"):
        served = {}
        for channel in reversed(upstreams):
            served.update(entries(channel, subdir))
        for file, entry in entries(repository, subdir).items():
            assert entry == served[file]
            content = (repository / subdir / file).read_bytes()
            assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    pythons = {
        package["sha256"]
        for name, package in stated["packages"].items()
        if name.partition("/")[2].startswith("python-")
    }
    assert len(pythons) == 2
    assert len(real.packages()) == len(set(real.packages())) == len(stated["packages"])
    assert all("setuptools" not in r.path and "wheel-" not in r.path for r in real.requests)

    real.clear()
    before = snapshot(root)
    conda.build("--label", "halkbank", "--token", TOKEN, "--root", root)
    assert real.packages() == []
    assert snapshot(root) == before
