from __future__ import annotations

import hashlib
from itertools import islice

import numpy as np
import pytest

from syned.config import SourceConfig
from syned.errors import ConfigError
from syned.sources import open_source
from syned.sources.shapes.edits import scene_edit
from syned.sources.shapes.source import WORLD_VERSION, shapes_record


def test_a_record_holds_the_scene_the_truth_and_the_words() -> None:
    record = next(open_source(SourceConfig(kind="shapes", split="test", seed=3)).records(12))
    assert record.key == "shapes/test/12"
    assert (record.idx, record.split, record.reason) == ("12", "test", "")
    assert record.instruction == scene_edit(12, "test", 3).instruction
    assert record.true_edit
    assert record.image is not None
    assert record.edited_image is not None
    assert not np.array_equal(np.asarray(record.image), np.asarray(record.edited_image))
    assert record.input_caption != record.output_caption
    assert len(record.captions) >= 3


def test_the_truth_comes_even_when_edited_images_are_not_asked_for() -> None:
    source = open_source(SourceConfig(kind="shapes"), edited_images=False)
    assert next(source.records(0)).edited_image is not None


def test_starting_later_gives_the_same_rows() -> None:
    source = open_source(SourceConfig(kind="shapes"))
    whole = [record.key for record in islice(source.records(0), 10)]
    assert [record.key for record in islice(source.records(4), 6)] == whole[4:]


def test_a_limit_ends_the_endless_stream_wherever_it_starts() -> None:
    source = open_source(SourceConfig(kind="shapes", limit=5))
    assert len(list(source.records(0))) == 5
    assert [record.key for record in source.records(3)] == ["shapes/train/3", "shapes/train/4"]
    assert list(source.records(9)) == []


def test_a_source_can_begin_at_a_later_row_which_is_then_its_first() -> None:
    source = open_source(SourceConfig(kind="shapes", start=300, limit=3))
    assert [r.key for r in source.records(0)] == [f"shapes/train/{i}" for i in (300, 301, 302)]
    assert [r.key for r in source.records(2)] == ["shapes/train/302"]
    endless = open_source(SourceConfig(kind="shapes", start=300))
    assert next(endless.records(5)).key == "shapes/train/305"


def test_a_limit_is_no_part_of_the_fingerprint_and_a_seed_is() -> None:
    def fingerprint(config: SourceConfig) -> dict[str, object]:
        return dict(open_source(config).fingerprint)

    plain = fingerprint(SourceConfig(kind="shapes"))
    assert fingerprint(SourceConfig(kind="shapes", limit=5)) == plain
    assert fingerprint(SourceConfig(kind="shapes", start=0)) == plain
    assert "start" not in plain  # so that plans from before there was a start go on
    assert fingerprint(SourceConfig(kind="shapes", start=5)) != plain
    assert fingerprint(SourceConfig(kind="shapes", seed=1)) != plain
    assert fingerprint(SourceConfig(kind="shapes", split="test")) != plain


def test_a_licence_of_the_config_goes_before_the_worlds_own() -> None:
    assert open_source(SourceConfig(kind="shapes")).licence == "cc0-1.0"
    assert open_source(SourceConfig(kind="shapes", licence="mit")).licence == "mit"


def test_an_unknown_split_is_an_error_that_names_the_splits() -> None:
    with pytest.raises(ConfigError, match=r"'valid'; the shapes world has train, validation, test"):
        open_source(SourceConfig(kind="shapes", split="valid"))


def test_the_world_has_not_changed_without_a_new_version() -> None:
    """A changed world changes these words; then WORLD_VERSION goes up, and the hash with it."""
    records = [shapes_record(index, "train", 0) for index in range(32)]
    words = "\n".join(f"{r.instruction}|{r.input_caption}|{r.output_caption}" for r in records)
    assert (WORLD_VERSION, hashlib.sha256(words.encode()).hexdigest()[:16]) == (
        "1",
        "f3df643e570371cf",
    )
