"""The figures of the report."""

from __future__ import annotations

import numpy as np

from syned.report.page.edit_table import EditColumns
from syned.report.page.figures import (
    MOST_TASKS,
    OTHER_TASKS,
    drop_reasons,
    funnel,
    score_panels,
    task_figures,
    tasks_shown,
)
from syned.report.page.labels import SCORES
from tests.report.page.made_up import THRESHOLDS

NAN = float("nan")


def columns_of(
    *rows: tuple[str, str, bool | None, float], selection: dict[str, object] | None
) -> EditColumns:
    """Edits by task, outcome, whether they are right, and SSIM."""
    scores = {name: np.full(len(rows), NAN) for name in SCORES}
    scores["ssim"] = np.array([row[3] for row in rows], float)
    return EditColumns(
        shards=np.zeros(len(rows), np.int32),
        rows=np.arange(len(rows), dtype=np.int32),
        tasks=[row[0] for row in rows],
        outcomes=[row[1] for row in rows],
        right=[row[2] for row in rows],
        scores=scores,
        scored=len(rows),
        selection=selection,
    )


FILTERED = columns_of(
    ("add", "kept", True, 0.9),
    ("add", "kept", False, 0.8),
    ("add", "scene_lost", True, 0.5),
    ("style", "kept", True, 0.6),
    ("style", "scene_lost", False, 0.2),
    ("style", "flat", None, 0.1),
    ("style", "failed", None, NAN),
    ("style", "not_filtered", True, 0.7),
    selection={"thresholds": THRESHOLDS},
)


def test_the_funnel_counts_what_is_left_after_each_step() -> None:
    steps = {step.name: step.edits for step in funnel(FILTERED, planned=20)}
    assert steps == {"planned": 20, "done": 7, "scored": 7, "kept": 3}


def test_the_funnel_has_the_steps_that_the_run_has_come_to() -> None:
    waiting = columns_of(("add", "not_filtered", None, 0.5), selection=None)
    assert [step.name for step in funnel(waiting, planned=1)] == ["planned", "done", "scored"]
    nothing = columns_of(selection=None)
    assert [step.edits for step in funnel(nothing, planned=4)] == [4, 0]


def test_reasons_are_counted_without_what_is_kept_or_waits() -> None:
    counts = [(count.name, count.title, count.edits) for count in drop_reasons(FILTERED)]
    assert counts == [
        ("scene_lost", "scene lost", 2),
        ("failed", "failed", 1),
        ("flat", "flat", 1),
    ]


def test_a_task_has_its_counts_and_all_tasks_have_their_sum() -> None:
    add, style, everything = task_figures(FILTERED)
    assert (add.name, add.edits, add.kept, add.waiting) == ("add", 3, 2, 0)
    assert add.by_reason == {"scene_lost": 1, "failed": 0, "flat": 0}
    assert (style.edits, style.kept, style.waiting) == (5, 1, 1)
    assert everything.edits == 8
    assert everything.by_reason == {"scene_lost": 2, "failed": 1, "flat": 1}


def test_precision_and_recall_come_from_what_the_filter_looked_at() -> None:
    add, style, everything = task_figures(FILTERED)
    assert (add.judged, add.right, add.kept_judged, add.kept_right) == (3, 2, 2, 1)
    assert (style.judged, style.right, style.kept_judged, style.kept_right) == (2, 1, 1, 1)
    assert (everything.judged, everything.right) == (5, 3)
    assert (everything.kept_judged, everything.kept_right) == (3, 2)


def test_before_the_filter_all_that_is_known_to_be_right_is_counted() -> None:
    rows = (("add", "not_filtered", True, 0.5), ("add", "not_filtered", False, 0.5))
    everything = task_figures(columns_of(*rows, selection=None))[-1]
    assert (everything.judged, everything.right) == (2, 1)


def test_tasks_beyond_the_most_frequent_are_counted_together() -> None:
    rows = [(f"task{number:02d}", "kept", None, 0.5) for number in range(MOST_TASKS)] * 2
    rows += [("rare", "kept", None, 0.5), ("rarer", "flat", None, 0.5)]
    columns = columns_of(*rows, selection={})
    assert "rare" not in tasks_shown(columns)
    figures = {task.name: (task.edits, task.kept) for task in task_figures(columns)}
    assert figures[OTHER_TASKS] == (2, 1)
    assert figures["all"] == (2 * MOST_TASKS + 2, 2 * MOST_TASKS + 1)


def test_scores_are_drawn_for_all_edits_and_for_each_task() -> None:
    panels = {panel.task: panel for panel in score_panels(FILTERED)}
    assert set(panels) == {"", "add", "style"}
    (figure,) = panels[""].figures
    assert figure.name == "ssim"
    counts = {bars.name: bars.count for bars in figure.drawing.bars}
    assert counts == {"kept": 3, "dropped": 3, "waiting": 1}
    assert {b.name: b.count for b in panels["add"].figures[0].drawing.bars} == {
        "kept": 2,
        "dropped": 1,
    }


def test_one_task_needs_no_panel_of_its_own() -> None:
    columns = columns_of(("add", "kept", None, 0.5), selection={})
    assert [panel.task for panel in score_panels(columns)] == [""]


def test_without_scores_there_is_no_panel() -> None:
    assert score_panels(columns_of(("add", "kept", None, NAN), selection={})) == []
