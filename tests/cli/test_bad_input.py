"""Bad input: one clear message, exit status 1, and nothing written.

What is said of a channel that does not open is of `builder/upstream/unavailable.py`.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from dev.upstream.server import ChannelServer
from tests.conftest import TOKEN
from tests.support.running import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda, Finished

PLATFORM: str = context.subdir
OTHER_PLATFORM = "win-64" if PLATFORM != "win-64" else "linux-64"
BUILD = ("offline-repo", "build")
USE = ("offline-repo", "use")
CRASH = ("Traceback", "ERROR REPORT", "unexpected error", "Error while loading")
LAST = "noarch/lib-1.1-0.tar.bz2"
WRONG = "wr0ng-t0ken"

#: The classes of errors that were also printed as JSON.
checked: set[str] = set()


def refused(conda: Conda, *arguments: object, cwd: Path | None = None) -> str:
    """Run conda on bad input, and return the one message that it gives.

    Each class of errors is also printed as JSON once: how an error is printed depends on nothing
    else.
    """
    result = conda.fail(*arguments, cwd=cwd)
    check(result)
    assert result.stdout == ""
    ((name, text),) = re.findall(r"^(\w+Error): ((?:.|\n)*)", result.stderr, re.MULTILINE)
    assert not re.search(r"^\w+Error: ", text, re.MULTILINE)
    if name in checked:
        return result.stderr
    checked.add(name)
    result = conda.fail(*arguments, "--json", cwd=cwd)
    check(result)
    assert result.json.get("success", False) is False
    assert result.json["exception_name"] == name
    parts = (result.json["message"], *result.json["hints"])
    for part in parts:
        assert " ".join(part.split()) in " ".join(text.split())
    return "\n".join(parts)


def check(result: Finished) -> None:
    for text in (*CRASH, TOKEN, WRONG):
        assert text not in result.output
    assert result.output.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("packages", "words"),
    [
        pytest.param(["nosuch"], ["nosuch"], id="unknown package"),
        pytest.param(["app", "lib =7"], ["lib", "7"], id="unknown version"),
        pytest.param(["needy"], ["absent"], id="missing dependency"),
        pytest.param(["left", "right"], ["left", "right", "lib"], id="conflict"),
    ],
)
def test_request_that_cannot_be_met(
    conda: Conda, vendor: Vendor, root: Path, packages: list[str], words: list[str]
) -> None:
    vendor.public.add("needy", depends=["absent >=2"])
    vendor.public.add("left", depends=["lib 1.0"])
    vendor.public.add("right", depends=["lib >=1.1"])
    vendor.public.write()
    text = refused(conda, *BUILD, *vendor.request, "--root", root, *packages, "-v")
    for word in (*words, PLATFORM):
        assert word in text
    assert not root.exists()
    assert vendor.server.packages() == []


def test_newest_request_that_cannot_be_met_leaves_the_repository(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    before = snapshot(root)
    text = refused(
        *(conda, *BUILD, "--label", "bank", "--token", TOKEN, "--root", root, "nosuch"),
    )
    assert "nosuch" in text
    assert snapshot(root) == before


def test_missing_label_channel(conda: Conda, vendor: Vendor, root: Path) -> None:
    request = ("--label", "bnak", *vendor.channels, "--token", TOKEN, "--root", root)
    text = refused(conda, *BUILD, *request, "app")
    for word in (f"{vendor.url(vendor.publisher)}/label/bnak", "label channel", "404"):
        assert word in text
    assert "--no-label-channel" in text
    assert not root.exists()


@pytest.mark.parametrize("refusal", [401, 403, 404])
@pytest.mark.parametrize("token", [WRONG, None], ids=["wrong token", "no token"])
def test_token_that_does_not_open(
    conda: Conda, vendor: Vendor, root: Path, refusal: int, token: str | None
) -> None:
    served = vendor.public.folder.parent
    options = ("--token", token) if token else ()
    with ChannelServer(served, private={"acme": TOKEN}, refusal=refusal) as server:
        text = refused(
            *(conda, *BUILD, "--label", "bank"),
            *("-c", f"{server.url}/acme", "-c", f"{server.url}/public"),
            *("--override-channels", *options, "--root", root, "app"),
        )
    assert f"{server.url}/acme/label/bank" in text
    assert str(refusal) in text
    assert "token" in text
    assert not root.exists()


def test_packages_that_the_token_does_not_open(conda: Conda, vendor: Vendor, root: Path) -> None:
    vendor.server.fault(".conda", "status", status=403)
    text = refused(conda, *BUILD, *vendor.request, "--root", root, "app")
    assert vendor.url(vendor.label) in text
    assert "403" in text
    assert not (root / "bank").exists()


def test_server_down(conda: Conda, vendor: Vendor, root: Path) -> None:
    conda.configure(remote_max_retries=0)
    vendor.server.stop()
    text = refused(conda, *BUILD, *vendor.request, "--root", root, "app")
    assert vendor.url(vendor.label) in text
    assert "cannot be reached" in text
    assert not root.exists()


def test_server_with_a_fault(conda: Conda, vendor: Vendor, root: Path) -> None:
    conda.configure(remote_max_retries=0)
    for suffix in ("repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst"):
        vendor.server.fault(f"/public/noarch/{suffix}", "status", status=500)
    text = refused(conda, *BUILD, *vendor.request, "--root", root, "app")
    assert vendor.url(vendor.public) in text
    assert "500" in text
    assert not root.exists()


def test_package_with_other_bytes_than_the_index_says(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    content = vendor.label.packages["noarch/app-2.0-0.conda"].path
    content.write_bytes(content.read_bytes()[:-1] + b"x")
    text = refused(conda, *BUILD, *vendor.request, "--root", root, "app")
    assert "noarch/app-2.0-0.conda" in text
    assert "sha256" in text
    assert not (root / "bank").exists()


@pytest.mark.parametrize("where", ["below a file", "in a folder that is closed"])
def test_root_that_is_not_writable(
    conda: Conda, vendor: Vendor, tmp_path: Path, where: str
) -> None:
    blocked = tmp_path / "blocked"
    if where == "below a file" or _writes_everywhere():
        blocked.write_text("a file")
    else:
        blocked.mkdir(mode=0o555)
    text = refused(conda, *BUILD, *vendor.request, "--root", blocked / "repositories", "app")
    assert str(blocked) in text
    assert "--root" in text
    assert vendor.server.packages() == []
    assert blocked.is_file() or not list(blocked.iterdir())


def _writes_everywhere() -> bool:
    return sys.platform == "win32" or os.geteuid() == 0


@pytest.mark.parametrize("folder", ["files", "file", "link"])
def test_folder_that_is_not_ours(
    conda: Conda, vendor: Vendor, root: Path, tmp_path: Path, folder: str
) -> None:
    if folder == "files":
        (root / "bank").mkdir(parents=True)
        (root / "bank" / "thesis.txt").write_text("the only copy")
    elif folder == "file":
        root.mkdir()
        (root / "bank").write_text("the only copy")
    else:
        (tmp_path / "elsewhere").mkdir()
        root.mkdir()
        (root / "bank").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    before = snapshot(root)
    text = refused(conda, *BUILD, *vendor.request, "--root", root, "app")
    assert str(root / "bank") in text
    assert snapshot(root) == before
    assert vendor.server.requests == ()


@pytest.mark.parametrize("label", ["../../x", "", "CON", "a/b"], ids=repr)
def test_label_that_names_no_folder(conda: Conda, vendor: Vendor, root: Path, label: str) -> None:
    options = (f"--label={label}", *vendor.channels, "--token", TOKEN, "--root", root / "deep")
    text = refused(conda, *BUILD, *options, "app")
    assert repr(label) in text
    assert not root.exists()
    assert vendor.server.requests == ()


def test_label_that_windows_takes_for_another(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    before = snapshot(root)
    options = ("--label", "Bank", *vendor.channels, "--token", TOKEN, "--root", root)
    text = refused(conda, *BUILD, *options, "--no-label-channel", "app")
    assert "'Bank'" in text
    assert "'bank'" in text
    assert snapshot(root) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--platform", "linux-46", "app"], ["linux-46", "linux-64"], id="platform"),
        pytest.param(["--platform", "noarch", "app"], ["noarch"], id="noarch"),
        pytest.param(["--platform", "linux-64", "win-64"], ["win-64", "--platform"], id="second"),
        pytest.param(["app==="], ["app==="], id="specification"),
        pytest.param(["app-2.0-0.conda"], ["app-2.0-0.conda"], id="file"),
        pytest.param(["--virtual-package", "glibc", "app"], ["glibc", "NAME="], id="virtual"),
        pytest.param(["--no-label-channel"], ["package"], id="nothing"),
    ],
)
def test_request_that_is_none(
    conda: Conda, vendor: Vendor, root: Path, arguments: list[str], words: list[str]
) -> None:
    text = refused(conda, *BUILD, *vendor.request, "--root", root, *arguments)
    for word in words:
        assert word in text
    assert not root.exists()
    assert vendor.server.requests == ()


def test_no_channel(conda: Conda, root: Path) -> None:
    text = refused(conda, *BUILD, "--label", "bank", "--root", root, "app")
    assert "-c" in text
    assert not root.exists()


def test_manifest_that_is_damaged(
    conda: Conda, vendor: Vendor, root: Path, repository: Path
) -> None:
    path = repository / "offline-repo.json"
    path.write_text(path.read_text()[:100])
    before = snapshot(root)
    for arguments in (
        (*BUILD, *vendor.request, "--root", root, "app"),
        (*USE, repository, "-n", "rating"),
    ):
        assert str(path) in refused(conda, *arguments)
    assert snapshot(root) == before


@pytest.mark.parametrize("path", ["empty", "absent", "a channel", "a file"])
def test_folder_that_is_no_repository(customer: Conda, tmp_path: Path, path: str) -> None:
    folder = tmp_path / path
    if path == "a file":
        folder.write_text("")
    elif path != "absent":
        folder.mkdir()
    if path == "a channel":
        (folder / "noarch").mkdir()
        (folder / "noarch" / "repodata.json").write_text("{}")
    text = refused(customer, *USE, folder, "-n", "rating")
    assert str(folder) in text
    assert "offline-repo.json" in text
    assert not (customer.envs / "rating").exists()


def test_repository_of_another_label(customer: Conda, copy: Path) -> None:
    arguments = (*USE, copy.parent, "--label", "plant", "-n", "rating")
    assert "plant" in refused(customer, *arguments)
    assert not (customer.envs / "rating").exists()


def test_repository_for_another_platform(
    conda: Conda, customer: Conda, vendor: Vendor, root: Path
) -> None:
    conda.build(*vendor.request, "--root", root, "app", "--platform", OTHER_PLATFORM)
    text = refused(customer, *USE, root, "-n", "rating")
    for word in (PLATFORM, OTHER_PLATFORM, str(root / "bank")):
        assert word in text
    assert not (customer.envs / "rating").exists()


def _flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _lose(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("name", "damage"),
    [(LAST, _flip), (LAST, _cut), (LAST, _lose), ("noarch/repodata.json", _empty)],
    ids=["other byte", "cut", "lost", "empty index"],
)
@pytest.mark.parametrize("packages", [(), ("app", "--yes")], ids=["configure", "install"])
def test_damaged_repository(
    customer: Conda,
    copy: Path,
    name: str,
    damage: Callable[[Path], None],
    packages: tuple[str, ...],
) -> None:
    damage(copy / name)
    text = refused(customer, *USE, copy, "-n", "rating", *packages)
    for word in (name, str(copy)):
        assert word in text
    assert "noarch/app-2.0-0.conda" not in text
    assert not (customer.envs / "rating").exists()


def test_damaged_repository_leaves_the_environment(customer: Conda, copy: Path) -> None:
    customer.use(copy, "-n", "rating", "app", "--yes")
    _flip(copy / LAST)
    before = snapshot(customer.envs / "rating")
    text = refused(customer, *USE, copy, "-n", "rating", "app", "--yes")
    assert LAST in text
    assert snapshot(customer.envs / "rating") == before


@pytest.mark.parametrize(
    ("packages", "word"),
    [(["nosuch"], "nosuch"), (["app", "lib=1.0"], "lib"), (["app==="], "app===")],
)
def test_package_that_the_repository_does_not_have(
    customer: Conda, copy: Path, packages: list[str], word: str
) -> None:
    text = refused(customer, *USE, copy, "-n", "rating", *packages, "--yes")
    assert word in text
    assert not (customer.envs / "rating").exists()


def test_folder_that_is_no_environment(customer: Conda, copy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").write_text("meow")
    before = snapshot(folder)
    assert str(folder) in refused(customer, *USE, copy, "-p", folder)
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    "content",
    ["channels: [unclosed", "- a\n- list\n", "just words\n"],
    ids=["yaml", "list", "text"],
)
def test_condarc_that_is_none(customer: Conda, copy: Path, content: str) -> None:
    prefix = customer.envs / "rating"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    (prefix / ".condarc").write_text(content)
    before = snapshot(prefix)
    text = refused(customer, *USE, copy, "-n", "rating")
    assert str(prefix / ".condarc") in text
    assert snapshot(prefix) == before


@pytest.mark.parametrize("given", [(), ("--add", "app")], ids=str)
def test_forgotten_root(
    conda: Conda, vendor: Vendor, repository: Path, given: tuple[str, ...]
) -> None:
    conda.configure(channels=[vendor.url(vendor.publisher), vendor.url(vendor.public)])
    vendor.server.clear()
    options = (*BUILD, "--token", TOKEN, *given)
    text = refused(conda, *options, "--label", "bank", "--dry-run")
    for word in (str(conda.work), "'bank'", "--root", "plugins.offline_repo_root", "-c"):
        assert word in text
    assert list(conda.work.iterdir()) == []
    assert vendor.server.requests == ()
    # a label that was mistyped, in the right root; the neighbours are named
    root = repository.parent
    before = snapshot(root)
    text = refused(conda, *options, "--label", "bnak", "--root", root)
    for word in (str(root), "'bnak'", "- bank"):
        assert word in text
    assert snapshot(root) == before


@pytest.mark.parametrize("inside", [".", "noarch/../deep/er", "a link", "here"])
def test_root_in_a_repository(
    conda: Conda, vendor: Vendor, repository: Path, tmp_path: Path, inside: str
) -> None:
    before = snapshot(repository)
    place = repository / inside
    if inside == "a link":
        place = tmp_path / "link"
        place.symlink_to(repository / "noarch", target_is_directory=True)
    options: tuple[object, ...] = ("--root", place)
    here = None
    if inside == "here":
        options, here = (), repository
    text = refused(conda, *BUILD, *vendor.request, *options, "app", cwd=here)
    for word in (str(repository), f"--root {repository.parent}"):
        assert word in text
    assert snapshot(repository) == before


def test_root_above_a_repository_that_is_named_by_way_of_it(
    conda: Conda, vendor: Vendor, repository: Path
) -> None:
    arguments = (*BUILD, *vendor.request, "--root", repository / "..", "app")
    assert "up to date" in conda.run(*arguments).stdout
    assert conda.run(*arguments, "--json").json["changed"] is False


def test_forgotten_token(conda: Conda, vendor: Vendor, root: Path, repository: Path) -> None:
    """A server that hides what is private answers as if it were not there."""
    with ChannelServer(vendor.public.folder.parent, private={"acme": TOKEN}, refusal=404) as server:
        path = repository / "offline-repo.json"
        path.write_text(path.read_text().replace(vendor.server.url, server.url))
        text = refused(conda, *BUILD, "--label", "bank", "--root", root)
        url = server.url
    for word in (f"{url}/acme/label/bank", "404", "private", "--token", "OFFLINE_REPO_TOKEN"):
        assert word in text
    assert "never remembered" in text


def test_channels_in_the_wrong_order(conda: Conda, vendor: Vendor, root: Path) -> None:
    acme, public = vendor.url(vendor.publisher), vendor.url(vendor.public)
    options = ("--label", "bank", "--override-channels", "--token", TOKEN, "--root", root, "app")
    text = refused(conda, *BUILD, "-c", public, "-c", acme, *options)
    assert f"{public} is taken for the publisher" in text
    assert f"-c {acme} -c {public}" in text
    label = vendor.url(vendor.label)
    text = refused(conda, *BUILD, "-c", public, "-c", label, *options)
    assert f"{label} is a label channel" in text
    assert f"-c {acme} -c {public}" in text
    options = ("--label", "plant", *options[2:])
    text = refused(conda, *BUILD, "-c", label, "-c", public, *options)
    assert "the label 'bank'" in text
    assert f"-c {acme}." in text
    assert not root.exists()


def test_escapes_that_are_typed(conda: Conda, vendor: Vendor, root: Path) -> None:
    name = "\x1b[2Jred\x9b31m\u202egpj"
    channel = f"{vendor.server.url}/{name}"
    common = ("--token", TOKEN, "--override-channels", "--root", root)
    for arguments in (
        (f"--label={name}", "-c", vendor.url(vendor.public), "app"),
        ("--label", "bank", "-c", vendor.url(vendor.public), name),
        ("--label", "bank", "-c", channel, "app"),
        ("--label", "bank", "-c", vendor.url(vendor.public), f"--platform={name}", "app"),
        ("--label", "bank", "-c", vendor.url(vendor.public), f"--virtual-package={name}", "app"),
    ):
        refused(conda, *BUILD, *arguments, *common)
    assert not root.exists()
