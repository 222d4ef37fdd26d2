"""Estimate how long a run takes and how much disk it fills, from a few edits made for real.

The first call of an editor loads libraries, takes memory and starts threads, and so does, to a
lesser degree, its first batch of another size. That may cost as much as a hundred edits, so nothing
is timed before the same was done once.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syned.errors import DataError
from syned.generate.edit import generate
from syned.generate.jobs import make_edit
from syned.models.base import Editor
from syned.run.records import EditJob, EditResult

MOST_SECONDS = 60.0
"""The first run is always made. Another is begun only if it is expected to end within this time
of the beginning."""
MOST_RUNS = 5
"""Timed runs for a median that hardly moves when another program gets in the way of one."""
ENOUGH_SECONDS = 2.0
"""Runs that take this long together are enough, however few they are."""


GROWTH = 4
"""A batch is timed after one of a quarter of its size: an edit alone may cost many times as much
as one of a batch, so that it does not tell whether there is time for a full batch."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What an edit costs, and how that was found."""

    edits: int
    """How many edits a timed run makes: a full batch, or fewer where that would take too long."""
    runs: int
    """How many runs were timed, after one that was the same and warmed up. It is 0 where the very
    first edit left no time for another; that one counts then, though the next would be quicker."""
    seconds_per_edit: float
    """The median of the runs."""
    bytes_per_edit: float
    """As PNG; of those that did not fail."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost."""

    edits: int
    seconds: float
    """Of the device that the calibration ran on, once the editor is loaded."""
    load_seconds: float
    plan_bytes: int
    """An upper bound where `source_images` is None: every edit may have an image of its own."""
    edits_bytes: int
    source_images: int | None
    """Different images in the plan; None when the source goes on beyond what was read."""
    calibration: Calibration
    editor: str
    source: str
    licence: str


def calibrate(
    editor: Editor,
    jobs: Sequence[EditJob],
    *,
    batch_size: int,
    steps: int,
    clock: Callable[[], float] = time.monotonic,
) -> Calibration:
    """Time one edit alone, then larger and larger batches up to a full one, each after a warm-up.

    A batch that would take too long is not begun; the largest one that was timed counts. So a slow
    editor makes few edits here: one, if that takes more than half of MOST_SECONDS.

    Args:
        editor: the model, already loaded.
        jobs: those beyond one batch are left out.
        batch_size: most jobs handed to the editor at once, at least 1.
        steps: denoising steps, at least 1.
        clock: gives the time in seconds.

    Raises:
        DataError: there are no jobs.
    """
    if not jobs:
        raise DataError(
            "nothing can be timed: none of the first rows of the source can be edited; look at its "
            "images and instructions"
        )
    stopwatch = _Stopwatch(editor, steps, clock)
    batch = jobs[:batch_size]
    measured = stopwatch.measure(batch[:1])
    while measured.edits < len(batch):
        larger = batch[: GROWTH * measured.edits]
        expected = measured.seconds_per_edit * len(larger)
        if not stopwatch.has_time_for(2 * expected):
            break
        found = stopwatch.measure(larger, expected=expected)
        if not found.runs:
            break
        measured = found
    return measured


class _Stopwatch:
    """Times an editor within MOST_SECONDS."""

    def __init__(self, editor: Editor, steps: int, clock: Callable[[], float]) -> None:
        self._editor, self._steps, self._clock = editor, steps, clock
        self._end = clock() + MOST_SECONDS

    def has_time_for(self, seconds: float) -> bool:
        return self._clock() + seconds <= self._end

    def measure(self, jobs: Sequence[EditJob], *, expected: float = math.inf) -> Calibration:
        """Make the edits once to warm up, then again and again to time them.

        Args:
            jobs: of one run.
            expected: seconds that a warm run takes, as far as that can be told before.
        """
        first, results = self._run(jobs)
        timed: list[float] = []
        quickest = min(expected, first)
        while (
            len(timed) < MOST_RUNS
            and len(timed) * quickest < ENOUGH_SECONDS
            and self.has_time_for(quickest)
        ):
            seconds, results = self._run(jobs)
            timed.append(seconds)
            quickest = min(timed)
        each = statistics.median(timed or [first]) / len(jobs)
        return Calibration(len(jobs), len(timed), each, _mean_bytes(results))

    def _run(self, jobs: Sequence[EditJob]) -> tuple[float, list[tuple[EditJob, EditResult]]]:
        begin = self._clock()
        results = list(generate(jobs, self._editor, batch_size=len(jobs), steps=self._steps))
        return self._clock() - begin, results


def _mean_bytes(results: Sequence[tuple[EditJob, EditResult]]) -> float:
    """Of the edited images as PNG; 0 where every edit failed."""
    edits = [make_edit(job, result) for job, result in results]
    sizes = [len(edit.edited_image) for edit in edits if edit.edited_image is not None]
    return statistics.fmean(sizes) if sizes else 0.0
