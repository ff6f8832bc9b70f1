"""Names from outside, before they become paths."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.exceptions import InvalidLabelError
from conda_offline_repo.repository.names import (
    archive_problem,
    check_label,
    check_platform,
    check_written,
    is_sibling,
    same_name_in_other_case,
)

if TYPE_CHECKING:
    from pathlib import Path, PurePath


@pytest.mark.parametrize(
    "label",
    ["halkbank", "Halk-Bank_2.0", "7", "a" * 64, "console", "com10", "nulls", "tt", "my-linux-64"],
)
def test_label(label: str) -> None:
    assert check_label(label) == label


@pytest.mark.parametrize(
    "label",
    [
        *("", ".", "..", "../../x", "a/b", "a\\b", "/etc", "C:", "a:b", "~", ".hidden", "-x", "_x"),
        *(
            "CON",
            "con",
            "nul.txt",
            "Lpt1",
            "COM0.tar.gz",
            "aux.",
            "dot.",
            "a b",
            " a",
            "a\n",
            "a\0",
        ),
        *(
            "bänk",
            "ﬁ",
            "Ａ",
            "١",
            "a" * 65,
            "linux-64",
            "Win-64",
            "noarch",
            "t",
            "T",
            "a%20b",
            "a?b",
            "linux-64-halkbank",
            "noarch.2",
            "bank.conda",
            "bank.tar.bz2",
            "bank.json",
        ),
    ],
    ids=ascii,
)
def test_label_that_cannot_name_a_folder(label: str) -> None:
    with pytest.raises(InvalidLabelError) as caught:
        check_label(label)
    assert repr(label) in str(caught.value)


@given(st.text(max_size=70) | st.from_regex(r"[A-Za-z0-9._-]{1,70}", fullmatch=True))
@example("CONIN$")
@example("com¹")
def test_label_that_passes_is_one_folder_everywhere(label: str) -> None:
    try:
        check_label(label)
    except InvalidLabelError:
        return
    assert PureWindowsPath("C:/root", label).parent == PureWindowsPath("C:/root")
    assert PurePosixPath("/root", label).parent == PurePosixPath("/root")
    assert not PureWindowsPath(label).is_reserved()
    assert label == label.strip(" .")
    assert label.isascii()


@pytest.mark.parametrize("platform", ["linux-64", "win-64", "osx-arm64", "linux-aarch64"])
def test_platform(platform: str) -> None:
    assert check_platform(platform) == platform


@pytest.mark.parametrize("platform", ["", "noarch", "linux-46", "LINUX-64", "../linux-64"])
def test_unknown_platform(platform: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_platform(platform)
    assert repr(platform) in str(caught.value)
    assert "linux-64" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        *("app-1.0-0.conda", "_libgcc_mutex-0.1-main.tar.bz2", "x-1!2.0+a-py_0.conda"),
        *("R-base-4-0.conda", f"{'a' * 200}-1-0.conda"),
    ],
)
def test_archive(name: str) -> None:
    assert archive_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", "app", "app-1.0-0.zip", "app-1.0-0.conda.exe", "app-1.0-0.CONDA", ".conda"),
        *("../app-1.0-0.conda", "a/app-1.0-0.conda", "a\\app-1.0-0.conda", "/app-1.0-0.conda"),
        *("app-1.0-0.conda\n", "a pp-1.0-0.conda", "a:pp-1.0-0.conda", "é-1.0-0.conda"),
        *("con.1-1.0-0.conda", "NUL.conda", "-a-1.0-0.conda", f"{'a' * 300}-1-0.conda"),
    ],
    ids=ascii,
)
def test_archive_that_must_not_become_a_path(name: str) -> None:
    assert archive_problem(name)


@pytest.mark.parametrize(
    "path",
    [
        *(PureWindowsPath("X:/repo/halkbank"), PureWindowsPath("//server/share/a.b/ c")),
        *(PurePosixPath("/srv/aux/a:b"), PurePosixPath("/srv/../repo")),
        *(PureWindowsPath("X:/.."), PureWindowsPath("//?/C:/repo"), PureWindowsPath("X:/")),
    ],
    ids=str,
)
def test_path_to_write(path: PurePath) -> None:
    check_written(path)


@pytest.mark.parametrize(
    ("path", "name", "problem"),
    [
        (PureWindowsPath("X:/repo /halkbank"), "repo ", "drops a space or a dot"),
        (PureWindowsPath("//server/share/repo./bank"), "repo.", "drops a space or a dot"),
        (PureWindowsPath("//?/C:/sp "), "sp ", "drops a space or a dot"),
        (PurePosixPath("/srv/repo /bank"), "repo ", "drops a space or a dot"),
        (PurePosixPath("/srv/.../bank"), "...", "drops a space or a dot"),
        (PureWindowsPath("E:/out/a:b.zip"), "a:b.zip", "allows none of"),
        (PureWindowsPath("E:/out/bank?.zip"), "bank?.zip", "allows none of"),
        (PureWindowsPath("E:/aux.1/bank"), "aux.1", "a device"),
    ],
    ids=str,
)
def test_path_that_would_become_another(path: PurePath, name: str, problem: str) -> None:
    with pytest.raises(InvalidRequestError, match=problem) as caught:
        check_written(path)
    assert str(path) in str(caught.value)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "existing"), [("Bank", "bank"), ("bank", None), ("plant", None), ("BANK", "bank")]
)
def test_name_that_windows_cannot_tell_apart(
    tmp_path: Path, name: str, existing: str | None
) -> None:
    (tmp_path / "bank").mkdir()
    assert same_name_in_other_case(tmp_path, name) == existing
    assert same_name_in_other_case(tmp_path / "absent", name) is None


def test_package_and_attestations_are_no_index() -> None:
    package = "noarch/repodata-tools-1.0-0.conda"
    assert not is_sibling(package)
    assert not is_sibling(f"{package}.sigs.{'a' * 64}")
    assert is_sibling("noarch/repodata.json.zst")
    assert is_sibling(f"noarch/repodata.sigs.{'a' * 64}")
