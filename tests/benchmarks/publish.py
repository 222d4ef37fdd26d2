"""How much memory and time it takes to publish a run of 100,000 edits.

Run: python -m tests.benchmarks.publish [--edits 100000] [--size-px 16]

The run is made up in a temporary folder first, by another process whose memory does not count.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from syned import pipeline
from syned.progress import show_progress
from syned.report.words import publish_lines, size
from syned.run import open_run
from tests.conftest import make_config
from tests.made_up_run import MadeUp, make_run


def main() -> None:
    """Make the run up, publish it, and print what that took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--size-px", type=int, default=16)
    parser.add_argument("--made-up-in", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.made_up_in:
        made_up = MadeUp(given.edits, size_px=given.size_px, kept_fraction=0.9)
        make_run(given.made_up_in, made_up)
        return
    with tempfile.TemporaryDirectory(prefix="syned-publish-") as folder:
        command = [sys.executable, "-m", "tests.benchmarks.publish", "--made-up-in", folder]
        sizes = ["--edits", str(given.edits), "--size-px", str(given.size_px)]
        subprocess.run([*command, *sizes], check=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin = time.monotonic()
        with show_progress("pairs", sys.stderr) as shown:
            config = make_config()
            made = pipeline.publish(config, open_run("test", Path(folder)), shown)
        seconds = time.monotonic() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("\n".join(publish_lines(made)))
    rows = sum(split.rows for split in made.splits.values())
    print(f"seconds  {seconds:.1f}, {rows / seconds:,.0f} pairs a second")
    print(f"memory   {size(peak * 1024)} at most, {size(before * 1024)} before it began")


if __name__ == "__main__":
    main()
