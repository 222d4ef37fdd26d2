from __future__ import annotations

import pytest

from syned.captioning.data.readers import open_pairs
from syned.config import PairSource
from syned.errors import ConfigError
from syned.sources.shapes.source import shapes_record


def test_the_truth_of_the_world_is_the_edited_image() -> None:
    pairs = open_pairs(PairSource(kind="shapes", split="test", start=5, limit=3, seed=2))
    record = shapes_record(6, "test", 2)
    assert len(pairs.infos) == 3
    assert pairs.infos[1].references == record.captions
    assert (pairs.infos[1].task, pairs.infos[1].split) == (record.task, "test")
    assert pairs.infos[1].pair_id == "shapes/2/test/6"
    assert pairs.images(1) == (record.image, record.edited_image)


def test_the_first_reference_alone_can_be_had() -> None:
    pairs = open_pairs(PairSource(kind="shapes", limit=2, references="first"))
    assert pairs.infos[0].references == shapes_record(0, "train", 0).captions[:1]


def test_a_split_that_the_world_lacks_is_refused() -> None:
    with pytest.raises(ConfigError, match="the shapes world has train, validation, test"):
        open_pairs(PairSource(kind="shapes", split="val"))


def test_scenes_alone_are_described_before_and_after_an_edit_in_turn() -> None:
    pairs = open_pairs(PairSource(kind="shapes", start=3, limit=2, seed=2, scenes=True))
    after, before = (shapes_record(index, "train", 2) for index in (3, 4))
    assert pairs.infos[0].references == (after.output_caption,)
    assert pairs.infos[1].references == (before.input_caption,)
    assert pairs.images(0) == (after.edited_image, after.edited_image)
    assert pairs.images(1) == (before.image, before.image)
    assert pairs.infos[1].pair_id == "shapes/2/train/4"
