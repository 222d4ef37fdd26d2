"""Keep a table in a file for as long as what it was made from stays the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from syned.run.atomic import write_atomically

_INPUTS = b"syned"


def read_cached(path: Path, inputs: str, columns: list[str] | None = None) -> pa.Table | None:
    """What was kept, if it was made from the same; None otherwise, or if it is damaged.

    Args:
        path: of the file.
        inputs: hash of what it must have been made from.
        columns: names of those to read; None for all.
    """
    try:
        with pq.ParquetFile(path) as file:
            if (file.schema_arrow.metadata or {}).get(_INPUTS) != inputs.encode():
                return None
            return file.read(columns).replace_schema_metadata(None)
    except (OSError, pa.ArrowException):
        return None


def cache_table(path: Path, table: pa.Table, inputs: str) -> None:
    """Write a table in place of what was kept before.

    Raises:
        RunError: it cannot be written.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({_INPUTS: inputs}), sink, compression="ZSTD")
    write_atomically(path, sink.getvalue())


def hash_of(*parts: str) -> str:
    """One hash over texts in order."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
