"""Measures of a CLIP equal those counted by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("torch")

from numpy.typing import NDArray

from syned.training.clip.batches import Example
from syned.training.clip.check import check_attempts, check_retrieval, separation


class Axes:
    """Images are the axis of their first pixel's red value, texts the axis of their number."""

    name = "axes"

    def embed_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.eye(32, dtype=np.float32)[[int(image[0, 0, 0]) for image in images]]

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(32, dtype=np.float32)[[int(text) for text in texts]]


def image(axis: int, rest: int = 0) -> NDArray[np.uint8]:
    pixels = np.full((4, 4, 3), rest, np.uint8)
    pixels[0, 0] = axis
    return pixels


def example(before: int, after: int, attempt: NDArray[np.uint8], task: str = "add") -> Example:
    return Example(task, image(before), image(after, 200), str(before), str(after), attempt)


def test_a_perfect_encoder_finds_everything() -> None:
    found = check_retrieval(Axes(), [example(2 * i, 2 * i + 1, image(0)) for i in range(8)])
    assert (found.images, found.caption_of_image, found.image_of_caption) == (16, 1.0, 1.0)
    assert found.own_side == 1.0


def test_captions_of_before_and_after_that_are_swapped_are_seen() -> None:
    wrong = Example("add", image(3), image(4), "4", "3")
    right = Example("add", image(5), image(6), "5", "6")
    found = check_retrieval(Axes(), [wrong, right])
    assert (found.caption_of_image, found.own_side) == (0.5, 0.5)


def test_scores_are_told_apart_by_task() -> None:
    done, undone = image(2, 190), image(1, 10)
    found = check_attempts(
        Axes(), [example(1, 2, done), example(1, 2, undone), example(1, 2, done, "style")]
    )
    assert found.keys() == {
        "edited_text_similarity",
        "directional_similarity",
        "image_similarity",
    }
    assert found["edited_text_similarity"]["add"].area == 1.0
    assert found["directional_similarity"]["add"].area == 1.0
    assert found["image_similarity"]["add"].area == 0.0
    assert found["edited_text_similarity"]["all"].edits == 3
    assert math.isnan(found["edited_text_similarity"]["style"].area)


def test_area_and_recall_are_those_counted_by_hand() -> None:
    right = np.array([True, True, False, True, False])
    found = separation(np.array([0.9, 0.8, 0.7, 0.6, 0.5], np.float32), right)
    assert found.area == pytest.approx(5 / 6)
    assert found.recall == pytest.approx(2 / 3)
    assert found.right == 0.6


def test_edits_of_one_score_are_kept_together_or_not_at_all() -> None:
    found = separation(np.array([0.9, 0.9], np.float32), np.array([True, False]))
    assert found.area == 0.5
    assert found.recall == 0.0


def test_nothing_right_has_no_recall() -> None:
    found = separation(np.array([0.9], np.float32), np.array([False]))
    assert math.isnan(found.recall)
    assert math.isnan(found.area)
