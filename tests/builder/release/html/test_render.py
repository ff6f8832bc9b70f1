"""What the page of a release says, and that nothing which others wrote becomes a part of it."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import pytest

from conda_offline_repo.builder.release.html import render
from conda_offline_repo.repository.exceptions import ManifestError
from conda_offline_repo.repository.manifest import Kept
from conda_offline_repo.repository.package import Decision, WheelOrigin
from tests.support.paged import CREATED, entry, page, release

APP = entry("app", "2.0", "lib >=1", "python", subdir="linux-64", size=3_000_000)
LIB = entry("lib", "1.0", "python 3.*", license="MIT", summary="Does\n  things", size=2_000_000)
PYTHON = entry("python", "3.11.0", subdir="linux-64", license="PSF-2.0", size=30_000_000)
RECORDS = dict((APP, LIB, PYTHON))
KEY = "SHA256:uNiVztksCsDhcc0u9e8BrrRuJdU1oKO0gYl8xkWqZ2A"
#: What a channel may say to get something of its own into the page.
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of a script": "</script><script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "end of a cell": "</td></tr></table><h1>",
    "quotes": "\"' onclick='alert(1)",
    "entity": "&lt;script&gt;",
    "template": "{{ 7 * 7 }}{% for x in y %}",
    "comment": "<!-- ",
}


def test_packages() -> None:
    read = page(release(RECORDS, packages=["app"]), RECORDS)
    assert read.packages == {
        "app asked for": ["2.0", "0", "linux-64", "BSD-3-Clause", "3.0 MB", ""],
        "lib Does things": ["1.0", "0", "noarch", "MIT", "2.0 MB", "app"],
        "python": ["3.11.0", "0", "linux-64", "PSF-2.0", "30.0 MB", "app, lib"],
    }


def test_needed_by_many_is_folded_but_whole() -> None:
    users = [entry(f"user{number:02}", "1.0", "python") for number in range(20)]
    records = dict((PYTHON, *users))
    read = page(release(records), records)
    names = ", ".join(f"user{number:02}" for number in range(20))
    assert read.packages["python"][-1] == f"20 packages {names}"


def test_needed_by_is_of_what_is_installed_together() -> None:
    """What needs a package on one platform does not need another platform's."""
    other = entry("python", "3.10.0", subdir="win-64")
    records = {**RECORDS, other[0]: other[1]}
    solutions = {"linux-64": tuple(RECORDS), "win-64": (other[0], LIB[0])}
    rows = page(release(records, solutions), records).tables[-1]
    assert [(row[1], row[-1]) for row in rows if row[0].startswith("python")] == [
        ("3.11.0", "app, lib"),
        ("3.10.0", "lib"),
    ]


def test_totals_and_platforms() -> None:
    solutions = {"linux-64": tuple(RECORDS), "win-64": (LIB[0],)}
    read = page(release(RECORDS, solutions), RECORDS)
    assert read.tables[0][1:] == [
        ["linux-64", "3", "35.0 MB", "__glibc 2.28 __linux 4.18"],
        ["win-64", "1", "2.0 MB", "__glibc 2.28 __linux 4.18"],
        ["Whole folder", "3", "35.0 MB", ""],
    ]
    assert "release 1 of 2026-01-02 03:04:05 UTC : 3 packages, 35.0 MB" in read.sections[""]


def test_wheels_and_requirements_of_pip() -> None:
    wheel = "Core_Lib-1.0-py3-none-any.whl"
    manifest = release(RECORDS, packages=["app"], pip={"linux-64": {"Core.Lib<2": "lib <2"}})
    origin = WheelOrigin("core-lib", "1.0", wheel, "e" * 64)
    url = f"https://files.pythonhosted.org/packages/{wheel}"
    package = replace(manifest.packages[LIB[0]], sha256="f" * 64, url=url, wheel=origin)
    manifest = replace(manifest, packages={**manifest.packages, LIB[0]: package})
    read = page(manifest, RECORDS)
    assert f"lib asked for Does things from PyPI: {wheel}" in read.packages
    line = f"Asked of pip Core.Lib<2 -> lib 1.0 from PyPI ({wheel}) Channels"
    assert line in read.sections["About this release"]
    last = release(dict((LIB,)), pip={})
    changes = page(replace(manifest, release=2), RECORDS, last).sections["Changes"]
    assert "lib 1.0 0 → 1.0 0, other content, from PyPI" in changes
    pip_alone = replace(manifest, request=replace(manifest.request, packages=()))
    assert "Asked for none Asked of pip" in page(pip_alone, RECORDS).sections["About this release"]


def test_what_was_asked_for() -> None:
    manifest = release(RECORDS, {"prod/linux-64": tuple(RECORDS), "lock/linux-64": (LIB[0],)})
    request = replace(
        manifest.request,
        environments={"prod": ("app", "python 3.11.*"), "lock": (), "all": ()},
        exact=("lock",),
    )
    about = page(replace(manifest, request=request), RECORDS).sections["About this release"]
    for words in (
        "Environment all all that the label channel publishes",
        "Environment lock exact archives",
        "Environment prod app python 3.11.*",
        "Channels https://conda.example/acme/label/bank https://conda.example/acme",
        "Signed by nobody: its origin is unknown",
    ):
        assert words in about


def test_channels_of_specifications_are_left_out() -> None:
    """The customer asks the folder for them, and no channel of the vendor's."""
    about = page(release(RECORDS, packages=["acme::app"]), RECORDS).sections["About this release"]
    assert "Asked for app Channels" in about


def test_signers_are_named() -> None:
    about = page(release(RECORDS, signers=(KEY,)), RECORDS).sections["About this release"]
    assert f"Signed by {KEY}" in about
    assert "nobody" not in about


@pytest.mark.parametrize("text", [">=3, Ω", *HOSTILE.values()])
def test_policy_and_what_it_let_pass(text: str) -> None:
    plain = release(RECORDS)
    request = replace(plain.request, policy={"packages": {"deny": [text]}})
    decisions = (
        Decision(LIB[0], "packages", text, text, "legal", "2027-03-31"),
        Decision(APP[0], "licenses", "none is stated"),
    )
    read = page(replace(plain, request=request, decisions=decisions), RECORDS)
    stated = json.dumps({"deny": [text]}, ensure_ascii=False)
    assert " ".join(f"packages: {stated}".split()) in read.sections["About this release"]
    first = f"{LIB[0]} packages: {text}. Allowed until 2027-03-31 by legal: {text}"
    expected = f"{first} {APP[0]} licenses: none is stated"
    assert read.sections["What the policy let pass"] == " ".join(expected.split())
    assert "What the policy let pass" not in page(plain, RECORDS).sections


def test_packages_of_earlier_releases_and_of_the_plugins_channel() -> None:
    old = entry("lib", "0.9")
    plugin = entry("conda-offline-repo-base", subdir="plugin/noarch")
    records = dict((APP, LIB, PYTHON, old, plugin))
    kept = Kept("2025-12-31T00:00:00Z", "0" * 64, {"linux-64": (old[0], PYTHON[0])})
    manifest = release(records, {"linux-64": tuple(RECORDS)}, release=3, releases={2: kept})
    read = page(manifest, records)
    assert read.packages["lib of release 2"][0] == "0.9"
    assert read.packages["python"][-1] == "app, lib"
    assert read.packages["conda-offline-repo-base"][2] == "plugin/noarch"
    about = read.sections["About this release"]
    assert "Earlier releases in this folder 2 of 2025-12-31 00:00:00 UTC" in about


def test_changes() -> None:
    older, gone = entry("lib", "0.9"), entry("gone")
    before = dict((APP, older, gone))
    last = release(before, release=4)
    read = page(release(RECORDS, release=5), RECORDS, last)
    assert read.sections["Changes"] == (
        "Since release 4 of 2026-01-02 03:04:05 UTC : linux-64: 1 updated, 1 new, 1 gone "
        "lib 0.9 → 1.0 python 3.11.0 new gone 1.0 gone"
    )
    assert page(last, before).sections["Changes"] == "This is the first release."
    again = page(release(before, release=5), before, last)
    assert again.sections["Changes"] == "It installs the same as release 4."


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_others_wrote_is_text(text: str) -> None:
    plain = page(release(RECORDS), RECORDS)
    hostile = {key: text for key in ("name", "version", "build", "license", "summary")}
    records = {**RECORDS, LIB[0]: {**LIB[1], **hostile}}
    manifest = release(records)
    request = replace(manifest.request, packages=("app <3",), channels=(text,))
    read = page(replace(manifest, request=request, created=text), records)

    def outline(one: object) -> list[tuple[str, list[str]]]:
        assert isinstance(one, type(read))
        return sorted(
            (tag, sorted(names)) for tag, names in one.tags if tag not in ("code", "dd", "i")
        )

    assert outline(read) == outline(plain)
    shown = " ".join(text.split())
    (row,) = (row for row in read.tables[-1] if shown in row[0])
    assert row == [f"{shown} {shown}", shown, shown, "noarch", shown, "2.0 MB", row[-1]]
    assert read.inside == plain.inside


def test_characters_that_hide_others_are_shown() -> None:
    records = {LIB[0]: {**LIB[1], "license": "MIT\u202eLPG", "summary": "\ud800 \x1b[2J"}}
    (cells,) = page(release(records), records).packages.items()
    assert cells[0] == r"lib asked for \ud800 \x1b[2J"
    assert cells[1][3] == r"MIT\u202eLPG"


@pytest.mark.parametrize("odd", [None, 7, ["x"], {"a": "b"}])
def test_odd_values_are_no_obstacle(odd: object) -> None:
    records = {LIB[0]: {**LIB[1], "license": odd, "summary": odd, "depends": odd}}
    ((name, cells),) = page(release(records), records).packages.items()
    assert (name, cells[3]) == ("lib asked for", "" if odd is None else str(odd))


def test_endless_texts_are_cut() -> None:
    records = {LIB[0]: {**LIB[1], "license": "x" * 10**6, "summary": "y " * 10**6}}
    assert len(page(release(records), records).content) < 20_000


def test_entry_that_is_missing() -> None:
    with pytest.raises(ManifestError, match=r"linux-64.repodata\.json"):
        page(release(RECORDS), dict((LIB, PYTHON)))


def test_same_bytes_whatever_the_order() -> None:
    manifest = release(RECORDS, packages=["app"])
    turned = dict(reversed(RECORDS.items()))
    packages = dict(reversed([*manifest.packages.items()]))
    first, second = page(manifest, RECORDS), page(replace(manifest, packages=packages), turned)
    assert first.content == second.content
    assert CREATED.encode() in first.content


def test_policy_lets_in_its_own_style_and_script_and_no_more() -> None:
    for read in (
        page(release(RECORDS), RECORDS),
        type(page(release(RECORDS), RECORDS))(
            render.overview([render.ListedLabel.of("bank/", release(RECORDS))])
        ),
    ):
        (policy,) = (
            str(attributes["content"])
            for tag, attributes in read.tags
            if attributes.get("http-equiv") == "Content-Security-Policy"
        )
        hashes = {}
        for kind, contents in read.inside.items():
            (content,) = contents
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            hashes[kind] = f"'sha256-{digest}'"
        assert [part.strip() for part in policy.split(";")] == [
            "default-src 'none'",
            f"style-src {hashes['style']}",
            f"script-src {hashes['script']}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
        for tag, attributes in read.tags:
            assert not {*attributes} & {"src", "style"}, tag
            assert not any(name.startswith("on") for name in attributes), tag
            assert "://" not in str(attributes.get("href")), tag
