"""Single rows out of shards, read with their row groups alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from syned.errors import RunError
from syned.run.shards import ShardFolder

K = TypeVar("K")

Place = tuple[int, int]
"""Number of a shard, and a row in it."""


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
    by_shard: dict[int, set[int]] = {}
    for shard, row in places:
        by_shard.setdefault(shard, set()).add(row)
    found: dict[Place, dict[str, Any]] = {}
    for shard, rows in sorted(by_shard.items()):
        try:
            with pq.ParquetFile(folder.file(shard)) as file:
                for row, values in _rows_of(file, rows, columns or folder.schema.names):
                    found[shard, row] = values
        except (OSError, pa.ArrowException, KeyError) as error:
            raise RunError(f"{folder.file(shard)} cannot be read: {error}") from error
        missing = [row for row in rows if (shard, row) not in found]
        if missing:
            raise RunError(
                f"{folder.file(shard)} has no row {missing[0]}; other shards say that it has: "
                "run the command again that made it"
            )
    return found


def _rows_of(
    file: pq.ParquetFile, rows: set[int], columns: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    begin = 0
    for group in range(file.num_row_groups):
        end = begin + file.metadata.row_group(group).num_rows
        wanted = sorted(row for row in rows if begin <= row < end)
        if wanted:
            table = file.read_row_group(group, columns=list(columns))
            values = table.take([row - begin for row in wanted]).to_pylist()
            yield from zip(wanted, values, strict=True)
        begin = end


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
