"""Archives that are named exactly: published as they are named and listed, or not at all.

`exact` finds them, and checks that they have what they need.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.builder.exceptions import (
    ExactGoneError,
    SecretFoundError,
)
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.solving.exceptions import MisfitError
from conda_offline_repo.exceptions import InvalidRequestError
from dev.upstream.server import ChannelServer
from tests.support.inside import inside
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside
    from tests.support.running import Conda
    from tests.support.tiny import TinyPackage

TOKEN = "tk-5ecret0f4cme"
PLATFORM: str = context.subdir


class Vendor:
    """A vendor with a list of archives of two channels, one of them private.

    Attributes:
        named: `app` 1.0 and what it needs; not the newest of anything.
    """

    def __init__(self, me: Inside, server: ChannelServer, folder: Path) -> None:
        self.me = me
        self.server = server
        self.file = folder / "list.txt"
        self.public = TinyChannel(folder / "served" / "public")
        self.acme = TinyChannel(folder / "served" / "acme")
        self.named = [
            self.acme.add("app", "1.0", depends=["lib"], record={"depends": ["lib >=1"]}),
            self.public.add("lib", "1.0", record={"fixed": "by the channel"}),
            self.public.add("core", "1.0", subdir=PLATFORM),
        ]
        self.acme.add("app", "2.0", depends=["lib"])
        self.public.add("lib", "2.0")
        self.write()

    def write(self) -> None:
        self.public.write()
        self.acme.write()

    def url(self, package: TinyPackage) -> str:
        name = package.path.parent.parent.name
        token = f"/t/{TOKEN}" if name == "acme" else ""
        return f"{self.server.url}{token}/{name}/{package.at}"

    def lines(self, packages: Sequence[TinyPackage], digest: str = "sha256") -> list[str]:
        prefix = "sha256:" if digest == "sha256" else ""
        return [f"{self.url(one)}#{prefix}{one.record[digest]}" for one in packages]

    def build(self, lines: Sequence[str] | None = None) -> BuildOutcome:
        text = "\n".join(("@EXPLICIT", *(lines or self.lines(self.named)), ""))
        self.file.write_text(text)
        return self.me.build(self.options())

    def options(self) -> Options:
        plain = self.me.options(channels=(), platforms=())
        return replace(plain, channels_named=False, environments=(EnvironmentSpec(file=self.file),))

    @property
    def bank(self) -> Path:
        return self.me.root / "bank"


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    (tmp_path / "served").mkdir()
    with (
        inside(tmp_path / "engineer") as me,
        ChannelServer(tmp_path / "served", private={"acme": TOKEN}) as server,
    ):
        yield Vendor(me, server, tmp_path)


def names(outcome: BuildOutcome) -> list[str]:
    return list(outcome.manifest.solutions[PLATFORM])


@pytest.mark.parametrize("digest", ["sha256", "md5"])
def test_just_what_is_named_is_published_as_its_channel_lists_it(
    vendor: Vendor, digest: str
) -> None:
    outcome = vendor.build(vendor.lines(vendor.named, digest))
    assert names(outcome) == sorted(one.at for one in vendor.named)
    assert set(outcome.manifest.packages) == {one.at for one in vendor.named}
    index = json.loads((vendor.bank / "noarch" / "repodata.json").read_bytes())
    for package in vendor.named[:2]:
        assert index["packages.conda"][package.file] == package.record
    assert outcome.manifest.request.exact == ("",)
    assert outcome.manifest.request.platforms == (PLATFORM,)
    assert TOKEN not in (vendor.bank / "offline-repo.json").read_text()


def test_nothing_else_is_downloaded(vendor: Vendor) -> None:
    vendor.build()
    sent = sorted(path.rpartition("/")[2] for path in vendor.server.packages())
    assert sent == sorted(one.file for one in vendor.named)


def test_list_is_remembered_and_newer_versions_do_not_matter(vendor: Vendor) -> None:
    vendor.build()
    acme = f"{vendor.server.url}/acme"
    first = replace(vendor.options(), channels=(acme,), channels_named=True, token=TOKEN)
    vendor.me.build(first)
    vendor.public.add("lib", "3.0")
    vendor.write()
    again = replace(vendor.options(), environments=(), token=TOKEN)
    outcome = vendor.me.build(again)
    assert not outcome.changed
    vendor.server.clear()
    outcome = vendor.build(vendor.lines(vendor.named[1:]))
    assert outcome.changed
    assert "noarch/app-1.0-0.conda" in outcome.difference.removed


def test_fix_of_the_channel_is_taken_over(vendor: Vendor) -> None:
    vendor.build()
    vendor.named[0].record["depends"] = ["lib ==1.0"]
    vendor.write()
    assert vendor.build().changed
    index = json.loads((vendor.bank / "noarch" / "repodata.json").read_bytes())
    assert index["packages.conda"]["app-1.0-0.conda"]["depends"] == ["lib ==1.0"]


def test_all_that_is_gone_is_named(vendor: Vendor) -> None:
    lines = vendor.lines(vendor.named)
    for package in vendor.named[:2]:
        channel = vendor.acme if package.path.parent.parent.name == "acme" else vendor.public
        channel.remove(package)
    vendor.write()
    with pytest.raises(ExactGoneError) as raised:
        vendor.build(lines)
    assert "noarch/app-1.0-0.conda" in str(raised.value)
    assert "noarch/lib-1.0-0.conda" in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert not vendor.bank.exists()


def test_other_digest_is_another_archive(vendor: Vendor) -> None:
    lines = vendor.lines(vendor.named)
    lines[1] = f"{lines[1].partition('#')[0]}#{'0' * 32}"
    with pytest.raises(ExactGoneError, match="lib-1"):
        vendor.build(lines)


#: What this machine has.
VIRTUAL = "__win" if os.name == "nt" else "__unix"


def test_list_that_lacks_what_it_needs_is_not_published(vendor: Vendor) -> None:
    vendor.named[2].record["depends"] = ["lib >=2", VIRTUAL, "python_abi 3.11.*"]
    vendor.write()
    with pytest.raises(MisfitError) as raised:
        vendor.build()
    assert "core 1.0 needs lib >=2" in str(raised.value)
    assert "core 1.0 needs python_abi" in str(raised.value)
    assert VIRTUAL not in str(raised.value)
    assert not vendor.bank.exists()


def test_list_whose_packages_exclude_each_other_is_not_published(vendor: Vendor) -> None:
    vendor.named[2].record["constrains"] = ["lib >=2"]
    vendor.write()
    with pytest.raises(MisfitError, match="core 1.0 excludes all but lib >=2, and there is 1.0"):
        vendor.build()
    assert not vendor.bank.exists()


def test_list_is_for_its_platform(vendor: Vendor) -> None:
    vendor.build()
    other = "win-64" if PLATFORM != "win-64" else "linux-64"
    with pytest.raises(InvalidRequestError, match=f"nothing to install for {other}"):
        vendor.me.build(replace(vendor.options(), platforms=(other,)))


def test_exact_and_solved_environments_go_together(vendor: Vendor) -> None:
    vendor.build()
    public = f"{vendor.server.url}/public"
    solved = EnvironmentSpec("newest", ("lib",))
    mixed = replace(
        vendor.options(),
        channels=(public,),
        channels_named=True,
        environments=(EnvironmentSpec("fixed", file=vendor.file), solved),
    )
    outcome = vendor.me.build(mixed)
    found = outcome.manifest.solutions
    assert set(found[f"fixed/{PLATFORM}"]) == {one.at for one in vendor.named}
    assert found[f"newest/{PLATFORM}"] == ("noarch/lib-2.0-0.conda",)
    assert outcome.manifest.request.exact == ("fixed",)


def test_environment_of_this_machine(vendor: Vendor, customer: Conda) -> None:
    channel = vendor.public.folder.as_uri()
    customer.run(
        *("create", "--yes", "-n", "tested", "--override-channels", "-c", channel),
        *("lib=1.0", "core", "--offline"),
    )
    found = replace(
        vendor.options(), environments=(EnvironmentSpec(prefix=customer.envs / "tested"),)
    )
    outcome = vendor.me.build(found)
    assert names(outcome) == sorted(one.at for one in vendor.named[1:])


def test_customer_gets_just_this_without_a_solver(vendor: Vendor, customer: Conda) -> None:
    vendor.build()
    told = customer.use(vendor.bank, "-n", "rating")
    assert "--environment default" in told.stdout
    customer.use(vendor.bank, "-n", "rating", "--environment", "default")
    assert customer.installed("rating") == {"app": "1.0", "lib": "1.0", "core": "1.0"}


def test_python_without_pip_is_no_less_exact(vendor: Vendor) -> None:
    """Lock files of pixi have none; conda's classic solver adds it to what python needs."""
    python = vendor.public.add("python", "3.11.0", subdir=PLATFORM)
    vendor.write()
    outcome = vendor.build(vendor.lines([*vendor.named, python]))
    assert python.at in names(outcome)
    (told,) = outcome.warnings
    assert told.kind == "no-pip"


def test_token_of_the_list_leaves_in_no_package(vendor: Vendor) -> None:
    vendor.named.append(vendor.public.add("leak", files={"share/leak.txt": f"a {TOKEN}\n"}))
    vendor.write()
    with pytest.raises(SecretFoundError) as raised:
        vendor.build()
    assert "leak-1.0" in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert not vendor.bank.exists()
