"""Images of a dataset: every pixel where it can be, and the same kind of file for a pair."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from syned.errors import RunError
from syned.publish.image_files import encode
from syned.sources.png import png_bytes

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 16, 3), np.uint8)
PNG = png_bytes(Image.fromarray(PIXELS))


def decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_png_keeps_every_pixel_and_equals_what_the_run_holds() -> None:
    assert encode(PNG, "png", 95, where="it") == PNG


def test_an_image_of_another_kind_becomes_the_same_kind() -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, format="BMP")

    assert encode(buffer.getvalue(), "png", 95, where="it") == PNG


@pytest.mark.parametrize("image_format", ["webp", "jpeg"])
def test_the_lossy_formats_follow_their_quality(image_format: str) -> None:
    good, poor = (encode(PNG, image_format, quality, where="it") for quality in (95, 10))

    assert decoded(good).format == image_format.upper()
    assert decoded(good).size == (16, 24)
    assert len(poor) < len(good)


def test_jpeg_keeps_color_at_full_resolution() -> None:
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 0, 255)

    data = encode(png_bytes(Image.fromarray(stripes)), "jpeg", 95, where="it")

    found = np.asarray(decoded(data).convert("RGB")).astype(int)
    assert np.abs(found - stripes).mean() < 10


def test_a_damaged_image_is_named() -> None:
    with pytest.raises(RunError, match="the edited image of x cannot be decoded"):
        encode(PNG[:60], "png", 95, where="the edited image of x")
