"""Which edits of a run a contact sheet shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from syned.pipeline import generate, make_plan
from syned.report.sheet.sheet_rows import label_of, sheet_rows
from syned.run.records import Edit, Request, from_rows
from tests.conftest import HeardProgress, failed_request, make_config, new_run, plan_of


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


def test_a_label_says_how_the_edit_came_out() -> None:
    request = failed_request(0)
    right = Edit("a", "b", 0, "done", true_error=0.1, source_error=0.2)
    wrong = Edit("a", "b", 0, "done", true_error=0.11, source_error=0.2)
    assert label_of(request, right) == "right"
    assert label_of(request, wrong) == "wrong"
    assert label_of(request, Edit("a", "b", 0, "done")) == ""
    assert label_of(request, Edit("a", "b", 0, "failed", "flat_image")) == "failed: flat_image"
