from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import ConfigError, DataError
from tests.captioning.data.readers.miniature import ids, levels, opened, write_json, write_picture

ENTRIES = [
    {"img_id": "256", "sentences": ["a car is gone", "", "a man left"]},
    {"img_id": "7", "sentences": ["the van moved"]},
    {"img_id": "256", "sentences": ["one car less", "a car is gone"]},
    {"img_id": "9", "sentences": ["", " "]},
    {"img_id": "11", "sentences": ["nobody has this picture"]},
]


def spot(root: Path) -> Path:
    for name in ("train", "val", "test"):
        write_json(root / f"annotations/{name}.json", ENTRIES if name == "val" else ENTRIES[1:2])
    for number, image in enumerate(("256", "7", "9")):
        write_picture(root / f"resized_images/{image}.png", 10 * number)
        write_picture(root / f"resized_images/{image}_2.png", 10 * number + 5, width_px=16)
    write_picture(root / "resized_images/11.png", 90)
    return root


def test_sentences_of_one_id_are_references_of_one_pair(tmp_path: Path) -> None:
    pairs = opened("spot_the_diff", spot(tmp_path), split="validation")
    assert ids(pairs) == ["spot/256", "spot/7"]
    info = pairs.infos[0]
    assert info.references == ("a car is gone", "a man left", "one car less", "a car is gone")
    assert (info.split, info.source_id) == ("validation", "spot/256")
    assert levels(pairs, 1) == (10, 15)
    assert [image.width for image in pairs.images(0)] == [8, 16]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    notes = opened("spot_the_diff", spot(tmp_path), split="validation").notes
    where = f"{tmp_path} (validation)"
    gone = tmp_path / "resized_images/11_2.png"
    assert notes == (
        f"{where}: left out 1 row that has no picture (first: {gone})",
        f"{where}: left out 1 row without a reference",
        f"{where}: dropped 3 empty references",
    )


def test_the_layout_of_the_papers_code_is_read_as_well(tmp_path: Path) -> None:
    write_json(tmp_path / "reformat_train.json", ENTRIES[1:2])
    write_picture(tmp_path / "original/7.png", 1)
    write_picture(tmp_path / "modified/7_2.png", 2)
    assert levels(opened("spot_the_diff", tmp_path), 0) == (1, 2)


def test_rows_are_counted_after_merging(tmp_path: Path) -> None:
    pairs = opened("spot_the_diff", spot(tmp_path), split="validation", start=1, limit=1)
    assert ids(pairs) == ["spot/7"]
    assert levels(pairs, 0) == (10, 15)


@pytest.mark.parametrize("split", ["val", "valid", "Validation"])
def test_a_split_may_have_any_of_its_names(tmp_path: Path, split: str) -> None:
    assert len(opened("spot_the_diff", spot(tmp_path), split=split).infos) == 2


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no annotations/train\.json or"):
        opened("spot_the_diff", tmp_path)
    with pytest.raises(ConfigError, match="split is 'dev set'; there are train, validation, test"):
        opened("spot_the_diff", spot(tmp_path), split="dev set")
    write_json(tmp_path / "annotations/train.json", [{"img_id": "1"}])
    with pytest.raises(DataError, match=r"entry 0 is .*; an object with img_id, sentences"):
        opened("spot_the_diff", tmp_path)
    write_json(tmp_path / "annotations/train.json", ENTRIES[4:])
    with pytest.raises(DataError, match=r"no pair is left .*left out 1 row that has no picture"):
        opened("spot_the_diff", tmp_path)
    (tmp_path / "annotations/train.json").write_text("[{", "utf-8")
    with pytest.raises(DataError, match=r"train\.json cannot be read as JSON"):
        opened("spot_the_diff", tmp_path)
