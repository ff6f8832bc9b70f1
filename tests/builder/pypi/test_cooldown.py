"""Wheels that are too new, by what the index says of their upload."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.exceptions import TooNewError
from conda_offline_repo.builder.pypi.exceptions import UnresolvedError
from conda_offline_repo.files.hashing import hash_file
from tests.support.pip_vendor import versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pip_vendor import PipVendor

OLD, YOUNG = "2026-11-01T12:00:00Z", "2026-11-20T12:00:00Z"
NOW = "1796032800"  # 2026-11-30T10:00:00Z
JSON = "application/vnd.pypi.simple.v1+json"


@contextmanager
def index(wheels: dict[Path, str]) -> Iterator[str]:
    """An index (PEP 691) that says when wheels were uploaded; those with an empty time it does not
    say it of (PEP 700).
    """

    folder = next(iter(wheels)).parent

    class Handler(SimpleHTTPRequestHandler):
        def guess_type(self, path: object) -> str:
            return JSON if str(path).endswith("index.html") else "application/zip"

        def log_message(self, *args: object) -> None:
            pass

    for project in {path.name.split("-")[0] for path in wheels}:
        own = {path: time for path, time in wheels.items() if path.name.startswith(f"{project}-")}
        files = [
            {
                "filename": path.name,
                "url": f"../../{path.name}",
                "hashes": {"sha256": hash_file(path).sha256},
                **({"upload-time": time} if time else {}),
            }
            for path, time in own.items()
        ]
        page = {"meta": {"api-version": "1.1"}, "name": project, "files": files}
        page["versions"] = sorted({path.name.split("-")[1] for path in own})
        place = folder / "simple" / project
        place.mkdir(parents=True, exist_ok=True)
        (place / "index.html").write_text(json.dumps(page))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)


def lines(url: str, *pip: str) -> tuple[str, ...]:
    """Requirements of an index, in the place of the vendor's folder of wheels."""
    return (f"--index-url {url}", *pip)


def test_wheel_that_is_too_new_gives_way(vendor: PipVendor) -> None:
    wheels = {vendor.wheel("app", "1.0"): OLD, vendor.wheel("app", "2.0"): YOUNG}
    wheels[vendor.wheel("app", "3.0")] = ""
    with index(wheels) as url:
        pip = lines(url, "app")
        assert versions(vendor.build(pip=pip)) == {"app": "3.0 PyPI"}
        outcome = vendor.build(pip=pip, exclude_newer="14d")
        assert versions(outcome) == {"app": "1.0 PyPI"}
        assert not [w for w in outcome.warnings if w.kind in ("undated", "unused-setting")]
        assert versions(vendor.build(pip=pip, exclude_newer="2026-11-20")) == {"app": "2.0 PyPI"}


def test_what_channels_have_too_new_comes_from_pypi(vendor: PipVendor) -> None:
    vendor.channel.add("app", "2.0", depends=["python"], record={"timestamp": 1_795_176_000_000})
    with index({vendor.wheel("app", "1.0"): OLD}) as url:
        outcome = vendor.build(pip=lines(url, "app"), exclude_newer="14d")
    assert versions(outcome) == {"app": "1.0 PyPI"}


def test_error_names_what_is_too_new_and_until_when(vendor: PipVendor) -> None:
    wheels = {vendor.wheel("app", "1.0"): OLD, vendor.wheel("app", "2.0"): YOUNG}
    wheels[vendor.wheel("plain", "1.0")] = ""
    with index(wheels) as url:
        with pytest.raises(UnresolvedError) as caught:
            vendor.build(pip=lines(url, "app>=2"), exclude_newer="14d")
        until = f"it is of {YOUNG}, too new for exclude_newer 14d until 2026-12-04T12:00:00Z"
        assert f"app 2.0: {until}" in str(caught.value)
        assert "--exclude-newer none" in str(caught.value)
        assert "exclude-newer-package" not in str(caught.value)
        with pytest.raises(UnresolvedError, match=r"plain 1\.0: its index does not state when"):
            vendor.build(pip=lines(url, "plain"), exclude_newer="14d")
        with pytest.raises(UnresolvedError) as caught:
            vendor.build(pip=lines(url, "absent"), exclude_newer="14d")
        assert "too new" not in str(caught.value)


def test_wheel_of_unknown_age_is_taken_where_it_is_named_and_told(vendor: PipVendor) -> None:
    wheel = vendor.wheel("app", "1.0")
    outcome = vendor.build(str(wheel), exclude_newer="14d")
    assert versions(outcome) == {"app": "1.0 PyPI"}
    (warning,) = (w for w in outcome.warnings if w.kind == "undated" and "app-1.0" in w.text)
    assert wheel.name in warning.text


def test_settings_of_uv_do_not_count_and_are_told(
    vendor: PipVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("app", "tool")
    wheels = {vendor.wheel(n, v): t for n in names for v, t in (("1.0", OLD), ("2.0", YOUNG))}
    file = tmp_path / "uv.toml"
    file.write_text(f'exclude-newer = "{OLD}"\nexclude-newer-package = {{ tool = "{OLD}" }}\n')
    monkeypatch.delenv("UV_NO_CONFIG")
    monkeypatch.setenv("UV_CONFIG_FILE", str(file))
    monkeypatch.setenv("UV_EXCLUDE_NEWER", OLD)
    with index(wheels) as url:
        outcome = vendor.build(pip=lines(url, *names))
        assert versions(outcome) == {"app": "2.0 PyPI", "tool": "2.0 PyPI"}
        (warning,) = (w for w in outcome.warnings if w.kind == "unused-setting")
        for part in ("UV_EXCLUDE_NEWER", f"exclude-newer-package in {file}", "--exclude-newer"):
            assert part in warning.text
        file.write_text(f'exclude-newer-package = {{ tool = "{YOUNG[:8]}30" }}\n')
        outcome = vendor.build(pip=lines(url, *names), exclude_newer="14d")
        assert versions(outcome) == {"app": "1.0 PyPI", "tool": "1.0 PyPI"}


def test_index_that_uv_exempts_does_not_let_it_in(
    vendor: PipVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "uv.toml"
    monkeypatch.delenv("UV_NO_CONFIG")
    monkeypatch.setenv("UV_CONFIG_FILE", str(file))
    with index({vendor.wheel("app", "2.0"): YOUNG}) as url:
        file.write_text(f'[[index]]\nurl = "{url}"\ndefault = true\nexclude-newer = false\n')
        with pytest.raises(TooNewError, match=rf"app-2\.0.*it is of {YOUNG}, too new for"):
            vendor.build(pip=("app",), exclude_newer="14d")
