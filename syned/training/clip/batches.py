"""The batches of the CLIP training: images before and after, captions, and attempts."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from syned.errors import DataError
from syned.run.records import SourceRecord
from syned.training.clip.attempts import error_fraction, made_up_attempt, vary

Image8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Example:
    """A request whose true result is known; images have shape (h, w, 3)."""

    task: str
    before: Image8
    after: Image8
    input_caption: str
    output_caption: str
    attempt: Image8 | None = None
    """What an editor made of it, if one has been asked."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests side by side.

    Shape notation:
        - b: requests
        - h, w: height and width
    """

    before: Image8
    """Shape (b, h, w, 3), as `after` and `attempt`."""
    after: Image8
    attempt: Image8
    errors: NDArray[np.float32]
    """`error_fraction` of the attempts, shape (b,)."""
    input_captions: list[str]
    output_captions: list[str]


def examples_of(records: Iterable[SourceRecord], size_px: int) -> Iterator[Example]:
    """Records with both images and two captions that differ, as examples."""
    for record in records:
        if record.image is None or record.edited_image is None or record.reason:
            continue
        captions = (record.input_caption, record.output_caption)
        if all(captions) and captions[0] != captions[1]:
            pixels = [_pixels(image, size_px) for image in (record.image, record.edited_image)]
            yield Example(record.task, pixels[0], pixels[1], *captions)


def read_attempts(run: Path, size_px: int) -> list[Example]:
    """The edits of a run whose true results are known, in order.

    Args:
        run: a run directory.
        size_px: size of the encoder's images.

    Raises:
        DataError: the run has no such edits.
    """
    examples: list[Example] = []
    images: dict[int, list[Image8]] = {}
    for path in sorted((run / "edits").glob("*.parquet")):
        requests = pq.read_table(run / "plan" / "requests" / path.name).to_pylist()
        edits = pq.read_table(path, columns=["edit_id", "edited_image"]).to_pylist()
        for request, edit in zip(requests, edits, strict=True):
            if edit["edited_image"] is None or request["true_image"] is None:
                continue
            shard, row = request["image_shard"], request["image_row"]
            if shard not in images:
                file = run / "plan" / "images" / f"{shard:05}.parquet"
                column = pq.read_table(file, columns=["image"])["image"].to_pylist()
                images = {shard: [_decoded(value, size_px) for value in column]}
            examples.append(
                Example(
                    request["task"],
                    images[shard][row],
                    _decoded(request["true_image"], size_px),
                    request["input_caption"],
                    request["output_caption"],
                    _decoded(edit["edited_image"], size_px),
                )
            )
    if not examples:
        raise DataError(
            f"{run} has no edits whose true result is known; `syned generate --source shapes "
            "--set source.split=train` makes such a run"
        )
    return examples


def batch_of(examples: Iterable[Example], random: np.random.Generator) -> Batch:
    """Examples side by side; where no editor made an attempt, one is made up."""
    rows = list(examples)
    attempts, errors = [], []
    for row in rows:
        before, after = row.before.astype(np.float32), row.after.astype(np.float32)
        if row.attempt is None:
            attempt = made_up_attempt(before, after, random)
        else:
            attempt = vary(row.attempt.astype(np.float32), before, after, random)
        attempts.append(np.rint(attempt).astype(np.uint8))
        errors.append(error_fraction(attempts[-1].astype(np.float32), before, after))
    return Batch(
        np.stack([row.before for row in rows]),
        np.stack([row.after for row in rows]),
        np.stack(attempts),
        np.array(errors, np.float32),
        [row.input_caption for row in rows],
        [row.output_caption for row in rows],
    )


def _decoded(value: dict[str, bytes], size_px: int) -> Image8:
    return _pixels(Image.open(io.BytesIO(value["bytes"])), size_px)


def _pixels(image: Image.Image, size_px: int) -> Image8:
    rgb = image.convert("RGB")
    if rgb.size != (size_px, size_px):
        rgb = rgb.resize((size_px, size_px), Image.Resampling.BICUBIC)
    return np.asarray(rgb)
