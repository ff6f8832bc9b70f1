"""Where a server sends a build, and what it writes into its headers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.gateways.connection.session import get_session

from conda_offline_repo._conda.exceptions import RefusedAddressError
from conda_offline_repo._conda.network.sessions import without_retries
from conda_offline_repo.builder.exceptions import ChannelUnavailableError, DownloadError
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.files.atomic import partial
from conda_offline_repo.repository.publication.staging import staging_folder
from dev.upstream.server import ChannelServer
from tests.support import sharded
from tests.support.inside import inside
from tests.support.running import plain_url
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.tiny import TinyPackage

LOGIN = ("engineer", "pa:ss@wo/rd")
TOKEN = "tk-redirected-53cret"


class Site:
    """A channel with `app`, its server, another server, and who builds."""

    def __init__(self, folder: Path, me: Inside) -> None:
        self.folder = folder
        self.me = me
        self.channel = TinyChannel(folder / "served" / "public")
        self.app = self.channel.add("app")
        self.channel.write()
        (folder / "other").mkdir()
        self.server = ChannelServer(folder / "served")
        self.other = ChannelServer(folder / "other")

    @property
    def url(self) -> str:
        return f"{self.server.url}/public"

    def build(self, url: str = "") -> None:
        options = self.me.options("app", channels=(url or self.url,))
        # the classic solver installs nothing without a size
        self.me.build(replace(options, customer_solvers=("libmamba", "rattler")))

    def redirect(self, path: str, location: str, times: int | None = None) -> None:
        self.server.fault(path, "status", status=302, headers={"Location": location}, times=times)

    def served_by(self, server: ChannelServer, package: TinyPackage) -> Path:
        """Put an archive where the other server, or this one under another path, has it."""
        root = self.folder / ("other" if server is self.other else "served")
        path = root / "pool" / package.file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(package.path.read_bytes())
        return path

    def published(self) -> bool:
        return (self.me.root / "bank" / self.app.at).exists()

    def unvouched(self) -> None:
        """Let the index state no digest of `app`."""
        for key in ("md5", "sha256"):
            self.app.record.pop(key, None)
        self.channel.write()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with inside(tmp_path / "me") as me:
        site = Site(tmp_path, me)
        with site.server, site.other:
            yield site


@pytest.mark.parametrize("vouched", [True, False], ids=["digest", "no digest"])
@pytest.mark.parametrize("scheme", ["file://", "FILE://", "file:", "ftp://h", "s3://h", "data:,"])
def test_archive_is_not_taken_from_anywhere_but_the_network(
    site: Site, scheme: str, vouched: bool
) -> None:
    """The file that is meant is even the right one."""
    if not vouched:
        site.unvouched()
    path = plain_url(site.app.path).removeprefix("file://")
    site.redirect(site.app.file, f"{scheme}{path}")
    with pytest.raises(
        DownloadError, match=r"noarch/app-1\.0-0\.conda: .* which is refused[\s\S]*Tell who runs"
    ):
        site.build()
    assert not site.published()


@pytest.mark.parametrize("hops", [1, 3])
def test_redirect_after_redirects_is_refused_too(site: Site, hops: int) -> None:
    for number in range(hops):
        site.redirect(f"/hop{number}", f"/hop{number + 1}")
    site.redirect(f"/hop{hops}", plain_url(site.app.path))
    site.redirect(site.app.file, "/hop0")
    with pytest.raises(DownloadError, match="redirects it to file://"):
        site.build()


@pytest.mark.parametrize(
    "location", ["http://[", "http://h:99999999/x", "http://", "//", "http://h:port/", "\xff\xfe"]
)
def test_redirect_to_no_address_fails_the_package(site: Site, location: str) -> None:
    site.redirect(site.app.file, location)
    with pytest.raises(DownloadError, match=r"noarch/app-1\.0-0\.conda: the server "):
        site.build()
    assert not site.published()


def test_redirects_without_end_fail_the_package(site: Site) -> None:
    site.redirect(site.app.file, f"/public/{site.app.at}")
    with pytest.raises(DownloadError, match=r"redirects it more than 10 times[\s\S]*Tell who runs"):
        site.build()


@pytest.mark.parametrize("where", ["same server", "relative", "other server"])
def test_redirect_on_the_network_is_followed(site: Site, where: str) -> None:
    server = site.other if where == "other server" else site.server
    path = site.served_by(server, site.app)
    location = "/pool/" if where == "relative" else f"{server.url}/pool/"
    site.redirect(f"noarch/{site.app.file}", f"{location}{path.name}?signature=a%20b")
    site.build()
    assert site.published()
    requested = [request.path for request in server.requests if "/pool/" in request.path]
    assert requested == [f"/pool/{path.name}?signature=a%20b"]


def test_login_goes_on_to_the_same_server_only(site: Site, tmp_path: Path) -> None:
    with ChannelServer(tmp_path / "served", basic={"public": LOGIN, "pool": LOGIN}) as closed:
        path = site.served_by(closed, site.app)
        site.served_by(site.other, site.app)
        secret = closed.url.replace("://", "://engineer:pa%3Ass%40wo%2Frd@")
        for number, target in enumerate((f"/pool/{path.name}", f"{closed.url}/pool/{path.name}")):
            closed.clear_faults()
            closed.fault(f"noarch/{path.name}", "status", status=307, headers={"Location": target})
            site.me.build(
                site.me.options("app", channels=(f"{secret}/public",), label=f"bank{number}")
            )
            assert len(closed.packages()) == 1 + number
            shutil.rmtree(
                site.me.root / f"bank{number}"
            )  # or the next one would take it from there
        closed.clear_faults()
        target = f"{site.other.url}/pool/{path.name}"
        closed.fault(f"noarch/{path.name}", "status", status=307, headers={"Location": target})
        site.build(f"{secret}/public")
    assert site.published()
    (request,) = site.other.requests
    assert "authorization" not in request.headers


@pytest.mark.parametrize("form", ["json", "zst", "shards"])
@pytest.mark.parametrize("scheme", ["file", "ftp", "data"])
def test_index_is_not_taken_from_anywhere_but_the_network(
    site: Site, form: str, scheme: str
) -> None:
    """The files of another channel of this machine are even an index."""
    private = TinyChannel(site.folder / "private")
    private.add("app", "9.0")
    private.zst = form == "zst"
    private.write()
    name = "repodata.json"
    if form == "zst":
        site.channel.zst = True
        site.channel.write()
        name = "repodata.json.zst"
    elif form == "shards":
        sharded.shard(private)
        sharded.shard(site.channel)
        name = "repodata_shards.msgpack.zst" if sharded.SHARDS else name
    for subdir in ("noarch", "linux-64"):
        local = private.folder / subdir / name
        location = f"{scheme}:,{{}}" if scheme == "data" else f"{scheme}://{local}"
        site.redirect(f"{subdir}/{name}", location)
    with pytest.raises(RefusedAddressError, match=r"/public/\S+ refers to '\w+:"):
        site.build()
    assert not site.me.root.exists()


@pytest.mark.parametrize("location", ["http://[", "http://h:99999999/", "\xff"])
def test_index_that_is_redirected_to_no_address(site: Site, location: str) -> None:
    site.redirect("noarch/repodata.json", location)
    with pytest.raises(OfflineRepoError, match=site.url):
        site.build()
    assert not site.me.root.exists()


def test_index_that_is_redirected_without_end(site: Site) -> None:
    site.redirect("noarch/repodata.json", f"{site.url}/noarch/repodata.json")
    with pytest.raises(OfflineRepoError, match=site.url):
        site.build()
    assert not site.me.root.exists()


def test_index_may_be_redirected_on_the_network(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "other" / "index"
    target.mkdir()
    (target / "repodata.json").write_bytes(
        (site.channel.folder / "noarch" / "repodata.json").read_bytes()
    )
    site.redirect("noarch/repodata.json", f"{site.other.url}/index/repodata.json")
    site.build()
    assert site.published()


@pytest.mark.parametrize("base", ["file:///etc", "file:", "ftp://h/x", "s3://h/x", "data:,x"])
def test_base_url_to_anywhere_but_the_network_is_refused(site: Site, base: str) -> None:
    site.channel.info = {"base_url": base}
    site.channel.write()
    with pytest.raises(OfflineRepoError) as caught:
        site.build()
    assert site.url in str(caught.value)
    assert not site.server.packages()
    assert not site.me.root.exists()


def test_base_url_to_the_archives_themselves_as_files_is_refused(site: Site) -> None:
    site.channel.info = {"base_url": (site.channel.folder / "noarch").as_uri()}
    site.channel.write()
    with pytest.raises(RefusedAddressError, match="refers to 'file://.* which is refused"):
        site.build()
    assert not site.me.root.exists()


@pytest.mark.parametrize("base", ["http://[", "http://h:99999999/x", 5, ["x"], "http://h\x1b[2J/"])
@pytest.mark.parametrize("local", [False, True], ids=["http", "file"])
def test_unreadable_base_url_is_told(site: Site, base: object, local: bool) -> None:
    site.channel.info = {"base_url": base}
    site.channel.write()
    url = site.channel.folder.as_uri() if local else site.url
    with pytest.raises(OfflineRepoError) as caught:
        site.build(url)
    assert url in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert not site.me.root.exists()


def test_local_channel_may_have_its_archives_in_another_folder(site: Site) -> None:
    pool = site.folder / "pool"
    pool.mkdir()
    site.app.path.rename(pool / site.app.file)
    site.channel.info = {"base_url": pool.as_uri()}
    site.channel.write()
    site.build(site.channel.folder.as_uri())
    assert site.published()


def test_base_url_on_plain_http_gets_no_login_of_an_encrypted_channel() -> None:
    from conda_offline_repo.builder.upstream.repodata import _base_url

    url = "https://me:secret@h/t/tk-1/c/noarch"
    assert _base_url(url, "http://h/pool/noarch") == "http://h/pool/noarch"
    assert _base_url(url, "https://h:8443/pool/noarch") == "https://h:8443/pool/noarch"
    assert _base_url(url, "https://H:443/pool") == "https://me:secret@H:443/t/tk-1/pool"


@pytest.mark.parametrize("vouched", [True, False], ids=["digest", "no digest"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "²"},
        {"Content-Length": "-5"},
        {"Content-Length": "many"},
        {"Content-Length": "9" * 5000},
        {"Content-Length": ""},
        {"Content-Range": "bytes ²-3/4"},
        {"Content-Type": "\x1b[31m"},
        {"Retry-After": "²", "Location": "http://["},
    ],
    ids=lambda headers: next(iter(headers.items()))[1][:8] or "none",
)
def test_odd_headers_of_a_good_answer(site: Site, headers: dict[str, str], vouched: bool) -> None:
    if not vouched:
        site.unvouched()
    site.server.fault(site.app.file, "odd", headers={**headers, "Connection": "close"})
    site.build()
    assert site.published()


@pytest.mark.parametrize("length", ["1", "999999999"])
def test_wrong_length_fails_the_package(site: Site, length: str) -> None:
    site.unvouched()
    site.server.fault(
        site.app.file, "odd", headers={"Content-Length": length, "Connection": "close"}
    )
    with pytest.raises(OfflineRepoError, match=r"app-1\.0-0\.conda"):
        site.build()
    assert not site.published()


@pytest.mark.parametrize("content_range", ["bytes 0-9/10", "bytes ²-", "bytes */5", "lines 5-", ""])
def test_another_part_than_was_asked_for_is_not_appended(
    site: Site, tmp_path: Path, content_range: str
) -> None:
    staging = staging_folder(site.me.root / "bank")
    arriving = partial(staging / site.app.at)
    arriving.parent.mkdir(parents=True)
    staging.with_name(f"{staging.name}.lock").touch()
    arriving.write_bytes(site.app.path.read_bytes()[:100])
    site.server.fault(site.app.file, "odd", headers={"Content-Range": content_range}, times=1)
    site.build()
    assert (site.me.root / "bank" / site.app.at).read_bytes() == site.app.path.read_bytes()
    assert [r.range_start for r in site.server.requests if r.path.endswith(".conda")] == [100, None]


def test_record_that_names_a_file_elsewhere_is_taken_from_its_channel(site: Site) -> None:
    other = site.folder / "secret.conda"
    other.write_bytes(b"nothing to be published")
    site.app.record["url"] = other.as_uri()
    site.channel.write()
    site.build()
    assert site.server.packages() == [f"/public/{site.app.at}"]


def test_session_of_conda_is_left_as_it_was(site: Site) -> None:
    site.build()
    for subdir in ("noarch", "linux-64"):
        session = get_session(f"{site.url}/{subdir}")
        assert session.hooks == {"response": []}


def test_copy_of_a_session_differs_in_its_retries_alone(site: Site) -> None:
    url = f"{site.url}/noarch/{site.app.file}"
    session = get_session(url)
    retries = session.get_adapter(url).max_retries
    assert retries.total == context.remote_max_retries > 0
    copy: Any = without_retries(url)
    assert copy.get_adapter(url).max_retries.total == 0
    assert session.get_adapter(url).max_retries is retries
    assert {**vars(copy), "adapters": None} == {**vars(session), "adapters": None}
    assert [*copy.adapters] == [*session.adapters]
    mine, condas = (vars(each.get_adapter(url)) for each in (copy, session))
    assert {**mine, "max_retries": retries} == condas
    assert copy.get(url).content == site.app.path.read_bytes()


def test_unreachable_channel_is_told_as_one(site: Site) -> None:
    site.server.stop()
    with pytest.raises(ChannelUnavailableError, match="cannot be reached"):
        site.build()
