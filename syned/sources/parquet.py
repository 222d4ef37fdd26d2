"""Read Parquet files row by row, from any row on, with one row group in memory at most.

Everything happens in the calling thread. Arrow's own scanner reads ahead in threads; a process that
stops early, as a plan does when it has enough, may then hang or abort when it ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from syned.errors import DataError

ROWS_AT_ONCE = 16
"""Rows that are taken apart together; a row group may hold thousands."""


def parquet_rows(
    file: Any, *, columns: Sequence[str] | None = None, start: int = 0
) -> Iterator[dict[str, Any]]:
    """The rows of one file, each as column -> value.

    Args:
        file: a path, or a file that is open for reading bytes.
        columns: which to read; None for all.
        start: rows to pass over; row groups that lie wholly before it are not read.

    Raises:
        pyarrow.ArrowInvalid, OSError: the file is damaged or broke off.
    """
    with pq.ParquetFile(file, pre_buffer=False) as parquet:
        for group in range(parquet.num_row_groups):
            rows = parquet.metadata.row_group(group).num_rows
            if start < rows:
                yield from _group_rows(parquet, group, columns, start)
            start = max(0, start - rows)


def row_count(file: Any) -> int:
    """The rows of a file, from its footer alone."""
    return int(pq.read_metadata(file).num_rows)


def hash_parquet_files(folder: Path, paths: Sequence[Path]) -> str:
    """A hash of the files' names, sizes and footers: 32 hexadecimal characters.

    A footer tells where every column of every row group lies, how long it is and its extremes, so
    files need not be read to the end.

    Raises:
        DataError: a file does not end as Parquet files do.
    """
    digest = hashlib.sha256()
    for path in paths:
        name, size = path.relative_to(folder).as_posix(), path.stat().st_size
        digest.update(f"{name} {size}\n".encode() + _footer(path, size))
    return digest.hexdigest()[:32]


def _group_rows(
    parquet: pq.ParquetFile, group: int, columns: Sequence[str] | None, start: int
) -> Iterator[dict[str, Any]]:
    batches = parquet.iter_batches(
        ROWS_AT_ONCE, row_groups=[group], columns=columns, use_threads=False
    )
    for batch in batches:
        if start < batch.num_rows:
            yield from batch.slice(start).to_pylist()
        start = max(0, start - batch.num_rows)


def _footer(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, size - 8))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or length + 8 > size:
            raise DataError(
                f"{path} does not end as Parquet files do, so it may be cut off; fetch it again"
            )
        file.seek(size - 8 - length)
        return file.read(length)
