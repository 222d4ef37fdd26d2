"""From pixels to a PNG file's bytes, and back: how every picture lies in a run."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def png_bytes(image: Image.Image) -> bytes:
    """The picture as PNG, without metadata: the same pixels give the same bytes."""
    plain = Image.frombytes(image.mode, image.size, image.tobytes())
    buffer = io.BytesIO()
    plain.save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()


def decode(png: bytes) -> NDArray[np.uint8]:
    """The pixels of an image file, shape (h, w, 3)."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
