"""Processes are stopped with all that they have started, and their logs are quoted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from syned.models.chat import processes
from syned.models.chat.processes import last_lines, stop
from tests.models.chat.processes import ended


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 2.0)


def start(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_a_process_ends_with_all_that_it_has_started() -> None:
    process = start("sleep 60 & echo $!; wait")
    child = read_pid(process)
    stop(process)
    assert process.returncode is not None
    assert ended(child)


def test_a_process_that_ends_by_itself_gets_the_time_for_it(tmp_path: Path) -> None:
    done = tmp_path / "done"
    process = start(
        f"trap 'sleep 0.1; touch {done}; exit 3' TERM; echo 1; while :; do sleep 0.01; done"
    )
    read_pid(process)
    stop(process)
    assert (process.returncode, done.exists()) == (3, True)


def test_a_process_that_does_not_end_by_itself_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.1)
    process = start("trap '' TERM; echo 1; while :; do sleep 0.01; done")
    read_pid(process)
    stop(process)
    assert process.returncode == -9


def test_a_child_that_stays_when_its_parent_ends_is_killed() -> None:
    process = start("(trap '' TERM; exec sleep 60) & sleep 0.05; echo $!; wait")
    child = read_pid(process)
    stop(process)
    assert ended(child)


def test_a_process_that_ends_with_its_standard_input_is_told_so_first() -> None:
    process = start("trap '' TERM; echo 1; cat > /dev/null; exit 5")
    read_pid(process)
    stop(process)
    assert process.returncode == 5


def test_its_pipes_are_closed() -> None:
    process = start("exit 0")
    stop(process)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdin.closed
    assert process.stdout.closed


def test_a_process_that_has_ended_can_be_stopped_again() -> None:
    process = start("exit 4")
    process.wait()
    stop(process)
    stop(process)
    assert process.returncode == 4


def test_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(f"line {i}" for i in range(100)) + "\n\n")
    shown = last_lines(log).splitlines()
    assert len(shown) < 50
    assert shown[-1] == "line 99"


def test_a_log_that_is_missing_or_empty_is_said_to_hold_nothing(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "log") == "(nothing)"
    (tmp_path / "log").write_text("\n \n")
    assert last_lines(tmp_path / "log") == "(nothing)"


def test_bytes_that_are_no_text_do_not_hide_the_rest_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xff\xfe out of memory")
    assert "out of memory" in last_lines(tmp_path / "log")
