"""What on the customer's machine does not fit a repository, or interferes with it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda import __version__ as conda_version
from conda.base.context import context, reset_context

from conda_offline_repo._conda import features
from conda_offline_repo.builder.request.customer import conda_versions
from conda_offline_repo.customer.diagnostics import PIP_VARIABLES, diagnose
from conda_offline_repo.repository.locate import Repository, locate_one
from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.remembered import Remembered
from tests.support.inside import inside
from tests.support.mirror import PLATFORM, publish
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conda_offline_repo.customer.configuration import Finding
    from tests.support.inside import Inside

PIP_FILE, PIP_FILES = (
    ("pip.ini", ("AppData/pip/pip.ini", "pip/pip.ini", "prefix"))
    if os.name == "nt"
    else ("pip.conf", (".pip/pip.conf", ".config/pip/pip.conf", "prefix"))
)


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    """The user, with nothing configured; environments are where conda has them by itself."""
    with inside(tmp_path / "me") as me, pytest.MonkeyPatch.context() as patch:
        for name in ("CONDA_ENVS_DIRS", "PROGRAMDATA", *PIP_VARIABLES):
            patch.delenv(name, raising=False)
        patch.setenv("APPDATA", str(me.conda.home / "AppData"))
        me.configure()
        yield me


@pytest.fixture
def prefix(me: Inside) -> Path:
    """An environment without packages."""
    prefix = me.conda.home / ".conda" / "envs" / "rating"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    return prefix


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository that takes nothing for granted."""
    request = Remembered(platforms=(PLATFORM,))
    manifest = Manifest("bank", 1, "2026-01-01T00:00:00Z", request, {}, {}, {}, {})
    return Repository(tmp_path / "X Y" / "bank", manifest)


def stating(repository: Repository, **packages: str) -> Repository:
    """The repository, built for a machine with these virtual packages."""
    request = replace(repository.manifest.request, virtual_packages={PLATFORM: packages})
    return replace(repository, manifest=replace(repository.manifest, request=request))


def having(patch: pytest.MonkeyPatch, packages: Mapping[str, tuple[str, str]]) -> None:
    """Let this machine have these virtual packages."""
    patch.setattr(features, "own_virtual_packages", lambda: packages)


def only(findings: tuple[Finding, ...], source: str, *words: str) -> str:
    """The text of the one finding, which has these words."""
    assert [finding.source for finding in findings] == [source]
    for word in words:
        assert word in findings[0].text
    return findings[0].text


def test_nothing_to_tell(me: Inside, prefix: Path, repository: Repository) -> None:
    assert diagnose(repository, prefix) == ()
    assert diagnose(repository, prefix / "absent") == ()


@pytest.mark.parametrize(
    ("own", "stated", "words"),
    [
        (("2.17", "0"), "2.28", ("__glibc", "2.17", "2.28", "--virtual-package __glibc=2.17")),
        (("2.28", "0"), "2.28", None),
        (("2.100", "0"), "2.28", None),
        (("0", "0"), "2.28", None),
        (None, "2.28", ("no __glibc", "2.28", "--virtual-package __glibc=")),
        (None, "2.28=0", ("no __glibc", "2.28")),
    ],
)
def test_virtual_packages(
    me: Inside,
    prefix: Path,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    own: tuple[str, str] | None,
    stated: str,
    words: tuple[str, ...] | None,
) -> None:
    having(monkeypatch, {"__glibc": own} if own else {})
    findings = diagnose(stating(repository, __glibc=stated), prefix)
    if words is None:
        assert findings == ()
    else:
        only(findings, "__glibc", *words)


@pytest.mark.parametrize(
    ("own", "stated", "fits"),
    [
        ("x86_64", "x86_64", True),
        ("skylake", "x86_64", True),
        ("x86_64", "x86_64_v3", False),
        ("haswell", "x86_64_v3", True),
        ("zen2", "skylake_avx512", False),
        ("of_next_year", "x86_64", True),
        ("x86_64", "of_next_year", True),
    ],
)
def test_processor(
    me: Inside,
    prefix: Path,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    stated: str,
    fits: bool,
) -> None:
    having(monkeypatch, {"__archspec": ("1", own)})
    findings = diagnose(stating(repository, __archspec=f"1={stated}"), prefix)
    if fits:
        assert findings == ()
    else:
        only(findings, "__archspec", own, stated)


def for_conda(
    repository: Repository, proved_with: tuple[str, ...] = (), **stated: object
) -> Repository:
    """The repository, built for customers with such a conda."""
    request = replace(repository.manifest.request, **stated)  # type: ignore[arg-type]
    proofs = dict.fromkeys(proved_with, "1.0")
    manifest = replace(repository.manifest, request=request, proved_with=proofs)
    return replace(repository, manifest=manifest)


def test_version_of_conda(me: Inside, prefix: Path, repository: Repository) -> None:
    own = conda_version.partition("+")[0]
    for versions in (">=24.7", "*", f"<1|>={own}"):
        assert diagnose(for_conda(repository, customer_conda=versions), prefix) == ()
    for versions in ("<24.7.1", ">=90", f"!={own}"):
        findings = diagnose(for_conda(repository, customer_conda=versions), prefix)
        text = only(findings, "conda", f"has conda {own}; the release is for conda {versions}.")
        proposed = text.partition("--customer-conda ")[2]
        assert conda_versions(proposed.strip("'\".")) == f"{versions}|{own}"


def test_solver_that_the_vendor_does_not_state(
    me: Inside, prefix: Path, repository: Repository
) -> None:
    findings = diagnose(for_conda(repository, customer_solvers=("other",)), prefix)
    own = context.solver
    text = only(findings, "solver", f"is for the solvers other, and not for {own}")
    assert "with --solver" not in text
    options = " ".join(f"--customer-solver {name}" for name in sorted(("other", own)))
    assert f"ask your vendor for a build with {options}." in text
    proven = for_conda(repository, (own,), customer_solvers=("other",))
    assert diagnose(proven, prefix) == findings


def test_solver_that_the_vendor_did_not_try(
    me: Inside, prefix: Path, repository: Repository
) -> None:
    own = context.solver
    stated = ("classic", own, "other")
    assert diagnose(for_conda(repository, (own, "other"), customer_solvers=stated), prefix) == ()
    findings = diagnose(for_conda(repository, ("other",), customer_solvers=stated), prefix)
    text = only(findings, "solver", f"is proved with other, and was not tried with {own}")
    assert "ask your vendor to build where it is installed." in text


def test_solver_to_choose_instead(me: Inside, prefix: Path, repository: Repository) -> None:
    me.configure(solver="other")
    usable = for_conda(repository, ("classic",), customer_solvers=("classic",))
    only(diagnose(usable, prefix), "solver", "choose classic with --solver, or ask your vendor")


def test_packages_of_other_platforms_do_not_matter(
    me: Inside, prefix: Path, repository: Repository
) -> None:
    other = "win-64" if PLATFORM != "win-64" else "linux-64"
    request = replace(
        repository.manifest.request, virtual_packages={other: {"__cuda": "99", "__glibc": "99"}}
    )
    manifest = replace(repository.manifest, request=request)
    assert diagnose(replace(repository, manifest=manifest), prefix) == ()


def test_overridden_virtual_package(
    me: Inside, prefix: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = {"linux": "__glibc", "osx": "__osx", "win": "__win"}[PLATFORM.partition("-")[0]]
    monkeypatch.setenv(f"CONDA_OVERRIDE_{name[2:].upper()}", "1.5")
    only(diagnose(stating(repository, **{name: "2.28"}), prefix), name, "1.5", "2.28")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"use_only_tar_bz2": True}, ("use_only_tar_bz2", ".conda", "remove it")),
        ({"repodata_fns": ["own.json", "repodata.json"]}, ("repodata_fns", "own.json", "first")),
    ],
)
def test_settings_of_the_user(
    me: Inside,
    prefix: Path,
    repository: Repository,
    settings: dict[str, object],
    words: tuple[str, ...],
) -> None:
    me.configure(**settings)
    if not hasattr(context, next(iter(settings))):
        assert diagnose(repository, prefix) == ()
        return
    condarc = str(me.conda.home / ".condarc")
    text = only(diagnose(repository, prefix), condarc, condarc, "What to do: ", *words)
    assert text.endswith(".")


def test_other_channels_do_not_matter(
    me: Inside, prefix: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """conda's commands leave them out: `hooks.channels`."""
    me.configure(channels=["defaults", "https://conda.example.com/main"])
    monkeypatch.setenv("CONDA_CHANNELS", "conda-forge")
    reset_context()
    assert diagnose(repository, prefix) == ()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("channels:  #!final\n  - tiny\n", ("channels #!final (tiny)", "does not see", "use")),
        ("channels: []  #!final\n", ("channels #!final", "does not see")),
        ("offline: false  #!final\n", ("offline #!final", "asks the network")),
        ("allowlist_channels: [tiny]\n", ("allowlist_channels (tiny)", "refuses", "add file://")),
        ("whitelist_channels: [tiny]\n", ("whitelist_channels (tiny)", "refuses")),
    ],
)
def test_what_hides_the_repository(
    me: Inside, prefix: Path, repository: Repository, lines: str, words: tuple[str, ...]
) -> None:
    condarc = me.conda.home / ".condarc"
    with condarc.open("a") as file:
        file.write(lines)
    reset_context()
    text = only(diagnose(repository, prefix), str(condarc), *words)
    for path in (repository.path, prefix):
        assert str(path) in text or "does not see" not in text
    assert only(diagnose(repository, prefix / "absent"), str(condarc))


@pytest.mark.parametrize("name", ["allowlist_channels", "denylist_channels"])
def test_list_of_channels_that_has_the_repository(
    me: Inside, prefix: Path, repository: Repository, name: str
) -> None:
    me.configure(**{name: [repository.channel, "tiny"]})
    findings = diagnose(repository, prefix)
    if name == "denylist_channels" and hasattr(context, name):
        only(findings, str(me.conda.home / ".condarc"), "denylist_channels", "refuses", "remove")
    else:
        assert findings == ()


def test_variable_that_goes_online(
    me: Inside, prefix: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_OFFLINE", "false")
    reset_context()
    only(diagnose(repository, prefix), "envvars", "offline", "asks the network")


@pytest.mark.parametrize("file", [".condarc", "condarc"])
def test_files_of_the_environment_itself(
    me: Inside, prefix: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """`use` replaces what is in its `.condarc`; the other one is read after that."""
    (prefix / file).write_text("channels: [conda-forge]  #!final\noffline: false\n")
    monkeypatch.setenv("CONDA_PREFIX", str(prefix))
    reset_context()
    findings = diagnose(repository, prefix)
    assert len(findings) == (file == "condarc")
    assert len(diagnose(repository, prefix.with_name("other"))) == 0


@pytest.fixture
def bank(tmp_path: Path) -> Repository:
    """A repository with `app` 1.0 and `lib` 1.0."""
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", depends=["lib"])
    channel.add("lib")
    return locate_one(
        publish(tmp_path / "engineer", channel, "app", root=tmp_path / "repositories")
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"disallowed_packages": ["lib", "other"]}, ("disallowed_packages", "install lib of")),
        ({"disallow": ["lib >=1", "app"]}, ("disallow", "app, lib")),
        ({"disallowed_packages": ["lib >1", "other"]}, None),
        ({"pinned_packages": ["lib >1", "app"]}, ("pinned_packages (lib >1)", "lib 1.0")),
        ({"pinned_packages": ["conda-forge::lib"]}, ("pinned_packages", "lib 1.0")),
        ({"pinned_packages": ["lib 1.*", "other 7"]}, None),
    ],
)
def test_settings_that_forbid_packages(
    bank: Repository,
    me: Inside,
    prefix: Path,
    settings: dict[str, list[str]],
    words: tuple[str, ...] | None,
) -> None:
    me.configure(**settings)
    findings = diagnose(bank, prefix)
    if words is None:
        assert findings == ()
    else:
        only(findings, str(me.conda.home / ".condarc"), *words)


def test_pins_of_the_environment(bank: Repository, me: Inside, prefix: Path) -> None:
    pins = prefix / "conda-meta" / "pinned"
    pins.write_text("# ours\n\napp ==1.0\nlib <1\nother 7\n")
    only(diagnose(bank, prefix), str(pins), "a pin (lib <1)", "lib 1.0")


def test_other_folders_of_environments(
    me: Inside, prefix: Path, repository: Repository, tmp_path: Path
) -> None:
    me.configure(envs_dirs=[str(tmp_path / "envs")])
    assert diagnose(repository, prefix) == ()
    other = tmp_path / "envs" / "rating"
    condarc = str(me.conda.home / ".condarc")
    only(
        diagnose(repository, other), condarc, str(tmp_path / "envs"), "leave out -n", f"-p {other}"
    )
    base = Path(context.root_prefix, "envs", "rating")
    assert diagnose(repository, base) == ()


@pytest.mark.parametrize("name", PIP_VARIABLES)
def test_pip_in_the_process_environment(
    me: Inside,
    prefix: Path,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, "https://user:secret@pypi.example.com/simple")
    text = only(diagnose(repository, prefix), name, name, "pip")
    assert "secret" not in text


@pytest.mark.parametrize("place", PIP_FILES)
@pytest.mark.parametrize("option", ["index-url", "extra-index-url", "find-links"])
def test_pip_in_a_file(
    me: Inside, prefix: Path, repository: Repository, place: str, option: str
) -> None:
    path = prefix / PIP_FILE if place == "prefix" else me.conda.home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[global]\n{option} = https://user:secret@pypi.example.com/%(x)s\n")
    text = only(diagnose(repository, prefix), str(path), str(path), "pip")
    assert "secret" not in text


@pytest.mark.parametrize(
    "text", ["", "[global]\ntimeout = 7\n", "nonsense", "[global]\nindex-url\n", "\0", "[a]\n[a]\n"]
)
def test_files_of_pip_without_an_address(
    me: Inside, prefix: Path, repository: Repository, text: str
) -> None:
    (prefix / PIP_FILE).write_text(text)
    assert diagnose(repository, prefix) == ()


def test_file_of_pip_in_another_encoding(me: Inside, prefix: Path, repository: Repository) -> None:
    (prefix / PIP_FILE).write_bytes("[global]\nindex-url = x\n".encode("utf-16"))
    assert diagnose(repository, prefix) == ()


def test_history_with_channels(me: Inside, prefix: Path, repository: Repository) -> None:
    record = {"build": "0", "build_number": 0, "channel": "conda-forge", "version": "1.0"}
    for name in ("app", "lib"):
        path = prefix / "conda-meta" / f"{name}-1.0-0.json"
        path.write_text(json.dumps({**record, "name": name, "fn": f"{name}-1.0-0.conda"}))
    history = prefix / "conda-meta" / "history"
    history.write_text(
        "==> 2026-01-01 00:00:00 <==\n"
        "# cmd: /opt/conda/bin/conda install conda-forge::app lib\n"
        "# conda version: 24.7.1\n"
        "+conda-forge/noarch::app-1.0-0\n"
        "# update specs: ['conda-forge::app', 'lib']\n"
    )
    only(diagnose(repository, prefix), str(history), "app", "conda-forge", "conda install app")


def test_history_without_channels(me: Inside, prefix: Path, repository: Repository) -> None:
    history = prefix / "conda-meta" / "history"
    history.write_text(
        "==> 2026-01-01 00:00:00 <==\n# cmd: conda install app\n# update specs: ['app']\n"
        "==> 2026-01-02 00:00:00 <==\n# cmd: conda remove app\n# remove specs: ['app']\n"
    )
    assert diagnose(repository, prefix) == ()


def test_all_of_it_at_once(
    me: Inside, prefix: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(monkeypatch, {})
    me.configure(allowlist_channels=["tiny"])
    monkeypatch.setenv("PIP_INDEX_URL", "https://pypi.example.com")
    findings = diagnose(stating(repository, __glibc="2.28", __cuda="12"), prefix)
    sources = [finding.source for finding in findings]
    assert sources == ["__cuda", "__glibc", str(me.conda.home / ".condarc"), "PIP_INDEX_URL"]
