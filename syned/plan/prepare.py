"""Prepare source rows for the plan in threads: hash, resize and encode their pictures."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from PIL import Image

from syned.run.records import Request, SourceRecord
from syned.sources.images import fit_image, source_id_of
from syned.sources.png import png_bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source record with the costly part done."""

    record: SourceRecord
    source_id: str = ""
    width_px: int = 0
    height_px: int = 0
    """Of the fitted image."""
    png: bytes | None = field(default=None, repr=False)
    """The fitted image; None for a picture that the plan has already."""
    true_png: bytes | None = field(default=None, repr=False)
    """The only right result, at the size of the source image."""


@contextmanager
def prepared(
    records: Iterator[SourceRecord], image_size_px: int, known: Container[str]
) -> Iterator[Iterator[Prepared]]:
    """Records in order, prepared in threads a few ahead; the threads end with the context.

    Args:
        records: read a few ahead of what is taken.
        image_size_px: longest side of the fitted images.
        known: source ids whose pictures the plan has; may grow meanwhile.
    """
    threads = min(4, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads)

    def stream() -> Iterator[Prepared]:
        waiting: deque[Future[Prepared]] = deque()
        for record in records:
            waiting.append(pool.submit(_prepare, record, image_size_px, known))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield stream()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def request_of(row: Prepared, place: tuple[int, int], reason: str) -> Request:
    """The row of variant 0, without its id and what follows from it.

    Args:
        row: the prepared source record.
        place: shard and row of its picture in plan/images/.
        reason: why it cannot be edited; "" when it can.
    """
    record = row.record
    return Request(
        edit_id="",
        source_id=row.source_id,
        image_shard=place[0],
        image_row=place[1],
        variant_index=0,
        instruction=record.instruction,
        seed=0,
        guidance_scale=0.0,
        image_guidance_scale=0.0,
        width_px=row.width_px,
        height_px=row.height_px,
        status="failed" if reason else "planned",
        reason=reason,
        key=record.key,
        task=record.task,
        split=record.split,
        idx=record.idx,
        hash=record.hash,
        input_caption=record.input_caption,
        output_caption=record.output_caption,
        captions=record.captions,
        true_image=None if reason else row.true_png,
    )


def _prepare(record: SourceRecord, image_size_px: int, known: Container[str]) -> Prepared:
    if record.image is None:
        return Prepared(record)
    source_id = source_id_of(record.image)
    if record.reason:
        return Prepared(record, source_id)
    image = fit_image(record.image, image_size_px)
    return Prepared(
        record,
        source_id,
        image.width,
        image.height,
        png=None if source_id in known else png_bytes(image),
        true_png=_true_png(record, image.size, image_size_px),
    )


def _true_png(record: SourceRecord, size_px: tuple[int, int], image_size_px: int) -> bytes | None:
    if record.edited_image is None or not record.true_edit:
        return None
    image = fit_image(record.edited_image, image_size_px)
    if image.size != size_px:
        image = image.resize(size_px, Image.Resampling.LANCZOS)
    return png_bytes(image)
