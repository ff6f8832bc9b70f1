"""The pages in a real browser: filter, order, keyboard, without scripts, and for everybody."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.html import render
from conda_offline_repo.repository.package import Package
from tests.support.browser import browser
from tests.support.paged import entry, many, release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.browser import Browser, Page

#: Where axe-core is, which looks for what keeps people out: https://github.com/dequelabs/axe-core
AXE = Path(os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js"))
axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not here: AXE_CORE=axe.min.js names it"
)
NAMES = "Array.from(document.querySelectorAll('tbody tr:not([hidden]) b'), one => one.textContent)"
HITS = "document.querySelector('output').value"
SORTED = (
    "Array.from(document.querySelectorAll('[aria-sort]'), one => "
    "[one.textContent, one.getAttribute('aria-sort')])"
)
FOCUS = "document.activeElement.id || document.activeElement.textContent"
RECORDS = dict(
    [
        entry("app", "1.10", "lib", "numpy", license="MIT", size=900, summary="Rates loans"),
        entry("lib", "1.9", subdir="linux-64", license="Apache-2.0", size=1_000_000),
        entry("numpy", "1.26.4", "lib", *(f"user{one}" for one in range(9)), size=20_000),
        *(entry(f"user{one}", "2.0", "lib", license="</script>", size=one) for one in range(9)),
    ]
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a release after another, and that of a root."""
    folder = tmp_path_factory.mktemp("pages")
    before = dict([entry("app", "1.9", "lib"), entry("lib", "1.9", subdir="linux-64")])
    last, made = release(before), release(RECORDS, release=2, packages=["app"])
    labels = [
        render.ListedLabel.of(
            f"bank{number}/",
            replace(
                last,
                label=f"bank{number}",
                release=number,
                packages={f"{each}": Package("", "", 999, "") for each in range(number)},
            ),
        )
        for number in (2, 3, 10)
    ]
    content = {
        "release": render.page(made, RECORDS, last, folder, {}).content,
        "root": render.overview(labels),
    }
    found = {name: folder / f"{name}.html" for name in content}
    for name, path in found.items():
        path.write_bytes(content[name])
    return found


def quiet(page: Page, path: Path) -> None:
    """See that it asked for no other file, and that nothing complained."""
    assert page.requests == [path.as_uri()]
    assert page.complaints == []


def click(page: Page, column: str) -> None:
    """Click on the head of a column."""
    buttons = "Array.from(document.querySelectorAll('th button'))"
    page.value(f"{buttons}.find(one => one.textContent === '{column}').click()")


def test_filter(chromium: Browser, pages: dict[str, Path]) -> None:
    with chromium.open(pages["release"]) as page:
        assert len(page.value(NAMES)) == 12
        assert page.value(HITS) == ""
        page.value("document.querySelector('input').focus()")
        for text, names in {
            "num": ["numpy"],
            "LINUX-64": ["lib"],
            "loans mit": ["app"],
            "mit loans": ["app"],
            "user9": [],
            "<script": [],
        }.items():
            page.value("document.activeElement.select()")
            page.type(text)
            assert page.value(NAMES) == names, text
            assert page.value(HITS) == f"{len(names)} of 12 packages"
        page.press("Escape")
        assert (len(page.value(NAMES)), page.value(HITS)) == (12, "")
        quiet(page, pages["release"])


def test_what_needs_a_package_is_not_searched(chromium: Browser, pages: dict[str, Path]) -> None:
    with chromium.open(pages["release"]) as page:
        page.value("document.querySelector('input').focus()")
        page.type("app")
        assert page.value(NAMES) == ["app"]


def test_order(chromium: Browser, pages: dict[str, Path]) -> None:
    with chromium.open(pages["release"]) as page:
        assert page.value(SORTED) == [["Package", "ascending"]]
        names = page.value(NAMES)
        click(page, "Package")
        assert page.value(NAMES) == names[::-1]
        assert page.value(SORTED) == [["Package", "descending"]]
        click(page, "Version")
        assert page.value(NAMES)[:3] == ["lib", "app", "numpy"]
        assert page.value(SORTED) == [["Version", "ascending"]]
        click(page, "Size")
        assert page.value(NAMES)[8:] == ["user8", "app", "numpy", "lib"]
        click(page, "Needed by")
        click(page, "Needed by")
        assert page.value(NAMES)[0] == "lib"
        quiet(page, pages["release"])


def test_order_and_filter_hold_together(chromium: Browser, pages: dict[str, Path]) -> None:
    with chromium.open(pages["release"]) as page:
        page.value("document.querySelector('input').focus()")
        page.type("user")
        click(page, "Package")
        assert page.value(NAMES) == [f"user{one}" for one in reversed(range(9))]


def test_keyboard(chromium: Browser, pages: dict[str, Path]) -> None:
    """All can be reached and worked without a mouse, in the order in which it stands."""
    with chromium.open(pages["release"]) as page:
        reached = []
        for _ in range(14):
            page.press("Tab")
            reached.append(page.value(FOCUS).split("\n")[0])
        assert reached[:5] == ["About", "Platforms", "Changes", "Packages", "README.txt"]
        assert reached[5].startswith("linux-64: 1 updated")
        assert reached[6:] == [
            *("packages-list-filter", "Package", "Version", "Build", "Platform", "Licence"),
            *("Size", "Needed by"),
        ]
        page.press("Enter")
        assert page.value(SORTED) == [["Needed by", "ascending"]]
        page.press("Space")
        assert page.value(SORTED) == [["Needed by", "descending"]]
        page.press("Tab")
        assert page.value(FOCUS) == "11 packages"
        page.press("Enter")
        assert page.value("document.activeElement.parentElement.open")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.value(outline) == "solid"


def test_root(chromium: Browser, pages: dict[str, Path]) -> None:
    first = "Array.from(document.querySelectorAll('tbody th'), one => one.textContent)"
    with chromium.open(pages["root"]) as page:
        assert page.value(first) == ["bank2", "bank3", "bank10"]
        click(page, "Release")
        click(page, "Release")
        assert page.value(first) == ["bank10", "bank3", "bank2"]
        page.value("document.querySelector('input').focus()")
        page.type("bank1")
        assert page.value(HITS) == "1 of 3 labels"
        quiet(page, pages["root"])


@pytest.mark.parametrize("name", ["release", "root"])
def test_without_scripts(chromium: Browser, pages: dict[str, Path], name: str) -> None:
    """All is there, and nothing that does not work."""
    with chromium.open(pages[name], scripts=False) as page:
        assert page.value("document.querySelectorAll('button, input, output').length") == 0
        assert page.value("document.querySelectorAll('.many tbody tr').length") in (12, 3)
        hidden = "document.querySelectorAll('[hidden]').length"
        assert page.value(hidden) == 0
        if name == "release":
            page.value("document.querySelector('td summary').click()")
            assert page.value("document.querySelector('td details').open")
        quiet(page, pages[name])


@pytest.mark.parametrize("width", [320, 390, 900, 1600])
@pytest.mark.parametrize("name", ["release", "root"])
def test_fits(chromium: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    with chromium.open(pages[name], width=width) as page:
        assert page.value("document.documentElement.scrollWidth") <= width


def test_dark_and_light(chromium: Browser, pages: dict[str, Path]) -> None:
    colours = []
    for dark in (False, True):
        with chromium.open(pages["release"], dark=dark) as page:
            colours.append(page.value("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]


def test_print(chromium: Browser, pages: dict[str, Path]) -> None:
    """What is folded is printed, what only works on a screen is not, and it is black on white."""
    with chromium.open(pages["release"], dark=True) as page:
        page.ask("Emulation.setEmulatedMedia", media="print")
        assert page.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.value("document.querySelector('.filter').offsetHeight") == 0
        folded = "document.querySelector('td details').getBoundingClientRect().height"
        summary = "document.querySelector('td summary').getBoundingClientRect().height"
        assert page.value(folded) > page.value(summary)


def test_many_packages(chromium: Browser, tmp_path: Path) -> None:
    records = many(5000)
    path = tmp_path / "index.html"
    path.write_bytes(render.page(release(records), records, None, tmp_path, {}).content)
    with chromium.open(path) as page:
        page.value("document.querySelector('input').focus()")
        page.type("package-4999")
        assert page.value(HITS) == "1 of 5000 packages"
        quiet(page, path)


@axe
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["release", "root"])
def test_keeps_nobody_out(
    chromium: Browser, pages: dict[str, Path], name: str, dark: bool, width: int
) -> None:
    with chromium.open(pages[name], dark=dark, width=width) as page:
        page.value(f"{AXE.read_text('utf-8')}; 0")
        # what is not in sight is not laid out, and would not be looked at
        page.value(
            "document.querySelectorAll('tr').forEach(o => o.style.contentVisibility = 'visible')"
        )
        found = page.value(
            "axe.run().then(result => JSON.stringify(result.violations.map("
            "one => [one.id, one.nodes.map(node => node.html)])))"
        )
        assert json.loads(found) == []
