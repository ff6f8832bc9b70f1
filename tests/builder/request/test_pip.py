"""What pip is to install: named, of files, remembered, changed, and told."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.credentials import credentials, credentials_of
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.request.changes import RequestChange, changes
from conda_offline_repo.builder.request.inputs.exceptions import InputFileError, PipPartsError
from conda_offline_repo.builder.request.inputs.pinned import PinnedArchive, PinnedWheel, PipPart
from conda_offline_repo.builder.request.request import remember, resolve
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.package import Package, WheelOrigin
from tests.support.requesting import ACME, again, last

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.request.request import Request

DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
WHEEL = "https://h.example/six-1.16-py3-none-any.whl"
INDEX = "--index-url https://h.example/simple"
PIP = {"": {"requirements": ("flask>=3", "six"), "index": (INDEX,)}}


def asked(request: Request) -> list[tuple[str, tuple[str, ...], PipPart]]:
    return [(env.name, (*map(str, env.packages),), env.pip) for env in request.environments]


def of_file(options: Options, file: Path, text: str, *pip: str) -> Options:
    file.write_text(text)
    return replace(options, packages=(), environments=(EnvironmentSpec(file=file, pip=pip),))


def test_named_and_remembered(options: Options) -> None:
    request = resolve(replace(options, pip=("six", "flask >=3", INDEX)), None)
    assert asked(request) == [("", ("app",), PipPart(("flask>=3", "six"), (), (INDEX,)))]
    kept = remember(request)
    assert kept.pip == PIP
    assert kept.pip_as_conda
    assert remember(resolve(again(options), last(pip=kept.pip))).pip == kept.pip


def test_alone_it_is_for_a_python(options: Options) -> None:
    """All that the label channel publishes is for want of any name."""
    request = resolve(replace(options, packages=(), pip=("six",)), None)
    assert asked(request) == [("", ("python",), PipPart(("six",)))]
    whole = replace(options, packages=(), pip=("six",), whole=True, label_channel=False)
    assert asked(resolve(whole, last(packages=())))[0][1] == ("python",)
    environments = (EnvironmentSpec("a", pip=("six",)), EnvironmentSpec("b", ("app",)))
    several = replace(options, packages=(), environments=environments)
    assert asked(resolve(several, None)) == [
        ("a", ("python",), PipPart(("six",))),
        ("b", ("app",), PipPart()),
    ]


def test_beside_all_that_the_label_channel_publishes(options: Options) -> None:
    request = resolve(replace(again(options), pip=("six",)), last(packages=()))
    assert asked(request) == [("", (), PipPart(("six",)))]


def test_packages_are_replaced_without_it(options: Options) -> None:
    remembered = last(pip=PIP)
    only = replace(again(options), packages=("other",))
    assert asked(resolve(only, remembered)) == [
        ("", ("other",), PipPart(PIP[""]["requirements"], (), (INDEX,)))
    ]
    added = replace(again(options), add=("other",), pip=("numpy",))
    assert asked(resolve(added, remembered)) == [
        ("", ("app", "other", "tool"), PipPart(("numpy",)))
    ]


def test_taken_away_by_name(options: Options) -> None:
    remembered = last(pip={"": {**PIP[""], "requirements": ("Fla_sk[x]>=3", "six")}})
    removed = replace(again(options), remove=("fla-sk", "tool"))
    assert asked(resolve(removed, remembered)) == [("", ("app",), PipPart(("six",), (), (INDEX,)))]
    both = replace(again(options), remove=("fla-sk", "six"))
    request = resolve(both, remembered)
    assert asked(request) == [("", ("app", "tool"), PipPart())]
    assert remember(request).pip == {}
    for packages in ((), ("app",)):  # all of the label channel, and a list
        request = resolve(
            replace(again(options), remove=("six",)), last(packages=packages, pip=PIP)
        )
        assert asked(request) == [("", packages, PipPart(("flask>=3",), (), (INDEX,)))]
    with pytest.raises(InvalidRequestError, match="Not among the packages") as caught:
        resolve(replace(again(options), remove=("numpy",)), remembered)
    assert "- six" in caught.value.hints[0]
    with pytest.raises(InvalidRequestError, match="exact archives"):
        resolve(replace(again(options), remove=("six",)), last(packages=(), exact=("",), pip=PIP))


def test_only_options(options: Options) -> None:
    with pytest.raises(InvalidRequestError, match="options are named and no requirement"):
        resolve(replace(options, pip=(INDEX,)), None)


def test_of_a_file_and_besides(options: Options, tmp_path: Path) -> None:
    text = "dependencies: [{pip: [six]}]\n"
    request = resolve(of_file(options, tmp_path / "e.yml", text, "flask", INDEX), None)
    assert asked(request) == [("", ("python",), PipPart(("flask", "six"), (), (INDEX,)))]


LOCK = f"""\
version: 1
metadata: {{}}
package:
- {{name: python, platform: linux-64, url: "{ACME}/linux-64/python-3.12-0.conda"}}
- name: six
  manager: pip
  platform: linux-64
  url: "{WHEEL}"
  hash: {{sha256: {DIGEST}}}
"""


def test_wheels_of_a_lock_file(options: Options, tmp_path: Path) -> None:
    locked = of_file(options, tmp_path / "lock", LOCK)
    request = resolve(replace(locked, platforms=("linux-64",)), None)
    (environment,) = request.environments
    assert environment.wheels == {"linux-64": (PinnedWheel(WHEEL, DIGEST),)}
    assert remember(request).exact == ("",)
    assert remember(request).pip == {}
    for other in ("flask", WHEEL, f"six[x] @ {WHEEL}#sha256={DIGEST}"):
        with pytest.raises(InvalidRequestError, match="names wheels exactly"):
            resolve(of_file(options, tmp_path / "lock", LOCK, other), None)
    without = LOCK.replace("python-3.12", "ruby-3.12").replace("name: python", "name: ruby")
    with pytest.raises(
        InputFileError, match="wheels for linux-64, and no archive of python"
    ) as caught:
        resolve(of_file(options, tmp_path / "lock", without), None)
    assert WHEEL.rpartition("/")[2] in str(caught.value)


def test_wheels_besides_a_lock_file(options: Options, tmp_path: Path) -> None:
    """Such as of the project itself, which pixi locks as a folder."""
    own = tmp_path / "own-1.0-py3-none-any.whl"
    own.write_bytes(b"wheel")
    digest = hashlib.sha256(b"wheel").hexdigest()
    text = LOCK + "".join(
        f"- {{name: {name}, manager: pip, platform: linux-64, url: {url}}}\n"
        f"- {{name: {name}, manager: pip, platform: win-64, url: {url}}}\n"
        for name, url in (("Own", "git+https://h.example/own"), ("extra", "./extra"))
    )
    text += f'- {{name: python, platform: win-64, url: "{ACME}/win-64/python-3.12-0.conda"}}\n'
    extra = "https://u:5ecret@h.example/extra-2.0-cp312-cp312-manylinux_2_17_x86_64.whl"
    six = f"{WHEEL.replace('1.16', '1.17')}#sha256={'1' * 64}"
    pip = (str(own), f"{extra}#sha256={'0' * 64}", six, INDEX)
    request = resolve(
        replace(of_file(options, tmp_path / "lock", text, *pip), platforms=("linux-64",)), None
    )
    (environment,) = request.environments
    assert {*environment.wheels["linux-64"]} == {
        PinnedWheel(own.as_uri(), digest),
        PinnedWheel(extra, "0" * 64),
        PinnedWheel(six.partition("#")[0], "1" * 64),
    }
    assert environment.foreign == {"linux-64": {}, "win-64": {"main": {"extra": SOURCES}}}
    assert environment.pip == PipPart((), (), (INDEX,))
    both = of_file(options, tmp_path / "lock", text, *pip)
    with pytest.raises(PipPartsError, match=r"extra \(main, win-64\)") as caught:
        resolve(replace(both, platforms=("linux-64", "win-64")), None)
    assert "--pip ./FILE.whl" in "".join(caught.value.hints)
    mac = f"{extra.replace('manylinux_2_17', 'macosx_11_0')}#sha256={'0' * 64}"
    with pytest.raises(InvalidRequestError, match="none of the platforms of .*: linux-64, win-64"):
        resolve(of_file(options, tmp_path / "lock", text, mac), None)


SOURCES = "a folder of sources"


def test_wheels_come_back_from_the_manifest(options: Options) -> None:
    python, six = "linux-64/python-3.12-0.conda", "noarch/six-1.16-py_0.conda"
    remembered = replace(
        last(packages=(), exact=("",), platforms=("linux-64",)),
        solutions={"linux-64": (python, six)},
        packages={
            python: Package(DIGEST, MD5, 1, f"{ACME}/{python}"),
            six: Package("0" * 64, MD5, 1, WHEEL, WheelOrigin("six", "1.16", "x.whl", DIGEST)),
        },
    )
    exact = {"linux-64": (PinnedArchive(f"{ACME}/{python}", DIGEST, MD5),)}
    (environment,) = resolve(again(options), remembered).environments
    assert environment.exact == exact
    assert environment.wheels == {"linux-64": (PinnedWheel(WHEEL, DIGEST),)}
    with pytest.raises(InvalidRequestError, match="The last build names wheels exactly"):
        resolve(replace(again(options), pip=("six",)), remembered)
    other = WHEEL.replace("1.16", "1.17")
    newer = resolve(replace(again(options), pip=(f"{other}#sha256={DIGEST}",)), remembered)
    assert newer.environments[0].wheels == {"linux-64": (PinnedWheel(other, DIGEST),)}
    # of an environment of this machine, what pip had installed is asked for by name
    by_name = replace(remembered, request=replace(remembered.request, pip=PIP))
    (environment,) = resolve(again(options), by_name).environments
    assert (environment.exact, environment.wheels) == (exact, {})
    assert environment.pip.requirements == ("flask>=3", "six")
    (environment,) = resolve(replace(again(options), pip=("numpy",)), by_name).environments
    assert (environment.exact, environment.pip) == (exact, PipPart(("numpy",)))


def test_not_for_environments(options: Options) -> None:
    of_two = last(packages=(), environments={"a": ("app",), "b": ("app",)}, pip={"b": PIP[""]})
    assert [env.pip.requirements for env in resolve(again(options), of_two).environments] == [
        (),
        ("flask>=3", "six"),
    ]
    with pytest.raises(InvalidRequestError, match="The last build was for environments"):
        resolve(replace(again(options), pip=("six",)), of_two)


def test_first_from_channels(options: Options) -> None:
    assert resolve(options, None).pip_as_conda
    without = replace(options, pip_as_conda=False)
    assert not resolve(without, None).pip_as_conda
    kept = remember(resolve(without, None))
    assert not kept.pip_as_conda
    assert not resolve(again(options), last(pip_as_conda=False)).pip_as_conda
    assert resolve(
        replace(again(options), pip_as_conda=True), last(pip_as_conda=False)
    ).pip_as_conda


def test_changes_are_told(options: Options) -> None:
    before = last(pip={"": {**PIP[""], "constraints": ("six<2",)}}).request
    after = replace(before, pip={"b": {"requirements": ("numpy",)}}, pip_as_conda=False)
    assert changes(before, after) == (
        RequestChange("pip", ("flask>=3", "six", "constraint six<2", INDEX), ("b: numpy",)),
        RequestChange("pip_as_conda", ("yes",), ("no",)),
    )


def test_credentials_are_known(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine n.example login me password netrc-5ecret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("PYPI_KEY", "variable-5ecret")
    lines = (
        *("six", "-i https://me:${PYPI_KEY}@h.example/simple", "--find-links https://n.example/x"),
        "https://h.example/a-1-py3-none-any.whl?token=query-5ecret",
    )
    expected = {"variable-5ecret", "netrc-5ecret", "query-5ecret"}
    named = replace(options, pip=lines)
    assert expected <= credentials(named).values
    spec = replace(options, environments=(EnvironmentSpec("a", ("app",), pip=lines),))
    assert expected <= credentials(spec).values
    text = "dependencies: [python, {pip: ['" + "', '".join(lines) + "']}]\n"
    request = resolve(of_file(options, tmp_path / "environment.yml", text), None)
    assert expected <= credentials_of(request, credentials(options)).values
    assert "5ecret" not in f"{request!r}{remember(request)}"
