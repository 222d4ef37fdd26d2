"""Select the edits of a run that are kept, and write selection.parquet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from syned.filter.scored import Scored
from syned.filter.select import KEPT, REASONS, Rules, select
from syned.run.directory import Run
from syned.run.records import SELECTION_SCHEMA
from syned.run.selection_file import write_selection_file


def write_selection(
    run: Run,
    scored: Scored,
    rules: Rules,
    contaminated: Mapping[str, Mapping[str, NDArray[np.bool_]]],
    *,
    encoder: str,
) -> dict[str, Any]:
    """Select, and write selection.parquet.

    Args:
        run: its scores are locked by the caller.
        scored: what is chosen from.
        rules: what is asked of an edit.
        contaminated: as from `contaminations`.
        encoder: what the scores were made with, its revision included.

    Returns:
        The file's metadata: counts by reason and task, thresholds, contamination, truth.

    Raises:
        RunError: it cannot be written.
    """
    flags = [rows for of_set in contaminated.values() for rows in of_set.values()]
    any_set = np.any(flags, axis=0) if flags else np.zeros(len(scored.columns), bool)
    outcome = select(scored.columns, rules, any_set)
    told = {
        **_counts(outcome),
        "by_task": {
            task: _counts(outcome[scored.columns.task == position])
            for position, task in sorted(enumerate(scored.columns.tasks), key=lambda pair: pair[1])
        },
        "thresholds": _shown(rules),
        "encoder": encoder,
        "contamination": {
            name: {
                what: int((rows & (outcome == REASONS.index("contaminated"))).sum())
                for what, rows in of_set.items()
            }
            for name, of_set in contaminated.items()
        },
        "truth": truth_counts(scored.right, outcome == KEPT),
    }
    write_selection_file(run, _table(scored, outcome), told)
    return told


def truth_counts(right: NDArray[np.int8], kept: NDArray[np.bool_]) -> dict[str, int] | None:
    """How the choice compares with the truth; None where none is known."""
    judged = right >= 0
    if not judged.any():
        return None
    return {
        "judged": int(judged.sum()),
        "right": int((right == 1).sum()),
        "kept_judged": int((judged & kept).sum()),
        "kept_right": int(((right == 1) & kept).sum()),
    }


def _counts(outcome: NDArray[np.uint8]) -> dict[str, Any]:
    of_reason = np.bincount(outcome, minlength=KEPT + 1)
    dropped = {reason: int(of_reason[i]) for i, reason in enumerate(REASONS) if of_reason[i]}
    return {"kept": int(of_reason[KEPT]), "dropped": dropped}


def _shown(rules: Rules) -> dict[str, Any]:
    """All numbers that held; null for one that holds for all tasks but this."""
    common: dict[str, float | None] = {
        **rules.bounds,
        "near_duplicate_distance": rules.near_duplicate_distance,
        "best_per_request": rules.best_per_request,
    }
    common = {name: number for name, number in common.items() if number is not None}
    tasks = {
        task: {
            name: number for name, number in bounds.items() if number is not None or name in common
        }
        for task, bounds in sorted(rules.tasks.items())
    }
    return {"all": common, "tasks": tasks}


def _table(scored: Scored, outcome: NDArray[np.uint8]) -> pa.Table:
    words = np.array([*REASONS, *[""] * (KEPT + 1 - len(REASONS))])
    columns = {
        name: scored.table[name] for name in ("edit_id", "source_id", "shard", "row", "task")
    }
    disagreement = scored.columns.scores["variant_disagreement"]
    columns |= {
        "variant_disagreement": pa.array(disagreement, from_pandas=True),
        "kept": pa.array(outcome == KEPT),
        "reason": pa.array(words[outcome]),
    }
    return pa.table(columns, schema=SELECTION_SCHEMA)
