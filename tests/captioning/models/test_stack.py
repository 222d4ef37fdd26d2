"""Two images as one."""

from __future__ import annotations

import numpy as np
from PIL import Image

from syned.captioning.models.stack import stack


def test_the_source_image_lies_above_the_edited_image() -> None:
    both = stack(Image.new("RGB", (6, 4), "red"), Image.new("RGB", (6, 4), "blue"), "vertical")
    pixels = np.asarray(both)
    assert both.size == (6, 8)
    assert (pixels[:4] == (255, 0, 0)).all()
    assert (pixels[4:] == (0, 0, 255)).all()


def test_the_source_image_lies_left_of_the_edited_image() -> None:
    both = stack(Image.new("RGB", (6, 4), "red"), Image.new("RGB", (6, 4), "blue"), "horizontal")
    pixels = np.asarray(both)
    assert both.size == (12, 4)
    assert (pixels[:, :6] == (255, 0, 0)).all()
    assert (pixels[:, 6:] == (0, 0, 255)).all()


def test_images_of_two_sizes_get_that_of_the_edited_one() -> None:
    both = stack(Image.new("RGB", (90, 20), "red"), Image.new("RGB", (6, 4), "blue"), "vertical")
    assert both.size == (6, 8)
    assert (np.asarray(both)[:4] == (255, 0, 0)).all()


def test_gray_and_transparent_images_become_colored() -> None:
    both = stack(Image.new("L", (6, 4), 255), Image.new("RGBA", (6, 4), "blue"), "vertical")
    assert both.mode == "RGB"
    assert both.getpixel((0, 0)) == (255, 255, 255)
