"""Write the rows of a split as Parquet files of a limited size, and list those files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from syned.run.atomic import open_atomically
from syned.run.published import SPLITS
from syned.run.shards import ROW_GROUP_ROWS, parquet_options, parquet_schema

ROW_GROUP_BYTES = 64_000_000
"""At most so much in a row group. The hub's viewer refuses 300 MB, and `datasets` aims at 100."""

_NAME = re.compile(rf"({'|'.join(SPLITS)})-(\d{{5}})(-of-\d{{5}})?\.parquet")
_FOOTER = b"syned"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of the dataset that is complete, as its footer tells."""

    path: Path
    split: str
    number: int
    rows: int
    num_bytes: int
    """Of its rows in memory, as Arrow holds them."""
    size_bytes: int
    made_from: str
    """Hash of all that decides the dataset's rows."""


def row_groups(
    rows: Iterable[dict[str, Any]], schema: pa.Schema, *, max_bytes: int
) -> Iterator[pa.Table]:
    """The rows as tables, each of them a row group.

    Args:
        rows: column -> value; further columns are left out.
        schema: of the tables.
        max_bytes: of the images of one table, unless a single row has more.
    """
    images = [name for name in schema.names if pa.types.is_struct(schema.field(name).type)]
    group: list[dict[str, Any]] = []
    held = 0
    for row in rows:
        size = sum(len(row[name]["bytes"]) for name in images)
        if group and (len(group) == ROW_GROUP_ROWS or held + size > max_bytes):
            yield pa.Table.from_pylist(group, schema)
            group, held = [], 0
        group.append(row)
        held += size
    if group:
        yield pa.Table.from_pylist(group, schema)


def write_files(
    groups: Iterator[pa.Table],
    folder: Path,
    split: str,
    *,
    first: int,
    max_bytes: int,
    made_from: str,
) -> None:
    """Write row groups to files that follow one another; each has its name when it is complete.

    Args:
        groups: all of one schema.
        folder: where train-00000.parquet and so on come to lie.
        split: of all the rows.
        first: number of the first file.
        max_bytes: of a file, unless a single row group has more.
        made_from: stands in every footer.

    Raises:
        RunError: a file cannot be written.
    """
    number, group = first, next(groups, None)
    while group is not None:
        with open_atomically(folder / f"{split}-{number:05d}.parquet") as file:
            group = _fill(file, group, groups, max_bytes, made_from)
        number += 1


def _fill(
    file: BinaryIO, group: pa.Table, groups: Iterator[pa.Table], max_bytes: int, made_from: str
) -> pa.Table | None:
    """Write row groups to a file until it is full; the first that no longer fits."""
    schema = parquet_schema(group.schema)
    held = 0
    following: pa.Table | None = group
    with pq.ParquetWriter(file, schema, **parquet_options(schema)) as writer:
        while following is not None and (not held or held + following.nbytes <= max_bytes):
            writer.write_table(following.replace_schema_metadata(schema.metadata))
            held += following.nbytes
            following = next(groups, None)
        footer = {"made_from": made_from, "num_bytes": held}
        writer.add_key_value_metadata({_FOOTER: json.dumps(footer)})
    return following


def final_name(file: DataFile, files: int) -> str:
    """The name that tells how many files the split has: train-00000-of-00009.parquet."""
    return f"{file.split}-{file.number:05d}-of-{files:05d}.parquet"


def data_files(folder: Path) -> list[DataFile] | None:
    """What lies in a folder of the dataset's files, by split and number.

    Returns:
        None when one of them is damaged, missing in the middle, or not Syned's.
    """
    files: list[DataFile] = []
    for path in folder.glob("*.parquet"):
        file = _look_into(path)
        if file is None:
            return None
        files.append(file)
    files.sort(key=lambda file: (SPLITS.index(file.split), file.number))
    for split in SPLITS:
        numbers = [file.number for file in files if file.split == split]
        if numbers != list(range(len(numbers))):
            return None
    return files


def is_strange(path: Path) -> bool:
    """Whether a file is whole and yet not one that Syned wrote."""
    try:
        return _FOOTER not in (pq.read_metadata(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False


def _look_into(path: Path) -> DataFile | None:
    name = _NAME.fullmatch(path.name)
    try:
        metadata = pq.read_metadata(path)
        footer = json.loads((metadata.metadata or {})[_FOOTER])
        return name and DataFile(
            path=path,
            split=name[1],
            number=int(name[2]),
            rows=metadata.num_rows,
            num_bytes=footer["num_bytes"],
            size_bytes=path.stat().st_size,
            made_from=footer["made_from"],
        )
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None
