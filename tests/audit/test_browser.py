"""The report on a release in a real browser: in both themes, on a phone, printed, for everybody."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.printable import printable
from conda_offline_repo.repository.locate import locate_one
from tests.audit.test_report import APP, DECISION, HOSTILE, POLICY, at, report
from tests.builder.release.html.test_browser import AXE, axe
from tests.support.browser import browser
from tests.support.rewriting import rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.browser import Browser

#: As a manifest can have it.
TEXT = " ".join(printable(HOSTILE).split())
BACK = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with something in each section, words that are too long, and markup."""
    folder = tmp_path_factory.mktemp("root") / "bank"
    at(folder)
    manifest = locate_one(folder).manifest
    packages = {**manifest.packages}
    packages[APP] = replace(packages[APP], scripts={"post-link": (TEXT,)})
    request = replace(manifest.request, policy=POLICY)
    decision = replace(DECISION, reason=TEXT)
    rewrite(folder, packages=packages, request=request, decisions=(decision,))
    path = folder.parent / "report.html"
    path.write_bytes(report(folder, "html"))
    return path


@pytest.mark.parametrize("width", [320, 360, 900, 1600])
def test_fits(chromium: Browser, page: Path, width: int) -> None:
    """Tables that do not fit scroll in their boxes, which the keyboard reaches, not the page."""
    with chromium.open(page, width=width) as opened:
        assert opened.value("document.documentElement.scrollWidth") <= width
        assert opened.value("document.querySelectorAll('script').length") == 0
        boxes = "Array.from(document.querySelectorAll('div'), b => [b.tabIndex, b.scrollWidth])"
        assert {index for index, _ in opened.value(boxes)} == {0}
        assert opened.requests == [page.as_uri()]
        assert opened.complaints == []


def test_themes_and_print(chromium: Browser, page: Path) -> None:
    colours = []
    for dark in (False, True):
        with chromium.open(page, dark=dark) as opened:
            colours.append(opened.value(BACK))
            opened.ask("Emulation.setEmulatedMedia", media="print")
            assert opened.value(BACK) == "rgb(255, 255, 255)"
            hidden = (
                "Array.from(document.querySelectorAll('div'), b => getComputedStyle(b).overflow)"
            )
            assert {*opened.value(hidden)} == {"visible"}
            head = "getComputedStyle(document.querySelector('thead')).display"
            assert opened.value(head) == "table-header-group"
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]


@axe
@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_keeps_nobody_out(chromium: Browser, page: Path, dark: bool, width: int) -> None:
    with chromium.open(page, dark=dark, width=width) as opened:
        opened.value(f"{AXE.read_text('utf-8')}; 0")
        violations = opened.value(
            "axe.run().then(result => JSON.stringify(result.violations.map("
            "one => [one.id, one.nodes.map(node => node.html)])))"
        )
        assert json.loads(violations) == []
