"""environment.yml, as conda writes it and as others spoil it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError, PipPartsError
from conda_offline_repo.builder.request.inputs.pinned import Environment
from conda_offline_repo.builder.request.inputs.read import read_file
from conda_offline_repo.specs import PackageSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.builder.request.inputs.conftest import Laid


def test_export_of_conda(laid: Laid, tmp_path: Path) -> None:
    path = tmp_path / "exported"
    path.write_text(laid.conda.run("env", "export", "-n", "mine").stdout)
    (read,) = read_file(path)
    assert set(read.packages) == {"app=2.0=0", "lib=1.0=0"}
    assert not read.exact
    assert any(channel.endswith("/acme") for channel in read.channels)


def test_written_by_hand(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "environment.yml"
    text = """\
# what the bank wants
name: 2025
prefix: /somewhere
variables: {KEY: value}
channel_priority: strict
platforms: [win-64]
channels:
  - acme
  - nodefaults
  - https://host.example/channel
dependencies:
  - python 3.11.*  # [win]
  - "extra  # the bank's own"
  - conda-forge::lib>=1
  - &name pip
  - pip: []
"""
    path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    (read,) = read_file(path)
    assert read == Environment(
        packages=specs("python 3.11.*", "extra", "conda-forge::lib>=1", "pip"),
        channels=("acme", "https://host.example/channel"),
        no_defaults=True,
        platforms=("win-64",),
        left_out=(
            "`variables`: the customer's environment gets no variables",
            "`channel_priority`: the build follows conda's own setting channel_priority",
            SELECTORS,
        ),
    )
    assert capfd.readouterr() == ("", "")


SELECTORS = (
    "`# [...]`, which conda takes for a comment: python 3.11.* [win] is asked for on every platform"
)


def specs(*packages: str) -> tuple[PackageSpec, ...]:
    return tuple(map(PackageSpec, packages))


def test_in_one_line(write: Callable[[str], Path]) -> None:
    (read,) = read_file(write('{"dependencies": ["lib"]}'))
    assert read == Environment(packages=specs("lib"))


def test_variable_of_a_channel(
    write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_HOST", "host.example")
    (read,) = read_file(write("channels: ['https://${ACME_HOST}/acme']\ndependencies: [lib]\n"))
    assert read.channels == ("https://host.example/acme",)


def test_all_mistakes_at_once(write: Callable[[str], Path]) -> None:
    text = """\
channels: tiny
platforms: [win-46]
extras: []
channel_priority: strict
dependencies: [app, "x[y", foo==1.0==2, {python: 3}, {pip: [requests]}]
"""
    with pytest.raises(InputFileError) as caught:
        read_file(write(text))
    problems = str(caught.value.message).splitlines()[1:]
    for problem, part in zip(
        problems,
        (
            "conda would leave out what it says in 'extras'",
            "`channels`",
            "'win-46'",
            "'x[y'",
            "'foo==1.0==2'",
            "number 4 of `dependencies`",
        ),
        strict=True,
    ):
        assert part in problem


def test_no_other_channels(write: Callable[[str], Path]) -> None:
    (read,) = read_file(write("channels: [nodefaults]\ndependencies: [lib]\n"))
    assert (read.channels, read.no_defaults) == ((), True)


def test_what_pip_would_build(write: Callable[[str], Path]) -> None:
    text = """\
dependencies:
  - python
  - pip:
    - requests>=2
    - -e ./src
    - git+https://t0ken5ecret@host.example/wheel
    - --index-url https://user:pass5ecret@host.example/simple?key=5ecret
  - pip: flask
"""
    with pytest.raises(PipPartsError) as error:
        read_file(write(text))
    for refused in ("host.example/wheel: sources in version control", "-e ./src: an editable inst"):
        assert refused in str(error.value)
    assert "pip wheel --no-deps SOURCE" in str(error.value)
    assert "flask" not in str(error.value)
    assert "5ecret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "dependencies: [{pip: [flask, {'--no-binary :all': null}]}]\n",
            "`pip`, {.*} is not a text",
        ),
        ("dependencies:\n", "not a list of packages"),
        ("dependencies: []\n", "not a list of packages"),
        ("dependencies: lib\n", "not a list of packages"),
        ("channels: [acme]\n", "not a list of packages"),
        ("dependencies: [{pip: []}]\n", "names no package"),
        ("dependencies: [lib, {'sel(win)': lib}]\n", r"number 2 .* selector `sel\(win\)`"),
        ("dependencies:\n  - lib\n  - sel(win): lib\n", "without selectors"),
        ("dependencies:\n\t- lib\n", "not with tabs"),
        ("dependencies:\n  - lib\n  - {{ name }}\n", "It is a template"),
        ("dependencies:\n  - lib={{ version }}\n", "'lib={{ version }}' is not a package"),
        ("dependencies: [lib]\nplatforms: [win-46]\n", "`platforms`: The platform 'win-46' is"),
        ("dependencies: [lib]\nplatforms: win-64\n", "`platforms` is not a list"),
        ("dependencies: [lib, 3.10]\n", "number 2 of `dependencies` is neither a text nor"),
        ("dependencies: [2026-01-01]\n", "number 1 of `dependencies` is neither a text nor"),
        ("dependencies: [[lib]]\n", "number 1 of `dependencies` is neither a text nor"),
        ("dependencies: ['']\n", "number 1 of `dependencies` is neither a text nor"),
        ("dependencies: [lib, {npm: [left-pad]}]\n", "number 2 of `dependencies` is neither"),
        ("dependencies: [{pip: {a: b}}]\n", "number 1 of `dependencies` is neither"),
        ("dependencies: [lib]\npip: [requests]\n", "leave out what it says in 'pip'"),
        ("dependencies: [lib]\nchanels: [acme]\n", "leave out what it says in 'chanels'"),
        (
            "dependencies: [lib]\nvariables: {}\nplatform: x\n",
            r"'platform'\.\n.* name, platforms, ",
        ),
        ("dependencies: [lib]\n1: 2\n", "no sections"),
        ("dependencies: [lib]\nchannels: acme\n", "`channels` is not a list"),
        ("dependencies: [lib]\nchannels: [1]\n", "`channels` is not a list"),
        ("dependencies: ['lib >=1 >=2 x y']\n", "is not a package specification"),
        ("dependencies: ['lib\u202e']\n", "number 1 of `dependencies` is neither a text nor"),
        ("dependencies: ['*']\n", "names no package"),
        ("dependencies: ['http://h.example/x/noarch/lib-1.0-0.conda']\n", "names a file"),
        ("dependencies: ['https://u:5ecret@host.example/x::lib']\n", "a password or a token"),
        ("dependencies: ['https://h.example/t/5ecret/x/noarch/a-1-0.conda']\n", "a token"),
        ("dependencies: [lib\n", "line 2, column 1"),
        ("dependencies: [lib]\ndependencies: [lib]\n", "line 2, column 1: a key occurs twice"),
        ("channels: ['https://u:5ecret@h.example/x]\ndependencies: [lib]\n", "column"),
        ("dependencies: [lib]\nname: !!python/object/apply:os.system [true]\n", "the tag"),
        ("dependencies: [lib]\n--- \ndependencies: [lib]\n", "expected a single document"),
        ("dependencies: [lib, \x00]\n", "not YAML"),
        (f"dependencies: [{'9' * 5000}]\n", "not YAML"),
        ("name: &a [lib]\ndependencies: *a\n", r"line 2 has an alias, \*a"),
        ("name: &a {b: 1}\ndependencies: [lib]\n<<: *a\n", r"line 3 has an alias, \*a"),
        (f"dependencies: {'[' * 100_000}", "line 1 is nested too deep"),
        (f"dependencies: [{'a' * 300_000}]", "at most 262144 characters"),
        (f"dependencies: ['{'a=' * 100_000}']", "at most 1000 are read"),
        (f"dependencies: [lib]\n? {'a' * 100_000}\n: 1\n", "leave out what it says in …"),
        (f"dependencies: [lib]\nname: !{'a' * 100_000} x\n", "constructor for the tag …"),
    ],
)
@pytest.mark.timeout(60)
def test_spoiled(
    write: Callable[[str], Path], capfd: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = write(text)
    with pytest.raises(InputFileError, match=said) as error:
        read_file(path)
    assert str(error.value).startswith(f"{path} cannot be used: ")
    assert "5ecret" not in str(error.value)
    assert len(str(error.value)) < 2000
    assert capfd.readouterr() == ("", "")


@pytest.mark.timeout(60)
def test_bomb(write: Callable[[str], Path]) -> None:
    levels = (f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12))
    with pytest.raises(InputFileError, match="line 2 has an alias"):
        read_file(write("a0: &a0 {x: 1}\n" + "".join(levels) + "dependencies: [lib]\n"))


def test_nothing_but_conda_is_imported(write: Callable[[str], Path]) -> None:
    """A lock file alone needs what reads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "rattler", None)
        (read,) = read_file(write("dependencies: [lib]\n"))
    assert read.packages == ("lib",)
