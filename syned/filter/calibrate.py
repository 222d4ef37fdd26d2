"""Find the thresholds that keep right edits and drop wrong ones, where the truth is known.

Which scores decide is chosen for all tasks together; where a bound lies, for each task alone or for
all of them, whichever does better: a few dozen requests of a task may be too few to tell.
Everything is judged on requests that it was not found on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from syned.errors import DataError
from syned.filter.select import BOUNDS, Columns

MOST_BOUNDS = 3
"""More would fit the sample and not what comes after it."""
LEAST_GAIN = 0.01
"""Share of the right edits that a further bound must save."""
RATES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0)
"""How many right edits one wrong edit is worth, from the lowest."""
FOLDS = 5
LEAST_KEPT = 20
"""Held-out edits without which a precision is an accident."""
_ROUNDS = 3
_NOTHING = {"min_patch_change": 1.0}
"""No edit is like that, but one that turned a patch of black into white."""

TaskBounds = Mapping[str, Mapping[str, float]]
"""Task -> name in BOUNDS -> number."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What thresholds keep of edits whose truth is known."""

    right: int
    """Right edits, kept or not."""
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


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds and what they do."""

    tasks: TaskBounds
    found_on: Kept
    """Of the edits that the thresholds were found on."""
    held_out: Kept
    """Of edits that such thresholds were not found on: what to expect of others."""


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
        raise DataError(
            "no edit of this run is known to be right, so no thresholds can be found; calibrate on "
            "a run whose source knows the true results, such as shapes"
        )
    sample = _Sample(columns, right, usable, _folds(columns))
    best = _least_rate(sample, _Plan(()), precision)
    while len(best.plan.names) < MOST_BOUNDS:
        plans = [
            _Plan((*best.plan.names, name), shared)
            for name in BOUNDS
            if name not in best.plan.names
            for shared in (False, True)
        ]
        offers = [_least_rate(sample, plan, precision) for plan in plans]
        offer = max(offers, key=lambda each: (each.kept.recall, each.kept.precision))
        if offer.kept.recall < best.kept.recall + LEAST_GAIN:
            break
        best = offer
    if not best.kept.kept:
        raise DataError(
            f"no thresholds keep {LEAST_KEPT} edits or more of which {precision:.0%} are right; "
            "ask for less with --precision, or calibrate on more edits"
        )
    tasks = _boxes(sample, usable, best.plan)
    return Calibration(tasks, _kept(sample, usable, tasks), best.kept)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Edits whose truth is known, among others."""

    columns: Columns
    right: NDArray[np.int8]
    usable: NDArray[np.bool_]
    fold: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to find thresholds."""

    names: tuple[str, ...]
    shared: bool = True
    """Whether all tasks have the same ones."""
    rate: float = RATES[0]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A plan, and what it keeps of edits that were held out."""

    plan: _Plan
    kept: Kept


def _folds(columns: Columns) -> NDArray[np.int64]:
    """The fold of every edit, by request and at random, since tasks may take turns."""
    requests = int(columns.request.max(initial=-1)) + 1
    shuffled: NDArray[np.int64] = np.random.default_rng(0).permutation(requests)
    return shuffled[columns.request] % FOLDS


def _least_rate(sample: _Sample, plan: _Plan, precision: float) -> _Offer:
    """The plan with the lowest rate that is precise enough; it keeps nothing if none is."""
    for rate in RATES:
        at_rate = replace(plan, rate=rate)
        parts = []
        for number in range(FOLDS):
            held = sample.fold == number
            tasks = _boxes(sample, sample.usable & ~held, at_rate)
            parts.append(_kept(sample, sample.usable & held, tasks))
        told = Kept(
            right=sum(part.right for part in parts),
            kept=sum(part.kept for part in parts),
            kept_right=sum(part.kept_right for part in parts),
        )
        if told.precision >= precision and told.kept >= LEAST_KEPT:
            return _Offer(at_rate, told)
    return _Offer(plan, Kept(told.right, 0, 0))


def _kept(sample: _Sample, rows: NDArray[np.bool_], tasks: TaskBounds) -> Kept:
    """What thresholds keep of some rows."""
    columns, right = sample.columns, sample.right
    kept = np.zeros(len(columns), bool)
    for position, task in enumerate(columns.tasks):
        inside = rows & (columns.task == position)
        for name, bound in tasks.get(task, _NOTHING).items():
            inside &= ~_beyond(columns.scores[name[4:]], name, bound)
        kept |= inside
    return Kept(int((right[rows] == 1).sum()), int(kept.sum()), int((right[kept] == 1).sum()))


def _boxes(sample: _Sample, rows: NDArray[np.bool_], plan: _Plan) -> dict[str, dict[str, float]]:
    """Task -> the bounds that a plan leads to on some rows; tasks without a row have none."""
    columns = sample.columns
    of_task = {
        task: rows & (columns.task == position)
        for position, task in sorted(enumerate(columns.tasks), key=lambda pair: pair[1])
    }
    of_task = {task: some for task, some in of_task.items() if some.any()}
    if plan.shared:
        box = _box_of(sample, rows, plan)
        return {task: dict(box) for task in of_task}
    return {task: _box_of(sample, some, plan) for task, some in of_task.items()}


def _box_of(sample: _Sample, rows: NDArray[np.bool_], plan: _Plan) -> dict[str, float]:
    scores = {name: sample.columns.scores[name[4:]][rows] for name in plan.names}
    return _box(scores, np.where(sample.right[rows] == 1, 1.0, -plan.rate))


def _box(scores: Mapping[str, NDArray[np.float64]], worth: NDArray[np.float64]) -> dict[str, float]:
    """Bounds that leave the largest worth, each fitted in turn while the others are held.

    Args:
        scores: name of a bound -> what it bounds, shape (n,).
        worth: of keeping each edit, shape (n,).
    """
    box: dict[str, float] = {}
    best = float(worth.sum())
    for name in [*scores] * _ROUNDS:
        others = [~_beyond(scores[other], other, box[other]) for other in box if other != name]
        inside = np.all(others, axis=0) if others else np.ones(len(worth), bool)
        cut, value = _best_cut(scores[name][inside], worth[inside], name)
        if cut is not None and value > best:
            box[name], best = cut, value
    return box if best > 0 else dict(_NOTHING)


def _best_cut(
    values: NDArray[np.float64], worth: NDArray[np.float64], name: str
) -> tuple[float | None, float]:
    """The bound that leaves the largest worth, midway between two edits; None if there is none."""
    sign = 1.0 if name.startswith("min_") else -1.0
    known = ~np.isnan(values)
    order = np.argsort(sign * values[known])
    ordered = sign * values[known][order]
    kept = np.cumsum(worth[known][order][::-1])[::-1] + worth[~known].sum()
    steps = np.flatnonzero(np.diff(ordered) > 0) + 1
    if not len(steps):
        return None, -np.inf
    step = steps[np.argmax(kept[steps])]
    return sign * float(ordered[step - 1] + ordered[step]) / 2, float(kept[step])


def _beyond(values: NDArray[np.float64], name: str, bound: float) -> NDArray[np.bool_]:
    return np.asarray(values < bound if name.startswith("min_") else values > bound)
