#!/usr/bin/env bash
# fsspec's walk(on_error="raise") raises for the first folder alone: a folder below it that cannot be
# listed passes for an empty one.
#
# The argument is not handed on to the folders below, in the walk of file systems and in that of
# asynchronous ones: what walks a tree to know all of it leaves out files without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check fsspec==2026.9.0
"$folder/venv/bin/python" - <<'PY'
import fsspec
from fsspec.implementations.memory import MemoryFileSystem


class Closed(MemoryFileSystem):
    """One folder of it may not be listed."""

    cachable = False
    closed = ""

    def ls(self, path, detail=True, **options):
        if self._strip_protocol(path) == self.closed:
            raise PermissionError(13, "Permission denied", path)
        return super().ls(path, detail=detail, **options)


system = Closed()
system.pipe_file("/top/a", b"1")
system.pipe_file("/top/below/b", b"2")
system.closed = "/top"
try:
    list(system.walk("/top", on_error="raise"))
except PermissionError as error:
    print(f"fsspec {fsspec.__version__}: /top closed: {error.strerror}")
else:
    raise SystemExit("it does not raise for the first folder")
system.closed = "/top/below"
found = [(folder, files) for folder, _, files in system.walk("/top", on_error="raise")]
print(f"fsspec {fsspec.__version__}: /top/below closed: {found}")
assert found == [("/top", ["a"])], "the behaviour has changed"
PY
