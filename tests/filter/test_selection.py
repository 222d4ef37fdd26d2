"""From scores to selection.parquet: every edit in its place, with its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from syned.errors import RunError
from syned.filter.select import Rules
from syned.models.fake import FakeImageTextEncoder
from syned.run.records import SELECTION_SCHEMA
from syned.run.selection_file import read_selection_notes
from tests.filter.selected_run import (
    BLACK,
    KEEP_ALL,
    ROWS,
    evaluation_folder,
    larger,
    patched,
    reasons,
    scored,
    select,
)
from tests.scored_run import Made, noise

pytest.importorskip("imagehash")
pytest.importorskip("skimage")


def test_every_edit_has_its_row_and_the_file_says_what_it_holds(tmp_path: Path) -> None:
    run = scored(tmp_path, ROWS)
    rules = Rules({"min_patch_change": 0.03, "max_ssim": None}, {}, 2, 4)
    told = select(run, rules)

    table = pq.read_table(run.path / "selection.parquet")
    assert table.schema.equals(SELECTION_SCHEMA)
    assert json.loads(table.schema.metadata[b"syned"]) == told
    assert [(row["edit_id"], row["shard"], row["row"]) for row in table.to_pylist()] == [
        ("edit0-0", 0, 0),
        ("edit0-1", 0, 1),
        ("edit1-0", 1, 0),
        ("edit1-1", 1, 1),
        ("edit1-2", 1, 2),
    ]
    assert reasons(run) == ["kept", "nothing_changed", "flat", "failed", "kept"]
    assert told == {
        "kept": 2,
        "dropped": {"failed": 1, "flat": 1, "nothing_changed": 1},
        "by_task": {
            "add": {"kept": 1, "dropped": {"nothing_changed": 1}},
            "local": {"kept": 1, "dropped": {}},
            "style": {"kept": 0, "dropped": {"failed": 1, "flat": 1}},
        },
        "thresholds": {
            "all": {"min_patch_change": 0.03, "near_duplicate_distance": 2, "best_per_request": 4},
            "tasks": {},
        },
        "encoder": "fake@1",
        "contamination": {},
        "truth": {"judged": 3, "right": 2, "kept_judged": 2, "kept_right": 2},
    }
    assert read_selection_notes(run) == {**told, "edits": 5}


def test_a_task_that_goes_without_a_common_threshold_says_so(tmp_path: Path) -> None:
    rules = Rules(
        {"max_ssim": 0.9, "min_ssim": None},
        {"add": {"max_ssim": None, "min_ssim": 0.1}},
        None,
        None,
    )
    told = select(scored(tmp_path, ROWS), rules)
    tasks = {"add": {"max_ssim": None, "min_ssim": 0.1}}
    assert told["thresholds"] == {"all": {"max_ssim": 0.9}, "tasks": tasks}


def test_where_no_truth_is_known_none_is_spoken_of(tmp_path: Path) -> None:
    rows = [[replace(made, right=None) for made in shard] for shard in ROWS]
    assert select(scored(tmp_path, rows))["truth"] is None


def test_variants_that_disagree_are_dropped_and_the_column_says_how_much(tmp_path: Path) -> None:
    made = Made(0, patched(0))
    rows = [
        [made, replace(made, variant_index=1), Made(1, patched(1))],
        [Made(2, noise(12)), replace(Made(2, noise(22)), variant_index=1)],
        [replace(made, edited=BLACK, variant_index=2), replace(made, edited=None, variant_index=3)],
    ]
    run = scored(tmp_path, rows)
    select(run, replace(KEEP_ALL, bounds={"max_variant_disagreement": 0.1}))
    assert reasons(run) == ["kept", "kept", "kept", *["variants_disagree"] * 2, "flat", "failed"]
    column = pq.read_table(run.path / "selection.parquet")["variant_disagreement"].to_pylist()
    assert column[:2] == [0.0, 0.0]
    assert column[2] is column[5] is column[6] is None
    assert column[3] > 0.5


def test_an_edit_that_was_dropped_before_is_not_counted_as_contaminated(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, BLACK), Made(1, noise(11))]])
    config = evaluation_folder(tmp_path, larger(noise(0)))
    told = select(run, sets=[config], encoder=FakeImageTextEncoder())
    assert reasons(run) == ["flat", "kept"]
    assert told["contamination"] == {"mine": {"images": 0, "captions": 0}}


def test_a_damaged_selection_is_said_and_a_missing_one_is_none(tmp_path: Path) -> None:
    run = scored(tmp_path, ROWS)
    assert read_selection_notes(run) is None
    select(run)
    (run.path / "selection.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match=r"run `syned filter` again"):
        read_selection_notes(run)
