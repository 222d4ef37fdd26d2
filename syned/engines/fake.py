"""An editor without a model: for tests, `--editor fake`, and timing all that is not the model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import numpy as np

from syned.errors import OutOfMemory
from syned.records import EditJob, EditResult


class FakeEditor:
    """Tints each image with a color that follows from the seed: cheap, exact, and never the source.

    Args:
        seconds_per_batch: how long a call takes, to stand in for a model.
        largest_batch: a larger one raises OutOfMemory; None for no limit.
        fail: instruction -> reason, for jobs that go wrong.
    """

    def __init__(
        self,
        *,
        seconds_per_batch: float = 0.0,
        largest_batch: int | None = None,
        fail: dict[str, str] | None = None,
    ) -> None:
        self.seconds_per_batch = seconds_per_batch
        self.largest_batch = largest_batch
        self.fail = fail or {}
        self.batches: list[list[str]] = []
        """The edit ids of every batch that was made, for tests to read."""

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        """Nothing is kept."""

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        """Blend every image halfway with one color."""
        if self.largest_batch is not None and len(jobs) > self.largest_batch:
            raise OutOfMemory(f"a batch of {len(jobs)} is too large for this fake editor")
        time.sleep(self.seconds_per_batch)
        self.batches.append([job.request.edit_id for job in jobs])
        return [self._edit_one(job) for job in jobs]

    def _edit_one(self, job: EditJob) -> EditResult:
        reason = self.fail.get(job.request.instruction, "")
        if reason:
            return EditResult(reason=reason)
        color = np.random.default_rng(job.request.seed).integers(0, 256, 3)
        return EditResult(((job.pixels.astype(np.uint16) + color) // 2).astype(np.uint8))
