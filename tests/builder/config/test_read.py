"""The file as it may come: hostile, huge, of another kind or encoding, and with secrets.

`yaml_nodes`, `schema`, `formats` and `values` are the steps of `read`.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conda_offline_repo.builder.config import schema
from conda_offline_repo.builder.config.read import read
from conda_offline_repo.builder.options import Options
from conda_offline_repo.cli import build_options
from conda_offline_repo.exceptions import ConfigFileError, VendorMissingError
from conda_offline_repo.files import yaml_nodes
from tests.support.inside import inside
from tests.support.systems import DEVICES, PIPES

DEFAULTS = Options("", Path(), channels=("conda-forge",), native_platform="linux-64")
TOKEN = "tk-5ecret0f4cme"
VARIABLES = {"ACME_TOKEN": TOKEN}
#: Seconds that a hostile file of the largest size may take on a slow machine.
PATIENCE = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "offline-repo.yml"


def options(path: Path, text: str, defaults: Options = DEFAULTS) -> tuple[Options, ...]:
    path.write_text(text, encoding="utf-8")
    return read(path, defaults, VARIABLES)


def mistakes(path: Path, content: str | bytes) -> list[str]:
    """What is wrong with a file, as `LINE:COLUMN: MESSAGE`."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return told(path)


def told(path: Path) -> list[str]:
    with pytest.raises(ConfigFileError) as caught:
        read(path, DEFAULTS, VARIABLES)
    return [f"{one['line']}:{one['column']}: {one['message']}" for one in caught.value.mistakes]


def test_two_at_once(path: Path) -> None:
    assert mistakes(path, "keep: 0\nchanels: [a]\nlabels: {acme: }\n") == [
        "1:7: 'keep' has to be a whole number from 1 on.",
        "2:1: The key 'chanels' is unknown here. Did you mean 'channels'?",
    ]


def test_file_that_names_the_channels(path: Path) -> None:
    """Where none are named or configured; whether it does is seen when it is read."""
    path.with_name("environment.yml").write_text("channels: [acme]\ndependencies: [app]\n")
    nothing = replace(DEFAULTS, channels=())
    (acme,) = options(path, "labels: {acme: {environment: environment.yml}}\n", nothing)
    assert (acme.channels, acme.channels_named) == ((), False)
    with pytest.raises(ConfigFileError, match="No channel is named for 'acme'"):
        options(path, "labels: {acme: {packages: [app]}}\n", nothing)


def test_channel_that_conda_denies(path: Path, tmp_path: Path) -> None:
    with inside(tmp_path / "engineer") as me:
        me.configure(denylist_channels=["public"])
        (said,) = mistakes(path, "channels: [acme, public]\nlabels: {bank: {}}\n")
    assert said.startswith("1:18: The channel ")
    assert "/public is denied by conda's setting denylist_channels" in said


def test_configured_channels_are_not_named(path: Path) -> None:
    configured = replace(DEFAULTS, configured=DEFAULTS.channels)
    (acme,) = options(path, "labels: {acme: {}}\n", configured)
    assert acme.configured == ("conda-forge",)
    (acme,) = options(path, "channels: [public]\nlabels: {acme: {}}\n", configured)
    assert (acme.channels, acme.configured) == (("public",), ())


def test_both_values_of_a_key_are_checked(path: Path) -> None:
    assert mistakes(
        path, "keep: 0\nkeep: many\nlabels: {acme: {packages: [3.1], packages: []}}\n"
    ) == [
        "1:7: 'keep' has to be a whole number from 1 on.",
        "2:1: The key 'keep' appears twice; the first is on line 1.",
        "2:7: 'keep' has to be a whole number from 1 on.",
        '3:28: YAML reads 3.1 as a number: put it in quotes, "3.1".',
        "3:34: The key 'packages' appears twice; the first is on line 3.",
        "3:44: 'packages' is empty: write [PACKAGE, ...], or leave it out.",
    ]


def test_what_is_right_is_read_beside_what_is_wrong(path: Path) -> None:
    (path.parent / "a.sh").touch()
    text = """\
installers: [a.sh, ./a.sh, lost.sh]
virtual_packages: {linux-64: {__win: "10", x: "1"}, osx-46: {__osx: "13.0"}}
labels:
  acme:
    packages: [core 1 0, 2, core 1 1]
    channels: [conda-forge, prometeia/label/acme]
  a/b: {token: "${NOT_SET}"}
"""
    assert [message.partition(": ")[0] for message in mistakes(path, text)] == [
        *("1:20", "1:28", "2:38", "2:44", "2:53"),
        *("5:15", "5:26", "6:15", "7:3", "7:16"),
    ]


def test_label_that_is_not_one_is_checked_as_a_label(path: Path) -> None:
    path.write_text("label_channel: false\nlabels: {acme: [core], ACME: }\n")
    assert [message.partition(": ")[0] for message in told(path)] == [
        *("2:10", "2:16", "2:24", "2:24")
    ]


def test_keys_in_the_wrong_place_without_a_value(path: Path) -> None:
    found = mistakes(path, "labels: {acme: {file: , environments: {x: {environment: , y: }}}}\n")
    assert [message.partition(": ")[0] for message in found] == ["1:17", "1:44", "1:59"]


def test_key_that_is_not_text_is_not_an_empty_mapping(path: Path) -> None:
    assert mistakes(path, "labels: {acme: {environments: {2026: [core]}}}") == [
        '1:32: YAML reads 2026 as a number: put it in quotes, "2026".'
    ]


def test_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(VendorMissingError, match="jsonschema"):
        importlib.reload(schema)


def test_library_is_imported_for_a_file_alone() -> None:
    modules = "conda_offline_repo.builder.batch, conda_offline_repo.cli.build_run"
    code = f"import sys, {modules}; sys.exit('jsonschema' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_as_conda_reports_it(path: Path) -> None:
    path.write_text("keep: 0\nlabels: {a/b: }\n")
    with pytest.raises(ConfigFileError) as caught:
        read(path, DEFAULTS, {})
    report = json.loads(json.dumps(caught.value.dump_map()))
    assert report["path"] == str(path)
    assert [(one["line"], one["column"]) for one in report["mistakes"]] == [(1, 7), (2, 10)]
    assert all(one["message"] in report["message"] for one in report["mistakes"])
    assert report["exception_name"] == "ConfigFileError"


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "---\n", "text", "[a]", "3", "~"])
def test_without_labels(path: Path, content: str) -> None:
    (told,) = mistakes(path, content)
    assert told.startswith("1:1: There are no labels")


def test_that_is_not_there(path: Path) -> None:
    (message,) = told(path)
    assert message.startswith("1:1: The file cannot be read: ")


def test_folder(path: Path) -> None:
    path.mkdir()
    (message,) = told(path)
    assert message.startswith("1:1: The file cannot be read: ")


@pytest.mark.skipif(os.name == "nt", reason=PIPES)
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_never_ends(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))
    (message,) = told(path)
    assert message.startswith("1:1: The file cannot be read: ")


@pytest.mark.skipif(os.name == "nt", reason=PIPES)
def test_pipe_that_is_named(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    assert mistakes(path, "labels: {acme: {environment: pipe}}") == [
        "1:30: 'pipe' is a pipe or a device, not a file."
    ]


def test_names_that_are_too_long(path: Path) -> None:
    long = "x" * 5000
    text = f"labels:\n  acme: {{environment: {long}}}\n  b: {{from_prefix: ./{long}}}\n"
    text += f"  c: {{from_prefix: {long}}}\n"
    found = mistakes(path, f"root: {long}\n{text}")
    assert [one.partition(": ")[0] for one in found] == ["3:23", "4:20", "5:20"]


@pytest.mark.skipif(os.name == "nt", reason=DEVICES)
def test_behind_a_link(path: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere" / "real.yml"
    there.parent.mkdir()
    there.write_text("root: here\nlabels: {acme: }\n")
    path.symlink_to(there)
    (acme,) = read(path, DEFAULTS, {})
    assert acme.root == tmp_path / "here"


def test_too_large(path: Path) -> None:
    (message,) = mistakes(path, "#" * (yaml_nodes.LARGEST + 1))
    assert message == f"1:1: The file cannot be read: it is larger than {yaml_nodes.LARGEST} bytes."


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("labels:\n  b\xe4nk:\n".encode("latin-1"), "2:4"),
        ("labels: {acme: }".encode("utf-16"), "1:1"),
        (b"\xef\xbb\xbflabels: \xff", "1:9"),
        (b"labels: {acme: }\n\0", "2:1"),
        (b"labels: {acme: }\r\n# \x1b[31m", "2:3"),
    ],
    ids=["latin-1", "utf-16", "with a mark", "nul", "escape"],
)
def test_other_encodings(path: Path, content: bytes, place: str) -> None:
    (message,) = mistakes(path, content)
    assert message.startswith(f"{place}: This ")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_windows_text(path: Path, mark: bytes) -> None:
    assert mistakes(path, mark + b"labels:\r\n  acme:\r\n    kep: 1\r\n") == [
        "3:5: The key 'kep' is unknown here. Did you mean 'keep'?"
    ]


def _laughs() -> str:
    lists = [f"    l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 30)]
    return f"labels:\n  acme:\n    l0: &l0 [x]\n{''.join(lists)}"


def _labels_of_aliases() -> str:
    """A small file with very many specifications, all of them right."""
    packages = "".join(f"p{i}, " for i in range(500))
    environments = "".join(f"e{i}: *packages, " for i in range(300))
    labels = "".join(f"  l{i}: *one\n" for i in range(1000))
    return (
        f"labels:\n  first: {{packages: &packages [{packages}]}}\n"
        f"  one: &one {{environments: {{{environments}}}}}\n{labels}"
    )


@pytest.mark.parametrize(
    "text",
    [
        _laughs(),
        _labels_of_aliases(),
        "labels: " + "[" * 5_000,
        "labels: " + "{a: " * 50_000,
        "- " * 100_000,
        "? " * 100_000,
        "labels: [" + "x," * 20_000 + "]",
        "labels: '" + " \n" * 100_000,
        "labels: &a " + "!" * 200_000,
        "labels:\n  acme: {packages: [" + "core, " * 10_000 + "]}",
        "labels: {acme: {keep: " + "9" * 200_000 + "}}",
        'labels: "\\U7fffffff"',
        "%YAML 7.7\n---\nlabels:",
        "labels: {acme: {? {a: b} : c}}",
    ],
    ids=range(14),
)
def test_bombs_end_quickly(path: Path, text: str) -> None:
    assert len(text) < yaml_nodes.LARGEST
    path.write_text(text)
    start = time.process_time()
    with suppress(ConfigFileError):
        read(path, DEFAULTS, {})
    assert time.process_time() - start < PATIENCE


def test_nothing_is_executed(path: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    command = f"!!python/object/apply:os.mkdir ['{made.as_posix()}']"
    text = f"root: {command}\nlabels: {{acme: {{packages: {command}}}}}\n"
    found = mistakes(path, text)
    assert [one for one in found if "A tag" in one] == [
        "1:7: A tag (!...) is not allowed: leave it out.",
        "2:27: A tag (!...) is not allowed: leave it out.",
    ]
    assert not made.exists()


def test_no_secret_is_repeated(path: Path) -> None:
    url = f"https://user:{TOKEN}@example.com/t/{TOKEN}/x?key={TOKEN}"
    text = f"""\
root: "{url}\\n"
channels: [{url}, "{url}\\u200b", "t/{TOKEN}/x", {{"{url}": {url}}}]
platforms: [{url}, {TOKEN}]
virtual_packages: {{{TOKEN}: {{x: "1"}}, linux-64: {{"{TOKEN}": "1", __glibc: "{url}"}}}}
sign_key: {url}
keep: {TOKEN}
with_plugin: {TOKEN}
installers: [{url}]
label_channel: {TOKEN}
token: {TOKEN}
{TOKEN}: x
labels:
  "{url}": {{packages: ["{url}", "{url}::x", "a={TOKEN} {TOKEN} {TOKEN} {TOKEN}"]}}
  acme:
    token: "${{ACME_TOKEN}}"
    environments:
      "{TOKEN}/": {{from_prefix: {TOKEN}}}
      x: {{file: {TOKEN}}}
      y: {{from_prefix: "{url}"}}
  plain: {{token: "{TOKEN}"}}
  list: {{token: ["{TOKEN}"]}}
  mapping: {{token: {{"{TOKEN}": {TOKEN}}}}}
  number: {{token: 1234567890}}
"""
    path.write_text(text)
    with pytest.raises(ConfigFileError) as caught:
        read(path, DEFAULTS, VARIABLES)
    report = json.dumps(caught.value.dump_map())
    assert len(caught.value.mistakes) > 25
    for secret in (TOKEN, "1234567890"):
        assert secret not in report
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.args)


@pytest.mark.parametrize("text", ["C:\\new", "C:\\data", "C:\\repo\\", "C:\\Users\\me", "C:\\Lib"])
def test_path_of_windows_in_double_quotes(path: Path, text: str) -> None:
    path.write_text(f'root: "{text}"\nlabels: {{bank: {{packages: [app]}}}}\n')
    with pytest.raises(ConfigFileError, match="write a path in single quotes, or with /"):
        read(path, DEFAULTS, {})
    path.write_text(f"root: '{text}'\nlabels: {{bank: {{packages: [app]}}}}\n")
    read(path, DEFAULTS, {})
    path.write_text("root: '\a'\n")
    with pytest.raises(ConfigFileError) as caught:
        read(path, DEFAULTS, {})
    assert "quotes" not in str(caught.value)


@pytest.mark.parametrize("sign", ["*{}", "!{}!x y", "&{} [", "!<{}", "%{}", "@{}", "'{}", "|{}"])
def test_no_secret_of_what_is_no_yaml_is_repeated(path: Path, sign: str) -> None:
    (told,) = mistakes(path, f"labels: {{acme: {{token: {sign.format(TOKEN)}}}}}")
    assert TOKEN not in told


def test_tokens_are_not_shown(path: Path) -> None:
    acme, other = options(path, 'labels: {acme: {token: "${ACME_TOKEN}"}, other: }')
    assert (acme.token, other.token) == (TOKEN, None)
    assert TOKEN not in repr(acme)


def test_defaults(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_options, "default_root", lambda: "~/offline")
    monkeypatch.setattr(build_options, "default_sign_keys", lambda: ("~/key",))
    usual = replace(build_options.defaults(), channels=("a", "b"), native_platform="win-64")
    (acme,) = options(path, "labels:\n  acme:\n", usual)
    assert acme.channels == ("a", "b")
    assert not acme.channels_named
    assert (acme.platforms, acme.native_platform) == ((), "win-64")
    assert acme.root == path.home() / "offline"
    assert acme.sign_keys == (path.home() / "key",)
    assert not acme.unsigned
    assert (acme.token, acme.keep, acme.plugin, acme.installers) == (None, 1, False, ())


def test_no_channel_anywhere(path: Path) -> None:
    path.write_text("labels:\n  acme:\n  other: {channels: [a]}\n")
    with pytest.raises(ConfigFileError) as caught:
        read(path, replace(DEFAULTS, channels=()), {})
    assert [one["line"] for one in caught.value.mistakes] == [2]


def test_virtual_packages_of_a_platform_that_a_label_has_not(path: Path) -> None:
    machines = '{linux-64: {__glibc: "2.17"}, win-64: {__win: "11"}}'
    text = f"virtual_packages: {machines}\nlabels: {{acme: {{platforms: [win-64]}}}}"
    (acme,) = options(path, text)
    assert acme.virtual_packages == ("win-64:__win=11",)


def test_paths_begin_at_the_folder_of_the_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "env" / "conda-meta").mkdir(parents=True)
    (tmp_path / "lock.yml").write_text("")
    path.write_text(
        "root: .\nchannels: [./channel]\nlabels:\n"
        "  acme: {from_prefix: ./env}\n  other: {environment: lock.yml}\n"
    )
    monkeypatch.chdir(tmp_path.parent)
    acme, other = read(path.relative_to(tmp_path.parent), DEFAULTS, {})
    assert acme.root == tmp_path
    assert acme.channels == (str(tmp_path / "channel"),)
    assert acme.environments[0].prefix == tmp_path / "env"
    assert other.environments[0].file == tmp_path / "lock.yml"


def test_order_is_that_of_the_file(path: Path) -> None:
    names = [f"label{number}" for number in (3, 1, 2)]
    found = options(path, "".join(("labels:\n", *(f"  {name}:\n" for name in names))))
    assert [one.label for one in found] == names


#: Pieces of files: right ones, wrong ones and what YAML makes much of.
PIECES = (
    *("labels", "acme", "packages", "channels", "token", "environments", "virtual_packages"),
    *("keep", "root", "platforms", "linux-64", "__glibc", "file", "from_prefix", "sign_key"),
    *(": ", ":", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ", ", "'", '"', "#", "? "),
    *("&a ", "*a", "<<", "!!str ", "!x ", "|", ">-", "---", "...", "%YAML 1.1", "\t", "\\x", "@"),
    *("3.10", "012", "yes", "~", "null", "${X}", "2026-01-01", "=", ".inf", "\u200b", "\x85"),
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=40))
@example(text="%TAG ! x\n---\nlabels: !a {}")
@example(text="labels: {acme: {token: !!binary x}}")
def test_whatever_it_is_there_is_no_other_error(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + 1
    found = 0
    try:
        found = len(read(path, DEFAULTS, VARIABLES))
    except ConfigFileError as error:
        found = len(error.mistakes)
        places = [(one["line"], one["column"], one["message"]) for one in error.mistakes]
    else:
        places = []
    assert found
    for line, column, message in places:
        assert 1 <= int(str(line)) <= lines + 1
        assert int(str(column)) >= 1
        assert str(message).isprintable()


TREE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*PIECES, "a b", "\0", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PIECES), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(top=st.dictionaries(st.sampled_from(PIECES), TREE, max_size=4), label=TREE)
def test_whatever_shape_it_has(path: Path, top: object, label: object) -> None:
    assert isinstance(top, dict)
    path.write_text(json.dumps({**top, "labels": {"acme": label}}))
    with suppress(ConfigFileError):
        assert read(path, DEFAULTS, VARIABLES)


def test_when_the_next_release_is_due(path: Path) -> None:
    path.write_text("next_due: 90d\nlabels:\n  a: {next_due: none}\n  b: {}")
    assert [label.next_due for label in read(path, DEFAULTS, {})] == ["none", "90d"]
    assert mistakes(path, "next_due: 90\nlabels: {a: {next_due: '2027-02-28'}}\n") == [
        "1:11: Write a duration, such as 90d, or none.",
        "2:24: next_due is '2027-02-28', which is not a duration.",
    ]


def test_date_needs_no_quotes_where_it_is_one(path: Path) -> None:
    lines = (
        "exclude_newer: 2026-11-01\nlabels:\n  a: {exclude_newer: 2026-11-01T12:00:00Z}\n  b: {}"
    )
    path.write_text(lines)
    newer = {label.label: label.exclude_newer for label in read(path, DEFAULTS, {})}
    assert newer == {"a": "2026-11-01T12:00:00Z", "b": "2026-11-01"}
    assert mistakes(path, "exclude_newer: 14\nlabels: {a: {exclude_newer: soon}}\n") == [
        "1:16: Write a duration, such as 14d, a date, such as 2026-11-01, or none.",
        "2:29: exclude_newer is 'soon', which is neither a duration nor a date.",
    ]


def test_folders_of_a_policy_begin_at_the_file(path: Path) -> None:
    policy = "{channels: [acme, ./channel], exclude_newer: 2026-11-01}"
    path.write_text(f"policy: {policy}\nchannels: [acme]\nlabels: {{a: {{packages: [b]}}}}\n")
    (options,) = read(path, DEFAULTS, {})
    channels = ["acme", str(path.parent / "channel")]
    assert json.loads(options.policy or "") == {"channels": channels, "exclude_newer": "2026-11-01"}
    policy = "{exceptions: [{package: a, reason: b, approved_by: c, until: 20270331}]}"
    assert mistakes(path, f"policy: {policy}\nlabels: {{a: {{}}}}\n") == [
        "1:70: Write a day, such as 2027-03-31."
    ]
