"""Splits: by source image, the same whatever else is published."""

from __future__ import annotations

from collections import Counter

import pytest

from syned.config import SplitFractions
from syned.publish.splits import assign_splits

FRACTIONS = SplitFractions()


def test_the_sources_own_split_is_kept_under_syneds_name() -> None:
    rows = [("a", "train"), ("b", "dev"), ("c", "test"), ("d", "Validation")]

    splits = assign_splits(rows, FRACTIONS, seed=0, own=True)

    assert splits.by_source == {"a": "train", "b": "validation", "c": "test", "d": "validation"}
    assert splits.from_source == 4


@pytest.mark.parametrize(
    ("splits", "wins"),
    [(("train", "test"), "test"), (("val", "train"), "validation"), (("test", "val"), "test")],
)
def test_an_image_in_several_splits_of_the_source_goes_where_it_is_not_trained_on(
    splits: tuple[str, ...], wins: str
) -> None:
    found = assign_splits([("a", split) for split in splits], FRACTIONS, seed=0, own=True)

    assert found.by_source == {"a": wins}
    assert found.conflicts == 1


def test_an_image_without_a_known_split_is_split_by_hash() -> None:
    rows = [(f"image{i}", split) for i in range(4000) for split in ("", "FreeForm")]

    found = assign_splits(rows, FRACTIONS, seed=0, own=True)

    shares = Counter(found.by_source.values())
    assert found.from_source == 0
    assert 0.88 < shares["train"] / 4000 < 0.92
    assert 0.04 < shares["validation"] / 4000 < 0.06
    assert 0.04 < shares["test"] / 4000 < 0.06


def test_the_sources_splits_can_be_overruled() -> None:
    rows = [(f"image{i}", "validation") for i in range(100)]

    assert Counter(assign_splits(rows, FRACTIONS, seed=0, own=False).by_source.values())["train"]


def test_an_image_keeps_its_split_when_others_come_or_fractions_grow() -> None:
    few = [(f"image{i}", "") for i in range(50)]
    more = [(f"image{i}", "") for i in range(500)]
    larger = SplitFractions(train=0.5, validation=0.25, test=0.25)

    before = assign_splits(few, FRACTIONS, seed=3, own=True).by_source
    after = assign_splits(more, FRACTIONS, seed=3, own=True).by_source
    grown = assign_splits(more, larger, seed=3, own=True).by_source

    assert {image: after[image] for image in before} == before
    assert {image for image, split in after.items() if split == "test"} <= {
        image for image, split in grown.items() if split == "test"
    }


def test_another_seed_splits_otherwise() -> None:
    rows = [(f"image{i}", "") for i in range(500)]

    first, second = (assign_splits(rows, FRACTIONS, seed=seed, own=True) for seed in (0, 1))

    assert first.by_source != second.by_source
