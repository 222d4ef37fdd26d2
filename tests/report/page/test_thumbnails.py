"""Small pictures in data URLs."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from syned.report.page.thumbnails import (
    QUALITIES,
    Picture,
    Quality,
    choose_quality,
    difference,
    thumbnail,
    triple,
)
from syned.sources.png import png_bytes
from tests.report.page.made_up import picture


def image_of(shown: Picture | None) -> Image.Image:
    assert shown is not None
    kind, data = shown.url.split(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def noise(size_px: int) -> bytes:
    pixels = np.random.default_rng(size_px).integers(0, 256, (size_px, size_px, 3), np.uint8)
    return png_bytes(Image.fromarray(pixels))


def test_a_small_picture_is_kept_pixel_by_pixel() -> None:
    png = picture(1, 64)
    shown = triple(png, png, QUALITIES[0])
    with Image.open(io.BytesIO(png)) as source:
        assert np.array_equal(np.asarray(image_of(shown.source)), np.asarray(source))
    assert shown.source is not None
    assert shown.source.pixelated


def test_a_large_picture_is_made_smaller_in_proportion() -> None:
    shown = thumbnail(Image.new("RGB", (1000, 500), "red"), Quality(200, 70))
    assert image_of(shown).size == (200, 100)
    assert (shown.width_px, shown.height_px, shown.pixelated) == (1000, 500, False)


def test_the_difference_is_black_where_nothing_changed_and_shows_small_changes() -> None:
    source = Image.new("RGB", (4, 4), (100, 100, 100))
    edited = source.copy()
    edited.putpixel((1, 2), (100, 104, 100))
    edited.putpixel((3, 3), (255, 0, 100))
    gray = np.asarray(difference(source, edited))
    assert gray[2, 1] == round(255 * (4 / 255) ** 0.5)
    assert gray[3, 3] == round(255 * (155 / 255) ** 0.5)
    assert np.count_nonzero(gray) == 2


def test_what_is_missing_has_no_picture_and_no_difference() -> None:
    failed = triple(picture(0, 16), None, QUALITIES[0])
    assert failed.source is not None
    assert failed.edited is None
    assert failed.difference is None
    assert triple(None, None, QUALITIES[0]).size_bytes == 0


def test_pictures_are_as_exact_as_the_budget_allows() -> None:
    pairs = [(noise(300), noise(300))]
    sizes = [triple(*pairs[0], quality).size_bytes for quality in QUALITIES]
    assert sizes == sorted(sizes, reverse=True)
    for quality, size in zip(QUALITIES[2:], sizes[2:], strict=True):
        assert choose_quality(pairs, 100, 100 * size) == quality
    assert choose_quality(pairs, 100, 1) == QUALITIES[-1]
    assert choose_quality([], 0, 1) == QUALITIES[0]


@pytest.mark.parametrize("size_px", [16, 96, 97, 512])
def test_the_least_quality_bounds_any_picture(size_px: int) -> None:
    png = noise(size_px)
    assert triple(png, png, QUALITIES[-1]).size_bytes < 16_000
