"""What a captioner is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PIL import Image


class Captioner(Protocol):
    """Says what changed between two images."""

    name: str

    def caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        """One caption for each pair of source image and edited image, RGB of any size."""
