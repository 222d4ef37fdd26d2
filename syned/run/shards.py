"""Folders of Parquet shards that are committed one by one.

    NNNNN.parquet        the rows
    NNNNN.json           the commit record, written after them: rows, hash, counts, time, host

A shard is done when its record exists and the file matches it; nothing else counts as done. Both
are written under a temporary name, flushed to disk and renamed: a kill leaves the old or the new.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from syned.errors import RunError
from syned.run.atomic import remove_temporaries, write_atomically
from syned.run.records import IMAGE

ROW_GROUP_ROWS = 64
"""Few enough that a reader of one row does not read hundreds of images."""

_RECORD_NAME = re.compile(r"(\d{5,})\.json")
_HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """What is known of a shard that is done."""

    shard: int
    rows: int
    sha256: str
    """Of the Parquet file."""
    size_bytes: int
    inputs: str
    """Hash of what the shard was made from."""
    counts: dict[str, int]
    seconds: float
    """How long its rows took to make."""
    finished: str
    """ISO 8601, UTC."""
    host: str


class ShardFolder:
    """A folder of shards with one schema; made on the first commit.

    Args:
        path: the folder.
        schema: what every shard's table looks like.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema

    def commit(
        self,
        shard: int,
        table: pa.Table,
        *,
        inputs: str,
        counts: Mapping[str, int],
        seconds: float,
    ) -> CommitRecord:
        """Write a shard and then its record; equal tables give equal bytes.

        Args:
            shard: its number, from 0; what had this number before is replaced.
            table: the rows, with the columns of the folder's schema.
            inputs: hash of what the rows were made from.
            counts: what the record says about the rows.
            seconds: how long the rows took to make.

        Raises:
            RunError: the file cannot be written (nothing is left under its name), or the table has
                other columns.
        """
        data = self._encode(shard, table)
        record = CommitRecord(
            shard=shard,
            rows=table.num_rows,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=data.size,
            inputs=inputs,
            counts=dict(counts),
            seconds=round(seconds, 3),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            host=platform.node(),
        )
        write_atomically(self.file(shard), data)
        write_atomically(self._record_file(shard), _record_json(record))
        return record

    def record(self, shard: int) -> CommitRecord | None:
        """The commit record; None when there is none, or what is there is not one."""
        try:
            values = json.loads(self._record_file(shard).read_bytes())
        except (OSError, ValueError):
            return None
        record = _record_of(values)
        return record if record is not None and record.shard == shard else None

    def is_done(self, shard: int, *, inputs: str | None = None, hashed: bool = True) -> bool:
        """Whether the record exists and the file matches it.

        Args:
            shard: its number.
            inputs: what the shard must have been made from; None for anything.
            hashed: whether to read the whole file and compare its hash, or its size only.
        """
        record = self.record(shard)
        if record is None or (inputs is not None and record.inputs != inputs):
            return False
        return self.matches(record, hashed=hashed)

    def matches(self, record: CommitRecord, *, hashed: bool = True) -> bool:
        """Whether the file of a shard is the one that its record speaks of.

        Args:
            record: as read before.
            hashed: as for `is_done`.
        """
        file = self.file(record.shard)
        try:
            if file.stat().st_size != record.size_bytes:
                return False
            return not hashed or _sha256_of(file) == record.sha256
        except OSError:
            return False

    def done(self) -> list[int]:
        """Numbers of the shards that are done, in order."""
        return [shard for shard in self.recorded() if self.is_done(shard)]

    def recorded(self) -> list[int]:
        """Numbers of the shards that have a record, true or not, in order."""
        matches = [_RECORD_NAME.fullmatch(name) for name in self._names()]
        return sorted(int(match[1]) for match in matches if match)

    def read(self, shard: int, columns: list[str] | None = None) -> pa.Table:
        """The rows of a shard.

        Args:
            shard: its number.
            columns: names of the columns to read, in this order; None for all.

        Raises:
            RunError: the file cannot be read, or lacks a column.
        """
        wanted = self.schema.names if columns is None else columns
        try:
            with pq.ParquetFile(self.file(shard)) as file:
                table = file.read(columns=wanted)
            return table.select(wanted).replace_schema_metadata(None)
        except (OSError, pa.ArrowException, KeyError) as error:
            raise RunError(f"{self.file(shard)} cannot be read: {error}") from error

    def remove(self, shard: int) -> None:
        """Take back a shard: its record first, so that it is at no time half there."""
        self._record_file(shard).unlink(missing_ok=True)
        self.file(shard).unlink(missing_ok=True)

    def remove_leftovers(self) -> list[str]:
        """Delete the temporary files of writes that were cut off; returns their names.

        Only for who holds the run's lock: another writer's files would go too.
        """
        return remove_temporaries(self.path)

    def file(self, shard: int) -> Path:
        """Where the rows of a shard lie."""
        return self.path / f"{shard:05d}.parquet"

    def _record_file(self, shard: int) -> Path:
        return self.path / f"{shard:05d}.json"

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.path.iterdir())
        except FileNotFoundError:
            return []

    def _encode(self, shard: int, table: pa.Table) -> pa.Buffer:
        if not table.schema.equals(self.schema):
            raise RunError(
                f"{self.file(shard)} would have columns {_columns(table.schema)} but "
                f"{_columns(self.schema)} are expected"
            )
        return parquet_bytes(table)


def refuse_damage(folder: ShardFolder, shard: int) -> None:
    """Make sure that a shard of the plan is the file that was committed.

    Raises:
        RunError: it is not.
    """
    if not folder.is_done(shard):
        raise RunError(
            f"{folder.path} shard {shard} is not the file that was committed; the plan cannot be "
            "made again in part, so restore the file or start another run with --run NAME"
        )


def parquet_bytes(table: pa.Table) -> pa.Buffer:
    """A table as a Parquet file, the same bytes for the same rows."""
    schema = parquet_schema(table.schema)
    plain = table.combine_chunks().replace_schema_metadata(schema.metadata)
    sink = pa.BufferOutputStream()
    pq.write_table(plain, sink, row_group_size=ROW_GROUP_ROWS, **parquet_options(schema))
    return sink.getvalue()


def parquet_schema(schema: pa.Schema) -> pa.Schema:
    """A schema with what `datasets` reads to know that a struct of bytes and path is an image."""
    return schema.with_metadata(_features(schema))


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """How a table of this schema lies in a Parquet file: options of `pyarrow.parquet`'s writer.

    Images are compressed already, so they lie as they are.
    """
    images = [name for name in schema.names if schema.field(name).type == IMAGE]
    others = [name for name in _leaves(schema) if name.split(".")[0] not in images]
    pixels = {f"{name}.{part}": "NONE" for name in images for part in ("bytes", "path")}
    return {
        "compression": pixels | dict.fromkeys(others, "ZSTD"),
        "use_dictionary": others,
        "write_statistics": others,
        "write_page_index": True,
    }


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASHED_AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def _record_json(record: CommitRecord) -> bytes:
    values = asdict(record)
    return (json.dumps({**values, "check": _check(values)}, indent=1) + "\n").encode()


def _record_of(values: Any) -> CommitRecord | None:
    """The record in a JSON file; None when a field is missing or was changed by hand."""
    if not isinstance(values, dict):
        return None
    check = values.pop("check", None)
    if set(values) != {field.name for field in fields(CommitRecord)} or check != _check(values):
        return None
    return CommitRecord(**values)


def _check(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _columns(schema: pa.Schema) -> str:
    return "{" + ", ".join(f"{field.name}: {field.type}" for field in schema) + "}"


def _leaves(schema: pa.Schema) -> Iterator[str]:
    """Parquet's names for the columns."""
    for field in schema:
        yield f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name


def _features(schema: pa.Schema) -> dict[str, str]:
    """What `datasets` reads to know that a struct of bytes and path is an image."""
    features = {field.name: _feature(field.type) for field in schema}
    return {"huggingface": json.dumps({"info": {"features": features}}, sort_keys=True)}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if kind == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_list(kind):
        return {"_type": "List", "feature": _feature(kind.value_type)}
    names = {pa.float64(): "float64", pa.bool_(): "bool"}
    return {"_type": "Value", "dtype": names.get(kind, str(kind))}
