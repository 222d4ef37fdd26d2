"""Tables that are kept between calls."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from syned.errors import RunError
from syned.filter.table_cache import cache_table, hash_of, read_cached

TABLE = pa.table({"name": ["a", "b"], "number": [1, 2]})


def test_a_table_is_given_back_to_whom_it_was_made_for(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.parquet"
    cache_table(path, TABLE, "inputs 1")
    found = read_cached(path, "inputs 1")
    assert found is not None
    assert found.equals(TABLE, check_metadata=True)
    assert read_cached(path, "inputs 2") is None


def test_the_columns_that_are_asked_for_are_read_in_that_order(tmp_path: Path) -> None:
    cache_table(tmp_path / "x.parquet", TABLE, "i")
    found = read_cached(tmp_path / "x.parquet", "i", ["number"])
    assert found is not None
    assert found.column_names == ["number"]


@pytest.mark.parametrize("data", [None, b"", b"PAR1", b"PAR1 and then nothing of use PAR1"])
def test_what_is_missing_or_damaged_is_none(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "x.parquet").write_bytes(data)
    assert read_cached(tmp_path / "x.parquet", "i") is None


def test_a_file_of_another_maker_is_none(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(TABLE, tmp_path / "x.parquet")
    assert read_cached(tmp_path / "x.parquet", "i") is None


def test_a_newer_table_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    cache_table(tmp_path / "x.parquet", TABLE, "old")
    cache_table(tmp_path / "x.parquet", TABLE.slice(1), "new")
    found = read_cached(tmp_path / "x.parquet", "new")
    assert found is not None
    assert found["name"].to_pylist() == ["b"]
    assert read_cached(tmp_path / "x.parquet", "old") is None
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]


def test_a_table_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").mkdir()
    with pytest.raises(RunError, match=r"x\.parquet cannot be written"):
        cache_table(tmp_path / "x.parquet", TABLE, "i")


def test_a_hash_follows_every_part_and_their_order() -> None:
    hashes = {
        hash_of("a", "b"),
        hash_of("b", "a"),
        hash_of("ab"),
        hash_of("a"),
        hash_of("a", "b", ""),
    }
    assert len(hashes) == 5
    assert hash_of("a", "b") == hash_of("a", "b")
