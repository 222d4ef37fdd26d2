"""Rows of the plan as jobs, and results as rows of edits."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from syned.errors import RunError
from syned.generate.jobs import (
    counts_of,
    failed_edit,
    inputs_of,
    make_edit,
    mean_error,
    read_rows,
)
from syned.run.records import Edit, EditJob, EditResult
from syned.sources.png import decode, png_bytes
from tests.conftest import failed_request, make_job, new_run, plan_of


def png(pixels: NDArray[np.uint8]) -> bytes:
    return png_bytes(Image.fromarray(pixels))


def with_truth(job: EditJob, truth: NDArray[np.uint8]) -> EditJob:
    return replace(job, request=replace(job.request, true_image=png(truth)))


def test_rows_come_shard_after_shard_with_the_pixels_of_their_source_image(
    tmp_path: Path,
) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[make_job(0), make_job(1)], [make_job(2)], [make_job(3)]])
    rows = list(read_rows(run, [0, 2]))
    places = [(row.shard, row.request.edit_id, row.shard_rows) for row in rows]
    assert places == [(0, "edit0", 2), (0, "edit1", 2), (2, "edit3", 1)]
    for number, row in zip((0, 1, 3), rows, strict=True):
        assert row.pixels is not None
        np.testing.assert_array_equal(row.pixels, make_job(number).pixels)


def test_a_request_that_failed_in_the_plan_has_no_pixels(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[failed_request(0), make_job(1)]])
    failed, planned = read_rows(run, [0])
    assert (failed.request.reason, failed.pixels) == ("unreadable", None)
    assert planned.pixels is not None


def test_a_damaged_shard_of_images_is_noticed_when_it_is_needed(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[failed_request(1)], [make_job(0)]])
    file = run.images.file(0)
    file.write_bytes(file.read_bytes()[:-1])
    rows = read_rows(run, [0, 1])
    assert next(rows).request.status == "failed"
    with pytest.raises(RunError, match="images shard 0 is not the file that was committed"):
        next(rows)


def test_a_shard_of_images_is_checked_once_and_not_for_every_shard_of_requests(
    tmp_path: Path,
) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[make_job(0)], [make_job(1)]])
    rows = read_rows(run, [0, 1])
    next(rows)
    run.images.file(0).with_suffix(".json").unlink()  # its file can be read all the same
    assert next(rows).request.edit_id == "edit1"


def test_what_a_shard_is_made_from_follows_its_plan_and_the_settings(tmp_path: Path) -> None:
    one, other = new_run(tmp_path / "a"), new_run(tmp_path / "b")
    plan_of(one, [[make_job(0)], [make_job(0)]])
    plan_of(other, [[make_job(1)]])
    assert inputs_of(one, 0, "f") == inputs_of(one, 1, "f")
    assert len({inputs_of(one, 0, "f"), inputs_of(one, 0, "g"), inputs_of(other, 0, "f")}) == 3


def test_a_shard_that_was_never_planned_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no shard 3; run the same command again to plan it"):
        inputs_of(new_run(tmp_path), 3, "f")


def test_an_edited_image_is_kept_without_loss() -> None:
    job = make_job(0)
    edit = make_edit(job, EditResult(make_job(1).pixels, truncated=True))
    assert (edit.edit_id, edit.source_id, edit.status) == ("edit0", "source0", "done")
    assert edit.edited_image is not None
    assert Image.open(io.BytesIO(edit.edited_image)).format == "PNG"
    np.testing.assert_array_equal(decode(edit.edited_image), make_job(1).pixels)
    assert edit.truncated
    assert edit.true_error is edit.source_error is None


def test_a_result_without_an_image_is_a_failed_edit_with_its_reason() -> None:
    request = replace(make_job(0).request, variant_index=3)
    job = with_truth(replace(make_job(0), request=request), make_job(0).pixels)
    edit = make_edit(job, EditResult(reason="flat_image", truncated=True))
    assert edit == Edit("edit0", "source0", 3, "failed", "flat_image", truncated=True)


def test_a_request_that_failed_in_the_plan_keeps_the_reason_of_the_plan() -> None:
    request = replace(failed_request(4, "truncated"), variant_index=2)
    assert failed_edit(request) == Edit("edit4", "source4", 2, "failed", "truncated")


def test_errors_are_mean_absolute_differences_to_the_truth_in_0_to_1() -> None:
    job = with_truth(make_job(0), np.zeros((16, 16, 3), np.uint8))
    edit = make_edit(job, EditResult(make_job(1).pixels))
    assert edit.true_error == pytest.approx(make_job(1).pixels.mean() / 255)
    assert edit.source_error == pytest.approx(job.pixels.mean() / 255)


def test_a_difference_of_dark_and_light_does_not_wrap_around() -> None:
    dark, light = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert mean_error(dark, light) == mean_error(light, dark) == 1.0


def test_a_commit_record_counts_edits_by_what_became_of_them() -> None:
    done = Edit("a", "s", 0, "done")
    edits = [
        replace(done, true_error=0.1, source_error=0.9),
        replace(done, true_error=0.8, source_error=0.9),
        done,
        replace(done, status="failed", reason="truncated"),
        replace(done, status="failed", reason="flat_image"),
        replace(done, status="failed", reason="truncated"),
    ]
    counts = counts_of(edits)
    assert counts == {
        "done": 3,
        "failed": 3,
        "failed:flat_image": 1,
        "failed:truncated": 2,
        "judged": 2,
        "right": 1,
    }
    assert list(counts)[2:4] == ["failed:flat_image", "failed:truncated"]
