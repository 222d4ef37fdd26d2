"""Count edits for the figures of the report: funnel, drop reasons, tasks, scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from syned.report.page.edit_table import EditColumns
from syned.report.page.histogram import Histogram, Limit, histogram
from syned.report.page.labels import FAILED, KEPT, SCORES, WAITING, meaning, words
from syned.report.page.limits import all_limits, limits_of

MOST_TASKS = 16
"""Tasks that get figures of their own; a source may have any number of them."""
OTHER_TASKS = "other tasks"


@dataclass(frozen=True, slots=True)
class Count:
    """A bar of a chart, and how many edits it stands for."""

    name: str
    title: str
    note: str
    edits: int


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """What became of the edits of one task, or of all."""

    name: str
    edits: int
    kept: int
    by_reason: dict[str, int]
    """Drop reason -> edits, the same reasons in the same order for every task."""
    waiting: int
    judged: int
    """Edits whose truth is known; once there is a selection, those that it looked at."""
    right: int
    kept_judged: int
    kept_right: int


@dataclass(frozen=True, slots=True)
class ScoreFigure:
    """One score of the edits of a task, or of all."""

    name: str
    title: str
    note: str
    drawing: Histogram
    limits: list[Limit]


@dataclass(frozen=True, slots=True)
class ScorePanel:
    """All scores of the edits of a task; "" for those of all edits."""

    task: str
    figures: list[ScoreFigure]


def funnel(columns: EditColumns, planned: int) -> list[Count]:
    """How many edits are left after each step, as far as the run has come."""
    outcomes = Counter(columns.outcomes)
    done = len(columns) - outcomes[FAILED]
    steps = [
        Count("planned", "Planned", "edits that the plan asks for", planned),
        Count("done", "Done", "edits that have an image", done),
    ]
    if columns.scored:
        steps.append(Count("scored", "Scored", "edits that were measured", _scored(columns)))
    if columns.selection is not None:
        steps.append(Count(KEPT, "Kept", meaning(KEPT), outcomes[KEPT]))
    return steps


def drop_reasons(columns: EditColumns) -> list[Count]:
    """Edits by drop reason, the most frequent first; before the filter, those that failed."""
    counts = Counter(outcome for outcome in columns.outcomes if outcome not in (KEPT, WAITING))
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Count(name, words(name), meaning(name), edits) for name, edits in ordered]


def task_figures(columns: EditColumns) -> list[TaskFigures]:
    """A row for each task by name, those beyond MOST_TASKS together, and one for all."""
    shown = tasks_shown(columns)
    reasons = [count.name for count in drop_reasons(columns)]
    cells: Counter[tuple[str, str]] = Counter()
    truths: Counter[tuple[str, bool, bool]] = Counter()
    for task, outcome, right in zip(columns.tasks, columns.outcomes, columns.right, strict=True):
        name = task if task in shown else OTHER_TASKS
        cells[name, outcome] += 1
        filtered = outcome != WAITING or columns.selection is None
        if right is not None and filtered:
            truths[name, right, outcome == KEPT] += 1
    names = [task for task in [*shown, OTHER_TASKS] if any(cell[0] == task for cell in cells)]
    rows = [_task_row(name, [name], reasons, cells, truths) for name in names]
    return [*rows, _task_row("all", names, reasons, cells, truths)]


def score_panels(columns: EditColumns) -> list[ScorePanel]:
    """The scores of all edits, then those of each task; none before there are scores."""
    tasks = tasks_shown(columns)
    several = len(tasks) > 1
    everything = ScorePanel("", _score_figures(columns, "", all_limits(columns.selection, tasks)))
    panels = [everything]
    for task in tasks if several else []:
        panels.append(
            ScorePanel(task, _score_figures(columns, task, limits_of(columns.selection, task)))
        )
    return [panel for panel in panels if panel.figures]


def tasks_shown(columns: EditColumns) -> list[str]:
    """The tasks with most edits, at most MOST_TASKS, by name."""
    return sorted(task for task, _ in Counter(columns.tasks).most_common(MOST_TASKS))


def _scored(columns: EditColumns) -> int:
    """Edits with at least one score."""
    measured = np.zeros(len(columns), bool)
    for values in columns.scores.values():
        measured |= np.isfinite(values)
    return int(measured.sum())


def _task_row(
    name: str,
    tasks: Sequence[str],
    reasons: Sequence[str],
    cells: Counter[tuple[str, str]],
    truths: Counter[tuple[str, bool, bool]],
) -> TaskFigures:
    """The sums of some tasks."""

    def edits(outcome: str) -> int:
        return sum(cells[task, outcome] for task in tasks)

    def judged(right: bool, kept: bool) -> int:
        return sum(truths[task, right, kept] for task in tasks)

    kept_right = judged(right=True, kept=True)
    kept_wrong = judged(right=False, kept=True)
    dropped_right = judged(right=True, kept=False)
    return TaskFigures(
        name=name,
        edits=sum(count for (task, _), count in cells.items() if task in tasks),
        kept=edits(KEPT),
        by_reason={reason: edits(reason) for reason in reasons},
        waiting=edits(WAITING),
        judged=kept_right + kept_wrong + dropped_right + judged(right=False, kept=False),
        right=kept_right + dropped_right,
        kept_judged=kept_right + kept_wrong,
        kept_right=kept_right,
    )


def _score_figures(
    columns: EditColumns, task: str, limits: dict[str, list[Limit]]
) -> list[ScoreFigure]:
    """A histogram for each score that some edit of the task has."""
    outcomes = np.array(columns.outcomes)
    chosen = np.array(columns.tasks) == task if task else np.ones(len(columns), bool)
    figures = []
    for name, (title, note) in SCORES.items():
        values = columns.scores[name]
        groups = {
            "kept": values[chosen & (outcomes == KEPT)],
            "dropped": values[chosen & (outcomes != KEPT) & (outcomes != WAITING)],
            "waiting": values[chosen & (outcomes == WAITING)],
        }
        drawing = histogram(groups, limits[name])
        if drawing is not None:
            figures.append(ScoreFigure(name, title, note, drawing, limits[name]))
    return figures
