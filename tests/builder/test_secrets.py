"""No secret leaves: not in files, not in output, not in logs, not in error reports."""

from __future__ import annotations

import base64
import bz2
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
import zstandard
from conda import CondaError

from conda_offline_repo.builder.exceptions import SecretFoundError
from conda_offline_repo.files.hashing import CHUNK
from conda_offline_repo.redaction import Secrets
from dev.upstream.server import ChannelServer
from tests.support.inside import HASTY
from tests.support.running import snapshot, tree
from tests.support.tiny import TinyChannel
from tests.test_redaction import forms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside
    from tests.support.running import Conda, Finished
    from tests.support.tiny import Format


@dataclass(frozen=True)
class Canaries:
    """The credentials of one test, each of which must not be seen anywhere."""

    token: str = "tk-c4n4ry-T0ken"
    user: str = "anna-canary-x"  # of a length that shifts what follows it in base64
    password: str = "p4ss/w:rd@c4nary+x"
    query: str = "sig-c4n4ry-0123456789"
    login: str = "tk-l0gin-c4n4ry"
    machine: str = "netrc-c4n4ry-pw"

    def forms(self) -> dict[str, str]:
        """All forms of all of them, each with the name of what it is."""
        names = {}
        for name in ("token", "password", "query", "login", "machine"):
            for form in forms(getattr(self, name)):
                names[form] = name
        for pair in (
            (self.user, self.password),
            (self.user, self.machine),
            (self.machine, "x-oauth-basic"),
        ):
            basic = base64.b64encode(":".join(pair).encode()).decode()
            names[basic.rstrip("=")] = "basic authorization"
        return names

    def seen(self, text: str) -> set[str]:
        return {name for form, name in self.forms().items() if form in text}


CANARIES = Canaries()


@dataclass(frozen=True)
class Sites:
    """Servers with private channels: `acme` behind the token, `vault` behind user and password."""

    server: ChannelServer
    acme: TinyChannel
    vault: TinyChannel
    public: TinyChannel

    def channels(self) -> tuple[str, ...]:
        """Options that name all channels, with all kinds of credentials."""
        user, password = quote(CANARIES.user, safe=""), quote(CANARIES.password, safe="")
        acme = f"{self.server.url}/t/{CANARIES.token}/acme"
        vault = f"{self.server.url.replace('://', f'://{user}:{password}@')}/vault"
        public = f"{self.server.url}/public?sig={quote(CANARIES.query)}"
        return ("-c", acme, "-c", vault, "-c", public, "--override-channels")


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    served = tmp_path / "served"
    acme, vault, public = (TinyChannel(served / name) for name in ("acme", "vault", "public"))
    acme.add("app", depends=["lib", "extra"])
    vault.add("lib", format="tar.bz2")
    public.add("extra")
    for channel in (acme, vault, public):
        channel.write()
    protect: dict[str, Any] = {
        "private": {"acme": CANARIES.token},
        "basic": {"vault": (CANARIES.user, CANARIES.password)},
    }
    with ChannelServer(served, **protect) as server:
        yield Sites(server, acme, vault, public)


def decoded(path: Path) -> bytes:
    """What a file holds, and what it holds when its compression is undone."""
    content = path.read_bytes()
    parts = [content, path.as_posix().encode()]
    if path.name.endswith(".tar.bz2"):
        parts.append(bz2.decompress(content))
    elif path.name.endswith(".conda"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                member = archive.read(name)
                if name.endswith(".zst"):
                    member = zstandard.ZstdDecompressor().stream_reader(member).read()
                parts.append(member)
    return b"\n".join(parts)


def leaks(*, told: Finished | None = None, folder: Path | None = None) -> dict[str, set[str]]:
    """Which credentials stand where."""
    places = {}
    if told:
        places["stdout"] = CANARIES.seen(told.stdout)
        places["stderr"] = CANARIES.seen(told.stderr)
    if folder and folder.exists():
        for path in folder.rglob("*"):
            if path.is_file():
                content = decoded(path).decode(errors="replace")
                places[path.relative_to(folder).as_posix()] = CANARIES.seen(content)
    return {where: names for where, names in places.items() if names}


def archives(folder: Path) -> list[str]:
    return [name for name in tree(folder) if name.endswith((".conda", ".tar.bz2"))]


ALL = ["noarch/app-1.0-0.conda", "noarch/extra-1.0-0.conda", "noarch/lib-1.0-0.tar.bz2"]
BUILD = ("offline-repo", "build", "--label", "bank", "--no-label-channel")
LOUD = ("-v", "-v", "-v", "-v")
MODES = pytest.mark.parametrize(
    "mode", [("-q",), LOUD, ("--json",), (*LOUD, "--json")], ids=["text", "log", "json", "json log"]
)
#: conda tells an error as JSON only without a log.
ERROR_MODES = pytest.mark.parametrize("mode", [LOUD, ("--json",)], ids=["log", "json"])


@MODES
def test_build_with_every_kind_of_credential(
    conda: Conda, root: Path, sites: Sites, mode: tuple[str, ...]
) -> None:
    result = conda.run(*BUILD, *sites.channels(), "--root", root, "app", *mode, **HASTY)
    assert archives(root / "bank") == ALL
    assert (len(result.stderr) > 1000) == ("-v" in mode), "no debug log, or an unwanted one"
    assert leaks(told=result, folder=root) == {}
    urls = json.loads((root / "bank" / "offline-repo.json").read_bytes())["request"]["channels"]
    assert urls == [f"{sites.server.url}/{name}" for name in ("acme", "vault", "public")]
    # the control: the server was told all of it, but for the query, which conda leaves out
    assert any(f"/t/{CANARIES.token}/" in r.path for r in sites.server.requests)
    assert any("authorization" in r.headers for r in sites.server.requests)


@pytest.mark.parametrize("way", ["option", "variable", "configured", "custom", "alias", "login"])
def test_build_with_a_token_by_each_way(
    conda: Conda, root: Path, sites: Sites, way: str, tmp_path: Path
) -> None:
    sites.acme.add("app")
    sites.acme.write()
    plain, secret = f"{sites.server.url}/acme", f"{sites.server.url}/t/{CANARIES.token}"
    arguments: tuple[str, ...] = ("-c", plain, "--override-channels")
    variables = dict(HASTY)
    if way == "option":
        arguments += ("--token", CANARIES.token)
    elif way == "variable":
        variables["CONDA_OFFLINE_REPO_TOKEN"] = CANARIES.token
    elif way == "configured":
        conda.configure(channels=[f"{secret}/acme"])
        arguments = ()
    elif way == "custom":
        conda.configure(custom_channels={"acme": secret})
        arguments = ("-c", "acme", "--override-channels")
    elif way == "alias":
        conda.configure(channel_alias=secret)
        arguments = ("-c", "acme", "--override-channels")
    else:
        # what `anaconda login` leaves
        folder = tmp_path / "anaconda" / "data"
        folder.mkdir(parents=True)
        (folder / f"{quote_plus(sites.server.url)}.token").write_text(CANARIES.token)
        variables["BINSTAR_CONFIG_DIR"] = str(folder.parent)
    result = conda.run(*BUILD, *arguments, "--root", root, "app", *LOUD, **variables)
    assert archives(root / "bank") == ["noarch/app-1.0-0.conda"]
    assert leaks(told=result, folder=root) == {}


@pytest.mark.parametrize("way", ["custom", "netrc", "NETRC", "token as user"])
def test_build_with_a_login_by_each_way(
    conda: Conda, tmp_path: Path, root: Path, sites: Sites, way: str
) -> None:
    pair = (CANARIES.user, CANARIES.machine)
    if way == "token as user":
        pair = (CANARIES.machine, "x-oauth-basic")
    variables = dict(HASTY)
    with ChannelServer(tmp_path / "served", basic={"vault": pair}) as server:
        arguments: tuple[str, ...] = ("-c", f"{server.url}/vault", "--override-channels")
        if way == "custom":
            address = server.url.replace("://", f"://{':'.join(pair)}@")
            conda.configure(custom_channels={"vault": address})
            arguments = ("-c", "vault", "--override-channels")
        elif way == "token as user":
            address = server.url.replace("://", f"://{':'.join(pair)}@")
            arguments = ("-c", f"{address}/vault", "--override-channels")
        else:
            netrc = conda.home / (".netrc" if way == "netrc" else "secrets.netrc")
            netrc.write_text(f"machine 127.0.0.1 login {pair[0]} password {pair[1]}\n")
            netrc.chmod(0o600)
            if way == "NETRC":
                variables["NETRC"] = str(netrc)
        options = (*BUILD, *arguments, "--root", root, "lib", *LOUD)
        result = conda.run(*options, **variables)
        assert archives(root / "bank") == ["noarch/lib-1.0-0.tar.bz2"]
        assert leaks(told=result, folder=root) == {}
        if way == "token as user":
            return  # what stands for a user may as well be a common word

        # and what comes with it is searched for it
        sites.vault.add("lib", "2.0", files={"etc/conf": f"password = {CANARIES.machine}\n"})
        sites.vault.write()
        result = conda.fail(*options, **variables)
        assert "noarch/lib-2.0-0.conda holds a credential" in result.stderr
        assert leaks(told=result) == {}
        assert archives(root / "bank") == ["noarch/lib-1.0-0.tar.bz2"]


def break_it(sites: Sites, fault: str) -> None:
    """Let a build from these sites end in one way or the other."""
    server, app = sites.server, sites.acme.packages["noarch/app-1.0-0.conda"]
    if fault.isdigit():
        server.fault("/repodata.json", "status", status=int(fault))
    elif fault == "package refused":
        server.fault(".conda", "status", status=403)
    elif fault == "package broken":
        server.fault(app.file, "status", status=502)
        server.fault(".tar.bz2", "wrong")
        server.fault("extra-1.0-0.conda", "reset")
    elif fault == "unsolvable":
        sites.acme.add("app", depends=["lib", "nowhere >=3"])
        sites.acme.write()
    elif fault in ("no JSON", "no object", "no names"):
        content = {
            "no JSON": '{"info": {"subdir": "noarch"}, "packages": ',
            "no object": '["a list"]',
            "no names": '{"info": {"subdir": "noarch"}, "packages.conda": {"x-1-0.conda": {}}}',
        }[fault]
        (sites.acme.folder / "noarch" / "repodata.json").write_text(content)
    elif fault == "hostile":
        record = sites.acme.packages["noarch/app-1.0-0.conda"].record
        content = json.dumps({"packages.conda": {"../../app-1.0-0.conda": record}})
        (sites.acme.folder / "noarch" / "repodata.json").write_text(content)
    else:
        assert fault == "server down"
        server.stop()


@ERROR_MODES
@pytest.mark.parametrize(
    "fault",
    [
        *("401", "403", "404", "500", "server down", "package refused", "package broken"),
        *("unsolvable", "no JSON", "no object", "no names", "hostile"),
    ],
)
def test_failing_build_tells_no_credential(
    conda: Conda, root: Path, sites: Sites, fault: str, mode: tuple[str, ...]
) -> None:
    break_it(sites, fault)
    channels = sites.channels()
    result = conda.execute(*BUILD, *channels, "--root", root, "app", *mode, **HASTY)
    assert result.status != 0
    assert leaks(told=result, folder=root) == {}
    assert not (root / "bank").exists()
    if "--json" in mode:
        assert result.json.get("success", False) is False


@ERROR_MODES
def test_wrong_credentials_are_not_told_either(
    conda: Conda, root: Path, sites: Sites, mode: tuple[str, ...]
) -> None:
    for right, wrong in ((CANARIES.token, "tk-wr0ng-c4n4ry"), (CANARIES.password, "wr0ng-c4n4ry")):
        channels = [
            channel.replace(right, wrong).replace(quote(right, safe=""), wrong)
            for channel in sites.channels()
        ]
        result = conda.fail(*BUILD, *channels, "--root", root, "app", *mode, **HASTY)
        assert wrong not in result.output
        assert leaks(told=result, folder=root) == {}
        assert not root.exists()


@ERROR_MODES
@pytest.mark.parametrize(
    "host", ["127.0.0.1:port", "[::1]:9", "[::1", "127.0.0.1:99999", "", "%zz"]
)
def test_url_that_is_none_is_not_told(
    conda: Conda, root: Path, host: str, mode: tuple[str, ...]
) -> None:
    url = f"http://{CANARIES.user}:{CANARIES.machine}@{host}/t/{CANARIES.token}/acme"
    arguments = ("-c", url, "--override-channels", "--token", CANARIES.login)
    result = conda.execute(*BUILD, *arguments, "--root", root, "app", *mode, **HASTY)
    assert result.status != 0
    assert leaks(told=result, folder=root) == {}


@ERROR_MODES
@pytest.mark.parametrize(
    "token", ["c4n4ry_s3cret", "c4n4ry.s3cret", "c4n4ry s3cret", "c4n4ry/s3cret"]
)
def test_token_that_conda_cannot_send_is_not_told_in_part(
    conda: Conda, root: Path, tmp_path: Path, token: str, mode: tuple[str, ...]
) -> None:
    """conda ends a token in a URL at the first character that is no letter, digit or hyphen."""
    channel = TinyChannel(tmp_path / "served" / "acme")
    channel.add("app")
    channel.write()
    with ChannelServer(tmp_path / "served", private={"acme": token}) as server:
        arguments = ("-c", f"{server.url}/acme", "--override-channels", "--token", token)
        result = conda.execute(*BUILD, *arguments, "--root", root, "app", *mode, **HASTY)
    assert "s3cret" not in result.output
    for path in root.rglob("*"):
        assert path.is_dir() or b"s3cret" not in decoded(path)
    if result.status == 0:
        assert archives(root / "bank") == ["noarch/app-1.0-0.conda"]


@ERROR_MODES
def test_crash_tells_no_credential(
    conda: Conda, root: Path, sites: Sites, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    """A solver of another plugin goes wrong in the middle, with a URL in its hands."""
    plugin = tmp_path / "broken_solver"
    plugin.mkdir()
    (plugin / "broken_solver.py").write_text(
        "from conda.plugins import hookimpl\n"
        "from conda.plugins.types import CondaSolver\n"
        "class Solver:\n"
        "    def __init__(self, prefix, channels, *args, **kwargs):\n"
        "        self.urls = [u for c in channels for u in c.urls(with_credentials=True)]\n"
        "    def solve_final_state(self, *args, **kwargs):\n"
        "        raise ZeroDivisionError(f'while reading {self.urls}')\n"
        "@hookimpl\n"
        "def conda_solvers():\n"
        "    yield CondaSolver(name='broken', backend=Solver)\n"
    )
    info = plugin / "broken_solver-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-solver\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[conda]\nbroken = broken_solver\n")
    result = conda.execute(
        *(*BUILD, *sites.channels(), "--root", root, "app", *mode, "--solver", "broken"),
        **{**HASTY, "PYTHONPATH": str(plugin)},
    )
    assert result.status != 0
    assert "ZeroDivisionError" in result.output
    assert leaks(told=result, folder=root) == {}
    assert not (root / "bank").exists()


def written(secret: str, form: str) -> str:
    return {
        "plain": secret,
        "quoted": quote(secret, safe=""),
        "base64": base64.b64encode(secret.encode()).decode(),
        "basic": base64.b64encode(f"{CANARIES.user}:{secret}".encode()).decode(),
    }[form]


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
@pytest.mark.parametrize("form", ["plain", "quoted", "base64", "basic"])
@pytest.mark.parametrize("place", ["payload", "metadata"])
def test_package_that_carries_a_secret_is_refused(
    me: Inside, sites: Sites, format: Format, form: str, place: str
) -> None:
    def options() -> Options:
        urls = tuple(url for url in sites.channels() if "://" in url)
        return me.options("lib", channels=urls)

    me.build(options())
    before = snapshot(me.root)
    filler = "".join(f"{number}\n" for number in range(20_000))
    text = f"{filler}url = http://u:{written(CANARIES.password, form)}@h/\n{filler}"
    path = "etc/pip.conf" if place == "payload" else "info/recipe/meta.yaml"
    carrier = sites.vault.add("lib", "2.0", files={path: text}, format=format)
    sites.vault.write()
    with pytest.raises(SecretFoundError) as caught:
        me.build(options())
    assert f"{carrier.at} holds a credential" in str(caught.value)
    assert not CANARIES.seen(str(caught.value))
    assert {k: v for k, v in snapshot(me.root).items() if k.startswith("bank")} == before

    # without the secret it goes out
    sites.vault.add("lib", "2.0", files={path: filler}, format=format)
    sites.vault.write()
    me.build(options())
    assert archives(me.root / "bank") == [carrier.at]


def test_attestations_that_carry_a_secret_are_refused(me: Inside, sites: Sites) -> None:
    file = sites.vault.add("lib", "2.0").attest(f'["{CANARIES.password}"]'.encode())
    sites.vault.write()
    urls = tuple(url for url in sites.channels() if "://" in url)
    with pytest.raises(SecretFoundError) as caught:
        me.build(me.options("lib", channels=urls))
    assert f"{file.name} holds a credential" in str(caught.value)
    assert not CANARIES.seen(str(caught.value))
    assert not (me.root / "bank").exists()


@pytest.mark.parametrize("place", [1, 2, len(CANARIES.password) // 2, len(CANARIES.password) - 1])
def test_secret_across_two_pieces_is_found(me: Inside, sites: Sites, place: int) -> None:
    """The first piece that is read of the archive's tar ends within the secret."""
    filler = "x" * (CHUNK - tarfile.BLOCKSIZE - place)
    sites.vault.add("lib", "2.0", files={"etc/big": f"{filler}{CANARIES.password}{filler}"})
    sites.vault.write()
    urls = tuple(url for url in sites.channels() if "://" in url)
    with pytest.raises(SecretFoundError, match="noarch/lib-2"):
        me.build(me.options("lib", channels=urls))
    assert not (me.root / "bank").exists()


@pytest.mark.parametrize("key", ["url", "x_note", "license"])
def test_entry_that_carries_a_secret_is_refused(me: Inside, sites: Sites, key: str) -> None:
    note = f"http://h/t/{CANARIES.token}/acme/noarch/lib-1.0-0.conda"
    sites.vault.add("lib", "2.0", record={key: note})
    sites.vault.write()
    urls = tuple(url for url in sites.channels() if "://" in url)
    with pytest.raises(SecretFoundError) as caught:
        me.build(me.options("lib", channels=urls))
    assert "noarch/repodata.json holds a credential" in str(caught.value)
    assert not CANARIES.seen(str(caught.value))
    assert not (me.root / "bank").exists()


def test_command_tells_which_package_carries_a_secret(
    conda: Conda, root: Path, sites: Sites
) -> None:
    sites.acme.add("app", "2.0", files={"bin/app": f"curl {CANARIES.token}"}, depends=["lib"])
    sites.acme.write()
    command = (*BUILD, *sites.channels(), "--root", root, "app")
    result = conda.fail(*command, *LOUD, **HASTY)
    assert "noarch/app-2.0-0.conda holds a credential" in result.stderr
    answer = conda.fail(*command, "--json", **HASTY)
    assert answer.json["exception_name"] == "SecretFoundError"
    assert leaks(told=result) == leaks(told=answer) == {}
    assert not (root / "bank").exists()


def test_helpers_see_what_they_look_for(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(f"x-{CANARIES.token}"))
    (tmp_path / "a.tar.bz2").write_bytes(bz2.compress(buffer.getvalue()))
    (tmp_path / "b.txt").write_text(quote(CANARIES.password, safe=""))
    with zipfile.ZipFile(tmp_path / "c.conda", "w") as archive:
        packed = zstandard.ZstdCompressor().compress(CANARIES.login.encode())
        archive.writestr("pkg-c.tar.zst", packed)
    assert leaks(folder=tmp_path) == {
        "a.tar.bz2": {"token"},
        "b.txt": {"password"},
        "c.conda": {"login"},
    }


def test_a_crash_inside_is_cleared_too(me: Inside, sites: Sites) -> None:
    from conda_offline_repo.redaction import confined

    secrets = Secrets(frozenset({CANARIES.token}))
    with pytest.raises(CondaError, match="ZeroDivisionError: http") as caught, confined(secrets):
        raise ZeroDivisionError(f"{sites.server.url}/t/{CANARIES.token}/acme")
    assert not CANARIES.seen(str(caught.value))
    with pytest.raises(CondaError) as conda_error, confined(secrets):
        raise CondaError("at %(url)s with 100%%", url=f"http://h/t/{CANARIES.token}/")
    assert not CANARIES.seen(str(conda_error.value))
    assert "100%" in str(conda_error.value)
