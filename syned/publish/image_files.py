"""Encode both images of a pair as the same kind of file."""

from __future__ import annotations

import io

from PIL import Image

from syned.errors import RunError
from syned.sources.png import png_bytes

_METHOD = 4
"""WebP's own trade of time for size."""


def encode(data: bytes, image_format: str, quality: int, *, where: str) -> bytes:
    """Decode an image of a run and encode it for the dataset, without metadata.

    Both images of a pair go through here. If only one of them had been a JPEG, a captioner could
    tell them apart by that alone.

    Args:
        data: an image file.
        image_format: "png", "webp" or "jpeg".
        quality: of the last two, in [1, 100]; JPEG keeps color at full resolution.
        where: what it is, for the error.

    Raises:
        RunError: the image is damaged.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            image = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise RunError(
            f"{where} cannot be decoded: {error}; its shard was changed after it was committed, so "
            "restore the shard or start another run with --run NAME"
        ) from error
    if image_format == "png":
        return png_bytes(image)
    buffer = io.BytesIO()
    if image_format == "webp":
        image.save(buffer, format="WEBP", quality=quality, method=_METHOD)
    else:
        image.save(buffer, format="JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
