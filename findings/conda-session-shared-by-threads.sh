#!/usr/bin/env bash
# conda gives all threads one session for a URL, though its session is made to be one for each thread.
#
# `CondaSession` keeps an instance for each thread (its metaclass has a `threading.local`), as requests
# says nothing of sessions being safe to share. But `get_session(url)`, by which conda gets them, is
# remembered for the process by the URL alone: whoever asks for the same URL later, in whatever
# thread, gets the session of the thread that asked first. A hook or a header that is set "for this
# thread" is then set for all, and a session that was made while conda was offline stays so.
#
# Seen with conda 24.7.1, as conda-lock 4.0.3 carries it, and in conda 26.7.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check conda-lock==4.0.3
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PY'
import sys
from concurrent.futures import ThreadPoolExecutor

from conda_lock._vendor.conda import __version__
from conda_lock._vendor.conda.base.context import context
from conda_lock._vendor.conda.gateways.connection.session import CondaSession, get_session

context.__init__()
URL = "https://127.0.0.1/channel/noarch"
mine, own = get_session(URL), CondaSession()
with ThreadPoolExecutor(max_workers=1) as executor:
    other, others_own = executor.submit(lambda: (get_session(URL), CondaSession())).result()
print("conda", __version__)
print("CondaSession() in two threads:", "one session" if own is others_own else "two sessions")
print("get_session(URL) in two threads:", "one session" if mine is other else "two sessions")
sys.exit(own is others_own or mine is not other)
PY
