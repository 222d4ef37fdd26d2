"""A run in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from syned.cli.words import (
    calibration_lines,
    funnel_lines,
    run_lines,
    selection_lines,
    sheet_title,
    work_line,
)
from syned.filter.calibrate import Calibration, Kept
from syned.generate.shards import GenerateSummary
from syned.run.status import RunSummary, SelectionSummary, TaskScore, TaskSelection
from syned.run.truth import RIGHT

SUMMARY = RunSummary(
    name="mine",
    path=Path("data/mine"),
    planned=2000,
    done=1497,
    failed=3,
    failed_by_reason={"flat_image": 2, "duplicate_request": 1},
    remaining=500,
    tasks=(),
    seconds_per_edit=0.25,
    size_bytes=3_100_000,
    editor="fake@1",
    source="photos",
    licence="cc-by-4.0",
)


def test_counts_reasons_time_and_place_are_all_said() -> None:
    text = "\n".join(run_lines(SUMMARY))
    assert "data/mine" in text
    assert "photos (licence cc-by-4.0), edited by fake@1" in text
    assert "1,497 done of 2,000 planned, 3 failed, 500 to do" in text
    assert "2 flat_image, 1 duplicate_request" in text
    assert "0.25 s an edit, 4 edits a second" in text
    assert "3.1 MB" in text
    assert RIGHT not in text


def test_tasks_get_a_table_with_the_meaning_of_right_and_a_total() -> None:
    scored = replace(SUMMARY, tasks=(TaskScore("add", 4, 1), TaskScore("color", 6, 6)))
    lines = run_lines(scored)
    assert RIGHT in lines
    assert lines[-3].split() == ["add", "1", "of", "4", "25%"]
    assert lines[-2].split() == ["color", "6", "of", "6", "100%"]
    assert lines[-1].split() == ["all", "7", "of", "10", "70%"]


SELECTION = SelectionSummary(
    whole=TaskSelection("all", 60, {"failed": 10, "scene_lost": 1930}),
    tasks=(TaskSelection("add", 60, {"failed": 10}), TaskSelection("", 0, {"scene_lost": 1930})),
    encoder="clip@1",
    contamination={"spot": {"images": 3, "captions": 1}},
    truth={"judged": 100, "right": 80, "kept_judged": 50, "kept_right": 48},
    behind=0,
)


def test_a_sheet_says_what_its_edits_are_a_sample_of() -> None:
    assert sheet_title(SUMMARY, 36) == "mine: 36 of 1,500 edits by fake"
    scored = replace(SUMMARY, tasks=(TaskScore("color", 10, 7),))
    assert sheet_title(scored, 36) == (
        f"mine: 36 of 1,500 edits by fake; 70% of them are right\n{RIGHT}"
    )
    assert sheet_title(scored, 6, SELECTION) == (
        "mine: 6 of the 60 edits that the filter kept, of 1,500 by fake; "
        f"96% of the kept ones are right\n{RIGHT}"
    )
    unknown = replace(SELECTION, truth=None)
    assert sheet_title(SUMMARY, 6, unknown).endswith("that the filter kept, of 1,500 by fake")


def test_what_the_filter_did_is_said_with_precision_and_recall() -> None:
    lines = selection_lines(SELECTION)
    assert lines[0] == "kept     60 of 2,000 edits, 3%"
    assert lines[1] == "dropped  10 failed, 1,930 scene_lost"
    assert lines[2] == "dropped  as part of the evaluation set spot: 3 by images, 1 by captions"
    assert lines[3] == "right    96.0% of the kept edits (48 of 50), the precision"
    assert lines[4] == "kept     60.0% of the right edits (48 of 80), the recall"
    assert selection_lines(replace(SELECTION, behind=7))[0].endswith(
        "7 were made since, so run `syned filter` again"
    )
    assert len(selection_lines(replace(SELECTION, truth=None))) == 3
    none = {"judged": 5, "right": 0, "kept_judged": 0, "kept_right": 0}
    assert len(selection_lines(replace(SELECTION, truth=none))) == 3


def test_the_funnel_ends_with_what_is_kept_and_names_every_task() -> None:
    words = [line.split() for line in funnel_lines(SELECTION)]
    assert words[0] == ["edits", "2,000"]
    assert words[1:3] == [
        ["failed", "-10", "1,990", "left"],
        ["scene_lost", "-1,930", "60", "left"],
    ]
    assert words[3] == ["kept", "60"]
    assert words[5] == ["add", "60", "of", "70", "10", "failed"]
    assert words[6] == ["no", "task", "0", "of", "1,930", "1,930", "scene_lost"]


def test_thresholds_are_printed_as_a_config_that_leaves_no_default_in_force() -> None:
    kept = Kept(right=10, kept=8, kept_right=6)
    own = {"add": {"max_ssim": 0.75}, "a: b": {"min_ssim": 0.123456}}
    text = "\n".join(calibration_lines(Calibration(own, kept, kept)))
    values = yaml.safe_load(text)["filter"]
    assert values["tasks"] == {"add": {"max_ssim": 0.75}, "a: b": {"min_ssim": 0.1235}}
    assert set(values["thresholds"].values()) == {None}
    assert (
        "75.0% of the kept edits are right (6 of 8), 60.0% of the right edits are kept (6 of 10)"
    ) in text
    alike = {"add": {"max_ssim": 0.75}, "style": {"max_ssim": 0.75}}
    values = yaml.safe_load("\n".join(calibration_lines(Calibration(alike, kept, kept))))["filter"]
    assert values["thresholds"]["max_ssim"] == 0.75
    assert "tasks" not in values


def test_a_run_without_edits_promises_no_time() -> None:
    empty = replace(SUMMARY, seconds_per_edit=None, done=0, failed=0, failed_by_reason={})
    assert not any(line.startswith(("time", "failed")) for line in run_lines(empty))


def test_what_a_call_took_says_how_much_was_the_model() -> None:
    made = GenerateSummary(
        done=90, failed=6, shards_made=3, seconds=100.0, model_seconds=96.0, load_seconds=4.0
    )
    assert work_line(made) == ("96 edits in 2 min, 96% of it in the model, after 4 s of loading it")
