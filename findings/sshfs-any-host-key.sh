#!/usr/bin/env bash
# sshfs connects to any host, whatever its key, unless it is told of known hosts.
#
# asyncssh, on which it stands, looks into ~/.ssh/known_hosts by default and refuses a host that is
# not there. sshfs gives it `known_hosts=None` in place of that, which turns the check off. With
# `known_hosts=()` sshfs does as asyncssh.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    sshfs==2026.8.0 asyncssh==2.24.1 fsspec==2026.9.0
HOME="$folder" "$folder/venv/bin/python" - <<'PY'
import asyncio
import threading
from importlib.metadata import version

import asyncssh
from sshfs import SSHFileSystem


class Server(asyncssh.SSHServer):
    """Lets everybody in."""

    def begin_auth(self, username):
        return False


ready, ports = threading.Event(), []


def serve():
    async def main():
        key = asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.create_server(
            Server, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=True
        )
        ports.append(server.get_port())
        ready.set()
        await asyncio.sleep(60)

    asyncio.run(main())


threading.Thread(target=serve, daemon=True).start()
ready.wait()
versions = f"sshfs {version('sshfs')}, asyncssh {version('asyncssh')}"


async def plain():
    async with asyncssh.connect("127.0.0.1", ports[0], username="me"):
        return "connected"


try:
    outcome = asyncio.run(plain())
except asyncssh.HostKeyNotVerifiable as error:
    outcome = f"refused: {error}"
print(f"{versions}: asyncssh by itself: {outcome}")
assert outcome.startswith("refused"), "asyncssh has changed"
by_default = SSHFileSystem("127.0.0.1", port=ports[0], username="me", skip_instance_cache=True)
print(f"{versions}: sshfs by default: connected, {len(by_default.ls('/', detail=False)) > 0=}")
try:
    SSHFileSystem(
        "127.0.0.1", port=ports[0], username="me", known_hosts=(), skip_instance_cache=True
    )
except asyncssh.HostKeyNotVerifiable as error:
    print(f"{versions}: sshfs with known_hosts=(): refused: {error}")
else:
    raise SystemExit("sshfs with known_hosts=() has changed")
PY
