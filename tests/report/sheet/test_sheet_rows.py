"""Which edits of a run a contact sheet shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from syned.errors import DataError, RunError
from syned.pipeline import generate, make_plan
from syned.report.sheet.sheet_rows import label_of, sheet_rows
from syned.run.directory import Run
from syned.run.records import Edit, Request, from_rows
from syned.run.rows import rows_at
from syned.run.selection_file import read_selection_file
from tests.conftest import HeardProgress, failed_request, make_config, new_run, plan_of
from tests.made_up_run import MadeUp, make_run, select_at_random, write_selection


def finished_run(folder: Path, n: int) -> list[Edit]:
    config = make_config(n=n)
    run = new_run(folder, config)
    make_plan(config, run, lambda done, total: None)
    generate(config, run, HeardProgress())
    return [e for s in run.edits.done() for e in from_rows(run.edits.read(s).to_pylist(), Edit)]


def test_a_sheet_shows_every_task_equally_often_and_no_edit_twice(tmp_path: Path) -> None:
    edits = finished_run(tmp_path, 32)
    rows = sheet_rows(new_run(tmp_path), 16)
    tasks = Counter(row.label.split("(")[1] for row in rows)
    assert len(tasks) == 8
    assert set(tasks.values()) == {2}
    shown = [row.edited_image for row in rows]
    assert len(set(shown)) == 16
    assert set(shown) <= {edit.edited_image for edit in edits}


def test_a_row_of_the_sheet_holds_what_belongs_together(tmp_path: Path) -> None:
    finished_run(tmp_path, 12)
    run = new_run(tmp_path)
    requests = {
        request.instruction: request
        for shard in run.requests.done()
        for request in from_rows(run.requests.read(shard).to_pylist(), Request)
    }
    edits = {
        edit.edit_id: edit
        for shard in run.edits.done()
        for edit in from_rows(run.edits.read(shard).to_pylist(), Edit)
    }
    for row in sheet_rows(run, 12):
        request = requests[row.instruction]
        place = run.images.read(request.image_shard).to_pylist()[request.image_row]
        assert row.source_image == place["image"]["bytes"]
        assert row.edited_image == edits[request.edit_id].edited_image


def test_a_run_without_edits_has_no_rows(tmp_path: Path) -> None:
    assert sheet_rows(new_run(tmp_path), 36) == []


def test_a_shard_that_is_only_planned_is_not_looked_at(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    plan_of(run, [[failed_request(0)]])
    assert sheet_rows(run, 36) == []


def test_as_many_shards_are_looked_at_as_there_are_edits_on_the_sheet(tmp_path: Path) -> None:
    config = make_config(n=20, shard_rows=1)
    run = new_run(tmp_path, config)
    make_plan(config, run, lambda done, total: None)
    generate(config, run, HeardProgress())
    assert len(sheet_rows(run, 20)) == 20


def test_captions_are_shown_only_when_asked_for_and_only_where_the_plan_has_one(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path, MadeUp(16))  # images of odd numbers have captions
    assert {row.caption for row in sheet_rows(run, 16)} == {""}
    for row in sheet_rows(run, 16, captions=True):
        number = int(row.instruction.rpartition(" ")[2])
        assert row.caption.endswith(" is new") == bool(number % 2)


def kept_images(run: Run) -> set[bytes]:
    selection = read_selection_file(run)
    assert selection is not None
    kept = selection.table.filter(selection.table["kept"]).to_pylist()
    places = [(row["shard"], row["row"]) for row in kept]
    return {row["edited_image"]["bytes"] for row in rows_at(run.edits, places).values()}


def test_kept_edits_are_sampled_evenly_and_no_other_is_shown(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(400, shard_rows=16, kept_fraction=0.3))
    rows = sheet_rows(run, 16, kept=True)
    assert {row.edited_image for row in rows} <= kept_images(run)
    assert set(Counter(row.label for row in rows).values()) == {2}
    assert len(sheet_rows(run, 400, kept=True)) == len(kept_images(run))


def test_without_it_dropped_edits_are_shown_as_well(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(64, kept_fraction=0.3))
    assert not {row.edited_image for row in sheet_rows(run, 16)} <= kept_images(run)


def test_kept_edits_of_a_run_that_nobody_filtered_are_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(16, with_selection=False))
    with pytest.raises(RunError, match=r"no edit is known to be kept; run `syned filter` first"):
        sheet_rows(run, 6, kept=True)


def test_kept_edits_whose_shard_is_gone_are_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(32, shard_rows=16, kept_fraction=1))
    run.edits.remove(0)
    rows = sheet_rows(run, 32, kept=True)
    assert 0 < len(rows) <= 16


def test_a_filter_that_kept_nothing_is_said(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(16, kept_fraction=0))
    with pytest.raises(DataError, match=r"has kept no edit of .*; lower a threshold"):
        sheet_rows(run, 6, kept=True)


def test_a_selection_that_speaks_of_other_edits_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(16, kept_fraction=1))
    others = [replace(row, edit_id="other") for row in select_at_random(run, 1)]
    write_selection(run, others)
    with pytest.raises(RunError, match=r"speaks of other edits .*; run `syned filter` again"):
        sheet_rows(run, 6, kept=True)


def test_a_label_says_how_the_edit_came_out() -> None:
    request = failed_request(0)
    right = Edit("a", "b", 0, "done", true_error=0.1, source_error=0.2)
    wrong = Edit("a", "b", 0, "done", true_error=0.11, source_error=0.2)
    assert label_of(request, right) == "right"
    assert label_of(request, wrong) == "wrong"
    assert label_of(request, Edit("a", "b", 0, "done")) == ""
    assert label_of(request, Edit("a", "b", 0, "failed", "flat_image")) == "failed: flat_image"
