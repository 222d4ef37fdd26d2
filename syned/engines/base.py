"""What a stage may ask of a model. Nothing here loads one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from syned.records import EditJob, EditResult


def is_guided(job: EditJob) -> bool:
    """Whether classifier-free guidance is computed for a job.

    Source: StableDiffusionInstructPix2PixPipeline.do_classifier_free_guidance (diffusers 0.42).
    """
    return job.request.guidance_scale > 1.0 and job.request.image_guidance_scale >= 1.0


class Editor(Protocol):
    """Edits images as instructions say."""

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        """Tell how often each source id and each instruction will still be asked for.

        What comes more than once may then be encoded once and kept, and dropped after its last use.
        """

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        """Edit one batch, all of one size, in order.

        Args:
            jobs: at least one; every image has the same shape (h, w, 3), and all are guided or none
                is.
            steps: denoising steps, at least 1.

        Raises:
            OutOfMemory: the batch does not fit; nothing was made, a smaller one may do.
        """
