"""Pairs of images with references: what every reader yields and every captioner learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image


@dataclass(frozen=True, slots=True)
class PairInfo:
    """All of a pair but its pixels."""

    pair_id: str
    """Says its scope: "emu/102", "spot/256"."""
    references: tuple[str, ...]
    """Captions of the change, at least one, none empty."""
    task: str = ""
    """Kind of change, as the dataset names it."""
    split: str = ""
    """train, validation or test."""
    source_id: str = ""
    """Shared by the pairs of one source image; "" where the dataset does not say."""


class PairSet(Protocol):
    """Pairs in a fixed order; their images are read one by one, when they are asked for."""

    @property
    def infos(self) -> Sequence[PairInfo]:
        """In order, all in memory."""

    def images(self, index: int) -> tuple[Image.Image, Image.Image]:
        """Source image and edited image of a pair, RGB.

        Raises:
            DataError: one of them cannot be read.
        """
