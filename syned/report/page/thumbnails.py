"""Small pictures for the report: WebP in a data URL, so that the page needs no other file."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

PIXELATED_PX = 96
"""Longest side of pictures that are enlarged without smoothing, as in the contact sheet."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How large and how exact pictures are."""

    side_px: int
    """Longest side at most."""
    webp: int
    """Pillow's quality, 0 to 100."""
    lossless_px: int = 0
    """Longest side of pictures that are kept as they are."""


QUALITIES = (
    Quality(256, 78, lossless_px=PIXELATED_PX),
    Quality(256, 78),
    Quality(192, 72),
    Quality(144, 65),
    Quality(96, 50),
)
"""The best first."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the page."""

    url: str = field(repr=False)
    width_px: int
    height_px: int
    """Of the picture it was made from."""
    pixelated: bool
    """Whether it is to be enlarged without smoothing."""


@dataclass(frozen=True, slots=True)
class Triple:
    """The pictures of one edit."""

    source: Picture | None
    """None when the source image could not be read."""
    edited: Picture | None
    """None when the edit failed."""
    difference: Picture | None

    @property
    def size_bytes(self) -> int:
        """What it takes in the page."""
        return sum(len(each.url) for each in (self.source, self.edited, self.difference) if each)


def triple(source_png: bytes | None, edited_png: bytes | None, quality: Quality) -> Triple:
    """Thumbnails of source image and edited image, and where the two differ."""
    source = None if source_png is None else _open(source_png)
    edited = None if edited_png is None else _open(edited_png)
    return Triple(
        None if source is None else thumbnail(source, quality),
        None if edited is None else thumbnail(edited, quality),
        None if source is None or edited is None else _difference(source, edited, quality),
    )


def difference(source: Image.Image, edited: Image.Image) -> Image.Image:
    """Where two pictures of one size differ: black where they are equal.

    The largest difference of the three channels, in [0, 1], as its square root, so that a change
    of 4 in 255 is to be seen; the same difference has the same gray in every pair.
    """
    change = np.abs(np.asarray(source, np.int16) - np.asarray(edited, np.int16)).max(axis=2)
    return Image.fromarray(np.round(np.sqrt(change / 255) * 255).astype(np.uint8))


def choose_quality(
    pairs: Sequence[tuple[bytes | None, bytes | None]], edits: int, budget_bytes: int
) -> Quality:
    """The best quality at which so many edits are likely to fit.

    Args:
        pairs: PNGs of source image and edited image of some of them.
        edits: how many there will be.
        budget_bytes: for all their pictures.
    """
    for quality in QUALITIES:
        size = sum(triple(source, edited, quality).size_bytes for source, edited in pairs)
        if size * edits <= budget_bytes * max(1, len(pairs)):
            return quality
    return QUALITIES[-1]


def thumbnail(picture: Image.Image, quality: Quality) -> Picture:
    """A picture for the page, at most as large as it is."""
    width, height = picture.size
    data = io.BytesIO()
    if max(width, height) <= quality.lossless_px:
        picture.save(data, "WEBP", lossless=True, method=4)
    else:
        small = picture.copy()
        small.thumbnail((quality.side_px, quality.side_px), Image.Resampling.LANCZOS)
        small.save(data, "WEBP", quality=quality.webp, method=3)
    encoded = base64.b64encode(data.getvalue()).decode()
    pixelated = max(width, height) <= PIXELATED_PX
    return Picture(f"data:image/webp;base64,{encoded}", width, height, pixelated)


def _difference(source: Image.Image, edited: Image.Image, quality: Quality) -> Picture | None:
    return thumbnail(difference(source, edited), quality) if source.size == edited.size else None


def _open(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as picture:
        return picture.convert("RGB")
