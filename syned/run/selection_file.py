"""selection.parquet: which edits of a run are kept, and what the filter noted of its choice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from syned.errors import RunError
from syned.run.atomic import write_atomically
from syned.run.directory import Run
from syned.run.records import SELECTION_SCHEMA

SELECTION_FILE = "selection.parquet"

REASON_MEANINGS = {
    "failed": "there is no edited image",
    "flat": "the edited image is one color, or black",
    "nothing_changed": "the edited image is all but equal to the source image",
    "changed_too_much": "more changed than the task asks for",
    "scene_lost": "the edited image no longer shows the scene",
    "instruction_ignored": "what changed is not what was asked for",
    "variants_disagree": "the variants of the request differ too much, so the editor was not sure",
    "contaminated": "the edit, its source image or a caption is in an evaluation set",
    "near_duplicate": "a better variant of the same request looks the same",
    "beyond_best": "enough better variants of the same request are kept",
}
"""Why the filter drops an edit, in words."""

_NOTED = b"syned"
"""Of the file's schema metadata: what the filter noted, as JSON."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What selection.parquet holds."""

    table: pa.Table = field(repr=False)
    """A row an edit, in the order of edits/ when it was filtered."""
    noted: dict[str, Any]
    """`kept` and `dropped` (reason -> edits), the same `by_task`, `thresholds`, `encoder`,
    `contamination` and `truth`."""


def write_selection_file(run: Run, table: pa.Table, noted: Mapping[str, Any]) -> None:
    """Put a selection in the place of the one before.

    Args:
        run: its scores are locked by the caller.
        table: its columns are those of SELECTION_SCHEMA.
        noted: as `Selection` has it.

    Raises:
        RunError: it cannot be written.
    """
    sink = pa.BufferOutputStream()
    whole = table.replace_schema_metadata({_NOTED: json.dumps(noted)})
    pq.write_table(whole, sink, compression="ZSTD")
    write_atomically(run.path / SELECTION_FILE, sink.getvalue())


def read_selection_file(run: Run, columns: Sequence[str] | None = None) -> Selection | None:
    """The selection of a run; None before it is filtered.

    Args:
        run: may be in use.
        columns: names of those to read; None for all.

    Raises:
        RunError: it is damaged.
    """
    path = run.path / SELECTION_FILE
    names = list(SELECTION_SCHEMA.names if columns is None else columns)
    try:
        with pq.ParquetFile(path) as file:
            noted = json.loads((file.schema_arrow.metadata or {})[_NOTED])
            table = file.read(columns=names, use_threads=False).select(names)
        return Selection(table, {**noted, "kept": noted["kept"], "dropped": noted["dropped"]})
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error!r}; run `syned filter` again") from error


def read_selection_notes(run: Run) -> dict[str, Any] | None:
    """What the filter noted, and `edits`, the number of rows; None before the run is filtered.

    Raises:
        RunError: selection.parquet is damaged.
    """
    selection = read_selection_file(run, ["edit_id"])
    return None if selection is None else {**selection.noted, "edits": len(selection.table)}
