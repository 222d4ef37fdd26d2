from __future__ import annotations

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from syned.sources.images import (
    MAX_PIXELS,
    BadImage,
    fit_image,
    read_image,
    source_id_of,
)
from tests.sources.awkward import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    animation,
    corners,
    encoded,
    near,
    noise,
    png_header,
)


def reason_of(data: bytes) -> str:
    with pytest.raises(BadImage) as caught:
        read_image(data)
    return caught.value.reason


def with_orientation(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(corners(), "JPEG", exif=exif, quality=95)


def test_an_upright_photograph_is_read_as_it_is() -> None:
    image = read_image(with_orientation(1))
    assert (image.mode, image.size) == ("RGB", (48, 32))
    assert near(image, 2, 2, RED)
    assert near(image, 45, 29, YELLOW)


def test_a_photograph_of_a_turned_camera_is_turned_upright() -> None:
    image = read_image(with_orientation(6))
    assert image.size == (32, 48)
    assert near(image, 2, 2, BLUE)
    assert near(image, 29, 2, RED)
    assert near(image, 2, 45, YELLOW)
    assert near(image, 29, 45, GREEN)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_read_as_pillow_turns_it(orientation: int) -> None:
    data = with_orientation(orientation)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert expected is not None
    assert np.array_equal(np.asarray(read_image(data)), np.asarray(expected.convert("RGB")))


def test_a_turned_tiff_is_turned_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = read_image(encoded(corners(), "TIFF", exif=exif))
    assert image.size == (32, 48)
    assert near(image, 29, 2, RED)


def test_damaged_exif_does_not_lose_the_photograph() -> None:
    data = encoded(corners(), "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff\x01")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_image(data).size == (48, 32)


def test_a_cmyk_jpeg_keeps_its_colors() -> None:
    image = read_image(encoded(corners().convert("CMYK"), "JPEG", quality=95))
    assert image.mode == "RGB"
    assert near(image, 2, 2, RED, 20)
    assert near(image, 45, 29, YELLOW, 20)


def test_an_embedded_color_profile_is_followed() -> None:
    """XYZ -> sRGB is a change that nobody overlooks, from a profile that Pillow can make."""
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {bytes(swapped[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i
               for i in range(struct.unpack(">I", swapped[128:132])[0])}  # fmt: skip
    red, blue = entries[b"rXYZ"] + 4, entries[b"bXYZ"] + 4
    swapped[red : red + 4], swapped[blue : blue + 4] = (
        swapped[blue : blue + 4],
        swapped[red : red + 4],
    )
    profile = bytes(swapped).replace("sRGB".encode("utf-16-be"), "GRBs".encode("utf-16-be"))
    image = read_image(encoded(Image.new("RGB", (8, 8), (255, 0, 0)), "PNG", icc_profile=profile))
    assert near(image, 4, 4, (0, 0, 255), 30)


def test_a_damaged_color_profile_is_ignored() -> None:
    image = read_image(encoded(corners(), "PNG", icc_profile=b"no profile at all"))
    assert np.array_equal(np.asarray(image), np.asarray(corners()))


def test_a_palette_becomes_its_colors() -> None:
    image = read_image(encoded(corners().quantize(4), "PNG"))
    assert image.mode == "RGB"
    assert near(image, 2, 2, RED)


def test_a_transparent_palette_color_becomes_white() -> None:
    palette = corners().quantize(4)
    see_through = palette.getpixel((2, 2))
    image = read_image(encoded(palette, "PNG", transparency=see_through))
    assert image.getpixel((2, 2)) == (255, 255, 255)
    assert near(image, 45, 29, YELLOW)


def test_a_transparent_color_of_an_rgb_png_becomes_white() -> None:
    image = read_image(encoded(corners(), "PNG", transparency=RED))
    assert image.getpixel((2, 2)) == (255, 255, 255)
    assert image.getpixel((45, 29)) == YELLOW


def test_what_shines_through_is_white_paper() -> None:
    image = read_image(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG"))
    assert near(image, 4, 4, (127, 127, 127), 1)
    image = read_image(encoded(Image.new("LA", (8, 8), (0, 0)), "PNG"))
    assert image.getpixel((4, 4)) == (255, 255, 255)


def test_sixteen_bits_of_gray_are_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)
    pixels = np.repeat(ramp[None, :], 8, axis=0)  # (8, 64)
    image = read_image(encoded(Image.fromarray(pixels), "PNG"))
    assert np.array_equal(np.asarray(image)[0, :, 0], np.rint(ramp / 257).astype(np.uint8))


def test_gray_as_32_bit_integers_is_scaled_and_not_clipped() -> None:
    ramp = np.repeat(np.linspace(0, 65535, 64).astype(np.int32)[None, :], 8, axis=0)  # (8, 64)
    pixels = np.asarray(read_image(encoded(Image.fromarray(ramp), "TIFF")))
    assert pixels.min() == 0
    assert pixels.max() == 255
    assert abs(int(pixels[0, 32, 0]) - 129) <= 1


@pytest.mark.parametrize("peak", [1.0, 255.0, 5000.0])
def test_gray_as_floats_spans_the_range_that_its_numbers_show(peak: float) -> None:
    ramp = np.repeat(np.linspace(0, peak, 64, dtype=np.float32)[None, :], 8, axis=0)  # (8, 64)
    pixels = np.asarray(read_image(encoded(Image.fromarray(ramp), "TIFF")))
    span = 65535.0 if peak == 5000.0 else peak
    assert pixels[0, -1, 0] == round(peak / span * 255)


def test_black_and_white_and_gray_become_rgb() -> None:
    bits = read_image(encoded(Image.new("1", (8, 8), 1), "PNG"))
    gray = read_image(encoded(Image.new("L", (8, 8), 77), "PNG"))
    assert (bits.mode, bits.getpixel((0, 0))) == ("RGB", (255, 255, 255))
    assert (gray.mode, gray.getpixel((0, 0))) == ("RGB", (77, 77, 77))


def test_a_phone_picture_with_a_second_image_inside_is_no_animation() -> None:
    data = encoded(corners(), "MPO", save_all=True, append_images=[noise(48, 32)], quality=95)
    assert near(read_image(data), 2, 2, RED)


def test_a_text_named_like_an_image_is_unreadable() -> None:
    assert reason_of(b"404 page not found, sorry\n") == "unreadable"


def test_a_file_without_bytes_is_zero_sized() -> None:
    assert reason_of(b"") == "zero_sized"


def test_a_picture_of_no_pixels_is_zero_sized() -> None:
    assert reason_of(png_header(0, 16)) == "zero_sized"
    assert reason_of(b"GIF89a\x00\x00\x10\x00\x00\x00\x00;") == "zero_sized"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_off_file_is_truncated(kind: str, share: float) -> None:
    data = encoded(noise(), kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert reason_of(data[: int(len(data) * share)]) == "truncated"


def test_a_jpeg_cut_off_in_its_header_is_truncated() -> None:
    assert reason_of(encoded(noise(), "JPEG")[:40]) == "truncated"


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_several_frames_are_an_animation(kind: str) -> None:
    assert reason_of(animation(kind)) == "animated"


def test_a_gif_of_one_frame_is_a_picture() -> None:
    assert near(read_image(encoded(corners(), "GIF")), 2, 2, RED)


def test_a_huge_picture_in_a_tiny_file_is_a_decompression_bomb() -> None:
    assert reason_of(png_header(60_000, 60_000)) == "decompression_bomb"


def test_the_limit_where_pillow_only_warns_is_a_hard_one() -> None:
    side = int(MAX_PIXELS**0.5) + 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert reason_of(png_header(side, side)) == "decompression_bomb"


def test_the_limit_is_pillows() -> None:
    assert MAX_PIXELS == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (512, 384)),
        ((480, 640), (384, 512)),
        ((64, 64), (512, 512)),
        ((1000, 333), (512, 168)),
        ((3000, 10), (512, 8)),
    ],
)
def test_the_longest_side_fits_and_both_are_multiples_of_8(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fit_image(Image.new("RGB", size), 512).size == expected


def test_a_picture_that_fits_is_not_touched() -> None:
    image = Image.new("RGB", (512, 384))
    assert fit_image(image, 512) is image


def test_a_source_id_follows_from_pixels_and_not_from_files() -> None:
    image = corners()
    ids = {source_id_of(read_image(encoded(image, kind))) for kind in ("PNG", "BMP", "TIFF")}
    assert ids == {source_id_of(image)}
    assert len(ids.pop()) == 32


def test_the_same_bytes_in_another_shape_are_another_source() -> None:
    assert source_id_of(Image.new("RGB", (8, 4))) != source_id_of(Image.new("RGB", (4, 8)))
