from __future__ import annotations

import io

import numpy as np
from PIL import Image

from syned.sources.png import decode, png_bytes


def noise() -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    return Image.fromarray(pixels)


def test_png_bytes_hold_the_pixels_and_nothing_else() -> None:
    image = noise()
    data = png_bytes(image)
    image.info["comment"] = "made on a Tuesday"
    image.info["icc_profile"] = b"of some camera"
    assert png_bytes(image) == data
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), np.asarray(noise()))


def test_what_is_encoded_is_decoded() -> None:
    assert np.array_equal(decode(png_bytes(noise())), np.asarray(noise()))


def test_a_gray_picture_is_decoded_as_rgb() -> None:
    assert decode(png_bytes(Image.new("L", (3, 2), 9))).tolist() == [[[9, 9, 9]] * 3] * 2
