"""Choose the edits to publish: those that the filter kept, or all that were made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pyarrow.compute as pc

from syned.errors import RunError
from syned.run.directory import Run
from syned.run.selection_file import SELECTION_FILE, Selection, read_selection_file


class Place(NamedTuple):
    """An edit to be published, and where it lies in edits/."""

    shard: int
    row: int
    edit_id: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The edits to publish, in the order of edits/."""

    places: list[Place]
    facts: dict[str, Any] | None
    """How the selection was made and what it dropped; None where nobody selected."""
    made_since: int
    """Edits that were made after the selection, and are left out for that."""


def choose(run: Run, *, unfiltered: bool, once_each: bool = False) -> Choice:
    """Find the edits to publish.

    Args:
        run: with edits, and unless `unfiltered` with a selection.
        unfiltered: all edits that were made; those of which a selection says that they are
            contaminated stay out, since no comparison is fair with them.
        once_each: only the first variant of each image and instruction.

    Raises:
        RunError: nothing was edited or selected, or the selection keeps nothing.
    """
    if not run.edits.recorded():
        raise RunError(f"{run.path} has no edits yet; make them with `syned generate`")
    selection = read_selection_file(run)
    if unfiltered:
        choice = Choice(list(_made(run, _contaminated(selection))), None, 0)
    elif selection is None:
        raise RunError(
            f"{run.path} has no {SELECTION_FILE}, so nobody has said which edits are good; run "
            "`syned filter`, or publish them all with --unfiltered"
        )
    else:
        choice = _kept(selection, _rows(run))
    if not choice.places:
        raise RunError(f"nothing is left to publish: {_why_nothing(choice.facts)}")
    return replace(choice, places=_once_each(run, choice.places)) if once_each else choice


def _kept(selection: Selection, rows: int) -> Choice:
    kept = selection.table.filter(selection.table["kept"])
    columns = [kept[name].to_pylist() for name in Place._fields]
    places = [Place(*values) for values in zip(*columns, strict=True)]
    return Choice(places, selection.noted, rows - selection.table.num_rows)


def _made(run: Run, contaminated: set[str]) -> Iterator[Place]:
    """Every edit that did not fail."""
    for shard in run.edits.recorded():
        table = run.edits.read(shard, ["edit_id", "source_id", "status"])
        for row, (edit_id, source_id, status) in enumerate(
            zip(*(column.to_pylist() for column in table.columns), strict=True)
        ):
            if status == "done" and edit_id not in contaminated:
                yield Place(shard, row, edit_id, source_id)


def _contaminated(selection: Selection | None) -> set[str]:
    if selection is None:
        return set()
    rows = selection.table
    return set(rows.filter(pc.equal(rows["reason"], "contaminated"))["edit_id"].to_pylist())


def _once_each(run: Run, places: list[Place]) -> list[Place]:
    """The first of the places that share source image and instruction."""
    kept: dict[tuple[str, str], Place] = {}
    instructions: tuple[int, list[str]] = (-1, [])
    for place in places:
        if instructions[0] != place.shard:
            column = run.requests.read(place.shard, ["instruction"]).column("instruction")
            instructions = (place.shard, column.to_pylist())
        kept.setdefault((place.source_id, instructions[1][place.row]), place)
    return list(kept.values())


def _rows(run: Run) -> int:
    records = [run.edits.record(shard) for shard in run.edits.recorded()]
    return sum(record.rows for record in records if record is not None)


def _why_nothing(facts: dict[str, Any] | None) -> str:
    dropped = (facts or {}).get("dropped", {})
    if not dropped:
        return "no edit was made without an error; see `syned status`"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items())
    return f"all edits were dropped ({reasons}); lower a threshold and run `syned filter` again"
