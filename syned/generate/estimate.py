"""How long a run would take and how much it would fill, told from a few edits made for real."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from syned.errors import DataError
from syned.generate.edit import generate
from syned.generate.jobs import make_edit
from syned.models.base import Editor
from syned.run.records import EditJob

WARM_UP_SECONDS = 60.0
"""If a full batch may take longer than this, one edit alone has to do as the measure."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What an edit costs."""

    edits: int
    """How many were timed together."""
    seconds_per_edit: float
    bytes_per_edit: float
    """As PNG; of those that did not fail."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost."""

    edits: int
    seconds: float
    """Of the device that the calibration ran on, once the editor is loaded."""
    load_seconds: float
    plan_bytes: int
    """An upper bound where `source_images` is None: every edit may have an image of its own."""
    edits_bytes: int
    source_images: int | None
    """Different images in the plan; None when the source goes on beyond what was read."""
    calibration: Calibration
    editor: str
    source: str
    licence: str


def calibrate(
    editor: Editor, jobs: Sequence[EditJob], *, batch_size: int, steps: int
) -> Calibration:
    """Make one edit to warm up, then a full batch if it may be done within a minute.

    Args:
        editor: the model, already loaded.
        jobs: those beyond one batch are left out.
        batch_size: most jobs handed to the editor at once, at least 1.
        steps: denoising steps, at least 1.

    Raises:
        DataError: there are no jobs.
    """
    if not jobs:
        raise DataError("the source's first rows hold nothing to edit; look at its images")
    measured = _time(editor, jobs[:1], 1, steps)
    batch = jobs[:batch_size]
    if len(batch) > 1 and measured.seconds_per_edit * len(batch) <= WARM_UP_SECONDS:
        measured = _time(editor, batch, batch_size, steps)
    return measured


def _time(editor: Editor, jobs: Sequence[EditJob], batch_size: int, steps: int) -> Calibration:
    begin = time.monotonic()
    results = list(generate(jobs, editor, batch_size=batch_size, steps=steps))
    seconds = time.monotonic() - begin
    edits = [make_edit(job, result) for job, result in results]
    sizes = [len(edit.edited_image) for edit in edits if edit.edited_image is not None]
    return Calibration(len(jobs), seconds / len(jobs), sum(sizes) / len(sizes) if sizes else 0.0)
