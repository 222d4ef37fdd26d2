from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from syned.errors import EngineError, RunError
from syned.generate.shards import GenerateOptions, GenerateSummary, generate_shards
from syned.models.fake import FakeEditor
from syned.run.directory import Run
from syned.run.records import Edit, EditJob, EditResult, from_rows
from syned.sources.png import decode, png_bytes
from tests.conftest import HeardProgress, failed_request, make_job, new_run, plan_of

OPTIONS = GenerateOptions(fingerprint="f", batch_size=2, steps=1)


def run_with(folder: Path, *sizes: int) -> Run:
    """A run whose plan has shards of so many jobs each, numbered through."""
    run, start = new_run(folder), 0
    shards = []
    for size in sizes:
        shards.append([make_job(n) for n in range(start, start + size)])
        start += size
    plan_of(run, shards)
    return run


def make(
    run: Run,
    editor: FakeEditor | None = None,
    options: GenerateOptions = OPTIONS,
    progress: HeardProgress | None = None,
) -> GenerateSummary:
    editor = editor or FakeEditor()
    shards = sorted(run.requests.done())
    return generate_shards(run, shards, lambda: editor, options, progress or HeardProgress())


def edits_of(run: Run, shard: int) -> list[Edit]:
    return from_rows(run.edits.read(shard).to_pylist(), Edit)


def edit_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t is not threading.main_thread()]


def test_every_shard_of_the_plan_becomes_a_shard_of_edits_in_the_same_order(
    tmp_path: Path,
) -> None:
    run = run_with(tmp_path, 4, 3)

    summary = make(run)

    assert (summary.done, summary.shards_made, summary.shards_left) == (7, 2, 0)
    assert [edit.edit_id for edit in edits_of(run, 1)] == ["edit4", "edit5", "edit6"]


def test_the_edited_image_is_what_the_editor_answered_as_lossless_png(tmp_path: Path) -> None:
    run = run_with(tmp_path, 1)

    make(run)

    (answer,) = FakeEditor().edit([make_job(0)], steps=1)
    png = edits_of(run, 0)[0].edited_image
    assert png is not None
    assert answer.pixels is not None
    np.testing.assert_array_equal(decode(png), answer.pixels)


def test_what_is_made_is_not_made_again_and_no_model_is_loaded_for_it(tmp_path: Path) -> None:
    run = run_with(tmp_path, 4)
    make(run)
    progress = HeardProgress()

    summary = generate_shards(run, [0], _no_editor, OPTIONS, progress)

    assert (summary.skipped_shards, summary.shards_made) == (1, 0)
    assert (progress.total, progress.skipped) == (4, 4)


def _no_editor() -> FakeEditor:
    raise AssertionError("the editor was loaded")


def test_a_damaged_shard_is_made_again_to_the_same_bytes(tmp_path: Path) -> None:
    run = run_with(tmp_path, 2, 2)
    make(run)
    path = run.edits.path / "00001.parquet"
    intact = path.read_bytes()
    altered = bytearray(intact)
    altered[len(altered) // 2] ^= 1
    for damage in (bytes(altered), intact[:-10]):
        path.write_bytes(damage)

        summary = make(run)

        assert (summary.shards_made, summary.skipped_shards) == (1, 1)
        assert path.read_bytes() == intact


def test_a_shard_made_with_other_settings_is_made_again(tmp_path: Path) -> None:
    run = run_with(tmp_path, 2)
    make(run)

    assert make(run, options=replace(OPTIONS, fingerprint="g")).shards_made == 1


def test_a_damaged_plan_is_an_error_that_names_the_shard(tmp_path: Path) -> None:
    run = run_with(tmp_path, 2)
    path = run.requests.path / "00000.parquet"
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(RunError, match="shard 0 is not the file that was committed"):
        generate_shards(run, [0], FakeEditor, OPTIONS, HeardProgress())


def test_a_damaged_image_shard_is_an_error_and_leaves_no_threads(tmp_path: Path) -> None:
    run, threads = run_with(tmp_path, 2), edit_threads()
    path = run.images.path / "00000.parquet"
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(RunError, match="images shard 0 is not the file that was committed"):
        generate_shards(run, [0], FakeEditor, OPTIONS, HeardProgress())

    assert edit_threads() == threads


def test_a_request_that_failed_in_the_plan_becomes_a_failed_edit_in_its_place(
    tmp_path: Path,
) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[make_job(0), failed_request(1, "truncated"), make_job(2)]])

    summary = make(run)

    assert [(e.status, e.reason) for e in edits_of(run, 0)] == [
        ("done", ""),
        ("failed", "truncated"),
        ("done", ""),
    ]
    assert (summary.done, summary.failed) == (2, 1)


def test_a_shard_of_failed_requests_alone_is_committed_too(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[make_job(0)], [failed_request(1), failed_request(2)]])

    assert make(run).shards_made == 2


def test_the_commit_record_counts_failures_by_reason_and_right_edits(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    jobs = [make_job(n) for n in range(4)]
    answers = FakeEditor().edit(jobs[:2], steps=1)
    right, wrong = (_with_truth(job, a) for job, a in zip(jobs[:2], answers, strict=True))
    wrong = replace(wrong, request=replace(wrong.request, true_image=_png(wrong.pixels)))
    plan_of(run, [[right, wrong, jobs[2], failed_request(9, "truncated")]])

    make(run, FakeEditor(fail={"instruction 2": "flat_image"}))

    record = run.edits.record(0)
    assert record is not None
    assert record.counts == {
        "done": 2,
        "failed": 2,
        "failed:flat_image": 1,
        "failed:truncated": 1,
        "judged": 2,
        "right": 1,
    }


def _with_truth(job: EditJob, answer: EditResult) -> EditJob:
    assert answer.pixels is not None
    return replace(job, request=replace(job.request, true_image=_png(answer.pixels)))


def _png(pixels: np.ndarray) -> bytes:
    return png_bytes(Image.fromarray(pixels))


def test_failed_edits_are_made_again_only_when_asked_and_only_where_the_editor_failed(
    tmp_path: Path,
) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[make_job(0)], [make_job(1), failed_request(2)], [make_job(3)]])
    make(run, FakeEditor(fail={"instruction 0": "flat_image"}))

    assert make(run).shards_made == 0
    assert make(run, options=replace(OPTIONS, retry_failed=True)).shards_made == 1
    assert edits_of(run, 0)[0].status == "done"


class ExpectingEditor(FakeEditor):
    """Notes what it is told to expect."""

    expected: tuple[Counter[str], Counter[str]]

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        assert not self.batches
        self.expected = (images, instructions)


def test_the_editor_is_told_how_often_each_image_and_instruction_will_come(
    tmp_path: Path,
) -> None:
    run = new_run(tmp_path)
    again = replace(make_job(1).request, source_id="source2", instruction="instruction 3")
    plan_of(
        run,
        [
            [make_job(0)],
            [replace(make_job(1), request=again), make_job(2), make_job(3), failed_request(4)],
        ],
    )
    generate_shards(run, [0], FakeEditor, OPTIONS, HeardProgress())
    editor = ExpectingEditor()

    make(run, editor)

    images, instructions = editor.expected
    assert images == {"source2": 2, "source3": 1}
    assert instructions == {"instruction 2": 1, "instruction 3": 2}


def test_a_batch_size_that_does_not_fit_is_not_tried_again_for_later_shards(
    tmp_path: Path,
) -> None:
    editor = CountingEditor(largest_batch=2)

    make(run_with(tmp_path, 4, 4, 4), editor, replace(OPTIONS, batch_size=4))

    assert [len(batch) for batch in editor.batches] == [2] * 6
    assert editor.calls == 7


class CountingEditor(FakeEditor):
    calls = 0

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        self.calls += 1
        return super().edit(jobs, steps=steps)


class BreakingEditor(FakeEditor):
    """Raises at its third batch."""

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        if len(self.batches) == 2:
            raise EngineError("the device is gone")
        return super().edit(jobs, steps=steps)


def test_an_editor_that_breaks_leaves_the_complete_shards_and_no_threads(tmp_path: Path) -> None:
    run = run_with(tmp_path, 4, 4, 4)
    before = edit_threads()

    with pytest.raises(EngineError, match="the device is gone"):
        make(run, BreakingEditor())

    assert run.edits.is_done(0)
    assert run.edits.record(1) is None
    assert edit_threads() == before


def test_an_error_in_the_writing_thread_is_raised_as_it_is(tmp_path: Path) -> None:
    run = run_with(tmp_path, 2, 2)
    run.edits.path.mkdir(exist_ok=True)
    before = edit_threads()
    (run.edits.path / "00000.parquet").mkdir()  # cannot be replaced by a file

    with pytest.raises(RunError, match="cannot be written"):
        make(run)

    assert edit_threads() == before


class InterruptingEditor(FakeEditor):
    """Presses Ctrl-C so many times during one of its batches."""

    def __init__(self, *, batch: int, times: int = 1) -> None:
        super().__init__()
        self.batch, self.times = batch, times

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        if len(self.batches) == self.batch:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)
        return super().edit(jobs, steps=steps)


def test_ctrl_c_ends_after_the_batch_in_hand_and_the_next_call_goes_on(tmp_path: Path) -> None:
    run, before = run_with(tmp_path, 4, 4, 4), signal.getsignal(signal.SIGINT)
    editor, progress = InterruptingEditor(batch=2), HeardProgress()

    summary = make(run, editor, progress=progress)

    assert (summary.done, summary.shards_made, summary.shards_left) == (4, 1, 2)
    assert summary.edits_lost == 2
    assert (len(editor.batches), progress.stops) == (3, 1)
    assert signal.getsignal(signal.SIGINT) is before
    assert make(run).shards_made == 2


def test_ctrl_c_in_the_last_batch_of_a_shard_keeps_that_shard(tmp_path: Path) -> None:
    summary = make(run_with(tmp_path, 4, 4), InterruptingEditor(batch=1))

    assert (summary.shards_made, summary.shards_left, summary.edits_lost) == (1, 1, 0)


def test_ctrl_c_twice_interrupts_at_once_and_leaves_no_threads(tmp_path: Path) -> None:
    run, threads = run_with(tmp_path, 4, 4), edit_threads()
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        make(run, InterruptingEditor(batch=1, times=2))

    assert run.edits.record(0) is None
    assert edit_threads() == threads
    assert signal.getsignal(signal.SIGINT) is before


def test_everything_but_the_model_goes_on_beside_the_model(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[make_job(n, width_px=64, height_px=64) for n in range(s, s + 8)]
                  for s in range(0, 32, 8)])  # fmt: skip

    summary = make(run, FakeEditor(seconds_per_batch=0.05))

    assert summary.model_seconds >= 16 * 0.05
    assert summary.seconds <= 1.15 * summary.model_seconds
