"""How much memory and time it takes to publish a run of 100,000 edits.

Run: python -m tests.benchmarks.publish DATA_DIR [--edits 100000] [--size-px 16]

The run is made up in DATA_DIR first, unless it is there, by another process whose memory does not
count.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

from syned import pipeline
from syned.cli.words import publish_lines
from syned.progress import show_progress
from syned.run.directory import open_run
from syned.units import duration, size
from tests.conftest import make_config
from tests.made_up_run import MadeUp, make_run


def main() -> None:
    """Make the run up, publish it, and print what that took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--size-px", type=int, default=16)
    parser.add_argument("--make-up", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make_up:
        made_up = MadeUp(given.edits, size_px=given.size_px, kept_fraction=0.9)
        make_run(given.data_dir, made_up)
        return
    if not (given.data_dir / "test" / "selection.parquet").is_file():
        module = [sys.executable, "-m", "tests.benchmarks.publish"]
        subprocess.run([*module, *sys.argv[1:], "--make-up"], check=True)
    _publish(given.data_dir)


def _publish(data_dir: Path) -> None:
    before = _peak_bytes()
    begin, cpu = time.monotonic(), time.process_time()
    with show_progress("pairs", sys.stderr) as shown:
        made = pipeline.publish(make_config(), open_run("test", data_dir), shown)
    seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
    rows = sum(split.rows for split in made.splits.values())
    print("\n".join(publish_lines(made)))
    print(f"time     {duration(seconds)}, {duration(cpu)} of a processor, {rows:,} pairs")
    print(f"memory   {size(_peak_bytes())} at most, {size(before)} before it began")


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
