"""Choose the edits of a contact sheet: evenly over the run and its tasks, not by how they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syned.report.sheet.sheet import SheetRow
from syned.run.directory import Run
from syned.run.records import Edit, Request, from_rows
from syned.run.rows import rows_at, shares, spread

SHARDS = 12
"""Most shards of a run that are looked at."""


@dataclass(frozen=True, slots=True)
class _Place:
    shard: int
    row: int
    task: str


def sheet_rows(run: Run, count: int) -> list[SheetRow]:
    """The same number of edits of every task, spread over the run, failed ones among them.

    Only the row groups that hold a chosen edit are read.

    Args:
        run: may be in use; what is committed is looked at.
        count: most rows, at least 1.

    Returns:
        Rows in the order of the run; none when nothing is committed.
    """
    made = [shard for shard in run.edits.recorded() if run.edits.is_done(shard, hashed=False)]
    places: list[_Place] = []
    for shard in spread(made, SHARDS):
        tasks = run.requests.read(shard, ["task"]).column("task").to_pylist()
        places += [_Place(shard, row, task) for row, task in enumerate(tasks)]
    return [_sheet_row(run, place) for place in balance(places, count)]


def balance(places: Sequence[_Place], count: int) -> list[_Place]:
    """At most `count` places: the same number of every task where there are enough."""
    by_task: dict[str, list[_Place]] = {}
    for place in places:
        by_task.setdefault(place.task, []).append(place)
    wanted = shares({task: len(of_task) for task, of_task in by_task.items()}, count)
    chosen: list[_Place] = []
    for task, of_task in by_task.items():
        rows = spread(range(len(of_task)), wanted[task]) if wanted[task] else []
        chosen += [of_task[row] for row in rows]
    return sorted(chosen, key=lambda place: (place.shard, place.row))


def _sheet_row(run: Run, place: _Place) -> SheetRow:
    at = (place.shard, place.row)
    (request,) = from_rows([rows_at(run.requests, [at])[at]], Request)
    (edit,) = from_rows([rows_at(run.edits, [at])[at]], Edit)
    source = None
    if request.image_shard >= 0:
        at = (request.image_shard, request.image_row)
        source = rows_at(run.images, [at])[at]["image"]["bytes"]
    return SheetRow(source, request.instruction, edit.edited_image, label_of(request, edit))


def label_of(request: Request, edit: Edit) -> str:
    """What stands below an edit: "right (color)", "failed: flat_image"."""
    if edit.status == "failed":
        return f"failed: {edit.reason}"
    verdict = {None: "", True: "right", False: "wrong"}[edit.right]
    return " ".join(word for word in (verdict, request.task and f"({request.task})") if word)
