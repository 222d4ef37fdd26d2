"""The columns that all figures come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from syned.errors import RunError
from syned.report.page.edit_table import read_columns
from syned.run.directory import Run
from syned.run.records import Edit, Request, from_rows
from tests.conftest import new_run, silent
from tests.report.page.made_up import MadeUp, commit, make_run, picture, request_of


def test_every_edit_has_its_place_task_outcome_truth_and_scores(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    columns = read_columns(run, silent)
    assert len(columns) == columns.scored == 64
    for position in range(64):
        shard, row = int(columns.shards[position]), int(columns.rows[position])
        (request,) = from_rows(run.requests.read(shard).slice(row, 1).to_pylist(), Request)
        (edit,) = from_rows(run.edits.read(shard).slice(row, 1).to_pylist(), Edit)
        assert request.seed == position
        assert columns.tasks[position] == request.task
        assert columns.right[position] == edit.right
        stored = run.edit_scores.read(shard, ["ssim"]).column("ssim")[row].as_py()
        shown = columns.scores["ssim"][position]
        assert np.isnan(shown) if stored is None else shown == stored
    assert np.isnan(columns.scores["dino_similarity"]).all()


def test_outcomes_are_those_of_the_selection(tmp_path: Path) -> None:
    columns = read_columns(make_run(tmp_path), silent)
    assert columns.outcomes[7] == "failed"
    assert {"kept", "scene_lost", "near_duplicate"} <= set(columns.outcomes)
    assert columns.selection is not None
    assert columns.selection["encoder"] == "made-up@1"


def test_disagreement_of_variants_is_that_of_the_selection(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    selected = pq.read_table(run.path / "selection.parquet")
    shown = read_columns(run, silent).scores["variant_disagreement"]
    stored = selected.column("variant_disagreement").to_pylist()
    assert [None if np.isnan(value) else value for value in shown] == stored
    assert len(set(stored)) > 2
    without = read_columns(make_run(tmp_path / "b", MadeUp(selection=False)), silent)
    assert np.isnan(without.scores["variant_disagreement"]).all()


def test_before_the_filter_edits_wait_and_failed_ones_have_failed(tmp_path: Path) -> None:
    columns = read_columns(make_run(tmp_path, MadeUp(selection=False)), silent)
    assert columns.selection is None
    assert set(columns.outcomes) == {"not_filtered", "failed"}
    assert columns.outcomes[7] == "failed"


def test_edits_that_were_made_after_the_selection_wait_for_the_next(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    add_shard(run, 4)
    columns = read_columns(run, silent)
    assert len(columns) == 80
    assert columns.scored == 64
    assert set(columns.outcomes[64:]) == {"not_filtered"}
    assert "not_filtered" not in columns.outcomes[:64]


def test_rows_of_the_selection_whose_shard_is_gone_are_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    before = read_columns(run, silent).outcomes
    run.edits.remove(1)
    columns = read_columns(run, silent)
    assert columns.outcomes == before[:16] + before[32:]


def test_scores_of_an_earlier_shard_of_other_length_are_not_used(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    shard = run.edit_scores.read(3).slice(0, 5)
    run.edit_scores.commit(3, shard, inputs="", counts={}, seconds=0.0)
    columns = read_columns(run, silent)
    assert columns.scored == 48
    assert np.isnan(columns.scores["ssim"][48:]).all()


def test_a_source_without_tasks_has_no_task(tmp_path: Path) -> None:
    columns = read_columns(make_run(tmp_path, MadeUp(tasks=("",))), silent)
    assert set(columns.tasks) == {"no task"}


def test_a_run_with_nothing_in_it_has_no_columns(tmp_path: Path) -> None:
    columns = read_columns(new_run(tmp_path), silent)
    assert len(columns) == len(columns.shards) == len(columns.rows) == columns.scored == 0


def test_progress_is_told_shard_by_shard(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    read_columns(make_run(tmp_path), lambda done, total: heard.append((done, total)))
    assert heard == [(16, 64), (32, 64), (48, 64), (64, 64)]


def test_a_damaged_selection_says_what_to_do(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run.path / "selection.parquet").write_bytes(b"nonsense")
    with pytest.raises(RunError, match=r"cannot be read: .* run `syned filter` again"):
        read_columns(run, silent)


def add_shard(run: Run, shard: int) -> None:
    """Sixteen more edits, done but neither scored nor filtered."""
    wanted = MadeUp(edits=80)
    requests = [request_of(number, wanted) for number in range(16 * shard, 16 * shard + 16)]
    edits = [Edit(r.edit_id, r.source_id, 0, "done", "", picture(0, 16)) for r in requests]
    commit(run.requests, shard, requests, {"planned": 16})
    commit(run.edits, shard, edits, {"done": 16, "failed": 0})
