"""Decide which edits are kept, and give every other one its reason, from scores alone.

Every edit that is dropped has one reason, the first that applies:

    failed               there is no edited image
    flat                 the edited image is one color, or black
    nothing_changed      the edited image looks like the source image
    changed_too_much     more of the image changed than the thresholds allow
    scene_lost           the edited image no longer shows the scene of the source image
    instruction_ignored  the edited image does not fit the captions
    variants_disagree    the variants of the request differ much, so the editor was not sure
    contaminated         the edited image, its source image or a caption is in an evaluation set
    near_duplicate       a better variant of the same request looks the same
    beyond_best          enough better variants of the same request are kept

Contamination goes before the choice among variants, so that no clean variant gives way to one that
is not kept either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

REASONS = (
    "failed",
    "flat",
    "nothing_changed",
    "changed_too_much",
    "scene_lost",
    "instruction_ignored",
    "variants_disagree",
    "contaminated",
    "near_duplicate",
    "beyond_best",
)
KEPT = 255
"""In place of a reason's position in REASONS."""

STORED_SCORES = (
    "image_similarity",
    "source_text_similarity",
    "edited_text_similarity",
    "directional_similarity",
    "dino_similarity",
    "changed_fraction",
    "patch_change",
    "ssim",
)
"""Those of an edit alone."""
SCORES = (*STORED_SCORES, "variant_disagreement")
"""What may have bounds."""

_REASON_OF_BOUND = {
    "max_image_similarity": "nothing_changed",
    "max_dino_similarity": "nothing_changed",
    "max_ssim": "nothing_changed",
    "min_changed_fraction": "nothing_changed",
    "min_patch_change": "nothing_changed",
    "min_ssim": "changed_too_much",
    "max_changed_fraction": "changed_too_much",
    "max_patch_change": "changed_too_much",
    "min_image_similarity": "scene_lost",
    "min_dino_similarity": "scene_lost",
    "min_source_text_similarity": "instruction_ignored",
    "max_source_text_similarity": "instruction_ignored",
    "min_edited_text_similarity": "instruction_ignored",
    "max_edited_text_similarity": "instruction_ignored",
    "min_directional_similarity": "instruction_ignored",
    "max_directional_similarity": "instruction_ignored",
    "max_variant_disagreement": "variants_disagree",
}
BOUNDS = tuple(_REASON_OF_BOUND)

Bounds = Mapping[str, float | None]
"""Name of a bound -> number; None for no bound."""


@dataclass(frozen=True, slots=True)
class Share:
    """A bound that is given as the share of edits below it, in [0, 1]."""

    of_edits: float


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of n edits, a column each, in the order of the run."""

    request: NDArray[np.int64]
    """Equal for the variants of one source image and instruction, shape (n,)."""
    variant_index: NDArray[np.int32]
    task: NDArray[np.int64]
    """Position in `tasks`."""
    tasks: tuple[str, ...]
    failed: NDArray[np.bool_]
    flat: NDArray[np.bool_]
    perceptual_hash: NDArray[np.uint64]
    """0 for failed edits."""
    scores: Mapping[str, NDArray[np.float64]] = field(repr=False)
    """Name in SCORES -> values, NaN where there is none."""

    def __len__(self) -> int:
        return len(self.request)


@dataclass(frozen=True, slots=True)
class Rules:
    """When an edit is kept, in numbers."""

    bounds: Bounds
    """For tasks that have none of their own."""
    tasks: Mapping[str, Bounds]
    """Task -> all of its bounds, those it shares with the others among them."""
    near_duplicate_distance: int | None
    """Bits of 64; None lets variants look the same."""
    best_per_request: int | None
    """None keeps all."""


def resolve_bounds(
    columns: Columns,
    bounds: Mapping[str, float | Share | None],
    tasks: Mapping[str, Mapping[str, float | Share | None]],
) -> tuple[dict[str, float | None], dict[str, dict[str, float | None]]]:
    """Turn shares into numbers, and a task's own bounds into all that hold for it.

    Args:
        columns: the edits; a share is counted among those that neither failed nor are flat, and
            for a task's own bound among the edits of the task.
        bounds: name in BOUNDS -> bound.
        tasks: task -> name -> bound, where it differs.

    Returns:
        The bounds, and those of each task named in `tasks`.
    """
    usable = ~(columns.failed | columns.flat)
    common = {name: _number(columns, name, bound, usable) for name, bound in bounds.items()}
    by_task = {}
    for task, own in tasks.items():
        rows = usable & _is_task(columns, task)
        numbers = {name: _number(columns, name, bound, rows) for name, bound in own.items()}
        by_task[task] = common | numbers
    return common, by_task


def select(columns: Columns, rules: Rules, contaminated: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Decide about every edit.

    Args:
        columns: the edits.
        rules: what is asked of them.
        contaminated: which are known from an evaluation set, shape (n,).

    Returns:
        For each edit the position of its reason in REASONS, or KEPT; shape (n,).
    """
    outcome = np.full(len(columns), KEPT, np.uint8)
    _drop(outcome, columns.failed, "failed")
    _drop(outcome, columns.flat, "flat")
    own = [(bounds, _is_task(columns, task)) for task, bounds in rules.tasks.items()]
    others = ~np.any([rows for _, rows in own], axis=0) if own else np.ones(len(columns), bool)
    broken = [_broken(columns, b, rows) for b, rows in [*own, (rules.bounds, others)]]
    for reason in dict.fromkeys(_REASON_OF_BOUND.values()):
        for by_reason in broken:
            _drop(outcome, by_reason[reason], reason)
    _drop(outcome, contaminated, "contaminated")
    _choose_variants(columns, rules, outcome)
    return outcome


def ranking(columns: Columns) -> NDArray[np.float64]:
    """How good each edit is beside the other variants of its request; more is better.

    Directional similarity, or where there is none that of edited image and caption, or that of the
    two images. Variants share their captions, so they are compared by the same score.
    """
    rank = columns.scores["image_similarity"]
    for name in ("edited_text_similarity", "directional_similarity"):
        better = columns.scores[name]
        rank = np.where(np.isnan(better), rank, better)
    return np.nan_to_num(rank, nan=-2.0)


def _number(
    columns: Columns, name: str, bound: float | Share | None, rows: NDArray[np.bool_]
) -> float | None:
    if not isinstance(bound, Share):
        return bound
    values = columns.scores[name[4:]][rows]
    known = values[~np.isnan(values)]
    return float(np.quantile(known, bound.of_edits)) if len(known) else None


def _is_task(columns: Columns, task: str) -> NDArray[np.bool_]:
    position = columns.tasks.index(task) if task in columns.tasks else -1
    return np.asarray(columns.task == position)


def _broken(
    columns: Columns, bounds: Bounds, rows: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """Reason -> which of the rows break a bound of that reason; NaN breaks none."""
    broken = {reason: np.zeros(len(columns), bool) for reason in _REASON_OF_BOUND.values()}
    for name, bound in bounds.items():
        if bound is not None:
            values = columns.scores[name[4:]]
            beyond = values < bound if name.startswith("min_") else values > bound
            broken[_REASON_OF_BOUND[name]] |= beyond & rows
    return broken


def _drop(outcome: NDArray[np.uint8], rows: NDArray[np.bool_], reason: str) -> None:
    outcome[rows & (outcome == KEPT)] = REASONS.index(reason)


def _choose_variants(columns: Columns, rules: Rules, outcome: NDArray[np.uint8]) -> None:
    """Among what is left of each request: no two that look the same, and the best only."""
    duplicate, beyond = REASONS.index("near_duplicate"), REASONS.index("beyond_best")
    distance, best = rules.near_duplicate_distance, rules.best_per_request
    for rows in _requests(columns, np.flatnonzero(outcome == KEPT)):
        unlike = rows if distance is None else _unlike(columns.perceptual_hash, rows, distance)
        outcome[rows] = duplicate
        outcome[unlike] = beyond
        outcome[unlike[:best]] = KEPT


def _requests(columns: Columns, rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The rows of each request that has more than one, the best first."""
    keys = (columns.variant_index[rows], -ranking(columns)[rows], columns.request[rows])
    ordered = rows[np.lexsort(keys)]
    begins = np.flatnonzero(np.diff(columns.request[ordered], prepend=-1))
    ends = np.append(begins[1:], len(ordered))
    for position in np.flatnonzero(ends - begins > 1):
        yield ordered[begins[position] : ends[position]]


def _unlike(hashes: NDArray[np.uint64], rows: NDArray[Any], distance: int) -> NDArray[Any]:
    """The rows that are not within `distance` bits of one before them that is among these."""
    of_rows = hashes[rows]
    free = np.ones(len(rows), bool)
    for position in range(len(rows)):  # row by row, since a request may have many thousand variants
        if free[position]:
            apart = np.bitwise_count(of_rows[position + 1 :] ^ of_rows[position]) > distance
            free[position + 1 :] &= apart
    return rows[free]
