"""Fake engines do what their docstrings say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syned.models.base import ImageTextEncoder
from syned.models.fake import FakeImageTextEncoder


def picture(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (10, 7, 3)).astype(np.uint8)


def test_like_images_are_near_and_vectors_have_length_one() -> None:
    encoder: ImageTextEncoder = FakeImageTextEncoder()
    first, other = picture(0), picture(1)
    vectors = encoder.embed_images([first, np.clip(first, 2, 255), other])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0] @ vectors[1] > 0.99
    assert vectors[0] @ vectors[2] < 0.7


def test_a_text_is_near_to_itself_and_to_the_image_it_is_said_to_be_like() -> None:
    encoder = FakeImageTextEncoder(like={"a star": picture(0)})
    star, moon, again = encoder.embed_texts(["a star", "a moon", "a moon"])
    assert np.allclose(star, encoder.embed_images([picture(0)])[0])
    assert np.allclose(moon, again)
    assert abs(moon @ star) < 0.7
    assert (encoder.texts, encoder.images) == (3, 1)
    assert encoder.embed_texts([]).shape == encoder.embed_images([]).shape == (0, 48)
