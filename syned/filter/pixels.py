"""Measure pixels: how much changed and where, whether an image is flat, what it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syned.sources.likeness import Pixels, perceptual_hash, thumbnail

VISIBLE_CHANGE = 25
"""Of 255, in the channel that changed most: what an autoencoder alters unasked stays below."""
PATCHES_A_SIDE = 8
FLAT_SPREAD = 3.0
"""Of 255: the standard deviation of every channel in a picture that is one color."""
BLACK_MEAN = 4.0
"""Of 255: the mean of a picture that is black, even if a few pixels are not."""
SSIM_SIDE_PX = 256
"""Larger pictures are averaged down to about this for structural similarity, as its authors do."""


@dataclass(frozen=True, slots=True)
class PixelScores:
    """What was measured on a pair of images; the fields of `EditScore` that need no model."""

    changed_fraction: float
    patch_change: float
    ssim: float
    perceptual_hash: str
    flat: bool
    thumbnail: bytes


def pixel_scores(source: Pixels, edited: Pixels) -> PixelScores:
    """Measure one pair.

    Args:
        source: the source image, shape (h, w, 3), both sides at least 8 px.
        edited: the edited image, of the same shape.
    """
    change = np.abs(source.astype(np.int16) - edited)  # (h, w, 3), 0 to 255
    return PixelScores(
        changed_fraction=float((change.max(axis=2) > VISIBLE_CHANGE).mean()),
        patch_change=_strongest_patch(change.mean(axis=2)),
        ssim=_structural_similarity(source, edited),
        perceptual_hash=perceptual_hash(edited),
        flat=is_flat(edited),
        thumbnail=thumbnail(edited),
    )


def is_flat(pixels: Pixels) -> bool:
    """Whether a picture of shape (h, w, 3) is one color all over, or black."""
    spread = pixels.reshape(-1, 3).std(axis=0)
    return bool(spread.max() < FLAT_SPREAD or pixels.mean() < BLACK_MEAN)


def _strongest_patch(change: NDArray[Any]) -> float:
    """Mean of the patch that changed most, in [0, 1]; the picture is cut into 8 by 8 patches.

    A mean over the picture says nothing of a local edit: a star that turns blue moves it by 1%.

    Args:
        change: shape (h, w), 0 to 255.
    """
    rows, columns = (_cuts(side) for side in change.shape)
    sums = np.add.reduceat(np.add.reduceat(change, rows, axis=0), columns, axis=1)
    heights, widths = (
        np.diff([*cuts, side]) for cuts, side in zip((rows, columns), change.shape, strict=True)
    )
    return float((sums / np.outer(heights, widths)).max() / 255)


def _cuts(side: int) -> NDArray[np.intp]:
    """Where patches begin along a side."""
    return np.arange(PATCHES_A_SIDE) * side // PATCHES_A_SIDE


def _structural_similarity(source: Pixels, edited: Pixels) -> float:
    """Of the two pictures in gray, in [-1, 1]; source: Wang et al. 2004, by scikit-image."""
    from skimage import metrics

    structural_similarity: Any = metrics.structural_similarity  # it has no types
    gray = [_reduced(pixels.mean(axis=2, dtype=np.float32)) for pixels in (source, edited)]
    return float(structural_similarity(*gray, data_range=255.0))


def _reduced(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averaged over whole blocks of pixels so that the shorter side is near SSIM_SIDE_PX."""
    block = max(1, round(min(gray.shape) / SSIM_SIDE_PX))
    if block == 1:
        return gray
    height, width = (side // block * block for side in gray.shape)
    blocks = gray[:height, :width].reshape(height // block, block, width // block, block)
    reduced: NDArray[np.float32] = blocks.mean(axis=(1, 3))
    return reduced
