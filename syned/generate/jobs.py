"""Turn rows of the plan into jobs with pixels, and the editor's results into rows of edits."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from syned.errors import RunError
from syned.run.directory import Run
from syned.run.records import Edit, EditJob, EditResult, Request, from_rows
from syned.run.shards import ShardFolder, refuse_damage
from syned.sources.png import decode, png_bytes


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row of plan/requests/ with the pixels of its source image."""

    shard: int
    request: Request
    pixels: NDArray[np.uint8] | None = field(repr=False)
    """Shape (h, w, 3); None for a request that failed in the plan."""
    shard_rows: int
    """How many rows its shard has."""


def read_rows(run: Run, shards: Iterable[int]) -> Iterator[PlanRow]:
    """The plan's rows, shard after shard; one shard's PNG bytes are held at a time.

    Raises:
        RunError: a shard of plan/images/ is damaged.
    """
    intact: set[int] = set()
    for shard in shards:
        requests = from_rows(run.requests.read(shard).to_pylist(), Request)
        pngs = _read_pngs(run.images, requests, intact)
        for request in requests:
            planned = request.status == "planned"
            png = pngs[request.image_shard, request.image_row] if planned else b""
            yield PlanRow(shard, request, decode(png) if planned else None, len(requests))


def inputs_of(run: Run, shard: int, fingerprint: str) -> str:
    """Hash of what a shard of edits is made from: its shard of the plan, and the settings.

    Raises:
        RunError: there is no such shard in the plan.
    """
    record = run.requests.record(shard)
    if record is None:
        raise RunError(
            f"{run.requests.path} has no shard {shard}; run the same command again to plan it"
        )
    return hashlib.sha256(f"{record.sha256}\n{fingerprint}".encode()).hexdigest()


def make_edit(job: EditJob, result: EditResult) -> Edit:
    """The row of edits for a result: its image as PNG, and its errors where the truth is known."""
    request = job.request
    if result.pixels is None:
        return Edit(
            request.edit_id,
            request.source_id,
            request.variant_index,
            "failed",
            result.reason,
            truncated=result.truncated,
        )
    truth = None if request.true_image is None else decode(request.true_image)
    return Edit(
        request.edit_id,
        request.source_id,
        request.variant_index,
        "done",
        edited_image=png_bytes(Image.fromarray(result.pixels)),
        truncated=result.truncated,
        true_error=None if truth is None else mean_error(result.pixels, truth),
        source_error=None if truth is None else mean_error(job.pixels, truth),
    )


def failed_edit(request: Request) -> Edit:
    """The row of edits for a request that failed in the plan already."""
    return Edit(request.edit_id, request.source_id, request.variant_index, "failed", request.reason)


def mean_error(pixels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Mean absolute difference over all pixels and channels, in [0, 1]; arrays of one shape."""
    return float(np.abs(pixels.astype(np.int16) - truth).mean() / 255)


def counts_of(edits: Sequence[Edit]) -> dict[str, int]:
    """What a commit record says of its edits.

    Returns:
        `done`, `failed`, `failed:REASON` for each reason, `judged` (edits whose truth is known)
        and `right` (those near it).
    """
    counts = Counter(edit.status for edit in edits)
    judged = [edit.right for edit in edits if edit.right is not None]
    reasons = Counter(f"failed:{edit.reason}" for edit in edits if edit.status == "failed")
    return {
        "done": counts["done"],
        "failed": counts["failed"],
        **dict(sorted(reasons.items())),
        "judged": len(judged),
        "right": sum(judged),
    }


def _read_pngs(
    images: ShardFolder, requests: Iterable[Request], intact: set[int]
) -> dict[tuple[int, int], bytes]:
    """PNG bytes of the planned requests' images by place; each image shard is read once.

    Args:
        images: plan/images/.
        requests: one shard's.
        intact: image shards that were found undamaged; grows.
    """
    places: dict[int, set[int]] = {}
    for request in requests:
        if request.status == "planned":
            places.setdefault(request.image_shard, set()).add(request.image_row)
    pngs: dict[tuple[int, int], bytes] = {}
    for shard, rows in sorted(places.items()):
        if shard not in intact:
            refuse_damage(images, shard)
            intact.add(shard)
        column = images.read(shard, ["image"]).column("image")
        pngs.update({(shard, row): column[row].as_py()["bytes"] for row in rows})
    return pngs
