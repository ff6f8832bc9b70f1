#!/usr/bin/env bash
# What conda unpacks has the permissions of the umask, whatever the folder's default ACL says.
#
# Where a folder has a default ACL, the system gives new files its permissions and leaves the umask
# out; so one conda is shared by several administrators and their users. conda-package-streaming,
# which unpacks for conda, then sets the permissions of each file once more: the archive's, less the
# umask as it was when the module was imported (`TarfileNoSameOwner.chmod`). With umask 077, nobody
# else can read what is unpacked there, and a second administrator's conda fails over it in the
# package cache. Folders, which archives of conda do not list, have the permissions of the ACL.
#
# Seen with conda-package-streaming 0.13.0. Needs Linux, and a file system with ACLs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    conda-package-streaming==0.13.0
mkdir "$folder/cache" "$folder/tree" "$folder/tree/info" "$folder/tree/lib"
cd "$folder"
echo '{"name": "a", "version": "1", "build": "0"}' >tree/info/index.json
echo module >tree/lib/module.py
chmod 644 tree/info/index.json tree/lib/module.py
tar -cjf a-1-0.tar.bz2 -C tree info/index.json lib/module.py
umask 077
"$folder/venv/bin/python" - <<'PY'
import os
import struct
import sys
from pathlib import Path

from conda_package_streaming.extract import extract

# as `setfacl -d -m u::rwx,g::rwx,o::rx cache`, see linux/posix_acl_xattr.h
entries = ((0x01, 7), (0x04, 7), (0x20, 5))
acl = b"".join(struct.pack("<HHI", tag, rights, 0xFFFFFFFF) for tag, rights in entries)
os.setxattr("cache", "system.posix_acl_default", struct.pack("<I", 2) + acl)
Path("cache", "plain").write_text("plain")
extract("a-1-0.tar.bz2", "cache/a")
seen = {
    path: oct(Path("cache", path).stat().st_mode & 0o777)
    for path in ("plain", "a/lib", "a/lib/module.py")
}
print(seen)
sys.exit(seen != {"plain": "0o664", "a/lib": "0o775", "a/lib/module.py": "0o600"})
PY
