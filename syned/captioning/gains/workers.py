"""Run several trials at the same time, each in a process of its own.

A small model leaves most of a machine's cores idle. The processes end with the one that started
them, however that ends; a training that is cut off goes on from its last checkpoint.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from pathlib import Path
from typing import TypeAlias

from syned.captioning.gains.bench import Bench
from syned.captioning.gains.kit import Kit
from syned.captioning.gains.trials import Trial
from syned.config import TrainEvalConfig
from syned.errors import EngineError, SynedError
from syned.progress import Progress

LISTENING_SECONDS = 1.0
"""Between two looks at whether all processes live."""


@dataclass(frozen=True, slots=True)
class _Said:
    text: str


@dataclass(frozen=True, slots=True)
class _Done:
    trial: Trial
    seconds: float


@dataclass(frozen=True, slots=True)
class _Failed:
    error: SynedError


_Report: TypeAlias = _Said | _Done | _Failed


def run_in_processes(
    config: TrainEvalConfig,
    folder: Path,
    kit: Kit,
    trials: Sequence[Trial],
    test_content: str,
    progress: Progress,
) -> Iterator[tuple[Trial, float]]:
    """Run trials, `workers` at a time; the first that fails stops them all.

    Yields:
        Each trial that has been run, with the seconds that it took.

    Raises:
        EngineError: a process ended without a report, as when memory ran out.
        SynedError: a trial failed.
    """
    context = multiprocessing.get_context("spawn")
    left: Queue[Trial | None] = context.Queue()
    reports: Queue[_Report] = context.Queue()
    count = min(config.workers, len(trials))
    for trial in [*trials, *[None] * count]:
        left.put(trial)
    workers = [
        context.Process(
            target=_work, args=(config, folder, kit, test_content, left, reports), daemon=True
        )
        for _ in range(count)
    ]
    threads = str(max(1, (os.cpu_count() or 1) // count))
    try:
        with _environment({"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", threads)}):
            for worker in workers:
                worker.start()
        yield from _listen(reports, workers, len(trials), progress)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()


def _listen(
    reports: Queue[_Report], workers: Sequence[SpawnProcess], trials: int, progress: Progress
) -> Iterator[tuple[Trial, float]]:
    """Hear of trials until all are done."""
    done = 0
    while done < trials:
        try:
            report = reports.get(timeout=LISTENING_SECONDS)
        except queue.Empty:
            _check_alive(workers)
            continue
        if isinstance(report, _Said):
            progress.say(report.text)
        elif isinstance(report, _Done):
            done += 1
            yield report.trial, report.seconds
        else:
            raise report.error


def _check_alive(workers: Sequence[SpawnProcess]) -> None:
    for worker in workers:
        if worker.exitcode:
            why = "its error is printed above"
            if worker.exitcode < 0:
                why = "something ended it, perhaps the system because memory ran out"
            raise EngineError(
                f"a training process ended with code {worker.exitcode} ({why}); run the same "
                "command again to go on, and add --set train_eval.workers=1 to need less memory"
            )


def _work(
    config: TrainEvalConfig,
    folder: Path,
    kit: Kit,
    test_content: str,
    left: Queue[Trial | None],
    reports: Queue[_Report],
) -> None:
    """What a process does: one trial after the other, until there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        bench = Bench(config, folder, kit)
        while (trial := left.get()) is not None:
            begin = time.monotonic()
            bench.run(trial, test_content, lambda text: reports.put(_Said(text)))
            reports.put(_Done(trial, time.monotonic() - begin))
    except SynedError as error:
        reports.put(_Failed(error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
