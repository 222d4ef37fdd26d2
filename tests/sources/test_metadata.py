from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from syned.errors import DataError
from syned.sources.metadata import metadata_columns, metadata_rows

ROWS = [
    {"file_name": "a.png", "instruction": 'Write "zoo", please'},
    {"file_name": "b.png", "instruction": "Mache es Nacht, schön"},
]


def written(folder: Path, suffix: str) -> Path:
    path = folder / f"metadata{suffix}"
    if suffix == ".csv":
        path.write_text(
            'file_name,instruction\na.png,"Write ""zoo"", please"\nb.png,"Mache es Nacht, schön"\n',
            encoding="utf-8-sig",
        )
    elif suffix == ".jsonl":
        path.write_text(
            '{"file_name": "a.png", "instruction": "Write \\"zoo\\", please"}\n\n'
            '{"file_name": "b.png", "instruction": "Mache es Nacht, schön"}\n',
            encoding="utf-8-sig",
        )
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_kind_of_metadata_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path, suffix)
    assert metadata_columns(path) == ["file_name", "instruction"]
    assert list(metadata_rows(path)) == ROWS


def test_a_jsonl_column_that_the_first_row_lacks_is_found(tmp_path: Path) -> None:
    path = tmp_path / "metadata.jsonl"
    path.write_text('{"file_name": "a.png"}\n{"file_name": "b.png", "task": "add"}\n')
    assert metadata_columns(path) == ["file_name", "task"]


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_an_empty_file_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(DataError, match="is empty"):
        metadata_columns(tmp_path / name)


def test_a_damaged_line_of_jsonl_is_named(tmp_path: Path) -> None:
    path = tmp_path / "metadata.jsonl"
    path.write_text('{"file_name": "a.png"}\n{"file_name": "b.p')
    with pytest.raises(DataError, match=r"metadata\.jsonl line 2 is not JSON"):
        metadata_columns(path)


def test_a_line_of_jsonl_that_is_no_object_is_named(tmp_path: Path) -> None:
    path = tmp_path / "metadata.jsonl"
    path.write_text('["a.png"]\n')
    with pytest.raises(DataError, match=r"line 1 is no JSON object but a list; each line must"):
        metadata_columns(path)


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl", "metadata.parquet"])
def test_bytes_that_are_no_table_are_an_error_with_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\x81 file_name")
    with pytest.raises(DataError, match=name):
        metadata_columns(tmp_path / name)


def test_a_quote_that_never_ends_is_an_error_and_not_one_long_cell(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text('file_name,instruction\na.png,"Add a goat\nb.png,Remove it\n')
    with pytest.raises(DataError, match="cannot be read as CSV"):
        list(metadata_rows(path))
