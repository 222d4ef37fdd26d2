"""What a run says of itself: counted from commit records, shard by shard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syned.run.directory import Run
from syned.run.records import CAPTION_SCHEMA, Paraphrased, to_table
from syned.run.status import (
    SelectionSummary,
    TaskScore,
    caption_examples,
    caption_summary,
    selection_summary,
    summary,
)
from tests.conftest import new_run
from tests.made_up_run import (
    MadeUp,
    edits_of,
    make_run,
    select_at_random,
    write_selection,
)

FAILED_EVERY_10 = MadeUp(
    40, shard_rows=16, failed_every=10, with_scores=False, with_captions=False, with_truth=True
)


def commit_captions(run: Run, shard: int, texts: list[str], **counts: int) -> None:
    rows = [
        Paraphrased(text, "caption", text, "", "done", paraphrases=(f"{text} in other words",))
        for text in texts
    ]
    run.captions.commit(
        shard, to_table(rows, CAPTION_SCHEMA), inputs="", counts=counts, seconds=0.0
    )


def selected(folder: Path, made_up: MadeUp, **facts: Any) -> SelectionSummary:
    """The summary of a made-up selection of which these facts are noted."""
    run = make_run(folder, made_up)
    write_selection(run, select_at_random(run, 0.5), facts)
    told = selection_summary(run)
    assert told is not None
    return told


def test_planned_done_and_failed_edits_are_added_up(tmp_path: Path) -> None:
    told = summary(make_run(tmp_path, FAILED_EVERY_10))
    assert (told.planned, told.done, told.failed, told.remaining) == (40, 36, 4, 0)
    assert told.failed_by_reason == {"flat_image": 4}
    assert (told.name, told.path) == ("test", tmp_path / "test")


def test_rows_of_the_plan_that_cannot_be_edited_are_not_called_planned(tmp_path: Path) -> None:
    run = make_run(tmp_path, FAILED_EVERY_10)
    counts = {"planned": 14, "failed": 2}
    run.requests.commit(0, run.requests.read(0), inputs="", counts=counts, seconds=0.0)
    told = summary(run)
    assert (told.planned, told.remaining) == (38, 0)


def test_edits_whose_shard_is_not_made_remain(tmp_path: Path) -> None:
    run = make_run(tmp_path, FAILED_EVERY_10)
    run.edits.remove(1)
    told = summary(run)
    assert (told.planned, told.done + told.failed, told.remaining) == (40, 24, 16)


def test_a_shard_that_is_not_the_file_of_its_record_is_not_counted(tmp_path: Path) -> None:
    run = make_run(tmp_path, FAILED_EVERY_10)
    run.edits.file(0).write_bytes(b"cut off")
    assert summary(run).remaining == 16


def test_the_most_frequent_reason_comes_first(tmp_path: Path) -> None:
    run = make_run(tmp_path, FAILED_EVERY_10)
    counts = {"done": 4, "failed": 12, "failed:c": 3, "failed:a": 3, "failed:b": 6}
    run.edits.commit(0, run.edits.read(0), inputs="", counts=counts, seconds=0.0)
    run.edits.remove(1)
    run.edits.remove(2)
    assert list(summary(run).failed_by_reason.items()) == [("b", 6), ("a", 3), ("c", 3)]


def test_an_edit_takes_the_mean_time_of_all_shards(tmp_path: Path) -> None:
    run = make_run(tmp_path, FAILED_EVERY_10)
    for shard, seconds in enumerate((8.0, 8.0, 4.0)):
        run.edits.commit(shard, run.edits.read(shard), inputs="", counts={}, seconds=seconds)
    assert summary(run).seconds_per_edit == 0.5


def test_the_size_is_that_of_plan_and_edits_on_disk(tmp_path: Path) -> None:
    run = make_run(tmp_path, FAILED_EVERY_10)
    folders = (run.images.path, run.requests.path, run.edits.path)
    files = [file for folder in folders for file in folder.glob("*.parquet")]
    assert summary(run).size_bytes == sum(file.stat().st_size for file in files)


def test_editor_source_and_licence_are_those_of_run_yaml(tmp_path: Path) -> None:
    told = summary(make_run(tmp_path, MadeUp(4)))
    assert (told.editor, told.source, told.licence) == (
        "made/up@0123abc",
        "made/up-source",
        "cc-by-4.0",
    )


def test_a_run_with_nothing_in_it_has_zeros_and_an_unknown_licence(tmp_path: Path) -> None:
    told = summary(new_run(tmp_path))
    assert (told.planned, told.done, told.failed, told.remaining, told.size_bytes) == (0,) * 5
    assert told.seconds_per_edit is None
    assert (told.editor, told.source, told.licence) == ("", "", "unknown")
    assert told.tasks == ()


def test_right_edits_are_counted_by_task(tmp_path: Path) -> None:
    run = make_run(tmp_path, FAILED_EVERY_10)
    edits = [edit for edit in edits_of(run) if edit["true_error"] is not None]
    expected = {
        task: [edit["true_error"] <= 0.05 for edit in edits if edit["task"] == task]
        for task in sorted({edit["task"] for edit in edits})
    }
    told = summary(run)
    assert told.tasks == tuple(
        TaskScore(task, len(right), sum(right)) for task, right in expected.items()
    )
    assert (told.judged, told.right) == (36, sum(map(sum, expected.values())))
    assert 0 < told.right < 36


@pytest.mark.parametrize(("made_up", "with_tasks"), [(FAILED_EVERY_10, False), (MadeUp(8), True)])
def test_rows_are_not_looked_into_unless_it_is_asked_for_and_of_use(
    tmp_path: Path, made_up: MadeUp, with_tasks: bool
) -> None:
    run = make_run(tmp_path, made_up)
    file = run.requests.file(0)
    file.write_bytes(bytes(file.stat().st_size))
    assert summary(run, with_tasks=with_tasks).tasks == ()


def test_a_task_of_which_nothing_is_known_is_right_by_no_share() -> None:
    assert TaskScore("add", 0, 0).right_fraction == 0.0
    assert TaskScore("add", 4, 3).right_fraction == 0.75


def test_captions_are_added_up_over_their_shards(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    first = {"done": 2, "paraphrases": 5, "accepted": 9, "rejected:same": 1, "rejected:empty": 4}
    second = {"short": 1, "failed": 1, "failed:too_long": 1, "paraphrases": 1, "rejected:same": 2}
    commit_captions(run, 0, ["a", "b"], **first)
    commit_captions(run, 1, ["c", "d"], **second)
    told = caption_summary(run)
    assert told is not None
    assert (told.texts, told.done, told.short, told.paraphrases, told.accepted) == (4, 2, 1, 6, 9)
    assert told.failed_by_reason == {"too_long": 1}
    assert list(told.rejected_by_reason.items()) == [("empty", 4), ("same", 3)]


def test_a_run_without_captions_has_no_summary_and_no_examples_of_them(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    assert caption_summary(run) is None
    assert caption_examples(run, 3) == []


def test_examples_are_spread_evenly_over_all_shards(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    for shard in range(3):
        commit_captions(run, shard, [f"{shard}{n}" for n in range(4)])
    assert [text for text, _ in caption_examples(run, 4)] == ["00", "03", "12", "21"]
    assert caption_examples(run, 1) == [("00", ["00 in other words"])]


def test_there_are_no_more_examples_than_texts(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    commit_captions(run, 0, [])
    commit_captions(run, 1, ["a", "b"])
    assert [text for text, _ in caption_examples(run, 9)] == ["a", "b"]


def test_a_selection_is_summed_for_the_run_and_for_each_task(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(64))
    told = selection_summary(run)
    assert told is not None
    kept = [row.kept for row in select_at_random(run, 0.5)]
    assert (told.whole.kept, told.whole.edits, told.behind) == (sum(kept), 64, 0)
    assert [task.task for task in told.tasks] == sorted(task.task for task in told.tasks)
    assert sum(task.kept for task in told.tasks) == sum(kept)
    assert sum(task.edits for task in told.tasks) == 64
    assert (told.encoder, told.contamination) == ("made/up-clip@0123abc", {})


def test_a_run_that_was_not_filtered_has_no_summary_of_it(tmp_path: Path) -> None:
    assert selection_summary(make_run(tmp_path, MadeUp(4, with_selection=False))) is None


def test_edits_that_were_made_since_are_behind(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(64, shard_rows=16))
    write_selection(run, select_at_random(run, 0.5)[:40])
    told = selection_summary(run)
    assert told is not None
    assert told.behind == 24


def test_nothing_is_behind_where_edits_were_taken_back(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(64, shard_rows=16))
    run.edits.remove(0)
    told = selection_summary(run)
    assert told is not None
    assert told.behind == 0


@pytest.mark.parametrize(
    ("truth", "precision", "recall"),
    [
        ({"judged": 9, "right": 4, "kept_judged": 5, "kept_right": 3}, 0.6, 0.75),
        ({"judged": 9, "right": 4, "kept_judged": 0, "kept_right": 0}, None, 0.0),
        ({"judged": 9, "right": 0, "kept_judged": 5, "kept_right": 0}, 0.0, None),
        (None, None, None),
    ],
)
def test_precision_and_recall_are_shares_of_something_or_unknown(
    tmp_path: Path, truth: dict[str, int] | None, precision: float | None, recall: float | None
) -> None:
    told = selected(tmp_path, MadeUp(4), truth=truth)
    assert (told.precision, told.recall) == (precision, recall)
