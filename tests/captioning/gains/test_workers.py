"""Trials in processes of their own. Each process takes a second to start, so tests share them."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syned.captioning.gains.kit import Kit
from syned.captioning.gains.trials import Tools, Trial, kept_predictions
from syned.captioning.gains.workers import run_in_processes
from syned.config import TrainEvalConfig
from syned.errors import DataError, EngineError, RunError
from tests.captioning.gains.processes import children_of, start, training_processes, wait_for
from tests.captioning.gains.small_experiment import (
    HeardTrials,
    small_config,
    small_kit,
    table_tools,
    train_table,
)

THREADS = "OMP_NUM_THREADS"


def open_noted_tools(folder: Path, train: Any = train_table) -> Tools:
    """Note the threads that a process may use, its parent, and how many processes that has."""
    parent = os.getppid()
    note = [os.environ.get(THREADS, "not set"), parent, len(training_processes(parent))]
    (folder / f"process-{os.getpid()}").write_text(json.dumps(note))
    return replace(table_tools(), train=train)


def noted_kit(folder: Path, train: Any = train_table) -> Kit:
    return replace(small_kit(), open_tools=partial(open_noted_tools, folder, train))


def noted(folder: Path) -> list[list[Any]]:
    """What each process that opened tools has noted."""
    return [json.loads(path.read_text()) for path in folder.glob("process-*")]


def trials_of(config: TrainEvalConfig, folder: Path, seeds: Sequence[int]) -> list[Trial]:
    table = config.captioners["table"]
    return [
        Trial(
            captioner="table",
            arm="real",
            seed=seed,
            folder=folder / "table" / "real" / f"seed-{seed}",
            model=table.model,
            training=table.training,
            data={},
        )
        for seed in seeds
    ]


def train_when_two_are_there(folder: Path, *given: Any, **named: Any) -> Any:
    """Lest one process have done all before the other has started."""
    wait_for(folder, 2, "process-*")
    return train_table(*given, **named)


def test_trials_run_in_processes_that_are_as_many_as_workers_and_share_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    config, heard = small_config(workers=2), HeardTrials()
    trials = trials_of(config, tmp_path, range(4))
    kit = noted_kit(tmp_path, partial(train_when_two_are_there, tmp_path))
    runs = run_in_processes(config, tmp_path, kit, trials, "test 1", heard)
    found = sorted(runs, key=lambda run: run[0].seed)
    assert [trial for trial, _ in found] == trials
    assert all(0 < seconds < 60 for _, seconds in found)
    assert all(kept_predictions(trial, "test 1") is not None for trial in trials)
    assert sorted(heard.lines) == [f"{trial.name}: 24 steps" for trial in trials]
    threads = str(max(1, (os.cpu_count() or 1) // 2))
    assert noted(tmp_path) == [[threads, os.getpid(), 2]] * 2
    assert THREADS not in os.environ
    assert multiprocessing.active_children() == []


def test_there_are_no_more_processes_than_trials_and_a_persons_own_threads_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(THREADS, "3")
    config = small_config(workers=8)
    trials = trials_of(config, tmp_path, [0])
    runs = run_in_processes(config, tmp_path, noted_kit(tmp_path), trials, "t", HeardTrials())
    assert [trial for trial, _ in runs] == trials
    assert noted(tmp_path) == [["3", os.getpid(), 1]]
    assert os.environ[THREADS] == "3"


def fail_on_the_first(*given: Any, **named: Any) -> Any:
    if named["seed"] == 0:
        raise DataError("no pictures; get them again")
    time.sleep(600)


def test_the_first_trial_that_fails_stops_the_others(tmp_path: Path) -> None:
    config = small_config(workers=2)
    trials = trials_of(config, tmp_path, [1, 0, 2])
    kit = noted_kit(tmp_path, fail_on_the_first)
    with pytest.raises(DataError) as caught:
        list(run_in_processes(config, tmp_path, kit, trials, "test 1", HeardTrials()))
    assert str(caught.value) == "no pictures; get them again"
    assert multiprocessing.active_children() == []
    assert not (trials[2].folder / "trial.json").exists()


def open_no_tools(folder: Path) -> Tools:
    raise EngineError(f"{folder} has no model; train one")


def test_tools_that_cannot_be_opened_are_the_error_of_the_command(tmp_path: Path) -> None:
    config = small_config(workers=1)
    kit = replace(small_kit(), open_tools=partial(open_no_tools, tmp_path))
    trials = trials_of(config, tmp_path, [0])
    with pytest.raises(EngineError, match="has no model; train one"):
        list(run_in_processes(config, tmp_path, kit, trials, "test 1", HeardTrials()))


def exit_with_code(code: int) -> Tools:
    sys.exit(code)


def test_a_process_that_ends_without_a_report_is_an_error_that_says_how_to_go_on(
    tmp_path: Path,
) -> None:
    config = small_config(workers=1)
    kit = replace(small_kit(), open_tools=partial(exit_with_code, 3))
    trials = trials_of(config, tmp_path, [0])
    with pytest.raises(EngineError) as caught:
        list(run_in_processes(config, tmp_path, kit, trials, "test 1", HeardTrials()))
    assert str(caught.value) == (
        "a training process ended with code 3 (its error is printed above); run the same command "
        "again to go on, and add --set train_eval.workers=1 to need less memory"
    )


def interrupted_at_once(*given: Any, **named: Any) -> Any:
    """As when a person presses Ctrl-C, which every process of the terminal hears."""
    os.kill(os.getpid(), signal.SIGINT)
    return train_table(*given, **named)


def test_ctrl_c_is_left_to_the_process_that_started_the_others(tmp_path: Path) -> None:
    config = small_config(workers=1)
    trials = trials_of(config, tmp_path, [0])
    kit = noted_kit(tmp_path, interrupted_at_once)
    runs = run_in_processes(config, tmp_path, kit, trials, "test 1", HeardTrials())
    assert [trial for trial, _ in runs] == trials


def test_who_stops_listening_leaves_nothing_running(tmp_path: Path) -> None:
    config = small_config(workers=1)
    trials = trials_of(config, tmp_path, range(3))
    kit = noted_kit(tmp_path, partial(train_table, seconds_per_step=0.02))
    runs = run_in_processes(config, tmp_path, kit, trials, "test 1", HeardTrials())
    assert next(runs)[0] == trials[0]
    assert len(multiprocessing.active_children()) == 1
    runs.close()  # type: ignore[attr-defined]  # a generator
    assert multiprocessing.active_children() == []
    assert not (trials[2].folder / "trial.json").exists()


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    with start(tmp_path, 0.5, 2) as process:
        wait_for(tmp_path, 2, "state.json")
        workers = children_of(process.pid)
        assert len(workers) >= 2
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a training outlived its parent"
        time.sleep(0.05)


def test_a_process_that_is_killed_is_an_error_that_says_how_to_go_on(tmp_path: Path) -> None:
    with start(tmp_path, 0.2, 2) as process:
        wait_for(tmp_path, 2, "state.json")
        os.kill(training_processes(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "EngineError: a training process ended with code -9 (something ended it" in errors


def test_a_folder_that_cannot_be_written_is_the_error_of_the_command(tmp_path: Path) -> None:
    config = small_config(workers=2)
    (tmp_path / "table").write_text("in the way")
    trials = trials_of(config, tmp_path, [0, 1])
    with pytest.raises(RunError, match=r"table/real/seed-\d/trial.json cannot be written"):
        list(run_in_processes(config, tmp_path, small_kit(), trials, "test 1", HeardTrials()))
