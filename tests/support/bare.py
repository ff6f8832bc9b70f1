"""A Linux without conda and without Python, and an installer of conda as constructor makes them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What constructor's shell installers do, in short: options, messages and exit statuses are theirs.
HEADER = r"""#!/bin/sh
#
# NAME:  Stand-in
# VER:   1.0
# PLAT:  @platform@
# MD5:   0

set -eu
unset CONDARC
THIS_PATH=$(cd "$(dirname "$0")"; pwd)/$(basename "$0")
PREFIX=$HOME/stand-in
BATCH=0
FORCE=0
while getopts "bifhkp:sumtc" x; do
    case "$x" in
        b) BATCH=1 ;;
        f | u) FORCE=1 ;;
        p) PREFIX="$OPTARG" ;;
        *) exit 1 ;;
    esac
done
if [ "$BATCH" = "0" ]; then
    cat <<'TERMS'
@license@
TERMS
    exit 2
fi
case "$PREFIX" in
    *\ * )
        printf "ERROR: Cannot install into directories with spaces\\n" >&2
        exit 1
        ;;
esac
if [ "$FORCE" = "0" ] && [ -e "$PREFIX" ]; then
    printf "ERROR: File or directory already exists: '%s'\\n" "$PREFIX" >&2
    exit 1
fi
mkdir -p "$PREFIX"
PREFIX=$(cd "$PREFIX"; pwd)
printf "PREFIX=%s\\n" "$PREFIX"
last_line=$(grep -anm 1 '^@@END_HEADER@@' "$THIS_PATH" | sed 's/:.*//')
mkdir -p "$PREFIX/install_tmp"
printf "Unpacking payload...\\n"
tail -n +$((last_line + 1)) "$THIS_PATH" | tar -xf - -C "$PREFIX"
grep -rlIF '@prefix@' "$PREFIX" | while read -r file; do
    sed -i "s#@prefix@#$PREFIX#g" "$file"
done
rm -rf "$PREFIX/install_tmp"
printf "installation finished.\\n"
exit 0
@@END_HEADER@@
"""
TERMS = "Do you accept the license terms? [yes|no]"
#: What a script of a shell may ask for on any Linux.
COMMANDS = (
    *("basename", "cat", "chmod", "cut", "dirname", "env", "grep", "head", "kill", "ls", "mkdir"),
    *("mv", "rm", "rmdir", "sed", "sha256sum", "sleep", "sort", "tail", "tar", "tr", "uname", "wc"),
)
NAMESPACES = (("unshare", "-mn"), ("unshare", "-Urmn"))


def isolation() -> tuple[str, ...] | None:
    """Return the command that runs another without a network; None if that cannot be done."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return None
    for command in NAMESPACES:
        probe = (*command, "chroot", "/", "mount", "--bind", "/dev", "/dev")
        if not subprocess.run(probe, capture_output=True).returncode:
            return command
    return None


def make_installer(prefix: Path, target: Path, platform: str = "linux-64", terms: str = "") -> Path:
    """Make an installer of a prefix with conda, which it unpacks where it is told.

    conda's own program is added to the prefix, which the conda of the tests may lack, and settings.
    """
    (prefix / ".condarc").write_text("solver: classic\nchannels: []\n")
    conda = prefix / "bin" / "conda"
    conda.write_text(
        f"#!{prefix}/bin/python\nimport sys\nfrom conda.cli import main\n"
        'if __name__ == "__main__":\n    sys.exit(main())\n'
    )
    conda.chmod(0o755)
    marks = {"platform": platform, "license": terms, "prefix": str(prefix)}
    header = re.sub("@([a-z]+)@", lambda match: marks[match[1]], HEADER)
    target.write_text(header)
    with target.open("ab") as file:
        subprocess.run(["tar", "-cf", "-", "-C", prefix, "."], stdout=file, check=True)
    return target


def make_bare(folder: Path, libraries_of: Iterable[Path]) -> Path:
    """Make the root of a Linux that has a shell, a few commands, and no more.

    Args:
        folder: Where it goes.
        libraries_of: Programs and libraries that will run there, whose own libraries it gets.
    """
    for name in ("bin", "dev", "tmp", "root", "media/stick", "proc"):
        (folder / name).mkdir(parents=True)
    programs = {name: Path(shutil.which(name) or "") for name in COMMANDS}
    programs["sh"] = Path(shutil.which("dash") or shutil.which("sh") or "").resolve()
    for name, path in programs.items():
        shutil.copy2(path, folder / "bin" / name)
    asked = [str(path) for path in (*programs.values(), *libraries_of)]
    linked = subprocess.run(["ldd", *asked], capture_output=True, text=True).stdout
    for library in {*re.findall(r"(?:=> )?(/\S+) \(0x", linked)}:
        if library.startswith(("/lib", "/usr")):
            target = folder / library.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(library, target)
    os.symlink("bin", folder / "sbin")
    return folder


def run_bare(root: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the shell in such a root, as its administrator, without a network.

    `media/stick` is mounted as sticks and CDs may be: nothing can be written or executed there.
    """
    namespace = isolation()
    assert namespace
    stick = root / "media" / "stick"
    setup = (
        f"mount --rbind /dev '{root}/dev' && mount --rbind /proc '{root}/proc' &&"
        f" mount --bind '{stick}' '{stick}' &&"
        f" mount -o remount,bind,ro,nosuid,nodev,noexec '{stick}' &&"
        f" exec chroot '{root}' /bin/sh -c \"$1\""
    )
    return subprocess.run(
        [*namespace, "sh", "-c", setup, "sh", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env={"PATH": f"/bin:{os.environ['PATH']}", "HOME": "/root", "LC_ALL": "C.UTF-8"},
        timeout=300,
    )
