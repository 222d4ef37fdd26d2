"""Triples: which rows make one, and what of them is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from diffusers import AutoencoderKL  # noqa: E402
from PIL import Image  # noqa: E402

from syned.errors import DataError  # noqa: E402
from syned.run.records import SourceRecord  # noqa: E402
from syned.training.editor.pixel_autoencoder import pixel_autoencoder  # noqa: E402
from syned.training.editor.triples import (  # noqa: E402
    Triples,
    encode_triples,
    square_pixels,
    usable,
)


@pytest.fixture(scope="module")
def pixels() -> AutoencoderKL:
    """Latents are the image itself, and twice that when scaled."""
    return pixel_autoencoder(scaling_factor=2.0, sample_size_px=16)


def flat(level: int, size: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def record(number: int) -> SourceRecord:
    return SourceRecord(f"r{number}", flat(number), f"make it {number}", edited_image=flat(255))


def encode(autoencoder: AutoencoderKL, records: Iterator[SourceRecord], most: int = 5) -> Triples:
    return encode_triples(
        records, autoencoder, count=most, size_px=16, batch_size=2, report=lambda done: None
    )


def test_a_triple_is_kept_as_latents_of_which_the_edited_ones_are_scaled(
    pixels: AutoencoderKL,
) -> None:
    triples = encode(pixels, map(record, range(3)))
    assert len(triples) == 3
    assert triples.instructions == ["make it 0", "make it 1", "make it 2"]
    assert triples.source_latents.shape == triples.edited_latents.shape == (3, 3, 16, 16)
    assert triples.source_latents.dtype == triples.edited_latents.dtype == torch.float16
    levels = (triples.source_latents[:, 0, 0, 0].float() + 1) * 127.5
    assert levels.tolist() == pytest.approx([0, 1, 2], abs=0.1)
    assert float(triples.edited_latents.min()) == pytest.approx(2.0, abs=1e-3)


def test_no_more_triples_are_read_than_are_wanted(pixels: AutoencoderKL) -> None:
    taken: list[int] = []

    def endless() -> Iterator[SourceRecord]:
        for i in count():
            taken.append(i)
            yield replace(record(i), instruction="") if i == 1 else record(i)

    assert encode(pixels, endless(), 3).instructions == ["make it 0", "make it 2", "make it 3"]
    assert taken == [0, 1, 2, 3]


def test_progress_is_told_after_every_batch(pixels: AutoencoderKL) -> None:
    heard: list[int] = []
    encode_triples(
        map(record, range(5)), pixels, count=9, size_px=16, batch_size=2, report=heard.append
    )
    assert heard == [2, 4, 5]


def test_encoding_keeps_no_gradients(pixels: AutoencoderKL) -> None:
    triples = encode(pixels, map(record, range(2)))
    assert not triples.source_latents.requires_grad
    assert not triples.edited_latents.requires_grad


def test_a_source_without_edited_images_is_refused(pixels: AutoencoderKL) -> None:
    bare = (replace(record(i), edited_image=None) for i in range(4))
    with pytest.raises(DataError, match="an instruction and an edited image"):
        encode(pixels, bare)


def test_a_row_that_lacks_a_part_makes_no_triple() -> None:
    lacking = [
        replace(record(0), image=None),
        replace(record(1), edited_image=None),
        replace(record(2), instruction=""),
        replace(record(3), reason="truncated"),
    ]
    assert [r.key for r in usable([*lacking, record(4)])] == ["r4"]


@pytest.mark.parametrize("size", [(32, 16), (16, 32), (33, 16)])
def test_the_middle_square_of_an_image_is_taken(size: tuple[int, int]) -> None:
    image = flat(0, size)
    middle = ((size[0] - 16) // 2, (size[1] - 16) // 2)
    image.paste((255, 255, 255), (*middle, middle[0] + 16, middle[1] + 16))
    square = square_pixels(image, 16)
    assert torch.equal(square, torch.ones(3, 16, 16))


def test_an_image_that_fits_keeps_its_pixels_and_its_channels() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    square = square_pixels(Image.fromarray(levels), 16)
    np.testing.assert_allclose(square.permute(1, 2, 0), levels / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("side", [8, 64])
def test_an_image_of_another_size_is_resized(side: int) -> None:
    square = square_pixels(flat(51, (side, side)), 16)
    torch.testing.assert_close(square, torch.full((3, 16, 16), 51 / 127.5 - 1))


def test_a_gray_image_has_three_channels() -> None:
    assert square_pixels(Image.new("L", (16, 16), 255), 16).shape == (3, 16, 16)
