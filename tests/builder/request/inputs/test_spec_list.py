"""Lists of `conda list --export`, as conda writes them and as others spoil them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.inputs.exceptions import InputFileError
from conda_offline_repo.builder.request.inputs.pinned import PipPart
from conda_offline_repo.builder.request.inputs.read import read_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.builder.request.inputs.conftest import Laid


def test_list_of_conda(laid: Laid, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text(laid.conda.run("list", "-n", "mine", "--export").stdout)
    (read,) = read_file(path)
    assert read.packages == ("app=2.0=0", "lib=1.0=0")
    assert read.platforms == ("linux-64",)
    assert not read.exact


def test_what_pip_has_installed(write: Callable[[str], Path]) -> None:
    (read,) = read_file(write("lib=1.0=0\nrequests=2.32=pypi_0\n"))
    assert read.packages == ("lib=1.0=0",)
    assert read.pip == PipPart(("requests==2.32",))


def test_spoiled(write: Callable[[str], Path]) -> None:
    with pytest.raises(InputFileError) as caught:
        read_file(write("# platform: linux-46\nlib=1.0=0\napp=1.*.4\n\nx[y\n"))
    problems = str(caught.value.message).splitlines()[1:]
    for problem, part in zip(
        problems, ("line 1: ", "line 3: 'app=1.*.4'", "line 5: 'x[y'"), strict=True
    ):
        assert part in problem
