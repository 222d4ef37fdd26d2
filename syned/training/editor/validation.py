"""Look at an editor in training: a few validation edits as a picture and three numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline, UniPCMultistepScheduler
from PIL import Image

from syned.config.training import EditorTraining
from syned.errors import DataError
from syned.run.records import SourceRecord
from syned.run.truth import is_right
from syned.training.editor.triples import square_pixels, usable


def draw_validation(
    pipeline: StableDiffusionInstructPix2PixPipeline,
    records: Iterator[SourceRecord],
    settings: EditorTraining,
    picture: Path,
) -> dict[str, float]:
    """Edit validation records, draw source | edited | given result, and measure the error.

    Returns:
        `edited_error` and `source_error`, the mean absolute errors of the edits and of the
        unedited source images to the given results, in [0, 1], and `right_fraction`, the share of
        edits at most half as far from the given result as the source image is.

    Raises:
        DataError: no record has both images and an instruction.
    """
    batch = list(islice(usable(records), settings.validation_triples))
    if not batch:
        raise DataError(
            f"no row of the split {settings.validation_split!r} has a source image, an instruction "
            "and an edited image; name another with validation_split, or set validation_triples=0"
        )
    size = settings.image_size_px
    sources, results = ([_square(i, size) for i in column] for column in (
        [r.image for r in batch], [r.edited_image for r in batch]))  # fmt: skip
    edits = _edit(pipeline, [r.instruction for r in batch], sources, settings)
    rows = [np.concatenate(row, axis=1) for row in zip(sources, edits, results, strict=True)]
    Image.fromarray(_grid(rows)).save(picture)
    edited = np.array([_error(e, r) for e, r in zip(edits, results, strict=True)])
    source = np.array([_error(s, r) for s, r in zip(sources, results, strict=True)])
    return {
        "edited_error": round(float(edited.mean()), 5),
        "source_error": round(float(source.mean()), 5),
        "right_fraction": round(float(is_right(edited, source).mean()), 4),
    }


def _edit(
    pipeline: StableDiffusionInstructPix2PixPipeline,
    instructions: list[str],
    sources: list[np.ndarray],
    settings: EditorTraining,
) -> list[np.ndarray]:
    pipeline = StableDiffusionInstructPix2PixPipeline(
        **{**pipeline.components, "safety_checker": None,
           "scheduler": UniPCMultistepScheduler.from_config(pipeline.scheduler.config)},
        requires_safety_checker=False,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    edits: list[np.ndarray] = []
    for first in range(0, len(sources), 16):
        chunk = slice(first, first + 16)
        images = pipeline(
            instructions[chunk],
            [Image.fromarray(s) for s in sources[chunk]],
            num_inference_steps=settings.validation_steps,
            guidance_scale=settings.validation_guidance_scale,
            image_guidance_scale=settings.validation_image_guidance_scale,
            generator=[
                torch.Generator().manual_seed(first + i) for i in range(len(sources[chunk]))
            ],
        ).images
        edits += [np.asarray(image) for image in images]
    return edits


def _square(image: Image.Image | None, size_px: int) -> np.ndarray:
    if image is None:
        raise TypeError("usable records have both images")
    pixels = (square_pixels(image, size_px) + 1) * 127.5
    return pixels.round().byte().permute(1, 2, 0).numpy()


def _error(image: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(image.astype(np.float32) - truth).mean() / 255)


def _grid(rows: list[np.ndarray], columns: int = 4) -> np.ndarray:
    """Lay pictures of one size out in columns, on white."""
    height, width = rows[0].shape[:2]
    lines = -(-len(rows) // columns)
    canvas = np.full((lines * (height + 4), columns * (width + 8), 3), 255, np.uint8)
    for i, row in enumerate(rows):
        y, x = (i // columns) * (height + 4), (i % columns) * (width + 8)
        canvas[y : y + height, x : x + width] = row
    return canvas
