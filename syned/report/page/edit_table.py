"""Read the few small columns of all edits that the figures of the report come from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from syned.progress import RowsDone
from syned.report.page.labels import FAILED, KEPT, NO_TASK, OF_SELECTION, SCORES, WAITING
from syned.run.directory import Run
from syned.run.selection_file import read_selection_file
from syned.run.truth import is_right


@dataclass(frozen=True, slots=True)
class EditColumns:
    """One value for each edit that is made, in the order of edits/."""

    shards: NDArray[np.int32]
    rows: NDArray[np.int32]
    """Where the edit lies in edits/."""
    tasks: list[str]
    """NO_TASK where the source names none."""
    outcomes: list[str]
    """KEPT, a drop reason, or WAITING; FAILED also before there is a selection."""
    right: list[bool | None]
    """None where no truth is known."""
    scores: dict[str, NDArray[np.float64]]
    """Name of a score -> values, NaN where nothing was measured."""
    scored: int
    """Edits in shards that have scores, failed ones among them."""
    selection: dict[str, Any] | None = field(repr=False)
    """What the filter noted about its selection; None before there is one."""

    def __len__(self) -> int:
        return len(self.tasks)


def read_columns(run: Run, progress: RowsDone) -> EditColumns:
    """Read what is committed, a shard at a time; no image and no embedding is read.

    Raises:
        RunError: a shard or the selection cannot be read.
    """
    records = [run.edits.record(shard) for shard in run.edits.recorded()]
    made = [r for r in records if r and run.edits.is_done(r.shard, hashed=False)]
    total = sum(record.rows for record in made)
    tasks: list[str] = []
    outcomes: list[str] = []
    right: list[bool | None] = []
    scores = {name: np.full(total, np.nan) for name in SCORES}
    scored = 0
    for record in made:
        begin, end = len(tasks), len(tasks) + record.rows
        named = run.requests.read(record.shard, ["task"]).column("task").to_pylist()
        tasks += [task or NO_TASK for task in named]
        edits = run.edits.read(record.shard, ["status", "true_error", "source_error"]).to_pylist()
        outcomes += [FAILED if edit["status"] == "failed" else WAITING for edit in edits]
        right += [_right(edit) for edit in edits]
        into = {n: v[begin:end] for n, v in scores.items() if n != OF_SELECTION}
        scored += _read_scores(run, record.shard, into)
        progress(end, total)
    sizes = {r.shard: r.rows for r in made}
    selection = _read_selection(run, sizes, outcomes, scores[OF_SELECTION])
    return EditColumns(
        shards=np.repeat([r.shard for r in made], [r.rows for r in made]).astype(np.int32),
        rows=np.concatenate([np.arange(0), *(np.arange(r.rows) for r in made)]).astype(np.int32),
        tasks=tasks,
        outcomes=outcomes,
        right=right,
        scores=scores,
        scored=scored,
        selection=selection,
    )


def _right(edit: dict[str, Any]) -> bool | None:
    true_error, source_error = edit["true_error"], edit["source_error"]
    unknown = true_error is None or source_error is None
    return None if unknown else is_right(true_error, source_error)


def _read_scores(run: Run, shard: int, into: dict[str, NDArray[np.float64]]) -> int:
    """Fill in the scores of a shard; returns how many of its edits have some.

    Scores that were made for another number of edits are of an earlier shard, and left out.
    """
    record = run.edit_scores.record(shard)
    rows = len(next(iter(into.values())))
    if record is None or record.rows != rows or not run.edit_scores.is_done(shard, hashed=False):
        return 0
    table = run.edit_scores.read(shard, list(into))
    for name, values in into.items():
        column = table.column(name).combine_chunks().cast(pa.float64())
        values[:] = column.fill_null(float("nan")).to_numpy(zero_copy_only=False)
    return rows


def _read_selection(
    run: Run, sizes: dict[int, int], outcomes: list[str], disagreement: NDArray[np.float64]
) -> dict[str, Any] | None:
    """Replace what is known of the edits that were filtered; returns what the filter noted.

    Args:
        run: the run.
        sizes: shard of edits -> its rows, in the order of the edits.
        outcomes: one for each edit; a filtered one's is changed.
        disagreement: of each edit with its variants; a filtered one's is changed.

    Raises:
        RunError: there is a selection, but it cannot be read.
    """
    selection = read_selection_file(run, ["shard", "row", "kept", "reason", OF_SELECTION])
    if selection is None:
        return None
    table = selection.table
    begins = dict(zip(sizes, accumulate(sizes.values(), initial=0), strict=False))
    places = zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True)
    for shard, row, kept, reason, differs in places:
        if row < sizes.get(shard, 0):
            outcomes[begins[shard] + row] = KEPT if kept else reason
            disagreement[begins[shard] + row] = math.nan if differs is None else differs
    return selection.noted
