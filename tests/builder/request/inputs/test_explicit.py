"""Explicit lists, as conda writes them and as others spoil them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError, PipPartsError
from conda_offline_repo.builder.request.inputs.pinned import (
    Environment,
    PinnedArchive,
    PinnedWheel,
)
from conda_offline_repo.builder.request.inputs.read import read_file
from tests.builder.request.inputs.conftest import PLATFORM, TOKEN
from tests.support.inside import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.builder.request.inputs.conftest import Laid

MD5 = "0" * 31 + "a"
SHA256 = "0" * 63 + "a"
APP = "https://host.example/acme/linux-64/app-1.0-0.conda"
LIB = "https://host.example/acme/noarch/lib-1.0-0.conda"
PYTHON = "https://host.example/acme/linux-64/python-3.12-0.conda"


@pytest.mark.parametrize("digest", ["md5", "sha256"])
def test_list_of_conda(laid: Laid, tmp_path: Path, digest: str) -> None:
    if f"--{digest}" not in laid.conda.run("list", "--help").stdout:
        pytest.skip("this conda does not write it")
    path = tmp_path / "list"
    text = laid.conda.run("list", "-n", "mine", "--explicit", f"--{digest}").stdout
    assert "@EXPLICIT" in text
    path.write_text(text)
    (read,) = read_file(path)
    assert read == Environment(exact={PLATFORM: laid.locked(digest)})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_written_on_windows(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.txt"
    lines = ("# a comment", "@EXPLICIT", "", f"  {APP}#{MD5.upper()}  ", LIB, "")
    path.write_bytes("\r\n".join(lines).encode(encoding))
    (read,) = read_file(path)
    assert read.exact == {"linux-64": (PinnedArchive(APP, md5=MD5), PinnedArchive(LIB))}


@pytest.mark.parametrize(
    ("digest", "kept"),
    [
        ("", PinnedArchive(LIB)),
        (f"#{MD5}", PinnedArchive(LIB, md5=MD5)),
        (f"#md5:{MD5}", PinnedArchive(LIB, md5=MD5)),
        (f"#{SHA256}", PinnedArchive(LIB, sha256=SHA256)),
        (f"#sha256:{SHA256}", PinnedArchive(LIB, sha256=SHA256)),
    ],
)
def test_digest_is_kept(write: Callable[[str], Path], digest: str, kept: PinnedArchive) -> None:
    (read,) = read_file(write(f"@EXPLICIT\n{LIB}{digest}\n"))
    assert read.exact == {"noarch": (kept,)}


@pytest.mark.parametrize(
    ("comment", "platform"),
    [
        ("# platform: win-64", "win-64"),
        ("# made by hand", "noarch"),
        ("#platform: osx-64", "osx-64"),
    ],
)
def test_platform_of_comment(write: Callable[[str], Path], comment: str, platform: str) -> None:
    (read,) = read_file(write(f"{comment}\n@EXPLICIT\n{LIB}\n"))
    assert read.exact == {platform: (PinnedArchive(LIB),)}


def test_platform_of_urls_goes_first(write: Callable[[str], Path]) -> None:
    (read,) = read_file(write(f"# platform: win-64\n@EXPLICIT\n{LIB}\n{APP}\n"))
    assert read.exact == {"linux-64": (PinnedArchive(APP), PinnedArchive(LIB))}


def test_token_that_conda_has_masked(write: Callable[[str], Path]) -> None:
    """conda 24.7 leaves that much of `/t/<TOKEN>/`."""
    (read,) = read_file(write(f"@EXPLICIT\n{LIB.replace('/acme', '<TOKEN>/acme')}\n"))
    assert read.exact == {"noarch": (PinnedArchive(LIB),)}


def test_paths(
    write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    path = write(
        "@EXPLICIT\n"
        "../a b/linux-64/app-1.0-0.conda\n"
        "~/t/noarch/lib-1.0-0.conda\n"
        f"{tmp_path}{os.sep}noarch{os.sep}extra-1.0-0.conda\n"
        "file:///srv/noarch/tool-1.0-0.conda\n"
    )
    (read,) = read_file(path)
    here, above = tmp_path.as_uri(), tmp_path.parent.as_uri()
    assert [archive.url for archive in read.exact["linux-64"]] == [
        f"{above}/a%20b/linux-64/app-1.0-0.conda",
        f"{here}/noarch/extra-1.0-0.conda",
        f"{here}/home/%74/noarch/lib-1.0-0.conda",
        "file:///srv/noarch/tool-1.0-0.conda",
    ]


@pytest.mark.parametrize("lines", [(0, 1), (1, 0)])
def test_named_twice(write: Callable[[str], Path], lines: tuple[int, int]) -> None:
    both = (f"{LIB}#{MD5}", f"{LIB}#{SHA256}")
    (read,) = read_file(write("@EXPLICIT\n" + "\n".join(both[line] for line in lines)))
    assert read.exact == {"noarch": (PinnedArchive(LIB, sha256=SHA256, md5=MD5),)}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (f"{LIB}#{'b' * 32}", "two different digests"),
        ("https://u:5ecret@other.example/x/noarch/lib-1.0-0.conda", "are of one package"),
        (LIB.replace(".conda", ".tar.bz2"), "are of one package"),
        (LIB.replace("1.0", "1.1"), "are of one package"),
        (LIB.replace("noarch", "linux-64"), "are of one package"),
    ],
    ids=["digests", "channels", "formats", "versions", "subdirs"],
)
def test_two_of_a_package(write: Callable[[str], Path], other: str, said: str) -> None:
    with pytest.raises(InputFileError, match=said) as error:
        read_file(write(f"@EXPLICIT\n{LIB}#{MD5}\n{other}\n"))
    assert LIB in str(error.value)
    assert "5ecret" not in str(error.value)


def test_pip_in_comments(write: Callable[[str], Path]) -> None:
    url = "https://h.example/some_pkg-1.0-py3-none-any.whl"
    text = f"# pip is not needed\n@EXPLICIT\n{PYTHON}\n# pip some-pkg @ {url}"
    for digest in (f"#sha256={SHA256}", f" --hash=sha256:{SHA256.upper()}"):
        (read,) = read_file(write(f"{text}{digest}\n"))
        assert read.wheels == {"linux-64": (PinnedWheel(url, SHA256),)}


def test_what_is_not_a_wheel_in_comments(write: Callable[[str], Path]) -> None:
    names = {"a": "a-1.0.tar.gz#sha256=0", "b": "b-1-py3-none-any.whl", "c": "c"}
    lines = (f"# pip {name} @ https://u:5ecret@h.example/{file}\n" for name, file in names.items())
    with pytest.raises(PipPartsError) as caught:
        read_file(write(f"@EXPLICIT\n{PYTHON}\n{''.join(lines)}"))
    for refused in (
        "line 3, a: an archive of sources",
        "line 4, b: a wheel without its SHA-256 digest",
        "line 5, c: not a wheel",
    ):
        assert f"\n  - {refused}\n" in str(caught.value)
    assert "5ecret" not in str(caught.value)
    wrong = f"# pip d @ https://h.example/d-1-py3-none-any.whl --hash=sha256:{SHA256} --foo\n"
    with pytest.raises(InputFileError, match="line 3, d: pip knows no such option"):
        read_file(write(f"@EXPLICIT\n{PYTHON}\n{wrong}"))


def test_all_mistakes_at_once(write: Callable[[str], Path]) -> None:
    with pytest.raises(InputFileError) as caught:
        read_file(
            write(f"@EXPLICIT\n{LIB}#5\n{APP}\nftp://h.example/x\nC:\\a\\noarch\\b-1-0.conda\n")
        )
    problems = str(caught.value.message).splitlines()[1:]
    lines = ("line 2 ", "line 4 ", *(("line 5 ",) if os.name != "nt" else ()))
    for problem, line in zip(problems, lines, strict=True):
        assert line in problem


def test_without_its_mark(write: Callable[[str], Path]) -> None:
    with pytest.raises(InputFileError, match="goes the line @EXPLICIT"):
        read_file(write(f"# a list\n{LIB}#{MD5}\n{APP}\n"))


def test_channel_that_has_moved(write: Callable[[str], Path], tmp_path: Path) -> None:
    with inside(tmp_path / "engineer") as me:
        me.configure(
            channel_alias="https://me:5ecret@new.example",
            migrated_channel_aliases=["https://host.example"],
        )
        (read,) = read_file(
            write(f"@EXPLICIT\n{LIB}#{MD5}\nhttps://o.example/x/noarch/a-1-0.conda")
        )
    assert read.exact["noarch"] == (
        PinnedArchive("https://o.example/x/noarch/a-1-0.conda"),
        PinnedArchive("https://me:5ecret@new.example/acme/noarch/lib-1.0-0.conda", md5=MD5),
    )


def test_several_platforms(write: Callable[[str], Path]) -> None:
    text = f"@EXPLICIT\n{APP}\n{LIB}\n{APP.replace('linux-64/app', 'win-64/tool')}\n"
    with pytest.raises(InputFileError, match="several platforms: linux-64, win-64"):
        read_file(write(text))


def test_unknown_platform(write: Callable[[str], Path]) -> None:
    with pytest.raises(InputFileError, match="in its comment: The platform 'amiga' is unknown"):
        read_file(write(f"# platform: amiga\n@EXPLICIT\n{LIB}\n"))


def test_names_nothing(write: Callable[[str], Path]) -> None:
    with pytest.raises(InputFileError, match="it names no archive"):
        read_file(write("# platform: win-64\n@EXPLICIT\n\n"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lib", "not a file name"),
        ("lib=1.0=0", "not a file name"),
        ("https://u:5ecret@host.example/x/noarch/lib-1.0.conda", "NAME-VERSION-BUILD"),
        ("https://u:5ecret@host.example/x/noarch/lib-1.0-0.zip", "not a file name"),
        ("https://u:5ecret@host.example/x/noarch/lib%2f..-1.0-0.conda", "not a file name"),
        ("https://u:5ecret@host.example/x/noarch/con.x-1.0-0.conda", "Windows reserves"),
        ("https://u:5ecret@host.example/x/amiga/lib-1.0-0.conda", "not belong to a channel"),
        ("https://host.example/t/5ecret/lib-1.0-0.conda", "not belong to a channel"),
        ("https://host.example/x/noarch/../lib-1.0-0.conda", "not belong to a channel"),
        ("https://host.example/x/noarch/lib-1.0-0.conda?key=5ecret", "end with the name"),
        ("https://host.example/$5ecret/noarch/lib-1.0-0.conda", "a variable"),
        ("https://host.example/a b/noarch/lib-1.0-0.conda", "a character"),
        ("https://host.example/\x1b[2J/noarch/lib-1.0-0.conda", "a character"),
        ("ftp://u:5ecret@host.example/x/noarch/lib-1.0-0.conda", "no URL of http"),
        ("https:///x/noarch/lib-1.0-0.conda", "no URL of http"),
        ("https://[u:5ecret/x/noarch/lib-1.0-0.conda", "damaged"),
        ("https://u:5ecret@host.example:99999/x/noarch/lib-1.0-0.conda", "damaged"),
        (f"{LIB}#5ecret", "neither an MD5 nor a SHA-256"),
        (f"{LIB}#sha256:{MD5}", "neither an MD5 nor a SHA-256"),
        (f"{LIB}#{MD5}#{SHA256}", "neither an MD5 nor a SHA-256"),
        ("#", "names no archive"),
    ],
)
def test_line_that_is_no_archive(write: Callable[[str], Path], line: str, said: str) -> None:
    path = write(f"# a list\n@EXPLICIT\n\n{line}\n")
    with pytest.raises(InputFileError, match=said) as error:
        read_file(path)
    assert str(error.value).startswith(f"{path} cannot be used: ")
    assert ("line 4 " in str(error.value)) != (line == "#")
    assert "5ecret" not in str(error.value)


def test_credentials_stay_in_the_url_alone(write: Callable[[str], Path]) -> None:
    url = f"https://user:pass5ecret@host.example/t/{TOKEN}/acme/noarch/lib-1.0-0.conda"
    (read,) = read_file(write(f"@EXPLICIT\n{url}\n"))
    assert read.exact["noarch"][0].url == url
    assert "5ecret" not in repr(read)
    with pytest.raises(InputFileError) as error:
        read_file(write(f"@EXPLICIT\n{url}\n{url.replace('1.0', '1.1')}\n"))
    assert "5ecret" not in str(error.value)
