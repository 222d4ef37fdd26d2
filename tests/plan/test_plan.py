"""Plans: which requests there are, in which order, whatever is cut off in between."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from syned.errors import DataError
from syned.plan.ids import draw_scale, edit_id, seed_of
from syned.plan.plan import PlanSummary
from syned.run.records import SourceRecord
from syned.sources.images import source_id_of
from tests.plan.small_plan import (
    EIGHT_ROWS,
    SETTINGS,
    Killed,
    Row,
    assert_sound,
    empty_run,
    extend,
    images_of,
    picture,
    requests_of,
    source,
    unplaced,
)


def test_a_plan_walks_the_source_and_then_its_variants(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    summary = extend(run, source(EIGHT_ROWS), 12)
    rows = [(r.variant_index, r.key, r.status, r.reason) for r in requests_of(run)]
    usable = ["row0", "row2", "row5", "row6", "row7"]
    assert rows == [
        (0, "row0", "planned", ""),
        (0, "row1", "failed", "unreadable"),
        (0, "row2", "planned", ""),
        (0, "row3", "failed", "duplicate_request"),
        (0, "row4", "failed", "empty_instruction"),
        (0, "row5", "planned", ""),
        (0, "row6", "planned", ""),
        (0, "row7", "planned", ""),
        *[(1, key, "planned", "") for key in usable],
        *[(2, key, "planned", "") for key in usable[:2]],
    ]
    assert summary == PlanSummary(
        planned=12,
        source_rows=8,
        failed={"duplicate_request": 1, "empty_instruction": 1, "unreadable": 1},
        variants=3,
        images=3,
        image_bytes=sum(len(image.image) for image in images_of(run).values()),
    )
    assert_sound(run)


def test_ids_are_all_different_and_seeds_follow_from_them(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 20)
    requests = requests_of(run)
    assert len({r.edit_id for r in requests}) == len(requests)
    for request in requests:
        assert request.seed == seed_of(request.edit_id)
        assert request.guidance_scale == 7.5
        assert request.image_guidance_scale == draw_scale(
            (1.2, 1.8), request.edit_id, "image_guidance_scale"
        )
    first = requests[0]
    assert first.source_id == source_id_of(picture(0))
    assert first.edit_id == edit_id(first.source_id, "make it red", 0, SETTINGS)
    assert len({r.image_guidance_scale for r in requests}) > 5


def test_the_true_result_is_in_every_variant_at_the_size_of_the_source(tmp_path: Path) -> None:
    truth = picture(9, (48, 48))

    def records(start: int) -> Iterator[SourceRecord]:
        one = SourceRecord("a", picture(0), "x", edited_image=truth, true_edit=True)
        yield from [one, SourceRecord("b", picture(1), "x", edited_image=truth)][start:]

    run = empty_run(tmp_path)
    extend(run, records, 4)
    known, unknown, again, _ = requests_of(run)
    assert known.true_image is not None
    assert Image.open(io.BytesIO(known.true_image)).size == (16, 8)
    assert again.true_image == known.true_image
    assert unknown.true_image is None


def test_a_plan_that_is_long_enough_does_not_touch_the_source(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    whole = extend(run, source(EIGHT_ROWS), 4)
    assert extend(run, source(EIGHT_ROWS, killed_at=0), 4) == whole
    assert extend(run, source(EIGHT_ROWS, killed_at=0), 2) == whole


def test_a_longer_plan_leaves_the_shards_as_they_are(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 4)
    folders = (run.images, run.requests)
    before = {f.file(s): f.file(s).read_bytes() for f in folders for s in f.done()}
    extend(run, source(EIGHT_ROWS), 20, shard_rows=7)
    assert {path: path.read_bytes() for path in before} == before
    assert sum(r.status == "planned" for r in requests_of(run)) == 20


def test_a_small_source_gives_full_shards_in_later_variants(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source([Row(0), Row(1)]), 14, shard_rows=4)
    assert [run.requests.read(s).num_rows for s in run.requests.done()] == [2, 4, 4, 4]


_rows = st.lists(
    st.builds(
        Row,
        st.integers(0, 3),
        st.sampled_from(["make it red", "add a hat"]),
        st.sampled_from(["", "", "", "unreadable", "empty_instruction"]),
    ),
    max_size=9,
).map(lambda rows: [*rows, Row(0, "keep it")])


@settings(max_examples=15, deadline=None)
@given(rows=_rows, sizes=st.lists(st.integers(1, 20), min_size=2, max_size=4), data=st.data())
def test_a_plan_in_steps_has_the_rows_of_a_plan_at_once(
    rows: list[Row], sizes: list[int], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        at_once, in_steps = empty_run(Path(folder) / "a"), empty_run(Path(folder) / "b")
        extend(at_once, source(rows), max(sizes), data.draw(st.integers(1, 6)))
        for n in sizes:
            summary = extend(in_steps, source(rows), n, data.draw(st.integers(1, 6)))
        assert unplaced(in_steps) == unplaced(at_once)
        assert summary.planned == max(sizes)
        assert_sound(in_steps)


@pytest.mark.parametrize("killed_at", range(len(EIGHT_ROWS)))
def test_a_killed_plan_goes_on_to_the_same_rows(tmp_path: Path, killed_at: int) -> None:
    whole, killed = empty_run(tmp_path / "a"), empty_run(tmp_path / "b")
    extend(whole, source(EIGHT_ROWS), 12)
    with pytest.raises(Killed):
        extend(killed, source(EIGHT_ROWS, killed_at=killed_at), 12)
    assert extend(killed, source(EIGHT_ROWS), 12) == extend(whole, source(EIGHT_ROWS), 12)
    assert unplaced(killed) == unplaced(whole)
    assert_sound(killed)


def test_a_kill_in_a_later_variant_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    whole = empty_run(tmp_path / "a")
    extend(whole, source(EIGHT_ROWS), 40)
    for stop in range(6, 40, 5):
        killed = empty_run(tmp_path / f"b{stop}")

        def kill(done: int, total: int, stop: int = stop) -> None:
            if done >= stop:
                raise Killed

        with pytest.raises(Killed):
            extend(killed, source(EIGHT_ROWS), 40, progress=kill)
        extend(killed, source(EIGHT_ROWS), 40)
        assert unplaced(killed) == unplaced(whole)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "the source has no rows"),
        (
            [Row(0, reason="unreadable")] * 4 + [Row(1, "", "empty_instruction")],
            r"no row of the source can be edited: all 5 failed \(4 unreadable, 1 empty_instr",
        ),
    ],
)
def test_a_source_without_a_usable_row_is_an_error(
    tmp_path: Path, rows: list[Row], message: str
) -> None:
    run = empty_run(tmp_path)
    for _ in range(2):
        with pytest.raises(DataError, match=message):
            extend(run, source(rows), 3)
