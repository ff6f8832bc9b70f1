"""Repositories on servers: an environment that uses one by https, and a release published to S3."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tests.benchmarks import servers
from tests.benchmarks.contenders import LABEL
from tests.benchmarks.measure import Contender, Job
from tests.benchmarks.upstream import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.contenders import Bench


def use(bench: Bench) -> list[Contender]:
    return [
        Contender("use, by https", partial(_use_by_https, bench)),
        Contender("use, from the folder", partial(_use, bench)),
    ]


def store(bench: Bench) -> list[Contender]:
    return [
        Contender("sync to S3", partial(_sync, bench)),
        Contender("aws s3 sync", partial(_aws, bench)),
    ]


def _use(bench: Bench, folder: Path, repository: str | None = None, **variables: str) -> Job:
    """A new environment with all packages; each archive is checked and linked."""
    command, known, cwd = bench.conda(
        bench.user(folder),
        *("offline-repo", "use", repository or bench.repository, *bench.upstream.packages),
        *("-p", folder / "env", "--yes", "--quiet"),
    )
    return Job(command, {**known, **variables}, cwd)


def _use_by_https(bench: Bench, folder: Path) -> Job:
    root = bench.repository.parent
    url, certificate = bench.server("https", lambda: servers.https(root, bench.work / "nginx"))
    return _use(bench, folder, f"{url}/{LABEL}", CONDA_SSL_VERIFY=str(certificate))


def _sync(bench: Bench, folder: Path) -> Job:
    if find_spec("s3fs") is None:
        raise UnavailableError("sync to S3 needs s3fs: pip install s3fs")
    target, variables = _store(bench)
    user = bench.user(folder)
    job = Job(*bench.conda(user, "offline-repo", "sync", bench.repository, target, "--quiet"))
    return Job(job.command, {**job.variables, **variables}, job.cwd)


def _aws(bench: Bench, folder: Path) -> Job:
    """What a vendor would use instead."""
    servers.need("aws")
    target, variables = _store(bench)
    command = ("aws", "s3", "sync", "--only-show-errors", str(bench.repository), target)
    return Job(command, {**bench.user(folder).variables, **variables}, folder)


def _store(bench: Bench) -> tuple[str, dict[str, str]]:
    """A place in an empty store, and what its clients need to know."""
    url = bench.server("s3", servers.s3)
    servers.empty(url)
    variables = {**servers.S3_ACCOUNT, "AWS_ENDPOINT_URL": url}
    return f"s3://{servers.S3_BUCKET}/{LABEL}", variables
