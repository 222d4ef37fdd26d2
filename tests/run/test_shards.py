"""Shards: done only if the file is the one of its record, whatever happens."""

from __future__ import annotations

import io
import json
import resource
from collections.abc import Callable
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from syned.errors import RunError
from syned.run.atomic import write_atomically
from syned.run.records import IMAGE_SCHEMA, REQUEST_SCHEMA, SourceImage, to_table
from syned.run.shards import ShardFolder, parquet_bytes


def _png(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (number, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def _table(rows: int, first: int = 0) -> pa.Table:
    images = [SourceImage(f"id{i}", _png(i), 8, 8) for i in range(first, first + rows)]
    return to_table(images, IMAGE_SCHEMA)


def _folder(path: Path, shards: int = 1) -> ShardFolder:
    folder = ShardFolder(path / "images", IMAGE_SCHEMA)
    for shard in range(shards):
        folder.commit(shard, _table(3, shard), inputs="made of", counts={"done": 3}, seconds=1.5)
    return folder


def test_a_committed_shard_is_done_and_reads_back(tmp_path: Path) -> None:
    folder = _folder(tmp_path, shards=2)
    assert folder.done() == [0, 1]
    assert folder.read(1).equals(_table(3, 1))
    assert folder.read(1, ["width_px", "source_id"]).column_names == ["width_px", "source_id"]
    record = folder.record(1)
    assert record is not None
    assert (record.shard, record.rows, record.counts, record.seconds) == (1, 3, {"done": 3}, 1.5)
    assert record.size_bytes == folder.file(1).stat().st_size


def test_a_shard_made_from_something_else_is_not_done(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert folder.is_done(0, inputs="made of")
    assert not folder.is_done(0, inputs="other")


def _truncate(folder: ShardFolder) -> None:
    folder.file(0).write_bytes(folder.file(0).read_bytes()[:-1])


def _alter(folder: ShardFolder) -> None:
    data = bytearray(folder.file(0).read_bytes())
    data[len(data) // 2] ^= 1
    folder.file(0).write_bytes(data)


def _lose_file(folder: ShardFolder) -> None:
    folder.file(0).unlink()


def _lose_record(folder: ShardFolder) -> None:
    folder.file(0).with_suffix(".json").unlink()


def _cut_record(folder: ShardFolder) -> None:
    path = folder.file(0).with_suffix(".json")
    path.write_text(path.read_text()[:40])


def _alter_record(folder: ShardFolder) -> None:
    path = folder.file(0).with_suffix(".json")
    path.write_text(path.read_text().replace('"done": 3', '"done": 4'))


def _swap_record(folder: ShardFolder) -> None:
    folder.commit(1, _table(3, 1), inputs="made of", counts={}, seconds=0)
    for suffix in (".json", ".parquet"):
        folder.file(1).with_suffix(suffix).replace(folder.file(0).with_suffix(suffix))


def _record_of_no_record(folder: ShardFolder) -> None:
    folder.file(0).with_suffix(".json").write_text("[1]")


@pytest.mark.parametrize(
    "damage",
    [
        _truncate,
        _alter,
        _lose_file,
        _lose_record,
        _cut_record,
        _alter_record,
        _swap_record,
        _record_of_no_record,
    ],
)
def test_a_damaged_shard_is_not_done(tmp_path: Path, damage: Callable[[ShardFolder], None]) -> None:
    folder = _folder(tmp_path)
    damage(folder)
    assert not folder.is_done(0)
    assert folder.done() == []


def test_without_the_hash_only_the_size_is_compared(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _alter(folder)
    assert folder.is_done(0, hashed=False)
    _truncate(folder)
    assert not folder.is_done(0, hashed=False)


def test_a_shard_between_new_rows_and_new_record_is_not_done(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    write_atomically(folder.file(0), parquet_bytes(_table(3, 7)))
    assert not folder.is_done(0)
    folder.commit(0, _table(3, 7), inputs="", counts={}, seconds=0)
    assert folder.is_done(0)


def test_the_same_rows_give_the_same_bytes_however_they_are_chunked() -> None:
    images = [SourceImage(f"id{i}", bytes(90_000), 8, 8) for i in range(70)]
    whole = to_table(images, IMAGE_SCHEMA)
    chunked = pa.concat_tables([whole.slice(0, 37), whole.slice(37)])
    assert parquet_bytes(whole).equals(parquet_bytes(chunked))


def test_row_groups_are_small_and_pngs_are_stored_as_they_are() -> None:
    file = pq.ParquetFile(pa.BufferReader(parquet_bytes(_table(70))))
    groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
    assert [group.num_rows for group in groups] == [64, 6]
    columns = {groups[0].column(i).path_in_schema: groups[0].column(i) for i in range(5)}
    pixels = columns["image.bytes"]
    assert pixels.compression == "UNCOMPRESSED"
    assert not pixels.has_dictionary_page
    assert pixels.statistics is None
    assert columns["source_id"].compression == "ZSTD"
    assert columns["source_id"].has_offset_index


def test_datasets_shows_the_pictures(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    loaded = datasets.load_dataset(
        "parquet",
        data_files=str(folder.file(0)),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert loaded.features["image"] == datasets.Image()
    assert loaded[2]["image"].getpixel((0, 0)) == (2, 0, 0)


def test_datasets_reads_every_type_of_a_request(tmp_path: Path) -> None:
    folder = ShardFolder(tmp_path / "requests", REQUEST_SCHEMA)
    folder.commit(0, to_table([], REQUEST_SCHEMA), inputs="", counts={}, seconds=0)
    features = datasets.Features.from_arrow_schema(pq.read_schema(folder.file(0)))
    assert features["true_image"] == datasets.Image()
    assert features["captions"] == datasets.List(datasets.Value("string"))
    assert features["guidance_scale"] == datasets.Value("float64")
    assert features.arrow_schema.types == REQUEST_SCHEMA.types


def test_a_folder_whose_path_looks_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "seed=3")
    assert folder.read(0).column_names == IMAGE_SCHEMA.names


def test_other_columns_than_the_schema_are_refused(tmp_path: Path) -> None:
    folder = ShardFolder(tmp_path, IMAGE_SCHEMA)
    with pytest.raises(RunError, match=r"would have columns \{a: int64\} but"):
        folder.commit(0, pa.table({"a": [1]}), inputs="", counts={}, seconds=0)


def test_an_unreadable_shard_is_an_error_in_words(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    folder.file(0).write_bytes(b"not parquet")
    with pytest.raises(RunError, match=r"00000\.parquet cannot be read"):
        folder.read(0)
    with pytest.raises(RunError, match=r"00007\.parquet cannot be read"):
        folder.read(7)


def test_a_full_disk_leaves_what_was_there_and_no_half_file(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    before = folder.file(0).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(RunError, match=r"00000\.parquet cannot be written: File too large"):
            folder.commit(0, _table(30), inputs="", counts={}, seconds=0)
        with pytest.raises(RunError, match=r"00001\.parquet cannot be written"):
            folder.commit(1, _table(30), inputs="", counts={}, seconds=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert folder.file(0).read_bytes() == before
    assert sorted(p.name for p in folder.path.iterdir()) == ["00000.json", "00000.parquet"]
    assert folder.is_done(0)


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file")
    with pytest.raises(RunError, match=r"cannot be written: File exists"):
        _folder(tmp_path)


def test_leftovers_of_a_kill_are_removed_and_nothing_else(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder.path / "00001.parquet.tmp-99").write_bytes(b"half")
    assert folder.done() == [0]
    assert folder.remove_leftovers() == ["00001.parquet.tmp-99"]
    assert sorted(p.name for p in folder.path.iterdir()) == ["00000.json", "00000.parquet"]


def test_a_folder_that_is_not_there_has_no_shards(tmp_path: Path) -> None:
    folder = ShardFolder(tmp_path / "none", IMAGE_SCHEMA)
    assert folder.done() == []
    assert folder.remove_leftovers() == []
    assert folder.record(0) is None


def test_a_record_is_json_for_people(tmp_path: Path) -> None:
    values = json.loads(_folder(tmp_path).file(0).with_suffix(".json").read_text())
    assert values["rows"] == 3
    assert values["finished"].endswith("+00:00")
    assert values["host"]
