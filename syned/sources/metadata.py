"""Read metadata.csv, metadata.jsonl or metadata.parquet row by row, never a whole table at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from syned.errors import DataError
from syned.sources.parquet import parquet_rows

METADATA_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def metadata_columns(path: Path) -> list[str]:
    """The columns of a metadata file, in its order.

    Raises:
        DataError: the file cannot be read, or has no row.
    """
    if path.suffix == ".parquet":
        columns = _parquet_columns(path)
    elif path.suffix == ".csv":
        columns = _csv_columns(path)
    else:
        columns = list(dict.fromkeys(name for row in _jsonl_rows(path) for name in row))
    if not columns:
        raise DataError(f"{path} is empty; it needs at least one row with file_name")
    return columns


def metadata_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a metadata file, each as column -> value.

    Raises:
        DataError: the file is damaged; the message names the line.
    """
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    return _csv_rows(path) if path.suffix == ".csv" else _jsonl_rows(path)


def _csv_columns(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [name for name in next(csv.reader(file, strict=True), []) if name]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as CSV in UTF-8: {error}") from error


def _csv_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            yield from reader
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(
                f"{path} cannot be read as CSV in UTF-8 after line {reader.line_num}: {error}"
            ) from error


def _jsonl_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _jsonl_row(path, number, line.removeprefix(b"\xef\xbb\xbf"))


def _jsonl_row(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path} line {number} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(
            f"{path} line {number} is no JSON object but a {type(row).__name__}; each line must "
            'look like {"file_name": "a.jpg", "instruction": "..."}'
        )
    return row


def _parquet_columns(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from parquet_rows(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error
