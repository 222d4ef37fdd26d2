"""How long the report of a large run takes to make, and to open in a browser.

Run: python -m tests.benchmarks.report --edits 100000

The run is made up: small pictures, real scores and selection. Opening is timed from the start of
the navigation to the load event, in headless Chromium, and so is drawing the first picture.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from syned.report.page.edit_table import read_columns
from syned.report.page.page import write_report
from syned.run.directory import Run, open_run
from tests.report.page.browsing import chromium, find_chromium
from tests.report.page.made_up import MadeUp, make_run

TIMES = 5

_TIMING = """() => {
  const [load] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return [load.loadEventEnd, paint ? paint.startTime : NaN];
}"""


def main() -> None:
    """Make the run if it is not there, write its report, open it, and print the times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--size-px", type=int, default=16)
    parser.add_argument("--data-dir", type=Path, help="where the run lies, to use it again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="syned-") as folder:
        data_dir = given.data_dir or Path(folder)
        measure(run_of(data_dir, MadeUp(given.edits, shard_rows=64, size_px=given.size_px)))


def run_of(data_dir: Path, wanted: MadeUp) -> Run:
    """The run in a folder, made if there is none."""
    if (data_dir / "test" / "selection.parquet").exists():
        return open_run("test", data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    return make_run(data_dir, wanted)


def measure(run: Run) -> None:
    """Time making and opening."""
    begin, cpu = time.perf_counter(), time.process_time()
    columns = read_columns(run, _silent)
    read_seconds = time.perf_counter() - begin
    path = run.path / "report.html"
    size_bytes = write_report(run, columns, path, _silent)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{len(columns):,} edits, {size_bytes / 1e6:.1f} MB of HTML")
    print(f"made in   {seconds:6.1f} s, {read_seconds:.1f} s of it reading columns")
    print(f"          {cpu_seconds:6.1f} s of processor time, at most {peak_bytes / 1e6:.0f} MB")
    if find_chromium() is None:
        print("opened in      -, no Chromium was found")
        return
    opened = sorted(open_once(path) for _ in range(TIMES))
    load, paint = opened[TIMES // 2]
    print(f"opened in {load / 1000:6.2f} s, first drawn after {paint / 1000:.2f} s")
    print(f"          median of {TIMES}, slowest {opened[-1][0] / 1000:.2f} s")


def open_once(path: Path) -> tuple[float, float]:
    """Milliseconds to the load event and to the first picture, in a new browser."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(path.resolve().as_uri())
        load, paint = page.evaluate(_TIMING)
        return float(load), float(paint)


def _silent(done: int, total: int) -> None:
    """Nobody reads it."""


if __name__ == "__main__":
    main()
