"""Hand jobs to an editor in batches of one image size, and give back its edits in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from syned.errors import EngineError, OutOfMemory
from syned.models.base import Editor, is_guided
from syned.run.records import EditJob, EditResult

_Batch = list[tuple[int, EditJob]]
"""Jobs that an editor can take together, each with its position."""


def generate(
    jobs: Iterable[EditJob],
    editor: Editor,
    *,
    batch_size: int,
    steps: int,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[EditJob, EditResult]]:
    """Make one edit for each job, in the order of the jobs.

    Jobs whose images differ in shape go into different batches, and a batch is run when it is full;
    the incomplete ones come last. A batch that is too large for the device is halved, and so are
    those after it.

    Args:
        jobs: consumed as batches fill; results wait for those of the jobs before them.
        editor: the model, already loaded.
        batch_size: most jobs handed to the editor at once, at least 1.
        steps: denoising steps, at least 1.
        stop: asked before every batch; once it is true, nothing more is edited.

    Yields:
        Each job with its result; a failed one carries its reason instead of an image.

    Raises:
        EngineError: a single image does not fit the device, or the editor's answer is malformed.
    """
    fits = batch_size
    done: dict[int, tuple[EditJob, EditResult]] = {}
    position = 0
    for batch in _batches(jobs, batch_size):
        rest = batch
        while rest:
            if stop():
                return
            part = rest[:fits]
            try:
                results = editor.edit([job for _, job in part], steps=steps)
            except OutOfMemory as error:
                fits = _half(part, error)
                continue
            done.update(_checked(part, results))
            rest = rest[len(part) :]
        while position in done:
            yield done.pop(position)
            position += 1


def _batches(jobs: Iterable[EditJob], batch_size: int) -> Iterator[_Batch]:
    """Jobs of one kind together: full batches as they fill, then what is left."""
    waiting: dict[tuple[tuple[int, ...], bool], _Batch] = {}
    for numbered in enumerate(jobs):
        kind = (numbered[1].pixels.shape, is_guided(numbered[1]))
        batch = waiting.setdefault(kind, [])
        batch.append(numbered)
        if len(batch) == batch_size:
            yield waiting.pop(kind)
    yield from waiting.values()


def _half(part: _Batch, error: OutOfMemory) -> int:
    if len(part) == 1:
        height, width, _ = part[0][1].pixels.shape
        raise EngineError(
            f"the device has too little memory for a single image of {width}x{height} px; "
            "lower source.image_size_px, or choose another generate.dtype or generate.device"
        ) from error
    return len(part) // 2


def _checked(part: _Batch, results: Sequence[EditResult]) -> dict[int, tuple[EditJob, EditResult]]:
    if len(results) != len(part):
        raise EngineError(
            f"the editor gave {len(results)} results for a batch of {len(part)}; "
            "it must give one for each job"
        )
    for (_, job), result in zip(part, results, strict=True):
        _check(job, result)
    return {position: (job, result) for (position, job), result in zip(part, results, strict=True)}


def _check(job: EditJob, result: EditResult) -> None:
    where = f"the editor's result for {job.request.edit_id}"
    if result.pixels is None:
        if not result.reason:
            raise EngineError(f"{where} has neither an image nor a reason; it must have one")
    elif result.pixels.shape != job.pixels.shape or result.pixels.dtype != np.uint8:
        raise EngineError(
            f"{where} is {result.pixels.dtype} of shape {result.pixels.shape}; "
            f"it must be uint8 of the source image's shape {job.pixels.shape}"
        )
