"""Evaluation sets, in the layouts that they come in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from syned.config import EvaluationSet
from syned.errors import ConfigError, DataError
from syned.sources.evaluation import evaluation_inputs, evaluation_items, json_captions
from syned.sources.png import png_bytes
from tests.scored_run import noise

SPOT = [{"img_id": "256", "sentences": ["the car is gone", ""]}]
IER = [{"img0": "a.jpg", "img1": "b.jpg", "sents": ["brighten it"], "uid": "Zhopped_2"}]
CLEVR = {"CLEVR_default_000000.png": ["the cube moved", "there is no change"]}
COCO = {"annotations": [{"caption": "a dog left", "image_id": "256.png"}], "type": "captions"}


def picture(folder: Path, name: str, seed: int) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(Image.fromarray(noise(seed))))


def read(config: EvaluationSet) -> tuple[list[Image.Image], list[str]]:
    items = list(evaluation_items(config))
    return [p for item in items for p in item.pictures], [t for item in items for t in item.texts]


@pytest.mark.parametrize(
    ("layout", "captions"),
    [
        (SPOT, ["the car is gone", ""]),
        (IER, ["brighten it"]),
        (CLEVR, ["the cube moved", "there is no change"]),
        (COCO, ["a dog left"]),
    ],
)
def test_captions_are_found_in_the_json_of_every_known_set(
    layout: object, captions: list[str]
) -> None:
    assert list(json_captions(layout)) == captions


def test_a_folder_gives_all_its_pictures_and_the_captions_beside_it(tmp_path: Path) -> None:
    for number, name in enumerate(("256.png", "deep/256_2.png")):
        picture(tmp_path / "images", name, number)
    (tmp_path / "images" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "test.json").write_text(json.dumps(SPOT))
    config = EvaluationSet(
        name="spot", path=str(tmp_path / "images"), captions_file=str(tmp_path / "test.json")
    )
    pictures, texts = read(config)
    assert len(pictures) == 2
    assert texts == ["the car is gone", ""]
    assert len(read(config.model_copy(update={"limit": 1}))[0]) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.txt", "one\ntwo\n"), ("a.jsonl", '{"caption": "one"}\n\n{"caption": "two"}\n')],
)
def test_captions_may_be_lines(tmp_path: Path, name: str, text: str) -> None:
    picture(tmp_path / "images", "a.png", 0)
    (tmp_path / name).write_text(text)
    config = EvaluationSet(
        name="lines", path=str(tmp_path / "images"), captions_file=str(tmp_path / name)
    )
    assert read(config)[1] == ["one", "two"]


def test_scenes_of_a_split_bring_both_pictures_and_all_texts() -> None:
    pictures, texts = read(EvaluationSet(name="s", kind="shapes", split="test", limit=3))
    assert len(pictures) == 6
    assert len(texts) > 6


def test_parquet_files_are_read_as_a_source_is(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = [{"bytes": png_bytes(Image.fromarray(noise(i))), "path": None} for i in range(4)]
    table = pa.table(
        {"image": images[:2], "edited_image": images[2:], "instruction": ["add a", "add b"]}
    )
    pq.write_table(table, tmp_path / "test-00000-of-00001.parquet")
    pictures, texts = read(EvaluationSet(name="p", kind="hub", path=str(tmp_path)))
    assert len(pictures) == 4
    assert texts == ["add a", "add b"]


def test_what_a_set_holds_decides_its_hash_and_its_name_does_not(tmp_path: Path) -> None:
    picture(tmp_path, "a.png", 0)
    config = EvaluationSet(name="a", path=str(tmp_path))
    before = evaluation_inputs(config)
    assert evaluation_inputs(config.model_copy(update={"name": "b", "captions": False})) == before
    assert evaluation_inputs(config.model_copy(update={"limit": 1})) != before
    picture(tmp_path, "b.png", 1)
    assert evaluation_inputs(config) != before


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"evaluation spot: path is '/no/where'"):
        read(EvaluationSet(name="spot", path="/no/where"))
    with pytest.raises(ConfigError, match=r"holds no image"):
        read(EvaluationSet(name="spot", path=str(tmp_path)))
    picture(tmp_path, "a.png", 0)
    (tmp_path / "c.json").write_text("{")
    with pytest.raises(DataError, match=r"c.json is not JSON"):
        read(EvaluationSet(name="s", path=str(tmp_path), captions_file=str(tmp_path / "c.json")))
    with pytest.raises(DataError, match=r"d.json cannot be read"):
        read(EvaluationSet(name="s", path=str(tmp_path), captions_file=str(tmp_path / "d.json")))
