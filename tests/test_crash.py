"""Kill -9 at any moment: the same command goes on and ends with the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from syned.run.directory import open_run

ROOT = Path(__file__).resolve().parent.parent
N = "40"
SECONDS_PER_BATCH = 0.02


def start(data_dir: Path, seconds_per_batch: float = SECONDS_PER_BATCH) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash_driver", str(data_dir), N, str(seconds_per_batch)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def finish(data_dir: Path, seconds_per_batch: float = 0.0) -> float:
    """Run to the end; how long that took from the first line on, in seconds."""
    with start(data_dir, seconds_per_batch) as process:
        assert process.stdout is not None
        process.stdout.readline()
        begin = time.monotonic()
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        return time.monotonic() - begin


def kill_after(data_dir: Path, seconds: float) -> bool:
    """Kill the job so many seconds after it began to plan; whether it was still at work."""
    with start(data_dir) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        process.kill()
    return process.returncode == -signal.SIGKILL


def shards(data_dir: Path) -> dict[str, bytes]:
    run = open_run("test", data_dir)
    return {
        path.relative_to(run.path).as_posix(): path.read_bytes()
        for path in sorted(run.path.rglob("*.parquet*"))
    }


def check_kills(folder: Path, kills: int) -> None:
    whole = finish(folder / "whole", seconds_per_batch=SECONDS_PER_BATCH)
    moments = np.random.default_rng(0).uniform(0, 2 * whole / kills, kills)
    hits = [kill_after(folder / "killed", float(moment)) for moment in moments]
    assert sum(hits) > kills // 2
    finish(folder / "killed")

    assert shards(folder / "killed") == shards(folder / "whole")
    log = open_run("test", folder / "killed").path / "events.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    commits = Counter(event["shard"] for event in events if event["kind"] == "edits_committed")
    assert max(commits.values()) == 1


def test_a_job_killed_at_six_moments_ends_with_the_bytes_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    check_kills(tmp_path, kills=6)


@pytest.mark.slow
def test_a_job_killed_at_twenty_moments_ends_with_the_bytes_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    check_kills(tmp_path, kills=20)


def test_a_second_driver_is_refused_while_the_first_lives_and_not_after(tmp_path: Path) -> None:
    with start(tmp_path, seconds_per_batch=5) as first:
        assert first.stdout is not None
        while first.stdout.readline() != "generating\n":
            pass
        time.sleep(0.3)
        with start(tmp_path) as second:
            _, errors = second.communicate(timeout=30)
        assert second.returncode != 0
        assert f"{first.pid}" in errors
        assert "RunError" in errors
        first.kill()
    finish(tmp_path)


def test_ctrl_c_ends_a_job_in_order(tmp_path: Path) -> None:
    with start(tmp_path, seconds_per_batch=0.2) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "generating\n":
            pass
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)

    assert process.returncode == 0, errors
    assert output.startswith("left ")
    assert output != "left 0\n"


MEMORY = """
import resource, sys
from tests.crash_driver import main
main(sys.argv[1], sys.argv[2], "0", "64")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kib(data_dir: Path, n: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(data_dir), str(n)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
    )
    return int(done.stdout.split()[-1])


@pytest.mark.slow
def test_ten_times_the_edits_need_no_more_memory(tmp_path: Path) -> None:
    small, large = peak_kib(tmp_path / "small", 1_000), peak_kib(tmp_path / "large", 10_000)

    assert large < small + 40 * 1024
