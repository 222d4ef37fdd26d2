"""Rows of a run's shards by their place, a row group in memory at a time."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from syned.errors import RunError
from syned.run.shards import ShardFolder


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
        self._open: tuple[int, pq.ParquetFile | None] = (-1, None)
        """The shard that was read last."""

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
        """Row group, and row within it."""
        metadata = self._file(shard).metadata
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if row < rows:
                return group, row
            row -= rows
        raise IndexError("it has fewer rows than expected")

    def _group(self, shard: int, group: int) -> list[dict[str, Any]]:
        key = (shard, group)
        if key not in self._groups:
            while len(self._groups) >= self._groups_kept:
                self._groups.popitem(last=False)
            file = self._file(shard)
            table = file.read_row_group(group, columns=self._columns, use_threads=False)
            self._groups[key] = table.select(self._columns).to_pylist()
        self._groups.move_to_end(key)
        return self._groups[key]

    def _file(self, shard: int) -> pq.ParquetFile:
        last, file = self._open
        if file is None or last != shard:
            if file is not None:
                file.close()
            self._open = (-1, None)  # if the next one cannot be opened
            file = pq.ParquetFile(self._folder.file(shard))
            self._open = (shard, file)
        return file
