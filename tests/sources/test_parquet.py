from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from syned.errors import DataError
from syned.sources.parquet import hash_parquet_files, parquet_rows, row_count


def written(rows: int = 100, group: int = 40, *, wide_bytes: int = 1) -> bytes:
    table = pa.table({"number": range(rows), "wide": [bytes([7]) * wide_bytes] * rows})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=group, compression="none", use_dictionary=False)
    return buffer.getvalue()


class CountingFile(io.BytesIO):
    """A file that knows how many of its bytes were read."""

    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.bytes_read += len(data)
        return data


@pytest.mark.parametrize("start", [0, 1, 16, 39, 40, 41, 99, 100, 500])
def test_rows_start_anywhere(start: int) -> None:
    rows = parquet_rows(io.BytesIO(written()), start=start)
    assert [row["number"] for row in rows] == list(range(start, 100))


def test_only_the_columns_that_are_asked_for_are_read() -> None:
    data = written(wide_bytes=20_000)
    file = CountingFile(data)
    assert next(parquet_rows(file, columns=["number"])) == {"number": 0}
    assert file.bytes_read < len(data) / 10


def test_row_groups_before_the_start_are_not_read() -> None:
    data = written(wide_bytes=20_000)
    file = CountingFile(data)
    assert next(parquet_rows(file, start=85))["number"] == 85
    assert file.bytes_read < len(data) / 2


def test_rows_are_counted_from_the_footer_alone() -> None:
    data = written(wide_bytes=20_000)
    file = CountingFile(data)
    assert row_count(file) == 100
    assert file.bytes_read < len(data) / 2


def test_the_hash_follows_names_and_contents(tmp_path: Path) -> None:
    for name, data in (("a", written(10)), ("b", written(10)), ("c", written(11))):
        (tmp_path / f"{name}.parquet").write_bytes(data)
    hashes = {hash_parquet_files(tmp_path, [tmp_path / f"{name}.parquet"]) for name in "abc"}
    assert len(hashes) == 3
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.parquet").write_bytes(written(10))
    there = hash_parquet_files(tmp_path / "there", [tmp_path / "there" / "a.parquet"])
    assert there in hashes


@pytest.mark.parametrize("data", [b"", b"PAR1", b"not Parquet at all", written()[:-3]])
def test_a_file_that_does_not_end_as_parquet_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.parquet does not end as Parquet files do"):
        hash_parquet_files(tmp_path, [tmp_path / "a.parquet"])
