from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from syned.captioning.data.readers import parquet_pictures as parquet
from syned.captioning.data.readers.parquet_pictures import ParquetTable
from syned.errors import DataError
from syned.sources.png import png_bytes
from tests.captioning.data.readers.miniature import IMAGE, cell, gray, write_picture


def write(
    path: Path,
    cells: Sequence[dict[str, Any] | None],
    *,
    group: int = 4,
    statistics: bool = True,
    kind: pa.DataType = IMAGE,
) -> Path:
    """A file with a picture and a text a row, in row groups of `group` rows."""
    texts = [f"do {n}" for n in range(len(cells))]
    table = pa.table({"image": pa.array(cells, kind), "text": texts})
    pq.write_table(table, path, row_group_size=group, write_statistics=statistics)
    return path


def two_files(folder: Path) -> list[Path]:
    """Levels 0 to 6 in three row groups of one file, then 50 and 51 in another."""
    return [
        write(folder / "a.parquet", [cell(n) for n in range(7)], group=3),
        write(folder / "b.parquet", [cell(50), cell(51)]),
    ]


def level(table: ParquetTable, row: int) -> Any:
    pixel: Any = table.picture(row, "image").getpixel((0, 0))
    return pixel[0]


def test_rows_are_counted_over_all_row_groups_of_all_files(tmp_path: Path) -> None:
    table = ParquetTable(two_files(tmp_path), ["image"])
    assert len(table) == 9
    assert [level(table, row) for row in range(9)] == [0, 1, 2, 3, 4, 5, 6, 50, 51]
    assert [level(table, row) for row in (8, 0, 6, 3)] == [51, 0, 6, 3]


def test_a_table_of_no_files_has_no_rows() -> None:
    table = ParquetTable([], ["image"])
    assert (len(table), list(table.rows(["text"])), table.without_picture()) == (0, [], [])


def test_texts_are_read_in_the_order_of_the_files_without_the_pictures(tmp_path: Path) -> None:
    rows = list(ParquetTable(two_files(tmp_path), ["image"]).rows(["text"]))
    assert rows == [{"text": f"do {n}"} for n in (*range(7), 0, 1)]


def forty_rows(folder: Path) -> ParquetTable:
    """In four row groups."""
    path = write(folder / "a.parquet", [cell(n) for n in range(40)], group=10)
    return ParquetTable([path], ["image"])


def test_pictures_are_read_a_row_group_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "CACHE_BYTES", 1)
    held = forty_rows(tmp_path)
    assert [level(held, row) for row in (39, 0, 15, 14, 39)] == [39, 0, 15, 14, 39]
    assert list(held._cache) == [3]


def test_a_row_group_that_is_kept_is_not_read_again(tmp_path: Path) -> None:
    table = forty_rows(tmp_path)
    level(table, 0)
    level(table, 39)
    (tmp_path / "a.parquet").unlink()
    assert [level(table, row) for row in (3, 35)] == [3, 35]
    with pytest.raises(DataError, match=r"a\.parquet cannot be read"):
        level(table, 15)


def test_what_was_asked_for_longest_ago_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = forty_rows(tmp_path)
    level(table, 0)
    room = int(2.5 * table._cached_bytes())  # for two of the row groups, which are alike in size
    monkeypatch.setattr(parquet, "CACHE_BYTES", room)
    for row in (10, 0, 20):
        level(table, row)
    assert list(table._cache) == [0, 2]


def test_only_columns_of_pictures_are_kept(tmp_path: Path) -> None:
    table = forty_rows(tmp_path)
    level(table, 0)
    assert table._cache[0].column_names == ["image"]


def test_a_file_that_is_no_parquet_is_named_at_once(tmp_path: Path) -> None:
    files = two_files(tmp_path)
    files[1].write_bytes(files[1].read_bytes()[:-20])
    with pytest.raises(DataError, match=r"b\.parquet cannot be read as Parquet: .*; get the file"):
        ParquetTable(files, ["image"])
    with pytest.raises(DataError, match=r"gone\.parquet cannot be read as Parquet"):
        ParquetTable([tmp_path / "gone.parquet"], ["image"])


def damaged(folder: Path) -> ParquetTable:
    """A file whose footer is whole and whose rows are not."""
    path = write(folder / "a.parquet", [cell(n) for n in range(4)])
    data = bytearray(path.read_bytes())
    data[4:64] = bytes(60)
    path.write_bytes(data)
    return ParquetTable([path], ["image"])


def test_damage_that_shows_when_a_picture_is_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)a\.parquet cannot be read: .*; get the file"):
        level(damaged(tmp_path), 0)


def test_damage_that_shows_when_texts_are_read_is_named(tmp_path: Path) -> None:
    table = ParquetTable(two_files(tmp_path), ["image"])
    (tmp_path / "b.parquet").unlink()
    rows = table.rows(["text"])
    assert [next(rows)["text"] for _ in range(7)] == [f"do {n}" for n in range(7)]
    with pytest.raises(DataError, match=r"b\.parquet cannot be read: .*; get the file again"):
        next(rows)


def test_a_file_that_was_exchanged_meanwhile_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [cell(n) for n in range(4)])
    table = ParquetTable([path], ["image"])
    path.write_bytes(b"this is no Parquet file any more")
    with pytest.raises(DataError, match=r"a\.parquet cannot be read: .*; get the file again"):
        list(table.rows(["text"]))


def test_a_broken_picture_is_named_by_its_file_its_row_and_the_reason(tmp_path: Path) -> None:
    first, _ = two_files(tmp_path)
    broken = {"bytes": b"broken", "path": None}
    second = write(tmp_path / "b.parquet", [cell(0), broken, cell(None)])
    table = ParquetTable([first, second], ["image"])
    with pytest.raises(DataError) as caught:
        table.picture(8, "image")
    assert str(caught.value) == (
        f"{second}: the image of row 8 of its split is unreadable; get the file again"
    )
    with pytest.raises(DataError, match="the image of row 9 of its split is missing_image"):
        table.picture(9, "image")


def test_a_picture_that_moves_is_its_first_frame(tmp_path: Path) -> None:
    gray(7).save(tmp_path / "a.gif", save_all=True, append_images=[gray(9)], duration=50)
    cells = [{"bytes": (tmp_path / "a.gif").read_bytes(), "path": None}]
    assert level(ParquetTable([write(tmp_path / "a.parquet", cells)], ["image"]), 0) == 7


def test_a_picture_that_is_only_named_is_read_from_the_folder(tmp_path: Path) -> None:
    write_picture(tmp_path / "pictures/1.png", 33)
    names = ("pictures/1.png", "pictures/2.png")
    path = write(tmp_path / "a.parquet", [{"bytes": None, "path": name} for name in names])
    table = ParquetTable([path], ["image"], tmp_path)
    assert level(table, 0) == 33
    assert table.without_picture() == [1]
    with pytest.raises(DataError, match="the image of row 1 of its split is missing_file"):
        table.picture(1, "image")
    assert ParquetTable([path], ["image"]).without_picture() == [0, 1]


@pytest.mark.parametrize("statistics", [True, False])
def test_rows_without_a_picture_are_found_in_every_row_group(
    statistics: bool, tmp_path: Path
) -> None:
    cells = [cell(None if n in (0, 5, 7) else n) for n in range(9)]
    files = [
        write(tmp_path / f"{name}.parquet", cells, group=3, statistics=statistics) for name in "ab"
    ]
    assert ParquetTable(files, ["image"]).without_picture() == [0, 5, 7, 9, 14, 16]


def test_a_cell_that_is_null_as_a_whole_has_no_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [cell(0), None])
    assert ParquetTable([path], ["image"]).without_picture() == [1]


def test_a_row_is_named_once_however_many_of_its_pictures_are_missing(tmp_path: Path) -> None:
    columns = {
        "image": pa.array([cell(None), cell(1), cell(2)], IMAGE),
        "edited_image": pa.array([cell(None), cell(1), cell(None)], IMAGE),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    both = ParquetTable([tmp_path / "a.parquet"], ["image", "edited_image"])
    assert both.without_picture() == [0, 2]
    assert ParquetTable([tmp_path / "a.parquet"], ["image"]).without_picture() == [0]


def test_where_statistics_say_that_all_is_there_no_picture_is_read(tmp_path: Path) -> None:
    files = two_files(tmp_path)
    table = ParquetTable(files, ["image"])
    for path in files:
        path.unlink()
    assert table.without_picture() == []


def test_pictures_may_be_plain_bytes(tmp_path: Path) -> None:
    rows: list[Any] = [png_bytes(gray(4)), None]
    table = ParquetTable([write(tmp_path / "a.parquet", rows, kind=pa.binary())], ["image"])
    assert (level(table, 0), table.without_picture()) == (4, [1])
