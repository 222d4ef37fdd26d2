"""Publishes a made-up run in a process of its own, for tests to kill.

python -m tests.publish.crash_driver DATA_DIR SECONDS_PER_GROUP
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from syned import pipeline
from syned.config import PublishConfig
from syned.run.directory import open_run
from tests.conftest import HeardProgress, make_config

OPTIONS = PublishConfig(splits="hash", max_shard_bytes=200_000)


class SlowProgress(HeardProgress):
    """Tells every row group, and takes its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def batch_done(self, done: int, failed: int, seconds: float) -> None:
        super().batch_done(done, failed, seconds)
        say(f"rows {self.skipped + self.done}")
        time.sleep(self._seconds)


def say(line: str) -> None:
    """For the test that started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(data_dir: str, seconds: str) -> None:
    """Publish the run "test"."""
    config = make_config().model_copy(update={"publish": OPTIONS})
    progress = SlowProgress(float(seconds))
    made = pipeline.publish(config, open_run("test", Path(data_dir)), progress)
    say(f"done, {progress.skipped} of {progress.total} rows were there")
    say("unchanged" if made.unchanged else "written")


if __name__ == "__main__":
    main(*sys.argv[1:])
