"""The customer's environment: planned, made and configured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from ruamel.yaml import YAML

from conda_offline_repo._conda import overrides
from conda_offline_repo._conda.transactions import write_records
from conda_offline_repo.customer.exceptions import (
    OtherPlatformError,
    PlatformMissingError,
    TargetError,
)
from conda_offline_repo.customer.target import configure, unmake
from conda_offline_repo.customer.undo import undo
from conda_offline_repo.repository.locate import Repository
from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.remembered import Remembered
from tests.support.inside import inside
from tests.support.planned import plan
from tests.support.running import tree

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def me(tmp_path: Path) -> Iterator[None]:
    """The system administrator in this process."""
    with inside(tmp_path / "administrator"):
        yield


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment."""
    prefix = tmp_path / "rating"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    return prefix


def repository(folder: str = "/media/stick/bank", *platforms: str) -> Repository:
    request = Remembered(("app",), (), platforms or (context.subdir,), {})
    return Repository(Path(folder).absolute(), Manifest("bank", 3, "", request, {}, {}, {}, {}))


def condarc(prefix: Path) -> str:
    return (prefix / ".condarc").read_text(encoding="utf-8")


def parsed(prefix: Path) -> dict[str, object]:
    content = YAML(typ="safe").load(condarc(prefix))
    assert isinstance(content, dict)
    return content


def check(prefix: Path, repository: Repository) -> None:
    content = parsed(prefix)
    assert content["channels"] == [repository.channel]
    assert content["default_channels"] == []
    assert content["offline"] is True


def test_environment_is_made(tmp_path: Path) -> None:
    prefix = tmp_path / "new" / "rating"
    target = plan(repository(), prefix)
    assert (target.exists, target.condarc is None, prefix.exists()) == (False, False, False)
    configure(target)
    assert {".condarc", "conda-meta/history"} <= set(tree(prefix))
    check(prefix, repository())
    assert str(prefix) in (Path.home() / ".conda" / "environments.txt").read_text()
    again = plan(repository(), prefix)
    assert (again.exists, again.condarc) == (True, None)


def test_empty_folder_becomes_an_environment(tmp_path: Path) -> None:
    prefix = tmp_path / "rating"
    prefix.mkdir()
    configure(plan(repository(), prefix))
    check(prefix, repository())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# a comment alone\n",
        "# two\n\n# comments, and no newline at the end",
        "always_yes: true\n",
        "# at the head\nalways_yes: true  # behind\n\n# between\nquiet: 'no'  # quoted\n# end\n",
        "channels:\n- defaults\n- conda-forge\noffline: false\n",
        "channels: [a, b]  # in one line\n",
        'envs_dirs: ["/opt/envs"]\ncreate_default_packages:\n  - pip\n',
        "aliases: &x {a: 1}\nproxy_servers: {http: 'http://p:80'}\n",
        "show_channel_urls: yes\npath_conflict: clobber\n",
    ],
    ids=range(10),
)
def test_condarc_gets_our_keys_and_keeps_all_others(prefix: Path, text: str) -> None:
    path = prefix / ".condarc"
    path.write_text(text, encoding="utf-8")
    before = YAML(typ="safe").load(text) or {}
    configure(plan(repository(), prefix))
    check(prefix, repository())
    ours = {"channels", "custom_multichannels", "default_channels", "offline"}
    others = {key: value for key, value in parsed(prefix).items() if key not in ours}
    assert others == {key: value for key, value in before.items() if key not in ours}
    for line in text.splitlines():
        assert line[line.find("#") :] in condarc(prefix) or "#" not in line
    if "quiet" in text:
        assert "quiet: 'no'  # quoted" in condarc(prefix)
    assert not plan(repository(), prefix).moved_from
    assert plan(repository(), prefix).condarc is None


@pytest.mark.parametrize(
    ("folder", "named"),
    [("bank", True), ("bänk", True), ("X Y", False), ("bänk/bank", False), ("50%/bänk", False)],
)
def test_channel_goes_by_its_path_where_conda_can(prefix: Path, folder: str, named: bool) -> None:
    old = "file:///media/old"
    text = f"custom_multichannels:\n  mine: [a, b]\n  {old}:\n  - {old}\n"
    (prefix / ".condarc").write_text(text)
    stick = repository(f"/media/{folder}")
    configure(plan(stick, prefix))
    url = stick.channel
    assert parsed(prefix)["custom_multichannels"] == {
        "mine": ["a", "b"],
        **({url: [url]} if named else {}),
    }
    undo(prefix, print)
    assert parsed(prefix) == {"custom_multichannels": {"mine": ["a", "b"]}}


def test_condarc_is_not_written_again(prefix: Path) -> None:
    configure(plan(repository(), prefix))
    before = (prefix / ".condarc").stat()
    configure(plan(repository(), prefix))
    assert (prefix / ".condarc").stat().st_mtime_ns == before.st_mtime_ns
    assert (prefix / ".condarc").stat().st_ino == before.st_ino


def test_other_repository_takes_the_place_of_the_first(prefix: Path) -> None:
    configure(plan(repository(), prefix))
    other = repository("/mnt/share/bank")
    target = plan(other, prefix)
    assert target.condarc is not None
    configure(target)
    check(prefix, other)
    assert "stick" not in condarc(prefix)


@pytest.mark.parametrize(
    "text",
    ["channels: [unclosed", "- a\n- list\n", "words\n", "a: 1\na: 2\n", "\ta: 1\n", "a: *x\n"],
    ids=ascii,
)
def test_condarc_that_is_none(prefix: Path, text: str) -> None:
    path = prefix / ".condarc"
    path.write_text(text)
    with pytest.raises(TargetError) as caught:
        plan(repository(), prefix)
    assert str(path) in str(caught.value)
    assert path.read_text() == text


def test_condarc_in_another_encoding(prefix: Path) -> None:
    (prefix / ".condarc").write_bytes("# Büro\n".encode("latin-1"))
    with pytest.raises(TargetError, match="condarc"):
        plan(repository(), prefix)


def test_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    for prefix in (tmp_path / "photos", tmp_path / "photos" / "cat.jpg"):
        with pytest.raises(TargetError) as caught:
            plan(repository(), prefix)
        assert str(prefix) in str(caught.value)


def test_repository_without_this_platform(prefix: Path) -> None:
    others = ("osx-64", "linux-ppc64le")
    with pytest.raises(PlatformMissingError) as caught:
        plan(repository("/media/stick/bank", *others), prefix)
    for word in (context.subdir, *others):
        assert word in str(caught.value)


OTHER = "linux-32" if context.subdir != "linux-32" else "linux-64"


@pytest.mark.parametrize("before", ["", f"subdir: {OTHER}\n"])
def test_platform_of_an_environment_for_another_one(prefix: Path, before: str) -> None:
    """As `conda create` writes it; what is installed later is of the same platform."""
    bank = repository("/media/stick/bank", OTHER, context.subdir)
    (prefix / ".condarc").write_text(before)
    with overrides.settings(_subdir=OTHER):
        configure(plan(bank, prefix))
        assert plan(bank, prefix).settled
    assert parsed(prefix)["subdir"] == OTHER
    with pytest.raises(OtherPlatformError) as caught:
        plan(bank, prefix)
    assert f"--platform {OTHER}" in str(caught.value)
    undo(prefix, print)
    assert (prefix / ".condarc").exists() == bool(before)
    assert before in ("", (prefix / ".condarc").read_text() if before else "")


def test_platform_that_is_the_machines_is_not_written(prefix: Path) -> None:
    configure(plan(repository(), prefix))
    assert "subdir" not in parsed(prefix)


def test_platform_that_somebody_has_changed_stays(prefix: Path) -> None:
    with overrides.settings(_subdir=OTHER):
        configure(plan(repository("/media/stick/bank", OTHER), prefix))
    text = condarc(prefix).replace(OTHER, "osx-64")
    (prefix / ".condarc").write_text(text)
    undo(prefix, print)
    assert parsed(prefix) == {"subdir": "osx-64"}


@pytest.mark.parametrize(
    ("subdirs", "fits"),
    [
        ((), True),
        (("noarch",), True),
        ((OTHER,), False),
        ((OTHER, "noarch"), False),
        ((context.subdir, "noarch"), True),
    ],
)
def test_packages_of_two_platforms_are_not_mixed(
    tmp_path: Path, subdirs: tuple[str, ...], fits: bool
) -> None:
    prefix = tmp_path / "other"
    entry = {"version": "1", "build": "0", "build_number": 0}
    records = {
        f"{subdir}/p{n}-1-0.conda": {**entry, "name": f"p{n}"} for n, subdir in enumerate(subdirs)
    }
    write_records(prefix, records, (), "file:///media/stick/bank")
    if fits:
        plan(repository(), prefix)
    else:
        with pytest.raises(OtherPlatformError, match=f"--platform {OTHER}"):
            plan(repository(), prefix)


def test_only_an_environment_of_this_run_is_unmade(tmp_path: Path, prefix: Path) -> None:
    new = plan(repository(), tmp_path / "new")
    configure(new)
    unmake(new)
    assert not new.prefix.exists()
    old = plan(repository(), prefix)
    configure(old)
    unmake(old)
    assert (prefix / ".condarc").exists()


def test_prefix_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    prefix = tmp_path / "file" / "rating"
    with pytest.raises(TargetError) as caught:
        configure(plan(repository(), prefix))
    assert str(prefix) in str(caught.value)
