"""Runs with edits that are known pixel by pixel, for the tests of the filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from syned.filter.shards import Models
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.run.records import EDIT_SCHEMA, Edit, EditJob, to_table
from syned.sources.png import png_bytes
from tests.conftest import make_job, new_run, plan_of

SIZE_PX = 32


def noise(seed: int, size_px: int = SIZE_PX) -> NDArray[np.uint8]:
    """A picture unlike any other, of soft blobs that survive being made small."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((size_px, size_px), Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class Made:
    """An edit to be put into a run."""

    number: int
    """Of its source image and instruction; the same for variants."""
    edited: NDArray[np.uint8] | None = field(default=None, repr=False)
    """None for an edit that failed."""
    variant_index: int = 0
    task: str = "local"
    instruction: str = ""
    captions: tuple[str, ...] = ()
    input_caption: str = ""
    output_caption: str = ""
    right: bool | None = None

    @property
    def source(self) -> NDArray[np.uint8]:
        return noise(self.number)


def scored_run(folder: Path, shards: Sequence[Sequence[Made]], run: Run | None = None) -> Run:
    """A run whose plan and edits hold these rows; nothing is scored yet."""
    run = run or new_run(folder)
    plan_of(
        run,
        [
            [_job(made, shard, row) for row, made in enumerate(rows)]
            for shard, rows in enumerate(shards)
        ],
    )
    for shard, rows in enumerate(shards):
        edits = [_edit(_job(made, shard, row), made) for row, made in enumerate(rows)]
        commit_edits(run, shard, edits)
    return run


def commit_edits(run: Run, shard: int, edits: Sequence[Edit]) -> None:
    judged = [edit.right for edit in edits if edit.right is not None]
    run.edits.commit(
        shard,
        to_table(list(edits), EDIT_SCHEMA),
        inputs="",
        counts={"done": len(edits), "failed": 0, "judged": len(judged), "right": sum(judged)},
        seconds=0.0,
    )


def fake_models(encoder: FakeImageTextEncoder | None = None) -> Models:
    """The fake encoder; one that may not be loaded when none is given."""

    def opened() -> FakeImageTextEncoder:
        assert encoder is not None, "no model is needed here"
        return encoder

    return Models(opened, FakeImageTextEncoder.name)


def _job(made: Made, shard: int, row: int) -> EditJob:
    job = make_job(made.number)
    request = replace(
        job.request,
        edit_id=f"edit{shard}-{row}",
        variant_index=made.variant_index,
        instruction=made.instruction or job.request.instruction,
        task=made.task,
        captions=made.captions,
        input_caption=made.input_caption,
        output_caption=made.output_caption,
    )
    return EditJob(request, made.source)


def _edit(job: EditJob, made: Made) -> Edit:
    request = job.request
    edit = Edit(request.edit_id, request.source_id, request.variant_index, "failed", "not_a_number")
    if made.edited is None:
        return edit
    error = None if made.right is None else (0.1 if made.right else 0.9)
    return replace(
        edit,
        status="done",
        reason="",
        edited_image=png_bytes(Image.fromarray(made.edited)),
        true_error=error,
        source_error=None if error is None else 1.0,
    )
