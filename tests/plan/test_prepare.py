"""Source records on their way into the plan."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence

import pytest
from PIL import Image

from syned.plan.prepare import Prepared, prepared, request_of
from syned.run.records import SourceRecord
from syned.sources.images import source_id_of
from syned.sources.png import decode
from tests.plan.small_plan import picture


def prepare(records: Sequence[SourceRecord], known: Sequence[str] = ()) -> list[Prepared]:
    with prepared(iter(records), 16, known) as rows:
        return list(rows)


def size_of(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    return Image.open(io.BytesIO(png)).size


def test_rows_come_in_the_order_of_the_source() -> None:
    records = [SourceRecord(f"row{n}", picture(n % 3), "x") for n in range(40)]
    rows = prepare(records)
    assert [row.record for row in rows] == records
    assert [row.source_id for row in rows] == [source_id_of(picture(n % 3)) for n in range(40)]


def test_pictures_are_fitted_and_keep_their_shape() -> None:
    (row,) = prepare([SourceRecord("a", picture(0), "x")])
    assert (row.width_px, row.height_px) == size_of(row.png) == (16, 8)


def test_a_picture_that_the_plan_has_is_not_encoded_again() -> None:
    record = SourceRecord("a", picture(0), "x")
    (row,) = prepare([record], known=[source_id_of(picture(0))])
    assert (row.png, row.width_px, row.height_px) == (None, 16, 8)


def test_a_row_that_cannot_be_used_is_not_worked_on() -> None:
    unreadable = SourceRecord("a", None, "x")
    refused = SourceRecord("b", picture(0), "", "empty_instruction")
    assert prepare([unreadable, refused]) == [
        Prepared(unreadable),
        Prepared(refused, source_id_of(picture(0))),
    ]


def test_the_true_result_has_the_size_of_the_fitted_picture() -> None:
    truth = picture(9, (48, 48))
    (row,) = prepare([SourceRecord("a", picture(0), "x", edited_image=truth, true_edit=True)])
    assert size_of(row.true_png) == (16, 8)


def test_an_edit_that_is_one_of_many_right_ones_is_no_truth() -> None:
    (row,) = prepare([SourceRecord("a", picture(0), "x", edited_image=picture(1))])
    assert row.true_png is None


def test_the_source_is_read_only_a_few_rows_ahead() -> None:
    read: list[int] = []

    def records() -> Iterator[SourceRecord]:
        for number in range(1000):
            read.append(number)
            yield SourceRecord(f"row{number}", picture(0), "x")

    with prepared(records(), 16, ()) as rows:
        next(rows)
        assert len(read) <= 10


def test_the_threads_end_with_the_context() -> None:
    before = set(threading.enumerate())
    with prepared(iter([SourceRecord("a", picture(0), "x")] * 20), 16, ()) as rows:
        next(rows)
    assert set(threading.enumerate()) <= before


def test_an_error_of_the_source_is_raised_as_it_is() -> None:
    def records() -> Iterator[SourceRecord]:
        yield SourceRecord("a", picture(0), "x")
        raise KeyError("row1")

    with prepared(records(), 16, ()) as rows, pytest.raises(KeyError, match="row1"):
        list(rows)


def test_a_request_says_what_its_record_said() -> None:
    record = SourceRecord(
        "photos/a.jpg#0",
        picture(0),
        "make it red",
        edited_image=picture(0),
        true_edit=True,
        task="color",
        split="test",
        idx="7",
        hash="0a",
        input_caption="a cat",
        output_caption="a red cat",
        captions=("the cat is red now",),
    )
    (row,) = prepare([record])
    request = request_of(row, (2, 5), "")
    assert (request.status, request.reason, request.variant_index) == ("planned", "", 0)
    assert (request.source_id, request.instruction) == (row.source_id, "make it red")
    assert (request.image_shard, request.image_row) == (2, 5)
    assert (request.width_px, request.height_px) == (16, 8)
    for name in ("key", "task", "split", "idx", "hash", "captions"):
        assert getattr(request, name) == getattr(record, name)
    assert (request.input_caption, request.output_caption) == ("a cat", "a red cat")
    assert request.true_image is not None
    assert decode(request.true_image).shape == (8, 16, 3)


def test_a_request_that_failed_says_why_and_has_no_truth() -> None:
    record = SourceRecord("a", picture(0), "x", edited_image=picture(0), true_edit=True)
    request = request_of(prepare([record])[0], (-1, -1), "duplicate_request")
    assert (request.status, request.reason) == ("failed", "duplicate_request")
    assert request.true_image is None
