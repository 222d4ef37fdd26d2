from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from syned.errors import EngineError
from syned.generate.edit import generate
from syned.models.fake import FakeEditor
from syned.run.records import EditJob, EditResult
from tests.conftest import make_job


class AnsweringEditor:
    """Answers every batch with the same results."""

    def __init__(self, results: list[EditResult]) -> None:
        self.results = results

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        pass

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        return self.results


def ids(batch: Sequence[EditJob]) -> list[str]:
    return [job.request.edit_id for job in batch]


def test_results_come_in_the_order_of_the_jobs_though_batches_hold_one_shape() -> None:
    jobs = [make_job(n, width_px=16 if n % 3 else 24) for n in range(11)]
    editor = FakeEditor()

    results = list(generate(jobs, editor, batch_size=4, steps=1))

    assert ids([job for job, _ in results]) == ids(jobs)
    shapes = {job.request.edit_id: job.pixels.shape for job in jobs}
    assert all(len({shapes[i] for i in batch}) == 1 for batch in editor.batches)
    assert [len(batch) for batch in editor.batches] == [4, 4, 3]


def test_guided_and_unguided_jobs_never_share_a_batch() -> None:
    jobs = [make_job(n) for n in range(4)]
    jobs[1] = replace(jobs[1], request=replace(jobs[1].request, guidance_scale=1.0))
    jobs[2] = replace(jobs[2], request=replace(jobs[2].request, image_guidance_scale=0.9))
    editor = FakeEditor()

    list(generate(jobs, editor, batch_size=4, steps=1))

    assert editor.batches == [["edit0", "edit3"], ["edit1", "edit2"]]


def test_an_edit_does_not_depend_on_the_batch_it_was_in() -> None:
    jobs = [make_job(n) for n in range(5)]

    alone = [r.pixels for _, r in generate(jobs, FakeEditor(), batch_size=1, steps=1)]
    together = [r.pixels for _, r in generate(jobs, FakeEditor(), batch_size=5, steps=1)]

    np.testing.assert_array_equal(alone, together)


def test_a_batch_that_does_not_fit_is_halved_and_later_ones_start_at_what_fitted() -> None:
    editor = FakeEditor(largest_batch=3)

    results = list(generate([make_job(n) for n in range(16)], editor, batch_size=8, steps=1))

    assert ids([job for job, _ in results]) == [f"edit{n}" for n in range(16)]
    assert [len(batch) for batch in editor.batches] == [2] * 8


def test_a_single_image_that_does_not_fit_is_an_error_that_says_what_to_lower() -> None:
    with pytest.raises(EngineError, match="single image of 16x16 px; lower"):
        list(generate([make_job(0)], FakeEditor(largest_batch=0), batch_size=4, steps=1))


def test_a_failed_job_keeps_its_place_and_its_reason() -> None:
    editor = FakeEditor(fail={"instruction 1": "flat_image"})

    results = list(generate([make_job(n) for n in range(3)], editor, batch_size=2, steps=1))

    assert [result.reason for _, result in results] == ["", "flat_image", ""]


def test_stop_ends_it_after_the_batch_in_hand() -> None:
    editor = FakeEditor()
    stop = lambda: len(editor.batches) == 2  # noqa: E731

    results = list(
        generate([make_job(n) for n in range(10)], editor, batch_size=2, steps=1, stop=stop)
    )

    assert len(editor.batches) == 2
    assert len(results) == 4


def test_jobs_are_taken_as_batches_fill_and_not_all_at_once() -> None:
    taken: list[int] = []

    def stream() -> Iterator[EditJob]:
        for n in range(6):
            taken.append(n)
            yield make_job(n)

    next(iter(generate(stream(), FakeEditor(), batch_size=2, steps=1)))

    assert taken == [0, 1]


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([], "gave 0 results for a batch of 1"),
        ([EditResult()], "neither an image nor a reason"),
        ([EditResult(np.zeros((8, 16, 3), np.uint8))], r"uint8 of shape \(8, 16, 3\)"),
        ([EditResult(np.zeros((16, 16, 3), np.float32))], "is float32"),
    ],
)
def test_a_malformed_answer_of_the_editor_is_an_error(
    results: list[EditResult], message: str
) -> None:
    with pytest.raises(EngineError, match=message):
        list(generate([make_job(0)], AnsweringEditor(results), batch_size=1, steps=1))
