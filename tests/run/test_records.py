"""Records survive the table that they are stored in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syned.run.records import (
    EDIT_SCHEMA,
    EDIT_SCORE_SCHEMA,
    IMAGE_SCHEMA,
    IMAGE_SCORE_SCHEMA,
    REQUEST_SCHEMA,
    Edit,
    EditScore,
    ImageScore,
    Request,
    SourceImage,
    from_rows,
    to_table,
)

_REQUEST = Request(
    edit_id="e",
    source_id="s",
    image_shard=1,
    image_row=2,
    variant_index=3,
    instruction="make it snow",
    seed=2**63 - 1,
    guidance_scale=7.5,
    image_guidance_scale=1.5,
    width_px=64,
    height_px=48,
    captions=("it snows", "snow fell"),
    true_image=b"png",
)


def test_requests_survive_the_table() -> None:
    unreadable = replace(_REQUEST, source_id="", status="failed", captions=(), true_image=None)
    requests = [_REQUEST, unreadable]
    assert from_rows(to_table(requests, REQUEST_SCHEMA).to_pylist(), Request) == requests


def test_edits_survive_the_table() -> None:
    edits = [
        Edit("a", "s", 0, "done", edited_image=b"png", true_error=0.1, source_error=0.5),
        Edit("b", "s", 1, "failed", "flat_image"),
    ]
    assert from_rows(to_table(edits, EDIT_SCHEMA).to_pylist(), Edit) == edits


def test_source_images_survive_the_table() -> None:
    images = [SourceImage("s", b"png", 64, 48)]
    assert from_rows(to_table(images, IMAGE_SCHEMA).to_pylist(), SourceImage) == images


def test_scores_survive_the_table() -> None:
    half = (0.5, -0.25)
    images = [ImageScore("s", "0" * 16, b"small", half)]
    assert from_rows(to_table(images, IMAGE_SCORE_SCHEMA).to_pylist(), ImageScore) == images
    edits = [EditScore("a", image_similarity=0.5, flat=False, thumbnail=b"x", embedding=half)]
    edits.append(EditScore("b"))
    assert from_rows(to_table(edits, EDIT_SCORE_SCHEMA).to_pylist(), EditScore) == edits


def test_images_lie_as_datasets_expects_them() -> None:
    row = to_table([_REQUEST], REQUEST_SCHEMA).to_pylist()[0]
    assert row["true_image"] == {"bytes": b"png", "path": None}


def test_no_rows_still_have_all_columns() -> None:
    assert to_table([], EDIT_SCHEMA).schema == EDIT_SCHEMA


@pytest.mark.parametrize(
    ("true_error", "right"), [(None, None), (0.0, True), (0.25, True), (0.26, False)]
)
def test_an_edit_is_right_at_half_the_distance_or_less(
    true_error: float | None, right: bool | None
) -> None:
    edit = Edit("a", "s", 0, "done", true_error=true_error, source_error=0.5)
    assert edit.right is right


def test_a_failed_edit_is_neither_right_nor_wrong() -> None:
    assert Edit("a", "s", 0, "failed", "flat_image").right is None
