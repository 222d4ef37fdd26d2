from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest

from syned.captioning.data.readers.hub import arrow_pictures
from syned.errors import ConfigError, DataError
from syned.sources.png import png_bytes
from tests.captioning.data.readers.miniature import cell, gray, ids, levels, opened, write_rows


def row(n: int, **values: Any) -> dict[str, Any]:
    return {"input_image": cell(n), "edited_img": cell(n + 50), "edit_prompt": f"do {n}", **values}


def test_columns_go_by_the_names_that_datasets_use(tmp_path: Path) -> None:
    rows = [row(n, task="add", omni_edit_id=f"a{n}") for n in range(6)]
    write_rows(tmp_path / "data/train-00000-of-00001.parquet", rows)
    pairs = opened("hub", tmp_path, start=4)
    assert ids(pairs) == [f"{tmp_path.name}/a4", f"{tmp_path.name}/a5"]
    assert pairs.infos[1].references == ("do 5",)
    assert (pairs.infos[1].task, pairs.infos[1].split) == ("add", "train")
    assert levels(pairs, 1) == (5, 55)


def test_captions_go_before_instructions_and_lists_are_read_whole(tmp_path: Path) -> None:
    rows = [row(0, captions=["a", "", "b"]), row(1, captions=[" "]), row(2, captions=None)]
    write_rows(tmp_path / "train.parquet", rows)
    pairs = opened("hub", tmp_path)
    assert [info.references for info in pairs.infos] == [("a", "b"), ("do 1",), ("do 2",)]


def test_columns_can_be_named(tmp_path: Path) -> None:
    write_rows(tmp_path / "train.parquet", [{"a": cell(1), "b": cell(2), "said": "it changed"}])
    named = {"source_image": "a", "edited_image": "b", "captions": "said"}
    assert opened("hub", tmp_path, columns=named).infos[0].references == ("it changed",)
    with pytest.raises(ConfigError, match=r"say which it is with columns\.source_image"):
        opened("hub", tmp_path)
    del named["captions"]
    with pytest.raises(ConfigError, match=r"captions or instruction.*columns\.captions"):
        opened("hub", tmp_path, columns=named)
    with pytest.raises(ConfigError, match="split is 'test'"):
        opened("hub", tmp_path, columns=named, split="test")


def test_rows_without_a_picture_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [row(n) for n in range(9)]
    rows[2]["input_image"] = rows[7]["edited_img"] = cell(None)
    write_rows(tmp_path / "train.parquet", rows)
    pairs = opened("hub", tmp_path)
    assert [levels(pairs, n)[0] for n in range(7)] == [0, 1, 3, 4, 5, 6, 8]
    assert pairs.notes[0].endswith("left out 2 rows that have no picture (first: row 2)")


def test_other_formats_are_read_through_arrow() -> None:
    png = [png_bytes(gray(level)) for level in (1, 2)]
    rows = {"image": [{"bytes": data, "path": None} for data in png], "img1": [png[1], None]}
    features = datasets.Features({"image": datasets.Image(), "img1": datasets.Value("binary")})
    dataset = datasets.Dataset.from_dict(rows, features)
    picture, missing = arrow_pictures(dataset, ("image", "img1"), "some/set")
    assert missing == [1]
    assert picture(1, "image").getpixel((0, 0)) == (2, 2, 2)
    with pytest.raises(DataError, match="some/set: the img1 of row 1 is missing_image"):
        picture(1, "img1")
