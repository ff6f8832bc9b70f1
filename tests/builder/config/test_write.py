"""A label put down in the file: read again it is the same, and all else stands as it stood."""

from __future__ import annotations

import io
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from conda_offline_repo.builder.config.read import read
from conda_offline_repo.builder.config.write import write
from conda_offline_repo.builder.exceptions import ConfigWriteError
from conda_offline_repo.builder.options import EnvironmentSpec, Options
from conda_offline_repo.builder.request.channels import sources
from conda_offline_repo.builder.request.customer import customer
from conda_offline_repo.builder.request.machine import machines
from conda_offline_repo.exceptions import ConfigFileError
from conda_offline_repo.repository.remembered import Remembered
from tests.support.systems import DEVICES, MODES

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DEFAULTS = Options("", Path(), channels=("configured",), native_platform="linux-64")
TOKEN = "tk-5ecret0f4cme"
VARIABLES = {"ACME_TOKEN": TOKEN, "OTHER_TOKEN": "tk-0ther"}
PROMETEIA = "https://conda.anaconda.org/prometeia"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("environment.yml", "plugin.conda", "setup.sh", "old", "new", "no"):
        (tmp_path / name).write_text("")
    (tmp_path / "env" / "conda-meta").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "offline-repo.yml"


def remembered(options: Options) -> Remembered:
    """What a build with these options, which are all of the request, remembers."""
    found, *_ = sources(
        options.channels,
        None,
        label=options.label,
        label_channel=options.label_channel,
        token=options.token,
    )
    platforms = tuple(sorted(options.platforms))
    conda, solvers = customer(options.customer_conda, options.customer_solvers, Remembered())
    return Remembered(
        packages=options.packages,
        channels=tuple(source.url for source in found),
        platforms=platforms,
        virtual_packages=machines(platforms, {}, options.virtual_packages),
        plugin=bool(options.plugin),
        customer_conda=conda,
        customer_solvers=solvers,
        keep=options.keep or 1,
        exclude_newer=(options.exclude_newer or "none").replace("none", ""),
        next_due=(options.next_due or "none").replace("none", ""),
        environments={one.name: one.packages for one in options.environments if one.name},
        exact=tuple(one.name for one in options.environments if one.file),
        pip={
            one.name: {"requirements": one.pip}
            for one in (EnvironmentSpec(pip=options.pip), *options.environments)
            if one.pip
        },
        pip_as_conda=options.pip_as_conda is not False,
        index_version=options.index_version or 1,
        policy=json.loads(options.policy or "{}"),
    )


#: A policy with all forms of values.
GMP = {"package": "gmp", "reason": "why: so", "approved_by": "legal", "until": "2027-03-31"}
POLICY = json.dumps(
    {
        "licenses": {"deny": ["GPL-3.0-or-later"], "unknown": "deny"},
        "channels": ["prometeia", "pypi"],
        "exclude_newer": "14d",
        "exceptions": [GMP, {**GMP, "package": "mpfr <4"}],
    }
)


def put(path: Path, options: Options, variable: str = "ACME_TOKEN") -> None:
    options = replace(options, token=variable if options.token else None)
    write(path, options, remembered(options), DEFAULTS)


def acme(path: Path, **changes: Any) -> Options:
    """The options of a plain label."""
    plain = Options(
        label="acme",
        root=path.parent,
        packages=("core",),
        channels=("prometeia",),
        channels_named=True,
        platforms=("win-64",),
        native_platform=DEFAULTS.native_platform,
        plugin=False,
        installers=(),
        keep=1,
        pip_as_conda=True,
        exclude_newer="none",
        next_due="none",
        index_version=1,
        policy="{}",
        whole=True,
        folder=path.parent,
    )
    return replace(plain, **changes)


def one(path: Path, label: str = "acme") -> Options:
    """What the file says of a label."""
    (found,) = (each for each in read(path, DEFAULTS, VARIABLES) if each.label == label)
    return found


def test_new_file(path: Path) -> None:
    put(path, acme(path, keep=2, token=TOKEN, packages=("3.10", "core", "python 3.11.*", "yes")))
    assert path.read_text() == (
        'root: "."\n'
        "labels:\n"
        "  acme:\n"
        '    token: "${ACME_TOKEN}"\n'
        "    channels: [prometeia]\n"
        "    platforms: [win-64]\n"
        "    keep: 2\n"
        '    packages: ["3.10", core, "python 3.11.*", "yes"]\n'
    )


def test_packages_of_pip(path: Path) -> None:
    (path.parent / "typed").mkdir()
    limits = path.parent / "typed" / "limits.txt"
    limits.write_text("core<2\n")
    index = "--index-url https://${PYPI_USER}:${PYPI_KEY}@pypi.example.com/simple"
    wheel = path.parent / "typed" / "foo-1.0-py3-none-any.whl"
    wheel.touch()
    typed = ("flask >= 3  # web", index, f"./{wheel.name}", "-c limits.txt", "-i https://a.example")
    put(path, acme(path, pip=typed, folder=path.parent / "typed", pip_as_conda=False))
    own = one(path)
    assert own.pip == (
        *("flask>=3", index, f"foo @ {wheel.as_uri()}", "-c typed/limits.txt"),
        "--index-url https://a.example",
    )
    assert (own.folder, own.pip_as_conda) == (path.parent, False)


def test_remembered_packages_of_pip(path: Path) -> None:
    options = acme(path, packages=())
    part = {"requirements": ("flask>=3",), "index": ("--index-url https://a.example",)}
    request = replace(remembered(acme(path)), pip={"": part})
    write(path, options, request, DEFAULTS)
    assert one(path).pip == ("--index-url https://a.example", "flask>=3")
    several = replace(request, packages=(), environments={"a": ("core",), "b": ("core",)})
    write(path, replace(options, label="b"), replace(several, pip={"b": part}), DEFAULTS)
    assert [spec.pip for spec in one(path, "b").environments] == [
        (),
        ("--index-url https://a.example", "flask>=3"),
    ]
    limited = replace(request, pip={"": {**part, "constraints": ("core<2",)}})
    with pytest.raises(ConfigWriteError, match="constraints of pip's were named by a file"):
        write(path, replace(options, label="c"), limited, DEFAULTS)


@pytest.mark.parametrize(
    "line",
    ["-i https://me:pa55word@h.example", "https://h.example/a-1-py3-none-any.whl?key=pa55word"],
)
def test_credentials_of_pip_are_not_written(path: Path, line: str) -> None:
    with pytest.raises(ConfigWriteError, match="a password, a token or a query") as caught:
        put(path, acme(path, pip=("flask", line)))
    assert "pa55word" not in str(caught.value)
    assert not path.exists()


def test_all_that_the_label_channel_publishes(path: Path) -> None:
    put(path, acme(path, packages=()))
    assert one(path) == acme(path, packages=())


def test_many_packages_have_a_line_each(path: Path) -> None:
    packages = tuple(f"package-{number}" for number in range(20))
    put(path, acme(path, packages=packages))
    assert "    packages:\n      - package-0\n      - package-1\n" in path.read_text()
    assert one(path).packages == packages


OLD = """\
# our customers
root: .   # here
channels: [prometeia]   # of all

labels:
    # the bank
    bank:
        packages:
            - ratingpro   # what they pay for
        # keep: 2

    # the last one is commented out:
    # gone:
    #     packages: [x]
"""
ADDED = """\
    acme:
      platforms: [win-64]
      packages: [core]
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_file_keeps_all_else(path: Path, newline: str) -> None:
    path.write_bytes(OLD.replace("\n", newline).encode())
    put(path, acme(path))
    before, after = OLD.split("        # keep: 2\n")
    expected = f"{before}        # keep: 2\n{ADDED}{after}"
    assert path.read_bytes().decode() == expected.replace("\n", newline)
    assert [each.label for each in read(path, DEFAULTS, {})] == ["bank", "acme"]


@pytest.mark.parametrize(
    "old",
    [
        "root: .\nlabels: {bank: {packages: [x]}}\n",
        "root: .\nlabels: { bank: }",
        "labels: { # all of them\n  bank: {packages: [x]},\n}\nroot: .\n",
        "{root: ., labels: {bank: {keep: 2}}}",
        '{"root": ".", "labels": {"bank": {"packages": ["x"]}}}',
        "labels:\n  bank:\nroot: .\n",
        "labels:\n  bank:\n\n\n# end\nroot: .",
        "labels: &labels\n  bank:\nroot: .\n...\n",
        "labels:\n  bank: {\n    packages: [x]\n  }\nroot: .\n",
        "labels:\n  bank:\n    packages:\n    - x\nroot: .\n",
        "root: .\nlabels:\n  bank: &bank\n    packages: [x]\n  other: *bank\n",
        "root: .\nlabels:\n  bank:\n    packages: &packages [x]\n  other:\n    packages: *packages",
        'root: .\nlabels:\n  bank:\n    packages: ["x\n      >=1"]\n',
        "root: .\nlabels:\n  bank:\n    from_prefix: |-\n      base\n\n# end\n",
        "---\nroot: .\nlabels:\n bank:\n  keep: 2",
        "\ufeffroot: .\nlabels:\n  bank:\n",
    ],
    ids=range(16),
)
def test_file_of_any_form(path: Path, old: str) -> None:
    path.write_text(old, encoding="utf-8")
    before = read(path, DEFAULTS, {})
    put(path, acme(path))
    after = read(path, DEFAULTS, {})
    assert [each for each in after if each.label != "acme"] == list(before)
    assert one(path) == acme(path)


def test_what_is_said_of_all_is_left_out(path: Path) -> None:
    path.write_text(
        "root: .\nchannels: [prometeia]\nplatforms: [win-64, linux-64]\nkeep: 2\n"
        'virtual_packages: {linux-64: {__glibc: "2.17"}}\ntoken: ${ACME_TOKEN}\n'
        "sign_key: old\nwith_plugin: true\ninstallers: [setup.sh]\nlabels:\n  bank:\n"
    )
    old = path.read_text()
    label = replace(one(path, "bank"), label="acme", packages=("core",))
    put(path, label)
    assert path.read_text() == f"{old}  acme:\n    packages: [core]\n"
    other = acme(path, label="other", token="tk-0ther")
    put(path, other, variable="OTHER_TOKEN")
    assert path.read_text().endswith(
        '  other:\n    token: "${OTHER_TOKEN}"\n    platforms: [win-64]\n    keep: 1\n'
        "    with_plugin: false\n    installers: []\n    sign_key: []\n    packages: [core]\n"
    )
    assert one(path, "other") == replace(other, unsigned=True)


def test_what_is_said_of_all_of_a_machine_is_taken_back(path: Path) -> None:
    path.write_text(
        'root: .\nvirtual_packages: {linux-64: {__glibc: "2.17", __cuda: "12"}}\nlabels: {bank: }\n'
    )
    label = acme(path, platforms=("linux-64",))
    put(path, label)
    assert machines(("linux-64",), {}, one(path).virtual_packages) == machines(
        ("linux-64",), {}, ()
    )


def test_default_keys_are_left_out(path: Path) -> None:
    usual = replace(DEFAULTS, sign_keys=(path.parent / "old",))
    label = acme(path, sign_keys=(path.parent / "old",))
    write(path, label, remembered(label), usual)
    assert "sign_key" not in path.read_text()


def test_no_secret_is_written(path: Path) -> None:
    request = replace(
        remembered(acme(path)),
        channels=(
            f"https://user:{TOKEN}@example.com/t/{TOKEN}/x?key={TOKEN}",
            f"https://conda.anaconda.org/t/{TOKEN}/y",
        ),
    )
    write(path, acme(path, token="ACME_TOKEN"), request, DEFAULTS)
    assert TOKEN not in path.read_text()
    assert one(path).channels == ("https://example.com/x", "y")


def test_names_of_channels_are_for_anaconda_org_alone(path: Path) -> None:
    urls = (f"{PROMETEIA}/label/acme", PROMETEIA, "https://example.com/conda-forge")
    request = replace(remembered(acme(path)), channels=urls)
    write(path, acme(path), request, DEFAULTS)
    assert one(path).channels == ("prometeia", "https://example.com/conda-forge")
    assert one(path).label_channel
    assert remembered(one(path)).channels == urls


@pytest.mark.parametrize(
    ("urls", "label_channel"),
    [
        ((f"{PROMETEIA}/label/acme",), True),
        ((f"{PROMETEIA}/label/acme", "https://example.com/x", PROMETEIA), True),
        ((PROMETEIA, "https://example.com/x"), True),
        ((f"{PROMETEIA}/label/acme", PROMETEIA), False),
    ],
    ids=range(4),
)
def test_channels_as_they_were(path: Path, urls: tuple[str, ...], label_channel: bool) -> None:
    label = acme(path, label_channel=label_channel)
    write(path, label, replace(remembered(label), channels=urls), DEFAULTS)
    assert remembered(one(path)).channels == urls


def test_machine_of_a_platform_that_may_come_back(path: Path) -> None:
    machine = machines(("linux-64", "win-64"), {}, ("linux-64:__glibc=2.17", "win-64:__win=11"))
    request = replace(remembered(acme(path)), virtual_packages=machine)
    write(path, acme(path), request, DEFAULTS)
    assert one(path).virtual_packages == ("win-64:__win=11",)
    path.write_text(path.read_text().replace("[win-64]", "[win-64, linux-64]"))
    assert "linux-64:__glibc=2.17" in one(path).virtual_packages


def test_environments_in_all_ways(path: Path, folder: Path) -> None:
    ways = (
        EnvironmentSpec("runtime", ("core",)),
        EnvironmentSpec("tools", file=folder / "environment.yml"),
        EnvironmentSpec("env", prefix=folder / "env"),
    )
    label = acme(path, packages=(), environments=ways)
    put(path, label)
    text = path.read_text()
    assert "      tools: {file: environment.yml}\n      env: {from_prefix: ./env}\n" in text
    assert one(path) == label


#: The ways to name an environment but by its packages.
WAYS: dict[str, Callable[[str, Path], EnvironmentSpec]] = {
    "file": lambda name, folder: EnvironmentSpec(name, file=folder / "environment.yml"),
    "prefix": lambda name, folder: EnvironmentSpec(name, prefix=folder / "env"),
}


@pytest.mark.parametrize("way", WAYS)
def test_environment_without_a_name(path: Path, folder: Path, way: str) -> None:
    label = acme(path, packages=(), environments=(WAYS[way]("", folder),))
    put(path, label)
    assert one(path) == label


def test_named_environment_of_conda(path: Path) -> None:
    base = read_base(path)
    put(path, acme(path, packages=(), environments=(EnvironmentSpec(prefix=base),)))
    assert one(path).environments == (EnvironmentSpec(prefix=base),)


def read_base(path: Path) -> Path:
    other = path.with_name("other.yml")
    other.write_text("labels: {acme: {from_prefix: base}}")
    prefix = one(other).environments[0].prefix
    assert prefix
    return prefix


def test_environments_of_a_lock_file(path: Path, folder: Path) -> None:
    label = acme(
        path, packages=(), environments=(EnvironmentSpec(file=folder / "environment.yml"),)
    )
    request = replace(
        remembered(label), environments={"default": (), "test": ()}, exact=("default", "test")
    )
    write(path, label, request, DEFAULTS)
    assert one(path).environments == label.environments


@pytest.mark.parametrize("name", ["", "tools"])
def test_exact_environment_whose_file_is_not_known(path: Path, name: str) -> None:
    label = acme(path, packages=())
    environments: dict[str, tuple[str, ...]] = {name: ()} if name else {}
    request = replace(remembered(label), environments=environments, exact=(name,))
    with pytest.raises(ConfigWriteError, match="named exactly"):
        write(path, label, request, DEFAULTS)
    assert not path.exists()


@pytest.mark.parametrize("name", ["acme", "ACME"])
def test_label_that_stands_there(path: Path, name: str) -> None:
    refused(path, f"root: .\nlabels:\n  bank:\n  {name}:\n", "on line 4")


def test_file_of_another_root(path: Path, folder: Path) -> None:
    refused(path, "root: elsewhere\nlabels: {bank: }\n", str(folder / "elsewhere"))


def test_token_that_is_not_for_the_label(path: Path) -> None:
    refused(path, "root: .\ntoken: ${OTHER_TOKEN}\nlabels: {bank: }\n", "without a token")


def refused(path: Path, old: str, words: str) -> None:
    path.write_text(old)
    with pytest.raises(ConfigWriteError) as caught:
        put(path, acme(path))
    assert words in str(caught.value)
    assert path.read_text() == old


def test_file_with_mistakes(path: Path) -> None:
    path.write_text("keep: 0\nlabels: {bank: }\n")
    with pytest.raises(ConfigFileError):
        put(path, acme(path))
    assert path.read_text() == "keep: 0\nlabels: {bank: }\n"


def test_tokens_of_other_labels_need_not_be_set(path: Path) -> None:
    path.write_text("root: .\nlabels:\n  bank:\n    token: ${NOT_SET}\n")
    put(path, acme(path))
    assert "acme" in path.read_text()


def test_folder_that_the_file_cannot_name(path: Path) -> None:
    with pytest.raises(ConfigWriteError, match="variable"):
        put(path, acme(path, root=path.parent / "${HOME}"))
    assert not path.exists()


def test_folder_beside_and_folder_in_the_home(path: Path) -> None:
    put(path, acme(path, root=path.parent / "~" / "x"))
    assert one(path).root == path.parent / "~" / "x"
    other = path.with_name("other.yml")
    put(other, acme(path, root=path.parent.parent / "beside"))
    assert one(other).root == path.parent.parent / "beside"


@pytest.mark.skipif(os.name == "nt", reason=DEVICES)
@pytest.mark.parametrize("exists", [True, False])
def test_link(path: Path, folder: Path, exists: bool) -> None:
    there = folder / "elsewhere.yml"
    if exists:
        there.write_text("root: .\nlabels: {bank: }\n")
    path.symlink_to(there)
    with pytest.raises(ConfigWriteError, match="link"):
        put(path, acme(path))
    assert there.exists() is exists
    assert not exists or there.read_text() == "root: .\nlabels: {bank: }\n"


@pytest.mark.skipif(os.name == "nt", reason=MODES)
def test_permissions(path: Path, folder: Path) -> None:
    folder.chmod(0o755)
    put(path, acme(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o600)
    put(path, acme(path, label="other"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_folder_that_is_not_there(path: Path) -> None:
    lost = path.parent / "lost" / path.name
    with pytest.raises(ConfigWriteError) as caught:
        put(lost, acme(path))
    assert str(lost) in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason=MODES)
def test_disk_that_refuses(path: Path, folder: Path) -> None:
    """A name as long as there may be one has no room for another beside it."""
    long = folder / f"{'x' * 250}.yml"
    long.write_text("root: .\nlabels: {bank: }\n")
    before = sorted(folder.iterdir())
    with pytest.raises(ConfigWriteError):
        put(long, acme(path))
    assert long.read_text() == "root: .\nlabels: {bank: }\n"
    assert sorted(folder.iterdir()) == before


def test_nothing_is_left_beside(path: Path, folder: Path) -> None:
    before = {*folder.iterdir()}
    put(path, acme(path))
    put(path, acme(path, label="other"))
    assert {*folder.iterdir()} - before == {path}


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}[A-Za-z0-9]", fullmatch=True).map(
    lambda name: f"n{name}"
) | st.sampled_from(["yes", "on", "null", "2026", "1e3", "012", "0x1f", "true", "1_000"])
PACKAGES = st.lists(
    st.sampled_from(
        [
            *(
                "core",
                "3.10",
                "012",
                "1e3",
                "yes",
                "No",
                "null",
                "2026-01-01",
                "0x1f",
                "_x",
                "true",
            ),
            *("python 3.11.*", "a>=1,<2", "b[version='>1']", "c==1.0", "conda-forge::d", "e =1"),
            *("f !=1", "g *", "h=1=py_0", "i 1.0 *cuda", "l::m", "true"),
        ]
    ),
    min_size=1,
    max_size=6,
    unique=True,
).map(lambda packages: tuple(sorted(packages)))
#: As they are remembered.
PIP = st.lists(
    st.sampled_from(
        [
            *("flask", "yes", "flask[async]<4,>=3", 'a==1; python_version < "3.12"', "b==2024"),
            f"c==1 --hash=sha256:{'0a' * 32}",
            f"d @ https://h.example/d-1-py3-none-any.whl#sha256={'0a' * 32}",
        ]
    ),
    max_size=3,
    unique=True,
).map(lambda lines: tuple(sorted(lines)))
CHANNELS = st.lists(
    st.sampled_from(
        [
            *("prometeia", "conda-forge", "prometeia/label/dev", "yes", "2024", "a-b.c_d"),
            *("https://example.com/x", "https://example.com:8080/y", "http://127.0.0.1/a"),
            *("file:///srv/a-b", "file:///srv/%74/x"),
        ]
    ),
    min_size=1,
    max_size=4,
    unique=True,
).map(tuple)
PLATFORMS = st.lists(
    st.sampled_from(["linux-64", "osx-arm64", "win-64"]), min_size=1, max_size=3, unique=True
).map(lambda platforms: tuple(sorted(platforms)))
MACHINES = st.lists(
    st.sampled_from(
        [
            *("__glibc=2.17", "__glibc=2.28", "__cuda=12.4", "__unix=", "__win=11", "__cuda="),
            *("__archspec=1=x86_64_v3", "osx-arm64:__osx=14.0", "__foo=1e3", "__bar=1=yes"),
        ]
    ),
    max_size=4,
)


ROOTS = [".", "repo", "yes", "2026", "a b", "ä #" if os.name == "nt" else "ä: #", "~x", "-"]


@st.composite
def labels(draw: st.DrawFn, folder: Path) -> Options:
    kind = draw(st.sampled_from(["all", "packages", "environments", *WAYS]))
    environments: tuple[EnvironmentSpec, ...] = ()
    if kind in WAYS:
        environments = (WAYS[kind]("", folder),)
    elif kind == "environments":
        names = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=str.lower))
        environments = tuple(
            WAYS[way](name, folder) if way else EnvironmentSpec(name, draw(PACKAGES), pip=draw(PIP))
            for name in names
            for way in [draw(st.sampled_from(["", *WAYS]))]
        )
    platforms = draw(PLATFORMS)
    conda = draw(st.sampled_from([None, "<25", ">=24.7", "26.7"]))
    solvers: tuple[str, ...] = draw(st.sampled_from([(), ("classic",)]))
    version = draw(st.sampled_from([1, 1, 3]))
    if version == 3:
        conda, solvers = ">=26.7", ("rattler",)
    keys = draw(st.sampled_from([(), ("old",), ("old", "new"), ("no",)]))
    file = draw(st.sampled_from([None, folder / "plugin.conda"]))
    return Options(
        label=draw(NAMES),
        root=folder / draw(st.sampled_from(ROOTS)),
        packages=draw(PACKAGES) if kind == "packages" else (),
        channels=draw(CHANNELS),
        channels_named=True,
        label_channel=True if kind == "all" else draw(st.booleans()),
        token=draw(st.sampled_from([None, TOKEN])),
        platforms=platforms,
        native_platform=DEFAULTS.native_platform,
        virtual_packages=tuple(draw(MACHINES)) if "osx-arm64" in platforms else (),
        plugin=file is not None or draw(st.booleans()),
        plugin_file=file,
        installers=draw(st.sampled_from([(), (folder / "setup.sh",)])),
        sign_keys=tuple(folder / key for key in keys),
        unsigned=not keys and draw(st.booleans()),
        keep=draw(st.integers(1, 20)),
        customer_conda=conda,
        customer_solvers=solvers,
        exclude_newer=draw(st.sampled_from(["none", "14d", "2026-11-01"])),
        next_due=draw(st.sampled_from(["none", "90d", "12 weeks"])),
        pip=draw(PIP) if kind == "packages" else (),
        pip_as_conda=draw(st.booleans()),
        index_version=version,
        policy=draw(st.sampled_from(["{}", POLICY])),
        folder=folder,
        environments=environments,
        whole=True,
    )


def same(found: Options, wanted: Options) -> None:
    """Check that options say the same; machines may be described in more than one way."""
    known, asked = (machines(each.platforms, {}, each.virtual_packages) for each in (found, wanted))
    assert known == asked
    of_found, of_wanted = (
        customer(each.customer_conda, each.customer_solvers, Remembered(), each.index_version or 1)
        for each in (found, wanted)
    )
    assert of_found == of_wanted
    assert plain(found) == plain(wanted)


def plain(options: Options) -> Options:
    return replace(options, virtual_packages=(), customer_conda=None, customer_solvers=())


def test_a_policy_is_that_of_the_label_or_of_all(tmp_path: Path) -> None:
    path = tmp_path / "offline-repo.yml"
    put(path, acme(path, policy=POLICY))
    assert json.loads(one(path, "acme").policy or "") == json.loads(POLICY)
    top = f"root: .\npolicy: {POLICY}\nlabels:\n  bank:\n    channels: [a]\n"
    path.write_text(top)
    put(path, acme(path, policy=POLICY))
    assert path.read_text().count("policy:") == 1
    assert one(path, "acme").policy == POLICY
    with pytest.raises(ConfigWriteError, match="and it was built with another"):
        put(path, acme(path, label="less", policy="{}"))


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_is_written_is_read_again(folder: Path, data: st.DataObject) -> None:
    path = folder / "offline-repo.yml"
    path.unlink(missing_ok=True)
    first = data.draw(labels(folder))
    second = replace(data.draw(labels(folder)), label=f"{first.label}2", root=first.root)
    put(path, first)
    same(one(path, first.label), first)
    put(path, second)
    same(one(path, first.label), first)
    same(one(path, second.label), second)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), style=st.sampled_from([True, False, None]))
def test_what_is_added_to_another_file_is_read_again(
    folder: Path, data: st.DataObject, style: bool | None
) -> None:
    path = folder / "offline-repo.yml"
    wanted = replace(data.draw(labels(folder)), root=folder)
    others = {
        "root": ".",
        "token": "${OTHER_TOKEN}",
        "channels": ["x", *(name for name in data.draw(CHANNELS) if name != "yes")],
        "platforms": list(data.draw(PLATFORMS)),
        "virtual_packages": {"linux-64": {"__glibc": "2.17", "__cuda": ""}},
        "keep": 7,
        "customer_conda": ">=25.5",
        "customer_solvers": ["rattler"],
        "exclude_newer": "3d",
        "next_due": "30d",
        "label_channel": False,
        "with_plugin": "plugin.conda",
        "installers": ["setup.sh"],
        "sign_key": "new",
    }
    keys = data.draw(st.sets(st.sampled_from(sorted({*others} - {"root"}))))
    if not wanted.token:
        keys -= {"token"}
    if "sign_key" in keys and not wanted.sign_keys:
        wanted = replace(wanted, unsigned=True)
    bank = {"packages": ["ratingpro"], "channels": ["a"]}
    content = {"root": ".", **{key: others[key] for key in sorted(keys)}, "labels": {"bank": bank}}
    stream = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = style
    yaml.dump(content, stream)
    path.write_text(stream.getvalue(), encoding="utf-8")
    before = one(path, "bank")
    put(path, wanted)
    same(one(path, wanted.label), wanted)
    assert one(path, "bank") == before
