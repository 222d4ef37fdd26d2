"""What is measured on pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from syned.filter.pixels import is_flat, pixel_scores
from syned.sources.likeness import perceptual_hash
from tests.scored_run import noise

pytest.importorskip("imagehash")
skimage_metrics: Any = pytest.importorskip("skimage.metrics")


def test_an_unchanged_picture_has_changed_nowhere() -> None:
    scores = pixel_scores(noise(1), noise(1))
    assert (scores.changed_fraction, scores.patch_change, scores.flat) == (0.0, 0.0, False)
    assert scores.ssim == pytest.approx(1.0)
    assert scores.perceptual_hash == perceptual_hash(noise(1))


def test_a_local_change_is_a_small_share_and_a_strong_patch() -> None:
    source = np.zeros((64, 64, 3), np.uint8) + 100
    edited = source.copy()
    edited[8:16, 8:16] = 200
    scores = pixel_scores(source, edited)
    assert scores.changed_fraction == 1 / 64
    assert scores.patch_change == pytest.approx(100 / 255)


def test_a_change_that_nobody_sees_does_not_count_as_a_changed_pixel() -> None:
    source = noise(1) // 2
    assert pixel_scores(source, source + 25).changed_fraction == 0.0
    assert pixel_scores(source, source + 26).changed_fraction == 1.0


def test_one_channel_is_enough_to_see_a_change() -> None:
    source = np.zeros((16, 16, 3), np.uint8)
    edited = source.copy()
    edited[..., 2] = 255
    assert pixel_scores(source, edited).changed_fraction == 1.0


def test_patches_cover_a_picture_whose_sides_they_do_not_divide() -> None:
    source = np.zeros((19, 37, 3), np.uint8)
    edited = source.copy()
    edited[-1, -1] = 255
    assert pixel_scores(source, edited).patch_change > 0


@pytest.mark.parametrize("shape", [(8, 8, 3), (8, 24, 3)])
def test_the_smallest_pictures_can_be_measured(shape: tuple[int, int, int]) -> None:
    picture = np.full(shape, 80, np.uint8)
    scores = pixel_scores(picture, picture)
    assert (scores.patch_change, scores.ssim) == (0.0, 1.0)


def test_structural_similarity_is_that_of_scikit_image() -> None:
    one, other = noise(1, 64), noise(2, 64)
    expected = skimage_metrics.structural_similarity(
        *(p.mean(axis=2, dtype=np.float32) for p in (one, other)), data_range=255.0
    )
    assert pixel_scores(one, other).ssim == pytest.approx(expected)


def test_a_large_picture_is_compared_at_the_size_at_which_it_is_looked_at() -> None:
    small = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    other = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    large = [np.kron(p, np.ones((2, 2, 1), np.uint8)) for p in (small, other)]
    assert pixel_scores(*large).ssim == pytest.approx(pixel_scores(small, other).ssim, abs=1e-5)


def test_one_color_and_black_are_flat_and_a_night_is_not() -> None:
    gray = np.full((32, 32, 3), 127, np.uint8)
    assert is_flat(gray)
    assert is_flat(gray + np.random.default_rng(0).integers(0, 3, gray.shape, np.uint8))
    black = np.zeros((32, 32, 3), np.uint8)
    black[0, :8] = 255
    assert is_flat(black)
    assert not is_flat(noise(1))
    assert not is_flat(noise(1) // 6)
