"""Rows of a plan on disk: shards, commits, and how far the plan is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from syned.errors import RunError
from syned.plan.ids import Ids
from syned.plan.prepare import Prepared
from syned.plan.writer import Cursor, PlanWriter
from syned.run.directory import Run
from syned.run.records import SourceRecord
from tests.plan.small_plan import (
    EIGHT_ROWS,
    Row,
    assert_sound,
    empty_run,
    extend,
    picture,
    requests_of,
    source,
    unplaced,
)


def test_shards_hold_no_more_rows_than_asked_for(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source([Row(0, reason="unreadable")] * 7 + [Row(0)]), 9)
    rows = [run.requests.read(shard).num_rows for shard in run.requests.done()]
    assert rows == [3, 3, 2, 3, 3, 2]


def test_pictures_committed_before_a_kill_and_never_asked_for_are_written_over(
    tmp_path: Path,
) -> None:
    whole, killed = empty_run(tmp_path / "a"), empty_run(tmp_path / "b")
    extend(whole, source(EIGHT_ROWS), 5)
    extend(killed, source(EIGHT_ROWS), 5)
    last = killed.requests.done()[-1]
    killed.requests.file(last).with_suffix(".json").unlink()
    assert len(killed.images.done()) == 3
    extend(killed, source(EIGHT_ROWS), 5, shard_rows=2)
    assert unplaced(killed) == unplaced(whole)
    assert_sound(killed)


def test_a_last_shard_that_is_damaged_is_made_again(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 5)
    before = requests_of(run)
    path = run.requests.file(run.requests.done()[-1])
    path.write_bytes(path.read_bytes()[:-1])
    extend(run, source(EIGHT_ROWS), 5)
    assert requests_of(run) == before


def test_a_hole_in_the_plan_is_refused(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 12)
    run.requests.file(1).unlink()
    with pytest.raises(RunError, match=r"00001.parquet is missing or damaged; restore"):
        extend(run, source(EIGHT_ROWS), 13)


def test_lost_pictures_are_noticed(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 12)
    run.images.file(0).unlink()
    with pytest.raises(RunError, match=r"images/00000.parquet is missing or damaged"):
        extend(run, source(EIGHT_ROWS), 13)


def test_progress_ends_with_all_that_was_asked_for(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    extend(empty_run(tmp_path), source(EIGHT_ROWS), 40, progress=lambda *now: heard.append(now))
    assert heard[-1] == (40, 40)
    assert len(heard) > 10


def test_a_cursor_is_known_again_from_the_counts_of_a_commit_record(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 12)
    last = run.requests.record(run.requests.recorded()[-1])
    cursor = Cursor.of(last)
    assert (cursor.total_planned, cursor.source_rows, cursor.source_shards) == (12, 8, 3)
    assert (cursor.variant, cursor.variant_rows) == (2, 2)
    assert (cursor.images, cursor.image_shards) == (3, 3)
    assert cursor.failed == {"duplicate_request": 1, "empty_instruction": 1, "unreadable": 1}
    assert last is not None
    assert cursor.counts().items() <= last.counts.items()
    assert Cursor.of(None) == Cursor()


def test_a_commit_record_counts_the_rows_of_its_shard(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 7)
    names = ("planned", "failed", "first_variant")
    records = [run.requests.record(shard) for shard in run.requests.recorded()]
    counts = [[record.counts[name] for name in names] for record in records if record]
    assert counts == [[2, 1, 2], [1, 2, 1], [2, 0, 2], [2, 0, 0]]


def test_each_shard_names_the_shard_before_it(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    extend(run, source(EIGHT_ROWS), 12)
    records = [run.requests.record(shard) for shard in run.requests.recorded()]
    hashes = ["", *(record.sha256 for record in records if record)]
    assert [record.inputs for record in records if record] == hashes[:-1]


def writer_of(run: Run, *, n: int = 100, shard_rows: int = 100) -> PlanWriter:
    ids = Ids({"steps": 5}, (7.5, 1.5))
    return PlanWriter(run, shard_rows, ids, n, lambda done, total: None)


def prepared_row(number: int, instruction: str = "make it red", reason: str = "") -> Prepared:
    record = SourceRecord(f"row{number}", picture(number), instruction, reason)
    return Prepared(record, f"source{number}", 16, 8, png=b"png" * (number + 1))


def test_nothing_counts_before_it_is_committed(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    writer = writer_of(run)
    writer.add_source_row(prepared_row(0))
    assert run.requests.recorded() == run.images.recorded() == []
    writer.commit()
    assert (run.requests.recorded(), run.images.recorded()) == ([0], [0])
    assert [request.source_id for request in requests_of(run)] == ["source0"]


def test_a_commit_without_rows_writes_no_shard(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    writer = writer_of(run)
    writer.commit()
    writer.add_source_row(prepared_row(0))
    writer.commit()
    writer.commit()
    assert run.requests.recorded() == [0]


def test_a_shard_without_new_pictures_has_no_shard_of_pictures(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    writer = writer_of(run, shard_rows=1)
    writer.add_source_row(prepared_row(0))
    writer.add_source_row(replace(prepared_row(0, "add a hat"), png=None))
    writer.add_source_row(prepared_row(1))
    assert (run.requests.recorded(), run.images.recorded()) == ([0, 1, 2], [0, 1])
    places = [(request.image_shard, request.image_row) for request in requests_of(run)]
    assert places == [(0, 0), (0, 0), (1, 0)]


def test_a_picture_that_was_prepared_twice_is_stored_once(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    writer = writer_of(run)
    writer.add_source_row(prepared_row(0))
    writer.add_source_row(prepared_row(0, "add a hat"))
    writer.commit()
    assert run.images.read(0)["source_id"].to_pylist() == ["source0"]
    assert writer.cursor.images == 1


def test_a_row_that_fails_is_named_by_the_first_reason_and_stores_no_picture(
    tmp_path: Path,
) -> None:
    run = empty_run(tmp_path)
    writer = writer_of(run)
    unreadable = Prepared(SourceRecord("row9", None, "make it red"))
    for row in (prepared_row(1, reason="no_instruction"), unreadable, prepared_row(0)):
        writer.add_source_row(row)
    writer.add_source_row(prepared_row(0))
    writer.commit()
    reasons = ["no_instruction", "unreadable", "", "duplicate_request"]
    assert [request.reason for request in requests_of(run)] == reasons
    assert [request.image_shard for request in requests_of(run)][:2] == [-1, -1]
    assert writer.cursor.failed == Counter(filter(None, reasons))
    assert (writer.cursor.source_rows, writer.cursor.total_planned) == (4, 1)
    assert (writer.cursor.images, writer.cursor.image_bytes) == (1, 3)


def test_what_an_earlier_call_asked_for_is_remembered(tmp_path: Path) -> None:
    run = empty_run(tmp_path)
    first = writer_of(run)
    first.add_source_row(prepared_row(0))
    first.commit()
    second = writer_of(run)
    assert second.places == {"source0": (0, 0)}
    second.add_source_row(prepared_row(0))
    assert second.cursor.failed == {"duplicate_request": 1}


def test_a_plan_is_full_with_as_many_edits_as_are_wanted(tmp_path: Path) -> None:
    writer = writer_of(empty_run(tmp_path), n=2)
    writer.add_source_row(prepared_row(0, reason="no_instruction"))
    writer.add_source_row(prepared_row(1))
    assert not writer.full
    writer.add_source_row(prepared_row(2))
    assert writer.full
