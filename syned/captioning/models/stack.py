"""Stack two images into one, which is what BLIP2IDC sees."""

from __future__ import annotations

from typing import Literal

from PIL import Image

Direction = Literal["vertical", "horizontal"]


def stack(source: Image.Image, edited: Image.Image, direction: Direction) -> Image.Image:
    """Both images at the size of the edited one, the source image first: on top, or left.

    Nothing but their place says which is which.

    Args:
        source: before the edit, of any size and mode.
        edited: after it; its size counts, as in the paper's release (IDC_datasets.py).
        direction: one above the other, or side by side.
    """
    edited = edited.convert("RGB")
    source = source.convert("RGB")
    if source.size != edited.size:
        source = source.resize(edited.size, Image.Resampling.BICUBIC)
    width, height = edited.size
    if direction == "vertical":
        both, place = Image.new("RGB", (width, 2 * height)), (0, height)
    else:
        both, place = Image.new("RGB", (2 * width, height)), (width, 0)
    both.paste(source, (0, 0))
    both.paste(edited, place)
    return both
