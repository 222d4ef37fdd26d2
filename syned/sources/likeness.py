"""Tell when two pictures are the same picture, though their files differ.

There are two rules, since there are two questions. *Does a training show what the test shows?* One
picture that does stops an experiment, so the rule is strict, and compares small copies of the
pictures (`same_pictures`). *Is an edit known from an evaluation set?* It is dropped then, of which
there are plenty, so the rule is generous: it compares perceptual hashes and embeddings, at
distances that a config can change (`syned.filter.nearest`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMBNAIL_SIDE_PX = 16
"""The width and height of a small copy."""

CLOSE = 2.0
SAME = 10.0
"""Two small pictures are the same if they differ by at most this much on average (root of the mean
square) and anywhere, in levels of 0 to 255. Photographs brought from 512 to 256 px as JPEG of
quality 50 reach 1.8 and 9; scenes of the shapes world differ by 25 and 79 or more."""

_AT_ONCE = 1024

Pixels = NDArray[np.uint8]
"""A picture, shape (h, w, 3)."""


def thumbnail(pixels: Pixels) -> bytes:
    """The picture averaged down to 16 by 16 pixels: 768 numbers, row by row, RGB.

    Args:
        pixels: shape (h, w, 3).
    """
    side = (THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX)
    return Image.fromarray(pixels).resize(side, Image.Resampling.BOX).tobytes()


def perceptual_hash(pixels: Pixels) -> str:
    """The picture's coarse pattern of light and dark, as 16 hexadecimal digits.

    64 bits, of the lowest frequencies of a cosine transform; pictures that look the same differ in
    few of them.

    Args:
        pixels: shape (h, w, 3).

    Source:
        `imagehash.phash`, whose hashes others publish as well.
    """
    import imagehash

    return str(imagehash.phash(Image.fromarray(pixels)))


def same_pictures(some: NDArray[np.float32], others: NDArray[np.float32]) -> Iterable[int]:
    """The rows of `some` that show the same as a row of `others`.

    Args:
        some: thumbnails as numbers from 0 to 255, shape (n, 3 * THUMBNAIL_SIDE_PX ** 2).
        others: the same of other pictures, shape (m, 3 * THUMBNAIL_SIDE_PX ** 2).
    """
    lengths = (others**2).sum(axis=1)  # (m,)
    for begin in range(0, len(some), _AT_ONCE):
        part = some[begin : begin + _AT_ONCE]  # (k, d)
        squares = (part**2).sum(axis=1)[:, None] + lengths - 2 * part @ others.T  # (k, m)
        near = squares <= (2 * CLOSE) ** 2 * some.shape[1]  # generous, since it loses digits
        for row, other in np.argwhere(near):
            difference = np.abs(part[row] - others[other])
            if difference.max() <= SAME and np.sqrt((difference**2).mean()) <= CLOSE:
                yield begin + int(row)
