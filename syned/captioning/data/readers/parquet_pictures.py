"""Read single pictures out of Parquet files, one row group at a time.

Everything happens in the calling thread, for the reason that `syned.sources.parquet` gives.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from syned.errors import DataError
from syned.sources.cells import holds_picture, read_cell
from syned.sources.parquet import parquet_rows

CACHE_BYTES = 256 * 2**20
"""Row groups that are kept for the rows that are asked for next; one is kept in any case."""


class ParquetTable:
    """The rows of some Parquet files, one file after the other.

    Args:
        files: on this machine.
        images: the columns that hold pictures.
        folder: where pictures that are only named may lie.

    Raises:
        DataError: a file is damaged.
    """

    def __init__(
        self, files: Sequence[Path], images: Sequence[str], folder: Path | None = None
    ) -> None:
        self._files, self._images, self._folder = list(files), list(images), folder
        self._footers = [_footer(path) for path in self._files]
        self._groups = [
            (file, group)
            for file, footer in enumerate(self._footers)
            for group in range(footer.num_row_groups)
        ]
        sizes = (self._footers[f].row_group(g).num_rows for f, g in self._groups)
        self._ends = list(accumulate(sizes))
        self._cache: OrderedDict[int, pa.Table] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def rows(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """All rows, each as column -> value; pictures had better not be among the columns.

        Raises:
            DataError: a file is damaged.
        """
        for path in self._files:
            try:
                yield from parquet_rows(path, columns=columns)
            except (pa.ArrowException, OSError) as error:
                raise DataError(f"{path} cannot be read: {error}; get the file again") from error

    def picture(self, row: int, column: str) -> Image.Image:
        """A picture, RGB.

        Raises:
            DataError: it cannot be read.
        """
        which = bisect_right(self._ends, row)
        first = self._ends[which - 1] if which else 0
        cell = self._group(which).column(column)[row - first].as_py()
        image, reason = read_cell(cell, self._folder, moving=True)
        if image is None:
            path = self._files[self._groups[which][0]]
            raise DataError(
                f"{path}: the {column} of row {row} of its split is {reason}; get the file again"
            )
        return image

    def without_picture(self) -> list[int]:
        """The rows in which a picture is missing, from the files' statistics where they have any.

        Raises:
            DataError: a file is damaged.
        """
        missing = set()
        for which, (file, group) in enumerate(self._groups):
            first = self._ends[which - 1] if which else 0
            for column in self._images:
                if not _complete(self._footers[file].row_group(group), column):
                    cells = self._group(which).column(column)
                    missing |= {
                        first + row
                        for row, cell in enumerate(cells)
                        if not holds_picture(cell.as_py(), self._folder)
                    }
        return sorted(missing)

    def _group(self, which: int) -> pa.Table:
        """The pictures of a row group, kept until newer ones need the room."""
        with self._lock:
            if which not in self._cache:
                self._cache[which] = self._read_group(which)
                while len(self._cache) > 1 and self._cached_bytes() > CACHE_BYTES:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(which)
            return self._cache[which]

    def _cached_bytes(self) -> int:
        return sum(table.nbytes for table in self._cache.values())

    def _read_group(self, which: int) -> pa.Table:
        file, group = self._groups[which]
        path = self._files[file]
        try:
            with pq.ParquetFile(path, metadata=self._footers[file], pre_buffer=False) as parquet:
                return parquet.read_row_group(group, columns=self._images, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path} cannot be read: {error}; get the file again") from error


def _footer(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}; get the file again") from error


def _complete(group: pq.RowGroupMetaData, column: str) -> bool:
    """Whether statistics say that every row of a group has its picture's bytes."""
    for leaf in (group.column(number) for number in range(group.num_columns)):
        if leaf.path_in_schema in (column, f"{column}.bytes"):
            statistics = leaf.statistics
            return bool(
                statistics is not None and statistics.has_null_count and statistics.null_count == 0
            )
    return False
