"""Read single rows of shards by their place, with a row group in memory at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from syned.errors import RunError
from syned.run.shards import ShardFolder

K = TypeVar("K")

Place = tuple[int, int]
"""Number of a shard, and a row in it."""


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
        raise IndexError("it has fewer rows than other shards say")

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


def rows_at(
    folder: ShardFolder, places: Iterable[Place], columns: Sequence[str] | None = None
) -> dict[Place, dict[str, Any]]:
    """The rows at some places; every shard is opened once, every row group read once.

    Args:
        folder: where the shards lie.
        places: need not be in order, may repeat.
        columns: names of the columns to read; None for all.

    Raises:
        RunError: a shard cannot be read, or has fewer rows than a place says.
    """
    reader = RowReader(folder, list(columns or folder.schema.names))
    return {place: reader.row(*place) for place in sorted(set(places))}


def spread(values: Sequence[K], count: int) -> list[K]:
    """At most `count` of the values, evenly spaced, the first among them."""
    if len(values) <= count:
        return list(values)
    return [values[position * len(values) // count] for position in range(count)]


def shares(sizes: Mapping[K, int], count: int) -> dict[K, int]:
    """How many to take of each group so that `count` are taken in all, as equally as they allow."""
    taken = dict.fromkeys(sizes, 0)
    while sum(taken.values()) < min(count, sum(sizes.values())):
        unused = [group for group in sizes if taken[group] < sizes[group]]
        taken[min(unused, key=taken.__getitem__)] += 1
    return taken
