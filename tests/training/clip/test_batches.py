"""What a CLIP is shown: rows of a source, and edits of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from syned import pipeline
from syned.errors import DataError
from syned.models.fake import FakeEditor
from syned.sources.shapes.source import shapes_record
from syned.training.clip.attempts import error_fraction
from syned.training.clip.batches import batch_of, examples_of, read_attempts
from tests.conftest import HeardProgress, make_config, new_run, silent


def test_a_record_becomes_both_images_and_both_captions() -> None:
    record = shapes_record(2, "train", 0)
    (example,) = examples_of([record], 64)
    assert (example.before == np.asarray(record.image)).all()
    assert (example.after == np.asarray(record.edited_image)).all()
    assert example.input_caption == record.input_caption != example.output_caption
    assert (example.task, example.attempt) == ("local", None)


def test_images_get_the_size_of_the_encoder() -> None:
    (example,) = examples_of([shapes_record(2, "train", 0)], 32)
    assert example.before.shape == example.after.shape == (32, 32, 3)


def test_rows_that_teach_nothing_are_left_out() -> None:
    whole = shapes_record(0, "train", 0)
    lacking = [
        replace(whole, image=None),
        replace(whole, edited_image=None),
        replace(whole, input_caption=""),
        replace(whole, output_caption=whole.input_caption),
        replace(whole, reason="unreadable_image"),
    ]
    assert len(list(examples_of([*lacking, whole], 64))) == 1


def test_edits_of_a_run_come_with_their_own_images(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config(n=10)
    pipeline.make_plan(config, run, silent)
    pipeline.generate(config, run, HeardProgress(), editor=FakeEditor())

    examples = read_attempts(run.path, 64)

    records = [shapes_record(i, "train", 0) for i in range(10)]
    assert [e.input_caption for e in examples] == [r.input_caption for r in records]
    for example, record in zip(examples, records, strict=True):
        assert (example.before == np.asarray(record.image)).all()
        assert (example.after == np.asarray(record.edited_image)).all()
        assert example.attempt is not None
        assert (example.attempt != example.before).any()


def test_failed_edits_are_left_out_and_a_run_without_any_other_is_refused(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config(n=2)
    pipeline.make_plan(config, run, silent)
    with pytest.raises(DataError, match="has no edits whose true result is known"):
        read_attempts(run.path, 64)
    instruction = shapes_record(0, "train", 0).instruction
    pipeline.generate(
        config, run, HeardProgress(), editor=FakeEditor(fail={instruction: "blocked"})
    )
    assert len(read_attempts(run.path, 64)) == 1


def test_a_batch_says_how_wrong_its_attempts_are() -> None:
    fresh = list(examples_of([shapes_record(i, "train", 0) for i in range(4)], 64))
    tried = [replace(e, attempt=e.before) for e in fresh]
    batch = batch_of([*fresh, *tried], np.random.default_rng(0))
    assert batch.attempt.shape == batch.before.shape == (8, 64, 64, 3)
    for i in range(8):
        images = (batch.attempt[i], batch.before[i], batch.after[i])
        error = error_fraction(*(image.astype(np.float32) for image in images))
        assert batch.errors[i] == pytest.approx(error)
    assert (batch.errors[4:] > 0.6).all()
    assert batch.input_captions[:4] == batch.input_captions[4:]
    assert batch.output_captions != batch.input_captions


def test_the_same_random_numbers_give_the_same_batch() -> None:
    fresh = list(examples_of([shapes_record(i, "train", 0) for i in range(4)], 64))
    first, again, other = (batch_of(fresh, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (first.attempt == again.attempt).all()
    assert (first.attempt != other.attempt).any()
