"""`use --check`: whether an environment has what `use` would bring it to."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda import CondaError
from conda.base.context import context

from conda_offline_repo._conda.transactions import read_again
from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.customer.check import Checked, check
from conda_offline_repo.customer.exceptions import EnvironmentMissingError
from conda_offline_repo.customer.request import UseRequest
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.manifest import MANIFEST_NAME, NEXT_NAME
from conda_offline_repo.specs import parse_spec
from dev.upstream.server import ChannelServer
from tests.cli.test_cost import observe
from tests.support.inside import Inside, inside
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, publish
from tests.support.proposals import split
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from typing import Any

    from tests.support.mirror import Mirror
    from tests.support.running import Conda, Finished

VENDOR = SigningKey("vendor")
SITE = "Lib/site-packages" if sys.platform == "win32" else "lib/python3.11/site-packages"
#: What would be loaded for a solver.
OF_SOLVERS = ("libmambapy", "rattler", "conda_rattler_solver", "conda_libmamba_solver", "pycosat")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two environments, with three releases: `lib` stays with the third, and `tool` is gone."""
    folder = tmp_path_factory.mktemp("vendor")
    channel = TinyChannel(folder / "channel")
    channel.add("pip")
    channel.add("python", "3.11.9", depends=["pip"], files={f"{SITE}/README.txt": "here"})
    for number in (1, 2, 3):
        lib = min(number, 2)
        modules = {f"{SITE}/lib-{lib}.0.dist-info/{name}": "x" for name in ("METADATA", "RECORD")}
        modules[f"{SITE}/lib/_vendor/other-1.0.dist-info/METADATA"] = "as setuptools has them"
        channel.add("lib", f"{lib}.0", depends=["python"], files=modules)
        channel.add("app", f"{number}.0", depends=["lib"])
        channel.add("tool", f"{number}.0", subdir=PLATFORM)
        channel.write()
        environments = (
            EnvironmentSpec("risk", ("app", *(["tool"] if number != 3 else []))),
            EnvironmentSpec("trade", ("lib",)),
        )
        with inside(folder / f"me{number}") as me:
            engineer = Inside(me.conda, folder / "root")
            options = engineer.options(
                channels=(channel.folder.as_uri(),), platforms=(PLATFORM,), keep=3
            )
            engineer.build(replace(options, environments=environments))
    return folder / "root" / "bank"


@pytest.fixture
def bank(kept: Path, tmp_path: Path) -> Path:
    return shutil.copytree(kept, tmp_path / "share" / "bank")


@pytest.fixture
def prefix(me: Inside) -> Path:
    return me.conda.envs / "rating"


def state_of(user: Conda) -> dict[str, object]:
    """All that a user has, but for temporary files."""
    paths = snapshot(user.folder).items()
    return {path: content for path, content in paths if not path.startswith("scratch")}


def ask(place: Path, prefix: Path, *packages: str, **more: Any) -> Checked:
    """The answer, asked in this process."""
    read_again(prefix)
    specs = tuple(map(parse_spec, packages))
    return check(UseRequest(path=place, prefix=prefix, packages=specs, **more))


def why(place: Path, prefix: Path, *packages: str, **more: Any) -> list[tuple[str, str]]:
    """The reasons, each with its kind."""
    answer = ask(place, prefix, *packages, **more)
    assert bool(answer.next) <= bool(answer.why)
    return [(reason.kind, reason.text) for reason in answer.why]


def kinds(place: Path, prefix: Path, *packages: str, **more: Any) -> list[str]:
    return [kind for kind, _ in why(place, prefix, *packages, **more)]


def checked(customer: Conda, place: object, *options: object, **variables: str) -> Finished:
    return customer.execute("offline-repo", "use", "--check", place, *options, **variables)


def test_from_nothing_to_the_newest_release(customer: Conda, bank: Path) -> None:
    """The commands that it proposes lead there, and it changes nothing itself."""
    told = ["-n", "rating", "--environment", "risk"]
    before = state_of(customer)
    answer = checked(customer, bank, *told)
    assert (answer.status, answer.stderr) == (3, "")
    assert f"The environment {customer.envs / 'rating'} does not exist.\n" in answer.stdout
    assert state_of(customer) == before
    customer.use(bank, *told[:2], "--release", 2, "--environment", "risk", "--yes")
    before = state_of(customer)
    answer = checked(customer, bank, *told)
    assert (answer.status, answer.stderr) == (3, "")
    first, *_, command, _ = answer.stdout.split("\n")
    assert first == "The environment has release 2, not 3."
    assert checked(customer, bank, *told, "--quiet").output == ""
    content = checked(customer, bank, *told, "--json").json
    assert (content["success"], content["current"], content["release"]) == (False, False, 3)
    assert content["have"] == {"label": "bank", "path": str(bank), "release": 2, "mixed": False}
    assert content["wants"] == {"label": "bank", "release": 3, "environment": "risk"}
    assert [reason["kind"] for reason in content["why"]] == ["behind"]
    assert content["next"] == [command.strip()]
    assert state_of(customer) == before
    customer.run(*split(content["next"][0])[1:], "--yes")
    answer = checked(customer, bank, *told)
    assert (answer.status, answer.stderr) == (0, "")
    assert answer.stdout == f"The environment {customer.envs / 'rating'} has release 3 of bank.\n"
    answer = checked(customer, bank, *told, "--quiet")
    assert (answer.status, answer.output) == (0, "")
    content = checked(customer, bank, *told, "--json").json
    assert (content["current"], content["why"], content["next"]) == (True, [], [])


def test_releases_environments_and_packages(me: Inside, bank: Path, prefix: Path) -> None:
    me.conda.use(bank, "-p", prefix, "--yes")
    assert why(bank, prefix) == [("empty", "No package of release 3 is installed.")]
    assert kinds(bank, prefix, "app") == ["empty"]
    me.conda.use(bank, "-p", prefix, "--release", 2, "--environment", "risk", "--yes")
    assert not why(bank, prefix, release=2, environment="risk")
    assert kinds(bank, prefix, release=1, environment="risk") == ["ahead"]
    assert kinds(bank, prefix) == kinds(bank, prefix, release=3, environment="risk") == ["behind"]
    assert why(bank, prefix, release=2, environment="trade") == [
        ("changed", "Not in release 2: app 2.0, tool 2.0")
    ]
    assert why(bank, prefix, release=9, environment="risk")[0][1].startswith(f"{bank} does not hav")
    assert kinds(bank, prefix, release=9, environment="risk") == ["not-installable"]
    with pytest.raises(EnvironmentMissingError):
        ask(bank, prefix, release=2)
    with pytest.raises(InvalidRequestError, match="take no packages"):
        ask(bank, prefix, "app", release=2)
    # `lib` is what the newest release has, too, and what is older is not asked for
    assert not why(bank, prefix, "lib")
    assert not why(bank, prefix, "app=2")
    assert not why(bank, prefix, "app<3")
    assert kinds(bank, prefix, "app") == kinds(bank, prefix, "app>=2") == ["behind"]
    assert why(bank, prefix, "app=3") == [("incomplete", "Not installed: app=3")]
    me.conda.run("update", "-p", prefix, "--yes", "app")
    assert not why(bank, prefix, "app", "lib")
    me.conda.run("remove", "-p", prefix, "--yes", "--force", "lib")
    assert kinds(bank, prefix, "app") == ["incomplete"]
    assert ("incomplete", "Not installed: lib") in why(bank, prefix)


def test_changed_by_hand(me: Inside, bank: Path, prefix: Path, tmp_path: Path) -> None:
    use = ("use", bank, "-p", prefix, "--release", 3, "--environment", "risk", "--yes")
    asked: dict[str, Any] = {"release": 3, "environment": "risk"}
    me.conda.run("offline-repo", *use)
    me.conda.run("config", "--file", prefix / ".condarc", "--set", "offline", "false")
    assert kinds(bank, prefix, **asked) == ["changed"]
    me.conda.run("offline-repo", *use)
    # a comment, and settings that do not matter here, change nothing
    me.conda.run("config", "--file", prefix / ".condarc", "--set", "quiet", "false")
    assert not why(bank, prefix, **asked)
    channel = TinyChannel(tmp_path / "elsewhere")
    channel.add("evil", "6.6")
    channel.add("app", "3.0", files={"share/app.txt": "another"})
    channel.write()
    plain = {"CONDA_NO_PLUGINS": "true", "CONDA_SOLVER": "classic"}
    strange = ("--override-channels", "-c", channel.folder, "--no-deps", "--yes")
    me.conda.run("install", "-p", prefix, *strange, "evil", "app", **plain)
    texts = ("Not as in release 3: app 3.0", "Not in release 3: evil 6.6")
    expected = [("changed", text) for text in texts]
    assert why(bank, prefix, **asked) == why(bank, prefix) == why(bank, prefix, "app") == expected
    assert ask(bank, prefix).next[0].endswith(f"-p {prefix} --environment risk")
    me.conda.run(*split(ask(bank, prefix, "app").next[0])[1:], "--yes")
    assert not why(bank, prefix, "app")


def test_what_pip_does(me: Inside, bank: Path, prefix: Path, tmp_path: Path) -> None:
    """conda's own list deletes the record of what pip has replaced; this does not."""
    pytest.importorskip("uv", reason="uv is not installed")
    me.conda.use(bank, "-p", prefix, "--environment", "risk", "--yes")
    assert not why(bank, prefix, environment="risk")
    shutil.rmtree(prefix / SITE / "lib-2.0.dist-info")
    wheels = [write_wheel(tmp_path, name, "7.0") for name in ("lib", "more")]
    options = ("--offline", "--no-deps", "--no-cache", "--quiet", "--target", prefix / SITE)
    uv = ("-m", "uv", "pip", "install", *map(str, options), *map(str, wheels))
    subprocess.run([sys.executable, *uv], env=me.conda.variables, check=True)
    before = snapshot(prefix)
    for asked in ((), ("app",)):
        added, gone = why(bank, prefix, *asked)
        uninstall = f"`conda run -p {prefix} python -m pip uninstall --yes lib more`"
        assert added == ("changed", f"Installed by pip: lib 7.0, more 7.0. First: {uninstall}")
        remove = f"`conda remove -p {prefix} --force lib`"
        assert gone == ("changed", f"Changed by pip: lib. First: {remove}")
    assert ask(bank, prefix, environment="risk").next[0].endswith(f"{prefix} --environment risk")
    assert snapshot(prefix) == before


def test_old_release_is_not_kept(me: Inside, mirror: Mirror, stick: Path, prefix: Path) -> None:
    me.conda.use(stick, "-p", prefix, "app", "extra", "--yes")
    assert not why(stick, prefix)
    mirror.copy(3, stick)
    answer = ask(stick, prefix)
    assert answer.release == 1
    assert [reason.kind for reason in answer.why] == ["behind"]
    me.conda.run("update", "-p", prefix, "--yes", "app")
    assert {*kinds(stick, prefix)} == {"behind"}
    me.conda.use(stick, "-p", prefix, "--release", 3, "--yes")
    assert not why(stick, prefix)
    mirror.copy(2, stick)
    assert kinds(stick, prefix) == ["ahead"]
    assert kinds(stick, prefix, allow_older=True) == ["ahead"]
    assert ask(stick, prefix).next == ()


def test_other_folder_label_or_nothing(
    me: Inside, mirror: Mirror, stick: Path, prefix: Path, tmp_path: Path
) -> None:
    me.conda.run("create", "-p", prefix, "--yes")
    assert kinds(stick, prefix) == ["unused", "empty"]
    (tmp_path / "file").write_text("")
    assert kinds(stick, tmp_path / "file") == ["missing", "not-installable"]
    me.conda.use(stick, "-p", prefix, "app", "--yes")
    shutil.copy(mirror.builds[2] / MANIFEST_NAME, stick / NEXT_NAME)
    answer = checked(me.conda, stick, "-p", prefix)
    assert (answer.status, answer.stdout[-23:]) == (0, "has release 1 of bank.\n")
    assert f"warning: A publication of {stick} is under way" in answer.stderr
    assert checked(me.conda, stick, "-p", prefix, "--json").json["warnings"]
    (stick / NEXT_NAME).unlink()
    moved = tmp_path / "elsewhere" / "bank"
    shutil.copytree(stick, moved)
    assert why(moved, prefix) == [
        ("unused", f"The environment {prefix} uses {stick}, not {moved}.")
    ]
    assert not why(stick.parent, prefix)  # the only one below
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    publish(tmp_path / "other", channel, "app", root=stick.parent, label="plant")
    assert not why(stick.parent, prefix)  # the one that it uses
    assert kinds(stick.parent, prefix, label="plant") == ["other-label"]
    status = checked(me.conda, stick.parent, "-n", "new").status
    assert status == 1  # which label is meant is not clear
    (stick / MANIFEST_NAME).write_text("{")
    answer = checked(me.conda, stick, "-p", prefix, "--json")
    assert (answer.status, answer.json["exception_name"]) == (1, "ManifestError")
    shutil.rmtree(stick)
    assert checked(me.conda, stick, "-p", prefix).status == 1
    mirror.copy(1, stick)
    (prefix / "conda-meta" / "offline-repo").write_text("{")
    assert checked(me.conda, stick, "-p", prefix).status == 1


def test_what_use_refuses(me: Inside, bank: Path, prefix: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"environment": "risk"}
    me.conda.use(bank, "-p", prefix, "--environment", "risk", "--yes")
    policy = tmp_path / "policy.yml"
    policy.write_text("policy:\n  packages:\n    deny: [app]\n")
    assert kinds(bank, prefix, policy=str(policy), **asked) == ["not-installable"]
    answer = checked(me.conda, bank, "-p", prefix, *("--platform", "osx-64"), "--json")
    assert (answer.status, answer.json["why"][0]["kind"]) == (3, "not-installable")
    assert why(bank, prefix, "app", "no") == [("not-installable", f"{bank} does not have no.")]
    # of a kept release, and of none
    assert why(bank, prefix, "app=1") == [("incomplete", "Not installed: app=1")]
    unknown = ("lib[build_number=4]", "app=9")
    text = f"{bank} does not have {', '.join(unknown)}."
    assert why(bank, prefix, *unknown) == [("not-installable", text)]
    index = bank / "noarch" / "repodata.json"
    content = index.read_bytes()
    index.write_bytes(b"{}")  # as while a release is published
    assert kinds(bank, prefix, *unknown) == ["incomplete"]
    index.write_bytes(content)
    frozen = prefix / "conda-meta" / "frozen"
    frozen.write_text("{}")
    assert not why(bank, prefix, **asked)
    assert kinds(bank, prefix, release=2, environment="risk")[1:] == ["ahead", "not-installable"]
    frozen.unlink()
    sign(bank, VENDOR)
    assert kinds(bank, prefix, **asked) == ["not-installable"]  # of the same number, and other
    trusted: dict[str, Any] = {"allow_older": True, **asked}
    assert "is not trusted yet" in why(bank, prefix, **trusted)[0][1]
    trusted["trusted"] = (VENDOR.fingerprint,)
    new = ask(bank, prefix, **trusted)
    expected = f"does not expect release 3 to be signed by {VENDOR.fingerprint} yet."
    assert [(r.kind, r.text[-len(expected) :]) for r in new.why] == [("behind", expected)]
    me.conda.run(*split(new.next[0])[1:])
    assert not why(bank, prefix, **asked)


def test_options_stay_in_what_is_proposed(
    me: Inside, mirror: Mirror, stick: Path, prefix: Path
) -> None:
    me.conda.use(stick, "-p", prefix, "app", "--yes")
    (prefix / ".condarc").unlink()
    assert ask(stick, prefix, "app").next[0].endswith(f" -p {prefix} app")
    (command,) = ask(mirror.copy(2, stick), prefix, "app", allow_older=True, exempt=True).next
    assert command.endswith(f" -p {prefix} app --allow-older --no-exclude-newer")


def test_pin_that_keeps_use_from_the_newest(me: Inside, bank: Path, prefix: Path) -> None:
    me.conda.use(bank, "-p", prefix, "--environment", "risk", "--release", "2", "--yes")
    (prefix / "conda-meta" / "pinned").write_text("app 2.*\n")
    answer = checked(me.conda, bank, "-p", prefix, "app")
    assert answer.status == 3
    assert "sets a pin (app 2.*): it excludes app 3.0 of this release" in answer.stderr
    assert checked(me.conda, bank, "-p", prefix, "tool").stderr == ""
    # an exact release is installed whatever is pinned
    answer = checked(me.conda, bank, "-p", prefix, "--environment", "risk")
    assert (answer.status, answer.stderr) == (3, "")


def test_base_that_nobody_has_named(me: Inside, bank: Path, prefix: Path) -> None:
    """What is proposed would take all packages away there."""
    answer = ask(bank, Path(context.root_prefix))
    assert answer.why[0].kind == "unused"
    assert answer.next == ()
    assert ask(bank, prefix.with_name("trade")).next[0].endswith(" --environment trade")


def test_record_that_cannot_be_read(me: Inside, bank: Path, prefix: Path) -> None:
    record = prefix / "conda-meta" / "app-1.0-0.json"
    record.mkdir(parents=True)
    with pytest.raises(CondaError, match="cannot be read") as raised:
        check(UseRequest(path=bank, prefix=prefix))
    assert str(record) in str(raised.value)


def test_other_machine(me: Inside, prefix: Path, root: Path, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", depends=["__cuda >=99"])
    machine = (f"{PLATFORM}:__cuda=99",)
    folder = publish(tmp_path / "vendor", channel, "app", root=root, virtual_packages=machine)
    assert kinds(folder, prefix, release=1) == ["missing", "not-installable"]


def test_of_a_server_the_manifest_and_its_signature_alone(
    customer: Conda, stick: Path, mirror: Mirror
) -> None:
    sign(stick, VENDOR)
    with ChannelServer(stick.parent) as server:
        url, named = f"{server.url}/bank", ("-n", "rating")
        customer.use(url, *named, "app", "--trust", VENDOR.fingerprint, "--yes")
        server.clear()
        before = state_of(customer)
        assert checked(customer, url, *named).status == 0
        assert {request.path.rpartition("/")[2] for request in server.requests} <= {
            *(MANIFEST_NAME, f"{MANIFEST_NAME}.sig", NEXT_NAME)
        }
        assert checked(customer, url, "-n", "other").status == 3
        assert state_of(customer) == before
        sign(mirror.copy(2, stick), VENDOR)
        answer = checked(customer, url, *named, "app=2", "--json")  # conda's cache has release 1
        assert (answer.status, answer.json["why"][0]["kind"]) == (3, "incomplete")
        assert state_of(customer) == before


def test_nothing_is_loaded_or_made(customer: Conda, bank: Path) -> None:
    """No solver, and no home, profile or folder for environments is needed."""
    customer.use(bank, "-n", "rating", "--environment", "trade", "--yes")
    before = state_of(customer)
    modules, opened = observe(
        customer, ("offline-repo", "use", "--check", str(bank), "-n", "rating")
    )
    assert not {name.partition(".")[0] for name in modules} & {*OF_SOLVERS}
    assert not [path for path in opened if path.endswith((".conda", ".tar.bz2", "repodata.json"))]
    assert state_of(customer) == before


def test_contradictions(customer: Conda, bank: Path) -> None:
    answer = customer.execute("offline-repo", "use", bank, "--check", "--undo")
    assert (answer.status, answer.stdout) == (2, "")
    assert "not allowed with" in answer.stderr
    assert customer.execute("offline-repo", "use", "--check").status == 2
    assert json.loads(checked(customer, bank, "-n", "a", "--dry-run", "--json").stdout)["why"]
