"""Start a small experiment in a process of its own, for tests that end it; find its children."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start(folder: Path, seconds_per_step: float, workers: int = 1) -> subprocess.Popen[str]:
    driver = [sys.executable, "-m", "tests.captioning.gains.small_experiment"]
    return subprocess.Popen(
        [*driver, str(folder), str(seconds_per_step), str(workers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(folder: Path, count: int, name: str) -> None:
    deadline = time.monotonic() + 60
    while len(list(folder.rglob(name))) < count:
        assert time.monotonic() < deadline, f"no {count} {name}"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    return [
        int(word)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for word in (task / "children").read_text().split()
    ]


def training_processes(pid: int) -> list[int]:
    """Those that train; multiprocessing has another one that keeps count."""
    return [
        child
        for child in children_of(pid)
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()
    ]
