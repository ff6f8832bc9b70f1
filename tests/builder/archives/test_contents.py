"""What an archive says that it installs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives.contents import Contents, contents_of
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.tiny import Format

#: What conda 26.7 and rattler link, and 24.7 makes a command of that runs.
LINKABLE = ("app = app:main", "app-x=app.cli:Group.main", " a1 = _b:c ", "a b = c:d")
UNLINKABLE = (
    *("app = app:main [extra]", "app = app", "app = app:", "app", "= app:main", "app = :main"),
    *("app = my-app:main", "app = app:main()", "../app = app:main", "a/b = c:d", ".a = b:c"),
    *("app = 'app:main'", "app = 1app:main", "app = app.:main"),
)


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
def test_what_an_archive_says(tmp_path: Path, format: Format) -> None:
    link = {"noarch": {"type": "python", "entry_points": ["app = app:main"]}}
    files = {"site-packages/app.py": "main = 1\n", "info/link.json": json.dumps(link)}
    channel = TinyChannel(tmp_path)
    path = channel.add("app", files=files, format=format).path
    contents = contents_of(path, noarch_python=True)
    assert [(name, file.size) for name, file in contents.files.items()] == [
        ("site-packages/app.py", 9)
    ]
    assert contents.entry_points == ("app = app:main",)
    assert contents_of(path).entry_points == ()
    for wrong in ("[]", "{", '{"noarch": null}', '{"noarch": []}'):
        path = channel.add("app", files={**files, "info/link.json": wrong}, format=format).path
        assert contents_of(path, noarch_python=True).unlinkable == ()
    assert contents_of(tmp_path / f"missing.{format}") == Contents()


def test_entry_points_that_conda_cannot_link() -> None:
    assert Contents(entry_points=LINKABLE).unlinkable == ()
    assert Contents(entry_points=UNLINKABLE).unlinkable == UNLINKABLE
