"""The edits of a run as a sequence: which there are, and each of them when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from syned.api.edit import Edit
from syned.api.edit_reader import EditReader
from syned.errors import RunError
from syned.run.directory import Run
from syned.run.selection_file import SELECTION_FILE

Places = NDArray[np.int64]
"""Shards and rows of edits, shape (n, 2)."""


class Edits(Sequence[Edit]):
    """Edits of a run: with a length, to iterate over, to index and to slice; get them from a `Run`.

    They are those that were made when `Run.edits` was called.
    """

    def __init__(self, reader: EditReader, places: Places) -> None:
        self._reader, self._places = reader, places

    def __repr__(self) -> str:
        return f"<{len(self):,} edits of {self._reader.run.path}>"

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Edit: ...
    @overload
    def __getitem__(self, index: slice) -> Edits: ...
    def __getitem__(self, index: int | slice) -> Edit | Edits:
        """An edit by its place, or some of the edits.

        Raises:
            RunError: the run is damaged, or its selection is of other edits.
        """
        if isinstance(index, slice):
            return Edits(self._reader, self._places[index])
        shard, row = self._places[index].tolist()
        return self._reader.edit(shard, row)


def edits_of(run: Run, *, kept: bool | None, task: str | None) -> Edits:
    """The edits of a run that are made by now; see `syned.Run.edits`."""
    made = list(_made(run))
    reader = EditReader(run)
    places = _all_places(made) if kept is None else _selected_places(reader, made, kept)
    return Edits(reader, places if task is None else _of_task(run, places, task))


def edit_by_id(run: Run, edit_id: str) -> Edit:
    """The edit of a run with this id; see `syned.Run.edit`."""
    for shard, _ in _made(run):
        row = pc.index(run.edits.read(shard, ["edit_id"])["edit_id"], edit_id).as_py()
        if row >= 0:
            return EditReader(run).edit(shard, row)
    raise RunError(
        f"{run.path} has made no edit {edit_id!r}; an id is 32 hexadecimal digits, as in "
        "run.edits()[0].edit_id"
    )


def _made(run: Run) -> Iterator[tuple[int, int]]:
    """Number and rows of each shard of edits that is made."""
    for shard in run.edits.recorded():
        record = run.edits.record(shard)
        if record is not None and run.edits.matches(record, hashed=False):
            yield shard, record.rows


def _all_places(made: Sequence[tuple[int, int]]) -> Places:
    parts = [np.stack([np.full(rows, shard), np.arange(rows)], axis=1) for shard, rows in made]
    return np.concatenate([np.zeros((0, 2), np.int64), *parts])


def _selected_places(reader: EditReader, made: Sequence[tuple[int, int]], kept: bool) -> Places:
    """The edits that the filter kept, or those that it dropped, as far as they are there."""
    if reader.selection is None:
        raise RunError(
            f"{reader.run.path} has no {SELECTION_FILE}, so no edit is kept or dropped; filter the "
            "run first, or leave `kept` out"
        )
    table, rows_of = reader.selection.table, dict(made)
    shards, rows = (np.asarray(table[name], np.int64) for name in ("shard", "row"))
    there = rows < np.asarray([rows_of.get(shard, 0) for shard in shards.tolist()])
    chosen: Places = np.stack([shards, rows], axis=1)[there & (np.asarray(table["kept"]) == kept)]
    return chosen


def _of_task(run: Run, places: Places, task: str) -> Places:
    """The edits of one task; one small column of every shard is read."""
    parts = [np.zeros((0, 2), np.int64)]
    for shard in np.unique(places[:, 0]).tolist():
        in_shard = places[places[:, 0] == shard]
        tasks = np.asarray(run.requests.read(shard, ["task"])["task"].to_pylist(), object)
        parts.append(in_shard[tasks[in_shard[:, 1]] == task])
    return np.concatenate(parts)
