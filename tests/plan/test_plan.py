from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from syned.config import RunConfig, Scale
from syned.errors import DataError, RunError
from syned.plan.plan import Planner, PlanSummary, draw_scale, edit_id, seed_of
from syned.run.directory import Run
from syned.run.records import Request, SourceImage, SourceRecord, from_rows
from syned.sources.images import source_id_of

_SETTINGS = {"editor.name": "fake", "generate.steps": 5}


class _Killed(Exception):
    """Stands for a kill: nothing after it is written."""


@dataclass(frozen=True)
class _Row:
    """A source row in short: which picture, which instruction, what is wrong with it."""

    picture: int
    instruction: str = "make it red"
    reason: str = ""


def _picture(number: int, size_px: tuple[int, int] = (24, 16)) -> Image.Image:
    pixels = np.random.default_rng(number).integers(0, 256, (*size_px[::-1], 3), np.uint8)
    return Image.fromarray(pixels)


def _record(position: int, row: _Row) -> SourceRecord:
    image = None if row.reason == "unreadable" else _picture(row.picture)
    return SourceRecord(f"row{position}", image, row.instruction, row.reason, captions=("a", "b"))


def _source(
    rows: Sequence[_Row], *, killed_at: int | None = None
) -> Callable[[int], Iterator[SourceRecord]]:
    def records(start: int) -> Iterator[SourceRecord]:
        for position in range(start, len(rows)):
            if position == killed_at:
                raise _Killed
            yield _record(position, rows[position])

    return records


def _run(folder: Path) -> Run:
    return Run.create_or_open(RunConfig(name="one"), data_dir=folder)


def _extend(
    run: Run,
    records: Callable[[int], Iterator[SourceRecord]],
    n: int,
    shard_rows: int = 3,
    scales: tuple[Scale, Scale] = (7.5, (1.2, 1.8)),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PlanSummary:
    return Planner(run).extend(
        records,
        n,
        shard_rows=shard_rows,
        image_size_px=16,
        settings=_SETTINGS,
        scales=scales,
        progress=progress,
    )


def _requests(run: Run) -> list[Request]:
    rows = [row for shard in run.requests.done() for row in run.requests.read(shard).to_pylist()]
    return from_rows(rows, Request)


def _unplaced(run: Run) -> list[Request]:
    """Requests without the place of their picture, which depends on where shards end."""
    return [replace(request, image_shard=-1, image_row=-1) for request in _requests(run)]


def _images(run: Run) -> dict[tuple[int, int], SourceImage]:
    return {
        (shard, row): image
        for shard in run.images.done()
        for row, image in enumerate(from_rows(run.images.read(shard).to_pylist(), SourceImage))
    }


def _assert_sound(run: Run) -> None:
    """Every planned request finds its picture, and every picture is stored once."""
    images = _images(run)
    used = set()
    for request in _requests(run):
        if request.status == "planned":
            image = images[request.image_shard, request.image_row]
            assert image.source_id == request.source_id
            assert (image.width_px, image.height_px) == (request.width_px, request.height_px)
            used.add(image.source_id)
    names = [image.source_id for image in images.values()]
    assert len(names) == len(set(names))
    assert used == set(names)


_FIVE = [
    _Row(0),
    _Row(1, reason="unreadable"),
    _Row(0, "make it blue"),
    _Row(0),
    _Row(2, "", "empty_instruction"),
    _Row(1),
    _Row(2),
    _Row(0, "add a hat"),
]


def test_a_plan_walks_the_source_and_then_its_variants(tmp_path: Path) -> None:
    run = _run(tmp_path)
    summary = _extend(run, _source(_FIVE), 12)
    rows = [(r.variant_index, r.key, r.status, r.reason) for r in _requests(run)]
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
        image_bytes=sum(len(image.image) for image in _images(run).values()),
    )
    _assert_sound(run)


def test_ids_are_all_different_and_seeds_follow_from_them(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source(_FIVE), 20)
    requests = _requests(run)
    assert len({r.edit_id for r in requests}) == len(requests)
    for request in requests:
        assert request.seed == seed_of(request.edit_id)
        assert request.guidance_scale == 7.5
        assert request.image_guidance_scale == draw_scale(
            (1.2, 1.8), request.edit_id, "image_guidance_scale"
        )
    first = requests[0]
    assert first.source_id == source_id_of(_picture(0))
    assert first.edit_id == edit_id(first.source_id, "make it red", 0, _SETTINGS)
    assert len({r.image_guidance_scale for r in requests}) > 5


def test_pictures_are_fitted_and_keep_their_shape(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source(_FIVE), 1)
    (image,) = _images(run).values()
    assert Image.open(io.BytesIO(image.image)).size == (16, 8)
    assert (image.width_px, image.height_px) == (16, 8)


def test_the_true_result_is_in_every_variant_at_the_size_of_the_source(tmp_path: Path) -> None:
    truth = _picture(9, (48, 48))

    def records(start: int) -> Iterator[SourceRecord]:
        one = SourceRecord("a", _picture(0), "x", edited_image=truth, true_edit=True)
        yield from [one, SourceRecord("b", _picture(1), "x", edited_image=truth)][start:]

    run = _run(tmp_path)
    _extend(run, records, 4)
    known, unknown, again, _ = _requests(run)
    assert known.true_image is not None
    assert Image.open(io.BytesIO(known.true_image)).size == (16, 8)
    assert again.true_image == known.true_image
    assert unknown.true_image is None


def test_a_plan_that_is_long_enough_does_not_touch_the_source(tmp_path: Path) -> None:
    run = _run(tmp_path)
    whole = _extend(run, _source(_FIVE), 4)
    assert _extend(run, _source(_FIVE, killed_at=0), 4) == whole
    assert _extend(run, _source(_FIVE, killed_at=0), 2) == whole


def test_a_longer_plan_leaves_the_shards_as_they_are(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source(_FIVE), 4)
    folders = (run.images, run.requests)
    before = {f.file(s): f.file(s).read_bytes() for f in folders for s in f.done()}
    _extend(run, _source(_FIVE), 20, shard_rows=7)
    assert {path: path.read_bytes() for path in before} == before
    assert sum(r.status == "planned" for r in _requests(run)) == 20


def test_shards_hold_no_more_rows_than_asked_for(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source([_Row(0, reason="unreadable")] * 7 + [_Row(0)]), 9)
    rows = [run.requests.read(shard).num_rows for shard in run.requests.done()]
    assert rows == [3, 3, 2, 3, 3, 2]


def test_a_small_source_gives_full_shards_in_later_variants(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source([_Row(0), _Row(1)]), 14, shard_rows=4)
    assert [run.requests.read(s).num_rows for s in run.requests.done()] == [2, 4, 4, 4]


_rows = st.lists(
    st.builds(
        _Row,
        st.integers(0, 3),
        st.sampled_from(["make it red", "add a hat"]),
        st.sampled_from(["", "", "", "unreadable", "empty_instruction"]),
    ),
    max_size=9,
).map(lambda rows: [*rows, _Row(0, "keep it")])


@settings(max_examples=15, deadline=None)
@given(rows=_rows, sizes=st.lists(st.integers(1, 20), min_size=2, max_size=4), data=st.data())
def test_a_plan_in_steps_has_the_rows_of_a_plan_at_once(
    rows: list[_Row], sizes: list[int], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        at_once, in_steps = _run(Path(folder) / "a"), _run(Path(folder) / "b")
        _extend(at_once, _source(rows), max(sizes), data.draw(st.integers(1, 6)))
        for n in sizes:
            summary = _extend(in_steps, _source(rows), n, data.draw(st.integers(1, 6)))
        assert _unplaced(in_steps) == _unplaced(at_once)
        assert summary.planned == max(sizes)
        _assert_sound(in_steps)


@pytest.mark.parametrize("killed_at", range(len(_FIVE)))
def test_a_killed_plan_goes_on_to_the_same_rows(tmp_path: Path, killed_at: int) -> None:
    whole, killed = _run(tmp_path / "a"), _run(tmp_path / "b")
    _extend(whole, _source(_FIVE), 12)
    with pytest.raises(_Killed):
        _extend(killed, _source(_FIVE, killed_at=killed_at), 12)
    assert _extend(killed, _source(_FIVE), 12) == _extend(whole, _source(_FIVE), 12)
    assert _unplaced(killed) == _unplaced(whole)
    _assert_sound(killed)


def test_a_kill_in_a_later_variant_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    whole = _run(tmp_path / "a")
    _extend(whole, _source(_FIVE), 40)
    for stop in range(6, 40, 5):
        killed = _run(tmp_path / f"b{stop}")

        def kill(done: int, total: int, stop: int = stop) -> None:
            if done >= stop:
                raise _Killed

        with pytest.raises(_Killed):
            _extend(killed, _source(_FIVE), 40, progress=kill)
        _extend(killed, _source(_FIVE), 40)
        assert _unplaced(killed) == _unplaced(whole)


def test_pictures_committed_before_a_kill_and_never_asked_for_are_written_over(
    tmp_path: Path,
) -> None:
    whole, killed = _run(tmp_path / "a"), _run(tmp_path / "b")
    _extend(whole, _source(_FIVE), 5)
    _extend(killed, _source(_FIVE), 5)
    last = killed.requests.done()[-1]
    killed.requests.file(last).with_suffix(".json").unlink()
    assert len(killed.images.done()) == 3
    _extend(killed, _source(_FIVE), 5, shard_rows=2)
    assert _unplaced(killed) == _unplaced(whole)
    _assert_sound(killed)


def test_a_last_shard_that_is_damaged_is_made_again(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source(_FIVE), 5)
    before = _requests(run)
    path = run.requests.file(run.requests.done()[-1])
    path.write_bytes(path.read_bytes()[:-1])
    _extend(run, _source(_FIVE), 5)
    assert _requests(run) == before


def test_a_hole_in_the_plan_is_refused(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source(_FIVE), 12)
    run.requests.file(1).unlink()
    with pytest.raises(RunError, match=r"00001.parquet is not what was committed; restore"):
        _extend(run, _source(_FIVE), 13)


def test_lost_pictures_are_noticed(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _extend(run, _source(_FIVE), 12)
    run.images.file(0).unlink()
    with pytest.raises(RunError, match=r"images/00000.parquet is not what was committed"):
        _extend(run, _source(_FIVE), 13)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "the source has no rows"),
        (
            [_Row(0, reason="unreadable")] * 4 + [_Row(1, "", "empty_instruction")],
            r"no row of the source can be edited: all 5 failed \(4 unreadable, 1 empty_instr",
        ),
    ],
)
def test_a_source_without_a_usable_row_is_an_error(
    tmp_path: Path, rows: list[_Row], message: str
) -> None:
    run = _run(tmp_path)
    for _ in range(2):
        with pytest.raises(DataError, match=message):
            _extend(run, _source(rows), 3)


def test_progress_ends_with_all_that_was_asked_for(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    _extend(_run(tmp_path), _source(_FIVE), 40, progress=lambda *now: heard.append(now))
    assert heard[-1] == (40, 40)
    assert len(heard) > 10


@pytest.mark.parametrize(
    "other",
    [
        ("b", "make it red", 0, {"steps": 5}),
        ("a", "make it blue", 0, {"steps": 5}),
        ("a", "make it red", 1, {"steps": 5}),
        ("a", "make it red", 0, {"steps": 6}),
    ],
)
def test_everything_that_shapes_an_edit_is_in_its_id(other: tuple[Any, ...]) -> None:
    name = edit_id("a", "make it red", 0, {"steps": 5})
    assert len(name) == 32
    assert edit_id(*other) != name


def test_an_id_does_not_depend_on_the_order_of_the_settings() -> None:
    assert edit_id("a", "b", 0, {"x": 1, "y": 2}) == edit_id("a", "b", 0, {"y": 2, "x": 1})


_KNOWN = ("24eba0958f08f4588f58e1a4c161ca40", 1876672629039649372, 8.98)
"""Another value would orphan every plan that was ever made."""


def test_ids_seeds_and_scales_stay_what_they_were() -> None:
    name = edit_id("a", "make it red", 0, {"steps": 5})
    assert (name, seed_of(name), draw_scale((6.0, 9.0), name, "guidance_scale")) == _KNOWN


@given(st.text(), st.floats(0, 20), st.floats(0, 20))
def test_a_drawn_scale_lies_in_its_range(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert low <= draw_scale((low, high), name, "guidance_scale") <= high
    assert draw_scale(one, name, "guidance_scale") == one
    assert 0 <= seed_of(name) < 2**63


def test_scales_are_drawn_all_over_the_range_and_apart() -> None:
    pairs = [
        (draw_scale((6.0, 9.0), str(i), "guidance_scale"), draw_scale((6.0, 9.0), str(i), "other"))
        for i in range(300)
    ]
    assert min(pairs)[0] < 6.1
    assert max(pairs)[0] > 8.9
    assert sum(one == other for one, other in pairs) < 10
    assert all(one == round(one, 2) for one, _ in pairs)
