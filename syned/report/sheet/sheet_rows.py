"""Choose the edits of a contact sheet: evenly over the run and its tasks, not by how they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syned.errors import DataError, RunError
from syned.report.sheet.sheet import SheetRow
from syned.run.directory import Run
from syned.run.records import Edit, Request, from_rows
from syned.run.rows import rows_at, shares, spread
from syned.run.selection_file import SELECTION_FILE, read_selection_file

SHARDS = 12
"""Shards of a run that are looked at; on a sheet of more edits, as many as it has edits."""


@dataclass(frozen=True, slots=True)
class _Place:
    shard: int
    row: int
    task: str
    edit_id: str = ""
    """What lies there, as far as anyone has said."""


def sheet_rows(
    run: Run, count: int, *, kept: bool = False, captions: bool = False
) -> list[SheetRow]:
    """The same number of edits of every task, spread over the run.

    Without `kept` it is a sample of everything that was made, with failed and wrong edits in it, so
    that whoever looks at the sheet sees the run as it is. With `kept` it is a sample of what `syned
    filter` has kept, which is what a published dataset holds; a sheet must then say so. In neither
    case does anybody choose an edit by how it looks.

    Only the row groups that hold a chosen edit are read.

    Args:
        run: may be in use; what is committed is looked at.
        count: most rows, at least 1.
        kept: whether to show only edits that the filter has kept.
        captions: whether rows carry the first difference caption of their request.

    Returns:
        Rows in the order of the run; none when nothing is committed.

    Raises:
        RunError: kept edits are asked for, but the run was not filtered, or not since it changed.
        DataError: kept edits are asked for, but the filter has kept none.
    """
    made = [shard for shard in run.edits.recorded() if run.edits.is_done(shard, hashed=False)]
    places = _kept_places(run, made) if kept else _all_places(run, spread(made, max(SHARDS, count)))
    return [_sheet_row(run, place, captions) for place in balance(list(places), count)]


def _all_places(run: Run, shards: Sequence[int]) -> Iterator[_Place]:
    for shard in shards:
        tasks = run.requests.read(shard, ["task"]).column("task").to_pylist()
        yield from (_Place(shard, row, task) for row, task in enumerate(tasks))


def _kept_places(run: Run, made: Sequence[int]) -> list[_Place]:
    selection = read_selection_file(run, ["shard", "row", "task", "edit_id", "kept"])
    if selection is None:
        raise RunError(
            f"{run.path} has no {SELECTION_FILE}, so no edit is known to be kept; run `syned "
            "filter` first, or draw the sheet without --kept"
        )
    rows = selection.table.filter(selection.table["kept"]).drop_columns(["kept"]).to_pylist()
    there = set(made)
    places = [_Place(**row) for row in rows if row["shard"] in there]
    if not places:
        raise DataError(
            f"the filter has kept no edit of {run.path}, so there is nothing to draw; lower a "
            "threshold, or draw the sheet without --kept"
        )
    return places


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


def _sheet_row(run: Run, place: _Place, captions: bool) -> SheetRow:
    at = (place.shard, place.row)
    (request,) = from_rows([rows_at(run.requests, [at])[at]], Request)
    (edit,) = from_rows([rows_at(run.edits, [at])[at]], Edit)
    if place.edit_id not in ("", edit.edit_id):
        raise RunError(
            f"{run.path / SELECTION_FILE} speaks of other edits than {run.edits.file(place.shard)} "
            "holds; run `syned filter` again"
        )
    source = None
    if request.image_shard >= 0:
        at = (request.image_shard, request.image_row)
        source = rows_at(run.images, [at])[at]["image"]["bytes"]
    return SheetRow(
        source,
        request.instruction,
        edit.edited_image,
        label_of(request, edit),
        caption=next(filter(str.strip, request.captions), "") if captions else "",
    )


def label_of(request: Request, edit: Edit) -> str:
    """What stands below an edit: "right (color)", "failed: flat_image"."""
    if edit.status == "failed":
        return f"failed: {edit.reason}"
    verdict = {None: "", True: "right", False: "wrong"}[edit.right]
    return " ".join(word for word in (verdict, request.task and f"({request.task})") if word)
