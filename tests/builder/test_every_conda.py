"""What is published installs with every conda: odd entries of channels, each a build of its own.

Each kind of entry is built where the channel also has an older version, which is plain, and where
it has not. What is published is solved by the solvers that are at hand, conda's classic one and
py-rattler, for the request and the machine.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from conda.core.solve import Solver
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from rattler import Channel as RattlerChannel
from rattler import Gateway, GenericVirtualPackage, PackageName, Version
from rattler import solve as rattler_solve

from conda_offline_repo._conda import overrides
from conda_offline_repo.exceptions import OfflineRepoError
from tests.support.inside import forget
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.tiny import TinyPackage

#: What a machine has for which nothing is stated.
MACHINE = {"__unix": "0", "__linux": "4.18", "__glibc": "2.28", "__archspec": "1=x86_64"}
VERSIONS = ("0.1", "1.0", "1.5", "2.0", "3.0")


@dataclass(frozen=True)
class Kind:
    """An entry of the package x, version 2.

    Attributes:
        record: more and other keys for it; None takes one away.
        needs: what it depends on, all of `lib`.
        libs: the versions of `lib` that are right with it; all there are, unless told.
        fit: whether every conda can install it.
        raw: changes the entry in the index, in a way that `record` cannot.
        twin: whether the same build is there as a .tar.bz2, too.
        version_3: `alone` for an entry in version 3 of the index format, `beside` for one that is
            in the usual sections as well.
    """

    record: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    libs: tuple[str, ...] = VERSIONS
    fit: bool = True
    raw: Callable[[dict[str, Any]], object] = lambda entry: None
    twin: bool = False
    version_3: str = ""


def needs(*specs: str, libs: tuple[str, ...] = VERSIONS, fit: bool = True) -> Kind:
    return Kind(needs=specs, libs=libs, fit=fit)


def key(name: str, value: object, *, fit: bool = True) -> Kind:
    return Kind(raw=lambda entry: entry.__setitem__(name, value), fit=fit)


KINDS = {
    "or": needs("lib >=3|<0.5", libs=("0.1", "3.0")),
    "compatible": needs("lib ~=1.0", libs=("1.0", "1.5")),
    "build glob": needs("lib * *0*"),
    "star": needs("lib *"),
    "fuzzy": needs("lib=1", libs=("1.0", "1.5")),
    "other versions": needs("lib !=1.*,<3", libs=("0.1", "2.0")),
    "no spaces": needs("lib>=1,<2", libs=("1.0", "1.5")),
    "upper case": needs("LIB >=3", libs=("3.0",)),
    "epoch": needs("lib <1!0"),
    "local version": needs("lib >=1.0+a,<2", libs=("1.5",)),
    "seconds": key("timestamp", 1_700_000_000),
    "no timestamp": Kind({"timestamp": None}),
    "build number": Kind({"build_number": 20_260_101_123_456}),
    "constrains": Kind({"constrains": ["lib >=1,<3", "absent <1"]}, libs=VERSIONS[1:4]),
    "needed and constrained": Kind(
        {"constrains": ["lib >=1"]}, needs=("lib <2",), libs=("1.0", "1.5")
    ),
    "machine": Kind({"constrains": ["__glibc >=2.17", "__cuda <1"], "depends": ["__unix"]}),
    "other machine": Kind({"constrains": ["__glibc >=2.99"]}, fit=False),
    "features": Kind({"track_features": "mkl fast"}),
    "family": Kind({"license_family": "MIT", "x_unknown": {"a": [1, None, 2.5]}}),
    "md5 alone": Kind({"sha256": None}),
    "upper-case digest": Kind(raw=lambda entry: entry.update(sha256=entry["sha256"].upper())),
    "no subdir": Kind({"subdir": None}),
    "no depends": Kind({"depends": None}),
    "attested": Kind({"attestations_sha256": "0" * 64}),
    "extras": Kind({"extra_depends": {"fast": ["lib"]}}),
    "flags": Kind({"flags": ["cuda"]}),
    "two formats": Kind(twin=True),
    "version 3, too": Kind(version_3="beside"),
    # what some solver or version of conda does not read, or reads as something else
    "version 3": Kind(version_3="alone", fit=False),
    "conditional": needs('lib[when="__linux"]', fit=False),
    "constrained if": Kind({"constrains": ['lib[when="__linux"]']}, fit=False),
    "three equals": needs("lib===1.0", fit=False),
    "brackets": needs('lib[version=">=1,<3"]', fit=False),
    "comment": needs("lib >=1 # c", fit=False),
    "two wildcards": needs("lib 1.*.*", fit=False),
    "above a wildcard": needs("lib >1.*", fit=False),
    "parentheses": needs("lib (>=1,<2)", fit=False),
    "comma at the end": needs("lib >=1,", fit=False),
    "empty text": needs("lib", "", fit=False),
    "optional": needs("lib[optional]", fit=False),
    "fraction of a millisecond": key("timestamp", 1_700_000_000_000.5, fit=False),
    "nanoseconds": key("timestamp", 1_700_000_000_000_000_000, fit=False),
    "time as text": key("timestamp", "1700000000000", fit=False),
    "depends null": key("depends", None, fit=False),
    "constrains null": key("constrains", None, fit=False),
    "depends of an object": key("depends", {"lib": ">=1"}, fit=False),
    "no build number": Kind({"build_number": None}, fit=False),
    "no size": Kind({"size": None}, fit=False),
    "licences": key("license", ["MIT"], fit=False),
    "unknown system": key("platform", "haiku", fit=False),
    "unknown noarch": key("noarch", "julia", fit=False),
    "features null": key("track_features", None, fit=False),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("older", [True, False], ids=["older", "alone"])
def test_what_is_published_installs(me: Inside, tmp_path: Path, name: str, older: bool) -> None:
    kind = KINDS[name]
    channel = TinyChannel(tmp_path / "channel")
    for version in VERSIONS:
        channel.add("lib", version)
    if older:
        channel.add("x", "1")
    odd = channel.add("x", "2", depends=kind.needs, record=kind.record)
    kind.raw(odd.record)
    if kind.twin:
        channel.add("x", "2", depends=kind.needs, record=kind.record, format="tar.bz2")
    channel.write()
    if kind.version_3:
        put_in_version_3(channel.folder / "noarch" / "repodata.json", odd, kind.version_3)
    # a package that has track_features is for those who ask for it
    options = me.options("x >=2" if kind.fit else "x", channels=(channel.folder.as_uri(),))
    if not kind.fit and not older:
        with pytest.raises(OfflineRepoError) as refused:
            me.build(options)
        assert any(words in str(refused.value) for words in ("x-2-0.conda", "x 2", "has 2=0"))
        assert not (me.root / "bank" / "noarch" / "repodata.json").exists()
        return
    me.build(options)
    folder = me.root / "bank"
    for chosen in (by_classic(folder, options.packages), by_rattler(folder, options.packages)):
        assert chosen["x"] == ("2" if kind.fit else "1")
        if "lib" in chosen:
            assert chosen["lib"] in kind.libs
        assert ("lib" in chosen) == bool(kind.needs and kind.fit)


def put_in_version_3(path: Path, package: TinyPackage, where: str) -> None:
    """Let an index have an entry in its section of version 3, as conda-index writes it."""
    index = json.loads(path.read_bytes())
    if where == "alone":
        del index["packages.conda"][package.file]
    newer = {"conda": {package.file.removesuffix(".conda"): package.record}}
    path.write_text(json.dumps({**index, "v3": newer}))


def by_classic(folder: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """The versions that conda's classic solver chooses of what a repository has."""
    forget()
    channels, specs = [Channel(folder.as_uri())], [*map(MatchSpec, packages)]
    with overrides.machine("linux-64", MACHINE, offline=True):
        solver = Solver("/nonexistent", channels, ("linux-64", "noarch"), specs_to_add=specs)
        return {record.name: record.version for record in solver.solve_final_state()}


def by_rattler(folder: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """The versions that py-rattler chooses."""
    machine = []
    for name, value in MACHINE.items():
        version, _, build = value.partition("=")
        package = PackageName(name), Version(version), build or "0"
        machine.append(GenericVirtualPackage(*package))
    solving = rattler_solve(
        [RattlerChannel(folder.as_uri())],
        packages,
        platforms=["linux-64", "noarch"],
        virtual_packages=machine,
        gateway=Gateway(cache_dir=folder.parent / "gateway"),
    )
    return {record.name.normalized: str(record.version) for record in asyncio.run(solving)}
