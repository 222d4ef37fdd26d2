"""Find the thresholds that keep right edits and drop wrong ones, where the truth is known.

For each task a box in the space of the scores is grown out of few bounds, and all boxes are weighed
by one exchange rate: how many right edits one wrong edit is worth. The lowest rate at which kept
edits are as often right as they should be loses the fewest right ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syned.errors import DataError
from syned.stages.select import BOUNDS, Columns

MOST_BOUNDS = 3
"""Of a task; more would fit the sample and not what comes after it."""
LEAST_GAIN = 2.0
"""Right edits that a further bound must be worth."""
RATES = tuple(float(rate) for rate in np.geomspace(0.5, 200, 40))
"""Right edits that one wrong edit is worth, from the lowest."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds and what they did on the sample."""

    tasks: Mapping[str, Mapping[str, float]]
    judged: int
    right: int
    kept: int
    kept_right: int

    @property
    def precision(self) -> float:
        """Share of the kept edits that are right, in [0, 1]."""
        return self.kept_right / self.kept if self.kept else 0.0

    @property
    def recall(self) -> float:
        """Share of the right edits that are kept, in [0, 1]."""
        return self.kept_right / self.right if self.right else 0.0


def find_thresholds(columns: Columns, right: NDArray[np.int8], *, precision: float) -> Calibration:
    """Find thresholds for every task.

    Args:
        columns: the edits.
        right: 1 for a right edit, 0 for a wrong one, -1 where nobody knows; shape (n,).
        precision: the least share of kept edits that shall be right, in (0, 1].

    Raises:
        DataError: no right edit is among them, or no thresholds are as precise as that.
    """
    usable = (right >= 0) & ~columns.failed & ~columns.flat
    if not (right[usable] == 1).any():
        raise DataError("no edit of this run is known to be right, so nothing can be calibrated")
    rows = {
        task: np.flatnonzero(usable & (columns.task == position))
        for position, task in enumerate(columns.tasks)
    }
    rows = {task: of_task for task, of_task in sorted(rows.items()) if len(of_task)}
    for rate in RATES:
        found = {task: _box(columns, right, of_task, rate) for task, of_task in rows.items()}
        told = measure(columns, right, found)
        if told.precision >= precision:
            return told
    raise DataError(
        f"no thresholds keep edits of which {precision:.0%} are right ({told.precision:.1%} at "
        "most); ask for less with --precision, or score with another encoder"
    )


def measure(
    columns: Columns, right: NDArray[np.int8], tasks: Mapping[str, Mapping[str, float]]
) -> Calibration:
    """What thresholds keep of the edits whose truth is known."""
    known = (right >= 0) & ~columns.failed & ~columns.flat
    kept = np.zeros(len(columns), bool)
    for position, task in enumerate(columns.tasks):
        rows = known & (columns.task == position)
        for name, bound in tasks.get(task, {}).items():
            rows &= ~_beyond(columns, name, bound)
        kept |= rows & (task in tasks)
    return Calibration(
        tasks=tasks,
        judged=int((right >= 0).sum()),
        right=int((right == 1).sum()),
        kept=int(kept.sum()),
        kept_right=int((right[kept] == 1).sum()),
    )


def cross_checked(columns: Columns, right: NDArray[np.int8], *, precision: float) -> Calibration:
    """What thresholds do on edits that they were not found on.

    They are found on one half of the requests and measured on the other, and the other way round.

    Args:
        columns: as for `find_thresholds`, and so are the others.
        right: of each edit.
        precision: asked for on each half.

    Returns:
        The counts of both halves together, without thresholds.

    Raises:
        DataError: a half has no right edit, or no thresholds are as precise as that.
    """
    requests = int(columns.request.max(initial=-1)) + 1
    shuffled = np.random.default_rng(0).permutation(requests)  # tasks may take turns
    first = shuffled[columns.request] % 2 == 0
    counts = np.zeros(4, int)
    for half in (first, ~first):
        found = find_thresholds(
            columns, np.where(half, right, -1).astype(np.int8), precision=precision
        )
        told = measure(columns, np.where(half, -1, right).astype(np.int8), found.tasks)
        counts += (told.judged, told.right, told.kept, told.kept_right)
    judged, right_ones, kept, kept_right = counts.tolist()
    return Calibration({}, judged, right_ones, kept, kept_right)


def _box(
    columns: Columns, right: NDArray[np.int8], rows: NDArray[np.int64], rate: float
) -> dict[str, float]:
    """Bounds that leave the largest worth among the rows: right edits less `rate` wrong ones.

    Bounds are added one at a time, the most useful first; each time those before it are fitted
    again. A task of which nothing is worth keeping gets a bound that no edit meets.
    """
    worth = np.where(right[rows] == 1, 1.0, -rate)
    box: dict[str, float] = {}
    best = float(worth.sum())
    while len(box) < MOST_BOUNDS:
        offers = [
            (name, *_best_cut(columns, rows, worth, box, name))
            for name in BOUNDS
            if name not in box
        ]
        name, cut, value = max(offers, key=lambda offer: offer[2])
        if cut is None or value < best + LEAST_GAIN:
            break
        box[name] = cut
        best = value
        for other in list(box):
            cut, value = _best_cut(columns, rows, worth, box, other)
            if cut is not None and value > best:
                box[other], best = cut, value
    return box if best > 0 else {"min_image_similarity": 1.0, "max_image_similarity": -1.0}


def _best_cut(
    columns: Columns,
    rows: NDArray[np.int64],
    worth: NDArray[np.float64],
    box: Mapping[str, float],
    name: str,
) -> tuple[float | None, float]:
    """The best value of one bound, the others held; and the worth of what is then kept."""
    inside = np.ones(len(rows), bool)
    for other, bound in box.items():
        if other != name:
            inside &= ~_beyond(columns, other, bound)[rows]
    values = columns.scores[name[4:]][rows[inside]]
    values, worth = values if name.startswith("min_") else -values, worth[inside]
    unbounded = float(worth[np.isnan(values)].sum())
    values, worth = values[~np.isnan(values)], worth[~np.isnan(values)]
    order = np.argsort(values)
    values, kept = values[order], np.cumsum(worth[order][::-1])[::-1] + unbounded
    steps = np.flatnonzero(np.diff(values) > 0) + 1  # where a cut falls between two edits
    if not len(steps):
        return None, -np.inf
    step = steps[np.argmax(kept[steps])]
    cut = float(values[step - 1] + values[step]) / 2
    return (cut if name.startswith("min_") else -cut), float(kept[step])


def _beyond(columns: Columns, name: str, bound: float) -> NDArray[np.bool_]:
    values = columns.scores[name[4:]]
    return np.asarray(values < bound if name.startswith("min_") else values > bound)
