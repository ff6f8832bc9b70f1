"""A login for an index, by each way of uv and pip: it opens the index, and leaves nowhere."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from conda_offline_repo.builder.credentials import credentials
from tests.builder.test_secrets import decoded
from tests.support.index import served
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel
from tests.test_redaction import forms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.index import Index
    from tests.support.inside import Inside
    from tests.support.running import Conda, Finished

USER, PASSWORD = "anna-canary-x", "p4ss/w:rd@c4nary+x"
#: For a file of netrc, which has no way to write all of them.
PLAIN = "netrc-c4n4ry-pw"
WAYS = (
    "environment.yml",
    "option",
    "default",
    "named",
    "extra",
    "pages",
    "pip",
    "pip.conf",
    "uv",
    "netrc",
)
LOUD = ("-v", "-v", "-v")


@dataclass
class Vendor:
    """A release engineer, a channel with Python, and an index that wants a login."""

    conda: Conda
    channel: TinyChannel
    index: Index
    root: Path
    password: str

    @property
    def secret_url(self) -> str:
        return self.index.url_with(USER, self.password)

    def settings(self, way: str) -> tuple[list[str | Path], dict[str, str]]:
        """What names the index in one way: arguments, and variables of the process."""
        variables = {"PIP_CONFIG_FILE": "/dev/null", "UV_NO_CONFIG": "1"}
        variables["UV_HTTP_RETRIES"] = "0"
        work = self.conda.work
        request: list[str | Path] = ["python", "--pip", "foo"]
        if way == "environment.yml":
            lines = ["dependencies: [python, pip, {pip: ['--index-url ${INDEX}', foo]}]"]
            (work / "environment.yml").write_text("\n".join(("name: x", *lines)))
            variables["INDEX"] = self.secret_url
            request = ["--environment-file", work / "environment.yml"]
        elif way == "option":
            request += ["--pip", "--index-url ${INDEX}"]
            variables["INDEX"] = self.secret_url
        elif way == "default":
            variables["UV_DEFAULT_INDEX"] = self.secret_url
        elif way == "named":
            variables |= {"UV_INDEX": f"corp-x={self.index.url}", "UV_INDEX_CORP_X_USERNAME": USER}
            variables |= {"UV_INDEX_CORP_X_PASSWORD": self.password}
            variables["UV_DEFAULT_INDEX"] = f"{self.index.server}/nothing/"
        elif way == "extra":
            variables |= {"UV_INDEX_URL": self.secret_url, "UV_EXTRA_INDEX_URL": self.secret_url}
        elif way == "pages":
            variables["UV_FIND_LINKS"] = f"{self.secret_url}foo/"
            variables["UV_DEFAULT_INDEX"] = f"{self.index.server}/nothing/"
        elif way == "pip":
            variables["PIP_INDEX_URL"] = self.secret_url
        elif way == "pip.conf":
            (work / "pip.conf").write_text(f"[global]\nindex-url = {self.secret_url}\n")
            variables["PIP_CONFIG_FILE"] = str(work / "pip.conf")
        elif way == "uv":
            del variables["UV_NO_CONFIG"]
            text = f'[[index]]\nname = "corp"\nurl = "{self.secret_url}"\ndefault = true\n'
            (work / "uv.toml").write_text(text)
            variables["UV_CONFIG_FILE"] = str(work / "uv.toml")
        else:
            variables["UV_DEFAULT_INDEX"] = self.index.url
            netrc = self.conda.home / ".netrc"
            netrc.write_text(f"machine 127.0.0.1 login {USER} password {self.password}\n")
            netrc.chmod(0o600)
        return request, variables

    def build(self, way: str, *arguments: str | Path) -> Finished:
        request, variables = self.settings(way)
        channel = ("-c", self.channel.folder.as_uri(), "--override-channels", "--no-label-channel")
        options = ("--label", "bank", "--root", self.root, "--platform", "linux-64", *channel)
        return self.conda.execute(
            "offline-repo", "build", *options, *request, *arguments, **variables
        )

    def leaks(self, told: Finished) -> list[str]:
        """Where something of the login stands, in what was printed or published."""
        texts = {"stdout": told.stdout, "stderr": told.stderr}
        for path in (*self.root.glob("*.*"), *self.root.glob("bank/**/*")):
            if path.is_file():
                texts[path.name] = decoded(path).decode(errors="replace")
        return [f"{where}: {s}" for where, text in texts.items() for s in self.seen(text)]

    def seen(self, text: str) -> list[str]:
        """What of the login stands in a text."""
        basic = base64.b64encode(f"{USER}:{self.password}".encode()).decode().rstrip("=")
        return [s for s in (*forms(self.password), *forms(USER), basic) if s in text]

    def has_built(self) -> bool:
        return [*self.root.glob("bank/noarch/foo-1.0-py_*.conda")] != []


@pytest.fixture
def vendor(request: pytest.FixtureRequest, conda: Conda, tmp_path: Path) -> Iterator[Vendor]:
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "foo", "1.0")
    channel = TinyChannel(tmp_path / "channel")
    channel.add("python", "3.12.4", build="0_cpython", subdir="linux-64")
    channel.add("pip", "25.0")
    channel.write()
    conda.variables["UV_CACHE_DIR"] = str(tmp_path / "uv")
    parameters = getattr(request.node, "callspec", None)
    password = PLAIN if parameters and parameters.params.get("way") == "netrc" else PASSWORD
    with served(wheels, (USER, password)) as index:
        yield Vendor(conda, channel, index, tmp_path / "root", password)


@pytest.mark.parametrize("mode", [LOUD, ("--json",)], ids=["log", "json"])
@pytest.mark.parametrize("way", WAYS)
def test_login_opens_the_index_and_leaves_nowhere(
    vendor: Vendor, way: str, mode: tuple[str, ...]
) -> None:
    built = vendor.build(way, *mode)
    assert built.status == 0, built
    assert vendor.has_built()
    assert vendor.leaks(built) == []
    shown = vendor.conda.run("offline-repo", "show", vendor.root / "bank", "--json")
    assert vendor.leaks(shown) == []
    wheels = [header for path, header in vendor.index.requests if path.endswith(".whl")]
    assert any(wheels), "nothing was asked for with the login"


@pytest.mark.parametrize("way", WAYS)
def test_wheel_with_the_login_in_it_is_refused(vendor: Vendor, way: str) -> None:
    text = f"[distutils]\npassword = {vendor.password}\n"
    write_wheel(vendor.index.folder, "foo", "1.0", files={"foo/pypirc": text})
    refused = vendor.build(way)
    assert refused.status == 1
    assert "holds a credential" in refused.stderr, refused
    assert vendor.leaks(refused) == []
    assert not (vendor.root / "bank").exists()


@pytest.mark.parametrize("mode", [LOUD, ("--json",)], ids=["log", "json"])
@pytest.mark.parametrize("fault", ["password", "unknown", "no wheel", "refused", "server"])
@pytest.mark.parametrize("way", ["environment.yml", "named", "pip.conf", "netrc"])
def test_what_goes_wrong_tells_no_login(
    vendor: Vendor, way: str, fault: str, mode: tuple[str, ...]
) -> None:
    if fault == "password":
        vendor.password += "-wrong"
    elif fault == "unknown":
        (vendor.index.folder / "foo-1.0-py3-none-any.whl").unlink()
    elif fault == "no wheel":
        vendor.index.answers[".whl"] = ("404 Not Found", {}, "")
    elif fault == "refused":
        vendor.index.answers[".whl"] = ("403 Forbidden", {}, "")
    else:
        vendor.index.server = vendor.index.server.rpartition(":")[0] + ":9"
    failed = vendor.build(way, *mode)
    assert failed.status == 1
    assert "foo" in failed.output, failed
    assert vendor.leaks(failed) == []
    assert "ERROR REPORT" not in failed.output
    assert "channel" not in failed.output or mode == LOUD
    assert not (vendor.root / "bank").exists()


@pytest.mark.parametrize("way", ["default", "pip", "netrc"])
def test_no_other_server_gets_the_login(vendor: Vendor, tmp_path: Path, way: str) -> None:
    write_wheel(vendor.index.folder, "foo", "1.0", requires=["bar", "baz"])
    bar = write_wheel(vendor.index.folder, "bar", "1.0")
    (tmp_path / "elsewhere").mkdir()
    with served(tmp_path / "elsewhere") as other:
        write_wheel(other.folder, "bar", "1.0")
        baz = write_wheel(other.folder, "baz", "1.0")
        # netrc's login is for the host, whatever its port
        server = other.server.replace("127.0.0.1", "localhost") if way == "netrc" else other.server
        digest = hashlib.sha256(baz.read_bytes()).hexdigest()
        answers = vendor.index.answers
        answers[bar.name] = ("302 Found", {"Location": f"{server}/packages/{bar.name}"}, "")
        link = f'<a href="{server}/packages/{baz.name}#sha256={digest}">{baz.name}</a>'
        answers["/simple/baz/"] = ("200 OK", {"Content-Type": "text/html"}, link)
        built = vendor.build(way)
    assert built.status == 0, built
    assert {path.rpartition("/")[2] for path, _ in other.requests} >= {bar.name, baz.name}
    assert [request for request in other.requests if request[1]] == []


def test_login_of_another_server_of_wheels_leaves_nowhere(vendor: Vendor, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    foo = write_wheel(folder, "foo", "1.0", files={"foo/pypirc": f"password = {PLAIN}\n"})
    netrc = vendor.conda.home / ".netrc"
    netrc.write_text(f"machine localhost login {USER} password {PLAIN}\n")
    netrc.chmod(0o600)
    with served(folder, (USER, PLAIN)) as other:
        server = other.server.replace("127.0.0.1", "localhost")
        digest = hashlib.sha256(foo.read_bytes()).hexdigest()
        link = f'<a href="{server}/packages/{foo.name}#sha256={digest}">{foo.name}</a>'
        vendor.index.answers["/simple/foo/"] = ("200 OK", {"Content-Type": "text/html"}, link)
        refused = vendor.build("default")
    assert refused.status == 1
    assert "holds a credential" in refused.stderr, refused
    assert PLAIN not in refused.output


@pytest.mark.parametrize("way", WAYS)
def test_description_of_a_label_has_no_login(vendor: Vendor, way: str) -> None:
    file = vendor.conda.work / "offline-repo.yml"
    written = vendor.build(way, "--write-config", "--file", file)
    assert written.status == 0, written
    assert vendor.seen(written.output + file.read_text()) == []
    again = vendor.conda.execute("offline-repo", "build", "--file", file, **vendor.settings(way)[1])
    assert again.status == 0, again
    assert vendor.has_built()
    assert vendor.leaks(again) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PIP_PROXY", "http://{}@proxy.example.com:3128"),
        ("HTTPS_PROXY", "http://{}@proxy.example.com:3128"),
        ("UV_INDEX", "a=https://a.example.com/simple b=https://{}@b.example.com/simple"),
        ("UV_FIND_LINKS", "https://a.example.com/x/,https://{}@b.example.com/y/"),
        ("PIP_EXTRA_INDEX_URL", "https://a.example.com/simple https://{}@b.example.com/simple"),
        ("PIP_FIND_LINKS", "https://a.example.com/x/ https://{}@b.example.com/y/"),
    ],
)
def test_logins_of_settings_are_known(
    me: Inside, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    options = me.options("python", channels=("https://conda.example.com/acme",))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert PASSWORD not in credentials(options).values
    monkeypatch.setenv(variable, value.format(f"{USER}:{quote(PASSWORD, safe='')}"))
    known = credentials(options)
    assert PASSWORD in known.values
    assert USER in known.logins
