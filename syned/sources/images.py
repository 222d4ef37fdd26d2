"""Read picture files as a person sees them: upright, 8-bit RGB, over white.

Whatever a file holds (camera rotation, print inks, palettes, transparency, 16 bits), `read_image`
gives the picture that a viewer would show, or raises BadImage with the reason as one word.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import Literal

import numpy as np
from PIL import Image, ImageCms

BadImageReason = Literal["unreadable", "truncated", "zero_sized", "decompression_bomb", "animated"]

MAX_PIXELS = 89_478_485
"""A larger picture is taken for a decompression bomb: Pillow's own limit, where it only warns."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF")
"""What is opened. Formats that run other programs or draw vectors (EPS, WMF) are left out."""

_ANIMATED_FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
"""Where a second frame means motion; in MPO and TIFF it is a depth map, a preview or a page."""

_DAMAGE = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise on damaged files; the list grew from reading them."""

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


class BadImage(Exception):
    """A picture that cannot be used; never reaches a person, it becomes the row's reason."""

    def __init__(self, reason: BadImageReason) -> None:
        super().__init__(reason)
        self.reason: BadImageReason = reason


def read_image(data: bytes, *, moving: bool = False) -> Image.Image:
    """Decode a picture: RGB, upright, at full size, transparency over white.

    Args:
        data: the file.
        moving: whether of a picture that moves the first frame is taken.

    Raises:
        BadImage: the file is no picture, is cut off, has no pixels, is larger than `MAX_PIXELS`,
            or moves.
    """
    if not data or _has_no_pixels(data):
        raise BadImage("zero_sized")
    try:
        image = _decode(data, moving=moving)
        return _as_rgb(_upright(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImage("decompression_bomb") from error
    except _DAMAGE as error:
        raise BadImage(_reason_of(error, data)) from error


def fit_image(image: Image.Image, size_px: int) -> Image.Image:
    """Resize so that the longest side is `size_px` and both sides are multiples of 8.

    Args:
        image: any size, made smaller or larger; the same object comes back when it fits already.
        size_px: longest side of the result, a positive multiple of 8.
    """
    longest = max(image.size)
    width, height = (max(8, round(side * size_px / longest / 8) * 8) for side in image.size)
    if (width, height) == image.size:
        return image
    return image.resize((width, height), Image.Resampling.LANCZOS)


def source_id_of(image: Image.Image) -> str:
    """Hash of what the picture shows, whatever file it came from: 32 hexadecimal characters."""
    digest = hashlib.sha256(f"{image.mode} {image.width}x{image.height}\n".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()[:32]


def _decode(data: bytes, *, moving: bool) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise BadImage("decompression_bomb")
    moves = image.format in _ANIMATED_FORMATS and getattr(image, "is_animated", False)
    if moves and not moving:
        raise BadImage("animated")
    image.load()
    return image


def _upright(image: Image.Image) -> Image.Image:
    """Turn as the camera noted; damaged EXIF turns nothing, since the pixels are still good."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGE:
        return image
    method = _UPRIGHT.get(orientation)
    if method is None:
        return image
    turned = image.transpose(method)
    turned.info = image.info
    return turned


def _as_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _to_8_bits(image)
    elif image.has_transparency_data:
        image = _over_white(image.convert("RGBA"))
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in _PROFILE_SPACES:
        image = image.convert("RGB")
    converted = _to_srgb(image, profile) if profile else image
    rgb = converted.convert("RGB")
    rgb.info = {}
    return rgb


def _over_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Gray with more than 8 bits, scaled by the range that its numbers are meant to span."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))  # (h, w)
    spans = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535.0,)
    peak = float(values.max())
    span = next((s for s in spans if peak <= s), peak)
    return Image.fromarray(np.rint(np.clip(values / span, 0, 1) * 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Follow the embedded colour profile; one that is damaged or does not fit is ignored."""
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if embedded.profile.xcolor_space.strip() != _PROFILE_SPACES[image.mode]:
            return image
        if "sRGB" in (embedded.profile.profile_description or ""):
            return image
        converted = ImageCms.profileToProfile(
            image, embedded, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ImportError):
        return image
    return image if converted is None else converted


def _has_no_pixels(data: bytes) -> bool:
    """Whether the header says 0 px, which Pillow reports as any other damage."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return 0 in struct.unpack(">II", data[16:24])
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return 0 in struct.unpack("<HH", data[6:10])
    return False


def _reason_of(error: Exception, data: bytes) -> BadImageReason:
    if "truncated" in str(error).lower() or _ends_early(data):
        return "truncated"
    return "unreadable"


def _ends_early(data: bytes) -> bool:
    """Whether the end that the format prescribes is missing; only asked of damaged files."""
    if data.startswith(b"\xff\xd8\xff"):
        return b"\xff\xd9" not in data[-64:]
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" not in data[-64:]
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    if data[:2] == b"BM" and len(data) >= 6:
        return len(data) < int.from_bytes(data[2:6], "little")
    return False
