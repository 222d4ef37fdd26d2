"""Decide which edits of a run are kept, and note it in selection.parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from syned.errors import RunError
from syned.filter.scored import Scored
from syned.filter.select import KEPT, REASONS, Rules, select
from syned.run.directory import Run
from syned.run.records import SELECTION_SCHEMA
from syned.run.shards import write_atomically

SELECTION_FILE = "selection.parquet"
METADATA_KEY = b"syned"
"""Of the file's schema metadata: counts and thresholds as JSON."""


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
    _write(run, scored, outcome, told)
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


def read_selection(run: Run) -> dict[str, Any] | None:
    """What selection.parquet says of itself, and `edits`, its rows; None when there is none.

    Raises:
        RunError: it is damaged.
    """
    path = run.path / SELECTION_FILE
    try:
        with pq.ParquetFile(path) as file:
            told = json.loads((file.schema_arrow.metadata or {})[METADATA_KEY])
            return {**told, "edits": file.metadata.num_rows}
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}; run `syned filter` again") from error


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


def _write(run: Run, scored: Scored, outcome: NDArray[np.uint8], told: Mapping[str, Any]) -> None:
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
    selection = pa.table(columns, schema=SELECTION_SCHEMA)
    metadata = {METADATA_KEY: json.dumps(told)}
    sink = pa.BufferOutputStream()
    pq.write_table(selection.replace_schema_metadata(metadata), sink, compression="ZSTD")
    write_atomically(run.path / SELECTION_FILE, sink.getvalue())
