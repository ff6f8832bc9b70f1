"""Deliveries to real servers, where these are installed; see `tests.support.stores`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fsspec")

from conda_offline_repo.delivery.plan import Terms
from conda_offline_repo.delivery.remote.connect import open_store
from conda_offline_repo.delivery.remote.deliver import deliver
from conda_offline_repo.delivery.remote.exceptions import StoreError
from conda_offline_repo.delivery.source import from_folder
from conda_offline_repo.files.hashing import hash_bytes
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.publication.exceptions import ForeignFolderError
from tests.support.delivering import files
from tests.support.stores import KEY, PASSWORD, SERVERS

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.delivery.deliver import Outcome
    from conda_offline_repo.delivery.remote.store import Store
    from tests.support.mirror import Mirror


def send(source: Path, store: Store, **options: bool) -> Outcome:
    return deliver(from_folder(locate_one(source)), store, Unwatched(), Terms(**options))


def content(store: Store) -> dict[str, bytes]:
    return {name: store.read(name) or b"" for name in store.sizes()}


@pytest.mark.parametrize("protocol", SERVERS)
def test_releases_arrive(
    protocol: str, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with SERVERS[protocol](folder, monkeypatch) as url:
        for number in (1, 2, 3):
            send(mirror.builds[number], open_store(url))
            assert content(open_store(url)) == files(mirror.builds[number])
        assert not send(mirror.builds[3], open_store(url)).plan.changes
        # large files go in parts, and one that turns out to be wrong is not seen
        monkeypatch.setattr("conda_offline_repo.delivery.remote.send.LARGE", 10)
        source = mirror.copy(3, tmp_path / "source")
        (large,) = source.glob("noarch/lib-1.1*")
        store, name = open_store(url), f"noarch/{large.name}"
        store.delete(name)
        right = large.read_bytes()
        large.write_bytes(right[:-1] + b"?")
        with pytest.raises(Exception, match="is damaged"):
            send(source, store)
        assert not [found for found in store.sizes() if "lib-1.1" in found]
        large.write_bytes(right)
        send(source, store)
        assert content(store) == files(source)
        foreign = open_store(f"{url}-2")
        foreign.write("thesis.txt", b"mine", hash_bytes(b"mine").sha256)
        with pytest.raises(ForeignFolderError):
            send(source, foreign)
        if headers := _headers(store, "noarch/repodata.json"):
            assert headers == ("application/json", "no-cache")


def _headers(store: Store, name: str) -> tuple[str, str] | None:
    """The content's type, and what caches are told, where a store has them."""
    system, path = store.system, f"{store.root}/{name}"
    if store.shown.startswith("s3:"):
        bucket, _, key = path.partition("/")
        head = system.call_s3("head_object", Bucket=bucket, Key=key)
        return head["ContentType"], head["CacheControl"]
    info = system.info(path)
    if settings := info.get("content_settings"):
        return settings["content_type"], settings["cache_control"]
    return (info["contentType"], info["cacheControl"]) if "contentType" in info else None


@pytest.mark.parametrize("protocol", SERVERS)
def test_errors_in_plain_words(
    protocol: str, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with SERVERS[protocol](folder, monkeypatch) as url:
        if protocol in ("s3", "az", "smb"):
            absent = url.replace("bucket", "nowhere").replace("share", "nowhere")
            with pytest.raises(StoreError, match=r"nowhere/bank.*does not exist") as error:
                send(mirror.builds[1], open_store(absent))
            assert PASSWORD not in str(error.value)
        if protocol == "az":
            text = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
            monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text.replace(KEY, f"x{KEY[1:]}"))
        elif protocol == "s3":
            monkeypatch.delenv("AWS_ACCESS_KEY_ID")
            monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
            monkeypatch.setenv("HOME", str(tmp_path))
            monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        elif protocol == "sftp":
            known = folder / "home" / ".ssh" / "known_hosts"
            lines = known.read_text()
            known.write_text("")
            with pytest.raises(StoreError, match="the key of the host is unknown"):
                open_store(url)
            known.write_text(lines)
            (folder / "home" / ".ssh" / "id_ed25519").unlink()
        elif protocol == "smb":
            import smbclient

            smbclient.reset_connection_cache()  # it asks for no password again
            url = url.replace(PASSWORD, f"{PASSWORD}5")
        if protocol != "gs":
            with pytest.raises(StoreError, match="access is denied|no usable credentials") as error:
                send(mirror.builds[1], open_store(url))
            assert PASSWORD not in str(error.value)
    if protocol not in ("az", "gs"):  # Azure's and Google's own libraries try for minutes
        with pytest.raises(StoreError, match="not reached|no usable credentials"):
            send(mirror.builds[1], open_store(url))


def test_file_that_a_customer_has_open(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SERVERS["smb"](tmp_path, monkeypatch) as url:
        send(mirror.builds[1], open_store(url))
        store = open_store(url)
        reader = store.system.open(f"{store.root}/offline-repo.json", "rb")
        waited = []

        def wait(seconds: float) -> None:
            waited.append(seconds)
            reader.close()

        monkeypatch.setattr("conda_offline_repo.delivery.remote.store.time.sleep", wait)
        send(mirror.builds[2], store)
        assert waited
        assert content(store) == files(mirror.builds[2])
