"""A small job in a process of its own, for tests to kill.

python -m tests.crash_driver DATA_DIR N SECONDS_PER_BATCH [SHARD_ROWS]
"""

from __future__ import annotations

import sys
from pathlib import Path

from syned import pipeline
from syned.models.fake import FakeEditor
from syned.run.directory import Run
from tests.conftest import HeardProgress, make_config, silent


def main(data_dir: str, n: str, seconds_per_batch: str, shard_rows: str = "4") -> None:
    """Plan and generate; say when each begins, so that a test knows where its kill falls."""
    config = make_config(n=int(n), shard_rows=int(shard_rows))
    run = Run.create_or_open(config, data_dir=Path(data_dir))
    say("planning")
    pipeline.make_plan(config, run, silent)
    say("generating")
    editor = FakeEditor(seconds_per_batch=float(seconds_per_batch))
    summary = pipeline.generate(config, run, HeardProgress(), editor=editor)
    say(f"left {summary.shards_left}")


def say(line: str) -> None:
    """For the test that started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
