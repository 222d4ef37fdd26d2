"""A run in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syned.executors.local import GenerateSummary
from syned.report.words import RIGHT, run_lines, sheet_title, size, work_line
from syned.summary import RunSummary, TaskScore

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
    assert sheet_title(scored, 36) == "mine: 36 of 1,500 edits by fake@1, 70% of all right"


def test_a_run_without_edits_promises_no_time() -> None:
    empty = replace(SUMMARY, seconds_per_edit=None, done=0, failed=0, failed_by_reason={})
    assert not any(line.startswith(("time", "failed")) for line in run_lines(empty))


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (20_000_000_000, "20 GB")],
)
def test_a_size_is_said_in_decimal_units(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words


def test_what_a_call_took_says_how_much_was_the_model() -> None:
    made = GenerateSummary(
        done=90, failed=6, shards_made=3, seconds=100.0, model_seconds=96.0, load_seconds=4.0
    )
    assert work_line(made) == ("96 edits in 2 min, 96% of it in the model, after 4 s of loading it")
