from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("imagehash")

from syned.sources.likeness import CLOSE, SAME, perceptual_hash, same_pictures, thumbnail
from tests.scored_run import noise


def test_hashes_tell_pictures_apart_and_not_their_size() -> None:
    hashes = [
        int(perceptual_hash(noise(seed, size)), 16) for seed, size in ((1, 64), (1, 128), (2, 64))
    ]
    assert len(perceptual_hash(noise(1))) == 16
    assert (hashes[0] ^ hashes[1]).bit_count() <= 4
    assert (hashes[0] ^ hashes[2]).bit_count() > 12


def test_a_thumbnail_averages() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[0, 0] = 200
    small = np.frombuffer(thumbnail(picture), np.uint8).reshape(16, 16, 3)
    assert small[0, 0].tolist() == [50, 50, 50]
    assert small.sum() == 150


def small(pixels: np.ndarray) -> np.ndarray:
    return np.frombuffer(thumbnail(pixels), np.uint8).astype(np.float32)


def test_a_picture_is_itself_in_another_size_and_no_other() -> None:
    pictures = [noise(number) for number in range(3)]
    half = [np.asarray(Image.fromarray(p).reduce(2)) for p in pictures]
    others = np.stack([small(half[2]), small(noise(9)), small(half[0])])
    assert sorted(set(same_pictures(np.stack([small(p) for p in pictures]), others))) == [0, 2]


def test_a_small_copy_may_differ_a_little_everywhere_and_nowhere_much() -> None:
    base = np.full((1, 768), 100, np.float32)
    spot = base.copy()
    spot[0, 0] += SAME
    assert list(same_pictures(base, spot)) == [0]
    spot[0, 0] += 1
    assert list(same_pictures(base, spot)) == []
    assert list(same_pictures(base, base + CLOSE)) == [0]
    assert list(same_pictures(base, base + CLOSE + 0.1)) == []
