"""Awkward images, made with Pillow: what the tests of sources have in common."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 60), (30, 60, 210), (240, 220, 40)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file of this kind."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def corners(width_px: int = 48, height_px: int = 32) -> Image.Image:
    """Red, green / blue, yellow quarters: turning or mirroring shows in the corners."""
    image = Image.new("RGB", (width_px, height_px))
    half_x, half_y = width_px // 2, height_px // 2
    for x, y, color in (
        (0, 0, RED),
        (half_x, 0, GREEN),
        (0, half_y, BLUE),
        (half_x, half_y, YELLOW),
    ):
        image.paste(color, (x, y, x + half_x, y + half_y))
    return image


def noise(width_px: int = 64, height_px: int = 64) -> Image.Image:
    """An image that compresses badly, so that half of its file holds half of its rows."""
    return Image.effect_noise((width_px, height_px), 90).convert("RGB")


def png_header(width_px: int, height_px: int) -> bytes:
    """The first bytes of a PNG that claims a size and holds nothing."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    empty = b"IDAT" + zlib.compress(b"")
    chunks = (
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (body, empty, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def animation(kind: str) -> bytes:
    """Two frames that differ."""
    frames = [Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def near(image: Image.Image, x: int, y: int, color: tuple[int, ...], tolerance: int = 12) -> bool:
    """Whether a pixel has this color, but for what lossy formats change."""
    pixel = image.getpixel((x, y))
    if not isinstance(pixel, tuple):
        return False
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, color, strict=True))
