"""Lines of pip and its requirements files: what is read of them, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError, PipPartsError
from conda_offline_repo.builder.request.inputs.pinned import PipPart
from conda_offline_repo.builder.request.inputs.pip_part import (
    both,
    pip_part,
    recalled,
    remembered,
)

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
WHEEL = "foo-1.0-py3-none-any.whl"
URL = f"https://h.example/{WHEEL}"


def read(folder: Path, *lines: str) -> PipPart:
    return pip_part("It", lines, folder)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "wheels" / WHEEL
    path.parent.mkdir()
    path.touch()
    return path


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        ("flask", "flask"),
        ("Flask >= 3 , <4  # web", "Flask<4,>=3"),
        ("flask[async, dotenv]", "flask[async,dotenv]"),
        ("tomli;python_version<'3.11'", 'tomli; python_version < "3.11"'),
        ("a-b===1.0+local", "a-b===1.0+local"),
        (f"a==1 --hash=sha256:{DIGEST.upper()}", f"a==1 --hash=sha256:{DIGEST}"),
        (f"a==1 \\\n    --hash sha256:{DIGEST}  # why", f"a==1 --hash=sha256:{DIGEST}"),
        ("pip", "pip"),
        (URL, f"foo @ {URL}"),
        (f"foo@{URL}", f"foo @ {URL}"),
        (f"Foo[x] @ {URL} ; os_name=='nt'", f'Foo[x] @ {URL} ; os_name == "nt"'),
        (f"{URL}[x] ; os_name=='nt'", f'foo[x] @ {URL} ; os_name == "nt"'),
        (f"{URL}#sha256={DIGEST}", f"foo @ {URL}#sha256={DIGEST}"),
        (f"{URL}#egg=foo&sha256={DIGEST.upper()}", f"foo @ {URL}#sha256={DIGEST}"),
        (f"foo @ {URL} --hash=sha256:{DIGEST}", f"foo @ {URL}#sha256={DIGEST}"),
        ("https://h.example/a_b-1%2Bcpu-py3-none-any.whl", "a-b @ https://h.example/a_b-1%2Bcpu-"),
    ],
)
def test_requirement(tmp_path: Path, line: str, requirement: str) -> None:
    (text,) = read(tmp_path, line).requirements
    assert text.startswith(requirement) if requirement.endswith("-") else text == requirement


@pytest.mark.parametrize(
    "form", ["./wheels/{}", "wheels/{}", "foo @ wheels/{}", "file:wheels/{}", "{uri}", "{path}"]
)
def test_wheel_by_its_path(tmp_path: Path, wheel: Path, form: str) -> None:
    line = form.format(WHEEL, uri=wheel.as_uri(), path=wheel)
    assert read(tmp_path, line) == PipPart((f"foo @ {wheel.as_uri()}",))


def test_files_are_read_relative_to_the_file_that_names_them(tmp_path: Path, wheel: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("a\n-r last.txt\n-c limits.txt\n-f ../wheels\n")
    (tmp_path / "more" / "last.txt").write_text(f"../wheels/{WHEEL}\n--pre\n")
    (tmp_path / "more" / "limits.txt").write_text("b<2  # why\n-r last.txt\n")
    twice = read(tmp_path, "-r more/base.txt", "--requirement=more/last.txt", "b")
    own = f"foo @ {wheel.as_uri()}"
    options = ("--pre", f"--find-links {wheel.parent.as_uri()}")
    assert twice == PipPart(("a", "b", own), ("b<2", own), options)


def test_circle(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r b.txt\n")
    (tmp_path / "b.txt").write_text("-c a.txt\n")
    with pytest.raises(InputFileError, match=r"b\.txt: -c a\.txt: the file names itself"):
        read(tmp_path, "-r a.txt")


def test_long_way(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    with pytest.raises(InputFileError, match="more than 32 steps"):
        read(tmp_path, "-r 0.txt")


def test_options(tmp_path: Path) -> None:
    lines = (
        *("-i https://first.example/simple", "--extra-index-url=https://b.example/simple --pre"),
        *("--index-url https://a.example/simple", "--trusted-host a.example", "--no-index"),
        *("--only-binary :all:", "--prefer-binary", "--find-links https://c.example/wheels.html"),
    )
    assert read(tmp_path, *lines).options == (
        *("--index-url https://a.example/simple", "--extra-index-url https://b.example/simple"),
        *("--pre", "--trusted-host a.example", "--no-index"),
        "--find-links https://c.example/wheels.html",
    )


def test_credentials_are_in_what_is_used_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYPI_KEY", "5ecret")
    index = "https://me:${PYPI_KEY}@h.example/simple"
    part = read(tmp_path, f"-i {index}", f"https://h.example/{WHEEL}?key=5ecret", "a")
    assert part.options == ("--index-url https://me:5ecret@h.example/simple",)
    assert part.urls == {URL: f"{URL}?key=5ecret"}
    assert part.requirements == ("a", f"foo @ {URL}")
    assert "5ecret" not in repr(part)
    kept = remembered(part)
    assert kept == {
        "requirements": ("a", f"foo @ {URL}"),
        "index": ("--index-url https://h.example/simple",),
    }
    assert remembered(recalled(kept)) == kept


def test_variable_that_is_not_set(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"not set in the environment: \$\{NO_SUCH_KEY\}"):
        read(tmp_path, "-i https://me:${NO_SUCH_KEY}@h.example/simple")
    with pytest.raises(InputFileError, match="not a requirement"):  # as in pip
        read(tmp_path, "flask==$NO_SUCH_KEY")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("-e .", "an editable install"),
        ("--editable=git+https://h.example/a.git#egg=a", "an editable install"),
        ("git+https://h.example/a.git@main#egg=a", "sources in version control"),
        ("a @ git+ssh://h.example/a.git", "sources in version control"),
        ("git@h.example:a/b.git", "sources in version control"),
        ("https://h.example/a/b.git", "sources in version control"),
        ("hg+http://h.example/a", "sources in version control"),
        (".", "a folder of sources"),
        ("../lib[dev]", "a folder of sources"),
        ("a @ file:///srv/a", "a folder of sources"),
        ("C:\\work\\lib", "a folder of sources"),
        ("./a-1.0.tar.gz", "an archive of sources"),
        ("a-1.0.zip", "an archive of sources"),
        ("https://h.example/archive/main.zip", "an archive of sources"),
        ("a @ https://h.example/a-1.0.tar.gz#sha256=0", "an archive of sources"),
        ("https://h.example/a", "not a wheel"),
        ("--no-binary :all:", "a build from sources"),
        ("a --config-settings x=y", "an option of a build from sources"),
        ("a --global-option=x", "an option of a build from sources"),
    ],
)
def test_refused(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(PipPartsError) as caught:
        read(tmp_path, "flask", line)
    assert str(caught.value.message).splitlines()[1:] == [f"  - {line}: {reason}"]
    assert "pip wheel --no-deps SOURCE" in caught.value.hints[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("flask=3", "pip writes == before a version"),
        ("conda-forge::flask >=3", "packages of conda's channels are named beside"),
        ("flask>>3", "not a requirement"),
        ("flask; python_version", "not a requirement"),
        ("wheels/foo.whl", "the file does not exist"),
        ("https://h.example/foo.whl", "its file name is not that of a wheel"),
        (f"bar @ {URL}", "it is a wheel of foo"),
        (f"{URL}#md5=d41d8cd98f00b204e9800998ecf8427e", "its SHA-256"),
        (f"{URL}#sha256={DIGEST} --hash=sha256:{DIGEST[::-1]}", "has one digest"),
        ("a==1 --hash=md5:d41d8cd98f00b204e9800998ecf8427e", "not one of SHA-256"),
        (f"--hash=sha256:{DIGEST}", "a digest of nothing"),
        ("ftp://h.example/a.whl", "no URL of http"),
        ("--require-hashes", "checked anyway"),
        ("--no-deps", "pip knows no such option"),
        ("-i", "expected one argument"),
        ("--index-url https://h.example/simple flask", "its own line"),
        ("-r missing.txt", "No such file"),
        ("-r https://h.example/r.txt", "download the file"),
        ("-i ftp://h.example/simple", "no URL of http"),
        ("flask --hash='sha256:", "No closing quotation"),
    ],
)
def test_wrong(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(InputFileError, match=problem) as caught:
        read(tmp_path, "requests", line)
    assert str(caught.value).startswith("It cannot be used: ")


def test_wrong_constraint(tmp_path: Path) -> None:
    for line in ("a[b]<2", "-e ."):
        (tmp_path / "limits.txt").write_text(f"c<1\n{line}\n")
        with pytest.raises((InputFileError, PipPartsError), match=r"limits\.txt: "):
            read(tmp_path, "-c limits.txt")


def test_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("-e .\nflask=3\n")
    with pytest.raises(InputFileError) as caught:
        read(tmp_path, "-r base.txt", "git+https://t0ken5ecret@h.example/a.git", "--foo=5ecret")
    for part in (
        "base.txt: -e .: an",
        "base.txt: flask=3: ",
        "h.example/a.git: sources in",
        "--foo",
    ):
        assert part in str(caught.value)
    assert "pip wheel" in str(caught.value)
    assert "t0ken5ecret" not in str(caught.value)


def test_both() -> None:
    one = PipPart(("b",), options=("--index-url https://a.example", "--pre"), urls={"x": "y"})
    other = PipPart(("a", "b"), ("c<1",), ("--index-url https://b.example",))
    assert both(one, other) == PipPart(
        ("a", "b"), ("c<1",), ("--index-url https://b.example", "--pre"), {"x": "y"}
    )
