from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from syned.captioning.data.pairs import Pairs
from syned.captioning.data.readers import open_pairs
from syned.config import PairSource
from syned.errors import ConfigError, DataError
from syned.run.published import PUBLISHED_SCHEMA
from syned.run.shards import parquet_bytes
from syned.sources.png import png_bytes


def cell(level: int) -> dict[str, Any]:
    return {"bytes": png_bytes(Image.new("RGB", (8, 8), (level, level, level))), "path": None}


def row(number: int, **values: Any) -> dict[str, Any]:
    """A row as `syned publish` writes it."""
    known = {
        "image": cell(number),
        "edited_image": cell(number + 100),
        "instruction": f"do {number}",
        "captions": [f"done {number}", f"{number} was done"],
        "original_captions": 1,
        "task": "add",
        "split": "train",
        "id": f"id{number}",
        "source_id": f"source{number // 2}",
    }
    return dict.fromkeys(PUBLISHED_SCHEMA.names) | known | values


def publish(folder: Path, rows: list[dict[str, Any]], split: str = "train") -> None:
    """Two files, as `syned publish` names them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    half = len(rows) // 2
    for number, part in enumerate((rows[:half], rows[half:])):
        table = pa.Table.from_pylist(part, PUBLISHED_SCHEMA)
        name = f"{split}-{number:05d}-of-00002.parquet"
        (folder / "data" / name).write_bytes(parquet_bytes(table))


def opened(folder: Path, **settings: Any) -> Pairs:
    return open_pairs(PairSource(kind="published", path=str(folder), **settings))


def levels(pairs: Pairs, index: int) -> list[Any]:
    return [image.getpixel((0, 0))[0] for image in pairs.images(index)]  # type: ignore[index]


def test_a_split_is_read_whole_and_in_order(tmp_path: Path) -> None:
    publish(tmp_path, [row(number) for number in range(7)])
    publish(tmp_path, [row(50), row(51)], "test")
    pairs = opened(tmp_path)
    assert [info.pair_id for info in pairs.infos] == [f"id{number}" for number in range(7)]
    info = pairs.infos[5]
    assert info.references == ("done 5", "5 was done")
    assert (info.task, info.split, info.source_id) == ("add", "train", "source2")
    assert levels(pairs, 5) == [5, 105]
    assert len(opened(tmp_path, split="test").infos) == 2


def test_rows_can_be_passed_over(tmp_path: Path) -> None:
    publish(tmp_path, [row(number) for number in range(7)])
    pairs = opened(tmp_path, start=3, limit=2)
    assert [info.pair_id for info in pairs.infos] == ["id3", "id4"]
    assert levels(pairs, 1) == [4, 104]


def test_captions_that_are_no_paraphrases_can_be_had_alone(tmp_path: Path) -> None:
    publish(tmp_path, [row(0, original_captions=2), row(1)])
    pairs = opened(tmp_path, references="original")
    assert [info.references for info in pairs.infos] == [("done 0", "0 was done"), ("done 1",)]


def test_without_captions_the_instruction_is_the_reference(tmp_path: Path) -> None:
    publish(tmp_path, [row(0, captions=[]), row(1, captions=["", " so "])])
    pairs = opened(tmp_path)
    assert [info.references for info in pairs.infos] == [("do 0",), ("so",)]
    assert pairs.notes == (f"{tmp_path} (train): dropped 1 empty reference",)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a folder"):
        opened(tmp_path / "gone")
    with pytest.raises(ConfigError, match="it is not a dataset that `syned publish` has made"):
        opened(tmp_path)
    publish(tmp_path, [row(0), row(1)])
    with pytest.raises(ConfigError, match="its splits are train"):
        opened(tmp_path, split="test")


def test_files_of_another_maker_are_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    table = pa.Table.from_pylist([{"image": cell(1), "edited_image": cell(2)}])
    pq.write_table(table, tmp_path / "data/train-00000-of-00001.parquet")
    with pytest.raises(DataError, match=r"has no column id, .*kind: hub"):
        opened(tmp_path)
