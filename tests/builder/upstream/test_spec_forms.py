"""Texts of dependencies as channels have them, and which solvers cannot read them.

`TEXTS` is compared with what the table of the product says, and with what each solver of this conda
does with a channel that has such a text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.classic_solver import stated_name
from conda_offline_repo.builder.upstream.spec_forms import spec_form
from conda_offline_repo.repository.remembered import SOLVERS
from tests.support.reading import INSTALLED, chosen, entry

if TYPE_CHECKING:
    from tests.support.inside import Inside

FEW, NONE = "classic libmamba", " ".join(SOLVERS)
#: A text of `foo`, who cannot read it, the version of `foo` in the channel, and whether those who
#: can read it choose that: True or False, or None where they find no solution. Who cannot does
#: something else for one of the versions.
TEXTS: list[tuple[str, str, str, bool | None]] = [
    # what all read alike
    *((text, "", "1.0", True) for text in ("foo", "FOO", "foo ", "foo *", "foo * *", "foo * 0")),
    *((text, "", "1.0", True) for text in ("foo 1.0", "foo 1.0   0", "foo =1.0", "foo=1.0=0")),
    *((text, "", "1.0", True) for text in ("foo==1.0", "foo =*=0", "foo =1.0=*0", "foo ==1.0=0")),
    *((text, "", "1.5", True) for text in ("foo 1.*", "foo 1*", "foo=1", "foo >=1,<2.0a0 0")),
    *((text, "", "1.5", True) for text in ("foo  >= 1.0", "foo >=1, !=1.4", "foo>=1,<2.0.0-dev0")),
    *((text, "", "1.5", True) for text in ("foo ~=1.4", "foo ~=1.0,>=1.0.3", "foo >=1.0.*,<2")),
    *((text, "", "1.5", True) for text in ("foo 1.4|1.5|1.5.*", "foo ==1.0.*|>=1.3", "foo >=1.4*")),
    *((text, "", "2.0", None) for text in ("foo 1.*", "foo <2.0a0", "foo 1.0|1.5", "foo !=2.0.*")),
    *((f"foo {version}", "", version, True) for version in ("R15B01", "1!2.0", "1.0+a.b", "1.0_")),
    ("foo * ^.*0$", "", "1.0", True),
    # what some do not read
    ("foo===1.0", "rattler", "1.0", True),
    ("foo ===1.0", "rattler", "1.0", True),
    ("foo 1.*.*", FEW, "1.5", True),
    ("foo *.0", "rattler", "1.0", True),
    ("foo 1.*.3", "rattler", "1.0.3", True),
    ("foo ^1.*$", "rattler", "1.5", True),
    ("foo !=1.0*", FEW, "1.0", None),
    ("foo >1.0.*", "libmamba rattler", "1.0", None),
    ("foo >1.0.*", "libmamba rattler", "2.0", True),
    ("foo <2.0.*", "libmamba", "1.0", True),
    ("foo <2.0*", "rattler", "2.0a1", None),
    ("foo <18446744073709551616000", "rattler", "1.0", True),
    ("foo (>=2)", "classic", "1.0", None),
    ("foo* >=1", "rattler", "1.0", True),
    ("", "rattler", "1.0", False),
    ("foo >=1 # why", "libmamba", "1.0", True),
    ("foo # why", "libmamba", "1.0", True),
    ("foo#why", "libmamba rattler", "1.0", True),
    ("foo[version='>=1,<3']", "libmamba", "1.0", True),
    ("foo[build_number=0]", "libmamba", "1.0", True),
    ("foo 1.0[build=0]", "libmamba", "1.0", True),
    ('foo[version=">=1", build="0"]', "libmamba", "1.0", True),
    ("foo[fn=foo-1.0-0.conda]", "libmamba rattler", "1.0", True),
    ("foo[fn=foo-1.0-0.conda]", "libmamba rattler", "2.0", None),
    ("other::foo", "classic rattler", "1.0", True),
    # of index version 3
    ('foo[when="__nope"]', FEW, "1.0", False),
    ('foo >=1[when="bar"]', FEW, "1.0", False),
    ('foo[version=">=1", when="__nope"]', FEW, "1.0", False),
    ('foo[when="__nope or bar"]', FEW, "1.0", False),
    ('foo[when="(bar or __nope) and __gone"]', FEW, "1.0", False),
    ("foo[when='bar[version=\">=1\"] or bar-data']", FEW, "1.0", False),
    ("foo[extras=[bar]]", NONE, "1.0", True),
    # what none reads
    *((text, NONE, "1.0", True) for text in ("foo >=1,<2,", "foo ,>=1", "foo 1..0", "foo >=1.")),
    *((text, NONE, "1.0", True) for text in ("foo ~=1", "foo (>=1|<0.5),!=2", "foo >=1 <2")),
    *(
        (text, NONE, "1.0", True)
        for text in (" foo", "foo 1.0 0 extra", "foo >=1; if x", "foo 1.0==0")
    ),
    *((text, NONE, "1.0", True) for text in ("foo 1.0|", "foo >=1 and <2", "foo @ https://x/y")),
    *((text, NONE, "1.0", True) for text in ("foo\t1.0", "foo >='1.0'", "foo ^1.0.0", "foo ~1.0")),
    ("*", NONE, "1.0", True),
]


@pytest.mark.parametrize(("text", "cannot"), [(text, cannot) for text, cannot, _, _ in TEXTS])
def test_who_cannot_read_a_text(text: str, cannot: str) -> None:
    form = spec_form(text)
    assert (" ".join(form.solvers) if form else "") == cannot


@pytest.mark.parametrize("solver", INSTALLED)
def test_table_is_what_the_solver_does(me: Inside, tmp_path: Path, solver: str) -> None:
    cannot, differ = {}, set()
    for number, (text, solvers, version, chooses) in enumerate(TEXTS):
        cannot[text] = stated_name(solver) in solvers.split()
        records = [entry("app", depends=[text]), entry("foo", version)]
        names = chosen(solver, tmp_path / f"{number}" / "main", records, "app")
        if names != {True: ["app 1.0", f"foo {version}"], False: ["app 1.0"], None: None}[chooses]:
            differ.add(text)
    assert differ == {text for text in cannot if cannot[text]}


@pytest.mark.parametrize("condition", ["app and bar or app", "app or apps", "(app or a) and app"])
def test_condition_that_conda_itself_cannot_read(
    me: Inside, tmp_path: Path, condition: str
) -> None:
    text = f'foo[when="{condition}"]'
    form = spec_form(text)
    assert form
    assert form.solvers == SOLVERS
    if "rattler" in INSTALLED:
        records = [entry("app", depends=[text]), entry("foo")]
        assert chosen("rattler", tmp_path / "main", records, "app") is None


def test_documentation_says_who() -> None:
    page = Path(__file__).parents[3] / "docs" / "explanation" / "how-a-build-works.md"
    rows = re.findall(r"^\| (.*`(?:lib|other).*) \| (.*) \|$", page.read_text(), re.MULTILINE)
    said = {text: names for row, names in rows for text in re.findall("`([^`]+)`", row)}
    assert len(said) > 12
    for text, names in said.items():
        form = spec_form(text)
        assert form
        assert ", ".join(form.solvers) == names, text


@pytest.mark.parametrize("repeated", ["1.0,", "a", "1*", "1.", ">=1|", "1-", " "])
def test_long_texts_are_refused_at_once(repeated: str) -> None:
    assert spec_form(f"foo {repeated * (990 // len(repeated))}?")
    assert spec_form(f"foo {repeated * 9999}1")
