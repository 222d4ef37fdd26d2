"""Rows of a run's shards by their place, a row group in memory at a time."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from syned.errors import RunError
from syned.shards import ShardFolder


class RowReader:
    """Reads single rows; what was read last stays, since its neighbours are asked for next.

    Args:
        folder: of shards.
        columns: what to read of a row.
        groups_kept: how many row groups stay.
    """

    def __init__(self, folder: ShardFolder, columns: list[str], *, groups_kept: int = 1) -> None:
        self._folder, self._columns, self._groups_kept = folder, columns, groups_kept
        self._groups: OrderedDict[tuple[int, int], list[dict[str, Any]]] = OrderedDict()
        self._sizes: tuple[int, list[int]] = (-1, [])
        """The shard that was looked into last, and the rows of its row groups."""

    def row(self, shard: int, row: int) -> dict[str, Any]:
        """A row as column -> value.

        Raises:
            RunError: the shard cannot be read, or has no such row.
        """
        try:
            group, row = self._place(shard, row)
            return self._group(shard, group)[row]
        except (OSError, pa.ArrowException, KeyError, IndexError) as error:
            path = self._folder.file(shard)
            raise RunError(f"{path} cannot be read, or has changed meanwhile: {error}") from error

    def _place(self, shard: int, row: int) -> tuple[int, int]:
        if self._sizes[0] != shard:
            found = pq.read_metadata(self._folder.file(shard))
            rows = [found.row_group(group).num_rows for group in range(found.num_row_groups)]
            self._sizes = (shard, rows)
        for group, rows_here in enumerate(self._sizes[1]):
            if row < rows_here:
                return group, row
            row -= rows_here
        raise IndexError(f"it has fewer rows than row {row} needs")

    def _group(self, shard: int, group: int) -> list[dict[str, Any]]:
        key = (shard, group)
        if key not in self._groups:
            while len(self._groups) >= self._groups_kept:
                self._groups.popitem(last=False)
            with pq.ParquetFile(self._folder.file(shard)) as file:
                table = file.read_row_group(group, columns=self._columns, use_threads=False)
            self._groups[key] = table.select(self._columns).to_pylist()
        self._groups.move_to_end(key)
        return self._groups[key]
