"""Read the pictures of a shard in threads, and measure what needs no model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syned.errors import RunError
from syned.filter.pixels import pixel_scores
from syned.filter.score import MeasuredEdit, MeasuredImage
from syned.run.directory import Run
from syned.run.shards import refuse_damage
from syned.sources.likeness import perceptual_hash, thumbnail
from syned.sources.png import decode

CACHED_BYTES = 512 * 2**20
"""Decoded source images that are kept: the variants of one lie in many shards."""

_REQUEST_COLUMNS = [
    "edit_id",
    "source_id",
    "image_shard",
    "image_row",
    "input_caption",
    "output_caption",
]

Place = tuple[int, int]
"""Shard and row of a source image in plan/images/."""


@dataclass(frozen=True, slots=True)
class MeasuredShard:
    """A shard of edits, ready for the models."""

    edit_ids: list[str]
    edits: dict[int, MeasuredEdit] = field(repr=False)
    """Row -> edit, for those that did not fail."""
    places: dict[int, Place] = field(repr=False)
    """Row -> where its source image lies."""


class Measurer:
    """Reads shards of a run, decoding each of its pictures once as far as memory allows.

    Args:
        run: what to read.
        threads: where to decode and measure.
        cached_bytes: of decoded source images to keep.
    """

    def __init__(
        self, run: Run, threads: ThreadPoolExecutor, *, cached_bytes: int = CACHED_BYTES
    ) -> None:
        self._run = run
        self._threads = threads
        self._free = cached_bytes
        self._pictures: OrderedDict[Place, NDArray[np.uint8]] = OrderedDict()

    def images(self, shard: int) -> list[MeasuredImage]:
        """A shard of plan/images/.

        Raises:
            RunError: it is damaged.
        """
        ids, pictures = self._read(shard)
        for row, pixels in enumerate(pictures):
            self._keep((shard, row), pixels)
        hashes = self._threads.map(perceptual_hash, pictures)
        small = self._threads.map(thumbnail, pictures)
        return [MeasuredImage(*values) for values in zip(ids, pictures, hashes, small, strict=True)]

    def edits(self, shard: int) -> MeasuredShard:
        """A shard of edits/ with its source images.

        Raises:
            RunError: it, or what it was made from, is damaged.
        """
        run = self._run
        if not run.edits.is_done(shard):
            raise RunError(
                f"{run.edits.path} shard {shard} is not the file that was committed; run "
                "`syned generate` to make it again"
            )
        requests = run.requests.read(shard, _REQUEST_COLUMNS).to_pylist()
        cells = run.edits.read(shard, ["edited_image"])["edited_image"].to_pylist()
        rows = [row for row, cell in enumerate(cells) if cell is not None]
        places = {row: (requests[row]["image_shard"], requests[row]["image_row"]) for row in rows}
        sources = self._sources(places.values())
        jobs = [(requests[r], cells[r]["bytes"], sources[place]) for r, place in places.items()]
        measured = self._threads.map(_measured, jobs)
        edits = dict(zip(rows, measured, strict=True))
        return MeasuredShard([request["edit_id"] for request in requests], edits, places)

    def _sources(self, places: Iterable[Place]) -> dict[Place, NDArray[np.uint8]]:
        """The source images of a shard of edits, from memory or from their shards."""
        wanted = dict.fromkeys(places)
        missing = {shard for shard, row in wanted if (shard, row) not in self._pictures}
        found = {place: self._pictures[place] for place in wanted if place in self._pictures}
        for shard in sorted(missing):
            rows = [row for of, row in wanted if of == shard and (of, row) not in found]
            _, pictures = self._read(shard, rows)
            for row, pixels in zip(rows, pictures, strict=True):
                found[shard, row] = pixels
                self._keep((shard, row), pixels)
        return found

    def _read(
        self, shard: int, rows: Sequence[int] | None = None
    ) -> tuple[list[str], list[NDArray[np.uint8]]]:
        """Source ids and pictures of a shard of plan/images/, or of some of its rows."""
        refuse_damage(self._run.images, shard)
        table = self._run.images.read(shard, ["source_id", "image"])
        table = table if rows is None else table.take(rows)
        pngs = [image["bytes"] for image in table["image"].to_pylist()]
        return table["source_id"].to_pylist(), list(self._threads.map(decode, pngs))

    def _keep(self, place: Place, pixels: NDArray[np.uint8]) -> None:
        self._pictures[place] = pixels
        self._free -= pixels.nbytes
        while self._free < 0 and self._pictures:
            _, oldest = self._pictures.popitem(last=False)
            self._free += oldest.nbytes


def _measured(job: tuple[dict[str, Any], bytes, NDArray[np.uint8]]) -> MeasuredEdit:
    """One edit: the row of its request, its picture as PNG, its source image."""
    request, png, source = job
    edited = decode(png)
    return MeasuredEdit(
        edit_id=request["edit_id"],
        source_id=request["source_id"],
        source=source,
        edited=edited,
        pixel_scores=pixel_scores(source, edited),
        input_caption=request["input_caption"],
        output_caption=request["output_caption"],
    )
