"""Parquet files of a split: how they are cut, numbered and recognized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from syned.errors import RunError
from syned.publish.parquet_files import data_files, final_name, is_strange, row_groups, write_files

SCHEMA = pa.schema(
    [("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), ("id", pa.string())]
)


def rows(count: int, image_bytes: int = 10) -> list[dict[str, Any]]:
    return [
        {"image": {"bytes": bytes(image_bytes), "path": None}, "id": f"{i}", "further": 1}
        for i in range(count)
    ]


def test_a_row_group_has_64_rows_at_most() -> None:
    groups = list(row_groups(rows(130), SCHEMA, max_bytes=10**6))

    assert [group.num_rows for group in groups] == [64, 64, 2]
    assert groups[0].schema.names == ["image", "id"]


def test_a_row_group_of_large_images_has_fewer_rows_and_at_least_one() -> None:
    assert [g.num_rows for g in row_groups(rows(5, 100), SCHEMA, max_bytes=250)] == [2, 2, 1]
    assert [g.num_rows for g in row_groups(rows(2, 100), SCHEMA, max_bytes=1)] == [1, 1]


def test_files_are_cut_where_they_are_full_and_numbered_on(tmp_path: Path) -> None:
    groups = row_groups(rows(5, 1000), SCHEMA, max_bytes=1000)

    write_files(groups, tmp_path, "train", first=3, max_bytes=2200, made_from="x")

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "train-00003.parquet",
        "train-00004.parquet",
        "train-00005.parquet",
    ]
    tables = [pq.read_table(tmp_path / f"train-{n:05d}.parquet") for n in (3, 4, 5)]
    assert [table.num_rows for table in tables] == [2, 2, 1]
    assert pa.concat_tables(tables)["id"].to_pylist() == ["0", "1", "2", "3", "4"]


def test_no_rows_are_no_file(tmp_path: Path) -> None:
    write_files(iter(()), tmp_path, "train", first=0, max_bytes=10, made_from="x")

    assert list(tmp_path.iterdir()) == []


def test_a_footer_tells_what_a_file_holds(tmp_path: Path) -> None:
    groups = list(row_groups(rows(70), SCHEMA, max_bytes=10**6))
    write_files(iter(groups), tmp_path, "test", first=0, max_bytes=10**6, made_from="abc")

    files = data_files(tmp_path)
    assert files is not None
    (file,) = files

    assert (file.split, file.number, file.rows, file.made_from) == ("test", 0, 70, "abc")
    assert file.num_bytes == sum(group.nbytes for group in groups)
    assert file.size_bytes == file.path.stat().st_size
    assert final_name(file, 12) == "test-00000-of-00012.parquet"


def test_files_come_by_split_and_number_whatever_they_are_called(tmp_path: Path) -> None:
    for split in ("test", "train", "validation"):
        groups = row_groups(rows(3), SCHEMA, max_bytes=10)
        write_files(groups, tmp_path, split, first=0, max_bytes=1, made_from="x")
    (tmp_path / "train-00001.parquet").rename(tmp_path / "train-00001-of-00003.parquet")

    files = data_files(tmp_path) or []

    assert [(file.split, file.number) for file in files] == [
        (split, number) for split in ("train", "validation", "test") for number in range(3)
    ]


def test_a_damaged_or_missing_or_foreign_file_makes_the_folder_useless(tmp_path: Path) -> None:
    groups = row_groups(rows(3), SCHEMA, max_bytes=10)
    write_files(groups, tmp_path, "train", first=0, max_bytes=1, made_from="x")
    middle = tmp_path / "train-00001.parquet"
    whole = middle.read_bytes()

    middle.write_bytes(whole[:-9])
    assert data_files(tmp_path) is None
    middle.unlink()
    assert data_files(tmp_path) is None
    pq.write_table(pa.table({"a": [1]}), middle)
    assert data_files(tmp_path) is None
    assert is_strange(middle)
    middle.write_bytes(whole)
    assert data_files(tmp_path) is not None
    assert not is_strange(middle)


def test_an_error_among_the_rows_leaves_no_file_under_its_name(tmp_path: Path) -> None:
    def failing() -> Any:
        yield from row_groups(rows(2), SCHEMA, max_bytes=10)
        raise RunError("no")

    with pytest.raises(RunError, match="no"):
        write_files(failing(), tmp_path, "train", first=0, max_bytes=10**6, made_from="x")

    assert list(tmp_path.iterdir()) == []
