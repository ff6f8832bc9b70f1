"""`--log FILE`: what a support desk is sent."""

from __future__ import annotations

import io
import json
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.exceptions import CondaMultiError, DryRunExit

from conda_offline_repo.cli.log import run_logged
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.redaction import Secrets, confined

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running import Conda

SECRET = "pa55-0f-the-bank"
LINE = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ (.+)")
log = logging.getLogger("conda_offline_repo.test")


def lines(path: Path) -> list[str]:
    """What a log says, each line of it with a time."""
    matches = [LINE.fullmatch(line) for line in path.read_text("utf-8").splitlines()]
    assert all(matches), path.read_text("utf-8")
    return [match[1] for match in matches if match]


def told(path: Path, command: Callable[[], int]) -> list[str]:
    """What a log says of a command that has a secret, after how the command began."""
    with confined(Secrets(frozenset((SECRET,)))):
        run_logged(command, path)
    return lines(path)[2:]


def test_run_without_a_word_is_in_the_log(customer: Conda, copy: Path, tmp_path: Path) -> None:
    path = tmp_path / "şube" / "rating.log"
    path.parent.mkdir()
    options = ("-n", "rating", "app", "--yes", "--quiet", "--json", "--log", path)
    first = customer.use(copy, *options)
    assert first.stderr == customer.use(copy, "-n", "other", *options[2:-2]).stderr
    command, versions, *steps, result, end = lines(path)
    assert command.startswith(f"conda offline-repo use {copy} -n rating app --yes")
    for name in ("conda-offline-repo ", ", conda ", ", solver ", ", Python "):
        assert name in versions
    assert any(step.startswith("Checking ") for step in steps)
    linked = [step.removeprefix("link ") for step in steps if step.startswith("link ")]
    assert linked == first.json["actions"]["LINK"]
    content = json.loads(result.removeprefix("result: "))
    assert {"success": True, **content} == first.json
    assert end == "exit status 0"

    before = path.read_bytes()
    customer.fail("offline-repo", "use", copy, "-n", "rating", "nothing-of-it", *options[3:])
    assert path.read_bytes().startswith(before)
    assert lines(path)[-1] == "exit status 1"
    assert any(line.startswith("TargetError: ") for line in lines(path))

    customer.run("offline-repo", "sync", copy, tmp_path / "copy", "--log", path)
    assert lines(path)[-1] == "exit status 0"


def test_crash_is_in_the_log_with_its_traceback_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "log"

    def crash() -> int:
        log.info("step with %s\nand another\x1b[2J line", SECRET)
        raise RuntimeError(f"https://user:{SECRET}@bank.example/ said no")

    with pytest.raises(Exception, match="unexpectedly"):
        told(path, crash)
    text = path.read_text("utf-8")
    assert SECRET not in text
    assert "\x1b" not in text
    *_, step, other, name, begin, _, _, error, end = [
        line for line in lines(path) if "File" not in line and "^" not in line
    ][-8:]
    assert (step, other) == ("step with <hidden>", "and another\\x1b[2J line")
    assert name.startswith("RuntimeError") or begin.startswith("Traceback")
    assert error == "RuntimeError: https://<hidden>@bank.example/ said no"
    assert end == "exit status 1"


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (InvalidRequestError("100 % of it", "Do %s."), 1, "InvalidRequestError: 100 % of it"),
        (CondaMultiError([OSError("gone")]), 1, "CondaMultiError: gone"),
        (DryRunExit(), 0, "DryRunExit: Dry run. Exiting."),
        (SystemExit(2), 2, None),
        (SystemExit(), 0, None),
        (KeyboardInterrupt(), 1, "KeyboardInterrupt"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_end_of_a_command_that_fails(
    tmp_path: Path, error: BaseException, status: int, text: str | None
) -> None:
    def fail() -> int:
        raise error

    with pytest.raises(type(error)):
        told(tmp_path / "log", fail)
    *_, end = rest = lines(tmp_path / "log")[2:]
    assert end == f"exit status {status}"
    assert text is None or text in rest


def test_answer_and_warnings_of_others_are_in_the_log(tmp_path: Path) -> None:
    def answer() -> int:
        logging.getLogger("conda.core").warning("of conda")
        logging.getLogger("other").warning("of another")
        logging.getLogger("other").info("too much")
        return 3

    assert told(tmp_path / "log", answer) == [
        "warning: of conda",
        "warning: of another",
        "exit status 3",
    ]


def test_logging_is_left_as_it_was(tmp_path: Path) -> None:
    loggers = [logging.getLogger(name) for name in (None, "conda", "conda_offline_repo")]
    before = [(logger.level, [*logger.handlers]) for logger in loggers]
    told(tmp_path / "log", lambda: 0)
    assert [(logger.level, [*logger.handlers]) for logger in loggers] == before


def test_log_that_cannot_be_written(customer: Conda, copy: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "log"):
        with pytest.raises(InvalidRequestError, match="Nothing was done"):
            run_logged(lambda: pytest.fail("it ran"), path)
    told = customer.fail("offline-repo", "use", copy, "-n", "rating", "--log", tmp_path, "--json")
    assert "Nothing was done" in told.json["message"]
    told = customer.fail("offline-repo", "use", copy, "-n", "rating", "--log", "")
    assert "Nothing was done" in told.stderr  # as of a variable that is not set
    assert not (customer.envs / "rating").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no disk is ever full there")
def test_full_disk_ends_the_log_and_not_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert run_logged(lambda: 0, Path("/dev/full")) == 0
