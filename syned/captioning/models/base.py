"""What every captioner can do, and what a phase of its training is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from syned.captioning.data.pairs import PairSet


class Captioner(Protocol):
    """Says what changed between two images."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    def caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        """One caption for each pair of source image and edited image, RGB of any size."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Pairs that are learned from for a share of the steps; phases follow one another."""

    pairs: PairSet
    share: float = 1.0
    """Of the steps in all; shares are relative to their sum."""
