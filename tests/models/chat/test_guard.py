"""A guard in a session of its own, held by the pipe to its standard input."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syned.models.chat import guard
from tests.models.chat.processes import ended

GUARD = [sys.executable, "-S", str(Path(guard.__file__))]
WITHOUT_PATIENCE = (
    "import sys; from syned.models.chat import guard; guard.STOP_SECONDS = 0.1; "
    "sys.exit(guard.main(sys.argv[1:]))"
)
IMPATIENT = [sys.executable, "-c", WITHOUT_PATIENCE]


@contextmanager
def guarded(*command: str, guard: list[str] = GUARD) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*guard, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        yield process
        process.kill()


def read_pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize(
    ("command", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 128 + 9)]
)
def test_the_status_is_that_of_the_command(command: str, status: int) -> None:
    with guarded("sh", "-c", command) as process:
        assert process.wait(10) == status


def test_the_end_of_standard_input_ends_the_command() -> None:
    with guarded("sh", "-c", "echo $$; exec sleep 60") as process:
        pid = read_pid(process)
        let_go(process)
        process.wait(10)
        assert ended(pid)


def test_the_command_does_not_read_the_guards_standard_input() -> None:
    with guarded("cat") as process:
        assert process.wait(10) == 0


def test_a_request_to_end_is_passed_on_to_the_command() -> None:
    with guarded("sh", "-c", "sleep 0.05; echo $$; exec sleep 60") as process:
        pid = read_pid(process)
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert ended(pid)


def test_a_command_that_does_not_end_is_killed_with_all_that_it_has_started() -> None:
    stubborn = "trap '' TERM; sleep 60 & echo $!; wait"
    with guarded("sh", "-c", stubborn, guard=IMPATIENT) as process:
        pid = read_pid(process)
        let_go(process)
        assert process.wait(10) == -signal.SIGKILL
        assert ended(pid)
